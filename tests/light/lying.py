"""Nodes that lie: real answers of a real ledger, altered on their way, and ledgers that were signed twice."""

from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from chain.block import Block, CertifiedBlock, compute_block_id
from chain.certificate import Certificate, certificate_of
from chain.hashing import Digest, sha256
from chain.keys import SigningKey
from chain.validators import ValidatorSet
from chain.vote import BlockId
from light.follower import Follower
from light.party import Node
from light.store import HeaderStore
from rpc.answers import CommitAnswer, HeaderJson, SignedHeader
from rpc.exact import header_of
from rpc.lineage import Anchor
from rpc.render import render_commit, render_header
from rpc.requests import CallRefused, Request, decode_answer
from tests.chain.making import CHAIN, make_key, make_vote
from tests.portals.making import AnsweringNode
from tests.portals.test_lineage import SETS, Changing
from tests.rpc.memory import MemoryBackend

Answer = TypeVar("Answer")
Result = Any
Lie = Callable[[Result], Result]
"""From the result of an honest answer to what is told instead."""
ANCHOR = Anchor(chain_id=CHAIN, genesis_hash=sha256(b"genesis"), validators=SETS["a"][0], contracts={})


class Clock:
    """Shows what it is set to."""

    def __init__(self, ms: int = 10**7) -> None:
        self.ms = ms

    def now_ms(self) -> int:
        return self.ms


class LyingNode(AnsweringNode):
    """Alters its answers to some methods."""

    def __init__(self, backend: MemoryBackend, address: str, lies: dict[str, Lie]) -> None:
        super().__init__(backend, address)
        self.lies = lies

    async def call(self, request: Request[Answer]) -> Answer:
        await super().call(Request(method=request.method, params=request.params, read=lambda result: result))
        document = msgspec.json.decode(self.answer(request))
        if "result" in document and request.method in self.lies:
            document["result"] = self.lies[request.method](document["result"])
        return decode_answer(request, msgspec.json.encode(document))


class RefusingNode(AnsweringNode):
    """Answers one method with an error."""

    def __init__(self, backend: MemoryBackend, address: str, method: str, reason: str) -> None:
        super().__init__(backend, address)
        self._method = method
        self._reason = reason

    async def call(self, request: Request[Answer]) -> Answer:
        if request.method == self._method:
            raise CallRefused(-32603, self._reason)
        return await super().call(request)


@contextmanager
def following(
    path: Path, nodes: Sequence[Node], anchor: Anchor = ANCHOR, clock: Clock | None = None
) -> Iterator[tuple[Follower, list[str]]]:
    """A follower on these nodes, and what it tells."""
    told: list[str] = []
    path.mkdir(exist_ok=True)
    with HeaderStore(path / "headers.sqlite", anchor) as store:
        yield (
            Follower(anchor=anchor, nodes=nodes, store=store, clock=clock or Clock(), tell=told.append),
            told,
        )


def sign(block: Block, keys: Sequence[SigningKey], validators: ValidatorSet, round_: int = 0) -> Certificate:
    """A certificate of a block by these keys of a set."""
    header = block.header
    votes = [
        make_vote(
            key, compute_block_id(header), height=header.height, round_=round_, chain_id=header.chain_id
        )
        for key in keys
    ]
    return certificate_of(votes, validators)


def fork_of(honest: Changing, height: int, name: str, *, round_: int = 0) -> Changing:
    """The same ledger up to a height, and from there on other blocks, signed by this set's keys."""
    found, keys = SETS[name]
    other = Changing("")
    other.story = honest.story[: height - 1] + name * (len(honest.story) - height + 1)
    other.info = honest.info
    other.chain, other.outcomes = list(honest.chain[: height - 1]), list(honest.outcomes)
    before = honest.chain[height - 1].block.header.previous_block_id
    for certified in honest.chain[height - 1 :]:
        header = certified.block.header
        block = replace(
            certified.block,
            header=replace(
                header,
                previous_block_id=before,
                state_root=sha256(b"another state"),
                validators_hash=found.hash,
                next_validators_hash=found.hash,
            ),
        )
        certificate = sign(block, keys[:3], found, round_)
        other.chain.append(CertifiedBlock(block=block, certificate=certificate))
        before = compute_block_id(block.header)
    return other


# --- Ways to lie about a header -----------------------------------------------------------------------------------


def _signatures(change: Callable[[list[Any]], list[Any]]) -> Lie:
    def lie(result: Result) -> Result:
        commit = result["signed_header"]["commit"]
        commit["signatures"] = change(commit["signatures"])
        return result

    return lie


