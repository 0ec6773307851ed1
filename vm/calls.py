"""Calls from outside and between contracts: names to functions, arguments checked, depth and re-entry bounded."""

from chain.codec import Value
from chain.errors import Malformed
from chain.keys import Address
from chain.limits import CONTRACT_DEPTH_MAX, REFUSAL_CHARACTERS_MAX, TRANSACTION_BYTES_MAX
from chain.result import ResultCode
from vm.abi import runtime_fields
from vm.deployment import ModuleCache
from vm.engine_a.frame import Activation
from vm.engine_a.interpreter import execute
from vm.host import Run, charge_parts, contract_address, encode_paid
from vm.meter import ReadyModule
from vm.module import FunctionCode, Role
from vm.traps import Stop, trapped
from vm.types import RuntimeValue


class Caller:
    """Reaches methods by name within one run."""

    def __init__(self, run: Run, modules: ModuleCache) -> None:
        self._run = run
        self._modules = modules

    def call_method(
        self,
        contract: str,
        method: str,
        arguments: tuple[Value, ...],
        *,
        sender: Address,
        roles: tuple[Role, ...],
    ) -> Value:
        """Calls a method from outside; `roles` are those that may be reached. None where it gives no result.

        Raises:
            Stop: no such contract or method, arguments that do not fit, or whatever stops the method.
        """
        module = self._modules.find(self._run.state, contract)
        if module is None:
            raise Stop(ResultCode.NO_SUCH_METHOD, "there is no contract {}", contract)
        number, function = _find_function(module, method)
        if function is None or function.role not in roles:
            raise Stop(ResultCode.NO_SUCH_METHOD, "contract {} has no method {} to call so", contract, method)
        charge_parts(self._run.gas, arguments, TRANSACTION_BYTES_MAX)
        try:
            checked = runtime_fields(function.parameters, arguments, f"{contract}.{method}")
        except Malformed as error:
            raise Stop(ResultCode.BAD_ARGUMENTS, str(error)[:REFUSAL_CHARACTERS_MAX]) from error
        result = self._enter(contract, module, sender, number, list(checked))
        if function.result is None or result is None:
            return None
        gas, what = self._run.gas, f"what {contract}.{method} answers"
        return encode_paid(gas, function.result, result, self._run.answer_bytes_max, what)[0]

    def call_external(
        self, caller: Activation, number: int, arguments: list[RuntimeValue]
    ) -> RuntimeValue | None:
        """See `Contracts`: a method of another contract by its declared interface."""
        external = caller.module.module.externals[number]
        module = self._modules.find(self._run.state, external.contract)
        if module is None:
            raise trapped("there is no contract {}", external.contract)
        target, function = _find_function(module, external.method)
        if function is None or function.role is not external.role:
            raise trapped("contract {} has no such method {}", external.contract, external.method)
        if module.signatures[target] != caller.module.expected[number]:
            raise trapped("method {} of {} is not as it was declared", external.method, external.contract)
        if external.role is not Role.VIEW and external.contract in self._run.active:
            raise trapped("contract {} is at work already; only its views can be called", external.contract)
        return self._enter(external.contract, module, contract_address(caller.contract), target, arguments)

    def _enter(
        self, contract: str, module: ReadyModule, caller: Address, number: int, arguments: list[RuntimeValue]
    ) -> RuntimeValue | None:
        run = self._run
        if len(run.active) >= CONTRACT_DEPTH_MAX:
            raise trapped("calls from contract to contract nest at most {} deep", CONTRACT_DEPTH_MAX)
        run.active.append(contract)
        try:
            return Activation(run, contract, module, caller, self, execute).call(number, arguments)
        finally:
            run.active.pop()


def _find_function(module: ReadyModule, name: str) -> tuple[int, FunctionCode | None]:
    for number, function in enumerate(module.module.functions):
        if function.name == name:
            return number, function
    return 0, None
