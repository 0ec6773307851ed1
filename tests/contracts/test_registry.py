"""Roles on record, suppliers by commitment, the blacklist, and the door that strangers find."""

import pytest

from tests.contracts.ledger import BLACKLIST_MAX_MS, Ledger, address, key, operator

SUPPLIER, COMMITMENT_OFFICER, SELECTION_GROUP, BUDGET_AUTHORITY = 1, 2, 3, 4
ZERO = bytes(32)


@pytest.fixture
def ledger() -> Ledger:
    """A supplier, an officer who may bar, and one of another agency."""
    made = Ledger()
    made.do(key("supplier"), "registry", "register", "PT Karya", ZERO, ZERO)
    made.do(operator("barat"), "registry", "grant", address("authority"), BUDGET_AUTHORITY)
    made.do(operator("timur"), "registry", "grant", address("other authority"), BUDGET_AUTHORITY)
    return made


def test_roles_are_granted_and_revoked_by_the_same_agency(ledger: Ledger) -> None:
    who = address("officer")
    ledger.do(operator("barat"), "registry", "grant", who, SELECTION_GROUP)
    ledger.do(operator("barat"), "registry", "grant", who, COMMITMENT_OFFICER)
    assert ledger.view("registry", "roles_of", who) == (COMMITMENT_OFFICER, SELECTION_GROUP)
    assert ledger.view("registry", "is_selection_group", who, "barat") is True
    assert ledger.view("registry", "is_selection_group", who, "timur") is False
    assert ledger.view("registry", "agency_of", who) == "barat"
    assert "clause 1.1" in ledger.refused(operator("timur"), "registry", "revoke", who, SELECTION_GROUP)
    for role in (SELECTION_GROUP, COMMITMENT_OFFICER):
        ledger.do(operator("barat"), "registry", "revoke", who, role)
    assert ledger.view("registry", "agency_of", who) == ""
    assert ledger.view("registry", "has_role", who, SELECTION_GROUP) is False


def test_an_officer_who_left_may_act_for_another_agency(ledger: Ledger) -> None:
    who = address("officer")
    ledger.do(operator("barat"), "registry", "grant", who, SELECTION_GROUP)
    assert "clause 1.2" in ledger.refused(operator("timur"), "registry", "grant", who, SELECTION_GROUP)
    ledger.do(operator("barat"), "registry", "revoke", who, SELECTION_GROUP)
    ledger.do(operator("timur"), "registry", "grant", who, SELECTION_GROUP)
    assert ledger.view("registry", "agency_of", who) == "timur"


def test_an_operator_may_be_an_officer_of_its_own_agency(ledger: Ledger) -> None:
    who = operator("barat").address
    ledger.do(operator("barat"), "registry", "grant", who, SELECTION_GROUP)
    assert ledger.view("registry", "agency_of", who) == "barat"


def test_an_unknown_role_is_not_a_role(ledger: Ledger) -> None:
    result = ledger.send(operator("barat"), "registry", "grant", address("x"), 99)
    assert result.code.name == "BAD_ARGUMENTS"


def test_a_supplier_is_barred_for_a_term(ledger: Ledger) -> None:
    until = ledger.now_ms + 10_000
    who = address("supplier")
    ledger.do(key("authority"), "registry", "bar", who, until, "palsu")
    assert ledger.view("registry", "is_barred", who) is True
    assert "clause 3.3" in ledger.refused(key("other authority"), "registry", "bar", who, until, "x")
    assert "clause 3.3" in ledger.refused(key("other authority"), "registry", "end_barring", who, "x")
    ledger.wait(10_000)
    assert ledger.view("registry", "is_barred", who) is False
    ledger.do(key("other authority"), "registry", "bar", who, ledger.now_ms + 1, "lagi")


def test_a_term_ends_early_by_the_agency_that_set_it(ledger: Ledger) -> None:
    who = address("supplier")
    ledger.do(key("authority"), "registry", "bar", who, ledger.now_ms + BLACKLIST_MAX_MS, "palsu")
    assert "a reason has" in ledger.refused(key("authority"), "registry", "end_barring", who, "")
    ledger.do(key("authority"), "registry", "end_barring", who, "keliru")
    assert ledger.view("registry", "is_barred", who) is False


def test_a_stranger_may_only_register(ledger: Ledger) -> None:
    stranger = key("stranger")
    for contract, method in (("registry", "grant"), ("tender", "withdraw"), ("governance", "vote")):
        assert ledger.view("registry", "may_call", stranger.address, contract, method) is False
    assert ledger.view("registry", "may_call", stranger.address, "registry", "register") is True
    assert ledger.send(stranger, "tender", "withdraw", b"").code.name == "NOT_ADMITTED"
    ledger.do(stranger, "registry", "register", "PT Asing", ZERO, ZERO)
    assert "clause 1.1" in ledger.refused(stranger, "tender", "withdraw", b"")


def test_nothing_personal_is_in_the_state(ledger: Ledger) -> None:
    ledger.do(key("new"), "registry", "register", "PT Baru", b"\x11" * 32, b"\x22" * 32)
    assert ledger.view("registry", "supplier_record", address("new")) == (
        "PT Baru",
        address("new"),
        b"\x11" * 32,
        b"\x22" * 32,
        b"",
        ledger.now_ms,
    )
