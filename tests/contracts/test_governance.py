"""Members, votes and numbers: who may, what is counted, and walls that no vote moves."""

import pytest

from chain.codec import Value
from chain.errors import Malformed
from chain.parameters import PARAMETER_NAMES, Parameters
from tests.contracts.ledger import (
    AGENCIES,
    VOTE_MS,
    Ledger,
    key,
    member_row,
    operator,
    refused_beginning,
    setup_call,
)


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
    ("members", "text"),
    [
        ((member_row("barat"), member_row("barat")), "clause 1.2: barat is a member already"),
        ((member_row(""),), "clause 1.1: a name is not empty"),
        ((member_row("barat", power=0),), "clause 1.1: voting power is 1 to 4294967296, got 0"),
        (
            (("barat", operator("barat").address, b"short", key("y").public, 10),),
            "clause 1.1: a key has 32 bytes, got 5",
        ),
    ],
)
def test_a_genesis_keeps_the_rules_for_members_too(members: tuple[tuple[Value, ...], ...], text: str) -> None:
    assert refused_beginning(setup_call(members)) == text


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
