"""From validators who are trusted to whoever decides later: each change is signed by those who hand over.

A header names the validators of its own height and of the next. So who was trusted hands on to who comes next, in a
header that more than two thirds of them signed; blocks between two changes need not be seen.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from chain.bundle import BundleBlock
from chain.errors import Invalid
from chain.record import Decided, verify_decided
from chain.validators import ValidatorSet
from chain.vote import Height


@dataclass(frozen=True, slots=True, kw_only=True)
class Reign:
    """Who decides from a height on, until they hand over."""

    validators: ValidatorSet
    since: Height


def verify_reign(reign: Reign, block: BundleBlock, chain_id: str) -> Decided:
    """Checks that a block is of this reign and decided by it; raises `Invalid`."""
    header = block.header
    if header.height < reign.since:
        raise Invalid(f"expected a block from height {reign.since} on, got {header.height}")
    decided = Decided(header=header, certificate=block.certificate, validators=reign.validators)
    verify_decided(decided, chain_id)
    return decided


def find_following(reign: Reign, block: BundleBlock, *, is_change: bool, is_last: bool) -> Reign:
    """Who decides the next height, which only a hand-over changes. Of the last block nobody needs to know it.

    Raises:
        Invalid: the block hands over where it should not, does not where it should, or names others than it hands over to.
    """
    hands_over = block.header.next_validators_hash != reign.validators.hash
    following, height = block.next_validators, block.header.height
    if is_change and not hands_over:
        raise Invalid(f"expected a hand-over at block {height}, got one with the same validators next")
    if (following is None) is not (is_last or not hands_over):
        wanted = "nobody" if following is not None else "those who are handed over to"
        raise Invalid(f"block {height}: expected {wanted} as its next validators")
    since = Height(height + 1)
    if following is None:
        return Reign(validators=reign.validators, since=since)
    if following.hash != block.header.next_validators_hash:
        raise Invalid(
            f"block {height}: expected next validators {block.header.next_validators_hash.hex()}, "
            f"got {following.hash.hex()}"
        )
    return Reign(validators=following, since=since)


def follow(reign: Reign, hand_overs: Iterable[BundleBlock], chain_id: str) -> tuple[Reign, ...]:
    """The reigns that follow each other, the first among them, by blocks that hand over. Raises `Invalid`."""
    reigns = [reign]
    for block in hand_overs:
        verify_reign(reigns[-1], block, chain_id)
        reigns.append(find_following(reigns[-1], block, is_change=True, is_last=False))
    return tuple(reigns)
