"""One line for anything that happens, short enough to read a run of thousands."""

from chain.certificate import Certificate
from chain.proposal import VerifiedProposal
from chain.vote import BlockId, Vote
from consensus.effects import (
    CheckValue,
    Decide,
    FetchDecided,
    Propose,
    RecordEvidence,
    Remember,
    ScheduleTimeout,
    SendProposal,
    SendVote,
    SignVote,
)
from consensus.inputs import ProposalArrived, Timeout, TimeoutElapsed, ValueChecked, VoteArrived, Wake
from tests.sim.packets import CertifiedPacket, ProposalPacket, StatusPacket, VotePacket


def describe(what: object) -> str:
    """The line of an input, an effect, a packet, or a word."""
    match what:
        case Remember(input=remembered):
            return f"remember {describe(remembered)}"
        case SignVote(vote=vote):
            return f"sign {_vote(vote)}"
        case SendVote(vote=signed):
            return f"send {_vote(signed.vote)}"
        case VotePacket(vote=signed) | VoteArrived(vote=signed):
            return f"{_vote(signed.vote)}"
        case SendProposal(proposal=proposal):
            return f"send {_proposal(proposal)}"
        case CheckValue(proposal=proposal):
            return f"check {_id(proposal.proposal.block_id)}"
        case ProposalPacket(proposal=proposal) | ProposalArrived(proposal=proposal):
            return _proposal(proposal)
        case ValueChecked(block_id=block_id, valid=valid):
            return f"checked {_id(block_id)} {'valid' if valid else 'refused'}"
        case ScheduleTimeout(timeout=timeout, duration_ms=duration_ms):
            return f"wait {duration_ms} ms {_timeout(timeout)}"
        case TimeoutElapsed(timeout=timeout):
            return f"waited {_timeout(timeout)}"
        case Propose(height=height, round=round_, valid_round=valid_round):
            return f"propose {height}/{round_}" + (
                "" if valid_round is None else f" valid round {valid_round}"
            )
        case Decide(certificate=certificate) | CertifiedPacket(decide=Decide(certificate=certificate)):
            return f"decide {_certificate(certificate)}"
        case FetchDecided(certificate=certificate):
            return f"fetch {_certificate(certificate)}"
        case RecordEvidence(evidence=evidence):
            return f"evidence {_vote(evidence.first.vote)} against {_vote(evidence.second.vote)}"
        case StatusPacket(held=held):
            return f"status {held.height}"
        case Wake():
            return "wake"
        case _:
            return str(what)


def _id(block_id: BlockId | None) -> str:
    return "nil" if block_id is None else block_id.hex()[:6]


def _vote(vote: Vote) -> str:
    return f"{vote.kind.name.lower()} {vote.height}/{vote.round} {_id(vote.block_id)} by {vote.validator.hex()[:4]}"


def _proposal(signed: VerifiedProposal) -> str:
    proposal = signed.proposal
    again = "" if proposal.valid_round is None else f" valid round {proposal.valid_round}"
    return f"proposal {proposal.height}/{proposal.round} {_id(proposal.block_id)}{again}"


def _timeout(timeout: Timeout) -> str:
    return f"{timeout.step.name.lower()} {timeout.height}/{timeout.round}"


def _certificate(certificate: Certificate) -> str:
    return f"{certificate.height}/{certificate.round} {_id(certificate.block_id)}"
