"""The node as its HTTP side sees it: reads go to the ledger from any thread, submissions cross over to the node's loop.

Nothing here takes a lock that consensus waits for. What the loop owns (links, mempool, the height under decision) is read by
asking the loop; committed data is read from the store directly.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import trio

from chain.block import CertifiedBlock, Header
from chain.certificate import Certificate
from chain.codec import Value
from chain.errors import Invalid
from chain.evidence import DuplicateVote
from chain.hashing import Digest
from chain.keys import SigningKey
from chain.limits import CONTRACTS_LISTED_MAX
from chain.parameters import Parameters
from chain.result import TransactionResult, render
from chain.transaction import TxId, check_transaction
from chain.validators import ValidatorSet
from chain.vote import BlockId, Height, VerifiedVote
from machine.clock import Clock
from machine.usage import get_cpu_seconds, get_resident_bytes
from node.accusing import Accusing, EvidenceRefused
from node.caretaker import Caretaker
from node.commit import Committed
from node.description import describe_module
from node.docket import Docket
from node.documents import DocumentStore
from node.follower import Follower
from node.head import Head
from node.keeping import Keeper
from node.mempool import Mempool
from node.reactor import Reactor
from node.scrub import Scrubbed
from node.search import SearchIndex
from node.spreading import Spreading
from node.state_entry import read_entry, read_leaf, read_page
from node.store.ledger import Ledger
from p2p.handshake import Side
from p2p.network import Network
from rpc.backend import (
    ConsensusStanding,
    Found,
    NodeInfo,
    Peer,
    Place,
    Refused,
    RoundVotes,
    Search,
    Standing,
    StateAnswer,
    Waiting,
)
from rpc.values import Admitted, ContractDescription, ContractInfo, Room, ViewAnswer
from vm.deployment import ModuleCache
from vm.executor import ViewRefused, query_view, simulate
from vm.host import BlockEnvironment
from vm.keys import contract_key, end_of_prefix

T = TypeVar("T")
_CONTRACT_PREFIX = contract_key("")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the backend reads. `known` is the highest height that this node is known to have committed before its start."""

    genesis_document: bytes
    ledger: Ledger
    reactor: Reactor
    mempool: Mempool
    network: Network
    follower: Follower
    spreading: Spreading
    docket: Docket
    accusing: Accusing
    documents: DocumentStore
    search: SearchIndex
    caretaker: Caretaker
    node_key: SigningKey
    clock: Clock
    known: Height
    scrubbed: Scrubbed


_OF_BLOCKS = (
    "consensus_total_txs",
    "consensus_rounds_total",
    "consensus_commit_seconds_sum",
    "consensus_block_interval_seconds_sum",
    "consensus_block_interval_seconds_count",
)
"""What is counted with each block, by its name in `rpc.metrics`."""


