"""Lowering of statements and functions into instructions.

What an assignment needs is computed before the place that it changes is read, and the place is found once:
in `m[k].n += f()` the entry is read after `f` has run, so that nothing that `f` wrote is lost.
"""

from dataclasses import dataclass
from typing import assert_never

from vm.language import actions, tree
from vm.language.emitter import Emitter, Register
from vm.language.kinds import UINT, Kind, ListType, machine_type
from vm.language.tables import Tables, result_of, role_of
from vm.language.values import Values
from vm.module import FunctionCode
from vm.opcodes import Op

Steps = tuple[actions.FieldStep | actions.ItemStep, ...]


def lower_function(function: actions.Function, tables: Tables) -> FunctionCode:
    """A function's code. The registers of its parameters come first, then those of its variables."""
    out = Emitter()
    variables = {found.name: out.new_register(machine_type(found.kind)) for found in function.variables}
    body = _Body(out=out, values=Values(out, tables, variables), tables=tables)
    body.statements(function.body)
    if not is_ended(function.body):
        out.emit(Op.RETURN)
    return FunctionCode(
        name=function.signature.name,
        role=role_of(function.signature.role),
        parameters=function.signature.parameters,
        result=result_of(function.signature),
        registers=tuple(out.registers),
        code=tuple(out.code),
        lines=tuple(out.lines),
    )


def is_ended(body: tuple[actions.Statement, ...]) -> bool:
    """Whether nothing can be reached behind these statements."""
    match body[-1] if body else None:
        case actions.Return() | actions.Break() | actions.Continue() | actions.Require(condition=None):
            return True
        case actions.If(then=then, otherwise=otherwise):
            return is_ended(then) and is_ended(otherwise)
    return False


