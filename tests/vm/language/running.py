"""A contract that is compiled, verified, deployed into memory and called, as a block would."""

from dataclasses import dataclass, field

from chain.codec import Value
from chain.keys import Address
from chain.result import Event, ResultCode
from vm.calls import Caller
from vm.deployment import ModuleCache, deploy
from vm.host import BlockEnvironment, Gas, Run
from vm.language.compile import compile_contract
from vm.module import Role
from vm.overlay import MemoryState, Overlay
from vm.traps import Stop

ALICE = Address(bytes([1]) * 20)
BOB = Address(bytes([2]) * 20)
NOW = 1_790_000_000_000
GAS = 100_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """Why a call stopped."""

    code: ResultCode
    message: str
    values: tuple[Value, ...]
    line: int


@dataclass(slots=True)
class Ledger:
    """Contracts in memory. A call that stops leaves nothing."""

    state: Overlay = field(default_factory=lambda: Overlay(MemoryState()))
    modules: ModuleCache = field(default_factory=ModuleCache)
    events: list[Event] = field(default_factory=list)
    gas_used: int = 0

    def deploy(self, name: str, source: str) -> None:
        """Compiles and deploys; what does not verify raises."""
        deploy(self.state, name, compile_contract(source, name).code)

    def call(
        self, contract: str, method: str, *arguments: Value, sender: Address = ALICE, gas: int = GAS
    ) -> "Value | Stopped":
        """What a method answers, or why it stopped."""
        own = Overlay(self.state)
        environment = BlockEnvironment(chain_id="terang-test", height=7, time_ms=NOW)
        run = Run(environment=environment, gas=Gas(gas), state=own)
        roles = (Role.CALL, Role.VIEW, Role.GENESIS)
        try:
            answer = Caller(run, self.modules).call_method(
                contract, method, arguments, sender=sender, roles=roles
            )
        except Stop as stop:
            return Stopped(code=stop.code, message=stop.message, values=stop.values, line=stop.line)
        finally:
            self.gas_used = run.gas.used
        own.merge_into(self.state)
        self.events += run.events
        return answer


def run(source: str, *arguments: Value, method: str = "act") -> "Value | Stopped":
    """One call of one contract."""
    ledger = Ledger()
    ledger.deploy("case", source)
    return ledger.call("case", method, *arguments)


def function(body: str, head: str = "", result: str = "uint", top: str = "", role: str = "call") -> str:
    """A contract with one function `act`."""
    lines = "\n".join("    " + line for line in body.strip("\n").split("\n"))
    return f'"""Case."""\n{top}\n\n@{role}\ndef act({head}) -> {result}:\n{lines}\n'
