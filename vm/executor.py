"""What a block does to the state: each transaction all or nothing, in order, and what governance changed.

A transaction is charged for its size, then asks the registry whether its sender may make these calls, then makes them.
Every outcome is a result; only a fault of this node is an exception, and it is let through.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from chain.codec import Value, as_array, as_bytes, as_text, as_uint
from chain.keys import PUBLIC_KEY_BYTES, Address, PublicKey
from chain.limits import (
    NAME_BYTES_MAX,
    NODES_MAX,
    VIEW_ANSWER_BYTES_MAX,
    VIEW_GAS_MAX,
    VOTING_POWER_MAX,
)
from chain.parameters import Parameters, parameters_from
from chain.result import ResultCode, TransactionResult, Trap, encode_result
from chain.transaction import Call, CheckedTransaction, Transaction
from chain.validators import Validator, ValidatorSet
from vm.calls import Caller
from vm.deployment import ModuleCache, deploy
from vm.host import BlockEnvironment, Gas, Run
from vm.keys import contract_key
from vm.module import Role
from vm.overlay import MemoryState, Overlay, StateReader
from vm.state import Change, Writes, writes_of
from vm.traps import Stop

GOVERNANCE = "governance"
REGISTRY = "registry"
_NOBODY = Address(bytes(20))
_BASE_GAS = 1_000  # decoding, the window, one result
_GAS_PER_BYTE = 2  # carried, hashed, logged and stored


class ViewRefused(Exception):
    """A view gave no answer; `result` tells why as a transaction's would."""

    def __init__(self, code: ResultCode, trap: Trap) -> None:
        super().__init__(trap.message)
        self.code = code
        self.trap = trap


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeEntry:
    """A node that may have links: its node key, and whether it stands beside a validator or only reads."""

    public: PublicKey
    is_validator: bool
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Governance:
    """What the governance contract says: who decides, who may connect, and the parameters."""

    validators: ValidatorSet
    nodes: tuple[NodeEntry, ...]
    parameters: Parameters


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutedBlock:
    """Everything that follows from a block. `governance` is None where nothing of it was written.

    Results are encoded once, for the root over them and for the store.
    """

    results: tuple[TransactionResult, ...]
    encoded_results: tuple[bytes, ...]
    changes: tuple[Change, ...]
    governance: Governance | None

    @property
    def writes(self) -> Writes:
        """What is written, without what was there before."""
        return writes_of(self.changes)


def execute_block(
    state: StateReader,
    environment: BlockEnvironment,
    transactions: Sequence[CheckedTransaction],
    modules: ModuleCache,
) -> ExecutedBlock:
    """Executes a block's transactions over the committed state, which is not changed."""
    block = Overlay(state)
    results = tuple(_execute(block, environment, checked, modules) for checked in transactions)
    changes = block.sorted_changes()
    changed = any(change.key.startswith(_GOVERNANCE_PREFIX) for change in changes)
    governance = read_governance(block, environment, modules) if changed else None
    encoded = tuple(encode_result(result) for result in results)
    return ExecutedBlock(results=results, encoded_results=encoded, changes=changes, governance=governance)


_GOVERNANCE_PREFIX = b"s" + GOVERNANCE.encode() + b"\x00"


def _execute(
    block: Overlay, environment: BlockEnvironment, checked: CheckedTransaction, modules: ModuleCache
) -> TransactionResult:
    own = Overlay(block)
    result = _run(own, environment, checked.transaction, len(checked.raw), modules)
    if result.is_ok:
        own.merge_into(block)
    return result


def simulate(
    state: StateReader, environment: BlockEnvironment, checked: CheckedTransaction, modules: ModuleCache
) -> TransactionResult:
    """What a transaction would do now; nothing is changed."""
    return _run(Overlay(state), environment, checked.transaction, len(checked.raw), modules)


def _run(
    state: Overlay, environment: BlockEnvironment, transaction: Transaction, size: int, modules: ModuleCache
) -> TransactionResult:
    gas = Gas(transaction.gas_limit)
    run = Run(environment=environment, gas=gas, state=state)
    caller = Caller(run, modules)
    sender = transaction.sender_address
    try:
        gas.charge(_BASE_GAS + size * _GAS_PER_BYTE)
        _check_admitted(state, caller, sender, transaction.calls)
        data = tuple(
            caller.call_method(call.contract, call.method, call.arguments, sender=sender, roles=(Role.CALL,))
            for call in transaction.calls
        )
    except Stop as stop:
        return TransactionResult(
            code=stop.code, gas_wanted=transaction.gas_limit, gas_used=gas.used, trap=stop.trap()
        )
    return TransactionResult(
        code=ResultCode.OK,
        gas_wanted=transaction.gas_limit,
        gas_used=gas.used,
        data=data,
        events=tuple(run.events),
    )