class NodeBackend:
    """See `rpc.backend.Backend`. Its own module cache: the one of the commit thread is not shared between threads."""

    def __init__(self, parts: Parts, info: NodeInfo, token: trio.lowlevel.TrioToken) -> None:
        self.info = info
        self._parts = parts
        self._token = token
        self._modules = ModuleCache()
        self._modules_lock = threading.Lock()
        self._committed = threading.Condition()
        self._counters = dict.fromkeys(_OF_BLOCKS, 0.0)
        self.documents = Keeper(
            store=parts.documents,
            chain_id=info.chain_id,
            node_key=parts.node_key,
            clock=parts.clock,
            query=self.query,
        )

    def on_committed(self, committed: Committed, interval_ms: int) -> None:
        """A block is on disk; called by the node's loop."""
        self._counters["consensus_total_txs"] += len(committed.transactions)
        self._counters["consensus_rounds_total"] += committed.certified.certificate.round
        self._counters["consensus_commit_seconds_sum"] += committed.seconds
        self._counters["consensus_block_interval_seconds_sum"] += interval_ms / 1000
        self._counters["consensus_block_interval_seconds_count"] += 1
        with self._committed:
            self._committed.notify_all()

    def find_lack(self) -> str | None:
        """Why nothing of the ledger is told now: its newest blocks were here once, and are not yet here again."""
        height, known = self._parts.ledger.head.height, self._parts.known
        if height >= known:
            return None
        return f"this node's disk has lost blocks {height + 1} to {known}, which it fetches again: ask another node"

    def _ask_loop(self, question: Callable[[], T]) -> T:
        """What the node's loop says; blocks this thread for one turn of it."""
        return trio.from_thread.run_sync(question, trio_token=self._token)

    def standing(self) -> Standing:
        """See `Backend`."""
        head = self._parts.ledger.head
        return Standing(
            height=head.height,
            block_id=head.block_id,
            time_ms=head.time_ms,
            state_root=head.state_root,
            earliest=self._parts.ledger.header(self._parts.ledger.blocks_since),
            headers_since=self._parts.ledger.headers_since,
            is_behind=self._parts.follower.is_behind or self.find_lack() is not None,
        )

    def genesis(self) -> bytes:
        """See `Backend`."""
        return self._parts.genesis_document

    def block(self, height: Height) -> CertifiedBlock | None:
        """See `Backend`."""
        return self._parts.ledger.certified_block(height)

    def certificate(self, height: Height) -> Certificate | None:
        """See `Backend`."""
        return self._parts.ledger.certificate(height)

    def header(self, height: Height) -> Header | None:
        """See `Backend`."""
        return self._parts.ledger.header(height)

    def height_of(self, block_id: BlockId) -> Height | None:
        """See `Backend`."""
        return self._parts.ledger.height_of(block_id)

    def results(self, height: Height) -> tuple[TransactionResult, ...] | None:
        """See `Backend`."""
        return self._parts.ledger.results(height)

    def state_root_after(self, height: Height) -> Digest | None:
        """See `Backend`."""
        head = self._parts.ledger.head
        if height == head.height:
            return head.state_root
        after = self._parts.ledger.header(height + 1)
        return None if after is None else after.state_root

    def validators(self, height: Height) -> ValidatorSet | None:
        """See `Backend`."""
        return self._parts.ledger.validators(height)

    def parameters(self, height: Height) -> Parameters | None:
        """See `Backend`."""
        return self._parts.ledger.parameters(height)

    def place_of(self, id_: TxId) -> Place | None:
        """See `Backend`."""
        location = self._parts.ledger.tx_location(id_)
        return None if location is None else Place(height=location.height, index=location.index)

    def search(self, search: Search) -> Found:
        """See `Backend`."""
        return self._parts.search.search(search, None if search.id is None else self.place_of(search.id))

    def peers(self) -> Sequence[Peer]:
        """See `Backend`."""
        return self._ask_loop(self._list_peers)

    def _list_peers(self) -> Sequence[Peer]:
        now_ms, now = self._parts.clock.now_ms(), trio.current_time()
        return [
            Peer(
                node_key=link.peer,
                moniker=link.peer_id[:12],
                address=f"tcp://{link.remote}",
                is_outbound=link.side is Side.DIALLER,
                connected_ms=now_ms - int((now - link.began) * 1000),
                sent_bytes=link.traffic.bytes_sent,
                received_bytes=link.traffic.bytes_received,
            )
            for link in self._parts.network.links
        ]

    def consensus(self) -> ConsensusStanding | None:
        """See `Backend`."""
        return self._ask_loop(self._describe_consensus)

    def _describe_consensus(self) -> ConsensusStanding | None:
        engine = self._parts.reactor.engine
        view = None if engine is None else engine.view()
        if view is None:
            return None
        proposal = next((r.proposal for r in view.rounds if r.round == view.round), None)
        return ConsensusStanding(
            height=view.height,
            round=view.round,
            step=int(view.step),
            is_awake=view.awake,
            start_ms=self._parts.ledger.head.time_ms,
            proposal=None if proposal is None else proposal.proposal.block_id,
            locked=None if view.locked is None else view.locked.block_id,
            valid=None if view.valid is None else view.valid.block_id,
            proposer=view.proposer,
            rounds=tuple(
                RoundVotes(
                    round=one.round, prevotes=_subjects(one.prevotes), precommits=_subjects(one.precommits)
                )
                for one in view.rounds
            ),
        )

    def waiting(self, limit: int) -> Waiting:
        """See `Backend`."""
        return self._ask_loop(lambda: self._describe_mempool(limit))

    def _describe_mempool(self, limit: int) -> Waiting:
        mempool = self._parts.mempool
        oldest = tuple(checked.raw for checked in mempool.oldest(limit))
        return Waiting(count=len(mempool), bytes_total=mempool.size_bytes, first=oldest)

    def contracts(self) -> Sequence[ContractInfo]:
        """See `Backend`."""
        rows = self._parts.ledger.state.iterate(
            _CONTRACT_PREFIX, end_of_prefix(_CONTRACT_PREFIX), CONTRACTS_LISTED_MAX
        )
        return [
            ContractInfo(id=key[len(_CONTRACT_PREFIX) :].decode(), code_hash=Digest(value))
            for key, value in rows
        ]

    def describe(self, contract: str) -> ContractDescription | None:
        """See `Backend`."""
        with self._parts.ledger.snapshot() as reader, self._modules_lock:
            code_hash = reader.state.get(contract_key(contract))
            ready = self._modules.find(reader.state, contract)
        if ready is None or code_hash is None:
            return None
        return describe_module(contract, Digest(code_hash), ready.module)

    def query(self, contract: str, method: str, arguments: tuple[Value, ...]) -> ViewAnswer:
        """See `Backend`."""
        with self._parts.ledger.snapshot() as reader, self._modules_lock:
            try:
                value = query_view(
                    reader.state, self._environment(reader.head), contract, method, arguments, self._modules
                )
            except ViewRefused as refused:
                raise Refused(render(refused.trap)) from refused
            return ViewAnswer(value=value, height=reader.head.height)

    def _environment(self, head: Head) -> BlockEnvironment:
        """Views and simulations see the last block's height, and the time that a block made now would have.

        On a quiet network the last block is a minute old: by its time a deadline that has passed would still seem open.
        """
        time_ms = max(head.time_ms, self._parts.clock.now_ms())
        return BlockEnvironment(chain_id=head.chain_id, height=head.height, time_ms=time_ms)

    def state_entry(self, key: bytes, height: Height | None, *, prove: bool) -> StateAnswer:
        """See `Backend`."""
        with self._parts.ledger.snapshot() as reader:
            return read_entry(reader, key, height, prove=prove)

    def state_page(self, height: Height, path: bytes) -> bytes | None:
        """See `Backend`."""
        with self._parts.ledger.snapshot() as reader:
            return read_page(reader, height, path)

    def state_leaf(self, height: Height, key_hash: Digest) -> tuple[bytes, bytes] | None:
        """See `Backend`."""
        with self._parts.ledger.snapshot() as reader:
            return read_leaf(reader, height, key_hash)

    def simulate(self, raw: bytes) -> TransactionResult:
        """See `Backend`."""
        try:
            checked = check_transaction(raw, self._parts.ledger.head.chain_id)
        except Invalid as error:
            raise Refused(str(error)) from error
        with self._parts.ledger.snapshot() as reader, self._modules_lock:
            return simulate(reader.state, self._environment(reader.head), checked, self._modules)

    def submit(self, raws: Sequence[bytes]) -> Sequence[Admitted]:
        """See `Backend`."""
        outcomes = trio.from_thread.run(self._parts.spreading.enter, raws, trio_token=self._token)
        return [Admitted(id=one.id, code=int(one.code), message=one.message) for one in outcomes]

    def accuse(self, evidence: DuplicateVote) -> None:
        """See `Backend`."""
        try:
            trio.from_thread.run(self._parts.accusing.enter, evidence, trio_token=self._token)
        except EvidenceRefused as refused:
            raise Refused(str(refused)) from refused

    def wait_above(self, height: Height, timeout_s: float) -> Height:
        """See `Backend`."""
        with self._committed:
            self._committed.wait_for(lambda: self._parts.ledger.head.height > height, timeout_s)
        return self._parts.ledger.head.height

    def room(self) -> Room:
        """See `Backend`."""
        return self._parts.caretaker.room

    def measured(self) -> Mapping[str, float]:
        """See `Backend`."""
        resident = get_resident_bytes()
        return {
            **self._counters,
            "consensus_byzantine_validators": float(len(self._parts.reactor.contradicting)),
            "evidence_pending": float(len(self._parts.docket)),
            "evidence_committed_total": float(self._parts.docket.committed),
            "scrub_passes_total": float(self._parts.scrubbed.passes),
            "scrub_read_bytes_total": float(self._parts.scrubbed.bytes_read),
            "scrub_damaged": float(self._parts.scrubbed.damaged),
            "mempool_failed_txs": float(self._parts.spreading.refused),
            "mempool_evicted_txs": float(self._parts.mempool.displaced),
            "p2p_links_refused_total": float(self._parts.network.refused),
            "process_cpu_seconds_total": get_cpu_seconds(),
            **({} if resident is None else {"process_resident_memory_bytes": float(resident)}),
        }


def _subjects(votes: Sequence[VerifiedVote | None]) -> tuple[bytes | None, ...]:
    return tuple(None if vote is None else vote.vote.block_id or b"" for vote in votes)
