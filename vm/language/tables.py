"""The tables of a module while it is being written: what is used gets a number at its first use."""

from dataclasses import dataclass, field

from vm.language.actions import Contract
from vm.language.kinds import machine_type
from vm.language.tree import EventKind, Role, Signature
from vm.module import ConstantValue, External
from vm.module import Role as ModuleRole
from vm.types import Type


@dataclass(slots=True, kw_only=True)
class Tables:
    """Numbers of constants, messages and external methods by first use; of functions and events by place."""

    contract: Contract
    constants: dict[tuple[Type, str, bool | int | bytes | str], int] = field(default_factory=dict)
    messages: dict[str, int] = field(default_factory=dict)
    externals: dict[External, int] = field(default_factory=dict)

    def constant(self, kind: Type, value: bool | int | bytes | str) -> int:
        """A constant's number. True and 1 are different constants."""
        return self.constants.setdefault((kind, type(value).__name__, value), len(self.constants))

    def message(self, clause: str) -> int:
        """A clause's number."""
        return self.messages.setdefault(clause, len(self.messages))

    def external(self, contract: str, method: Signature) -> int:
        """The number of another contract's method."""
        found = External(
            contract=contract,
            method=method.name,
            role=role_of(method.role),
            parameters=tuple(field.kind for field in method.parameters),
            result=result_of(method),
        )
        return self.externals.setdefault(found, len(self.externals))

    def function(self, name: str) -> int:
        """A function's number."""
        return next(i for i, found in enumerate(self.contract.functions) if found.signature.name == name)

    def event(self, event: EventKind) -> int:
        """An event's number."""
        return self.contract.events.index(event)

    def constant_values(self) -> tuple[ConstantValue, ...]:
        """All constants in the order of their numbers."""
        return tuple(ConstantValue(kind=kind, value=value) for kind, _, value in self.constants)


def role_of(role: Role) -> ModuleRole:
    """A role as modules number it."""
    return ModuleRole[role.name]


def result_of(signature: Signature) -> Type | None:
    """A function's result, None for none."""
    return None if signature.gives_nothing else machine_type(signature.result)
