"""Which transactions wait for a block. Bounded by bytes, count and sender, so that no supplier can crowd out another.

Never ordered by price: this chain sells no priority. A block takes one transaction of each sender in turn, oldest
first, and whoever was served goes to the end of the line, so that a sender with a thousand waiting delays others by one place
and not by a thousand. When it is full, a newcomer displaces the newest transaction of the sender with the most bytes,
if that one holds more than the newcomer would; otherwise the newcomer is refused.

Pure. Each operation costs the same, or a logarithm more, whether ten transactions wait or fifty thousand.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum, auto
from heapq import heapify, heappop, heappush

from chain.keys import PublicKey
from chain.limits import MEMPOOL_STALE_ENTRIES_MAX
from chain.parameters import Parameters
from chain.transaction import CheckedTransaction, TxId, is_in_window


@dataclass(frozen=True, slots=True, kw_only=True)
class MempoolLimits:
    """What this node's operator allows to wait."""

    transactions_max: int
    bytes_max: int
    sender_transactions_max: int


class Added(Enum):
    """What became of a transaction that was to be added."""

    WAITING = auto()
    DUPLICATE = auto()
    SENDER_FULL = auto()
    FULL = auto()


@dataclass(slots=True)
class _Line:
    """One sender's waiting transactions in order of arrival."""

    transactions: dict[TxId, CheckedTransaction] = field(default_factory=dict)
    size: int = 0


class Mempool:
    """Waiting transactions, checked. One task owns it. `displaced` counts those that had to go for others."""

    def __init__(self, limits: MempoolLimits) -> None:
        self._limits = limits
        self._waiting: dict[TxId, CheckedTransaction] = {}
        self._lines: dict[PublicKey, _Line] = {}
        self._size = 0
        self.displaced = 0
        self._expiries: list[tuple[int, TxId]] = []
        self._heaviest: list[tuple[int, PublicKey]] = []
        self._weights: dict[PublicKey, int] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def __contains__(self, transaction_id: TxId) -> bool:
        """Whether the transaction waits."""
        return transaction_id in self._waiting

    @property
    def size_bytes(self) -> int:
        """Bytes of all that wait."""
        return self._size

    def get(self, transaction_id: TxId) -> CheckedTransaction | None:
        """The waiting transaction with this id."""
        return self._waiting.get(transaction_id)

    def ids(self) -> list[TxId]:
        """All that wait, in order of arrival: what a new link announces."""
        return list(self._waiting)

    def oldest(self, limit: int) -> list[CheckedTransaction]:
        """The first `limit` in order of arrival."""
        return [checked for _, checked in zip(range(limit), self._waiting.values(), strict=False)]

    def add(self, checked: CheckedTransaction) -> Added:
        """Takes a checked transaction in, if there is room for it or another can be displaced."""
        if checked.id in self._waiting:
            return Added.DUPLICATE
        sender, size = checked.transaction.sender, len(checked.raw)
        line = self._lines.get(sender) or _Line()
        if len(line.transactions) >= self._limits.sender_transactions_max:
            return Added.SENDER_FULL
        while not self._has_room(size):
            if not self._displace(line.size + size):
                return Added.FULL
        self._insert(checked)
        return Added.WAITING

    def take(self, parameters: Parameters, time_ms: int) -> list[CheckedTransaction]:
        """What a block of that time may hold, one of each sender in turn. Nothing is removed."""
        room = _Room(parameters, time_ms)
        taken: list[CheckedTransaction] = []
        lines = [iter(line.transactions.values()) for line in self._lines.values()]
        while lines and not room.is_full:
            lines = [line for line in lines if self._take_next(line, room, taken)]
        return taken

    def on_committed(self, ids: Iterable[TxId], time_ms: int) -> None:
        """Drops what a block of that time holds and what it let expire; senders that were served go to the end."""
        served = {checked.transaction.sender: None for checked in self.remove(ids)}
        for sender in served:
            line = self._lines.pop(sender, None)
            if line is not None:
                self._lines[sender] = line
        self.expire(time_ms)

    def remove(self, ids: Iterable[TxId]) -> list[CheckedTransaction]:
        """Drops those of `ids` that wait, and gives them back."""
        found = [self._waiting[transaction_id] for transaction_id in ids if transaction_id in self._waiting]
        for checked in found:
            self._drop(checked)
        return found

    def expire(self, time_ms: int) -> None:
        """Drops what no block after `time_ms` may hold."""
        while self._expiries and self._expiries[0][0] <= time_ms:
            _, transaction_id = heappop(self._expiries)
            self.remove([transaction_id])

    def _has_room(self, size: int) -> bool:
        return (
            len(self._waiting) < self._limits.transactions_max and self._size + size <= self._limits.bytes_max
        )

    def _take_next(
        self, line: Iterator[CheckedTransaction], room: "_Room", taken: list[CheckedTransaction]
    ) -> bool:
        """Takes the line's next transaction that fits; false at its end."""
        for checked in line:
            if room.is_full:
                return False
            if room.take(checked):
                taken.append(checked)
                return True
        return False

    def _insert(self, checked: CheckedTransaction) -> None:
        sender = checked.transaction.sender
        line = self._lines.setdefault(sender, _Line())
        line.transactions[checked.id] = checked
        line.size += len(checked.raw)
        self._waiting[checked.id] = checked
        self._size += len(checked.raw)
        heappush(self._expiries, (checked.transaction.valid_until_ms, checked.id))
        self._weigh(sender, line.size)
        self._sweep()

    def _drop(self, checked: CheckedTransaction) -> None:
        sender = checked.transaction.sender
        line = self._lines[sender]
        del line.transactions[checked.id]
        del self._waiting[checked.id]
        line.size -= len(checked.raw)
        self._size -= len(checked.raw)
        if not line.transactions:
            del self._lines[sender]

    def _displace(self, size: int) -> bool:
        """Drops the newest transaction of the heaviest sender, if it weighs more than `size`."""
        line = self._find_heaviest()
        if line is None or line.size <= size:
            return False
        self._drop(next(reversed(line.transactions.values())))
        self.displaced += 1
        return True

    def _find_heaviest(self) -> _Line | None:
        """Weights in the heap are those of some time past, but never too small; the top one is put right."""
        while self._heaviest:
            weight, sender = self._heaviest[0]
            line = self._lines.get(sender)
            if line is not None and line.size == -weight == self._weights[sender]:
                return line
            heappop(self._heaviest)
            if self._weights.get(sender) == -weight:
                del self._weights[sender]
                if line is not None:
                    self._weigh(sender, line.size)
        return None

    def _weigh(self, sender: PublicKey, size: int) -> None:
        """Each sender has one weight that counts; others of it in the heap are leftovers."""
        if size > self._weights.get(sender, 0):
            self._weights[sender] = size
            heappush(self._heaviest, (-size, sender))

    def _sweep(self) -> None:
        """Rebuilds the heaps when most of their entries speak of what is gone."""
        if len(self._expiries) > 2 * len(self._waiting) + MEMPOOL_STALE_ENTRIES_MAX:
            self._expiries = [(one.transaction.valid_until_ms, one.id) for one in self._waiting.values()]
            heapify(self._expiries)
        if len(self._heaviest) > 2 * len(self._waiting) + MEMPOOL_STALE_ENTRIES_MAX:
            self._weights = {sender: line.size for sender, line in self._lines.items()}
            self._heaviest = [(-size, sender) for sender, size in self._weights.items()]
            heapify(self._heaviest)


