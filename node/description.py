"""What a module takes and gives, by name, for clients that know neither the machine nor its modules."""

from chain.hashing import Digest
from rpc.values import ContractDescription, EnumInfo, FieldInfo, FieldsInfo, MethodInfo
from vm.module import Module, Role
from vm.types import Field


def describe_module(contract: str, code_hash: Digest, module: Module) -> ContractDescription:
    """Everything that can be called, asked or heard of a deployed module."""
    return ContractDescription(
        id=contract,
        code_hash=code_hash,
        source_hash=module.source_hash,
        enums=tuple(EnumInfo(name=one.name, members=one.members) for one in module.enums),
        records=tuple(FieldsInfo(name=one.name, fields=_fields(one.fields)) for one in module.records),
        events=tuple(FieldsInfo(name=one.name, fields=_fields(one.fields)) for one in module.events),
        methods=tuple(
            MethodInfo(
                name=one.name,
                is_view=one.role is Role.VIEW,
                parameters=_fields(one.parameters),
                result="" if one.result is None else str(one.result),
            )
            for one in module.functions
            if one.role in (Role.CALL, Role.VIEW)
        ),
    )


def _fields(fields: tuple[Field, ...]) -> tuple[FieldInfo, ...]:
    return tuple(FieldInfo(name=field.name, type=str(field.kind)) for field in fields)