def _signed(key: SigningKey, result: Result, *, is_nil: bool = False) -> str:
    """A precommit's signature over the commit that is shown, or over nil."""
    commit = result["signed_header"]["commit"]
    id_ = None if is_nil else BlockId(Digest(bytes.fromhex(commit["block_id"]["hash"])))
    vote = make_vote(key, id_, height=int(commit["height"]), round_=commit["round"])
    return b64encode(vote.signature).decode()


def _field(*path: str, value: object) -> Lie:
    def lie(result: Result) -> Result:
        place = result["signed_header"]
        for name in path[:-1]:
            place = place[name]
        place[path[-1]] = value
        return result

    return lie


def forge(validators: ValidatorSet, keys: Sequence[SigningKey], **changes: object) -> Lie:
    """Another header, signed by keys of a set that may or may not decide there."""

    def lie(result: Result) -> Result:
        shown = msgspec.convert(result["signed_header"]["header"], type=HeaderJson)
        header = replace(header_of(shown), **changes)  # type: ignore[arg-type]  # passed on as given
        block = Block(header=header, transactions=(), evidence=(), last_certificate=None)
        round_ = result["signed_header"]["commit"]["round"]
        certificate = sign(block, keys, validators, round_)
        signed = SignedHeader(header=render_header(header), commit=render_commit(certificate, validators))
        return msgspec.to_builtins(CommitAnswer(signed_header=signed, canonical=True))

    return lie


def _by(name: str, **changes: object) -> Lie:
    found, keys = SETS[name]
    return forge(found, keys[:3], **changes)


def _all_nil(result: Result) -> Result:
    for place, key in zip(result["signed_header"]["commit"]["signatures"], SETS["b"][1], strict=True):
        place |= {"block_id_flag": 3, "signature": _signed(key, result, is_nil=True)}
    return result


def _by_strangers(result: Result) -> Result:
    for number, place in enumerate(result["signed_header"]["commit"]["signatures"]):
        place |= {"block_id_flag": 2, "signature": _signed(make_key(900 + number), result)}
    return result


def _flip(result: Result) -> Result:
    for place in result["signed_header"]["commit"]["signatures"]:
        if place["signature"] is not None:
            data = bytearray(b64decode(place["signature"]))
            data[5] ^= 1
            place["signature"] = b64encode(data).decode()
            return result
    raise AssertionError("somebody signed")


def _nobody(places: list[Any]) -> list[Any]:
    return [place | {"block_id_flag": 1, "signature": None} for place in places]


def _two_of_four(places: list[Any]) -> list[Any]:
    return places[:2] + _nobody(places[2:])


def _one_for_all(places: list[Any]) -> list[Any]:
    return [places[0]] * len(places)


LIES: dict[str, Lie] = {
    "a height that nobody decided": _field("header", "height", value="4000000"),
    "a height beyond all numbers": _field("header", "height", value="9" * 40),
    "a negative height": _field("header", "height", value="-1"),
    "another certificate's height": _field("commit", "height", value="5"),
    "another round": _field("commit", "round", value=1),
    "another state root": _field("header", "app_hash", value="AB" * 32),
    "a short hash": _field("header", "app_hash", value="AB"),
    "no digits": _field("header", "data_hash", value="zz"),
    "another time": _field("header", "time", value="2001-01-01T00:00:00Z"),
    "no time": _field("header", "time", value="yesterday"),
    "another chain": _field("header", "chain_id", value="lain"),
    "another version": _field("header", "version", "block", value="2"),
    "another block id": _field("commit", "block_id", "hash", value="CD" * 32),
    "other validators": _field("header", "validators_hash", value="EF" * 32),
    "other validators next": _field("header", "next_validators_hash", value="EF" * 32),
    "absent signers": _signatures(_nobody),
    "too few signers": _signatures(_two_of_four),
    "one signer in every place": _signatures(_one_for_all),
    "a place too many": _signatures(lambda places: [*places, places[0]]),
    "a place too few": _signatures(lambda places: places[:-1]),
    "no places": _signatures(lambda places: []),
    "unknown signers": _by_strangers,
    "votes for nil": _all_nil,
    "a flipped bit": _flip,
    "signed by strangers, who name themselves": _by("x", validators_hash=SETS["x"][0].hash),
    "signed by strangers": _by("x"),
    "signed by those who have left": _by("a", validators_hash=SETS["a"][0].hash),
    "a time in the future": _by("b", time_ms=10**12),
    "a header alone": lambda result: {"signed_header": {"header": result["signed_header"]["header"]}},
    "a list": lambda result: [],
    "nothing": lambda result: None,
    "a text": lambda result: "x" * 100_000,
}
"""Of the newest block, which the set `b` decides."""