class _Room:
    """What is left of a block while it is filled."""

    def __init__(self, parameters: Parameters, time_ms: int) -> None:
        self._parameters = parameters
        self._time_ms = time_ms
        self._count = parameters.block_transactions_max
        self._bytes = parameters.block_bytes_max
        self._gas = parameters.block_gas_max
        self._gas_by_sender: dict[PublicKey, int] = {}

    @property
    def is_full(self) -> bool:
        """Whether nothing more can fit, or hardly anything: the rest of a block is not worth a search of all lines."""
        least_gas, least_bytes = (
            self._parameters.block_gas_max // 1_000,
            self._parameters.block_bytes_max // 1_000,
        )
        return self._count == 0 or self._bytes < least_bytes or self._gas < least_gas

    def take(self, checked: CheckedTransaction) -> bool:
        """Takes the transaction if it fits and may stand in a block of this time."""
        transaction, parameters = checked.transaction, self._parameters
        gas = transaction.gas_limit
        left = self._gas_by_sender.get(transaction.sender, parameters.account_gas_max)
        fits = len(checked.raw) <= self._bytes and gas <= min(self._gas, left, parameters.transaction_gas_max)
        if not fits or not is_in_window(transaction.valid_until_ms, self._time_ms, parameters.window_ms):
            return False
        self._count -= 1
        self._bytes -= len(checked.raw)
        self._gas -= gas
        self._gas_by_sender[transaction.sender] = left - gas
        return True
