"""How the parts of a node fit together: each is made once, in the order in which they need each other.

The few that need each other both ways (links and who listens to them, the core and what follows from its word) are made
first and joined at the end, before any task runs.
"""

from dataclasses import dataclass
from random import Random

import trio
from nacl.utils import random as random_bytes

from chain.keys import PublicKey, address_of
from chain.vote import Height
from consensus.engine import Engine
from genesis.founders import trust_of
from machine.clock import SystemClock
from node.accusing import Accusing
from node.admission import Admission
from node.backend import NodeBackend, Parts
from node.bodies import Bodies
from node.caretaker import Caretaker
from node.checker import Checker
from node.commit import Committer
from node.config import Config
from node.docket import Docket
from node.fetching import BodyFetcher
from node.follower import Follower
from node.hearing import Hearing
from node.indexing import Indexing
from node.mempool import Mempool, MempoolLimits
from node.opening import Opened
from node.peers import Membership, Peers, Validating, make_membership
from node.reactor import Reactor
from node.room import DataFiles
from node.scrub import Scrub
from node.serving import Serving
from node.signer import Signer
from node.snapshot.maker import Schedule, SnapshotMaker
from node.snapshot.shelf import Shelf
from node.spreading import Spreading
from node.surroundings import NodeSurroundings
from node.version import VERSION
from node.voting import VotingGate
from p2p.handshake import Identity
from p2p.network import Network, PeerAddress
from rpc.backend import NodeInfo
from vm.deployment import ModuleCache

_VALIDATOR_PATIENCE_SECONDS = 0.3  # a validator usually decides a block itself a moment after its first peer


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembled:
    """The parts with tasks of their own, and what HTTP asks."""

    reactor: Reactor
    network: Network
    checker: Checker
    follower: Follower
    spreading: Spreading
    accusing: Accusing
    peers: Peers
    admission: Admission
    indexing: Indexing
    caretaker: Caretaker
    snapshots: SnapshotMaker
    scrub: Scrub
    backend: NodeBackend


def assemble(opened: Opened) -> Assembled:
    """All parts, joined; called within the loop that will run them."""
    config, ledger, clock = opened.config, opened.ledger, SystemClock()
    mempool, docket = _make_mempool(config), Docket(ledger)
    bodies = Bodies(mempool.get)
    surroundings = NodeSurroundings()
    gate = _make_gate(opened)
    validating = _make_validating(opened, gate)
    reactor = _make_reactor(opened, validating, gate, mempool, docket, bodies, surroundings)
    fetcher = BodyFetcher(ledger.head.chain_id, lambda: network.links)
    peers = _make_peers(opened, validating, reactor, bodies, fetcher)
    network = _make_network(opened, peers)
    follower = _make_follower(opened, reactor, network)
    admission = Admission(mempool, ledger, clock, config.mempool.check_threads)
    spreading = Spreading(admission, mempool, reactor, network, ledger.has_transaction)
    accusing = Accusing(docket, reactor, network)
    checker = Checker(reactor, bodies, ledger, fetcher)
    caretaker, scrub = _make_caretaker(opened, reactor), _make_scrub(opened, reactor, validating)
    backend = _make_backend(
        opened,
        reactor=reactor,
        mempool=mempool,
        network=network,
        follower=follower,
        spreading=spreading,
        docket=docket,
        accusing=accusing,
        caretaker=caretaker,
        scrub=scrub,
    )
    if gate is not None:
        gate.join(reactor, follower)
    peers.join(network, follower, spreading, accusing)
    indexing, snapshots = Indexing(opened.search), _make_snapshots(opened)
    surroundings.join(
        network=network,
        peers=peers,
        checker=checker,
        follower=follower,
        spreading=spreading,
        accusing=accusing,
        indexing=indexing,
        snapshots=snapshots,
        backend=backend,
    )
    return Assembled(
        reactor=reactor,
        network=network,
        checker=checker,
        follower=follower,
        spreading=spreading,
        accusing=accusing,
        peers=peers,
        admission=admission,
        indexing=indexing,
        caretaker=caretaker,
        snapshots=snapshots,
        scrub=scrub,
        backend=backend,
    )


def _make_backend(
    opened: Opened,
    *,
    reactor: Reactor,
    mempool: Mempool,
    network: Network,
    follower: Follower,
    spreading: Spreading,
    docket: Docket,
    accusing: Accusing,
    caretaker: Caretaker,
    scrub: Scrub,
) -> NodeBackend:
    parts = Parts(
        genesis_document=opened.genesis_document,
        ledger=opened.ledger,
        reactor=reactor,
        mempool=mempool,
        network=network,
        follower=follower,
        spreading=spreading,
        docket=docket,
        accusing=accusing,
        documents=opened.documents,
        search=opened.search,
        caretaker=caretaker,
        node_key=opened.node_key,
        clock=SystemClock(),
        known=opened.start.known,
        scrubbed=scrub.done,
    )
    return NodeBackend(parts, _make_info(opened), trio.lowlevel.current_trio_token())


def _make_caretaker(opened: Opened, reactor: Reactor) -> Caretaker:
    return Caretaker(
        opened.ledger,
        opened.config.retention,
        DataFiles(opened.home, opened.config, opened.documents.count_bytes),
        SystemClock(),
        is_idle=lambda: _is_idle(reactor),
        floors=(lambda: _snapshots_floor(opened.snapshots),),
    )


