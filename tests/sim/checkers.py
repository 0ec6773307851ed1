"""What must be true whatever goes wrong. Checkers only look: they are told what was signed, proposed and committed.

They know nothing of the engine's state. All is judged by the record of signatures, as an outsider would.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from chain.certificate import Certificate
from chain.evidence import DuplicateVote
from chain.keys import Address
from chain.validators import ValidatorSet
from chain.vote import BlockId, Height, Round, Vote, VoteKind
from consensus.effects import Decide, Propose


class Violation(Exception):
    """A rule is broken; the message names it and who broke it."""


@dataclass(slots=True, kw_only=True)
class Checkers:
    """The record of one run, and the rules over it. `correct` are the validators that must obey."""

    validators: ValidatorSet
    correct: frozenset[Address]
    valid: dict[BlockId, bool] = field(default_factory=dict)
    times_ms: dict[Height, int] = field(default_factory=dict)
    decided: dict[Height, BlockId] = field(default_factory=dict)
    signed: dict[tuple[Address, Height, Round, VoteKind], list[BlockId | None]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def on_vote(self, vote: Vote, checked: frozenset[BlockId] | set[BlockId]) -> None:
        """A vote that was asked of a signer, with the values that its node has checked."""
        said = self.signed[vote.validator, vote.height, vote.round, vote.kind]
        if vote.validator in self.correct:
            self._check_once(vote, said)
            self._check_value(vote, checked)
            if vote.kind is VoteKind.PREVOTE:
                self._check_lock(vote)
            else:
                self._check_polka(vote)
        if vote.block_id not in said:
            said.append(vote.block_id)

    def on_propose(self, own: Address, propose: Propose) -> None:
        """A correct proposer's turn: what it was locked on it must propose, with the round of a polka."""
        locked = self._last_precommit(own, propose.height, propose.round)
        if locked is not None and (propose.valid_round is None or propose.valid_round < locked[0]):
            raise Violation(f"valid value: {own.hex()[:4]} forgot its valid value in round {propose.round}")

    def on_reproposal(self, block_id: BlockId, propose: Propose) -> None:
        """The value and the valid round of a correct proposer belong together."""
        assert propose.valid_round is not None
        if not self._has_polka(block_id, propose.height, [propose.valid_round]):
            raise Violation(
                f"valid round: no polka in round {propose.valid_round} of height {propose.height}"
            )

    def on_evidence(self, evidence: DuplicateVote) -> None:
        """Nobody who is correct is ever accused."""
        if evidence.first.vote.validator in self.correct:
            raise Violation(f"evidence: {evidence.first.vote.validator.hex()[:4]} is accused but correct")

    def on_commit(self, decide: Decide) -> None:
        """A correct node's decision, its own or one that it was handed."""
        certificate, header = decide.certificate, decide.proposal.block.header
        first = self.decided.setdefault(certificate.height, certificate.block_id)
        if first != certificate.block_id:
            raise Violation(f"agreement: two blocks at height {certificate.height}")
        if not self.valid.get(certificate.block_id, False):
            raise Violation(f"validity: an invalid block is decided at height {certificate.height}")
        if decide.proposal.proposal.block_id != certificate.block_id:
            raise Violation(f"validity: height {certificate.height} is decided with another block's content")
        if header.time_ms <= self.times_ms.get(Height(header.height - 1), 0):
            raise Violation(f"time: height {header.height} is not later than the one before")
        self.times_ms[header.height] = header.time_ms
        self._check_certificate(certificate)

    def on_end(self, heights: Sequence[int], target: int, faulty_until_ms: int) -> None:
        """Once faults stopped, and time enough went by, every correct node has gone on."""
        if min(heights) < target:
            raise Violation(
                f"liveness: heights {list(heights)} but not all {target}, after faults until {faulty_until_ms} ms"
            )

    def _check_once(self, vote: Vote, said: Sequence[BlockId | None]) -> None:
        if any(other != vote.block_id for other in said):
            raise Violation(f"double vote: {vote.validator.hex()[:4]} in round {vote.round} of {vote.height}")

    def _check_value(self, vote: Vote, checked: frozenset[BlockId] | set[BlockId]) -> None:
        if vote.block_id is not None and vote.block_id not in checked:
            raise Violation(f"validity: {vote.validator.hex()[:4]} votes for what it never checked")

    def _check_lock(self, vote: Vote) -> None:
        """Lines 23 and 29: who precommitted a value prevotes another only after a newer polka for that."""
        locked = self._last_precommit(vote.validator, vote.height, vote.round)
        if vote.block_id is None or locked is None or locked[1] == vote.block_id:
            return
        if not self._has_polka(vote.block_id, vote.height, range(locked[0], vote.round)):
            raise Violation(
                f"lock: {vote.validator.hex()[:4]} locked in {locked[0]}, another in {vote.round}"
            )

    def _check_polka(self, vote: Vote) -> None:
        """Line 36: a precommit for a value has a polka behind it."""
        if vote.block_id is not None and not self._has_polka(vote.block_id, vote.height, [vote.round]):
            raise Violation(f"lock: {vote.validator.hex()[:4]} precommits without a polka in {vote.round}")

    def _last_precommit(
        self, validator: Address, height: Height, before: Round
    ) -> tuple[Round, BlockId] | None:
        for round_ in range(before - 1, -1, -1):
            for block_id in self.signed.get((validator, height, Round(round_), VoteKind.PRECOMMIT), ()):
                if block_id is not None:
                    return Round(round_), block_id
        return None

    def _has_polka(self, block_id: BlockId, height: Height, rounds: Sequence[int]) -> bool:
        return any(
            self._power(block_id, height, Round(round_), VoteKind.PREVOTE) * 3
            > self.validators.total_power * 2
            for round_ in rounds
        )

    def _power(self, block_id: BlockId, height: Height, round_: Round, kind: VoteKind) -> int:
        return sum(
            validator.power
            for validator in self.validators.validators
            if block_id in self.signed.get((validator.address, height, round_, kind), ())
        )

    def _check_certificate(self, certificate: Certificate) -> None:
        power = 0
        for validator, signature in zip(self.validators.validators, certificate.signatures, strict=True):
            if signature is None:
                continue
            power += validator.power
            key = (validator.address, certificate.height, certificate.round, VoteKind.PRECOMMIT)
            if certificate.block_id not in self.signed.get(key, ()):
                raise Violation(f"certificate: height {certificate.height} shows a vote nobody made")
        if power * 3 <= self.validators.total_power * 2:
            raise Violation(f"certificate: height {certificate.height} has power {power}, no quorum")
