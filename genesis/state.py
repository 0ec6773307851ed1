"""From the document to the first state: contracts deployed, governance set up, all at height 0.

Every node computes this by itself. The state root of block 1's header is the root computed here, so two nodes with
different documents could not even agree on the first block.
"""

from dataclasses import dataclass

from chain.parameters import parameters_value
from chain.transaction import Call
from genesis.document import Genesis, full_nodes_value, members_value, rules_value
from vm.deployment import ModuleCache
from vm.executor import GOVERNANCE, Governance, apply_genesis
from vm.host import BlockEnvironment
from vm.state import StateUpdate, begin_state


@dataclass(frozen=True, slots=True, kw_only=True)
class GenesisState:
    """The first state with its tree, and what governance says in it."""

    update: StateUpdate
    governance: Governance


def compute_genesis_state(genesis: Genesis) -> GenesisState:
    """The state before the first block.

    Raises:
        Invalid: a contract's module does not verify.
        ViewRefused: governance refuses the founders, parameters or rules; the message has its clause.
    """
    environment = BlockEnvironment(chain_id=genesis.chain_id, height=0, time_ms=genesis.time_ms)
    contracts = [(contract.id, contract.module) for contract in genesis.contracts]
    made = apply_genesis(contracts, [_setup_call(genesis)], environment, ModuleCache())
    return GenesisState(update=begin_state(made.changes), governance=made.governance)


def _setup_call(genesis: Genesis) -> Call:
    arguments = (
        members_value(genesis),
        full_nodes_value(genesis),
        parameters_value(genesis.parameters),
        rules_value(genesis.rules),
    )
    return Call(contract=GOVERNANCE, method="setup", arguments=arguments)
