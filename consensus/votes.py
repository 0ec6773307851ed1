"""Which votes are held at one height, and what they add up to.

A tally counts one kind of vote of one round. A validator's power counts once toward the total, and at most
once toward each value. One that signs two values is reported once with the proof. Its second vote still
counts for a value that somebody else stands for: the paper counts messages, and if we kept only what the
liar told us first, it could hide from us a polka that everybody else saw and leave a lock behind that we
can never follow. Two quorums of one round still share a correct validator, who voted once.

Bounds: a value enters a tally only as some validator's first vote, so a tally holds at most n values. Of
old rounds the last few are kept, and the latest polka, which is what a proposal's valid round may name; of
rounds ahead a few, and of those far ahead only the ones that are some validator's latest. So n validators
cost at most a fixed number of tallies, however high the rounds that they claim. And since every vote that is
counted is remembered, one that claims ever higher rounds is followed only so many times: it is heard again when
we have moved on ourselves, as we do when f+1 are ahead.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from chain.certificate import Certificate, certificate_of
from chain.evidence import DuplicateVote, duplicate_vote
from chain.keys import Address
from chain.limits import CONSENSUS_RAISES_MAX, CONSENSUS_ROUNDS_AHEAD_MAX, CONSENSUS_ROUNDS_BEHIND_MAX
from chain.validators import ValidatorSet
from chain.vote import BlockId, Round, VerifiedVote, Vote, VoteKind
from consensus.round_machine import FIRST_ROUND, RoundValue


@dataclass(frozen=True, slots=True, kw_only=True)
class VoteTaken:
    """What a vote changed: whether it is counted, and the proof of a contradiction if it is the first."""

    counted: bool
    evidence: DuplicateVote | None = None


@dataclass(slots=True, kw_only=True)
class Tally:
    """The votes of one kind in one round."""

    quorum_power: int
    first: dict[Address, VerifiedVote] = field(default_factory=dict)
    values: dict[BlockId | None, dict[Address, VerifiedVote]] = field(default_factory=dict)
    powers: dict[BlockId | None, int] = field(default_factory=dict)
    power: int = 0

    def add(self, vote: VerifiedVote, power: int) -> bool:
        """Counts the vote; False if it is held, or contradicts for a value of nobody else's."""
        voter, block_id = vote.vote.validator, vote.vote.block_id
        if voter not in self.first:
            self.first[voter] = vote
            self.power += power
        elif voter in self.values.get(block_id, {voter: vote}):
            return False
        self.values.setdefault(block_id, {})[voter] = vote
        self.powers[block_id] = self.powers.get(block_id, 0) + power
        return True

    def has_quorum(self) -> bool:
        """2f+1 votes for whatever."""
        return self.power >= self.quorum_power

    def has_quorum_for(self, block_id: BlockId | None) -> bool:
        """2f+1 votes for this block, or for nil."""
        return self.powers.get(block_id, 0) >= self.quorum_power

    def pick_quorum_block(self) -> BlockId | None:
        """The block with 2f+1 votes, or None. There are two only where a third of the power lies."""
        found = (block_id for block_id, power in self.powers.items() if power >= self.quorum_power)
        return next((block_id for block_id in found if block_id is not None), None)


