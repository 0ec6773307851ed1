"""How every refusal of the registry contract is brought about, by its whole text; `test_refusals` does so."""

from collections.abc import Callable

from chain.codec import Value
from chain.keys import SigningKey
from tests.contracts.ledger import (
    BLACKLIST_MAX_MS,
    DELEGATION_MAX_MS,
    KEY_REPLACEMENT_MS,
    Ledger,
    Refusal,
    address,
    key,
    operator,
)

Attempt = Callable[[Ledger], Refusal]
COMMITMENT_OFFICER, GROUP, AUTHORITY, REGISTRY_OFFICER = 2, 3, 4, 9
BARAT, TIMUR = operator("barat"), operator("timur")
CHIEF, DEPUTY, PA, OTHER_PA = key("chief"), key("deputy"), key("pa of barat"), key("pa of timur")
ALFA, NEW, REGISTRAR = key("alfa"), key("new"), key("registrar")
ZERO = bytes(32)
START = 1_700_000_001_000
LONG = 2**50


def shown(who: SigningKey) -> str:
    """Somebody's account as a message has it."""
    return who.address.hex().upper()


def _prepare(ledger: Ledger) -> None:
    """A chief, a budget authority and a registry officer of barat, an authority of timur, and the supplier alfa."""
    for agency, who, role in (
        (BARAT, CHIEF, GROUP),
        (BARAT, PA, AUTHORITY),
        (BARAT, REGISTRAR, REGISTRY_OFFICER),
        (TIMUR, OTHER_PA, AUTHORITY),
    ):
        ledger.do(agency, "registry", "grant", who.address, role)
    ledger.do(ALFA, "registry", "register", "PT Alfa", ZERO, ZERO)


def by(who: SigningKey, method: str, *arguments: Value) -> Attempt:
    """One act."""

    def attempt(ledger: Ledger) -> Refusal:
        _prepare(ledger)
        return ledger.refused(who, "registry", method, *arguments)

    return attempt


def viewing(method: str, *arguments: Value) -> Attempt:
    """A view of what is not there."""
    return lambda ledger: ledger.refused_view("registry", method, *arguments)


def registering(name: str = "PT Baru", *, nib: bytes = ZERO, npwp: bytes = ZERO) -> Attempt:
    """A registration of which one thing is wrong."""
    return by(NEW, "register", name, nib, npwp)


def barring(until_ms: int, reason: str = "palsu") -> Attempt:
    """A barring of alfa."""
    return by(PA, "bar", ALFA.address, until_ms, reason)


def barred(who: SigningKey, method: str, *arguments: Value) -> Attempt:
    """An act on alfa, which barat has barred."""

    def attempt(ledger: Ledger) -> Refusal:
        _prepare(ledger)
        ledger.do(PA, "registry", "bar", ALFA.address, ledger.now_ms + 10_000, "palsu")
        return ledger.refused(who, "registry", method, ALFA.address, *arguments)

    return attempt


def delegated(who: SigningKey, method: str, *arguments: Value) -> Attempt:
    """An act after the chief has delegated its role."""

    def attempt(ledger: Ledger) -> Refusal:
        _prepare(ledger)
        ledger.do(CHIEF, "registry", "delegate", DEPUTY.address, GROUP, ledger.now_ms + 10_000)
        return ledger.refused(who, "registry", method, *arguments)

    return attempt


def replacing(who: SigningKey, method: str, *arguments: Value, wait_ms: int = 0) -> Attempt:
    """An act while the chief's key is to be replaced."""

    def attempt(ledger: Ledger) -> Refusal:
        _prepare(ledger)
        ledger.do(BARAT, "registry", "request_replacement", CHIEF.address, NEW.address, "hilang")
        ledger.wait(wait_ms)
        return ledger.refused(who, "registry", method, *arguments)

    return attempt


