"""Blocks: each transaction all or nothing, paid before it works, and asked at the registry's door."""

import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from chain.codec import Value
from chain.errors import Invalid
from chain.keys import SigningKey
from chain.result import ResultCode, TransactionResult
from chain.transaction import (
    Call,
    CheckedTransaction,
    compute_transaction_id,
    encode_transaction,
    sign_transaction,
)
from vm.deployment import ModuleCache, deploy
from vm.executor import ExecutedBlock, ViewRefused, apply_genesis, execute_block, query_view, simulate
from vm.host import BlockEnvironment
from vm.language.compile import compile_contract
from vm.overlay import MemoryState, Overlay

ALICE = SigningKey.from_seed(bytes([1]) * 32)
BOB = SigningKey.from_seed(bytes([2]) * 32)
GAS = 65_000  # as many bytes of a transaction as every smaller limit down to 256: size is paid too
ENVIRONMENT = BlockEnvironment(chain_id="terang-test", height=7, time_ms=1_790_000_000_000)

NOTEBOOK = '''"""Notebook: numbers under names."""


class Written(Event):
    name: str


notes: Map[str, uint]
count: Var[uint]


@call
def write(name: str, number: uint) -> uint:
    notes[name] = number
    count.set(count.get() + 1)
    emit(Written(name=name))
    require(number != 13, "clause 1: {} is not written", number)
    return count.get()


@call
def burn(turns: uint) -> uint:
    notes["burnt"] = turns
    total: uint = 0
    for i in range(turns, limit=100_000):
        total += i
    return total


@call
def divide(number: uint) -> uint:
    notes["divided"] = 1
    return 1 // number


@view
def note(name: str) -> uint:
    return notes[name]


def _hidden() -> uint:
    return 1


@genesis
def setup(first: uint) -> None:
    require(first > 0, "clause 2: {} is too little", first)
    count.set(first + _hidden())
'''

DOOR = '''"""Door: who may come in."""

guests: Map[addr, str, bool]


@view
def may_call(sender: addr, contract: str, method: str) -> bool:
    if contract == "registry":
        return method == "register"
    return (sender, method) in guests


@call
def register(method: str) -> None:
    guests[caller(), method] = True
'''


@dataclass(slots=True)
class Chain:
    """State and a counter for nonces."""

    state: MemoryState = field(default_factory=MemoryState)
    modules: ModuleCache = field(default_factory=ModuleCache)
    nonce: int = 0

    def deploy(self, contract: str, source: str) -> None:
        """Compiles and deploys."""
        layer = Overlay(self.state)
        deploy(layer, contract, compile_contract(source, contract).code)
        self.state.apply(layer.sorted_writes())

    def sign(self, *calls: Call, signer: SigningKey = ALICE, gas: int = GAS) -> CheckedTransaction:
        """A transaction of these calls."""
        self.nonce += 1
        signed = sign_transaction(
            signer,
            chain_id="terang-test",
            nonce=self.nonce.to_bytes(16, "big"),
            valid_until_ms=ENVIRONMENT.time_ms + 1,
            gas_limit=gas,
            calls=calls,
        )
        raw = encode_transaction(signed)
        return CheckedTransaction(raw=raw, id=compute_transaction_id(raw), transaction=signed)

    def execute(self, *transactions: CheckedTransaction) -> ExecutedBlock:
        """One block, applied."""
        executed = execute_block(self.state, ENVIRONMENT, transactions, self.modules)
        self.state.apply(executed.writes)
        return executed

    def send(self, *calls: Call, signer: SigningKey = ALICE, gas: int = GAS) -> TransactionResult:
        """A transaction in a block of its own."""
        (result,) = self.execute(self.sign(*calls, signer=signer, gas=gas)).results
        return result

    def note(self, name: str) -> "Value | ResultCode":
        """A note, or why there is none."""
        try:
            return query_view(self.state, ENVIRONMENT, "notebook", "note", (name,), self.modules)
        except ViewRefused as refused:
            return refused.code


def write(name: str, number: Value) -> Call:
    """A call that writes a note; 13 is refused."""
    return Call(contract="notebook", method="write", arguments=(name, number))


def call(method: str, *arguments: Value, contract: str = "notebook") -> Call:
    """Another call."""
    return Call(contract=contract, method=method, arguments=arguments)


@pytest.fixture
def chain() -> Chain:
    """The notebook alone: without a registry everybody may call."""
    made = Chain()
    made.deploy("notebook", NOTEBOOK)
    return made


