"""Two nodes show two histories that both seem to follow from the anchor: which of them lies, or whether it is a fork.

Below some height both show the same blocks; that height is found by halving. Up to there they agree on who decides the
next one, so each has to show its block there, decided by that very set. Who cannot has lied further up, with keys of
validators who had left, say. If both can, more than a third of that set signed both.

What leads the way is not believed; who leads it astray ends at a block that it cannot show decided, or shows another one there
than on the way. Who does not answer leaves the matter open: silence is no lie, and the other one is not believed for it.
"""

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from chain.block import NO_BLOCK_ID, Header, compute_block_id
from chain.errors import Invalid, Malformed
from chain.hashing import Digest
from chain.record import Decided
from chain.vote import BlockId
from light.fork import Fork, prove_fork
from light.party import Party, TooEarly
from rpc.lineage import Anchor
from rpc.requests import BadAnswer, CallRefused, Unreachable

Shown = TypeVar("Shown")
NOT_SHOWN = (CallRefused, Unreachable, TooEarly)
"""A node that refuses, does not answer or is not there yet: it shows nothing, which is no lie."""
LIES = (Invalid, BadAnswer)
"""What it shows does not hold."""
NO_ANSWER = LIES + NOT_SHOWN
Parted: TypeAlias = tuple[Header, Header]
"""What the two show at one height, in their order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """Who of the two lied, at least one, and where they part."""

    height: int
    losers: tuple[tuple[Party, str], ...]


class Unsettled(Exception):
    """The matter stays open, and nothing of it is believed; the message says why."""


class Failed(Exception):
    """One party showed what does not hold; `problem` says what."""

    def __init__(self, party: Party, problem: str) -> None:
        super().__init__(problem)
        self.party = party
        self.problem = problem


async def settle(
    one: Party, other: Party, anchor: Anchor, genesis_hash: Digest, parted: Parted
) -> Fork | Settled:
    """What becomes of two that show different headers at one height. Raises `Unsettled`."""
    low, common = anchor.since - 1, anchor.block_id or NO_BLOCK_ID
    expected = anchor.validators.hash
    high: int = parted[0].height
    words = parted
    try:
        while high - low > 1:
            middle = (low + high) // 2
            mine = await _heard(one, one.shown(middle))
            theirs = await _heard(other, other.shown(middle))
            if mine == theirs:
                low, common, expected = middle, compute_block_id(mine), mine.next_validators_hash
            else:
                high, words = middle, (mine, theirs)
    except Failed as failed:
        return Settled(height=high, losers=((failed.party, failed.problem),))
    blocks: list[Decided] = []
    losers: list[tuple[Party, str]] = []
    for party, word in zip((one, other), words, strict=True):
        try:
            blocks.append(await _heard(party, _show(party, high, word, common, expected)))
        except Failed as failed:
            losers.append((party, failed.problem))
    if losers:
        return Settled(height=high, losers=tuple(losers))
    return prove_fork(anchor.chain_id, genesis_hash, *blocks)


async def _show(party: Party, height: int, word: Header, common: BlockId, expected: Digest) -> Decided:
    """Its block after the last one that both have: the one of which it gave its word."""
    decided = await party.decided(height)
    if decided.header != word:
        raise Malformed(
            f"block {height}: expected {compute_block_id(word).hex().upper()}, which it showed a moment before, "
            f"got {compute_block_id(decided.header).hex().upper()}"
        )
    if decided.header.previous_block_id != common or decided.validators.hash != expected:
        raise Malformed(
            f"block {height}: expected one after {common.hex().upper()} by validators {expected.hex().upper()}, "
            f"got one after {decided.header.previous_block_id.hex().upper()} by {decided.validators.hash.hex().upper()}"
        )
    return decided


async def _heard(party: Party, asked: Awaitable[Shown]) -> Shown:
    try:
        return await asked
    except NOT_SHOWN as silence:
        raise Unsettled(f"{party.node.address} does not show the way to its block: {silence}") from silence
    except LIES as lie:
        raise Failed(party, f"it shows a block without the way to it: {lie}") from lie
