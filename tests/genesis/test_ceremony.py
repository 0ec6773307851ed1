"""Founding together: what is computed, what changes the hash, and what is refused with its reason."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chain.parameters import Parameters
from genesis.ceremony import add_full_node, add_member, check_genesis, new_genesis
from genesis.document import FULL_RULES, Contract, FullNode, Genesis, Rules
from genesis.file import GenesisRefused, parse_genesis, read_genesis, render_genesis, write_genesis
from genesis.state import compute_genesis_state
from tests.genesis.making import CHAIN, TIME_MS, make_empty_genesis, make_genesis, make_member, make_observer
from vm.deployment import ModuleCache
from vm.executor import query_view
from vm.host import BlockEnvironment
from vm.overlay import MemoryState
from vm.state import writes_of


@pytest.fixture(scope="module")
def genesis() -> Genesis:
    """Four agencies and an auditor."""
    return make_genesis()


def test_the_file_gives_the_same_document_again(genesis: Genesis, tmp_path: Path) -> None:
    write_genesis(tmp_path / "config" / "genesis.json", genesis)
    again = read_genesis(tmp_path / "config" / "genesis.json")
    assert again == genesis
    assert again.hash == genesis.hash


def test_the_hash_is_of_values_not_of_text(genesis: Genesis) -> None:
    document = json.loads(render_genesis(genesis))
    shuffled = json.dumps(dict(reversed(document.items())))
    assert parse_genesis(shuffled).hash == genesis.hash


@pytest.mark.parametrize(
    "change",
    [
        lambda one: replace(one, chain_id="another"),
        lambda one: replace(one, time_ms=one.time_ms + 1),
        lambda one: replace(one, members=one.members[::-1]),
        lambda one: replace(one, full_nodes=()),
        lambda one: replace(one, parameters=Parameters(window_ms=60_000)),
        lambda one: replace(one, rules=FULL_RULES),
        lambda one: replace(one, contracts=one.contracts[::-1]),
    ],
    ids=["chain", "time", "members", "nodes", "parameters", "rules", "contracts"],
)
def test_whatever_changes_changes_the_hash(genesis: Genesis, change: Callable[[Genesis], Genesis]) -> None:
    assert change(genesis).hash != genesis.hash


def test_the_first_state_has_members_nodes_and_numbers(genesis: Genesis) -> None:
    state = compute_genesis_state(genesis)
    assert {validator.name for validator in state.governance.validators.validators} == {
        member.name for member in genesis.members
    }
    assert state.governance.validators.total_power == 40
    assert {entry.public for entry in state.governance.nodes if entry.is_validator} == {
        member.node_key for member in genesis.members
    }
    assert [entry.name for entry in state.governance.nodes if not entry.is_validator] == ["auditor-1"]
    assert state.governance.parameters == genesis.parameters
    rows = MemoryState()
    rows.apply(writes_of(state.update.changes))
    environment = BlockEnvironment(chain_id=CHAIN, height=0, time_ms=TIME_MS)
    for name, value in (("publication_min_ms", 1_000), ("standstill_ms", 1_000), ("vote_ms", 600_000)):
        assert query_view(rows, environment, "governance", "rule", (name,), ModuleCache()) == value


def test_the_root_depends_on_the_document_alone(genesis: Genesis) -> None:
    first, second = (compute_genesis_state(genesis).update for _ in range(2))
    other = compute_genesis_state(replace(genesis, members=genesis.members[:3])).update
    assert first.root == second.root
    assert first.root != other.root


def test_the_shipped_contracts_are_recognised_and_others_named(genesis: Genesis) -> None:
    assert check_genesis(genesis).foreign_contracts == ()
    registry = next(contract for contract in genesis.contracts if contract.id == "registry")
    more = (*genesis.contracts, Contract(id="second", module=registry.module))
    assert check_genesis(replace(genesis, contracts=more)).foreign_contracts == ("second",)


def refused(genesis: Genesis) -> str:
    """Why the document founds nothing."""
    with pytest.raises(GenesisRefused) as caught:
        check_genesis(genesis)
    return str(caught.value)


def test_founders_that_governance_refuses(genesis: Genesis) -> None:
    assert "at least one member" in refused(make_empty_genesis())
    twice = replace(make_member(9), name="agency-1")
    with pytest.raises(GenesisRefused, match=r"clause 1\.2"):
        add_member(genesis, twice)
    same_key = replace(make_member(9), consensus_key=genesis.members[0].consensus_key)
    with pytest.raises(GenesisRefused, match=r"clause 1\.2"):
        add_member(genesis, same_key)
    with pytest.raises(GenesisRefused, match="power"):
        add_member(genesis, make_member(9, power=0))
    with pytest.raises(GenesisRefused, match="clause 3: vote_ms"):
        check_genesis(replace(genesis, rules=Rules(vote_ms=1)))


def test_full_nodes_have_names_and_keys_of_their_own(genesis: Genesis) -> None:
    with pytest.raises(GenesisRefused, match="already"):
        add_full_node(genesis, make_observer())
    with pytest.raises(GenesisRefused, match="already"):
        add_full_node(genesis, FullNode(name="new", node_key=genesis.members[2].node_key))
    assert len(add_full_node(genesis, make_observer(2)).full_nodes) == 2


def test_contracts_that_do_not_verify_or_are_missing(genesis: Genesis) -> None:
    assert "'calendar' is missing" in refused(replace(genesis, contracts=genesis.contracts[:2]))
    assert "stands twice" in refused(replace(genesis, contracts=(*genesis.contracts, genesis.contracts[0])))
    broken = Contract(id="broken", module=genesis.contracts[0].module[:-1])
    assert refused(replace(genesis, contracts=(*genesis.contracts, broken)))


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (["format"], "terang genesis 2", "expected format"),
        (["chain_id"], "", "chain_id: expected 1 to 50 bytes"),
        (["genesis_time"], "yesterday", "yesterday"),
        (["members", 0, "consensus_key"], "ab", "consensus_key of 'agency-1': expected 64"),
        (["members", 0, "operator"], "ab", "expected 40 hexadecimal digits"),
        (["members", 0, "powr"], 3, "unknown field `powr`"),
        (["full_nodes", 0, "node_key"], "zz" * 32, "node_key of 'auditor-1'"),
        (["parameters", "window_ms"], 3, "window_ms: expected 10000"),
        (["parameters", "window"], 3, "there is no 'window'"),
        (["rules", "vote_ms"], "1", "Expected `int`"),
        (["contracts", 0, "code_hash"], "00" * 32, "its module has"),
        (["contracts", 0, "module"], "%%", "module of contract 'governance'"),
        (["contracts", 0, "module"], "gYÃ±", "module of contract 'governance'"),
    ],
)
def test_every_field_is_checked(genesis: Genesis, path: list[Any], value: object, words: str) -> None:
    document = json.loads(render_genesis(genesis))
    place = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    with pytest.raises(GenesisRefused) as caught:
        parse_genesis(json.dumps(document))
    assert words in str(caught.value)


def test_a_missing_parameter_is_named(genesis: Genesis) -> None:
    document = json.loads(render_genesis(genesis))
    del document["parameters"]["heartbeat_ms"]
    with pytest.raises(GenesisRefused, match="heartbeat_ms is missing"):
        parse_genesis(json.dumps(document))


def test_what_is_no_document(tmp_path: Path) -> None:
    with pytest.raises(GenesisRefused, match="terang genesis new"):
        read_genesis(tmp_path / "none.json")
    (tmp_path / "binary.json").write_bytes(b"\xff\xfe")
    with pytest.raises(GenesisRefused, match="UTF-8"):
        read_genesis(tmp_path / "binary.json")
    with pytest.raises(GenesisRefused, match="chain id"):
        new_genesis(chain_id="x" * 51, time_ms=0, rules=FULL_RULES, parameters=Parameters())
