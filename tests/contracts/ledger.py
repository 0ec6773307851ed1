"""The contracts on a ledger in memory: compiled once, one block for each call, and a clock that tests set."""

from functools import cache, lru_cache
from importlib.resources import files
from typing import Self

from chain.codec import Value
from chain.keys import Address, SigningKey
from chain.parameters import Parameters, parameters_value
from chain.result import TransactionResult, Trap, render
from chain.transaction import (
    Call,
    CheckedTransaction,
    compute_transaction_id,
    encode_transaction,
    sign_transaction,
)
from vm.deployment import ModuleCache
from vm.executor import (
    ExecutedBlock,
    Governance,
    ViewRefused,
    apply_genesis,
    execute_block,
    query_view,
)
from vm.host import BlockEnvironment
from vm.language.compile import compile_contract
from vm.overlay import MemoryState

CHAIN = "terang-uji"
CONTRACTS = ("governance", "registry", "calendar", "tender", "agreement", "payment", "documents")
GENESIS_MS = 1_700_000_000_000
GAS = 20_000_000

PUBLICATION_MIN_MS = 1_000
NOTICE_MS = 500
OPENING_MS = 2_000
STANDSTILL_MS = 3_000
VOTE_MS = 10_000
BLACKLIST_MAX_MS = 63_072_000_000
STANDSTILL_DAYS = 0
QUESTIONS_NOTICE_MS = 1_000
DELEGATION_MAX_MS = 86_400_000
KEY_REPLACEMENT_MS = 5_000
PENALTY_BPS = 10
PENALTY_MAX_BPS = 500
RULES = (
    PUBLICATION_MIN_MS,
    NOTICE_MS,
    OPENING_MS,
    STANDSTILL_MS,
    VOTE_MS,
    BLACKLIST_MAX_MS,
    STANDSTILL_DAYS,
    QUESTIONS_NOTICE_MS,
    DELEGATION_MAX_MS,
    KEY_REPLACEMENT_MS,
    PENALTY_BPS,
    PENALTY_MAX_BPS,
)

AGENCIES = ("barat", "selatan", "timur", "utara")


@lru_cache(maxsize=1_000)
def key(name: str) -> SigningKey:
    """The key of somebody, made from the name."""
    return SigningKey.from_seed(name.encode().ljust(32, b"\x00")[:32])


def operator(agency: str) -> SigningKey:
    """The key of an agency's operator."""
    return key(f"operator of {agency}")


def member_row(agency: str, power: int = 10) -> tuple[Value, ...]:
    """A founder as governance's setup takes it."""
    consensus, node = key(f"consensus {agency}").public, key(f"node {agency}").public
    return (agency, operator(agency).address, consensus, node, power)


def setup_call(members: tuple[tuple[Value, ...], ...] | None = None) -> Call:
    """Governance's setup with these founders, the four agencies unless given, and one full node."""
    if members is None:
        members = tuple([member_row(agency) for agency in AGENCIES])
    observers = (("auditor", key("node auditor").public),)
    arguments = (members, observers, parameters_value(Parameters()), RULES)
    return Call(contract="governance", method="setup", arguments=arguments)


@cache
def compiled() -> tuple[tuple[str, bytes], ...]:
    """Each contract's module."""
    folder = files("contracts")
    return tuple(
        (name, compile_contract((folder / f"{name}.contract").read_text(), name).code) for name in CONTRACTS
    )


@cache
def _genesis() -> tuple[tuple[tuple[bytes, bytes | None], ...], Governance]:
    environment = BlockEnvironment(chain_id=CHAIN, height=0, time_ms=GENESIS_MS)
    made = apply_genesis(compiled(), [setup_call()], environment, ModuleCache())
    return tuple(made.writes), made.governance


class Refusal(str):
    """The message of a refusal with its values put in; `trap` says where in which contract it was given."""

    trap: Trap

    def __new__(cls, trap: Trap) -> Self:
        """The message of this trap."""
        made = super().__new__(cls, render(trap))
        made.trap = trap
        return made


