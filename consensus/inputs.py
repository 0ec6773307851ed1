"""What can happen to the consensus core. Nothing else changes its state: not a clock, not chance, not a disk.

Everything here was verified before it came: votes and proposals have their signatures checked against the
validator set of their height, and times are readings that the node took and wrote down. Our own votes and
proposals arrive the same way, once the signer has signed them, so that there is one path for a vote and the
log holds all that was counted.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import TypeAlias

from chain.parameters import Parameters
from chain.proposal import VerifiedProposal
from chain.validators import ValidatorSet
from chain.vote import BlockId, Height, Round, VerifiedVote


class Step(IntEnum):
    """The paper's step_p, in the order in which a round walks through them."""

    PROPOSE = 1
    PREVOTE = 2
    PRECOMMIT = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeout:
    """A wait of one step. Compared with the state when it elapses; an outgrown one says nothing."""

    height: Height
    round: Round
    step: Step


@dataclass(frozen=True, slots=True, kw_only=True)
class StartHeight:
    """The block before `height` is committed; these decide the next one.

    Not remembered in the log, because the store already says it: after a crash the node feeds it again,
    then the log.
    """

    height: Height
    validators: ValidatorSet
    parameters: Parameters
    last_block_time_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Wake:
    """There is work, or a proof block or a heartbeat is due. Until then, or a message, no round runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalArrived:
    """A proposal, and our clock when it came: the only time that the core ever reads."""

    proposal: VerifiedProposal
    arrival_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueChecked:
    """The answer to `CheckValue`: True if every body is held and the block fits our state, else refused."""

    block_id: BlockId
    valid: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class VoteArrived:
    """A vote, of another validator or of our own signer."""

    vote: VerifiedVote


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeoutElapsed:
    """A wait that `ScheduleTimeout` asked for is over. Late and repeated ones are harmless."""

    timeout: Timeout


Remembered: TypeAlias = Wake | ProposalArrived | ValueChecked | VoteArrived | TimeoutElapsed
"""What the write-ahead log holds of one height."""

Input: TypeAlias = StartHeight | Remembered