def _check_admitted(state: Overlay, caller: Caller, sender: Address, calls: Sequence[Call]) -> None:
    """A sender without a role may only register: the registry says what that is."""
    if state.get(contract_key(REGISTRY)) is None:
        return
    for call in calls:
        arguments: tuple[Value, ...] = (sender, call.contract, call.method)
        if not caller.call_method(REGISTRY, "may_call", arguments, sender=sender, roles=(Role.VIEW,)):
            raise Stop(
                ResultCode.NOT_ADMITTED,
                "{} has no role yet and may only register, not call {}.{}",
                sender,
                call.contract,
                call.method,
            )


def query_view(
    state: StateReader,
    environment: BlockEnvironment,
    contract: str,
    method: str,
    arguments: tuple[Value, ...],
    modules: ModuleCache,
) -> Value:
    """The answer of a view, within a bound of gas; raises `ViewRefused`."""
    run = Run(
        environment=environment,
        gas=Gas(VIEW_GAS_MAX),
        state=Overlay(state),
        answer_bytes_max=VIEW_ANSWER_BYTES_MAX,
    )
    caller = Caller(run, modules)
    try:
        return caller.call_method(contract, method, arguments, sender=_NOBODY, roles=(Role.VIEW,))
    except Stop as stop:
        raise ViewRefused(stop.code, stop.trap()) from stop


def read_governance(state: StateReader, environment: BlockEnvironment, modules: ModuleCache) -> Governance:
    """Validators, nodes and parameters as the governance contract has them now.

    A contract that cannot answer, or answers with what cannot be (an empty validator set), is a fault that stops the node:
    its rules must have refused the change.
    """
    validators, nodes, parameters = (
        query_view(state, environment, GOVERNANCE, view, (), modules)
        for view in ("validators", "nodes", "parameters")
    )
    return Governance(
        validators=ValidatorSet.of(_validator_from(item) for item in as_array(validators, "validators")),
        nodes=tuple(_node_from(item) for item in as_array(nodes, "nodes", length_max=NODES_MAX)),
        parameters=parameters_from(parameters),
    )


def _validator_from(value: Value) -> Validator:
    public, power, name = as_array(value, "validator", 3)
    return Validator(
        public=PublicKey(as_bytes(public, "consensus key", PUBLIC_KEY_BYTES)),
        power=as_uint(power, "voting power", VOTING_POWER_MAX),
        name=as_text(name, "validator name", length_max=NAME_BYTES_MAX),
    )


def _node_from(value: Value) -> NodeEntry:
    public, kind, name = as_array(value, "node", 3)
    return NodeEntry(
        public=PublicKey(as_bytes(public, "node key", PUBLIC_KEY_BYTES)),
        is_validator=as_uint(kind, "node kind", 2) == 1,
        name=as_text(name, "node name", length_max=NAME_BYTES_MAX),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class GenesisState:
    """What the genesis document makes of nothing."""

    changes: tuple[Change, ...]
    governance: Governance

    @property
    def writes(self) -> Writes:
        """What is written; before it there was nothing."""
        return writes_of(self.changes)


def apply_genesis(
    contracts: Sequence[tuple[str, bytes]],
    setup: Sequence[Call],
    environment: BlockEnvironment,
    modules: ModuleCache,
) -> GenesisState:
    """Deploys (id, module) pairs and makes the setup calls, all at height 0.

    Raises:
        Invalid: a module that does not verify.
        ViewRefused: a setup call that stops, with its reason.
    """
    state = Overlay(MemoryState())
    for contract, module in contracts:
        deploy(state, contract, module)
    for call in setup:
        run = Run(environment=environment, gas=Gas(VIEW_GAS_MAX), state=Overlay(state))
        try:
            Caller(run, modules).call_method(
                call.contract, call.method, call.arguments, sender=_NOBODY, roles=(Role.GENESIS,)
            )
        except Stop as stop:
            raise ViewRefused(stop.code, stop.trap()) from stop
        run.state.merge_into(state)
    governance = read_governance(state, environment, modules)
    return GenesisState(changes=state.sorted_changes(), governance=governance)