def begin(
    modules: tuple[tuple[str, bytes], ...], founders: tuple[tuple[Value, ...], ...] | None = None
) -> "Ledger":
    """A ledger that starts from these modules, and these founders or the four agencies."""
    ledger = Ledger()
    environment = BlockEnvironment(chain_id=CHAIN, height=0, time_ms=GENESIS_MS)
    made = apply_genesis(modules, [setup_call(founders)], environment, ModuleCache())
    ledger.state = MemoryState({place: value for place, value in made.writes if value is not None})
    ledger.governance = made.governance
    return ledger


def refused_beginning(call: Call) -> Refusal:
    """A genesis with this setup, which must be refused."""
    environment = BlockEnvironment(chain_id=CHAIN, height=0, time_ms=GENESIS_MS)
    try:
        apply_genesis(compiled(), [call], environment, ModuleCache())
    except ViewRefused as refused:
        return Refusal(refused.trap)
    raise AssertionError("the genesis was taken")


class Ledger:
    """State after some blocks. `now_ms` is the time of the next one."""

    def __init__(self) -> None:
        writes, self.governance = _genesis()
        self.state = MemoryState()
        self.state.apply(writes)
        self.modules = ModuleCache()
        self.height = 0
        self.now_ms = GENESIS_MS + 1_000
        self.blocks: list[tuple[int, list[CheckedTransaction], ExecutedBlock]] = []
        """Time, transactions and outcome of each block since this ledger was made."""
        self._nonce = 0

    def execute(self, transactions: list[CheckedTransaction]) -> ExecutedBlock:
        """One block at `now_ms`."""
        self.height += 1
        executed = execute_block(self.state, self._environment(), transactions, self.modules)
        self.state.apply(executed.writes)
        self.blocks.append((self.now_ms, transactions, executed))
        self.governance = executed.governance or self.governance
        return executed

    def sign(self, signer: SigningKey, *calls: Call, gas_limit: int = GAS) -> CheckedTransaction:
        """A transaction of these calls."""
        self._nonce += 1
        transaction = sign_transaction(
            signer,
            chain_id=CHAIN,
            nonce=self._nonce.to_bytes(16, "big"),
            valid_until_ms=self.now_ms + 60_000,
            gas_limit=gas_limit,
            calls=calls,
        )
        raw = encode_transaction(transaction)
        return CheckedTransaction(raw=raw, id=compute_transaction_id(raw), transaction=transaction)

    def send(self, signer: SigningKey, contract: str, method: str, *arguments: Value) -> TransactionResult:
        """One call in a block of its own."""
        call = Call(contract=contract, method=method, arguments=arguments)
        (result,) = self.execute([self.sign(signer, call)]).results
        return result

    def do(self, signer: SigningKey, contract: str, method: str, *arguments: Value) -> Value:
        """A call that must take effect; its value."""
        result = self.send(signer, contract, method, *arguments)
        assert result.is_ok, f"{method}: {result.code.name} {result.trap and render(result.trap)}"
        return result.data[0]

    def refused(self, signer: SigningKey, contract: str, method: str, *arguments: Value) -> Refusal:
        """A call that must be refused; the contract's message."""
        result = self.send(signer, contract, method, *arguments)
        assert result.trap is not None, f"{method} took effect"
        return Refusal(result.trap)

    def view(self, contract: str, method: str, *arguments: Value) -> Value:
        """A view's value at `now_ms`."""
        return query_view(self.state, self._environment(), contract, method, arguments, self.modules)

    def refused_view(self, contract: str, method: str, *arguments: Value) -> Refusal:
        """A view that must give no answer; the contract's message."""
        try:
            self.view(contract, method, *arguments)
        except ViewRefused as refused:
            return Refusal(refused.trap)
        raise AssertionError(f"{method} gave an answer")

    def wait(self, milliseconds: int) -> None:
        """Lets time pass before the next block."""
        self.now_ms += milliseconds

    def _environment(self) -> BlockEnvironment:
        return BlockEnvironment(chain_id=CHAIN, height=self.height, time_ms=self.now_ms)


def address(name: str) -> Address:
    """The address of somebody."""
    return key(name).address
