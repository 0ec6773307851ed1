"""What this node gives to peers who ask: blocks, bodies under decision, snapshots, and rows to a node that has lost some.
Each answer is bounded by bytes.

What was let go and what is not there is answered with nothing, and so is a snapshot that this disk cannot read: the asker
turns to another node, and only our operator hears why. A row that the store cannot read ends the node, which mends it.
"""

import structlog
import trio

from chain.block import CertifiedBlock
from chain.hashing import Digest
from chain.limits import BLOCK_READERS_MAX, BLOCKS_AT_ONCE_BYTES_MAX, BODIES_ANSWER_BYTES_MAX
from chain.pruned import Pruned
from chain.transaction import TxId
from machine.faults import Damaged, DiskFault
from node.bodies import Bodies
from node.repair.serving import read_rows
from node.snapshot.shelf import Shelf
from node.store.ledger import Ledger
from p2p import messages
from p2p.link import Link
from p2p.messages import Blocks, GetBlocks, GetBodies, GetChunk, GetRows, GetSnapshots

log = structlog.get_logger("node")


class Serving:
    """Answers requests of links. What is on disk is read on threads of its own number."""

    def __init__(self, ledger: Ledger, bodies: Bodies, snapshots: Shelf) -> None:
        self._ledger = ledger
        self._bodies = bodies
        self._snapshots = snapshots
        self._readers = trio.CapacityLimiter(BLOCK_READERS_MAX)

    async def on_get_blocks(self, link: Link, ask: GetBlocks) -> None:
        """Certified blocks, consecutive, as many as fit."""
        blocks = await trio.to_thread.run_sync(self._read_blocks, ask.first, ask.count, limiter=self._readers)
        link.send(Blocks(request=ask.request, blocks=blocks))

    def _read_blocks(self, first: int, count: int) -> tuple[CertifiedBlock, ...]:
        """Consecutive blocks from `first`, within the size of an answer."""
        found: list[CertifiedBlock] = []
        size = 0
        for height in range(first, min(first + count, self._ledger.head.height + 1)):
            certified = self._find_block(height)
            if certified is None:
                break
            size += sum(len(raw) for raw in certified.block.transactions) + 2_048
            if found and size > BLOCKS_AT_ONCE_BYTES_MAX:
                break
            found.append(certified)
        return tuple(found)

    def _find_block(self, height: int) -> CertifiedBlock | None:
        """None for what was let go as well: the answer without blocks sends its asker to another node."""
        try:
            return self._ledger.certified_block(height)
        except Pruned:
            return None

    async def on_get_rows(self, link: Link, ask: GetRows) -> None:
        """Rows for a node that repairs its store."""
        rows = await trio.to_thread.run_sync(self._read_rows, ask, limiter=self._readers)
        link.send(messages.Rows(request=ask.request, rows=rows))

    def _read_rows(self, ask: GetRows) -> tuple[bytes, ...]:
        with self._ledger.snapshot() as reader:
            return read_rows(reader, ask)

    async def on_get_snapshots(self, link: Link, ask: GetSnapshots) -> None:
        """Manifests of the snapshots that are kept."""
        manifests = await trio.to_thread.run_sync(self._read_manifests, limiter=self._readers)
        link.send(messages.Snapshots(request=ask.request, manifests=manifests))

    async def on_get_chunk(self, link: Link, ask: GetChunk) -> None:
        """A chunk of one, or that it is not there."""
        data = await trio.to_thread.run_sync(self._read_chunk, ask.height, ask.hash, limiter=self._readers)
        link.send(messages.Chunk(request=ask.request, data=data))

    def _read_manifests(self) -> tuple[bytes, ...]:
        try:
            return self._snapshots.read_manifests()
        except DiskFault as fault:
            log.error("a snapshot cannot be read", reason=str(fault))
            return ()

    def _read_chunk(self, height: int, digest: Digest) -> bytes | None:
        """A snapshot with a chunk that decayed goes: this node makes another one, and others have theirs. Of one under way
        nothing is read, as it may be written this moment.
        """
        try:
            if not self._snapshots.is_whole(height):
                return None
            return self._snapshots.read_chunk(height, digest)
        except Damaged as fault:
            log.error("a snapshot is damaged and removed", height=height, reason=str(fault))
            self._snapshots.remove(height)
        except DiskFault as fault:
            log.error("a snapshot cannot be read", reason=str(fault))
        return None

    def on_get_bodies(self, link: Link, ask: GetBodies) -> None:
        """Bodies of the height under decision, as many as fit."""
        link.send(messages.Bodies(request=ask.request, transactions=self._pick_bodies(ask.ids)))

    def _pick_bodies(self, ids: tuple[TxId, ...]) -> tuple[bytes, ...]:
        found: list[bytes] = []
        room = BODIES_ANSWER_BYTES_MAX
        for transaction_id in ids:
            checked = self._bodies.get(transaction_id)
            if checked is None:
                continue
            room -= len(checked.raw)
            if room < 0:
                break
            found.append(checked.raw)
        return tuple(found)
