"""`terang timeline`: checks a timeline that somebody downloaded, by the genesis document alone.

Blocks come in the order of their heights: each has to be decided by the founders, or by those to whom the blocks before it
hand over, one after the other; who has handed over decides nothing any more.
Then each entry's bytes and result have to stand under the roots of those blocks. What is printed is read from the bytes;
the words in the file are those of the portal that wrote it, and are not looked at.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from chain.block import compute_block_id, decode_header
from chain.certificate import decode_certificate
from chain.errors import Invalid, Malformed
from chain.hashing import DIGEST_BYTES, Digest
from chain.keys import format_address
from chain.limits import TIMELINE_BYTES_MAX
from chain.merkle import InclusionProof, hash_leaf, is_included
from chain.record import Decided, verify_decided
from chain.result import decode_result
from chain.time import format_time
from chain.transaction import CheckedTransaction, check_transaction
from chain.validators import ValidatorSet, decode_validators
from cli.errors import NotDone
from genesis.file import read_genesis
from genesis.founders import founders_of

_KIND = ("timeline", 1)


def timeline(
    file: Annotated[Path, typer.Argument(help="A timeline, as the auditor's portal gives it: JSON.")],
    genesis: Annotated[Path, typer.Option(help="The network's genesis document.")],
) -> None:
    """Check a downloaded timeline without any network."""
    document = read_genesis(genesis)
    found = _read_file(file)
    blocks = check_blocks(found, document.chain_id, founders_of(document))
    failed = open_results = 0
    for entry in _items(found, "entries"):
        try:
            told, result = check_entry(entry, blocks, document.chain_id)
            open_results += result is None
            typer.echo(f"{told}: {result or 'its result is not in the file'}")
        except Invalid as error:
            failed += 1
            typer.echo(f"NOT PROVEN: {error}")
    count = len(_items(found, "entries"))
    if failed:
        raise NotDone(f"{failed} of {count} entries are not proven")
    without = f", but for the results of {open_results}" if open_results else ""
    typer.echo(
        f"{count} entries in {len(blocks)} blocks of {document.chain_id}: all proven to its founders{without}."
    )


def check_blocks(found: dict[str, Any], chain_id: str, founders: ValidatorSet) -> dict[int, Decided]:
    """The blocks by height. Raises `Malformed` for the first that does not follow from the founders."""
    reigning = founders.hash
    blocks: dict[int, Decided] = {}
    for decided in sorted(_read_blocks(found), key=lambda one: one.header.height):
        height = decided.header.height
        verify_decided(decided, chain_id)
        if decided.header.validators_hash != reigning:
            raise Malformed(f"block {height}: its validators do not follow from the founders")
        reigning = decided.header.next_validators_hash
        blocks[height] = decided
    return blocks


def check_entry(entry: dict[str, Any], blocks: dict[int, Decided], chain_id: str) -> tuple[str, str | None]:
    """What an entry says by its bytes, and its result, None where it is not in the file. Raises `Invalid`: not proven."""
    checked = check_transaction(_bytes(entry, "bytes"), chain_id)
    height = entry.get("height")
    block = blocks.get(height) if isinstance(height, int) else None
    if block is None:
        raise Malformed(f"transaction {checked.id.hex()}: its block is not in the file")
    if not is_included(block.header.transactions_root, _path(entry, "proof", checked.id), checked.id):
        raise Malformed(f"transaction {checked.id.hex()}: not under the root of block {height}")
    return f"{format_time(block.header.time_ms)}  {_tell(checked)}", _check_result(entry, block, blocks)


def _check_result(entry: dict[str, Any], block: Decided, blocks: dict[int, Decided]) -> str | None:
    after = blocks.get(block.header.height + 1)
    if after is None or entry.get("result_proof") is None:
        return None
    encoded, place = _bytes(entry, "result"), _path(entry, "proof", b"")
    path = _path(entry, "result_proof", encoded)
    follows = after.header.previous_block_id == compute_block_id(block.header)
    is_same_place = (path.index, path.total) == (place.index, place.total)
    if not (follows and is_same_place and is_included(after.header.results_root, path, encoded)):
        raise Malformed(f"block {block.header.height}: the result is not under the root of the next block")
    return decode_result(encoded).code.name


def _tell(checked: CheckedTransaction) -> str:
    transaction = checked.transaction
    calls = ", ".join(f"{call.contract}.{call.method}" for call in transaction.calls)
    return f"{format_address(transaction.sender_address)}  {calls}"


# --- The file -----------------------------------------------------------------------------------------------------


def _read_file(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > TIMELINE_BYTES_MAX:
            raise NotDone(f"{path}: expected at most {TIMELINE_BYTES_MAX} bytes")
        found = json.loads(path.read_text())
    except OSError as error:
        raise NotDone(f"{path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise NotDone(f"{path}: expected JSON: {error}") from error
    if not isinstance(found, dict) or (found.get("terang"), found.get("version")) != _KIND:
        raise NotDone(f"{path}: expected a timeline of the auditor's portal, of version 1")
    return found


def _read_blocks(found: dict[str, Any]) -> Iterator[Decided]:
    blocks = found.get("blocks")
    if not isinstance(blocks, dict):
        raise Malformed("timeline: expected blocks by height")
    for shown in blocks.values():
        yield Decided(
            header=decode_header(_bytes(shown, "header")),
            certificate=decode_certificate(_bytes(shown, "certificate")),
            validators=decode_validators(_bytes(shown, "validators")),
        )


def _items(found: dict[str, Any], name: str) -> list[dict[str, Any]]:
    items = found.get(name)
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise Malformed(f"timeline: expected a list of {name}")
    return items


def _bytes(shown: object, name: str) -> bytes:
    text = shown.get(name) if isinstance(shown, dict) else None
    try:
        return bytes.fromhex(text if isinstance(text, str) else "-")
    except ValueError:
        raise Malformed(f"timeline: expected {name} in hexadecimal digits") from None


def _path(entry: dict[str, Any], name: str, leaf: bytes) -> InclusionProof:
    match entry.get(name):
        case {"index": int() as index, "total": int() as total, "aunts": list() as aunts}:
            digests = tuple(Digest(_bytes({"aunt": aunt}, "aunt")) for aunt in aunts)
        case _:
            raise Malformed(f"timeline: expected index, total and aunts of {name}")
    if any(len(digest) != DIGEST_BYTES for digest in digests):
        raise Malformed(f"timeline: expected aunts of {DIGEST_BYTES} bytes in {name}")
    return InclusionProof(index=index, total=total, leaf_hash=hash_leaf(leaf), aunts=digests)
