"""Following the chain of certified blocks, always: there are no sync modes.

Peers claim heights, `p2p.catchup` decides what to ask of whom, and each block is verified against our own state before it
is committed: certificate, commitments and every signature here, some blocks ahead; header and validators by the committing
thread (`node.certified`). Three things go on at once: the next range is on its way, the group after is verified, and
the reactor carries out a group and writes it as one batch. A block that more than two thirds certified but that contradicts
our state is no peer's fault: this node has diverged, and stops.
"""

from collections.abc import Sequence
from functools import partial

import structlog
import trio

from chain.block import CertifiedBlock
from chain.errors import Invalid
from chain.vote import Height
from node.certified import Position, known_sets, verify_signed
from node.items import Followed
from node.reactor import Reactor
from p2p.catchup import CatchUp
from p2p.link import Link
from p2p.messages import Blocks, GetBlocks
from p2p.network import Network

log = structlog.get_logger("follower")
_GROUP_BLOCKS = 32  # carried out and written together: a tenth of a second of work, and one wait for the disk
_TICK_SECONDS = 0.25  # while behind; nothing ticks while level with everybody


class Follower:
    """Fetches and verifies what this node lacks."""

    def __init__(
        self,
        reactor: Reactor,
        network: Network,
        patience: float,
        vouched: Height = Height(0),
    ) -> None:
        """`vouched` is the height of the checkpoint that this node joined by; below it a node is always behind."""
        self._reactor = reactor
        self._network = network
        self._core = CatchUp(reactor.head.height, patience)
        self._send, self._answers = trio.open_memory_channel[tuple[Link, tuple[CertifiedBlock, ...]]](16)
        self._changed = trio.Event()
        self._moved = trio.Event()
        self._sent: Position | None = None
        self._certified = vouched
        self._told_gap: Height | None = None

    @property
    def is_behind(self) -> bool:
        """Whether a verified certificate at or above the height under decision is held, or vouched for."""
        return self._certified > self._reactor.head.height

    def on_own_claim(self, link: Link, height: Height) -> None:
        """A peer says itself that it has committed `height`."""
        self._core.on_own_claim(link.peer, height)
        self._changed.set()

    def on_claim(self, link: Link, height: Height) -> None:
        """It is said that a peer has committed `height`."""
        self._core.on_claim(link.peer, height)
        self._changed.set()

    def on_certificate(self, height: Height) -> None:
        """More than two thirds have decided `height`, and its block is not to be had by voting."""
        self._certified = max(self._certified, height)
        self._changed.set()

    def on_link_down(self, link: Link) -> None:
        """Its claims are void."""
        self._core.on_link_down(link.peer)
        self._changed.set()

    def on_height(self, height: Height) -> None:
        """A block was committed, by whatever way."""
        self._core.on_height(height)
        self._tell_tasks()

    async def on_blocks(self, link: Link, answer: Blocks) -> None:
        """An answer came; who was not asked is not listened to."""
        asked = self._core.take_answer(link.peer, answer.request, len(answer.blocks))
        self._changed.set()
        if asked is None:
            return
        if not answer.blocks:
            log.warning(
                "a peer does not give a block; it may have let go of it, then an archive node has it, or a snapshot",
                peer=link.peer_id,
                height=asked.first,
            )
            return
        first = answer.blocks[0].block.header.height
        if first != asked.first:
            self._refuse(link, Invalid(f"expected block {asked.first}, which it was asked for, got {first}"))
            return
        await self._send.send((link, answer.blocks))

    async def run(self) -> None:
        """Asks for ever."""
        while True:
            self._changed = trio.Event()
            is_supplied = self._send.statistics().current_buffer_used > 0 or self._is_carrying_out()
            ask = None if is_supplied else self._core.next_ask(trio.current_time())
            link = None if ask is None else self._network.find_link(ask.peer)
            if ask is not None and link is not None:
                link.send(GetBlocks(request=ask.request, first=ask.first, count=ask.count))
            self._tell_of_gap()
            if self._core.best_claim > self._reactor.head.height:
                with trio.move_on_after(_TICK_SECONDS):
                    await self._changed.wait()
            else:
                await self._changed.wait()

    def _tell_of_gap(self) -> None:
        """Says once of a block that no link of this node keeps any more."""
        gap = self._core.nobody_has
        if gap is not None and gap != self._told_gap:
            log.error(
                "no node that this one is linked to keeps the next block any more: link it to an archive node "
                "(p2p.persistent_peers), or join by a snapshot",
                block=gap,
                links=len(self._network.links),
            )
        self._told_gap = gap

    def _is_carrying_out(self) -> bool:
        """Whether the next block is decided here, so that nobody need be asked for it."""
        return self._reactor.decided > self._tip().height

    async def run_taking(self) -> None:
        """Takes in what comes, for ever."""
        async for link, blocks in self._answers:
            self._changed.set()
            try:
                await self._take_blocks(link, blocks)
            except Invalid as error:
                self._refuse(link, error)

    def _refuse(self, link: Link, error: Invalid) -> None:
        log.warning("bad block", peer=link.peer_id, reason=str(error))
        self._sent = None
        self._core.on_bad_answer(link.peer)
        link.accuse(f"it sent a bad block: {error}")
        self._tell_tasks()

    def _tell_tasks(self) -> None:
        self._changed.set()
        self._moved.set()

    # --- Taking in ------------------------------------------------------------------------------------------------

    def _tip(self) -> Position:
        """The newest block that the reactor has or is about to have."""
        head = self._reactor.head
        if self._sent is not None and self._sent.height > head.height:
            return self._sent
        return Position(head.height, head.block_id)

    async def _take_blocks(self, link: Link, blocks: Sequence[CertifiedBlock]) -> None:
        """Verifies some blocks while the reactor carries out those before them. Raises `Invalid` for what is none of ours.

        Blocks that are carried out may let in validators: so what fails before they are is looked at again after.
        """
        rest = tuple(blocks)
        while True:
            after, head = self._tip(), self._reactor.head
            rest = tuple(one for one in rest if one.block.header.height > after.height)
            if not rest:
                return
            if rest[0].block.header.height > after.height + 1:
                self._core.on_broken()  # what was to come before it was refused, which is not this sender's fault
                return
            verify = partial(verify_signed, rest[:_GROUP_BLOCKS], after, known_sets(head), head.chain_id)
            try:
                group = await trio.to_thread.run_sync(verify, abandon_on_cancel=True)
            except Invalid:
                if after.height == head.height:
                    raise
                group = ()
            await self._wait_for(after.height)
            if group and self._tip() == after:
                self._sent = group[-1].position
                self._certified = max(self._certified, self._sent.height)
                await self._reactor.inbox.send(Followed(blocks=group, refuse=partial(self._refuse, link)))
                rest = rest[len(group) :]

    async def _wait_for(self, height: Height) -> None:
        """Returns when the height is committed, or will not be by what was sent."""
        while self._reactor.head.height < height and self._sent is not None:
            self._moved = trio.Event()
            await self._moved.wait()
