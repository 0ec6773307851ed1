"""Why a module may run: shown here, before it is stored, and never believed.

After this every register holds a value of its type when it is read, every number points at something, every
way through a function ends with a result of its type, every loop has a bound, views and what they call
write nothing, and no function reaches itself. An engine relies on all of it and checks none of it again.

A function is walked once from its first instruction to its last, since control is structured. The state of
the walk is the set of registers that are surely set, and how many bits each wide register can need; None
where control does not come. Where two ways meet, the set is the intersection and the bits are the larger. A
loop may not run at all, so behind it stands what stood before it; a wide register that its body sets is
unknown at the body's begin and behind the loop.
"""

from bisect import bisect_left
from dataclasses import dataclass, field

from chain.limits import TEMPORARY_BITS_MAX
from vm.flow import LOOPS, Flow, Unsound, compute_flow
from vm.module import FunctionCode, Module, Role
from vm.opcodes import Instruction, Op
from vm.operands import find_missing, read_operands
from vm.types import INT_BITS, UINT_BITS, Scalar, is_key
from vm.verify_effects import check_effects
from vm.verify_types import ARITHMETIC, WIDE, Mistyped, Typing

State = dict[int, int] | None
"""Registers that are set, with the bits that a number in each can need. None: control does not come here."""


def verify_module(module: Module) -> None:
    """Shows that a module may run.

    Raises:
        Unsound: with function, instruction and reason.
    """
    _verify_tables(module)
    for function in module.functions:
        _verify_head(function)
        flow = compute_flow(function.code, function.name)
        _Walk(module=module, function=function, flow=flow).run()
    check_effects(module)


def _verify_tables(module: Module) -> None:
    for storage in module.storage:
        if not all(is_key(kind) for kind in storage.keys):
            raise Unsound(f"expected scalars and enums in the key of {storage.name}")
    for external in module.externals:
        if external.role not in (Role.CALL, Role.VIEW):
            method = f"{external.contract}.{external.method}"
            raise Unsound(f"expected a call or a view, got {method} as {external.role.name}")


def _verify_head(function: FunctionCode) -> None:
    kinds = tuple(parameter.kind for parameter in function.parameters)
    if function.registers[: len(kinds)] != kinds:
        raise Unsound("expected the parameters in the first registers", function.name)
    if len(function.lines) != len(function.code):
        raise Unsound("expected a line for each instruction", function.name)
    if function.role is Role.VIEW and function.result is None:
        raise Unsound("expected a view to have a result, got none", function.name)
    if function.role is Role.GENESIS and function.result is not None:
        raise Unsound("expected set-up to have no result, got one", function.name)


@dataclass(slots=True, kw_only=True)
class _Open:
    """An IF (with the state where its condition is false, then where its first side ended) or a loop."""

    op: Op
    before: State
    first: State = None
    register: int | None = None


