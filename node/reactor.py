"""The task that owns the head: it feeds the consensus core and carries out what the core decides.

Everything that may change what this node knows of the current height arrives here through one bounded channel, one item
at a time: verified votes and proposals, checked values, elapsed time-outs, certified blocks of the follower, and word
of waiting work. The core answers each with effects, which are done in their order:

    Remember      appended to the journal; synced before the next signature or message
    SignVote      journal synced, then the signer's own record, then the signature exists
    Send          journal synced, then handed to the links
    Decide        executed and written in one synced batch; then the next height begins
"""

from collections import deque
from collections.abc import Callable, Sequence
from typing import assert_never

import structlog
import trio

from chain.block import CertifiedBlock, CompactBlock, compute_block_id
from chain.errors import Invalid
from chain.keys import Address
from chain.limits import INBOX_ITEMS_MAX
from chain.proposal import Proposal, VerifiedProposal
from chain.transaction import CheckedTransaction, check_transaction
from chain.vote import VerifiedVote, Vote
from consensus.effects import (
    CheckValue,
    Decide,
    Effect,
    FetchDecided,
    Propose,
    RecordEvidence,
    Remember,
    ScheduleTimeout,
    SendProposal,
    SendVote,
    SignVote,
)
from consensus.engine import Engine
from consensus.inputs import (
    Input,
    ProposalArrived,
    StartHeight,
    TimeoutElapsed,
    ValueChecked,
    VoteArrived,
    Wake,
)
from machine.clock import Clock
from node.bodies import Bodies
from node.commit import Committed, Committer
from node.docket import Docket
from node.head import Head
from node.items import BodiesHeld, Fed, Followed, Item, ProposerReady, VotingAllowed, WorkWaits
from node.journal import Journal, Replay
from node.mempool import Mempool
from node.proposer import build_block, compute_block_time_ms, compute_proposer_wait_ms
from node.signer import Signer, SigningRefused
from node.telling import Surroundings
from node.timers import Timers

log = structlog.get_logger("consensus")


