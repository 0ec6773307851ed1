"""Roles passed on for a term, lost keys replaced after a wait, and what agencies and suppliers state of themselves."""

import pytest

from chain.codec import Value
from chain.keys import SigningKey
from tests.contracts.ledger import (
    KEY_REPLACEMENT_MS,
    Ledger,
    address,
    key,
    operator,
)

GROUP, AUTHORITY, REGISTRY_OFFICER = 3, 4, 9
CHIEF, DEPUTY, NEW = key("chief"), key("deputy"), key("new")
ZERO = bytes(32)


def shown(name: str) -> str:
    """Somebody's account as a message has it."""
    return address(name).hex().upper()


@pytest.fixture
def ledger() -> Ledger:
    """A chief of barat with a role of its own, a registry officer, and a supplier."""
    made = Ledger()
    made.do(operator("barat"), "registry", "grant", CHIEF.address, GROUP)
    made.do(operator("barat"), "registry", "grant", address("registrar"), REGISTRY_OFFICER)
    made.do(key("supplier"), "registry", "register", "PT Karya", ZERO, ZERO)
    return made


def delegate(ledger: Ledger, for_ms: int = 10_000) -> None:
    """The chief passes its role on."""
    ledger.do(CHIEF, "registry", "delegate", DEPUTY.address, GROUP, ledger.now_ms + for_ms)


def is_in_group(ledger: Ledger, who: SigningKey) -> Value:
    """Whether somebody sits in the selection group of barat now."""
    return ledger.view("registry", "is_selection_group", who.address, "barat")


# --- Delegation -----------------------------------------------------------------------------------------------------


def test_a_delegated_role_lasts_for_its_term(ledger: Ledger) -> None:
    delegate(ledger)
    assert is_in_group(ledger, DEPUTY) is True
    assert is_in_group(ledger, CHIEF) is True
    assert ledger.view("registry", "agency_of", DEPUTY.address) == "barat"
    ledger.wait(10_000)
    assert is_in_group(ledger, DEPUTY) is False
    assert ledger.view("registry", "may_call", DEPUTY.address, "tender", "publish") is False
    delegate(ledger)
    assert is_in_group(ledger, DEPUTY) is True


def test_it_ends_early_with_the_word_or_the_role_of_who_delegated_it(ledger: Ledger) -> None:
    delegate(ledger)
    ledger.do(CHIEF, "registry", "end_delegation", DEPUTY.address, GROUP)
    assert is_in_group(ledger, DEPUTY) is False
    delegate(ledger)
    ledger.do(operator("barat"), "registry", "revoke", CHIEF.address, GROUP)
    assert is_in_group(ledger, DEPUTY) is False
    ledger.wait(1)
    ledger.do(operator("barat"), "registry", "grant", CHIEF.address, GROUP)
    assert is_in_group(ledger, DEPUTY) is False, "what ended does not come to life again"


def test_the_operator_revokes_a_delegated_role_too(ledger: Ledger) -> None:
    delegate(ledger)
    ledger.do(operator("barat"), "registry", "revoke", DEPUTY.address, GROUP)
    assert is_in_group(ledger, DEPUTY) is False


# --- Lost keys ------------------------------------------------------------------------------------------------------


def request(ledger: Ledger, old: SigningKey, by: SigningKey, new: SigningKey = NEW) -> Value:
    """A replacement that was asked for."""
    return ledger.do(by, "registry", "request_replacement", old.address, new.address, "hilang")


def test_an_officers_key_is_replaced_after_a_wait(ledger: Ledger) -> None:
    delegate(ledger)
    number = request(ledger, CHIEF, operator("barat"))
    ledger.wait(KEY_REPLACEMENT_MS)
    ledger.do(operator("barat"), "registry", "complete_replacement", number)
    assert is_in_group(ledger, NEW) is True
    assert is_in_group(ledger, CHIEF) is False
    assert is_in_group(ledger, DEPUTY) is False, "what the lost key delegated ends"
    message = ledger.refused(operator("barat"), "registry", "grant", CHIEF.address, GROUP)
    assert message == f"clause 5.3: {shown('chief')} was replaced and is never used again"
    record = ledger.view("registry", "replacement_record", number)
    assert isinstance(record, tuple)
    assert record[-2:] == (2, "hilang")