@dataclass(slots=True, kw_only=True)
class _Walk:
    module: Module
    function: FunctionCode
    flow: Flow
    state: State = None
    stack: list[_Open] = field(default_factory=list)
    wide: list[tuple[int, int]] = field(default_factory=list)

    def run(self) -> None:
        self.wide = [
            (index, register)
            for index, instruction in enumerate(self.function.code)
            for register in self._sets_of(instruction)
            if self.function.registers[register] in WIDE
        ]
        typing = Typing(module=self.module, function=self.function)
        self.state = {register: self._bits(register) for register in range(len(self.function.parameters))}
        for index, instruction in enumerate(self.function.code):
            try:
                self._step(index, instruction, typing)
            except Mistyped as reason:
                name = Op(instruction[0]).name
                raise Unsound(f"{name}: {reason}", self.function.name, index) from reason
        if self.state is not None:
            raise Unsound(
                "expected every way to end with a return, got one that does not", self.function.name
            )

    def _step(self, index: int, instruction: Instruction, typing: Typing) -> None:
        op = Op(instruction[0])
        missing = find_missing(instruction, self.function, self.module)
        if missing is not None:
            raise Mistyped(missing)
        if self.state is None and op not in (Op.ELSE, Op.END):
            raise Mistyped("expected an instruction that can be reached, got one behind the end of its way")
        operands = read_operands(instruction)
        for register in operands.reads:
            if self.state is not None and register not in self.state:
                raise Mistyped(
                    f"expected register {register} to be set on every way, got one where it is not"
                )
        typing.check(instruction)
        if op is Op.IF or op in LOOPS:
            self._open(op, index, operands.sets)
        elif op is Op.ELSE:
            top = self.stack[-1]
            top.first, self.state = self.state, top.before
            top.op = Op.ELSE
        elif op is Op.END:
            self._end()
        elif op in (Op.BREAK, Op.CONTINUE, Op.RETURN, Op.RETURN_VALUE, Op.FAIL):
            self.state = None
        else:
            self._set(op, instruction, operands.sets)

    def _open(self, op: Op, index: int, sets: tuple[int, ...]) -> None:
        assert self.state is not None
        before = dict(self.state)
        if op in LOOPS:
            self._check_left(sets)
            for register in self._wide_sets(index):
                before.pop(register, None)
            self.stack.append(_Open(op=op, before=before, register=sets[0] if op is Op.FOR else None))
            self.state = {**before, **{register: self._bits(register) for register in sets}}
        else:
            self.stack.append(_Open(op=op, before=before))

    def _wide_sets(self, start: int) -> set[int]:
        """Wide registers that a loop's body sets."""
        first, last = bisect_left(self.wide, (start, 0)), bisect_left(self.wide, (self.flow.ends[start], 0))
        return {register for _, register in self.wide[first:last]}

    def _sets_of(self, instruction: Instruction) -> tuple[int, ...]:
        missing = find_missing(instruction, self.function, self.module)
        return () if missing is not None else read_operands(instruction).sets

    def _end(self) -> None:
        top = self.stack.pop()
        match top.op:
            case Op.IF:
                self.state = _join(self.state, top.before)
            case Op.ELSE:
                self.state = _join(self.state, top.first)
            case _:
                self.state = top.before

    def _check_left(self, sets: tuple[int, ...]) -> None:
        held = {top.register for top in self.stack if top.register is not None}
        for register in sets:
            if register in held:
                raise Mistyped(f"expected register {register} to be left to its loop")

    def _set(self, op: Op, instruction: Instruction, sets: tuple[int, ...]) -> None:
        assert self.state is not None
        self._check_left(sets)
        bits = self._bits_of_result(op, instruction[2:]) if op in ARITHMETIC or op is Op.MOVE else 0
        for register in sets:
            self.state[register] = bits if self.function.registers[register] in WIDE else self._bits(register)

    def _bits_of_result(self, op: Op, operands: tuple[int, ...]) -> int:
        assert self.state is not None
        bits = compute_bits(op, [self.state[register] for register in operands])
        if bits > TEMPORARY_BITS_MAX:
            raise Mistyped(f"expected at most {TEMPORARY_BITS_MAX} bits, got {bits}")
        return bits

    def _bits(self, register: int) -> int:
        kind = self.function.registers[register]
        return UINT_BITS if kind in (Scalar.UINT, Scalar.WIDE_UINT) else INT_BITS


def compute_bits(op: Op, sizes: list[int]) -> int:
    """The bits that an exact result can need, from those of its operands."""
    match op:
        case Op.ADD | Op.SUB:
            return max(sizes) + 1
        case Op.MUL:
            return sum(sizes)
        case Op.DIV:
            return sizes[0] + 1
        case Op.MOD:
            return sizes[1]
    return sizes[0]


def _join(first: State, second: State) -> State:
    if first is None or second is None:
        return second if first is None else first
    if first == second:
        return first
    return {register: max(first[register], second[register]) for register in first if register in second}