def test_what_stops_takes_only_its_own_transaction_with_it(chain: Chain) -> None:
    executed = chain.execute(
        chain.sign(write("a", 1)),
        chain.sign(write("b", 13)),
        chain.sign(call("divide", 0)),
        chain.sign(call("burn", 90_000), gas=60_000),
        chain.sign(write("c", 3)),
    )
    codes = [result.code for result in executed.results]
    assert codes == [
        ResultCode.OK,
        ResultCode.REFUSED,
        ResultCode.TRAPPED,
        ResultCode.OUT_OF_GAS,
        ResultCode.OK,
    ]
    assert [result.data for result in executed.results] == [(1,), (), (), (), (2,)]
    assert [len(result.events) for result in executed.results] == [1, 0, 0, 0, 1]
    absent = ResultCode.TRAPPED
    assert [chain.note(name) for name in ("a", "b", "c", "divided", "burnt")] == [
        1,
        absent,
        3,
        absent,
        absent,
    ]


def test_calls_of_one_transaction_stand_or_fall_together(chain: Chain) -> None:
    result = chain.send(write("a", 1), write("a", 2), write("b", 3))
    assert result.data == (1, 2, 3)
    assert chain.note("a") == 2
    for last in (write("d", 13), call("nothing"), call("write", "only a name"), call("divide", 0)):
        result = chain.send(write("c", 1), last)
        assert not result.is_ok
        assert (result.data, result.events) == ((), ())
        assert chain.note("c") is ResultCode.TRAPPED


def test_a_later_transaction_sees_an_earlier_one_of_its_block(chain: Chain) -> None:
    executed = chain.execute(*(chain.sign(write("a", number)) for number in range(1, 4)))
    assert [result.data for result in executed.results] == [(1,), (2,), (3,)]
    assert [key for key, _ in executed.writes] == sorted(key for key, _ in executed.writes)


def test_a_trap_says_where_and_what(chain: Chain) -> None:
    trap = chain.send(write("a", 13)).trap
    assert trap is not None
    line = NOTEBOOK.split("\n").index('    require(number != 13, "clause 1: {} is not written", number)') + 1
    assert (trap.contract, trap.function, trap.line) == ("notebook", "write", line)
    assert (trap.message, trap.values) == ("clause 1: {} is not written", (13,))


def test_gas_is_what_it_was_and_one_less_is_too_little(chain: Chain) -> None:
    first = chain.sign(write("a", 1))
    used = simulate(chain.state, ENVIRONMENT, first, chain.modules).gas_used
    assert used == chain.execute(first).results[0].gas_used
    results = [chain.send(write("a", 1), gas=limit) for limit in (used, used - 1, used * 5)]
    assert [result.gas_used for result in results] == [used, used - 1, used]
    assert [result.is_ok for result in results] == [True, False, True]
    assert [result.gas_wanted for result in results] == [used, used - 1, used * 5]


def test_every_gas_limit_keeps_all_or_nothing(chain: Chain) -> None:
    """Wherever the gas ends, nothing was written; and it does not matter which node's cache was warm."""
    used = chain.send(write("a", 1)).gas_used
    before = dict(chain.state.rows)
    for limit in range(1, used, used // 60):
        result = chain.send(write("a", 2), gas=limit)
        assert (result.code, result.gas_used) == (ResultCode.OUT_OF_GAS, limit)
        assert chain.state.rows == before
        chain.modules = ModuleCache()
    assert chain.send(write("a", 2), gas=used).is_ok


def test_bytes_and_the_transaction_itself_are_paid_before_anything_is_looked_up(chain: Chain) -> None:
    transaction = chain.sign(call("nothing"))
    (result,) = chain.execute(transaction).results
    assert result.code is ResultCode.NO_SUCH_METHOD
    assert result.gas_used == 1_000 + 2 * len(transaction.raw)
    assert chain.send(call("nothing"), gas=result.gas_used - 1).code is ResultCode.OUT_OF_GAS


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        (call("write", "a", 1, contract="elsewhere"), ResultCode.NO_SUCH_METHOD),
        (call("nothing"), ResultCode.NO_SUCH_METHOD),
        (call("note", "a"), ResultCode.NO_SUCH_METHOD),
        (call("_hidden"), ResultCode.NO_SUCH_METHOD),
        (call("setup", 5), ResultCode.NO_SUCH_METHOD),
        (call("write"), ResultCode.BAD_ARGUMENTS),
        (call("write", "a", -1), ResultCode.BAD_ARGUMENTS),
        (call("write", "a", 1, 2), ResultCode.BAD_ARGUMENTS),
        (call("write", b"a", 1), ResultCode.BAD_ARGUMENTS),
    ],
)
def test_what_cannot_be_called_is_a_result(chain: Chain, wanted: Call, code: ResultCode) -> None:
    result = chain.send(wanted)
    assert result.code is code
    assert result.trap is not None
    assert result.gas_used > 0


