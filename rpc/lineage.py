"""From the genesis document to the validators of any block, so that no node has to be believed about who decides.

The founders of the genesis document are trusted; everything else follows. A header names the validators of its own
height and of the next, so whoever was trusted hands on to whoever comes next, in a header that more than two thirds of
them signed. Validators change seldom: the headers at which they do are found by halving, and only those are checked.

Halving steps over a set that reigned between two reigns of another one. Whoever asks for a block of such a time is led there by
a way of its own, which is not remembered: it would not fit what is known of the time after.

What a node says while it is asked only leads the way; a set is trusted for a certified header and nothing else.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Protocol, TypeVar

from chain.block import Header
from chain.errors import Malformed
from chain.hashing import Digest
from chain.limits import LINEAGE_CHANGES_MAX
from chain.record import Decided, verify_decided
from chain.validators import ValidatorSet
from chain.vote import BlockId
from rpc import requests
from rpc.exact import header_of, signed_header_of, validators_of
from rpc.requests import CallRefused, Request

Answer = TypeVar("Answer")


class Asked(Protocol):
    """Nodes that are asked, none of which is believed."""

    async def call(self, request: Request[Answer]) -> Answer:
        """What one of them answers."""
        ...


class Source(Asked, Protocol):
    """The same, of a network that has a name."""

    async def get_chain_id(self) -> str:
        """The network that they say they are of."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """What is trusted from the start: of the genesis document, or of a later block that others vouch for.

    `validators` decide from `since` on, after the block with `block_id` where one is named. `contracts`: hashes of the code
    that the genesis document deploys, by name.
    """

    chain_id: str
    genesis_hash: Digest
    validators: ValidatorSet
    contracts: Mapping[str, Digest]
    since: int = 1
    block_id: BlockId | None = None


class Origin(Enum):
    """Whether a validator set is known to follow from the genesis document."""

    FOUNDERS = "founders"
    SUCCESSORS = "successors"
    NOT_ASKED = "not asked"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ancestry:
    """Where a set comes from. `changes`: heights at which validators changed on the way; `problem`: why it is broken."""

    origin: Origin
    changes: tuple[int, ...] = ()
    problem: str = ""

    @property
    def is_broken(self) -> bool:
        """Whether there is a genesis document, and the set does not follow from it."""
        return self.origin is Origin.BROKEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Reign:
    """From which height on a set decided. `handed_over`: the block before, whose deciders named it; None of those who are
    trusted from the start.
    """

    validators: ValidatorSet
    since: int
    handed_over: Decided | None = None


class _Broken(Malformed):
    """The node shows no way from the genesis document to there."""


class Lineage:
    """What is known so far; grows while it is asked, and what it learned once stays true."""

    def __init__(self, anchor: Anchor | None, reigns: tuple[Reign, ...] = (), reached: int = 0) -> None:
        """`reigns`: what was learned from this anchor on before, the anchor's own first, and up to which height."""
        self.anchor = anchor
        self._reigns = reigns
        self._reached = reached
        if anchor is not None and not reigns:
            self._reigns = (Reign(validators=anchor.validators, since=anchor.since),)
        self.progress = self._reigns
        """As far as the last way came, also where it did not come to its end."""

    @property
    def reigns(self) -> tuple[Reign, ...]:
        """Who decided since when, as far as it is known."""
        return self._reigns

    async def follow(self, source: Asked, wanted: Digest, height: int) -> ValidatorSet:
        """The set of this hash, which is known or now shown to decide that height. Raises `Malformed` where it is not, and
        what the source raises.
        """
        return (await self._extend(source, wanted, height))[-1].validators

    async def trace(self, source: Source, validators: ValidatorSet, height: int) -> Ancestry:
        """Where the set that is said to decide a height comes from."""
        if self.anchor is None:
            return Ancestry(origin=Origin.NOT_ASKED)
        chain_id = await source.get_chain_id()
        if chain_id != self.anchor.chain_id:
            problem = f"expected chain {self.anchor.chain_id}, got {chain_id}"
            return Ancestry(origin=Origin.BROKEN, problem=problem)
        try:
            reigns = await self._extend(source, validators.hash, height)
            return self._tell(tuple(reign.since for reign in reigns[1:]))
        except (Malformed, CallRefused) as broken:
            return Ancestry(origin=Origin.BROKEN, problem=str(broken))

    def _tell(self, changes: tuple[int, ...]) -> Ancestry:
        origin = Origin.SUCCESSORS if changes else Origin.FOUNDERS
        return Ancestry(origin=origin, changes=changes)

    async def _extend(self, source: Asked, wanted: Digest, height: int) -> list[Reign]:
        """All reigns up to that of the set that is wanted at a height. Raises `_Broken`."""
        assert self.anchor is not None, "there is a genesis document"
        first, *later = self._reigns
        reigns = [first, *(reign for reign in later if reign.since <= height)]
        found = _find(reigns, wanted, height)
        while found is None:
            if len(reigns) >= LINEAGE_CHANGES_MAX:
                raise _Broken(f"expected at most {LINEAGE_CHANGES_MAX} changes of validators")
            reigns.append(await _succeed(source, self.anchor.chain_id, reigns[-1], height))
            if height >= self._reached:
                self.progress = tuple(reigns)
            found = _find(reigns, wanted, height)
        if height >= self._reached:
            self._reached = height
            if len(reigns) > len(self._reigns):  # somebody else may have gone further meanwhile
                self._reigns = tuple(reigns)
        return reigns[: found + 1]


def _find(reigns: list[Reign], wanted: Digest, height: int) -> int | None:
    """The reign in which a height lies, if the set that is wanted reigns there: whoever has left decides nothing any more."""
    last = max((place for place, reign in enumerate(reigns) if reign.since <= height), default=None)
    return last if last is not None and reigns[last].validators.hash == wanted else None


async def _succeed(source: Asked, chain_id: str, reign: Reign, height: int) -> Reign:
    """The set that follows on a reign before a height. Raises `_Broken`."""
    last = await _find_last(source, reign, height)
    header, certificate = signed_header_of((await source.call(requests.commit(last))).signed_header)
    decided = Decided(header=header, certificate=certificate, validators=reign.validators)
    verify_decided(decided, chain_id)
    following = validators_of(await source.call(requests.validators(last + 1)))
    if following.hash != header.next_validators_hash or header.height != last:
        raise _Broken(
            f"block {last}: expected validators {header.next_validators_hash.hex().upper()} next, "
            f"got {following.hash.hex().upper()}"
        )
    return Reign(validators=following, since=last + 1, handed_over=decided)


async def _find_last(source: Asked, reign: Reign, height: int) -> int:
    """The height at which a set hands over, by halving. Raises `_Broken`."""
    own = reign.validators.hash
    low, high = reign.since, height
    if low >= high or (await _read_header(source, low)).validators_hash != own:
        raise _Broken(f"block {low}: expected validators {own.hex().upper()}, the node shows others")
    while high - low > 1:
        middle = (low + high) // 2
        if (await _read_header(source, middle)).validators_hash == own:
            low = middle
        else:
            high = middle
    return low


async def _read_header(source: Asked, height: int) -> Header:
    shown = (await source.call(requests.header(height))).header
    if shown is None:
        raise _Broken(f"block {height}: the node does not show it")
    return header_of(shown)
