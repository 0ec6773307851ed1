"""The validator's key with its record, so that it never contradicts itself, whatever is restored or started twice.

For one (height, round, step) the very bytes that were signed may be signed again, and nothing else; nothing is signed
before the last entry of the record, nor at or below the floor that it was made with. An entry is on disk before its
signature leaves this object. The record is made together with the key and a key without one cannot sign.

Three gates, in this order: the record, a stop for good once a vote of ours is seen that the record does not know
(somebody runs an old copy of this home, or another one), and `may_vote`, which the node gives: false while it is
behind, or has not yet heard the others after a start.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from chain.block import CompactBlock
from chain.hashing import sha256
from chain.keys import Address, SigningKey
from chain.proposal import Proposal, SignedProposal, proposal_sign_bytes
from chain.vote import SignedVote, Vote, VoteKind, vote_sign_bytes
from node.signer_record import RECOVERY, Entry, SignerRecord, Step

_STEPS = {VoteKind.PREVOTE: Step.PREVOTE, VoteKind.PRECOMMIT: Step.PRECOMMIT}


class SigningRefused(Exception):
    """This validator must not sign that now. Expected in a node's life: the node goes on without the signature."""


class OldBackup(SigningRefused):
    """A vote by our key that our record does not know: from now on nothing is signed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Subject:
    """What is to be signed, and its place in the order of signatures."""

    height: int
    round: int
    step: Step
    message: bytes

    @property
    def place(self) -> tuple[int, int, Step]:
        return (self.height, self.round, self.step)


class Signer:
    """Signs votes and proposals of one validator on one chain."""

    def __init__(
        self,
        key: SigningKey,
        record: SignerRecord,
        *,
        may_vote: Callable[[], bool],
        get_journal_mark: Callable[[], int],
    ) -> None:
        """`get_journal_mark` says how much of the log is on disk; entries keep it, see `node.startcheck`."""
        assert record.address == key.address, "a record belongs to one key"
        self._key = key
        self._record = record
        self._may_vote = may_vote
        self._get_journal_mark = get_journal_mark
        self._stopped: str | None = None

    @property
    def address(self) -> Address:
        """Address of the validator."""
        return self._key.address

    @property
    def last(self) -> Entry | None:
        """What was signed last, or None if nothing was."""
        return self._record.last

    def sign_vote(self, vote: Vote) -> SignedVote:
        """`vote` signed, with its entry on disk. Blocks for a disk sync.

        Raises:
            SigningRefused: it would contradict the record, or a gate is shut.
        """
        assert vote.validator == self._key.address, "a vote is signed by the validator it names"
        subject = _make_subject(vote, self._record.chain_id)
        return SignedVote(vote=vote, signature=self._sign(subject).signature)

    def sign_proposal(self, proposal: Proposal, block: CompactBlock) -> SignedProposal:
        """`proposal` of `block` signed, with its entry on disk. As `sign_vote`."""
        message = proposal_sign_bytes(self._record.chain_id, proposal)
        subject = _Subject(height=proposal.height, round=proposal.round, step=Step.PROPOSAL, message=message)
        return SignedProposal(proposal=proposal, block=block, signature=self._sign(subject).signature)

    def on_own_vote(self, signed: SignedVote) -> None:
        """A verified vote by our key came from the network. If the record does not know it, this signer stops for good.

        Raises:
            OldBackup: the first time.
        """
        vote = signed.vote
        assert vote.validator == self._key.address, "a vote of ours"
        if self._stopped is not None or find_unrecorded(self._record, (vote,)) is None:
            return
        self._stopped = (
            f"a vote signed by this key for height {vote.height} round {vote.round} is on the network, "
            "but not in this signer's record: another copy of the key is in use, or this home is an old backup"
        )
        raise OldBackup(f"{self._stopped}. Stop any other copy. {RECOVERY}")

    def stop(self, reason: str) -> bool:
        """From now on nothing is signed, whatever the reason; whether it was not so before."""
        was_open = self._stopped is None
        self._stopped = self._stopped or reason
        return was_open

    def _sign(self, subject: _Subject) -> Entry:
        if self._stopped is not None:
            raise OldBackup(self._stopped)
        known = self._record.find(*subject.place)
        if known is not None:
            return _check_same(known, subject)
        self._check_order(subject)
        if not self._may_vote():
            raise SigningRefused(
                f"height {subject.height}: not voting while behind or still hearing the others"
            )
        entry = Entry(
            height=subject.height,
            round=subject.round,
            step=subject.step,
            hash=sha256(subject.message),
            signature=self._key.sign(subject.message),
            journal_mark=self._get_journal_mark(),
        )
        self._record.append(entry)
        return entry

    def _check_order(self, subject: _Subject) -> None:
        if subject.height <= self._record.floor:
            raise SigningRefused(
                f"height {subject.height}: the signer's record begins above height {self._record.floor}"
            )
        if not self._record.is_after_last(*subject.place):
            raise SigningRefused(f"expected something after {self._record.last}, got {subject.place}")


def _make_subject(vote: Vote, chain_id: str) -> _Subject:
    message = vote_sign_bytes(chain_id, vote.kind, vote.height, vote.round, vote.block_id)
    return _Subject(height=vote.height, round=vote.round, step=_STEPS[vote.kind], message=message)


def find_unrecorded(record: SignerRecord, votes: Iterable[Vote]) -> Vote | None:
    """The first of these votes, all signed by the record's key, that the record should know and does not."""
    for vote in votes:
        subject = _make_subject(vote, record.chain_id)
        if record.lacks(*subject.place, sha256(subject.message)):
            return vote
    return None


def _check_same(known: Entry, subject: _Subject) -> Entry:
    if known.hash != sha256(subject.message):
        raise SigningRefused(
            f"height {subject.height} round {subject.round} {subject.step.name.lower()}: "
            "another value was signed there already"
        )
    return known
