"""Making a genesis document together: begun by one, each agency adds its keys, everybody checks the whole.

Nobody needs to trust who began it: `check_genesis` founds the network in memory as every node will, and compares each
contract with what the shipped source compiles to.
"""

from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files

from chain.errors import Invalid
from chain.limits import CHAIN_ID_BYTES_MAX
from chain.parameters import Parameters
from chain.result import render
from genesis.document import Contract, FullNode, Genesis, Member, Rules
from genesis.file import GenesisRefused
from genesis.state import GenesisState, compute_genesis_state
from vm.executor import ViewRefused
from vm.language.compile import compile_contract

CONTRACTS = ("governance", "registry", "calendar", "tender", "agreement", "payment", "documents")
"""What genesis deploys, in this order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What a check saw: the first state, and contracts whose module is not that of the source shipped here."""

    state: GenesisState
    foreign_contracts: tuple[str, ...]


@cache
def compile_shipped(name: str) -> bytes:
    """The module of a contract that comes with this release."""
    return compile_contract((files("contracts") / f"{name}.contract").read_text(), name).code


def new_genesis(*, chain_id: str, time_ms: int, rules: Rules, parameters: Parameters) -> Genesis:
    """A document without members, with the contracts of this release; raises `GenesisRefused`."""
    if not 1 <= len(chain_id.encode()) <= CHAIN_ID_BYTES_MAX:
        raise GenesisRefused(
            f"chain id: expected 1 to {CHAIN_ID_BYTES_MAX} bytes, got {len(chain_id.encode())}"
        )
    return Genesis(
        chain_id=chain_id,
        time_ms=time_ms,
        members=(),
        full_nodes=(),
        parameters=parameters,
        rules=rules,
        contracts=tuple(Contract(id=name, module=compile_shipped(name)) for name in CONTRACTS),
    )


def add_member(genesis: Genesis, member: Member) -> Genesis:
    """The document with one more founder; raises `GenesisRefused` where governance would."""
    grown = replace(genesis, members=(*genesis.members, member))
    check_genesis(grown)
    return grown


def add_full_node(genesis: Genesis, node: FullNode) -> Genesis:
    """The document with one more observer; raises `GenesisRefused` for a name or key that is taken."""
    taken = {(entry.name, entry.node_key) for entry in genesis.full_nodes}
    taken |= {(entry.name, entry.node_key) for entry in genesis.members}
    if any(node.name == name or node.node_key == key for name, key in taken):
        raise GenesisRefused(f"full node {node.name!r}: its name or key is in the document already")
    return replace(genesis, full_nodes=(*genesis.full_nodes, node))


def check_genesis(genesis: Genesis) -> Findings:
    """Founds the network in memory; raises `GenesisRefused` with the reason why it cannot be founded."""
    deployed = [contract.id for contract in genesis.contracts]
    for name in CONTRACTS:
        if name not in deployed:
            raise GenesisRefused(f"contract {name!r} is missing")
    if len(set(deployed)) != len(deployed):
        raise GenesisRefused("a contract id stands twice")
    try:
        state = compute_genesis_state(genesis)
    except ViewRefused as refused:
        raise GenesisRefused(render(refused.trap)) from refused
    except Invalid as error:
        raise GenesisRefused(str(error)) from error
    foreign = tuple(
        contract.id
        for contract in genesis.contracts
        if contract.id not in CONTRACTS or contract.module != compile_shipped(contract.id)
    )
    return Findings(state=state, foreign_contracts=foreign)
