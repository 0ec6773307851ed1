"""Whether a proposed block may follow the head: collects the bodies it lacks, then applies `node.validity`.

Each proposal is checked in a task of its own, so that one whose proposer withholds bodies never holds up the next round's;
all of them end with the height. Bodies are asked of one link after the other until they are there.
"""

import structlog
import trio

from chain.errors import Invalid
from chain.limits import PROPOSALS_WAITING_MAX
from chain.proposal import VerifiedProposal
from chain.transaction import CheckedTransaction
from chain.vote import Height
from node.bodies import Bodies
from node.evidence import check_evidence
from node.fetching import BodyFetcher
from node.items import BodiesHeld
from node.reactor import Reactor
from node.store.ledger import Ledger
from node.validity import check_content, check_header, check_last_certificate

log = structlog.get_logger("consensus")


class Checker:
    """Answers each `CheckValue` with `BodiesHeld`."""

    def __init__(self, reactor: Reactor, bodies: Bodies, ledger: Ledger, fetcher: BodyFetcher) -> None:
        self._reactor = reactor
        self._bodies = bodies
        self._ledger = ledger
        self._fetcher = fetcher
        self._send, self._receive = trio.open_memory_channel[VerifiedProposal](PROPOSALS_WAITING_MAX)
        self._scopes: list[tuple[Height, trio.CancelScope]] = []

    def check(self, proposal: VerifiedProposal) -> None:
        """Begins a check. Beyond the bound it is dropped: the height then goes on without this value."""
        try:
            self._send.send_nowait(proposal)
        except trio.WouldBlock:
            log.warning("too many proposals wait for their check", height=proposal.proposal.height)

    def on_height(self, height: Height) -> None:
        """Ends the checks of heights up to `height`."""
        for started, scope in self._scopes:
            if started <= height:
                scope.cancel()

    async def run(self) -> None:
        """Checks for ever."""
        async with trio.open_nursery() as nursery:
            async for proposal in self._receive:
                nursery.start_soon(self._check_within_height, proposal)

    async def _check_within_height(self, proposal: VerifiedProposal) -> None:
        height = proposal.proposal.height
        if height != self._reactor.head.next_height:
            return
        with trio.CancelScope() as scope:
            self._scopes.append((height, scope))
            transactions = await self._find_if_valid(proposal)
            answer = BodiesHeld(height=height, block_id=proposal.proposal.block_id, transactions=transactions)
            await self._reactor.inbox.send(answer)
        self._scopes.remove((height, scope))

    async def _find_if_valid(self, proposal: VerifiedProposal) -> tuple[CheckedTransaction, ...] | None:
        """The bodies of a valid block; None for one that must not be voted for."""
        head, block = self._reactor.head, proposal.block
        try:
            check_header(block.header, head)
            check_last_certificate(block.last_certificate, head)
            if block.evidence:
                await trio.to_thread.run_sync(check_evidence, block.evidence, head, self._ledger)
            if len(block.transaction_ids) > head.parameters.block_transactions_max:
                raise Invalid(f"block {block.header.height}: too many transactions")
            await self._fetcher.fetch(self._bodies, block.transaction_ids, head.parameters.block_bytes_max)
            transactions = self._bodies.of_block(block)
            assert transactions is not None, "every body was fetched"
            check_content(block, transactions, head.parameters, self._ledger.has_transaction)
        except Invalid as reason:
            log.warning("proposal refused", round=proposal.proposal.round, reason=str(reason))
            return None
        return transactions
