"""Many procedures at once, and the transactions they wait for. Pure: time, results and chance are arguments.

An act is signed once and its bytes are sent again, to whichever node answers, until its block is seen: its id
is the same, so that nothing happens twice. Only when the ledger's own time has passed its validity, and every
block up to there was seen, is it signed anew. Procedures go on when all they asked for has come; what they
ask for a single time in a run is shared.
"""

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from chain.codec import Value
from chain.limits import PILOT_SENT_MAX
from chain.result import TransactionResult
from chain.transaction import CheckedTransaction, TxId
from pilot.acts import Act, Answer, Ask, HandOver, Outcome, Procedure, Refused, Send, Sleep, Stage, Wish

VALIDITY_MS = 120_000
"""How long a transaction stays valid: far longer than a block takes, and less than the window of any sensible
network.
"""

RESEND_MS = 3_000
"""After this long without a block it goes out again: its node may be gone."""

Sign = Callable[[Act, int], CheckedTransaction]
"""Makes the transaction of an act, valid until a time in milliseconds."""


@dataclass(slots=True, kw_only=True, eq=False)
class _Task:
    """One procedure: what it waits for, and what has come of it."""

    name: str
    procedure: Procedure
    stage: str = "waiting"
    results: list[TransactionResult | None] = field(default_factory=list)
    missing: int = 0
    ask: Ask | HandOver | None = None
    wake_ms: int | None = None