class Reactor:
    """The current height of one node. Only `run` changes anything; `inbox` is how others reach it.

    A full node has no engine and no signer: it commits what the follower brings.
    """

    def __init__(
        self,
        *,
        head: Head,
        engine: Engine | None,
        signer: Signer | None,
        journal: Journal,
        replay: Replay,
        committer: Committer,
        mempool: Mempool,
        docket: Docket,
        bodies: Bodies,
        clock: Clock,
        surroundings: Surroundings,
        may_vote: Callable[[], bool],
        block_pause_ms: int,
    ) -> None:
        """`replay` is what the journal remembers of the height under way; `may_vote` is the signer's own gate;
        `block_pause_ms` is how long a proposer collects transactions, at most half of what the others wait for it.
        `decided` is above the head while the block of that height is carried out. `contradicting`: who was seen
        to vote for two things at one place, or is proven to by a block.
        """
        self.head = head
        self.decided = head.height
        self.contradicting: set[Address] = set()
        self.engine = engine
        self._signer = signer
        self._journal = journal
        self._replay = replay
        self._committer = committer
        self._mempool = mempool
        self._docket = docket
        self._bodies = bodies
        self._clock = clock
        self._surroundings = surroundings
        self._may_vote = may_vote
        self._block_pause_ms = block_pause_ms
        self._proposing: Propose | None = None
        self.progress = trio.Event()
        self.inbox, self._items = trio.open_memory_channel[Item](INBOX_ITEMS_MAX)
        self.timers = Timers[Item](self.inbox.send)

    async def run(self) -> None:
        """Takes up the height that was under way, then takes items for ever."""
        await self._resume()
        self.progress.set()
        async for item in self._items:
            await self._on_item(item)

    async def _on_item(self, item: Item) -> None:
        match item:
            case Fed():
                await self._feed(item.input)
            case BodiesHeld():
                await self._on_bodies(item)
            case Followed():
                await self._on_followed(item)
            case WorkWaits():
                if item.height == self.head.next_height:
                    await self._feed(Wake())
            case ProposerReady():
                await self._on_proposer_ready(item)
            case VotingAllowed():
                if self.engine is not None:
                    await self._carry_out_all(self.engine.resume())
            case _:
                assert_never(item)
        self.progress.set()

    async def _resume(self) -> None:
        """Feeds the journal of the height under way to a fresh core, then redoes what was outstanding."""
        self._schedule_heartbeat()
        if self.engine is None:
            return
        bodies = self._replay.bodies.values()
        self._bodies.pin(check_transaction(raw, self.head.chain_id) for raw in bodies)
        self.engine.handle(self._start_of_height())
        for remembered in self._replay.inputs:
            self.engine.handle(remembered)
        await self._carry_out_all(self.engine.resume())
        await self._wake_if_due()

    def _start_of_height(self) -> StartHeight:
        return StartHeight(
            height=self.head.next_height,
            validators=self.head.validators,
            parameters=self.head.parameters,
            last_block_time_ms=self.head.time_ms,
        )

    # --- The core and its effects ---------------------------------------------------------------------------------

    async def _feed(self, first: Input) -> None:
        if self.engine is not None:
            await self._carry_out_all(self.engine.handle(first))

    async def _carry_out_all(self, effects: Sequence[Effect]) -> None:
        """Carries out effects in their order; the inputs that they answer with come after all of them."""
        assert self.engine is not None
        queue = deque([effects])
        while queue:
            answers: list[Input] = []
            for effect in queue.popleft():
                answers.extend(await self._carry_out(effect))
            queue.extend(self.engine.handle(answer) for answer in answers)

    async def _carry_out(self, effect: Effect) -> Sequence[Input]:
        match effect:
            case Remember():
                self._journal.append(effect.input)
            case SignVote():
                return await self._sign_vote(effect.vote)
            case Propose():
                return await self._propose(effect)
            case SendVote():
                await self._sync_journal()
                self._surroundings.broadcast_vote(effect.vote)
            case SendProposal():
                await self._sync_journal()
                self._surroundings.broadcast_proposal(effect.proposal)
            case CheckValue():
                self._surroundings.check_value(effect.proposal)
            case ScheduleTimeout():
                self.timers.schedule(Fed(input=TimeoutElapsed(timeout=effect.timeout)), effect.duration_ms)
            case Decide():
                return await self._decide(effect)
            case FetchDecided():
                self._surroundings.fetch_decided(effect.certificate)
            case RecordEvidence():
                validator = effect.evidence.first.vote.validator
                self.contradicting.add(validator)
                log.warning("validator contradicted itself", validator=validator.hex())
                self._surroundings.record_evidence(effect.evidence)
            case _:
                assert_never(effect)
        return ()

    async def _sync_journal(self) -> None:
        if self._journal.has_unsynced:
            await trio.to_thread.run_sync(self._journal.sync)

    async def _sign_vote(self, vote: Vote) -> Sequence[Input]:
        signer = self._signer
        if signer is None:
            return ()
        await self._sync_journal()
        try:
            signed = await trio.to_thread.run_sync(signer.sign_vote, vote)
        except SigningRefused as refusal:
            log.warning("not voting", height=vote.height, round=vote.round, reason=str(refusal))
            return ()
        return (VoteArrived(vote=VerifiedVote(signed)),)

    # --- Proposing ------------------------------------------------------------------------------------------------

    async def _propose(self, effect: Propose) -> Sequence[Input]:
        if self._signer is None or not self._may_vote():
            return ()
        if effect.valid is not None:
            return await self._sign_proposal(effect, effect.valid)
        pause_ms = min(self._block_pause_ms, self.head.parameters.timeout_propose_ms // 2)
        wait_ms = max(pause_ms, compute_proposer_wait_ms(self.head, self._clock.now_ms()))
        if wait_ms > 0:
            self._proposing = effect
            self.timers.schedule(ProposerReady(height=effect.height, round=effect.round), wait_ms)
            return ()
        return await self._propose_new(effect)

    async def _on_proposer_ready(self, item: ProposerReady) -> None:
        effect = self._proposing
        if effect is None or (effect.height, effect.round) != (item.height, item.round):
            return
        self._proposing = None
        for answer in await self._propose_new(effect):
            await self._feed(answer)

    async def _propose_new(self, effect: Propose) -> Sequence[Input]:
        assert self._signer is not None
        time_ms = compute_block_time_ms(self.head, self._clock.now_ms())
        transactions = self._mempool.take(self.head.parameters, time_ms)
        block = build_block(
            self.head,
            time_ms=time_ms,
            proposer=self._signer.address,
            transactions=transactions,
            evidence=await self._docket.pick(self.head),
        )
        self._bodies.pin(transactions)
        return await self._sign_proposal(effect, block)

    async def _sign_proposal(self, effect: Propose, block: CompactBlock) -> Sequence[Input]:
        assert self._signer is not None
        proposal = Proposal(
            height=effect.height,
            round=effect.round,
            valid_round=effect.valid_round,
            block_id=compute_block_id(block.header),
        )
        await self._sync_journal()
        try:
            signed = await trio.to_thread.run_sync(self._signer.sign_proposal, proposal, block)
        except SigningRefused as refusal:
            log.warning("not proposing", height=effect.height, round=effect.round, reason=str(refusal))
            return ()
        return (ProposalArrived(proposal=VerifiedProposal(signed), arrival_ms=self._clock.now_ms()),)

    async def _on_bodies(self, item: BodiesHeld) -> None:
        if item.height != self.head.next_height:
            return
        if item.transactions is not None:
            self._bodies.pin(item.transactions)
            self._journal.pin_bodies(item.transactions)
        await self._feed(ValueChecked(block_id=item.block_id, valid=item.transactions is not None))

    # --- Deciding and following -----------------------------------------------------------------------------------

    async def _decide(self, effect: Decide) -> Sequence[Input]:
        """Commits, then begins the next height; wakes it at once where work or a proof block waits."""
        block = effect.proposal.block
        transactions = self._bodies.of_block(block)
        assert transactions is not None, "a value is valid only while its bodies are held"
        raws = [checked.raw for checked in transactions]
        certified = CertifiedBlock(block=block.with_bodies(raws), certificate=effect.certificate)
        start = await self._commit(certified, transactions)
        return (start, Wake()) if self._is_work_due() else (start,)

    async def _on_followed(self, item: Followed) -> None:
        blocks = [one for one in item.blocks if one.position.height >= self.head.next_height]
        if not blocks or blocks[0].position.height != self.head.next_height:
            return  # decided here in the meantime
        self.decided = blocks[-1].position.height
        try:
            done = await trio.to_thread.run_sync(self._committer.commit_all, self.head, blocks)
        except Invalid as error:
            self.decided = self.head.height
            item.refuse(error)
            return
        for committed in done:
            self._take(committed, is_newest=committed is done[-1])
        if len(done) < len(blocks):
            item.refuse(Invalid(f"block {self.head.next_height}: it is not decided by whom it should"))
        self.decided = self.head.height
        await self._feed(self._begin_height())
        await self._wake_if_due()

    async def _commit(
        self, certified: CertifiedBlock, transactions: Sequence[CheckedTransaction]
    ) -> StartHeight:
        self.decided = certified.block.header.height
        committed = await trio.to_thread.run_sync(self._committer.commit, self.head, certified, transactions)
        self._take(committed, is_newest=True)
        return self._begin_height()

    def _take(self, committed: Committed, *, is_newest: bool) -> None:
        """A block is on disk; tells of it."""
        self.head = committed.head
        self.contradicting |= self._docket.on_committed(committed.certified.block)
        self._mempool.on_committed([checked.id for checked in committed.transactions], self.head.time_ms)
        self._surroundings.on_committed(committed, is_newest=is_newest)

    def _begin_height(self) -> StartHeight:
        """The height after the head."""
        self._proposing = None
        self._bodies.clear()
        self.timers.forget(self._is_over)
        self._schedule_heartbeat()
        if self.engine is not None:
            self._journal.start_height(self.head.next_height)
        return self._start_of_height()

    def _is_over(self, item: Item) -> bool:
        match item:
            case Fed(input=TimeoutElapsed(timeout=timeout)):
                return timeout.height < self.head.next_height
            case WorkWaits() | ProposerReady():
                return item.height < self.head.next_height
            case _:
                return False

    def _schedule_heartbeat(self) -> None:
        if self.engine is not None:
            self.timers.schedule(WorkWaits(height=self.head.next_height), self.head.parameters.heartbeat_ms)

    async def _wake_if_due(self) -> None:
        if self._is_work_due():
            await self._feed(Wake())

    def _is_work_due(self) -> bool:
        """A proof block is due after every block with transactions; waiting work and evidence start a height at once."""
        return self.head.has_transactions or len(self._mempool) > 0 or self._docket.wakes(self.head.height)
