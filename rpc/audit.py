"""Puts an audit bundle together of what nodes hand over. None of them is believed: a bundle proves its claim, or it does not."""

from collections.abc import Sequence
from dataclasses import dataclass

from chain.bundle import Bundle, BundleBlock, EntryClaim, TransactionClaim
from chain.codec import Value
from chain.errors import Malformed
from chain.hashing import Digest
from chain.ics23 import CommitmentProof
from chain.merkle import InclusionProof, Turn, compute_inclusion_proof, find_turns
from chain.result import encode_result
from chain.transaction import TxId
from rpc import requests
from rpc.exact import proof_of, signed_header_of, transaction_of, validators_of, whole
from rpc.lineage import Lineage, Source
from rpc.requests import StateEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A state entry as people name it, and the keys at which it and its contract's code hash stand."""

    contract: str
    storage: str
    keys: tuple[Value, ...]
    key: bytes
    code_key: bytes


async def collect_transaction(source: Source, lineage: Lineage, id_: TxId) -> Bundle:
    """The bundle of a transaction, by the genesis document of the lineage; the next block has to be there. Raises
    `Malformed` for what is no evidence.
    """
    found = await source.call(requests.tx(id_, prove=True))
    if found.proof is None:
        raise Malformed(f"transaction {id_.hex()}: the node shows no proof")
    height, proof = whole(found.height, "height"), proof_of(found.proof)
    results = [result for _, result in (await source.call(requests.committed(height))).transactions]
    if not 0 <= proof.index < len(results):
        raise Malformed(f"block {height}: expected a result at {proof.index}, got {len(results)} results")
    result_proof = compute_inclusion_proof([encode_result(one) for one in results], proof.index)
    claim = TransactionClaim(
        raw=transaction_of(found.tx),
        path=_turns_of(proof),
        result=results[proof.index],
        result_path=_turns_of(result_proof),
    )
    blocks = await _collect_blocks(source, lineage, (height, height + 1))
    return Bundle(genesis_hash=_genesis_hash_of(lineage), blocks=blocks, claim=claim)


def _turns_of(proof: InclusionProof) -> tuple[Turn, ...]:
    turns = find_turns(proof)
    if turns is None:
        raise Malformed(f"proof: {len(proof.aunts)} aunts do not fit {proof.index} of {proof.total}")
    return turns


async def collect_entry(
    source: Source, lineage: Lineage, words: Words, module: bytes | None, height: int | None = None
) -> Bundle:
    """The bundle of an entry or of its absence, after a height whose state the node keeps, or else after the last whose root
    a header has. `module`: see `chain.bundle.EntryClaim`. Raises `Malformed` for what is no evidence.
    """
    entry = await source.call(requests.state_entry(words.key, height, prove=True))
    if height is not None and entry.height != height:
        raise Malformed(f"state entry: expected one after block {height}, got one after {entry.height}")
    code = await source.call(requests.state_entry(words.code_key, entry.height, prove=True))
    claim = EntryClaim(
        contract=words.contract,
        storage=words.storage,
        keys=words.keys,
        value=entry.value,
        proof=_proof_in(entry),
        code_proof=_proof_in(code),
        module=module,
    )
    blocks = await _collect_blocks(source, lineage, (entry.height + 1,))
    return Bundle(genesis_hash=_genesis_hash_of(lineage), blocks=blocks, claim=claim)


def _proof_in(entry: StateEntry) -> CommitmentProof:
    if entry.proof is None:
        raise Malformed("state entry: the node shows no proof")
    return entry.proof


def _genesis_hash_of(lineage: Lineage) -> Digest:
    assert lineage.anchor is not None, "who collects a bundle has the genesis document"
    return lineage.anchor.genesis_hash


async def _collect_blocks(
    source: Source, lineage: Lineage, heights: Sequence[int]
) -> tuple[BundleBlock, ...]:
    """Those at which validators hand over, and then these, which are the last ones."""
    last = heights[-1]
    ancestry = await lineage.trace(source, validators_of(await source.call(requests.validators(last))), last)
    if ancestry.is_broken:
        raise Malformed(f"the validators of block {last} do not follow from genesis: {ancestry.problem}")
    wanted = sorted({since - 1 for since in ancestry.changes} | set(heights))
    return tuple([await _collect_block(source, height, is_last=height == last) for height in wanted])


async def _collect_block(source: Source, height: int, *, is_last: bool) -> BundleBlock:
    header, certificate = signed_header_of((await source.call(requests.commit(height))).signed_header)
    hands_over = header.next_validators_hash != header.validators_hash
    following = None
    if hands_over and not is_last:
        following = validators_of(await source.call(requests.validators(height + 1)))
    return BundleBlock(header=header, certificate=certificate, next_validators=following)
