"""What nodes claim, and what is to be made of it: pure, so that every way to lie is a row of a table.

shows a block that follows, the newest or a later one than before        agrees
shows one that follows, below what was trusted before                    is behind
does not answer, or refuses                                              is silent
shows what does not hold: no certificate, no hand-over, no proof         is left out
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from chain.block import compute_block_id
from chain.record import Decided
from chain.vote import BlockId
from rpc.lineage import Reign


class Conduct(Enum):
    """How a node stands to what is trusted."""

    AGREES = "agrees"
    BEHIND = "is behind"
    SILENT = "is silent"
    WRONG = "is left out"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What a node showed: a verified block with the reigns that lead to it, or a problem."""

    address: str
    conduct: Conduct
    decided: Decided | None = None
    reigns: tuple[Reign, ...] = ()
    problem: str = ""

    @property
    def height(self) -> int:
        """Of the block that it showed; 0 where it showed none."""
        return 0 if self.decided is None else self.decided.header.height


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a node stands, for who follows along."""

    address: str
    conduct: Conduct
    height: int
    problem: str


def block_id_of(decided: Decided) -> BlockId:
    """The id of a verified block."""
    return compute_block_id(decided.header)


def pick_certified(claims: Iterable[Claim]) -> list[Claim]:
    """Those with a verified block, the highest first; among equals in the order in which they are given."""
    return sorted((claim for claim in claims if claim.decided is not None), key=lambda claim: -claim.height)


def compute_standings(
    claims: Iterable[Claim], trusted_height: int, caught: Mapping[str, str]
) -> tuple[Standing, ...]:
    """How each node stands to a height that was trusted before. `caught`: who answered what else, that was false."""
    return tuple(_stand(claim, trusted_height, caught.get(claim.address)) for claim in claims)


def _stand(claim: Claim, trusted_height: int, problem: str | None) -> Standing:
    conduct = claim.conduct
    if conduct is Conduct.AGREES and problem is not None:
        conduct = Conduct.WRONG
    elif conduct is Conduct.AGREES and claim.height < trusted_height:
        conduct = Conduct.BEHIND
    return Standing(
        address=claim.address,
        conduct=conduct,
        height=claim.height,
        problem=claim.problem or problem or "",
    )
