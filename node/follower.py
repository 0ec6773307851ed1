"""Following the chain of certified blocks, always: there are no sync modes.

Peers claim heights, `p2p.catchup` decides what to ask of whom, and here each block is verified against our own state before
the reactor commits it: certificate, commitments, header, every signature. A block that more than two thirds certified but
that contradicts our state is no peer's fault: this node has diverged, and stops.
"""

from collections.abc import Callable, Sequence
from functools import partial

import structlog
import trio

from chain.block import CertifiedBlock, check_commitments, compute_block_id
from chain.certificate import verify_certificate
from chain.errors import Invalid
from chain.evidence import DuplicateVote
from chain.transaction import CheckedTransaction, check_transaction
from chain.vote import Height
from node.head import Head
from node.reactor import Followed, Reactor
from node.validity import Diverged, check_header, check_last_certificate
from p2p.catchup import CatchUp
from p2p.link import Link
from p2p.messages import Blocks, GetBlocks
from p2p.network import Network

CheckEvidence = Callable[[Sequence[DuplicateVote], Head], None]
"""Whether the block after a head may say this of validators; raises `Invalid`."""

log = structlog.get_logger("follower")
_TICK_SECONDS = 0.25  # while behind; nothing ticks while level with everybody


class Follower:
    """Fetches and verifies what this node lacks."""

    def __init__(
        self,
        reactor: Reactor,
        network: Network,
        check_evidence: CheckEvidence,
        patience: float,
        vouched: Height = Height(0),
    ) -> None:
        """`vouched` is the height of the checkpoint that this node joined by; below it a node is always behind."""
        self._reactor = reactor
        self._check_evidence = check_evidence
        self._network = network
        self._core = CatchUp(reactor.head.height, patience)
        self._send, self._answers = trio.open_memory_channel[tuple[Link, Blocks]](16)
        self._changed = trio.Event()
        self._certified = vouched

    @property
    def is_behind(self) -> bool:
        """Whether a verified certificate at or above the height under decision is held, or vouched for."""
        return self._certified > self._reactor.head.height

    def on_claim(self, link: Link, height: Height) -> None:
        """A peer says that it has committed `height`."""
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
        self._changed.set()

    async def on_blocks(self, link: Link, answer: Blocks) -> None:
        """An answer came; who was not asked is not listened to."""
        if self._core.take_answer(link.peer, answer.request, len(answer.blocks)):
            await self._send.send((link, answer))
        self._changed.set()

    async def run(self) -> None:
        """Asks and takes in for ever."""
        while True:
            self._changed = trio.Event()
            ask = None if self._is_carrying_out() else self._core.next_ask(trio.current_time())
            link = None if ask is None else self._network.find_link(ask.peer)
            if ask is not None and link is not None:
                link.send(GetBlocks(request=ask.request, first=ask.first, count=ask.count))
            await self._take_answers()
            if self._core.best_claim > self._reactor.head.height:
                with trio.move_on_after(_TICK_SECONDS):
                    await self._changed.wait()
            else:
                await self._changed.wait()

    def _is_carrying_out(self) -> bool:
        """Whether the next block is decided here, so that nobody need be asked for it."""
        return self._reactor.decided > self._reactor.head.height

    async def _take_answers(self) -> None:
        while True:
            try:
                link, answer = self._answers.receive_nowait()
            except trio.WouldBlock:
                return
            await self._take_blocks(link, answer.blocks)

    async def _take_blocks(self, link: Link, blocks: Sequence[CertifiedBlock]) -> None:
        for certified in blocks:
            if certified.block.header.height <= self._reactor.decided:
                await self._wait_for(self._reactor.decided)
                continue
            try:
                transactions = await trio.to_thread.run_sync(
                    partial(verify_certified, certified, self._reactor.head, self._check_evidence),
                    abandon_on_cancel=True,
                )
            except Invalid as error:
                log.warning("bad block", peer=link.peer_id, reason=str(error))
                self._core.on_bad_answer(link.peer)
                link.accuse(f"it sent a bad block: {error}")
                return
            height = certified.block.header.height
            self._certified = max(self._certified, height)
            await self._reactor.inbox.send(Followed(certified=certified, transactions=transactions))
            await self._wait_for(height)

    async def _wait_for(self, height: Height) -> None:
        while self._reactor.head.height < height:
            changed = self._changed = trio.Event()
            await changed.wait()


def verify_certified(
    certified: CertifiedBlock, head: Head, check_evidence: CheckEvidence
) -> tuple[CheckedTransaction, ...]:
    """The checked transactions of the block that follows `head` by its certificate; signatures take their time.

    Raises:
        Invalid: it is not that block, or its certificate does not hold.
        Diverged: it is certified and contradicts our state.
    """
    block, certificate = certified.block, certified.certificate
    height = block.header.height
    if height != head.next_height or certificate.height != height:
        raise Invalid(
            f"expected block {head.next_height}, got {height} with a certificate for {certificate.height}"
        )
    if compute_block_id(block.header) != certificate.block_id:
        raise Invalid(f"block {height}: its certificate is for another block")
    verify_certificate(certificate, head.validators, head.chain_id)
    check_commitments(block.compact())
    try:
        check_header(block.header, head)
        check_last_certificate(block.last_certificate, head)
        check_evidence(block.evidence, head)
        return tuple(check_transaction(raw, head.chain_id) for raw in block.transactions)
    except Invalid as error:
        raise Diverged(
            f"two thirds of the validators certified block {height}, but here {error}. This node's state differs: "
            "stop it, keep its data for the inquiry, and start anew from an empty data directory"
        ) from error
