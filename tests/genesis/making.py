"""A founded network in memory."""

from chain.parameters import Parameters
from genesis.ceremony import add_full_node, add_member, new_genesis
from genesis.document import DEMO_RULES, FullNode, Genesis, Member
from tests.chain.making import make_key

CHAIN = "terang-test"
TIME_MS = 1_700_000_000_000


def make_member(number: int, power: int = 10) -> Member:
    """An agency with three keys of its own."""
    return Member(
        name=f"agency-{number}",
        operator=make_key(1_000 + number).address,
        consensus_key=make_key(2_000 + number).public,
        node_key=make_key(3_000 + number).public,
        power=power,
    )


def make_observer(number: int = 1) -> FullNode:
    """A full node."""
    return FullNode(name=f"auditor-{number}", node_key=make_key(4_000 + number).public)


def make_empty_genesis() -> Genesis:
    """A document without members."""
    return new_genesis(chain_id=CHAIN, time_ms=TIME_MS, rules=DEMO_RULES, parameters=Parameters())


def make_genesis(members: int = 4) -> Genesis:
    """A document with some agencies and one full node."""
    genesis = make_empty_genesis()
    for number in range(1, members + 1):
        genesis = add_member(genesis, make_member(number))
    return add_full_node(genesis, make_observer())
