"""The ledger against itself, at every start: is what the head says what the newest blocks say?

LevelDB's checksums tell whether rows are as they were written; this tells whether they belong together: identity,
content, certificate, results and index of the newest blocks, each of which commits to what came before, and that no
height is missing. What does not agree is named and refused, never guessed at. The module of every contract is read whole
and held to its hash: a node that cannot run a contract must not find that out in the middle of a block. The root of the
state tree is held to the head's, and what is proved is held to that root; the other state rows are covered by checksums
when they are read, and by the one batch they were written in.
"""

from collections.abc import Callable
from pathlib import Path

from chain.block import NO_BLOCK_ID, Block, CertifiedBlock, check_commitments, compute_block_id
from chain.certificate import verify_certificate
from chain.errors import Invalid
from chain.evidence import offence_of
from chain.hashing import Digest
from chain.limits import CONTRACTS_LISTED_MAX, HEIGHT_MAX
from chain.merkle import compute_merkle_root
from chain.vote import BlockId
from machine.faults import Damaged
from node.store.keys import BLOCKS, HEADERS, height_key
from node.store.reading import LedgerReader
from node.store.store import MEND_ADVICE, StoreReader
from vm.keys import contract_key, end_of_prefix, module_key
from vm.module_codec import code_hash

_ROWS_AT_ONCE = 1_000


def _tell_nobody(_height: int) -> None:
    pass


def check_ledger(
    store: StoreReader,
    reader: LedgerReader,
    path: Path,
    depth: int,
    tell: Callable[[int], None] = _tell_nobody,
) -> None:
    """Checks the newest `depth` blocks that are kept, and the head; `tell` hears the height of each block that is whole.

    Raises:
        Damaged: names the height and what does not agree.
    """
    above = store.iterate(height_key(BLOCKS, reader.head.height + 1), height_key(BLOCKS, HEIGHT_MAX), limit=1)
    if above:
        raise Damaged(path, f"there are blocks above the head, which is {reader.head.height}", MEND_ADVICE)
    missing = _find_missing(store, reader.headers_since, reader.head.height)
    if missing is not None:
        raise Damaged(path, f"block {missing}: its header is not there", MEND_ADVICE)
    for height in range(max(reader.blocks_since, reader.head.height - depth + 1), reader.head.height + 1):
        reason = find_block_fault(reader, height)
        if reason is not None:
            raise Damaged(path, f"block {height}: {reason}", MEND_ADVICE)
        tell(height)
    reason = _find_head_fault(reader) or _find_root_fault(reader) or _find_contract_fault(reader)
    if reason is not None:
        raise Damaged(path, f"head {reader.head.height}: {reason}", MEND_ADVICE)


def _find_missing(store: StoreReader, first: int, last: int) -> int | None:
    """The first height without a header, by the keys alone. Every batch that commits a block has one: a batch that LevelDB
    lost with a log or a table, and says nothing of, leaves a gap here.
    """
    height = first
    while height <= last:
        rows = store.iterate(height_key(HEADERS, height), height_key(HEADERS, last + 1), limit=_ROWS_AT_ONCE)
        for key, _ in rows:
            if key != height_key(HEADERS, height):
                return height
            height += 1
        if not rows:
            return height
    return None


def find_block_fault(reader: LedgerReader, height: int) -> str | None:
    """What of a block that is kept does not agree with the rest, if anything."""
    certified = reader.certified_block(height)
    if certified is None:
        return "it is not there, or its certificate is not"
    block, block_id = certified.block, compute_block_id(certified.block.header)
    if block.header.height != height:
        return f"it says that it is block {block.header.height}"
    if reader.header(height) != block.header:
        return "its header row is another header"
    if height > reader.headers_since or height == 1:
        previous = reader.header(height - 1)
        previous_id = NO_BLOCK_ID if previous is None else compute_block_id(previous)
    else:  # a snapshot brought none before it
        previous_id = block.header.previous_block_id
    if block.header.previous_block_id != previous_id:
        return "it does not follow the block before it"
    if reader.height_of(block_id) != height:
        return "it is not found by its id"
    return (
        _find_certificate_fault(reader, certified, block_id)
        or _find_content_fault(reader, block)
        or _find_results_fault(reader, height, len(block.transactions))
    )


def _find_certificate_fault(reader: LedgerReader, certified: CertifiedBlock, block_id: BlockId) -> str | None:
    header, certificate = certified.block.header, certified.certificate
    if (certificate.block_id, certificate.height) != (block_id, header.height):
        return "its certificate is for another block"
    validators = reader.validators(header.height)
    assert validators is not None, "its header row was there a moment ago"
    try:
        verify_certificate(certificate, validators, reader.head.chain_id)
    except Invalid as error:
        return str(error)
    return None


def _find_content_fault(reader: LedgerReader, block: Block) -> str | None:
    compact, height = block.compact(), block.header.height
    try:
        check_commitments(compact)
    except Invalid as error:
        return str(error)
    if reader.transaction_ids(height) != compact.transaction_ids:
        return "its list of transaction ids is another one"
    for index, transaction_id in enumerate(compact.transaction_ids):
        location = reader.tx_location(transaction_id)
        if location is None or (location.height, location.index) != (height, index):
            return f"transaction {transaction_id.hex()} is not found where it stands"
    for offence in map(offence_of, block.evidence):
        if reader.evidence_height(offence) not in (height, None):
            return f"the evidence against {offence.validator.hex()} is found in another block"
    return None


def _find_results_fault(reader: LedgerReader, height: int, count: int) -> str | None:
    results = reader.encoded_results(height)
    if results is None or len(results) != count:
        return f"expected {count} results, got {'none' if results is None else len(results)}"
    following = reader.header(height + 1)
    root = reader.head.results_root if following is None else following.results_root
    return None if compute_merkle_root(results) == root else "its results do not fit their root"


def _find_root_fault(reader: LedgerReader) -> str | None:
    root = reader.history.root(reader.head.height)
    if root != reader.head.state_root:
        return f"its state root is {reader.head.state_root.hex()}, and the state tree's is {root.hex()}"
    return None


def _find_contract_fault(reader: LedgerReader) -> str | None:
    start = contract_key("")
    for key, expected in reader.state.iterate(start, end_of_prefix(start), CONTRACTS_LISTED_MAX):
        module = reader.state.get(module_key(Digest(expected)))
        if module is None or code_hash(module) != expected:
            return f"the module of contract {key[len(start) :].decode(errors='replace')!r} is not the one it names"
    return None


def _find_head_fault(reader: LedgerReader) -> str | None:
    head, header = reader.head, reader.header(reader.head.height)
    if header is None:
        return None if head.height == 0 else "its block is not there"
    expected = {
        "block id": (compute_block_id(header), head.block_id),
        "time": (header.time_ms, head.time_ms),
        "chain": (header.chain_id, head.chain_id),
        "certificate": (reader.certificate(head.height), head.certificate),
        "deciding validators": (header.validators_hash, head.last_validators.hash),
        "next validators": (header.next_validators_hash, head.validators.hash),
        "transactions": (bool(reader.transaction_ids(head.height)), head.has_transactions),
    }
    wrong = [name for name, (of_block, of_head) in expected.items() if of_block != of_head]
    return f"its {', '.join(wrong)} is not that of its block" if wrong else None