@dataclass(slots=True, kw_only=True)
class VoteKeeper:
    """All tallies of a height, around the round we are in."""

    validators: ValidatorSet
    round: Round = FIRST_ROUND
    tallies: dict[Round, dict[VoteKind, Tally]] = field(default_factory=dict)
    latest: dict[Address, Round] = field(default_factory=dict)
    raises: dict[Address, int] = field(default_factory=dict)
    evidence: dict[Address, DuplicateVote] = field(default_factory=dict)

    def add(self, vote: VerifiedVote) -> VoteTaken:
        """Takes a verified vote of this height; strangers, repetitions and far rounds change nothing."""
        voter, round_ = vote.vote.validator, vote.vote.round
        validator = self.validators.by_address(voter)
        if validator is None or not self._is_kept(voter, round_):
            return VoteTaken(counted=False)
        tally = self._open(vote.vote.kind, round_)
        evidence = self._find_contradiction(tally, vote)
        counted = tally.add(vote, validator.power)
        if round_ > self.latest.get(voter, -1):
            self.latest[voter] = round_
            self.raises[voter] = self.raises.get(voter, 0) + (not self._is_near(round_))
            self._drop_rounds()
        return VoteTaken(counted=counted, evidence=evidence)

    def tally(self, kind: VoteKind, round_: Round) -> Tally:
        """The tally of this kind and round, an empty one if nothing is held."""
        found = self.tallies.get(round_, {}).get(kind)
        return found if found is not None else Tally(quorum_power=self.validators.quorum_power)

    def find(self, vote: Vote) -> VerifiedVote | None:
        """The signed form of exactly this vote, if it is counted."""
        return self.tally(vote.kind, vote.round).values.get(vote.block_id, {}).get(vote.validator)

    def enter_round(self, round_: Round) -> None:
        """Tells in which round we are, so that what is too far from it can be dropped."""
        assert round_ >= self.round, "rounds of a height only go up"
        self.round = round_
        self.raises = {}
        self._drop_rounds()

    def iterate_precommit_quorums(self) -> Iterator[RoundValue]:
        """The rounds in which 2f+1 precommitted a block, from the first: what line 49 asks for."""
        for round_ in sorted(self.tallies):
            block_id = self.tally(VoteKind.PRECOMMIT, round_).pick_quorum_block()
            if block_id is not None:
                yield RoundValue(round=round_, block_id=block_id)

    def make_certificate(self, decided: RoundValue) -> Certificate:
        """The certificate of a precommit quorum."""
        precommits = self.tally(VoteKind.PRECOMMIT, decided.round).values[decided.block_id]
        return certificate_of(precommits.values(), self.validators)

    def pick_round_ahead(self) -> Round | None:
        """The highest round that f+1 of the power has reached or passed, if it is beyond ours (line 55)."""
        power = 0
        ahead = ((round_, voter) for voter, round_ in self.latest.items() if round_ > self.round)
        for round_, voter in sorted(ahead, reverse=True):
            validator = self.validators.by_address(voter)
            assert validator is not None, "only members are counted"
            power += validator.power
            if power >= self.validators.skip_power:
                return round_
        return None

    def _open(self, kind: VoteKind, round_: Round) -> Tally:
        kinds = self.tallies.setdefault(round_, {})
        return kinds.setdefault(kind, Tally(quorum_power=self.validators.quorum_power))

    def _find_contradiction(self, tally: Tally, vote: VerifiedVote) -> DuplicateVote | None:
        voter = vote.vote.validator
        held = tally.first.get(voter)
        if held is None or held.vote.block_id == vote.vote.block_id or voter in self.evidence:
            return None
        self.evidence[voter] = duplicate_vote(held, vote)
        return self.evidence[voter]

    def _is_kept(self, voter: Address, round_: Round) -> bool:
        if round_ < self.round - CONSENSUS_ROUNDS_BEHIND_MAX:
            return round_ in self.tallies
        latest = self.latest.get(voter, -1)
        may_raise = self.raises.get(voter, 0) < CONSENSUS_RAISES_MAX
        return self._is_near(round_) or round_ == latest or (round_ > latest and may_raise)

    def _is_near(self, round_: Round) -> bool:
        return round_ <= self.round + CONSENSUS_ROUNDS_AHEAD_MAX

    def _drop_rounds(self) -> None:
        near = range(self.round - CONSENSUS_ROUNDS_BEHIND_MAX, self.round + CONSENSUS_ROUNDS_AHEAD_MAX + 1)
        if all(round_ in near for round_ in self.tallies):
            return
        kept = {self.latest_polka(), *(item.round for item in self.iterate_precommit_quorums())}
        kept.update(round_ for round_ in self.latest.values() if round_ > self.round)
        for round_ in [held for held in self.tallies if held not in near and held not in kept]:
            del self.tallies[round_]

    def latest_polka(self) -> Round | None:
        """The latest round, up to ours, in which 2f+1 prevoted a block."""
        polkas = (
            round_
            for round_ in self.tallies
            if round_ <= self.round and self.tally(VoteKind.PREVOTE, round_).pick_quorum_block() is not None
        )
        return max(polkas, default=None)
