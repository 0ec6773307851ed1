"""What arrives at the reactor: everything that may change what this node knows of the current height, one item at a time."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from chain.errors import Invalid
from chain.transaction import CheckedTransaction
from chain.vote import BlockId, Height, Round
from consensus.inputs import Input
from node.certified import SignedBlock


@dataclass(frozen=True, slots=True, kw_only=True)
class Fed:
    """An input for the core, verified."""

    input: Input


@dataclass(frozen=True, slots=True, kw_only=True)
class BodiesHeld:
    """The answer to a `CheckValue`: with all checked bodies if the block is valid, with None if it is refused."""

    height: Height
    block_id: BlockId
    transactions: tuple[CheckedTransaction, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """Blocks of others in their order, signed by the validators that they name; `refuse` hears where they are not ours."""

    blocks: tuple[SignedBlock, ...]
    refuse: Callable[[Invalid], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkWaits:
    """There is something to order: a transaction, a proof block, a heartbeat."""

    height: Height


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposerReady:
    """The proposer's clock has passed the last block's time."""

    height: Height
    round: Round


@dataclass(frozen=True, slots=True, kw_only=True)
class VotingAllowed:
    """The signer may speak now: what it kept back is asked for again."""


Item: TypeAlias = Fed | BodiesHeld | Followed | WorkWaits | ProposerReady | VotingAllowed
