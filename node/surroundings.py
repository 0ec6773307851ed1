"""What follows from the reactor's word: votes and proposals go to the links, a committed block to everybody who waits for it."""

import structlog

from chain.certificate import Certificate
from chain.evidence import DuplicateVote
from chain.proposal import SignedProposal, VerifiedProposal
from chain.vote import SignedVote
from node.accusing import Accusing
from node.backend import NodeBackend
from node.checker import Checker
from node.commit import Committed
from node.follower import Follower
from node.indexing import Indexing
from node.peers import Peers
from node.snapshot.maker import SnapshotMaker
from node.spreading import Spreading
from p2p.messages import NewBlock, ProposalMessage, VoteMessage
from p2p.network import Network

log = structlog.get_logger("node")


class NodeSurroundings:
    """See `node.telling.Surroundings`. `join` names the parts, which need the reactor themselves, before it runs."""

    def join(
        self,
        *,
        network: Network,
        peers: Peers,
        checker: Checker,
        follower: Follower,
        spreading: Spreading,
        accusing: Accusing,
        indexing: Indexing,
        snapshots: SnapshotMaker,
        backend: NodeBackend,
    ) -> None:
        """The parts that are told."""
        self._network = network
        self._peers = peers
        self._checker = checker
        self._follower = follower
        self._spreading = spreading
        self._accusing = accusing
        self._indexing = indexing
        self._snapshots = snapshots
        self._backend = backend
        self._last_time_ms: int | None = None

    def broadcast_vote(self, vote: SignedVote) -> None:
        """See `Surroundings`."""
        self._network.broadcast(VoteMessage(vote=vote))

    def broadcast_proposal(self, proposal: SignedProposal) -> None:
        """See `Surroundings`."""
        self._network.broadcast(ProposalMessage(proposal=proposal))

    def check_value(self, proposal: VerifiedProposal) -> None:
        """See `Surroundings`."""
        self._checker.check(proposal)

    def fetch_decided(self, certificate: Certificate) -> None:
        """See `Surroundings`."""
        self._follower.on_certificate(certificate.height)

    def record_evidence(self, evidence: DuplicateVote) -> None:
        """See `Surroundings`."""
        self._accusing.observe(evidence)

    def on_committed(self, committed: Committed, *, is_newest: bool) -> None:
        """See `Surroundings`."""
        head = committed.head
        self._peers.on_certificate(committed.certified.certificate, head.last_validators)
        self._accusing.on_committed()
        self._spreading.on_gone([checked.id for checked in committed.transactions])
        if is_newest:
            self._checker.on_height(head.height)
            self._follower.on_height(head.height)
            self._network.broadcast(NewBlock(height=head.height, block_id=head.block_id))
            self._peers.tell_status()
        if committed.governance is not None:
            self._peers.on_governance(committed.governance)
            self._network.close_changed()
        interval_ms = 0 if self._last_time_ms is None else head.time_ms - self._last_time_ms
        self._last_time_ms = head.time_ms
        self._backend.on_committed(committed, interval_ms)
        self._indexing.on_committed()
        self._snapshots.on_committed(head)
        log.info(
            "committed",
            height=head.height,
            transactions=len(committed.transactions),
            round=committed.certified.certificate.round,
            state_root=head.state_root.hex()[:16],
        )