def test_simulation_and_views_leave_nothing(chain: Chain) -> None:
    before = dict(chain.state.rows)
    result = simulate(chain.state, ENVIRONMENT, chain.sign(write("a", 1)), chain.modules)
    assert (result.is_ok, result.data) == (True, (1,))
    assert chain.state.rows == before
    for method in ("write", "setup", "_hidden", "nothing"):
        with pytest.raises(ViewRefused) as refused:
            query_view(chain.state, ENVIRONMENT, "notebook", method, (), chain.modules)
        assert refused.value.code is ResultCode.NO_SUCH_METHOD


def test_the_door_is_asked_for_every_call() -> None:
    chain = Chain()
    chain.deploy("notebook", NOTEBOOK)
    chain.deploy("registry", DOOR)
    register = Call(contract="registry", method="register", arguments=("write",))
    for calls in ((write("a", 1),), (register, write("a", 1))):
        result = chain.send(*calls)
        assert result.code is ResultCode.NOT_ADMITTED
        assert result.trap is not None
        assert result.trap.values == (ALICE.address, "notebook", "write")
    assert chain.note("a") is ResultCode.TRAPPED
    assert chain.send(register).is_ok
    assert chain.send(write("a", 1)).is_ok
    assert chain.send(write("a", 1), call("burn", 1)).code is ResultCode.NOT_ADMITTED
    assert chain.send(write("a", 1), signer=BOB).code is ResultCode.NOT_ADMITTED


def test_the_door_is_paid_by_who_knocks() -> None:
    chain = Chain()
    chain.deploy("notebook", NOTEBOOK)
    open_gas = chain.send(write("a", 1)).gas_used
    chain.deploy("registry", DOOR)
    assert chain.send(Call(contract="registry", method="register", arguments=("write",))).is_ok
    assert chain.send(write("a", 1)).gas_used > open_gas
    assert chain.send(write("a", 1), gas=1_500).code is ResultCode.OUT_OF_GAS


def test_modules_that_do_not_verify_are_not_deployed() -> None:
    code = compile_contract(NOTEBOOK, "notebook").code
    for wrong in (b"", code[:-1], code + b"\x00", bytes(40)):
        layer = Overlay(MemoryState())
        with pytest.raises(Invalid):
            deploy(layer, "notebook", wrong)
        assert layer.sorted_writes() == ()


def test_set_up_that_is_refused_makes_no_genesis() -> None:
    modules = ModuleCache()
    contracts = [("notebook", compile_contract(NOTEBOOK, "notebook").code)]
    with pytest.raises(ViewRefused, match="clause 2"):
        apply_genesis(contracts, [call("setup", 0)], ENVIRONMENT, modules)
    with pytest.raises(ViewRefused, match="no method"):
        apply_genesis(contracts, [write("a", 1)], ENVIRONMENT, modules)


def test_governance_that_cannot_answer_stops_the_node() -> None:
    """It is not a result: the rules of the contract must have refused such a change."""
    chain = Chain()
    chain.deploy("governance", NOTEBOOK)
    with pytest.raises(ViewRefused, match="no method"):
        chain.execute(chain.sign(Call(contract="governance", method="write", arguments=("a", 1))))


SCENARIO = """
from chain.hashing import sha256
from chain.result import encode_result
from tests.vm.test_executor import NOTEBOOK, Chain, write
from vm.state import begin_state

chain = Chain()
chain.deploy("notebook", NOTEBOOK)
executed = chain.execute(*(chain.sign(write(name, len(name))) for name in ("a", "bb", "x" * 13, "ccc")))
root = begin_state(executed.changes).root
print(root.hex(), sha256(b"".join(map(encode_result, executed.results))).hex())
"""


def test_a_block_gives_the_same_in_another_process_with_another_hash_seed() -> None:
    root = Path(__file__).parents[2]
    found = {
        subprocess.run(
            [sys.executable, "-c", SCENARIO],
            cwd=root,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(root)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(found) == 1


@pytest.mark.parametrize("contract", ["", "a b", "a\x00\x00\x01", "é", "a" * 65])
def test_a_contract_is_deployed_under_a_name(contract: str) -> None:
    """State keys begin with the id and a zero byte: an id with one could reach into another contract's rows."""
    code = compile_contract(NOTEBOOK, "notebook").code
    with pytest.raises(Invalid, match="contract id"):
        deploy(Overlay(MemoryState()), contract, code)
