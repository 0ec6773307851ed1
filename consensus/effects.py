"""What the node is to do, in the order given. The order is the argument that a crash cannot make us
contradict ourselves.

Like etcd's `Ready`, effects say what must be durable before what may leave. There are three kinds of promise:

1. *What we were told.* `Remember` stands before every effect that follows from its input, and it must be on
   disk (synced) before any later `SendVote`, `SendProposal`, `SignVote`, `Propose` or `Decide` is carried
   out. So whatever we said can be derived again from the log: replaying it through a fresh engine gives the
   state that said it. Appending may be lazy until the first such effect, which makes one sync for a whole
   batch of inputs.
2. *What we say.* `SignVote` asks the signer, which makes its own record durable before the signature
   exists. The signed vote comes back as `VoteArrived`; only then, behind its `Remember`, does `SendVote`
   let it out. A crash before the signature: replay asks for the same vote again. After the signature but
   before it is remembered: replay asks again and the signer gives the identical bytes. After it is
   remembered: `Engine.resume` sends it again. At no point can replay ask for another vote of that round
   than the one that was signed, because the inputs that led to it were synced first.
3. *What is final.* `Decide` carries all that a commit needs. A crash before the commit is on disk: replay
   decides the same again. After: the store is ahead of the log, and the next `StartHeight` makes the old
   log meaningless.

`ScheduleTimeout`, `CheckValue`, `FetchDecided` and `RecordEvidence` promise nothing to anybody. They may be
lost in a crash and are asked for again by `Engine.resume`.
"""

from dataclasses import dataclass
from typing import TypeAlias

from chain.block import CompactBlock
from chain.certificate import Certificate
from chain.evidence import DuplicateVote
from chain.proposal import VerifiedProposal
from chain.vote import Height, Round, VerifiedVote, Vote
from consensus.inputs import Remembered, Timeout


@dataclass(frozen=True, slots=True, kw_only=True)
class Remember:
    """Append to the write-ahead log. Exactly the inputs that changed the state are remembered."""

    input: Remembered


@dataclass(frozen=True, slots=True, kw_only=True)
class Propose:
    """It is our turn: re-propose `valid` with its `valid_round`, or build a new block where both are None.

    The node signs the proposal, feeds it back as `ProposalArrived` and lets it out on `SendProposal`.
    """

    height: Height
    round: Round
    valid: CompactBlock | None
    valid_round: Round | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckValue:
    """Check the header against our state and get every body; answer with `ValueChecked`, however late."""

    proposal: VerifiedProposal


@dataclass(frozen=True, slots=True, kw_only=True)
class SignVote:
    """Sign, unless the signer refuses (it then stays silent); answer with `VoteArrived`."""

    vote: Vote


@dataclass(frozen=True, slots=True, kw_only=True)
class SendVote:
    """Give our vote to every link."""

    vote: VerifiedVote


@dataclass(frozen=True, slots=True, kw_only=True)
class SendProposal:
    """Give our proposal to every link."""

    proposal: VerifiedProposal


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleTimeout:
    """Answer with `TimeoutElapsed` after `duration_ms`. Never cancelled: an outgrown time-out is ignored."""

    timeout: Timeout
    duration_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Decide:
    """Final: +2/3 precommitted this block, and we hold and checked all of it. Once a height."""

    certificate: Certificate
    proposal: VerifiedProposal


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchDecided:
    """More than two thirds precommitted a block that we do not hold, or could not check: fetch it from peers.

    Ends with `ValueChecked` or, when the certified block was committed, with the next `StartHeight`.
    """

    certificate: Certificate


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordEvidence:
    """A validator contradicted itself: keep the proof for a block."""

    evidence: DuplicateVote


Effect: TypeAlias = (
    Remember
    | Propose
    | CheckValue
    | SignVote
    | SendVote
    | SendProposal
    | ScheduleTimeout
    | Decide
    | FetchDecided
    | RecordEvidence
)
