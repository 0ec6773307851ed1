"""Questions of every kind to a node's home, by the code that answers them over HTTP, and what they are answered.

A home is opened as a start opens it and asked through the methods of its JSON-RPC, the documents' keeper and what it gives
to peers. An answer is its JSON or its bytes; a refusal that names a fault of the disk, and one that says that something
is not there, are kept apart, since only the second claims anything.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import msgspec
import trio
from structlog.testing import capture_logs

from chain.codec import as_array, as_bytes, decode
from chain.errors import Invalid
from chain.hashing import Digest
from chain.limits import DOCUMENT_PIECE_BYTES
from chain.vote import Height
from machine.faults import DiskFault
from node.assembly import Assembled, assemble
from node.config import ConfigError, read_config
from node.home import Home
from node.opening import Opened, open_home
from node.repair.serving import read_rows
from p2p.messages import GetRows, RequestId, RowKind
from rpc.documents import DocumentRefused
from rpc.errors import Code, RpcError
from rpc.schema import METHODS
from rpc.service import parse_params
from vm.tree.nodes import decode_page, hash_page

OUR_OWN = frozenset({"moniker", "listen_addr", "rpc_address"})
"""What only this node's operator says; it is no claim about the ledger."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One question: a method with its parameters, or another name with what it takes."""

    method: str
    params: str


@dataclass(frozen=True, slots=True)
class Told:
    """What was answered, in bytes that can be compared."""

    text: bytes


@dataclass(frozen=True, slots=True)
class Failed:
    """No answer, and why."""

    reason: str


Answer = Told | Failed
Answers = dict[Asked, Answer]


@dataclass(frozen=True, slots=True, kw_only=True)
class Questions:
    """What is asked: of methods, of documents by their hash, and rows as a peer asks for them."""

    methods: Sequence[tuple[str, dict[str, object]]]
    documents: Sequence[Digest]
    heights: int


class Refuses(Exception):
    """The home does not open: nothing is answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What a home answered, and what its log says was mended on the way."""

    answers: Answers
    mended: tuple[str, ...]


def answer_all(home: Home, questions: Questions) -> Heard:
    """Opens a home and asks everything. Raises `Refuses`."""

    async def run(opened: Opened) -> Answers:
        node = assemble(opened)
        try:
            return dict(_ask_all(opened, node, questions))
        finally:
            node.admission.close()

    try:
        with capture_logs() as lines, open_home(home, read_config(home.config), None) as opened:
            answers = trio.run(run, opened)
    except (ConfigError, DiskFault, Invalid) as error:
        raise Refuses(f"{type(error).__name__}: {error}") from error
    mended = tuple(str(line["event"]) for line in lines if line["log_level"] == "error")
    return Heard(answers=answers, mended=mended)


def _ask_all(opened: Opened, node: Assembled, questions: Questions) -> Iterator[tuple[Asked, Answer]]:
    lack = node.backend.find_lack()
    for name, params in questions.methods:
        asked = Asked(name, json.dumps(params, sort_keys=True))
        if lack is not None:
            yield asked, Failed(lack)
        else:
            yield asked, _answer(lambda name=name, params=params: _call(node, name, params))  # type: ignore[misc]  # bound now
    for snapshot in opened.snapshots.heights or [Height(0)]:
        yield Asked("snapshot", ""), _answer(lambda height=snapshot: _read_snapshot(opened, height))  # type: ignore[misc]  # bound now
    for digest in questions.documents:
        yield Asked("document", digest.hex()), _answer(lambda digest=digest: _fetch(node, digest))  # type: ignore[misc]  # bound now
    if lack is None:
        for kind, height in _rows_asked(questions.heights):
            yield (
                Asked("rows", f"{kind.name} {height}"),
                _answer(lambda kind=kind, height=height: _give(opened, kind, height)),  # type: ignore[misc]  # bound now
            )


def _answer(ask: Callable[[], bytes]) -> Answer:
    try:
        return Told(ask())
    except DiskFault as fault:
        return Failed(fault.problem)
    except DocumentRefused as refused:
        return Failed(str(refused)) if "damaged" in str(refused) else Told(str(refused).encode())
    except RpcError as error:
        return Told(str(error).encode())


def _call(node: Assembled, name: str, params: dict[str, object]) -> bytes:
    method = METHODS[name]
    answer = msgspec.json.decode(
        msgspec.json.encode(method.run(node.backend, parse_params(method.parameters, params)))  # type: ignore[arg-type]  # plain JSON
    )
    return msgspec.json.encode(_without_our_own(answer), order="sorted")


def _without_our_own(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without_our_own(inner) for key, inner in value.items() if key not in OUR_OWN}
    return [_without_our_own(inner) for inner in value] if isinstance(value, list) else value


def _fetch(node: Assembled, digest: Digest) -> bytes:
    keeper = node.backend.documents
    size = keeper.check_get(digest, None)
    return b"".join(keeper.piece(digest, at) for at in range(0, size, DOCUMENT_PIECE_BYTES))


def _read_snapshot(opened: Opened, height: int) -> bytes:
    """As it is given to peers: the manifest, and the chunks that it names."""
    manifest = opened.snapshots.read_manifest(height)
    if manifest is None:
        raise RpcError(Code.INTERNAL_ERROR, "there is no snapshot")
    names = as_array(decode(manifest, bytes_max=len(manifest)), "chunks")
    chunks = [opened.snapshots.read_chunk(height, Digest(as_bytes(name, "hash"))) for name in names]
    return manifest + b"|".join(chunk or b"not there" for chunk in chunks)


def _rows_asked(heights: int) -> Iterator[tuple[RowKind, int]]:
    for height in range(1, heights + 1):
        yield RowKind.HEADER, height
        yield RowKind.RESULTS, height
    yield RowKind.PAGE, heights


def _give(opened: Opened, kind: RowKind, height: int) -> bytes:
    with opened.ledger.snapshot() as reader:
        ask = GetRows(request=RequestId(0), kind=kind, height=height, key=b"")  # type: ignore[arg-type]  # a plain number
        rows = read_rows(reader, ask)
    if kind is RowKind.PAGE:  # how leaves lie in pages tells how they came there; the hash is what it proves
        return b"|".join(hash_page(decode_page(row), 0)[0] for row in rows)
    return b"|".join(rows)
