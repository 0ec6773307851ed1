"""The whole way: source → checked tree → module. The same source and name give the same bytes, always."""

from dataclasses import dataclass

from chain.hashing import Digest, compute_source_hash
from vm.language.actions import Contract
from vm.language.bounds import check_function, check_module
from vm.language.check import check_contract
from vm.language.diagnostics import CompileError, Diagnostic, Diagnostics, Span
from vm.language.lowering import lower_function
from vm.language.tables import Tables
from vm.language.tree import Storage
from vm.module import EventType, Module, StorageType
from vm.module_codec import code_hash, encode_module
from vm.verify import verify_module


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledContract:
    """A module with its bytes. The line table is part of the module, one tuple a function."""

    module: Module
    code: bytes
    code_hash: Digest
    source_hash: Digest

    @property
    def line_table(self) -> tuple[tuple[int, ...], ...]:
        """The source line of each instruction of each function."""
        return tuple(function.lines for function in self.module.functions)


def compile_contract(source: str, name: str) -> CompiledContract:
    """The module of a contract's source.

    Raises:
        CompileError: with every mistake that was found.
    """
    diagnostics = Diagnostics()
    compiled = _compile(source, name, diagnostics)
    if compiled is None:
        raise CompileError(name, source, diagnostics.sorted())
    return compiled


def check_source(source: str) -> list[Diagnostic]:
    """Every mistake of a contract's source, in its order. An empty list: it compiles."""
    diagnostics = Diagnostics()
    _compile(source, "contract", diagnostics)
    return diagnostics.sorted()


def _compile(source: str, name: str, diagnostics: Diagnostics) -> CompiledContract | None:
    try:
        return _compile_all(source, name, diagnostics)
    except RecursionError:  # rows of conditions inside each other: the tree is deeper than the source
        place = Span(line=1, column=0, end_column=1)
        diagnostics.add(place, "limit", "the source is nested too deeply to be compiled", "name the parts")
        return None


def _compile_all(source: str, name: str, diagnostics: Diagnostics) -> CompiledContract | None:
    contract = check_contract(source, name, diagnostics)
    if contract is None:
        return None
    module = _lower(contract, compute_source_hash(source), diagnostics)
    code = encode_module(module)
    check_module(module, len(code), diagnostics)
    if diagnostics:
        return None
    verify_module(module)  # raises where the compiler itself is wrong: such a module never leaves it
    return CompiledContract(
        module=module, code=code, code_hash=code_hash(code), source_hash=module.source_hash
    )


def _storage_type(storage: Storage) -> StorageType:
    return StorageType(name=storage.name, keys=storage.keys, value=storage.value)


def _lower(contract: Contract, source_hash: Digest, diagnostics: Diagnostics) -> Module:
    tables = Tables(contract=contract)
    functions = tuple(lower_function(function, tables) for function in contract.functions)
    for function, code in zip(contract.functions, functions, strict=True):
        check_function(function, code, diagnostics)
    return Module(
        name=contract.name,
        source_hash=source_hash,
        enums=contract.enums,
        records=contract.records,
        constants=tables.constant_values(),
        messages=tuple(tables.messages),
        events=tuple(EventType(name=event.name, fields=event.fields) for event in contract.events),
        storage=tuple(_storage_type(storage) for storage in contract.storage),
        externals=tuple(tables.externals),
        functions=functions,
    )
