"""What a running contract reaches outside of itself: gas, storage, the block it stands in, events, other contracts.

One `Run` is one transaction (or one view). Nothing here raises for what a contract does but `Stop`; the functions are total.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from chain.codec import Value, decode, encode
from chain.hashing import sha256
from chain.keys import ADDRESS_BYTES, Address
from chain.limits import (
    ANSWER_BYTES_MAX,
    EVENT_BYTES_MAX,
    EVENTS_PER_TRANSACTION_MAX,
    ROWS_AT_ONCE,
    STATE_VALUE_BYTES_MAX,
    WRITES_PER_TRANSACTION_MAX,
)
from chain.result import Event
from vm.abi import runtime_from, value_from
from vm.keys import decode_parts, encode_parts, end_of_prefix, storage_prefix
from vm.module import EventType, StorageType
from vm.overlay import Overlay
from vm.sizes import cost_of_parts, cost_of_read, cost_of_removed, cost_of_rows, cost_of_write
from vm.traps import out_of_gas, trapped
from vm.types import RecordType, RuntimeValue, Type, zero_value


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockEnvironment:
    """The block that a transaction stands in; views see the head's."""

    chain_id: str
    height: int
    time_ms: int


class Gas:
    """The gas left to a transaction."""

    __slots__ = ("left", "limit")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.left = limit

    def charge(self, amount: int) -> None:
        """Takes gas before the work is done; raises `Stop` and takes all that is left when it does not suffice."""
        if amount > self.left:
            self.left = 0
            raise out_of_gas()
        self.left -= amount

    @property
    def used(self) -> int:
        """What has been charged."""
        return self.limit - self.left


@dataclass(slots=True, kw_only=True)
class Run:
    """One transaction under way. `answer_bytes_max` bounds what each of its calls gives back."""

    environment: BlockEnvironment
    gas: Gas
    state: Overlay
    events: list[Event] = field(default_factory=list)
    depth: int = 0
    active: list[str] = field(default_factory=list)
    answer_bytes_max: int = ANSWER_BYTES_MAX


def contract_address(contract: str) -> Address:
    """What `caller()` is for a method that another contract calls."""
    return Address(sha256(b"terang:contract\x00" + contract.encode())[:ADDRESS_BYTES])


def charge_parts(gas: Gas, value: Value, bytes_max: int) -> int:
    """Charges for each part of a value before it is encoded or taken apart, and gives the bytes it has at least.

    Values share their parts in memory, so that a few registers can hold what no disk would: the count ends soon after
    `bytes_max`.
    """
    size = 0
    waiting: list[Value] = [value]
    while waiting and size <= bytes_max:
        part = waiting.pop()
        if isinstance(part, tuple):
            gas.charge(cost_of_parts(len(part)))
            size += len(part)
            waiting += part
        elif isinstance(part, bytes | str):
            size += len(part)
    return size


def encode_paid(gas: Gas, kind: Type, value: RuntimeValue, bytes_max: int, what: str) -> tuple[Value, bytes]:
    """A value as it leaves the machine, and its bytes; paid, and trapped beyond `bytes_max`."""
    _check_bytes(charge_parts(gas, value, bytes_max), bytes_max, what)
    made = value_from(kind, value)
    data = encode(made)
    gas.charge(cost_of_write(len(data)))
    _check_bytes(len(data), bytes_max, what)
    return made, data


def _check_bytes(size: int, bytes_max: int, what: str) -> None:
    if size > bytes_max:
        raise trapped("{} has at most {} bytes, got {} or more", what, bytes_max, size)