@dataclass(slots=True, kw_only=True, eq=False)
class _Errand:
    """One act on its way into a block, and the places of the answers that wait for it."""

    act: Act
    waiters: list[tuple[_Task, int]]
    signed: CheckedTransaction | None = None
    sent_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A procedure that is over: its outcome, or why it stopped."""

    name: str
    outcome: Outcome | None
    fault: str = ""


class Dispatch:
    """Runs procedures; whoever holds it sends what is `outgoing` and tells what became of it."""

    def __init__(self, sign: Sign) -> None:
        self._sign = sign
        self._tasks: dict[str, _Task] = {}
        self._queue: deque[_Errand] = deque()
        self._flying: dict[TxId, _Errand] = {}
        self._shared: dict[str, _Errand | TransactionResult] = {}
        self._handed: set[HandOver] = set()
        self._ended: list[Ended] = []
        self.committed = 0

    # --- Procedures -----------------------------------------------------------------------------------------

    def start(self, name: str, procedure: Procedure, now_ms: int) -> None:
        """Begins a procedure; names are unique."""
        assert name not in self._tasks
        self._tasks[name] = task = _Task(name=name, procedure=procedure)
        self._resume(task, None, now_ms)

    @property
    def running(self) -> int:
        """Procedures that are not over."""
        return len(self._tasks)

    @property
    def waiting(self) -> int:
        """Acts signed or not that are in no block yet."""
        return len(self._queue) + len(self._flying)

    @property
    def flying(self) -> int:
        """Transactions that were sent and are in no block yet."""
        return len(self._flying)

    def stages(self) -> Counter[str]:
        """How many procedures are in which stage."""
        return Counter(task.stage for task in self._tasks.values())

    def take_ended(self) -> list[Ended]:
        """Procedures that ended since this was last asked."""
        ended, self._ended = self._ended, []
        return ended

    def asks(self) -> list[tuple[str, Ask | HandOver]]:
        """Views and hand-overs that procedures wait for."""
        return [(task.name, task.ask) for task in self._tasks.values() if task.ask is not None]

    def on_answer(self, name: str, value: Value, now_ms: int) -> None:
        """A view's value for a procedure that asked; None for a hand-over that is done."""
        task = self._tasks[name]
        assert task.ask is not None
        if isinstance(task.ask, HandOver):
            self._handed.add(task.ask)
        task.ask = None
        self._resume(task, Answer(now_ms=now_ms, value=value), now_ms)

    def on_ask_refused(self, name: str, message: str) -> None:
        """A view that refused to answer, or a gateway that refused an account, ends its procedure."""
        self._end(self._tasks[name], None, message)

    def wake(self, now_ms: int) -> None:
        """Goes on with the procedures whose time has come."""
        due = [task for task in self._tasks.values() if task.wake_ms is not None and task.wake_ms <= now_ms]
        for task in due:
            task.wake_ms = None
            self._resume(task, Answer(now_ms=now_ms), now_ms)

    # --- Transactions ---------------------------------------------------------------------------------------

    def outgoing(self, now_ms: int, count_max: int) -> list[CheckedTransaction]:
        """What to send now, at most so many: acts that are due, and what has waited long for its block."""
        stale = [errand for errand in self._flying.values() if now_ms - errand.sent_ms >= RESEND_MS]
        chosen = stale[:count_max]
        room = min(count_max - len(chosen), PILOT_SENT_MAX - len(self._flying))
        chosen += self._take_due(now_ms, max(0, room))
        for errand in chosen:
            errand.sent_ms = now_ms
        return [errand.signed for errand in chosen if errand.signed is not None]

    def on_not_sent(self, signed: list[CheckedTransaction]) -> None:
        """No node answered to these: they may have arrived or not, and go out again at the next turn."""
        for one in signed:
            if one.id in self._flying:
                self._flying[one.id].sent_ms = -RESEND_MS

    def on_committed(self, id_: TxId, result: TransactionResult, now_ms: int) -> None:
        """A transaction in a block; those of strangers are not ours to count."""
        errand = self._flying.pop(id_, None)
        if errand is None:
            return
        self.committed += 1
        if errand.act.once is not None:
            self._shared[errand.act.once] = result
        for task, position in errand.waiters:
            self._deliver(task, position, result, now_ms)

    def on_block(self, time_ms: int) -> None:
        """All transactions of a block have been told: what has run out without a block is signed anew."""
        for id_, errand in list(self._flying.items()):
            assert errand.signed is not None
            if errand.signed.transaction.valid_until_ms <= time_ms:
                del self._flying[id_]
                errand.signed = None
                self._queue.appendleft(errand)

    def _take_due(self, now_ms: int, room: int) -> list[_Errand]:
        taken: list[_Errand] = []
        kept: deque[_Errand] = deque()
        while self._queue and len(taken) < room:
            errand = self._queue.popleft()
            if errand.act.due_ms > now_ms:
                kept.append(errand)
                continue
            errand.signed = self._sign(errand.act, now_ms + VALIDITY_MS)
            self._flying[errand.signed.id] = errand
            taken.append(errand)
        kept.extend(self._queue)
        self._queue = kept
        return taken

    # --- Going on -------------------------------------------------------------------------------------------

    def _resume(self, task: _Task, answer: Answer | None, now_ms: int) -> None:
        """Runs a procedure until it waits for something or is over."""
        try:
            while True:
                wish = next(task.procedure) if answer is None else task.procedure.send(answer)
                if self._accept(task, wish):
                    return
                answer = Answer(now_ms=now_ms, results=_all_of(task))
        except StopIteration as end:
            self._end(task, end.value, "")
        except Refused as refused:
            self._end(task, None, str(refused))

    def _accept(self, task: _Task, wish: Wish) -> bool:
        """Takes a wish; whether the procedure must wait for it."""
        task.results = []
        match wish:
            case Stage(name=name):
                task.stage = name
                return False
            case Sleep(until_ms=0):
                return False
            case Sleep(until_ms=until_ms):
                task.wake_ms = until_ms
            case HandOver() if wish in self._handed:
                return False
            case Ask() | HandOver():
                task.ask = wish
            case Send(acts=acts):
                task.results = [None] * len(acts)
                task.missing = len(acts)
                for position, act in enumerate(acts):
                    self._enqueue(task, position, act)
                return task.missing > 0
        return True

    def _enqueue(self, task: _Task, position: int, act: Act) -> None:
        known = None if act.once is None else self._shared.get(act.once)
        if isinstance(known, TransactionResult):
            task.results[position] = known
            task.missing -= 1
        elif known is not None:
            known.waiters.append((task, position))
        else:
            errand = _Errand(act=act, waiters=[(task, position)])
            self._queue.append(errand)
            if act.once is not None:
                self._shared[act.once] = errand

    def _deliver(self, task: _Task, position: int, result: TransactionResult, now_ms: int) -> None:
        assert task.results[position] is None
        task.results[position] = result
        task.missing -= 1
        if task.missing == 0:
            self._resume(task, Answer(now_ms=now_ms, results=_all_of(task)), now_ms)

    def _end(self, task: _Task, outcome: Outcome | None, fault: str) -> None:
        del self._tasks[task.name]
        self._ended.append(Ended(name=task.name, outcome=outcome, fault=fault))


def _all_of(task: _Task) -> tuple[TransactionResult, ...]:
    results = tuple(result for result in task.results if result is not None)
    assert len(results) == len(task.results)
    return results
