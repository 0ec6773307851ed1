"""A whole network in one thread: a virtual clock, a queue of events, nodes, and packets that faults slow, lose and repeat.

Everything is drawn from one seed and handled in one order, so a seed is a run and a failure can be told by its number.
"""

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from chain.block import NO_BLOCK_ID, CompactBlock, Header, compute_block_id, compute_transactions_root
from chain.certificate import NO_CERTIFICATE_HASH
from chain.evidence import evidence_root
from chain.hashing import sha256
from chain.keys import PublicKey
from chain.merkle import EMPTY_ROOT
from chain.parameters import Parameters
from chain.proposal import VerifiedProposal
from chain.transaction import TxId
from chain.validators import Validator, ValidatorSet
from chain.vote import BlockId, Height, Round, Vote
from consensus.effects import Decide, Propose, RecordEvidence, SignVote
from consensus.inputs import Input, StartHeight, ValueChecked
from tests.sim.checkers import Checkers
from tests.sim.faults import FaultPlan, draw_plan
from tests.sim.node import STATUS_MS, SimNode
from tests.sim.packets import Packet, sort_of
from tests.sim.strategies import STRATEGIES, Byzantine
from tests.sim.trace import describe

PATIENCE_MS = 240_000
"""How long after the last fault every correct node may take to reach its target: a few of the longest rounds."""
PATIENT = Parameters()
HASTY = Parameters(
    timeout_propose_ms=200,
    timeout_prevote_ms=60,
    timeout_precommit_ms=60,
    timeout_delta_ms=40,
    timeout_max_ms=3_000,
)
"""Waits as they are by default, and waits so short that most rounds fail until they have grown."""
SKEW_MS = 200
"""How far a clock is from true time at most: within the precision of 500 ms between any two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """What a run is made of; with a seed it is the run."""

    nodes: int = 4
    byzantine: int = 0
    heights: int = 3


class World:
    """One run. `trace` is told one line per event."""

    def __init__(
        self,
        seed: int,
        scenario: Scenario,
        *,
        strategies: Sequence[type[Byzantine]] = STRATEGIES,
        trace: Callable[[str], None] | None = None,
    ) -> None:
        self.random = Random(seed)
        self.scenario = scenario
        self.trace = trace
        self.now_ms = 0
        self.queue: list[tuple[int, int, Callable[[], None]]] = []
        self.order = 0
        publics = [PublicKey(sha256(f"validator {number}".encode())) for number in range(scenario.nodes)]
        self.validators = ValidatorSet.of(
            Validator(public=public, power=1, name=f"n{number}") for number, public in enumerate(publics)
        )
        addresses = [validator.address for validator in self.validators.validators]
        correct = range(scenario.byzantine, scenario.nodes)
        self.plan: FaultPlan = draw_plan(self.random, scenario.nodes, correct)
        self.parameters = self.random.choice([PATIENT, HASTY])
        self.skews_ms = [self.random.randint(-SKEW_MS, SKEW_MS) for _ in addresses]
        self.checkers = Checkers(
            validators=self.validators, correct=frozenset(addresses[position] for position in correct)
        )
        self.nodes = [SimNode(position, address, self) for position, address in enumerate(addresses)]
        for position in range(scenario.byzantine):
            strategy = self.random.choice(strategies)
            self.nodes[position] = strategy(position, addresses[position], self, self.random)
        self.correct = [self.nodes[position] for position in correct]
        self.crash_due = [False] * scenario.nodes

    def run(self) -> None:
        """Until every correct node has reached the target; raises `Violation`."""
        for crash in self.plan.crashes:
            self.at(crash.begin_ms, self._make_crash_due(crash.node, crash.end_ms - crash.begin_ms))
        for node in self.nodes:
            self.at(self.random.randint(0, 300), node.start)
            self.at(self.random.randint(0, STATUS_MS), self._make_status(node))
        end_ms = self.plan.calm_ms + PATIENCE_MS
        while min(len(node.chain) for node in self.correct) < self.scenario.heights:
            self.now_ms, _, action = heapq.heappop(self.queue)
            if self.now_ms > end_ms:
                break
            action()
        heights = [len(node.chain) for node in self.correct]
        self.checkers.on_end(heights, self.scenario.heights, self.plan.calm_ms)

    def size(self) -> int:
        """How many nodes there are."""
        return len(self.nodes)

    # --- What a node sees of it ------------------------------------------------------------------------------

    def send(self, sender: int, receiver: int, packet: Packet) -> None:
        """Puts a packet on its way, through the faults."""
        delays = self.plan.delays_of(self.random, self.now_ms, sender, receiver, sort_of(packet))
        for delay_ms in delays:
            self.at(delay_ms, self._make_delivery(sender, receiver, packet))

    def broadcast(self, sender: int, packet: Packet) -> None:
        """Sends to all others."""
        for receiver in range(len(self.nodes)):
            if receiver != sender:
                self.send(sender, receiver, packet)

    def after(self, node: int, delay_ms: int, input_: Input) -> None:
        """Feeds an input later, unless the node crashes before."""
        incarnation = self.nodes[node].incarnation

        def feed() -> None:
            found = self.nodes[node]
            if not found.down and found.incarnation == incarnation:
                self._tell(node, input_)
                found.feed(input_)

        self.at(delay_ms, feed)

    def clock_ms(self, node: int) -> int:
        """What a node takes for the time."""
        return 1_000_000 + self.now_ms + self.skews_ms[node]

    def start_of(self, height: Height, last_block_time_ms: int) -> StartHeight:
        """The beginning of a height."""
        return StartHeight(
            height=height,
            validators=self.validators,
            parameters=self.parameters,
            last_block_time_ms=last_block_time_ms,
        )

    def make_block(
        self, node: int, height: Height, round_: Round, time_ms: int, valid: bool = True
    ) -> CompactBlock:
        """A new block. Whether it is valid is the world's to know, in place of state and transactions."""
        transaction = TxId(sha256(f"{node} {height} {round_} {self.order}".encode()))
        header = Header(
            chain_id="sim",
            height=height,
            time_ms=time_ms,
            previous_block_id=NO_BLOCK_ID,
            last_certificate_hash=NO_CERTIFICATE_HASH,
            transactions_root=compute_transactions_root([transaction]),
            results_root=EMPTY_ROOT,
            state_root=EMPTY_ROOT,
            validators_hash=self.validators.hash,
            next_validators_hash=self.validators.hash,
            parameters_hash=EMPTY_ROOT,
            evidence_root=evidence_root([]),
            proposer=self.nodes[node].own,
        )
        block = CompactBlock(
            header=header, transaction_ids=(transaction,), evidence=(), last_certificate=None
        )
        self.checkers.valid[compute_block_id(header)] = valid
        return block

    def check_bodies(self, node: int, proposal: VerifiedProposal) -> None:
        """Answers with the validity of a value once its bodies are there."""
        block_id: BlockId = proposal.proposal.block_id
        answer = ValueChecked(block_id=block_id, valid=self.checkers.valid[block_id])
        self.after(node, self.plan.body_delay(self.random, self.now_ms), answer)

    def crashes_now(self, node: int) -> bool:
        """Stops the node here, between two effects, if that is due; some of the unsynced log may survive."""
        if not self.crash_due[node] or self.random.randrange(3):
            return False
        self.crash_due[node] = False
        found = self.nodes[node]
        found.crash(self.random.randint(found.synced, len(found.log)))
        self._tell(node, "crashes")
        return True

    def note(self, node: int, what: object) -> None:
        """Shows an effect to the checkers before it is carried out."""
        self._tell(node, what)
        found = self.nodes[node]
        match what:
            case SignVote(vote=vote):
                self.checkers.on_vote(vote, found.checked)
            case Propose() if found in self.correct:
                self.checkers.on_propose(found.own, what)
                if what.valid is not None:
                    self.checkers.on_reproposal(compute_block_id(what.valid.header), what)
            case Decide() if found in self.correct:
                self.checkers.on_commit(what)
            case RecordEvidence(evidence=evidence):
                self.checkers.on_evidence(evidence)

    def note_vote(self, vote: Vote) -> None:
        """Puts a vote that no engine asked for into the record."""
        self.checkers.on_vote(vote, frozenset())

    # --- Events ------------------------------------------------------------------------------------------------

    def at(self, delay_ms: int, action: Callable[[], None]) -> None:
        """Does something later; what is due together happens in the order in which it was asked for."""
        self.order += 1
        heapq.heappush(self.queue, (self.now_ms + delay_ms, self.order, action))

    def _make_delivery(self, sender: int, receiver: int, packet: Packet) -> Callable[[], None]:
        def deliver() -> None:
            found = self.nodes[receiver]
            if not found.down:
                self._tell(receiver, packet, sender)
                found.on_packet(sender, packet)

        return deliver

    def _make_status(self, node: SimNode) -> Callable[[], None]:
        def tell_status() -> None:
            if not node.down:
                others = [other for other in range(len(self.nodes)) if other != node.position]
                self.send(node.position, self.random.choice(others), node.describe())
            self.at(STATUS_MS, tell_status)

        return tell_status

    def _make_crash_due(self, position: int, down_ms: int) -> Callable[[], None]:
        def crash() -> None:
            self.crash_due[position] = True
            self.at(down_ms, revive)

        def revive() -> None:
            self.crash_due[position] = False
            if self.nodes[position].down:
                self._tell(position, "starts again")
                self.nodes[position].start()

        return crash

    def _tell(self, node: int, what: object, sender: int | None = None) -> None:
        if self.trace is not None:
            source = "" if sender is None else f" from n{sender}"
            self.trace(f"{self.now_ms:>7} n{node} {describe(what)}{source}")
