"""What became of a transaction: accepted with events, or refused with the contract's own words.

The root over results covers what consensus agrees on. A clause's message is kept as template and values and put
together by `render`, outside of what is hashed, so that wording never depends on a formatting rule of Python's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from chain.codec import Value, as_array, as_text, as_uint, decode, encode
from chain.errors import Malformed
from chain.hashing import Digest
from chain.limits import (
    EVENTS_PER_TRANSACTION_MAX,
    FIELDS_MAX,
    GAS_LIMIT_MAX,
    MESSAGE_BYTES_MAX,
    NAME_BYTES_MAX,
    RESULT_BYTES_MAX,
    TRAP_VALUES_MAX,
)
from chain.merkle import compute_merkle_root


class ResultCode(IntEnum):
    """Outcome of a committed transaction. Everything but OK left no trace in the state."""

    OK = 0
    REFUSED = 1  # a `require` of the contract
    TRAPPED = 2  # arithmetic, bounds, an absent entry, depth
    OUT_OF_GAS = 3
    NO_SUCH_METHOD = 4
    BAD_ARGUMENTS = 5
    NOT_ADMITTED = 6  # a sender without a role may only register


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something a contract announced: `fields` in the order of its declaration."""

    contract: str
    name: str
    fields: tuple[tuple[str, Value], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trap:
    """Where and why a call stopped: message template with `{}` for each value, and the source line (0 if unknown)."""

    contract: str
    function: str
    message: str
    values: tuple[Value, ...]
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionResult:
    """Result of one transaction; `data` holds each call's returned value."""

    code: ResultCode
    gas_wanted: int
    gas_used: int
    data: tuple[Value, ...] = ()
    events: tuple[Event, ...] = ()
    trap: Trap | None = None

    @property
    def is_ok(self) -> bool:
        """Whether the transaction took effect."""
        return self.code is ResultCode.OK


def render_value(value: Value) -> str:
    """A value as people read it: bytes in upper-case hexadecimal, 32-byte numbers stay bytes."""
    if isinstance(value, bytes):
        return value.hex().upper()
    if isinstance(value, tuple):
        return "[" + ", ".join(render_value(item) for item in value) + "]"
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def find_refusal(result: TransactionResult) -> str:
    """The contract's words with their values, or the outcome's name; empty where the transaction took effect."""
    if result.is_ok:
        return ""
    return result.code.name.lower() if result.trap is None else render(result.trap)


def render(trap: Trap) -> str:
    """The message with its values put in."""
    first, *rest = trap.message.split("{}")
    values = [render_value(value) for value in trap.values] + [""] * len(rest)
    return first + "".join(value + piece for value, piece in zip(values, rest, strict=False))


def result_value(result: TransactionResult) -> Value:
    """The positional form: everything that consensus agrees on."""
    events = tuple((event.contract, event.name, event.fields) for event in result.events)
    trap = result.trap
    trap_value = (
        None if trap is None else (trap.contract, trap.function, trap.message, trap.values, trap.line)
    )
    return (int(result.code), result.gas_wanted, result.gas_used, result.data, events, trap_value)


def result_from(value: Value) -> TransactionResult:
    """A result of a decoded array; raises `Malformed`."""
    code, gas_wanted, gas_used, data, events, trap = as_array(value, "result", 6)
    number = as_uint(code, "result code")
    if number > max(ResultCode):
        raise Malformed(f"result code: expected 0 to {max(ResultCode)}, got {number}")
    return TransactionResult(
        code=ResultCode(number),
        gas_wanted=as_uint(gas_wanted, "gas wanted", GAS_LIMIT_MAX),
        gas_used=as_uint(gas_used, "gas used", GAS_LIMIT_MAX),
        data=as_array(data, "result data"),
        events=tuple(
            _event_from(event) for event in as_array(events, "events", length_max=EVENTS_PER_TRANSACTION_MAX)
        ),
        trap=None if trap is None else _trap_from(trap),
    )


def _event_from(value: Value) -> Event:
    contract, name, fields = as_array(value, "event", 3)
    pairs = [
        as_array(pair, "event field", 2) for pair in as_array(fields, "event fields", length_max=FIELDS_MAX)
    ]
    return Event(
        contract=as_text(contract, "event contract", length_max=NAME_BYTES_MAX),
        name=as_text(name, "event name", length_max=NAME_BYTES_MAX),
        fields=tuple((as_text(key, "event field", length_max=NAME_BYTES_MAX), item) for key, item in pairs),
    )


def _trap_from(value: Value) -> Trap:
    contract, function, message, values, line = as_array(value, "trap", 5)
    return Trap(
        contract=as_text(contract, "trap contract", length_max=NAME_BYTES_MAX),
        function=as_text(function, "trap function", length_max=NAME_BYTES_MAX),
        message=as_text(message, "trap message", length_max=MESSAGE_BYTES_MAX),
        values=as_array(values, "trap values", length_max=TRAP_VALUES_MAX),
        line=as_uint(line, "trap line"),
    )


def encode_result(result: TransactionResult) -> bytes:
    """Canonical bytes."""
    return encode(result_value(result))


def decode_result(data: bytes) -> TransactionResult:
    """Inverse of `encode_result`; raises `Malformed`."""
    return result_from(decode(data, bytes_max=RESULT_BYTES_MAX))


def compute_results_root(encoded: Sequence[bytes]) -> Digest:
    """What the next header says of a block's results, each by `encode_result`."""
    return compute_merkle_root(encoded)
