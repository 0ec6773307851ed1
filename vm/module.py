"""What a contract is on the ledger: types, storage, functions with their instructions, and the lines they
come from.

A module's code hash is what governance decides on. It is bound to its source by the source's hash, and
carries the line of each instruction, so that a trap names the line on every node, whether the source is
there or not. Here stands the shape; how it becomes bytes is in `vm.module_codec`, and that the code is
sound is shown by `vm.verify`, never assumed.
"""

from dataclasses import dataclass
from enum import IntEnum

from chain.hashing import Digest
from vm.opcodes import Instruction
from vm.types import EnumType, Field, RecordType, Type

MODULE_VERSION = 1


class Role(IntEnum):
    """How a function is reached. The number is its code in a module."""

    INTERNAL = 0
    CALL = 1
    VIEW = 2
    GENESIS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ConstantValue:
    """A typed constant."""

    kind: Type
    value: bool | int | bytes | str


@dataclass(frozen=True, slots=True, kw_only=True)
class EventType:
    """An event that the module may emit."""

    name: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageType:
    """A Map, or a Var where there are no keys. Its number is its place in the module."""

    name: str
    keys: tuple[Type, ...]
    value: Type


@dataclass(frozen=True, slots=True, kw_only=True)
class External:
    """A method of another contract, as this module expects it. `role` is CALL or VIEW."""

    contract: str
    method: str
    role: Role
    parameters: tuple[Type, ...]
    result: Type | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionCode:
    """One function. Its first registers are the parameters. `lines`: each instruction's source line."""

    name: str
    role: Role
    parameters: tuple[Field, ...]
    result: Type | None
    registers: tuple[Type, ...]
    code: tuple[Instruction, ...]
    lines: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """A compiled contract. Numbers in its code are places in these tables."""

    name: str
    source_hash: Digest
    enums: tuple[EnumType, ...]
    records: tuple[RecordType, ...]
    constants: tuple[ConstantValue, ...]
    messages: tuple[str, ...]
    events: tuple[EventType, ...]
    storage: tuple[StorageType, ...]
    externals: tuple[External, ...]
    functions: tuple[FunctionCode, ...]

    def function(self, name: str) -> FunctionCode | None:
        """A function by name, or None."""
        return next((found for found in self.functions if found.name == name), None)