class ContractStorage:
    """The Vars and Maps of one contract in one run."""

    def __init__(self, run: Run, contract: str, storage: Sequence[StorageType]) -> None:
        self._run = run
        self._contract = contract
        self._storage = storage
        self._zeros: dict[int, RuntimeValue] = {}

    def _key(self, number: int, parts: Sequence[RuntimeValue]) -> bytes:
        return storage_prefix(self._contract, number) + encode_parts(self._storage[number].keys, parts)

    def get(self, number: int, parts: Sequence[RuntimeValue]) -> RuntimeValue | None:
        """An entry, or None."""
        data = self._run.state.get(self._key(number, parts))
        return None if data is None else self._decode(number, data)

    def get_var(self, number: int) -> RuntimeValue:
        """A Var's value; its type's zero if it was never set."""
        value = self.get(number, ())
        if value is not None:
            return value
        if number not in self._zeros:
            self._zeros[number] = zero_value(self._storage[number].value)
        return self._zeros[number]

    def has(self, number: int, parts: Sequence[RuntimeValue]) -> bool:
        """Whether there is an entry."""
        return self._run.state.get(self._key(number, parts)) is not None

    def set(self, number: int, parts: Sequence[RuntimeValue], value: RuntimeValue) -> None:
        """Writes a Var or an entry."""
        kind = self._storage[number]
        gas, what = self._run.gas, f"a value of {kind.name}"
        _, data = encode_paid(gas, kind.value, value, STATE_VALUE_BYTES_MAX, what)
        self._write(self._key(number, parts), data)

    def delete(self, number: int, parts: Sequence[RuntimeValue]) -> None:
        """Removes an entry if there is one."""
        self._write(self._key(number, parts), None)

    def rows(self, number: int, prefix: Sequence[RuntimeValue], limit: int) -> list[list[RuntimeValue]]:
        """The entries under a prefix of the key as they are now: remaining key parts, then the value. Traps beyond `limit`.

        A few are fetched at a time, and no more than can be paid, so that gas bounds what is held in memory.
        """
        kind, state, gas = self._storage[number], self._run.state, self._run.gas
        prefix_key = self._key(number, prefix)
        start, end = prefix_key, end_of_prefix(prefix_key)
        remaining = kind.keys[len(prefix) :]
        gas.charge(cost_of_rows(1) + cost_of_removed(state.count_removed(start, end)))
        rows: list[list[RuntimeValue]] = []
        while True:
            wanted = min(limit - len(rows), gas.left // cost_of_rows(1), ROWS_AT_ONCE - 1) + 1
            found = state.iterate(start, end, wanted)
            if len(rows) + len(found) > limit:
                raise trapped(
                    "a range over {} visits at most {} entries, and there are more", kind.name, limit
                )
            gas.charge(cost_of_rows(len(found)))
            for key, data in found:
                parts = decode_parts(remaining, key[len(prefix_key) :])
                rows.append([*parts, self._decode(number, data)])
            if len(found) < wanted:
                return rows
            start = found[-1][0] + b"\x00"

    def _decode(self, number: int, data: bytes) -> RuntimeValue:
        gas, kind = self._run.gas, self._storage[number]
        gas.charge(cost_of_read(len(data)))
        value = decode(data, bytes_max=STATE_VALUE_BYTES_MAX)
        charge_parts(gas, value, STATE_VALUE_BYTES_MAX)
        return runtime_from(kind.value, value, kind.name)

    def _write(self, key: bytes, data: bytes | None) -> None:
        state = self._run.state
        state.set(key, data)
        if len(state) > WRITES_PER_TRANSACTION_MAX:
            raise trapped("a transaction writes at most {} entries", WRITES_PER_TRANSACTION_MAX)


def emit(run: Run, contract: str, kind: EventType, values: Sequence[RuntimeValue]) -> None:
    """Announces an event; it counts only if the transaction does."""
    if len(run.events) >= EVENTS_PER_TRANSACTION_MAX:
        raise trapped("a transaction announces at most {} events", EVENTS_PER_TRANSACTION_MAX)
    whole = RecordType(name=kind.name, fields=kind.fields)
    made, _ = encode_paid(run.gas, whole, tuple(values), EVENT_BYTES_MAX, f"an event {kind.name}")
    assert isinstance(made, tuple), "a record leaves the machine as an array"
    fields = tuple((named.name, value) for named, value in zip(kind.fields, made, strict=True))
    run.events.append(Event(contract=contract, name=kind.name, fields=fields))
