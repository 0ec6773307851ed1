"""What is built into the language: functions and constants, as tables. The reference is made from them.

A function whose parameters stand here by type is checked by the table alone. Those that work for several
types (`parameters` is None) are checked in `vm.language.calls`, and the table holds what the reference says
of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from vm.language.kinds import ADDR, BOOL, BYTES, STR, UINT, Kind

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

CONSTANTS: dict[str, int] = {
    "MILLISECOND": 1,
    "SECOND": SECOND,
    "MINUTE": MINUTE,
    "HOUR": HOUR,
    "DAY": DAY,
    "WEEK": 7 * DAY,
}

BASIS_POINTS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryFunction:
    """One built-in function: how it is written, what it gives, and what it refuses."""

    name: str
    signature: str
    text: str
    parameters: tuple[Kind, ...] | None = None
    result: Kind | None = None
    statement: bool = False


def _typed(name: str, parameters: Mapping[str, Kind], result: Kind, text: str) -> LibraryFunction:
    written = ", ".join(f"{parameter}: {kind}" for parameter, kind in parameters.items())
    signature = f"{name}({written}) -> {result}"
    kinds = tuple(parameters.values())
    return LibraryFunction(name=name, signature=signature, text=text, parameters=kinds, result=result)


def _special(name: str, signature: str, text: str, *, statement: bool = False) -> LibraryFunction:
    return LibraryFunction(name=name, signature=signature, text=text, statement=statement)


_SEALED = {"ciphertext": BYTES, "key": BYTES, "context": BYTES}
_SIGNED = {"public": BYTES, "message": BYTES, "signature": BYTES}

_TABLE = (
    # environment
    _typed("caller", {}, ADDR, "Who sent the transaction, or the contract that calls this one."),
    _typed("this_contract", {}, STR, "The id of this contract."),
    _typed("block_height", {}, UINT, "The height of the block that is being executed."),
    _typed(
        "block_time",
        {},
        UINT,
        "The block's time in milliseconds since 1970 UTC; in a view that a node is asked for, its clock.",
    ),
    _typed("chain_id", {}, STR, "The id of the chain."),
    # rules and events
    _special(
        "require",
        'require(condition, "clause …", values…)',
        "Refuses the whole transaction unless the condition holds. The text has a {} for each value.",
        statement=True,
    ),
    _special("fail", 'fail("clause …", values…)', "Refuses the whole transaction.", statement=True),
    _special("emit", "emit(Event(field=…))", "Announces an event.", statement=True),
    # numbers
    _special("uint", "uint(x)", "An int or an enum's member as uint. Traps below zero."),
    _special("int", "int(x)", "A uint or an enum's member as int."),
    _special("min", "min(a, b)", "The smaller of two numbers of one type."),
    _special("max", "max(a, b)", "The larger of two numbers of one type."),
    _special("abs", "abs(x: int) -> uint", "A number without its sign."),
    _typed(
        "basis_points",
        {"amount": UINT, "bps": UINT},
        UINT,
        "amount * bps / 10 000, rounded half up: the one rounding for shares.",
    ),
    _special(
        "scaled",
        'scaled("12.500", 3)',
        "A quantity with decimals as a whole number: 12500. Both are constants; no decimal is cut.",
    ),
    _special(
        "times_scaled",
        "times_scaled(price: uint, quantity: uint, 3) -> uint",
        "price * quantity / 1000, rounded half up; the number of decimals is a constant.",
    ),
    # bytes and texts
    _special("len", "len(x) -> uint", "Items of a list, bytes of bytes, bytes in UTF-8 of a text."),
    _special(
        "to_bytes",
        "to_bytes(x: uint | addr | str) -> bytes",
        "A uint as 32 bytes, big-endian; a text in UTF-8.",
    ),
    _typed("to_uint", {"data": BYTES}, UINT, "Up to 32 bytes, big-endian, as a number. Traps beyond uint."),
    _special(
        "addr",
        "addr(data: bytes) -> addr",
        "20 bytes as an address. Traps at any other length; a constant stays one, and is measured by the compiler.",
    ),
    _special(
        "contract_address",
        'contract_address("agreement") -> addr',
        "What caller() is in a method that this other contract calls. Its id is a constant.",
    ),
    _typed("sha256", {"data": BYTES}, BYTES, "SHA-256."),
    _typed("address_of", {"public": BYTES}, ADDR, "The address of a public key: 20 bytes of its SHA-256."),
    _typed(
        "verify_signature", _SIGNED, BOOL, "Whether an Ed25519 signature is right; false for malformed input."
    ),
    _typed("envelope_opens", _SEALED, BOOL, "Whether a sealed envelope opens with this key in this context."),
    _typed("envelope_open", _SEALED, BYTES, "What a sealed envelope holds. Traps where it does not open."),
    # records and lists
    _special("replace", "replace(record, field=value…)", "A record like another but for the named fields."),
    _special(
        "sort_by",
        "sort_by(list, Record.field, descending(Record.field)…)",
        "A list of records in order of fields, the first the most important. What is equal keeps its order.",
    ),
    _special("descending", "descending(Record.field)", "Inside sort_by: from large to small."),
)

FUNCTIONS: dict[str, LibraryFunction] = {found.name: found for found in _TABLE}

TYPE_NAMES = frozenset({"uint", "int", "bool", "bytes", "str", "addr", "List", "Map", "Var"})
CLASS_NAMES = frozenset({"Record", "Enum", "Event", "Interface"})
DECORATORS = frozenset({"call", "view", "genesis"})
RESERVED = frozenset(
    {*FUNCTIONS, *CONSTANTS, *TYPE_NAMES, *CLASS_NAMES, *DECORATORS, "range", "True", "False", "None"}
)
