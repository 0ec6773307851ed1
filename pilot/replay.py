"""The loop of a run: it carries out what `pilot.dispatch` decides, on a ledger, a clock and chance that are
given to it.

One loop and no tasks: send what is due, read the blocks since the last turn, answer the questions, go on.
Blocks are read by height, so that nothing is missed when a node dies and another one answers; what was sent
to the dead one goes out again, as the same bytes.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from chain.codec import Value
from chain.keys import SigningKey
from chain.limits import PILOT_BATCH_MAX, PILOT_TENDERS_AT_ONCE
from chain.transaction import CheckedTransaction, compute_transaction_id, encode_transaction, sign_transaction
from pilot.acts import Act, Ask, HandOver
from pilot.compare import Comparison, Verdict, compare, unexplained
from pilot.conduct import Pace, conduct
from pilot.dispatch import Dispatch, Ended
from pilot.keyring import Keyring
from pilot.ledger import GatewayAway, Ledger, Treasury, Unreachable, ViewRefused
from pilot.ocds import BadLine, Release
from pilot.plan import plan_tender
from pilot.report import PilotReport, Progress

TURN_S = 0.1
"""Between two turns of the loop: a tenth of a block."""

PATIENCE_MS = 120_000
"""So long may nothing be committed while something waits: longer than a network takes to start again."""

STALL_MS = 5_000
"""So long without a block while something waits, and another node is asked."""


class Clock(Protocol):
    """Time, and letting it pass."""

    def now_ms(self) -> int:
        """Milliseconds since 1970 UTC."""

    async def sleep(self, seconds: float) -> None:
        """Comes back after so long."""


async def replay(
    network: Ledger,
    releases: Iterable[Release | BadLine],
    operators: dict[str, SigningKey],
    *,
    pace: Pace,
    clock: Clock,
    chance: Callable[[], bytes],
    on_progress: Callable[[Progress], None] | None = None,
    treasury: Treasury | None = None,
) -> PilotReport:
    """Replays these tenders, `chance` giving a nonce at each call; payments are waited for where there is a treasury.

    Raises:
        Unreachable: patience is at its end.
    """
    started_ms = clock.now_ms()
    keyring = Keyring(operators)
    chain_id = await network.chain_id()
    height = await network.height()
    run = _Run(
        network=network,
        releases=iter(releases),
        keyring=keyring,
        chain_id=chain_id,
        pace=pace,
        clock=clock,
        dispatch=Dispatch(
            lambda act, valid_until_ms: _sign(act, keyring, chain_id, valid_until_ms, chance())
        ),
        treasury=treasury,
        first_height=height + 1,
        height=height,
        moved_ms=started_ms,
        heard_ms=started_ms,
    )
    while await run.take_turn():
        if on_progress is not None:
            on_progress(run.progress())
        await clock.sleep(TURN_S)
    if on_progress is not None:
        on_progress(run.progress())
    return run.report(clock.now_ms() - started_ms)


def _sign(act: Act, keyring: Keyring, chain_id: str, valid_until_ms: int, nonce: bytes) -> CheckedTransaction:
    transaction = sign_transaction(
        keyring.key_of(act.signer),
        chain_id=chain_id,
        nonce=nonce,
        valid_until_ms=valid_until_ms,
        gas_limit=act.gas_limit,
        calls=act.calls,
    )
    raw = encode_transaction(transaction)
    return CheckedTransaction(raw=raw, id=compute_transaction_id(raw), transaction=transaction)


@dataclass(slots=True, kw_only=True)
class _Run:
    """The state of one run."""

    network: Ledger
    releases: Iterator[Release | BadLine]
    keyring: Keyring
    chain_id: str
    pace: Pace
    clock: Clock
    dispatch: Dispatch
    treasury: Treasury | None
    first_height: int
    height: int
    moved_ms: int
    heard_ms: int
    open_releases: dict[str, Release] = field(default_factory=dict)
    comparisons: list[Comparison] = field(default_factory=list)
    bad_lines: list[BadLine] = field(default_factory=list)
    suppliers: set[str] = field(default_factory=set)
    bids: int = 0
    repeated: int = 0
    is_read: bool = False
    note: str = ""

    async def take_turn(self) -> bool:
        """One turn of the loop; False when all is over. A network that is away is waited for."""
        self._start_tenders()
        try:
            await self._exchange()
            self.heard_ms = self.clock.now_ms()
        except Unreachable as error:
            self.note = str(error)
            if self.clock.now_ms() - self.heard_ms > PATIENCE_MS:
                raise
        for ended in self.dispatch.take_ended():
            self._close(ended)
        self._give_up_when_stuck()
        return self.dispatch.running > 0 or not self.is_read

    async def _exchange(self) -> None:
        self.dispatch.wake(self.clock.now_ms())
        await self._send()
        await self._follow()
        await self._answer()

    def _start_tenders(self) -> None:
        while not self.is_read and self.dispatch.running < PILOT_TENDERS_AT_ONCE:
            match next(self.releases, None):
                case None:
                    self.is_read = True
                case BadLine() as bad:
                    self.bad_lines.append(bad)
                case Release() as release:
                    self._start(release)

    def _start(self, release: Release) -> None:
        if release.ocid in self.open_releases or any(
            found.ocid == release.ocid for found in self.comparisons
        ):
            self.bad_lines.append(BadLine(number=0, reason=f"{release.ocid} stands in the file twice"))
            return
        plan = plan_tender(release, self.keyring.agencies)
        self.open_releases[release.ocid] = release
        self.suppliers.update(bid.bidder for bid in plan.bids)
        self.bids += len(plan.bids)
        treasury = None if self.treasury is None else self.treasury.address
        self.dispatch.start(
            release.ocid,
            conduct(plan, self.keyring, self.chain_id, self.pace, treasury=treasury),
            self.clock.now_ms(),
        )

    async def _send(self) -> None:
        while batch := self.dispatch.outgoing(self.clock.now_ms(), PILOT_BATCH_MAX):
            try:
                answers = await self.network.send([signed.raw for signed in batch])
            except Unreachable:
                self.dispatch.on_not_sent(batch)
                raise
            refusals = [answer for answer in answers if answer is not None]
            self.note = refusals[-1] if refusals else ""

    async def _follow(self) -> None:
        head = await self.network.height()
        while self.height < head:
            block = await self.network.block(self.height + 1)
            self.height += 1
            self.moved_ms = self.clock.now_ms()
            for id_, result in block.results:
                self.dispatch.on_committed(id_, result, self.clock.now_ms())
            self.dispatch.on_block(block.time_ms)
        if self.dispatch.flying == 0:
            self.moved_ms = self.clock.now_ms()
        elif self.clock.now_ms() - self.moved_ms > STALL_MS:
            await self.network.turn_away()

    async def _answer(self) -> None:
        away: GatewayAway | None = None
        for name, ask in self.dispatch.asks():
            if away is not None and isinstance(ask, HandOver):
                continue  # one time-out a turn
            try:
                value = await self._get_answer(ask)
            except ViewRefused as refused:
                self.dispatch.on_ask_refused(name, str(refused))
            except GatewayAway as error:
                away = error  # what asks the ledger goes on meanwhile
            else:
                self.dispatch.on_answer(name, value, self.clock.now_ms())
        if away is not None:
            raise away

    async def _get_answer(self, ask: Ask | HandOver) -> Value:
        if isinstance(ask, Ask):
            return await self.network.ask(ask, self.height)
        assert self.treasury is not None, "without a treasury nothing is handed over"
        await self.treasury.hand_over(ask.supplier, ask.account)
        return None

    def _close(self, ended: Ended) -> None:
        release = self.open_releases.pop(ended.name)
        if ended.outcome is None:
            self.comparisons.append(unexplained(release, ended.fault))
            return
        self.repeated += ended.outcome.rounds - 1
        self.comparisons.append(compare(release, ended.outcome))

    def _give_up_when_stuck(self) -> None:
        """Only where blocks stay away although nodes answer: what waits will not come."""
        if self.dispatch.flying == 0 or self.clock.now_ms() - self.moved_ms <= PATIENCE_MS:
            return
        raise Unreachable(f"expected a block within {PATIENCE_MS // 1000} s, got none {self.note}".rstrip())

    def progress(self) -> Progress:
        """Where the run stands."""
        return Progress(
            started=len(self.open_releases) + len(self.comparisons),
            done=len(self.comparisons),
            stages=tuple(sorted(self.dispatch.stages().items())),
            committed=self.dispatch.committed,
            waiting=self.dispatch.waiting,
            height=self.height,
            equal=sum(found.verdict is Verdict.EQUAL for found in self.comparisons),
            note=self.note,
        )

    def report(self, elapsed_ms: int) -> PilotReport:
        """The end of the run, tenders in order of their names."""
        return PilotReport(
            comparisons=tuple(sorted(self.comparisons, key=lambda found: found.ocid)),
            bad_lines=tuple(self.bad_lines),
            bids=self.bids,
            suppliers=len(self.suppliers),
            transactions=self.dispatch.committed,
            repeated=self.repeated,
            first_height=self.first_height,
            last_height=self.height,
            elapsed_ms=elapsed_ms,
        )
