"""Joins by a snapshot of peers: fetched over the links chunk by chunk, restored, and all of it believed for its proofs alone.

    data/joining/HEIGHT/<SHA-256 of the chunk>      what came so far; whoever is started again goes on with it

Runs instead of the node, before there is a ledger. `p2p.snapshots` decides whom to ask for what; here are links, disk and
threads. A peer that offers what does not hold, or sends another chunk than it was asked for, is named and not spoken to for
a while. Where nobody gives a snapshot that holds, the words say so, and the node fetches blocks.
"""

import os
import shutil
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from random import Random

import structlog
import trio

from chain.checkpoint import Checkpoint
from chain.errors import Invalid
from chain.hashing import Digest
from chain.keys import PublicKey, SigningKey, address_of
from chain.limits import DISK_FREE_BYTES_MIN, SNAPSHOT_OFFERS_MAX
from chain.snapshot import Manifest, decode_manifest, snapshot_id
from chain.snapshot_check import SnapshotReader, Trust, check_following
from chain.vote import Height
from genesis.document import Genesis
from genesis.founders import founders_of
from machine.faults import Damaged, DiskFault
from machine.files import DiskFiles
from node.snapshot.restoring import Restoration
from node.snapshot.shelf import Shelf
from p2p.errors import PeerMisbehaved
from p2p.handshake import Identity
from p2p.link import Link
from p2p.messages import Chunk, Message, Snapshots
from p2p.network import Network, PeerAddress, Standing
from p2p.snapshots import Ask, Came, Offer, SnapshotFetch

log = structlog.get_logger("joining")
_FILES = DiskFiles()
_HOST = "127.0.0.1"  # a node that joins is called by nobody
_STEP_SECONDS = 0.25
_NO_OFFER_SECONDS = 15.0  # after somebody speaks to this node; then nobody has one
_LOST_SECONDS = 30.0  # for a link to come back that gave some of it


class _NoRoom(Invalid):
    """What is offered does not fit the disk, whether it is true or not."""


class NoSnapshotThere(Exception):
    """Nobody gives a snapshot that holds; the message says why, for the operator. Blocks are the other way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where what comes is kept, and where the ledger shall stand."""

    chunks: Path
    store: Path


