"""One life of a validator's reactor, from its start to its end: real core, signer, log, ledger and execution.

What it says is kept, and held against the disk in the moment in which it is said: a power cut right then must leave
enough behind to say it again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import trio

from chain.certificate import Certificate
from chain.evidence import DuplicateVote
from chain.keys import SigningKey
from chain.proposal import SignedProposal, VerifiedProposal
from chain.transaction import CheckedTransaction
from chain.vote import SignedVote, VoteKind
from consensus.engine import Engine
from consensus.inputs import StartHeight
from node.bodies import Bodies
from node.commit import Committed, Committer
from node.commit_log import CommitLog, find_contradiction, settle_commits
from node.docket import Docket
from node.head import Head
from node.items import BodiesHeld
from node.journal import Journal
from node.mempool import Mempool, MempoolLimits
from node.reactor import Reactor
from node.signer import Signer
from node.signer_record import SignerRecord
from node.startcheck import check_start
from node.store.ledger import Ledger
from node.store.memory import MemoryStore
from tests.chain.making import CHAIN
from tests.node.disk import Fate, FaultyDisk
from tests.node.making import GENESIS_HASH
from vm.deployment import ModuleCache
from vm.state import begin_state

RECORD, JOURNAL, STORE = Path("keys/record"), Path("data/journal"), Path("data/store")
COMMITS = Path("data/commits/log")
LIMITS = MempoolLimits(transactions_max=100, bytes_max=10**6, sender_transactions_max=100)
LIFE_SECONDS_MAX = 20
Said = SignedVote | SignedProposal


@dataclass
class TickingClock:
    """A millisecond later each time it is asked, over all lives."""

    time_ms: int = 10_000

    def now_ms(self) -> int:
        self.time_ms += 1
        return self.time_ms


@dataclass
class Surviving:
    """What outlives a power cut, and what the world has heard."""

    head: Head
    key: SigningKey
    store: MemoryStore = field(default_factory=MemoryStore)
    content: dict[Path, bytes] = field(default_factory=dict)
    clock: TickingClock = field(default_factory=TickingClock)
    said: list[Said] = field(default_factory=list)

    def __post_init__(self) -> None:
        Ledger.create(self.store, STORE, GENESIS_HASH, self.head, begin_state(()))
        disk = FaultyDisk()
        SignerRecord.create(RECORD, self.key.address, CHAIN, 0, disk)
        self.content = disk.survivors(Fate.LOST)


class Life:
    """A reactor and what is around it. `until` says when it may end, asked after each block; without `checks` no value is
    answered here.
    """

    def __init__(
        self,
        place: Surviving,
        disk: FaultyDisk,
        waiting: Sequence[CheckedTransaction] = (),
        until: Callable[[Head], bool] = lambda _: False,
        *,
        checks: bool = True,
    ) -> None:
        self.place, self.disk = place, disk
        self._until = until
        self._checks = checks
        ledger = Ledger.open(place.store, STORE, GENESIS_HASH)
        assert ledger is not None
        self.ledger = ledger
        self.journal = journal = Journal(JOURNAL, CHAIN, disk)
        newest = journal.newest_height
        replay = journal.start_height(ledger.head.next_height)
        record = SignerRecord(RECORD, place.key.address, CHAIN, disk)
        commits = CommitLog(COMMITS, GENESIS_HASH, disk)
        assert find_contradiction(ledger, commits.commits) is None, "what was committed stays"
        committed = 0 if commits.last is None else commits.last.height
        assert committed <= ledger.head.height, "a block is on disk before it is noted"
        assert settle_commits(commits, ledger) is None, "a power cut does not damage the log of commits"
        self.finding = check_start(ledger.head.height, newest, journal.mark, record.last, committed)
        self.mempool = Mempool(LIMITS)
        for checked in waiting:
            if not ledger.has_transaction(checked.id):
                self.mempool.add(checked)
        self.bodies = Bodies(self.mempool.get)
        self.scope = trio.CancelScope()
        self.fetched: list[Certificate] = []
        self.observed: list[DuplicateVote] = []
        self.docket = Docket(ledger)
        self.reactor = Reactor(
            head=ledger.head,
            engine=Engine(place.key.address),
            signer=Signer(place.key, record, may_vote=self._may_sign, get_journal_mark=lambda: journal.mark),
            journal=journal,
            replay=replay,
            committer=Committer(ledger, ModuleCache(), commits),
            mempool=self.mempool,
            docket=self.docket,
            bodies=self.bodies,
            clock=place.clock,
            surroundings=self,
            may_vote=lambda: True,
            block_pause_ms=0,
        )

    async def run(self) -> None:
        """Lives until `until` holds; a life that does nothing any more is a failure."""
        with self.scope, trio.fail_after(LIFE_SECONDS_MAX):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self.reactor.run)
                nursery.start_soon(self.reactor.timers.run)

    def _may_sign(self) -> bool:
        assert not self.journal.has_unsynced, "what led to a word is on disk before it is signed"
        return True

    # --- What the reactor tells ------------------------------------------------------------------------------------

    def broadcast_vote(self, vote: SignedVote) -> None:
        """See `Surroundings`."""
        engine = self._replay()
        assert engine.state is not None
        assert engine.state.votes.find(vote.vote) == vote, "a vote is on disk before it is said"
        if vote.vote.kind is VoteKind.PRECOMMIT and vote.vote.block_id is not None:
            block = engine.state.proposals.values[vote.vote.block_id].block
            held = self._read_journal()[1]
            assert set(block.transaction_ids) <= held, "bodies are on disk before our precommit is said"
        self.place.said.append(vote)

    def broadcast_proposal(self, proposal: SignedProposal) -> None:
        """See `Surroundings`."""
        engine = self._replay()
        assert engine.state is not None
        held = engine.state.proposals.proposals[proposal.proposal.round].proposal
        assert held == proposal, "a proposal is on disk before it is said"
        self.place.said.append(proposal)

    def check_value(self, proposal: VerifiedProposal) -> None:
        """See `Surroundings`: every value is valid once its bodies are here, and never answered before."""
        transactions = self.bodies.of_block(proposal.block)
        if self._checks and transactions is not None:
            answer = BodiesHeld(
                height=proposal.proposal.height,
                block_id=proposal.proposal.block_id,
                transactions=transactions,
            )
            self.reactor.inbox.send_nowait(answer)

    def fetch_decided(self, certificate: Certificate) -> None:
        """See `Surroundings`."""
        self.fetched.append(certificate)

    def record_evidence(self, evidence: DuplicateVote) -> None:
        """See `Surroundings`."""
        self.observed.append(evidence)

    def on_committed(self, committed: Committed, *, is_newest: bool) -> None:
        """See `Surroundings`."""
        if self._until(committed.head):
            self.scope.cancel()

    def _read_journal(self) -> tuple[Sequence[object], set[bytes]]:
        """Inputs and bodies that a power cut now would leave."""
        left = FaultyDisk(self.disk.survivors(Fate.LOST))
        replay = Journal(JOURNAL, CHAIN, left).start_height(self.reactor.head.next_height)
        return replay.inputs, set(replay.bodies)

    def _replay(self) -> Engine:
        """The core that a start after a power cut now would have."""
        left = FaultyDisk(self.disk.survivors(Fate.LOST))
        replay = Journal(JOURNAL, CHAIN, left).start_height(self.reactor.head.next_height)
        head, engine = self.reactor.head, Engine(self.place.key.address)
        engine.handle(
            StartHeight(
                height=head.next_height,
                validators=head.validators,
                parameters=head.parameters,
                last_block_time_ms=head.time_ms,
            )
        )
        for remembered in replay.inputs:
            engine.handle(remembered)
        return engine


def assert_never_contradicted(said: Sequence[Said]) -> None:
    """Of one place only one thing was ever said."""
    places: dict[object, object] = {}
    for one in said:
        if isinstance(one, SignedProposal):
            place, what = (one.proposal.height, one.proposal.round), one.proposal
        else:
            place, what = (one.vote.height, one.vote.round, one.vote.kind), one.vote  # type: ignore[assignment]  # either
        assert places.setdefault(place, what) == what, f"two words at {place}"
