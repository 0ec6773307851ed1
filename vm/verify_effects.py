"""What functions do through those they call: none reaches itself, views write nothing, set-up stays."""

from chain.limits import CALL_DEPTH_MAX
from vm.flow import Unsound
from vm.module import FunctionCode, Module, Role
from vm.opcodes import Op

WRITES = frozenset({Op.VAR_SET, Op.MAP_SET, Op.MAP_DELETE, Op.EMIT})


def check_effects(module: Module) -> None:
    """Raises `Unsound` where a call graph does what it must not. The code's numbers are known to be right."""
    calls = [find_calls(function) for function in module.functions]
    for function, called in zip(module.functions, calls, strict=True):
        for number in called:
            if module.functions[number].role is Role.GENESIS:
                name = module.functions[number].name
                raise Unsound(f"expected set-up to be left alone, got a call of {name}", function.name)
    order = _order(module, calls)
    writes: dict[int, bool] = {}
    for number in order:
        function = module.functions[number]
        writes[number] = is_writing(function, module) or any(writes[called] for called in calls[number])
        if function.role is Role.VIEW and writes[number]:
            raise Unsound("expected a view to write nothing, got one that does", function.name)


def find_calls(function: FunctionCode) -> tuple[int, ...]:
    """The functions that a function calls, each once, in order."""
    found: dict[int, None] = {}
    for instruction in function.code:
        if instruction[0] == Op.CALL:
            found[instruction[1]] = None
        elif instruction[0] == Op.CALL_VALUE:
            found[instruction[2]] = None
    return tuple(found)


def is_writing(function: FunctionCode, module: Module) -> bool:
    """Whether a function writes, emits, or calls another contract's @call itself."""
    for instruction in function.code:
        op = Op(instruction[0])
        if op in WRITES:
            return True
        if op in (Op.CALL_CONTRACT, Op.CALL_CONTRACT_VALUE):
            external = instruction[1 if op is Op.CALL_CONTRACT else 2]
            if module.externals[external].role is not Role.VIEW:
                return True
    return False


def _order(module: Module, calls: list[tuple[int, ...]]) -> list[int]:
    """Functions so that each stands behind those it calls. The stack is our own; its depth is refused."""
    heights: dict[int, int] = {}
    for root in range(len(calls)):
        way: list[int] = []
        waiting = [root]
        while waiting:
            number = waiting[-1]
            if number in heights or (way and way[-1] == number):
                waiting.pop()
                if way and way[-1] == number:
                    way.pop()
                    heights[number] = 1 + max((heights[called] for called in calls[number]), default=0)
                    _check_height(module, number, heights[number])
                continue
            way.append(number)
            for called in calls[number]:
                if called in way:
                    raise Unsound(
                        "expected no function to reach itself, got one", module.functions[called].name
                    )
                if called not in heights:
                    waiting.append(called)
    return sorted(heights, key=heights.__getitem__)


def _check_height(module: Module, number: int, height: int) -> None:
    if height > CALL_DEPTH_MAX:
        name = module.functions[number].name
        raise Unsound(f"expected calls at most {CALL_DEPTH_MAX} deep, got {height}", name)
