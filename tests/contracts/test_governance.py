"""Members, votes and numbers: who may, what is counted, and walls that no vote moves."""

import pytest

from chain.errors import Malformed
from chain.parameters import PARAMETER_NAMES, Parameters
from tests.contracts.ledger import (
    AGENCIES,
    CHAIN,
    GENESIS_MS,
    VOTE_MS,
    Ledger,
    compiled,
    key,
    member_row,
    operator,
    setup_call,
)
from vm.deployment import ModuleCache
from vm.executor import ViewRefused, apply_genesis
from vm.host import BlockEnvironment
from vm.overlay import MemoryState


@pytest.fixture
def ledger() -> Ledger:
    """Four members of equal power."""
    return Ledger()


def vote(ledger: Ledger, proposal: object, *agencies: str, approve: bool = True) -> None:
    """Votes of these agencies' operators."""
    assert isinstance(proposal, int)
    for agency in agencies:
        ledger.do(operator(agency), "governance", "vote", proposal, approve)


def test_genesis_makes_validators_nodes_and_parameters(ledger: Ledger) -> None:
    found = ledger.governance
    assert [
        validator.name for validator in sorted(found.validators.validators, key=lambda one: one.name)
    ] == list(AGENCIES)
    assert found.parameters == Parameters()
    assert [(node.name, node.is_validator) for node in found.nodes] == [
        *((agency, True) for agency in AGENCIES),
        ("auditor", False),
    ]


@pytest.mark.parametrize(
    ("members", "clause"),
    [
        ((), "clause 1.3"),
        ((member_row("barat"), member_row("barat")), "clause 1.2"),
        ((("barat", operator("barat").address, key("x").public, key("x").public, 10),), "clause 1.2"),
        ((("", operator("barat").address, key("x").public, key("y").public, 10),), "clause 1.1"),
        ((("é" * 33, operator("barat").address, key("x").public, key("y").public, 10),), "clause 1.1"),
        ((("barat", operator("barat").address, b"short", key("y").public, 10),), "clause 1.1"),
        ((member_row("barat", power=0),), "clause 1.1"),
        ((member_row("barat", power=2**32 + 1),), "clause 1.1"),
    ],
)
def test_a_genesis_that_breaks_a_rule_is_refused(
    members: tuple[tuple[object, ...], ...], clause: str
) -> None:
    environment = BlockEnvironment(chain_id="x", height=0, time_ms=GENESIS_MS)
    with pytest.raises(ViewRefused, match=clause):
        apply_genesis(compiled(), [setup_call(members)], environment, ModuleCache())  # type: ignore[arg-type]  # rows


def test_setup_cannot_be_called_later(ledger: Ledger) -> None:
    call = setup_call()
    assert "no method setup" in ledger.refused(operator("barat"), "governance", "setup", *call.arguments)


def test_a_member_is_admitted_by_more_than_two_thirds(ledger: Ledger) -> None:
    row = member_row("tengah")
    proposal = ledger.do(operator("barat"), "governance", "propose_member", *row)
    vote(ledger, proposal, "timur")
    assert len(ledger.governance.validators) == 4  # two of four are not more than two thirds
    vote(ledger, proposal, "utara")
    assert ledger.governance.validators.by_address(key("consensus tengah").address) is not None
    assert ledger.view("governance", "agency_of_operator", operator("tengah").address) == "tengah"


def test_a_change_is_rejected_when_it_can_no_longer_be_carried(ledger: Ledger) -> None:
    proposal = ledger.do(operator("barat"), "governance", "propose_removal", "timur")
    vote(ledger, proposal, "timur", "utara", approve=False)
    message = ledger.refused(operator("selatan"), "governance", "vote", proposal, True)
    assert "clause 2.3" in message
    assert len(ledger.governance.validators) == 4


def test_votes_weigh_as_much_as_their_members(ledger: Ledger) -> None:
    proposal = ledger.do(operator("barat"), "governance", "propose_power", "barat", 100)
    vote(ledger, proposal, "timur", "utara")
    assert ledger.governance.validators.total_power == 130
    ledger.do(operator("barat"), "governance", "propose_power", "barat", 10)  # 100 of 130 is enough alone
    assert ledger.governance.validators.total_power == 40