class Guest:
    """The node that joins, as its links see it (`p2p.network.Node`), and the one task that fetches."""

    def __init__(
        self,
        place: Place,
        genesis: Genesis,
        checkpoint: Checkpoint | None,
        peers: frozenset[str],
        tell: Callable[[int], None],
    ) -> None:
        """`peers` are the ids of nodes that are called; `tell` hears how many chunks are here."""
        self._place = place
        self._trust = Trust(
            chain_id=genesis.chain_id,
            genesis_hash=genesis.hash,
            founders=founders_of(genesis),
            checkpoint=checkpoint,
        )
        self._peers = peers
        self._tell = tell
        self._shelf = Shelf(place.chunks, _FILES)
        self._core = SnapshotFetch()
        self._changed = trio.Event()
        self._received = 0
        self._unwritten: list[bytes] = []
        self._links: dict[PublicKey, Link] = {}
        self._first_answer = float("inf")
        self._why = "no peer offers one"

    # --- p2p.network.Node -----------------------------------------------------------------------------------------

    def standing_of(self, peer: PublicKey) -> Standing:
        """Those that the invitation names, and nobody else."""
        return Standing.CONFIGURED if address_of(peer).hex() in self._peers else Standing.STRANGER

    async def on_link_up(self, link: Link) -> None:
        """See `p2p.network.Node`."""
        log.info("link up", peer=link.peer_id)
        now = trio.current_time()
        self._links[link.peer] = link
        ask = self._core.on_link_up(link.peer, now)
        if ask is not None:
            link.send(ask)
        self._changed.set()

    def on_link_down(self, link: Link) -> None:
        """See `p2p.network.Node`."""
        log.info("link down", peer=link.peer_id)
        self._links.pop(link.peer, None)
        self._received += link.traffic.bytes_received
        self._core.on_link_down(link.peer)
        self._changed.set()

    async def on_message(self, link: Link, message: Message) -> None:
        """Offers and chunks; the rest is for a node that is up. Raises `PeerMisbehaved`."""
        if isinstance(message, Snapshots):
            self._on_offers(link, message)
        elif isinstance(message, Chunk):
            self._on_chunk(link, message)
        self._changed.set()

    def _on_offers(self, link: Link, message: Snapshots) -> None:
        if not self._core.is_asked(link.peer, message.request):
            return
        self._first_answer = min(self._first_answer, trio.current_time())
        try:
            offers = [self._read_offer(data) for data in message.manifests[:SNAPSHOT_OFFERS_MAX]]
        except Invalid as error:
            raise PeerMisbehaved(f"it offers a snapshot that is none: {error}") from error
        self._core.take_offers(link.peer, offers)

    def _read_offer(self, data: bytes) -> Offer:
        manifest = decode_manifest(data)
        if manifest.genesis_hash != self._trust.genesis_hash:
            raise Invalid(
                f"expected one of genesis {self._trust.genesis_hash.hex()}, got one of {manifest.genesis_hash.hex()}"
            )
        check_following(manifest, self._trust.chain_id)
        return Offer(id=snapshot_id(manifest), manifest=manifest)

    def _on_chunk(self, link: Link, message: Chunk) -> None:
        came = self._core.take_chunk(link.peer, message.request, message.data)
        if came is Came.LIE:
            self._why = f"{link.peer_id} sent another chunk than it was asked for"
            raise PeerMisbehaved("it sent another chunk than it was asked for")
        if came is Came.CHUNK and message.data is not None:
            self._unwritten.append(message.data)

    # --- The task -------------------------------------------------------------------------------------------------

    async def run(self) -> Height:
        """Fetches and restores; the height from which the node goes on. Raises `NoSnapshotThere`, and `DiskFault`."""
        while True:
            offer = await self._choose()
            log.info("fetching a snapshot", height=offer.manifest.height, chunks=len(offer.manifest.chunks))
            try:
                await self._fetch(offer)
                await trio.to_thread.run_sync(self._restore, offer.manifest)
            except Invalid as error:
                self._refuse(offer, error)
                continue
            shutil.rmtree(self._place.chunks, ignore_errors=True)
            received = self._received + sum(link.traffic.bytes_received for link in self._links.values())
            log.info("joined by a snapshot", height=offer.manifest.height, received_bytes=received)
            return offer.manifest.height

    async def _choose(self) -> Offer:
        while True:
            now = trio.current_time()
            if self._core.is_collected(now):
                begun = set(self._shelf.directories)
                offer = self._core.choose(begun)
                if offer is not None:
                    for height in begun - {offer.manifest.height}:
                        self._shelf.remove(height)
                    return offer
                if now >= self._spoken_to_since + _NO_OFFER_SECONDS:
                    raise NoSnapshotThere(self._why)
                self._send(self._core.ask_again(now))
            await self._wait()

    @property
    def _spoken_to_since(self) -> float:
        """Since when this node is among those whom peers speak to: they end a link at once until its key is admitted."""
        return min([self._first_answer, *(link.began for link in self._links.values())])

    async def _fetch(self, offer: Offer) -> None:
        """Returns when all chunks are here. Raises `Invalid` for what does not hold, or is given by nobody."""
        manifest = offer.manifest
        self._check_room(manifest)
        self._core.begin(await trio.to_thread.run_sync(self._list_held, manifest))
        reader, lost_since = SnapshotReader(manifest, self._trust), float("inf")
        while self._core.missing or reader.taken < len(offer.first):
            await self._write(manifest.height)
            await self._prove(reader, offer)
            if self._core.is_too_large:
                raise Invalid(f"expected {manifest.bytes} bytes of chunks, got more")
            self._send(self._core.next_asks(trio.current_time()))
            self._tell(len(manifest.chunks) - self._core.missing)
            now = trio.current_time()
            lost_since = min(lost_since, now) if self._core.is_lost else float("inf")
            if now >= lost_since + _LOST_SECONDS:
                raise Invalid("nobody gives its chunks any more")
            if self._core.is_lost:
                self._send(self._core.ask_again(now))
            if self._core.missing:
                await self._wait()
        await self._write(manifest.height)

    async def _prove(self, reader: SnapshotReader, offer: Offer) -> None:
        """Takes the chunks before the state as they come, so that the first false one ends it. Raises `Invalid`."""
        ready = list(takewhile(self._core.is_here, offer.first[reader.taken :]))
        for digest in ready:
            await trio.to_thread.run_sync(self._take, reader, offer.manifest.height, digest)
        if reader.taken == len(offer.first):
            self._core.go_on()

    async def _write(self, height: Height) -> None:
        """Puts what came on disk: at most one chunk of each peer waits for it."""
        while self._unwritten:
            await trio.to_thread.run_sync(self._shelf.put_chunk, height, self._unwritten.pop())

    def _send(self, asks: tuple[Ask, ...]) -> None:
        for ask in asks:
            link = self._links.get(ask.peer)
            if link is not None:
                link.send(ask.message)

    async def _wait(self) -> None:
        self._changed = trio.Event()
        with trio.move_on_after(_STEP_SECONDS):
            await self._changed.wait()

    def _refuse(self, offer: Offer, error: Invalid) -> None:
        """What peers offer does not hold, whoever of them made it up; or there is no room for it, and nobody is to blame."""
        height, is_lie = offer.manifest.height, not isinstance(error, _NoRoom)
        self._why = (
            f"the snapshot of height {height} {'does not hold' if is_lie else 'does not fit'}: {error}"
        )
        log.warning("snapshot refused", height=height, reason=str(error))
        self._unwritten.clear()
        for peer in self._core.refuse():
            link = self._links.get(peer)
            if link is not None and is_lie:
                link.accuse(f"it offers a snapshot that does not hold: {error}")
        self._shelf.remove(height)

    # --- Disk, on threads -----------------------------------------------------------------------------------------

    def _list_held(self, manifest: Manifest) -> set[Digest]:
        """Chunks that are here, and are what they should be: a crash may have torn the last."""
        held = set()
        for digest in manifest.chunks:
            with suppress(Damaged):
                if self._shelf.read_chunk(manifest.height, digest) is not None:
                    held.add(digest)
        return held

    def _check_room(self, manifest: Manifest) -> None:
        free = shutil.disk_usage(self._place.store.parent).free
        needed = 3 * manifest.bytes + DISK_FREE_BYTES_MIN  # chunks, entries, and the tree with its leaves
        if needed > free:
            raise _NoRoom(
                f"it says that it has {manifest.bytes} bytes, which takes up to {needed} with what stays free, and the "
                f"disk has {free} left"
            )

    def _take(self, reader: SnapshotReader, height: Height, digest: Digest) -> None:
        reader.take(self._read(height, digest))

    def _restore(self, manifest: Manifest) -> None:
        """Ends early where somebody ends the node: chunks stay, and nothing else."""

        def tell(done: int) -> None:
            trio.from_thread.check_cancelled()
            log.info("restoring", entries=done, of=manifest.rows)

        with Restoration(self._place.store, manifest, self._trust, _FILES) as restoration:
            for digest in manifest.chunks:
                trio.from_thread.check_cancelled()
                restoration.take(self._read(manifest.height, digest))
            restoration.finish(tell)

    def _read(self, height: Height, digest: Digest) -> bytes:
        data = self._shelf.read_chunk(height, digest)
        assert data is not None, "it was written a moment ago"
        return data


async def fetch_snapshot(
    guest: Guest, genesis: Genesis, node_key: SigningKey, peers: tuple[PeerAddress, ...]
) -> Height:
    """Runs the guest with links to these peers until it has a ledger. Raises as `Guest.run`, and `KeyboardInterrupt` where
    somebody ends it.
    """
    ended: Height | NoSnapshotThere | DiskFault | None = None
    identity = Identity(key=node_key, chain_id=genesis.chain_id, genesis_hash=genesis.hash)
    network = Network(
        identity,
        guest,
        listen_host=_HOST,
        listen_port=0,
        peers=peers,
        chance=Random(),
        get_ephemeral_seed=os.urandom,
    )
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async with trio.open_nursery() as nursery:
            await nursery.start(network.run)
            nursery.start_soon(_end_at, signals, nursery.cancel_scope)
            try:
                ended = await guest.run()
            except (NoSnapshotThere, DiskFault) as error:
                ended = error
            nursery.cancel_scope.cancel()
    if ended is None:
        raise KeyboardInterrupt
    if isinstance(ended, Exception):
        raise ended
    return ended


async def _end_at(signals: AsyncIterator[int], scope: trio.CancelScope) -> None:
    await anext(signals)
    scope.cancel()