def _make_scrub(opened: Opened, reactor: Reactor, validating: Validating | None) -> Scrub:
    signer = None if validating is None else validating.signer
    return Scrub(opened, signer, SystemClock(), lambda: _is_idle(reactor))


def _snapshots_floor(shelf: Shelf) -> Height | None:
    """Whoever begins at a snapshot fetches the blocks above it: at the newest, or at the one before, being fetched still."""
    newest = shelf.heights[:2]
    return Height(newest[-1] + 1) if newest else None


def _is_idle(reactor: Reactor) -> bool:
    """Whether no height is under way here; a full node, which has none, follows what others decide."""
    view = None if reactor.engine is None else reactor.engine.view()
    return view is None or not view.awake


def _make_snapshots(opened: Opened) -> SnapshotMaker:
    config, shelf = opened.config.snapshots, opened.snapshots
    return SnapshotMaker(
        opened.ledger,
        shelf,
        trust_of(opened.genesis),
        Schedule(interval=config.interval, kept=config.kept),
        SystemClock(),
        shelf.get_free_bytes,
    )


def _make_mempool(config: Config) -> Mempool:
    limits = MempoolLimits(
        transactions_max=config.mempool.transactions_max,
        bytes_max=config.mempool.bytes_max,
        sender_transactions_max=config.mempool.sender_transactions_max,
    )
    return Mempool(limits)


def _make_gate(opened: Opened) -> VotingGate | None:
    if opened.validator is None:
        return None
    return VotingGate(Hearing(opened.validator.key.address), opened.start.vote_from)


def _make_validating(opened: Opened, gate: VotingGate | None) -> Validating | None:
    validator = opened.validator
    if validator is None or gate is None:
        return None
    signer = Signer(
        validator.key,
        validator.record,
        may_vote=gate.is_open,
        get_journal_mark=lambda: opened.journal.mark,
    )
    return Validating(signer=signer, status_key=validator.key, hearing=gate.hearing)


def _make_reactor(
    opened: Opened,
    validating: Validating | None,
    gate: VotingGate | None,
    mempool: Mempool,
    docket: Docket,
    bodies: Bodies,
    surroundings: NodeSurroundings,
) -> Reactor:
    signer = None if validating is None else validating.signer
    return Reactor(
        head=opened.ledger.head,
        engine=None if signer is None else Engine(signer.address),
        signer=signer,
        journal=opened.journal,
        replay=opened.replay,
        committer=Committer(opened.ledger, ModuleCache(), opened.commits, opened.checkpoint),
        mempool=mempool,
        docket=docket,
        bodies=bodies,
        clock=SystemClock(),
        surroundings=surroundings,
        may_vote=lambda: gate is not None and gate.is_open(),
        block_pause_ms=opened.config.consensus.block_pause_ms,
    )


def _make_peers(
    opened: Opened, validating: Validating | None, reactor: Reactor, bodies: Bodies, fetcher: BodyFetcher
) -> Peers:
    return Peers(
        reactor=reactor,
        membership=_make_membership(opened),
        serving=Serving(opened.ledger, bodies, opened.snapshots),
        fetcher=fetcher,
        clock=SystemClock(),
        validating=validating,
    )


def _make_follower(opened: Opened, reactor: Reactor, network: Network) -> Follower:
    vouched = Height(0) if opened.checkpoint is None else opened.checkpoint.height
    patience = 0.0 if opened.validator is None else _VALIDATOR_PATIENCE_SECONDS
    return Follower(reactor, network, patience, vouched)


def _make_membership(opened: Opened) -> Membership:
    configured = frozenset(
        address.node_id for address in peer_addresses(opened.config, opened.node_key.public)
    )
    return make_membership(opened.governance.nodes, configured)


def peer_addresses(config: Config, node_key: PublicKey) -> tuple[PeerAddress, ...]:
    """The configured "id@host:port"s; an IPv6 host stands in brackets. A node leaves itself out: all may have one list."""
    found = []
    for text in config.p2p.persistent_peers:
        node_id, _, place = text.partition("@")
        host, _, port = place.rpartition(":")
        found.append(PeerAddress(node_id=node_id, host=host.strip("[]"), port=int(port)))
    own = address_of(node_key).hex()
    return tuple(address for address in found if address.node_id != own)


def _make_network(opened: Opened, peers: Peers) -> Network:
    identity = Identity(
        key=opened.node_key, chain_id=opened.genesis.chain_id, genesis_hash=opened.genesis.hash
    )
    return Network(
        identity,
        peers,
        listen_host=opened.config.p2p.address,
        listen_port=opened.config.p2p.port,
        peers=peer_addresses(opened.config, opened.node_key.public),
        chance=Random(),
        get_ephemeral_seed=random_bytes,
    )


def _make_info(opened: Opened) -> NodeInfo:
    """Addresses are put in when they are bound."""
    return NodeInfo(
        chain_id=opened.genesis.chain_id,
        moniker=opened.config.moniker,
        version=VERSION,
        node_key=opened.node_key.public,
        p2p_address="",
        rpc_address="",
        validator=None if opened.validator is None else opened.validator.key.public,
    )
