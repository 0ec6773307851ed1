"""What a running contract reaches outside of itself: gas, storage, the block it stands in, events, other contracts.

One `Run` is one transaction (or one view). Nothing here raises for what a contract does but `Stop`; the functions are total.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from chain.codec import decode, encode
from chain.hashing import sha256
from chain.keys import ADDRESS_BYTES, Address
from chain.limits import (
    EVENT_BYTES_MAX,
    EVENTS_PER_TRANSACTION_MAX,
    STATE_VALUE_BYTES_MAX,
    WRITES_PER_TRANSACTION_MAX,
)
from chain.result import Event
from vm.abi import runtime_from, value_from
from vm.keys import decode_parts, encode_parts, end_of_prefix, storage_prefix
from vm.module import EventType, StorageType
from vm.overlay import Overlay
from vm.sizes import cost_of_read, cost_of_rows, cost_of_write
from vm.traps import out_of_gas, trapped
from vm.types import RuntimeValue, zero_value


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
    """One transaction under way."""

    environment: BlockEnvironment
    gas: Gas
    state: Overlay
    events: list[Event] = field(default_factory=list)
    depth: int = 0
    active: list[str] = field(default_factory=list)


def contract_address(contract: str) -> Address:
    """What `caller()` is for a method that another contract calls."""
    return Address(sha256(b"terang:contract\x00" + contract.encode())[:ADDRESS_BYTES])


class ContractStorage:
    """The Vars and Maps of one contract in one run."""

    def __init__(self, run: Run, contract: str, storage: Sequence[StorageType]) -> None:
        self._run = run
        self._storage = storage
        self._prefixes = [storage_prefix(contract, number) for number in range(len(storage))]

    def _key(self, number: int, parts: Sequence[RuntimeValue]) -> bytes:
        return self._prefixes[number] + encode_parts(self._storage[number].keys, parts)

    def get(self, number: int, parts: Sequence[RuntimeValue]) -> RuntimeValue | None:
        """An entry, or None."""
        data = self._run.state.get(self._key(number, parts))
        return None if data is None else self._decode(number, data)

    def get_var(self, number: int) -> RuntimeValue:
        """A Var's value; its type's zero if it was never set."""
        value = self.get(number, ())
        return zero_value(self._storage[number].value) if value is None else value

    def has(self, number: int, parts: Sequence[RuntimeValue]) -> bool:
        """Whether there is an entry."""
        return self._run.state.get(self._key(number, parts)) is not None

    def set(self, number: int, parts: Sequence[RuntimeValue], value: RuntimeValue) -> None:
        """Writes a Var or an entry."""
        kind = self._storage[number]
        data = encode(value_from(kind.value, value))
        if len(data) > STATE_VALUE_BYTES_MAX:
            raise trapped(
                "a value of {} has at most {} bytes, got {}", kind.name, STATE_VALUE_BYTES_MAX, len(data)
            )
        self._run.gas.charge(cost_of_write(len(data)))
        self._write(self._key(number, parts), data)

    def delete(self, number: int, parts: Sequence[RuntimeValue]) -> None:
        """Removes an entry if there is one."""
        self._write(self._key(number, parts), None)

    def rows(self, number: int, prefix: Sequence[RuntimeValue], limit: int) -> list[list[RuntimeValue]]:
        """The entries under a prefix of the key as they are now: remaining key parts, then the value. Traps beyond `limit`.

        No more rows are looked for than can be paid; one more than that is out of gas.
        """
        kind = self._storage[number]
        start = self._key(number, prefix)
        gas = self._run.gas
        gas.charge(cost_of_rows(1))
        wanted = min(limit, gas.left // cost_of_rows(1)) + 1
        found = self._run.state.iterate(start, end_of_prefix(start), wanted)
        if len(found) > limit:
            raise trapped("a range over {} visits at most {} entries, and there are more", kind.name, limit)
        gas.charge(cost_of_rows(len(found)))
        remaining = kind.keys[len(prefix) :]
        return [
            [*decode_parts(remaining, key[len(start) :]), self._decode(number, data)] for key, data in found
        ]

    def _decode(self, number: int, data: bytes) -> RuntimeValue:
        self._run.gas.charge(cost_of_read(len(data)))
        kind = self._storage[number]
        return runtime_from(kind.value, decode(data, bytes_max=STATE_VALUE_BYTES_MAX), kind.name)

    def _write(self, key: bytes, data: bytes | None) -> None:
        state = self._run.state
        state.set(key, data)
        if len(state) > WRITES_PER_TRANSACTION_MAX:
            raise trapped("a transaction writes at most {} entries", WRITES_PER_TRANSACTION_MAX)


def emit(run: Run, contract: str, kind: EventType, values: Sequence[RuntimeValue]) -> None:
    """Announces an event; it counts only if the transaction does."""
    fields = tuple(
        (named.name, value_from(named.kind, value)) for named, value in zip(kind.fields, values, strict=True)
    )
    size = len(encode(tuple(value for _, value in fields)))
    run.gas.charge(cost_of_write(size))
    if size > EVENT_BYTES_MAX:
        raise trapped("an event has at most {} bytes, got {}", EVENT_BYTES_MAX, size)
    if len(run.events) >= EVENTS_PER_TRANSACTION_MAX:
        raise trapped("a transaction announces at most {} events", EVENTS_PER_TRANSACTION_MAX)
    run.events.append(Event(contract=contract, name=kind.name, fields=fields))
