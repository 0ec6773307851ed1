"""Pages of the chain itself: the network, blocks, and a transaction with every step of its proof."""

from dataclasses import dataclass

from starlette.responses import Response

from chain.block import compute_block_id
from chain.errors import Malformed
from chain.evidence import DuplicateVote, evidence_root
from chain.keys import format_address
from chain.record import Decided
from chain.transaction import compute_transaction_id
from chain.vote import Height
from portals.auditor.bundles import read_id
from portals.auditor.entries import read_entries
from portals.auditor.evidence import NoEvidence, Proofs
from portals.auditor.nodes import compare_block, find_diverging, read_nodes
from portals.auditor.showing import check_lines, state_of
from portals.local_forms import WIB_MINUTES
from portals.page import Page
from rpc import requests
from rpc.exact import evidence_of, header_of, transaction_of, whole

_BLOCKS = 20
_SIGNED_BLOCKS = 10
_TRANSACTIONS_SHOWN = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Signing:
    """A validator and which of the last blocks it signed, the newest first."""

    name: str
    address: str
    power: int
    signed: tuple[bool, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Accusation:
    """A validator of whom a block proves that it voted twice, and where."""

    name: str
    address: str
    height: Height
    round: int


def _accusation_of(evidence: DuplicateVote, decided: Decided) -> Accusation:
    vote = evidence.first.vote
    validator = decided.validators.by_address(vote.validator)
    return Accusation(
        name="" if validator is None else validator.name,
        address=format_address(vote.validator),
        height=vote.height,
        round=vote.round,
    )


async def show_network(page: Page, proofs: Proofs) -> Response:
    """Each configured node, whether they agree, and who signs."""
    rows = await read_nodes(page.ledger)
    signing, unproven = await _read_signing(page, proofs)
    common = min((row.height for row in rows if not row.problem and row.height), default=0)
    return await page.render(
        "auditor/network.html",
        nodes=rows,
        diverging=[row.address for row in find_diverging(rows)],
        same=None if common == 0 else await compare_block(page.ledger, common),
        signing=signing,
        unproven=unproven,
        has_genesis=proofs.lineage.anchor is not None,
    )


async def _read_signing(page: Page, proofs: Proofs) -> tuple[list[Signing], list[Height]]:
    """Who signed the last blocks, from their certificates; and the heights of those whose certificates do not hold, which are
    left out.
    """
    last = (await page.ledger.standing()).height
    blocks = [
        await proofs.read_decided(page.ledger, height)
        for height in range(last, max(0, last - _SIGNED_BLOCKS), -1)
    ]
    proven = [block for block in blocks if await proofs.is_decided(page.ledger, block)]
    unproven = [block.header.height for block in blocks if block not in proven]
    if not proven:
        return [], unproven
    signing = [
        Signing(
            name=validator.name,
            address=format_address(validator.address),
            power=validator.power,
            signed=tuple(_has_signed(block, validator.address) for block in proven),
        )
        for validator in proven[0].validators.validators
    ]
    return signing, unproven


def _has_signed(decided: Decided, address: bytes) -> bool:
    pairs = zip(decided.validators.validators, decided.certificate.signatures, strict=False)
    return any(validator.address == address and signature is not None for validator, signature in pairs)


async def list_blocks(page: Page, proofs: Proofs) -> Response:
    """Blocks, the newest first."""
    last = (await page.ledger.standing()).height
    text = page.request.query_params.get("until", "")
    until = min(int(text), last) if text.isascii() and text.isdigit() and len(text) < 16 else last
    lowest = max(1, until - _BLOCKS + 1)
    metas = (await page.ledger.call(requests.blockchain(lowest, until))).block_metas if until else []
    rows = [
        (header_of(meta.header), meta.block_id.hash, whole(meta.num_txs, "transactions")) for meta in metas
    ]
    accusing = {header.height for header, _, _ in rows if header.evidence_root != evidence_root(())}
    return await page.render(
        "auditor/blocks.html", rows=rows, accusing=accusing, before=lowest - 1, is_newest=until == last
    )


async def show_block(page: Page, proofs: Proofs) -> Response:
    """A block: its header, who decided it, its transactions, and what each node shows of it."""
    height = _height_in(page)
    decided = await proofs.read_decided(page.ledger, height)
    steps, ancestry = await proofs.check_block(page.ledger, height)
    shown = await page.ledger.call(requests.block(height))
    accused = [] if shown.block is None else [evidence_of(one) for one in shown.block.evidence.evidence]
    if evidence_root(accused) != decided.header.evidence_root:
        raise NoEvidence(f"block {height}: the evidence that the node shows is not that of its header")
    raws = [] if shown.block is None else [transaction_of(raw) for raw in shown.block.data.txs]
    ids = [compute_transaction_id(raw) for raw in raws[:_TRANSACTIONS_SHOWN]]
    found = [await page.ledger.call(requests.tx(id_, prove=True)) for id_ in ids]
    proven = await proofs.prove_all(page.ledger, found)
    return await page.render(
        "auditor/block.html",
        header=decided.header,
        id=compute_block_id(decided.header).hex().upper(),
        round=decided.certificate.round,
        signers=[
            (validator, signature is not None)
            for validator, signature in zip(
                decided.validators.validators, decided.certificate.signatures, strict=False
            )
        ],
        accusations=[_accusation_of(one, decided) for one in accused],
        steps=check_lines(steps, ancestry, page.language),
        entries=await read_entries(page, proven, zone=WIB_MINUTES),
        count=len(raws),
        same=await compare_block(page.ledger, height),
        last=(await page.ledger.standing()).height,
    )


async def show_transaction(page: Page, proofs: Proofs) -> Response:
    """A transaction: what was asked for, what became of it, and every step of its proof."""
    id_ = read_id(page)
    proven = await proofs.prove(page.ledger, await page.ledger.call(requests.tx(id_, prove=True)))
    (entry,) = await read_entries(page, [proven], zone=WIB_MINUTES)
    return await page.render(
        "auditor/transaction.html",
        entry=entry,
        steps=check_lines(proven.steps, proven.ancestry, page.language),
        state=state_of(proven),
        has_bundle=proofs.auditing is not None and proven.is_checked,
        same=await compare_block(page.ledger, proven.height),
    )


def _height_in(page: Page) -> int:
    text = page.request.path_params["height"]
    height = whole(text, "height")
    if height == 0:
        raise Malformed("height: expected at least 1, got 0")
    return height