def test_who_leaves_no_longer_counts(ledger: Ledger) -> None:
    removal = ledger.do(operator("barat"), "governance", "propose_removal", "timur")
    other = ledger.do(operator("timur"), "governance", "propose_power", "timur", 20)
    vote(ledger, removal, "selatan", "utara")
    assert len(ledger.governance.validators) == 3
    assert len(ledger.governance.nodes) == 4
    assert "has no role" in ledger.refused(operator("timur"), "governance", "vote", other, False)


def test_keys_of_who_left_may_come_back(ledger: Ledger) -> None:
    removal = ledger.do(operator("barat"), "governance", "propose_removal", "timur")
    vote(ledger, removal, "selatan", "utara")
    again = ledger.do(operator("barat"), "governance", "propose_member", *member_row("timur"))
    vote(ledger, again, "selatan", "utara")
    assert len(ledger.governance.validators) == 4


def test_the_last_member_remains() -> None:
    ledger = Ledger()
    for leaving, voters in (
        ("timur", ("selatan", "utara")),
        ("utara", ("selatan",)),
    ):
        proposal = ledger.do(operator("barat"), "governance", "propose_removal", leaving)
        rest = [
            name for name in voters if ledger.view("governance", "agency_of_operator", operator(name).address)
        ]
        vote(ledger, proposal, *rest)
        if leaving == "utara":
            vote(ledger, proposal, "utara")
    proposal = ledger.do(operator("barat"), "governance", "propose_removal", "selatan")
    vote(ledger, proposal, "selatan")
    assert len(ledger.governance.validators) == 1
    assert "clause 1.3" in ledger.refused(operator("barat"), "governance", "propose_removal", "barat")


def test_full_nodes_come_and_go(ledger: Ledger) -> None:
    proposal = ledger.do(operator("barat"), "governance", "propose_node", "bpk", key("node bpk").public)
    vote(ledger, proposal, "timur", "utara")
    assert "bpk" in [node.name for node in ledger.governance.nodes]
    proposal = ledger.do(operator("barat"), "governance", "propose_node_removal", "bpk")
    vote(ledger, proposal, "timur", "utara")
    assert "bpk" not in [node.name for node in ledger.governance.nodes]


def test_parameters_and_rules_are_voted_on(ledger: Ledger) -> None:
    for method, name in (("propose_parameter", "heartbeat_ms"), ("propose_rule", "standstill_ms")):
        proposal = ledger.do(operator("barat"), "governance", method, name, 5_000)
        vote(ledger, proposal, "timur", "utara")
    assert ledger.governance.parameters.heartbeat_ms == 5_000
    assert ledger.view("governance", "rule", "standstill_ms") == 5_000


@pytest.mark.parametrize("name", PARAMETER_NAMES)
def test_walls_are_those_of_the_ledger_itself(ledger: Ledger, name: str) -> None:
    """Whatever value the contract lets through makes parameters, and what it refuses would not."""
    for value in (0, 1, 9_999, 10_000, 65_535, 65_536, 2**30 - 1, 2**30, 2**40, 2**40 + 1):
        try:
            Parameters(**{name: value})
            is_valid = True
        except Malformed:
            is_valid = False
        result = ledger.send(operator("barat"), "governance", "propose_parameter", name, value)
        assert result.is_ok == is_valid, (name, value)


@pytest.mark.parametrize(
    ("who", "method", "arguments", "clause"),
    [
        ("barat", "propose_parameter", ("nothing", 5), "clause 3.1"),
        ("barat", "propose_rule", ("nothing", 5), "clause 3.2"),
        ("barat", "propose_rule", ("vote_ms", 5), "clause 3"),
        ("barat", "propose_removal", ("nobody",), "clause 1.1"),
        ("barat", "propose_power", ("nobody", 5), "clause 1.1"),
        ("barat", "propose_power", ("timur", 0), "clause 1.1"),
        ("barat", "propose_node_removal", ("nobody",), "clause 1.4"),
        ("barat", "vote", (99, True), "clause 2.1"),
        ("barat", "propose_rule", ("standstill_days", 61), "clause 3"),
        ("barat", "propose_rule", ("penalty_bps", 10_001), "clause 3"),
        ("barat", "propose_holiday", (100_001, "Hari Raya"), "clause 4.1"),
        ("barat", "propose_workday", (20_000,), "clause 4.1"),
        ("barat", "set_time_zone", (0,), "clause 4.2"),
    ],
)
def test_what_cannot_be_is_refused_when_it_is_proposed(
    ledger: Ledger, who: str, method: str, arguments: tuple[object, ...], clause: str
) -> None:
    assert ledger.refused(operator(who), "governance", method, *arguments).startswith(clause)  # type: ignore[arg-type]  # values