def replaced(who: SigningKey, by_whom: SigningKey, method: str, *arguments: Value) -> Attempt:
    """An act after a key was replaced."""

    def attempt(ledger: Ledger) -> Refusal:
        _prepare(ledger)
        requester = REGISTRAR if who is ALFA else BARAT
        number = ledger.do(requester, "registry", "request_replacement", who.address, NEW.address, "hilang")
        ledger.wait(KEY_REPLACEMENT_MS)
        ledger.do(requester, "registry", "complete_replacement", number)
        return ledger.refused(by_whom, "registry", method, *arguments)

    return attempt


def _completing_with_a_key_that_found_another_part(ledger: Ledger) -> Refusal:
    _prepare(ledger)
    number = ledger.do(BARAT, "registry", "request_replacement", CHIEF.address, NEW.address, "hilang")
    ledger.do(NEW, "registry", "register", "PT Baru", ZERO, ZERO)
    ledger.wait(KEY_REPLACEMENT_MS)
    return ledger.refused(BARAT, "registry", "complete_replacement", number)


REFUSALS: dict[str, Attempt] = {
    # Officers
    f"clause 1.1: {shown(CHIEF)} is not the operator of a member agency": by(
        CHIEF, "grant", NEW.address, GROUP
    ),
    f"clause 1.1: {shown(PA)} holds role 4 already": by(BARAT, "grant", PA.address, AUTHORITY),
    f"clause 1.1: {shown(NEW)} does not hold role 3": by(BARAT, "revoke", NEW.address, GROUP),
    f"clause 1.1: {shown(CHIEF)} acts for barat, and timur cannot revoke": by(
        TIMUR, "revoke", CHIEF.address, GROUP
    ),
    "clause 1.1: there is no officer 3": viewing("officer_roles", 3),
    "clause 1.1: a reason has 1 to 500 bytes": barring(START + 5, reason=""),
    f"clause 1.2: {shown(CHIEF)} acts for barat already and cannot act for timur": by(
        TIMUR, "grant", CHIEF.address, COMMITMENT_OFFICER
    ),
    f"clause 1.2: {shown(TIMUR)} operates timur and cannot act for barat": by(
        BARAT, "grant", TIMUR.address, GROUP
    ),
    f"clause 1.3: {shown(ALFA)} is a supplier and cannot be an officer": by(
        BARAT, "grant", ALFA.address, GROUP
    ),
    f"clause 1.3: {shown(CHIEF)} acts for an agency and cannot be a supplier": by(
        CHIEF, "register", "PT Baru", ZERO, ZERO
    ),
    f"clause 1.3: {shown(BARAT)} acts for an agency and cannot be a supplier": by(
        BARAT, "register", "PT Baru", ZERO, ZERO
    ),
    "clause 1.4: role 0 is not granted": by(BARAT, "grant", NEW.address, 0),
    "clause 1.4: role 1 is not granted": by(BARAT, "grant", NEW.address, 1),
    f"clause 1.5: {shown(CHIEF)} does not hold role 4": by(
        CHIEF, "delegate", DEPUTY.address, AUTHORITY, START + 5
    ),
    f"clause 1.5: role 3 was delegated to {shown(DEPUTY)}": delegated(
        DEPUTY, "delegate", NEW.address, GROUP, START + 5
    ),
    f"clause 1.5: a delegation ends after {START} and by {START + DELEGATION_MAX_MS}, got {START}": by(
        CHIEF, "delegate", DEPUTY.address, GROUP, START
    ),
    f"clause 1.5: {shown(NEW)} has no delegated role 3": by(CHIEF, "end_delegation", NEW.address, GROUP),
    f"clause 1.5: role 3 of {shown(CHIEF)} was not delegated by {shown(REGISTRAR)}": by(
        REGISTRAR, "end_delegation", CHIEF.address, GROUP
    ),
    # Suppliers
    f"clause 2.1: {shown(ALFA)} is registered already": by(ALFA, "register", "PT Alfa", ZERO, ZERO),
    "clause 2.1: a name has 1 to 200 bytes": registering(""),
    f"clause 2.1: {shown(CHIEF)} is not a registered supplier": by(CHIEF, "set_account", ZERO),
    f"clause 2.1: {'0' * 40} is not the id of a supplier": viewing("supplier_record", bytes(20)),
    "clause 2.2: a commitment has 32 bytes, got 4 and 32": registering(nib=b"3201"),
    "clause 2.2: a commitment has 32 bytes, got 32 and 0": registering(npwp=b""),
    "clause 2.3: a commitment has 32 bytes, got 0": by(ALFA, "set_account", b""),
    # Blacklist
    f"clause 3.1: {shown(ALFA)} is not a budget authority": by(ALFA, "bar", ALFA.address, LONG, "palsu"),
    f"clause 3.1: {shown(NEW)} is not a registered supplier": by(PA, "bar", NEW.address, LONG, "palsu"),
    f"clause 3.1: {'0' * 40} was never barred": viewing("barring_record", bytes(20)),
    f"clause 3.2: a term ends after {START} and by {START + BLACKLIST_MAX_MS}, got {LONG}": barring(LONG),
    f"clause 3.2: a term ends after {START} and by {START + BLACKLIST_MAX_MS}, got {START}": barring(START),
    f"clause 3.3: {shown(ALFA)} is barred by another agency already": barred(
        OTHER_PA, "bar", START + 5, "palsu"
    ),
    f"clause 3.3: {shown(ALFA)} is not barred": by(PA, "end_barring", ALFA.address, "keliru"),
    f"clause 3.3: {shown(ALFA)} was barred by barat, not timur": barred(OTHER_PA, "end_barring", "keliru"),
    # Lost keys
    f"clause 5.1: {shown(BARAT)} is not a registry officer, who replaces a supplier's key": by(
        BARAT, "request_replacement", ALFA.address, NEW.address, "hilang"
    ),
    f"clause 5.1: {shown(CHIEF)} is not an officer of timur": by(
        TIMUR, "request_replacement", CHIEF.address, NEW.address, "hilang"
    ),
    f"clause 5.1: {shown(REGISTRAR)} is in use and cannot take the place of another key": by(
        BARAT, "request_replacement", CHIEF.address, REGISTRAR.address, "hilang"
    ),
    f"clause 5.1: {shown(NEW)} is in use and cannot take the place of another key": (
        _completing_with_a_key_that_found_another_part
    ),
    "clause 5.1: there is no replacement 7": by(BARAT, "complete_replacement", 7),
    "clause 5.1: there is no replacement 8": viewing("replacement_record", 8),
    f"clause 5.2: a replacement of {shown(CHIEF)} is waiting already": replacing(
        BARAT, "request_replacement", CHIEF.address, address("other"), "hilang"
    ),
    f"clause 5.2: only {shown(CHIEF)} objects to its replacement": replacing(BARAT, "object_replacement", 1),
    f"clause 5.2: replacement 1 was asked for by {shown(BARAT)}": replacing(TIMUR, "complete_replacement", 1),
    f"clause 5.2: the replacement waits until {START + KEY_REPLACEMENT_MS}, the block's time is {START + 5}": (
        replacing(BARAT, "complete_replacement", 1, wait_ms=5)
    ),
    "clause 5.2: replacement 1 is over already": replaced(CHIEF, BARAT, "complete_replacement", 1),
    f"clause 5.3: {shown(CHIEF)} was replaced and is never used again": replaced(
        CHIEF, BARAT, "grant", CHIEF.address, GROUP
    ),
    f"clause 5.3: {shown(ALFA)} was replaced and is never used again": replaced(
        ALFA, ALFA, "register", "PT Alfa", ZERO, ZERO
    ),
    # Agencies
    f"clause 6.1: {shown(ALFA)} has another part and cannot be a treasury": by(
        BARAT, "appoint_treasury", ALFA.address
    ),
    "clause 6.1: utara has appointed no treasury": viewing("treasury_of", "utara"),
    "clause 6.2: a key has 32 bytes, got 0": by(BARAT, "set_document_key", b""),
}