def test_a_suppliers_id_stays_when_its_key_is_replaced(ledger: Ledger) -> None:
    number = request(ledger, key("supplier"), key("registrar"))
    ledger.wait(KEY_REPLACEMENT_MS)
    ledger.do(key("registrar"), "registry", "complete_replacement", number)
    assert ledger.view("registry", "supplier_of", NEW.address) == address("supplier")
    assert ledger.view("registry", "key_of_supplier", address("supplier")) == NEW.address
    assert ledger.view("registry", "is_supplier", address("supplier")) is False
    again = request(ledger, NEW, key("registrar"), key("newer"))
    ledger.wait(KEY_REPLACEMENT_MS)
    ledger.do(key("registrar"), "registry", "complete_replacement", again)
    assert ledger.view("registry", "supplier_of", address("newer")) == address("supplier")


def test_who_still_has_the_key_objects(ledger: Ledger) -> None:
    number = request(ledger, CHIEF, operator("barat"))
    assert isinstance(number, int)
    ledger.do(CHIEF, "registry", "object_replacement", number)
    ledger.wait(KEY_REPLACEMENT_MS)
    message = ledger.refused(operator("barat"), "registry", "complete_replacement", number)
    assert message == f"clause 5.2: replacement {number} is over already"
    assert is_in_group(ledger, CHIEF) is True
    request(ledger, CHIEF, operator("barat"))


# --- What is stated -------------------------------------------------------------------------------------------------


def test_each_agency_appoints_its_treasury(ledger: Ledger) -> None:
    for agency in ("barat", "timur"):
        ledger.do(operator(agency), "registry", "appoint_treasury", address("kas"))
    assert ledger.view("registry", "treasury_of", "barat") == address("kas")
    assert ledger.view("registry", "is_treasury", address("kas"), "timur") is True
    assert ledger.view("registry", "is_treasury", address("kas"), "utara") is False
    for agency, other in (("barat", "kas baru"), ("timur", "kas lain")):
        assert ledger.view("registry", "may_call", address("kas"), "payment", "settle") is True
        ledger.do(operator(agency), "registry", "appoint_treasury", address(other))
    assert ledger.view("registry", "may_call", address("kas"), "payment", "settle") is False


def test_accounts_and_document_keys(ledger: Ledger) -> None:
    assert ledger.view("registry", "account_commitment", address("supplier")) == b""
    ledger.do(key("supplier"), "registry", "set_account", b"\x07" * 32)
    assert ledger.view("registry", "account_commitment", address("supplier")) == b"\x07" * 32
    assert ledger.view("registry", "document_key_of", "barat") == b""
    ledger.do(operator("barat"), "registry", "set_document_key", b"\x08" * 32)
    assert ledger.view("registry", "document_key_of", "barat") == b"\x08" * 32


def test_lists_are_paged_by_number(ledger: Ledger) -> None:
    ledger.do(key("second"), "registry", "register", "PT Dua", ZERO, ZERO)
    assert ledger.view("registry", "supplier_count") == 2
    rows = ledger.view("registry", "supplier_list", 0, 100)
    assert isinstance(rows, tuple)
    assert [row[:3] for row in rows] == [  # type: ignore[index]  # records
        (1, address("supplier"), "PT Karya"),
        (2, address("second"), "PT Dua"),
    ]
    assert ledger.view("registry", "supplier_list", 2, 1) == rows[1:]
    assert ledger.view("registry", "supplier_list", 3, 1) == ()
    assert ledger.view("registry", "officer_count") == 2
    assert ledger.view("registry", "officer_list", 0, 100) == (
        (1, CHIEF.address, "barat", True),
        (2, address("registrar"), "barat", True),
    )
    given_at = ledger.now_ms
    row = (CHIEF.address, "barat", GROUP, operator("barat").address, given_at, False, 0, True)
    assert ledger.view("registry", "officer_roles", 1) == (row,)
    assert ledger.view("registry", "replacement_count") == 0