@dataclass(slots=True, kw_only=True)
class _Body:
    out: Emitter
    values: Values
    tables: Tables

    def statements(self, body: tuple[actions.Statement, ...]) -> None:
        for statement in body:
            with self.out.statement(statement.span.line):
                self._statement(statement)

    def _statement(self, statement: actions.Statement) -> None:
        out, values = self.out, self.values
        match statement:
            case actions.Assign() | actions.Change() | actions.Append():
                self._update(statement)
            case actions.DeleteEntry(storage=storage, keys=keys):
                out.emit(Op.MAP_DELETE, storage.number, *values.values(keys))
            case actions.If():
                self._if(statement)
            case actions.ForItems() | actions.ForNumbers() | actions.ForRows():
                self._loop(statement)
            case actions.Break():
                out.emit(Op.BREAK)
            case actions.Continue():
                out.emit(Op.CONTINUE)
            case actions.Return(value=None):
                out.emit(Op.RETURN)
            case actions.Return(value=value):
                assert value is not None
                out.emit(Op.RETURN_VALUE, values.value(value))
            case actions.Do(call=call):
                values.call(call, None)
            case actions.Require():
                self._require(statement)
            case actions.Emit(event=event, values=fields):
                out.emit(Op.EMIT, self.tables.event(event), *values.values(fields))
            case _:
                assert_never(statement)

    def _if(self, statement: actions.If) -> None:
        self.out.emit(Op.IF, self.values.value(statement.condition))
        self.statements(statement.then)
        if statement.otherwise:
            self.out.emit(Op.ELSE)
            self.statements(statement.otherwise)
        self.out.emit(Op.END)

    def _require(self, statement: actions.Require) -> None:
        """Values that cost nothing stand in REQUIRE; others are computed only where the condition fails."""
        message = self.tables.message(statement.clause)
        if statement.condition is None:
            self.out.emit(Op.FAIL, message, *self.values.values(statement.values))
            return
        condition = self.values.value(statement.condition)
        if all(isinstance(value, tree.Local) for value in statement.values):
            self.out.emit(Op.REQUIRE, condition, message, *self.values.values(statement.values))
            return
        self.out.emit(Op.IF, condition)
        self.out.emit(Op.ELSE)
        self.out.emit(Op.FAIL, message, *self.values.values(statement.values))
        self.out.emit(Op.END)

    # --- Places ---------------------------------------------------------------------------------------------

    def _update(self, statement: actions.Assign | actions.Change | actions.Append) -> None:
        root, steps = statement.place.root, statement.place.steps
        if isinstance(statement, actions.Assign) and isinstance(root, actions.Variable) and not steps:
            self.values.into(statement.value, self.values.variables[root.name])
            return
        maker = _Maker(values=self.values, statement=statement, value=self.values.value(statement.value))
        match root:
            case actions.Variable(name=name):
                self._put(self.values.variables[name], steps, maker)
            case actions.Entry(storage=storage, keys=keys):
                self._store(storage, self.values.values(keys), steps, maker)

    def _store(self, storage: tree.Storage, keys: list[Register], steps: Steps, maker: "_Maker") -> None:
        value = maker.value
        if steps or maker.reads:
            value = self.values.temporary(storage.value)
            self.out.emit(Op.MAP_GET if keys else Op.VAR_GET, value, storage.number, *keys)
            self._put(value, steps, maker)
        self.out.emit(Op.MAP_SET if keys else Op.VAR_SET, storage.number, value, *keys)

    def _put(self, held: Register, steps: Steps, maker: "_Maker") -> None:
        """Changes the part of a value that the steps lead to; `held` is the register that keeps the whole."""
        if not steps:
            maker.change(held)
            return
        step, rest = steps[0], steps[1:]
        index = self.values.value(step.index) if isinstance(step, actions.ItemStep) else step.position
        part = maker.value
        if rest or maker.reads:
            part = self.values.temporary(step.kind)
            self.out.emit(Op.ITEM if isinstance(step, actions.ItemStep) else Op.GET_FIELD, part, held, index)
            self._put(part, rest, maker)
        setter = Op.SET_ITEM if isinstance(step, actions.ItemStep) else Op.SET_FIELD
        self.out.emit(setter, held, held, index, part)

    # --- Loops ----------------------------------------------------------------------------------------------

    def _loop(self, loop: actions.ForItems | actions.ForNumbers | actions.ForRows) -> None:
        match loop:
            case actions.ForItems():
                self._for_items(loop)
            case actions.ForNumbers(start=start, end=end, bound=bound):
                first, last = self.values.value(start), self.values.value(end)
                self.out.emit(Op.FOR, self._register(loop.variable, start.kind), first, last, bound)
            case actions.ForRows(storage=storage, prefix=prefix, bound=bound):
                keys = self.values.values(prefix)
                kinds = [*storage.keys[len(prefix) :], storage.value]
                pairs = zip(loop.variables, kinds, strict=True)
                targets = [self._register(variable, kind) for variable, kind in pairs]
                self.out.emit(Op.FOR_ROWS, storage.number, bound, len(keys), *keys, *targets)
        self.statements(loop.body)
        self.out.emit(Op.END)

    def _for_items(self, loop: actions.ForItems) -> None:
        kind = loop.items.kind
        assert isinstance(kind, ListType)
        items = self.values.temporary(kind)
        self.values.into(loop.items, items)
        length, index = self.values.temporary(UINT), self.values.temporary(UINT)
        start = self.values.constant(UINT, 0)
        self.out.emit(Op.LEN, length, items)
        self.out.emit(Op.FOR, index, start, length, kind.bound)
        if loop.variable is not None:
            self.out.emit(Op.ITEM, self._register(loop.variable, kind.item), items, index)

    def _register(self, variable: actions.Variable | None, kind: Kind) -> Register:
        return self.values.temporary(kind) if variable is None else self.values.variables[variable.name]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Maker:
    """The last step of a change: `=`, `op=` or append on the register that holds the place's value."""

    values: Values
    statement: actions.Assign | actions.Change | actions.Append
    value: Register

    @property
    def reads(self) -> bool:
        """Whether the old value is needed."""
        return not isinstance(self.statement, actions.Assign)

    def change(self, held: Register) -> None:
        match self.statement:
            case actions.Assign():
                raise AssertionError("a plain assignment has a step to set, or a variable of its own")
            case actions.Change(operator=operator):
                self.values.arithmetic(operator, held, held, self.value)
            case actions.Append():
                self.values.out.emit(Op.APPEND, held, held, self.value)