def test_strangers_neither_propose_nor_vote(ledger: Ledger) -> None:
    result = ledger.send(key("stranger"), "governance", "propose_removal", "barat")
    assert result.code.name == "NOT_ADMITTED"
    ledger.do(key("stranger"), "registry", "register", "PT Asing", bytes(32), bytes(32))
    assert "clause 2.1" in ledger.refused(key("stranger"), "governance", "propose_removal", "barat")


def test_a_vote_is_given_once_and_in_time(ledger: Ledger) -> None:
    proposal = ledger.do(operator("barat"), "governance", "propose_removal", "timur")
    assert "clause 2.2" in ledger.refused(operator("barat"), "governance", "vote", proposal, False)
    ledger.wait(VOTE_MS)
    assert "clause 2.4" in ledger.refused(operator("utara"), "governance", "vote", proposal, True)


def test_a_change_that_came_too_late_to_be_possible_is_refused_with_its_last_vote(ledger: Ledger) -> None:
    numbers = [
        ledger.do(operator("barat"), "governance", "propose_member", *member_row("tengah")) for _ in range(2)
    ]
    vote(ledger, numbers[0], "timur", "utara")
    vote(ledger, numbers[1], "timur")
    assert ledger.governance.validators.total_power == 50
    vote(ledger, numbers[1], "utara")
    message = ledger.refused(operator("selatan"), "governance", "vote", numbers[1], True)
    assert "clause 1.2" in message


def test_one_name_is_not_a_member_and_a_full_node(ledger: Ledger) -> None:
    (consensus, node), bpk = (key("consensus bpk").public, key("node bpk").public), key("node x").public
    who = operator("bpk").address
    member = ledger.do(operator("barat"), "governance", "propose_member", "auditor", who, consensus, node, 5)
    vote(ledger, member, "timur")
    message = ledger.refused(operator("utara"), "governance", "vote", member, True)
    assert message == "clause 1.2: auditor is a full node's name"
    full_node = ledger.do(operator("barat"), "governance", "propose_node", "timur", bpk)
    vote(ledger, full_node, "timur")
    message = ledger.refused(operator("utara"), "governance", "vote", full_node, True)
    assert message == "clause 1.2: timur is a member's name"


def test_there_are_no_more_members_than_the_ledger_has_room_for() -> None:
    """128 founders fill it; the strongest could admit another alone."""
    founders = tuple(
        member_row(f"agency {number}", power=10_000 if number == 0 else 1) for number in range(128)
    )
    environment = BlockEnvironment(chain_id=CHAIN, height=0, time_ms=GENESIS_MS)
    made = apply_genesis(compiled(), [setup_call(founders)], environment, ModuleCache())
    assert len(made.governance.validators) == 128
    ledger = Ledger()
    ledger.state = MemoryState({key: value for key, value in made.writes if value is not None})
    message = ledger.refused(operator("agency 0"), "governance", "propose_member", *member_row("one more"))
    assert message == "clause 1.1: there are at most 128 members"


def test_holidays_are_set_and_cleared_by_vote(ledger: Ledger) -> None:
    proposal = ledger.do(operator("barat"), "governance", "propose_holiday", 20_000, "Hari Raya")
    assert ledger.view("governance", "is_holiday", 20_000) is False
    vote(ledger, proposal, "timur", "utara")
    assert ledger.view("governance", "holiday_list", 19_990, 20_010) == ((20_000, "Hari Raya"),)
    proposal = ledger.do(operator("barat"), "governance", "propose_workday", 20_000)
    vote(ledger, proposal, "timur", "utara")
    assert ledger.view("governance", "is_holiday", 20_000) is False


def test_an_operator_says_in_which_time_zone_its_agency_works(ledger: Ledger) -> None:
    assert ledger.view("governance", "utc_offset_of", "timur") == 420
    ledger.do(operator("timur"), "governance", "set_time_zone", 540)
    assert ledger.view("governance", "utc_offset_of", "timur") == 540
    assert ledger.view("governance", "utc_offset_of", "barat") == 420
