"""Documents on the ledger: recorded by their owner with receipts of members' nodes, listed, and every refusal by its words."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from chain.codec import Value
from chain.document import DocumentFacts, sign_receipt
from chain.hashing import sha256
from tests.contracts.ledger import AGENCIES, CHAIN, GENESIS_MS, Ledger, Refusal, key, operator

SUPPLIER, OTHER, OFFICER, STRANGER_OFFICER, AUDITOR, NOBODY = map(
    key, ("alfa", "beta", "ppk of barat", "ppk of timur", "bpk", "nobody")
)
COMMITMENT_OFFICER, AUDITOR_ROLE, REGISTRY_OFFICER = 2, 6, 9
DAY_MS = 86_400_000
START = GENESIS_MS + 1_000 + 2 * DAY_MS
FACTS = DocumentFacts(
    hash=sha256(b"container"), size=4_242, owner=SUPPLIER.address, agency="barat", is_public=False
)


class Documented(Ledger):
    """Two suppliers, an officer of each of two agencies, and an auditor."""

    def __init__(self) -> None:
        super().__init__()
        self.now_ms += 2 * DAY_MS
        for agency, officer, role in (
            ("barat", OFFICER, COMMITMENT_OFFICER),
            ("timur", STRANGER_OFFICER, COMMITMENT_OFFICER),
            ("utara", AUDITOR, AUDITOR_ROLE),
            ("utara", key("petugas"), REGISTRY_OFFICER),
        ):
            self.do(operator(agency), "registry", "grant", officer.address, role)
        for supplier in (SUPPLIER, OTHER):
            self.do(supplier, "registry", "register", "PT Uji", bytes(32), bytes(32))


@pytest.fixture
def ledger() -> Ledger:
    """Its people are there, and no document yet."""
    return Documented()


def receipt(
    agency: str, at_ms: int, facts: DocumentFacts = FACTS, chain_id: str = CHAIN
) -> tuple[Value, ...]:
    """A receipt of an agency's node as the contract takes it."""
    given = sign_receipt(key(f"node {agency}"), chain_id, facts, at_ms)
    return (agency, given.signature, given.at_ms)


def arguments(facts: DocumentFacts, *receipts: Value) -> tuple[Value, ...]:
    """The arguments of `record`."""
    return (facts.hash, facts.size, facts.agency, facts.is_public, receipts)


def two_receipts(ledger: Ledger, facts: DocumentFacts = FACTS) -> tuple[Value, ...]:
    """As many as are needed of four members."""
    return (receipt("selatan", ledger.now_ms, facts), receipt("timur", ledger.now_ms - 1_000, facts))


def record(ledger: Ledger, facts: DocumentFacts = FACTS) -> Value:
    """The supplier records a document; its number."""
    return ledger.do(SUPPLIER, "documents", "record", *arguments(facts, *two_receipts(ledger, facts)))


def test_a_document_is_recorded_with_receipts_of_more_than_a_third(ledger: Ledger) -> None:
    assert ledger.view("documents", "is_recorded", FACTS.hash) is False
    assert record(ledger) == 1
    assert ledger.view("documents", "is_recorded", FACTS.hash) is True
    found = (
        *(1, FACTS.hash, FACTS.size, SUPPLIER.address, "barat", False),
        *(SUPPLIER.address, ledger.now_ms, 2),
    )
    assert ledger.view("documents", "document_record", FACTS.hash) == found
    second = replace(FACTS, hash=sha256(b"second"), is_public=True)
    assert record(ledger, second) == ledger.view("documents", "document_count") == 2
    rows = ledger.view("documents", "document_list", 2, 100)
    assert isinstance(rows, tuple) and len(rows) == 1
    assert ledger.view("documents", "document_list", 0, 1) == (found,)


def test_every_member_may_give_a_receipt(ledger: Ledger) -> None:
    receipts = [receipt(agency, ledger.now_ms) for agency in AGENCIES]
    assert ledger.do(SUPPLIER, "documents", "record", *arguments(FACTS, *receipts)) == 1


def test_who_may_read(ledger: Ledger) -> None:
    record(ledger)
    allowed = {
        who: ledger.view("documents", "may_read", FACTS.hash, key(who).address)
        for who in ("alfa", "beta", "ppk of barat", "ppk of timur", "bpk", "nobody")
    }
    assert [who for who, may in allowed.items() if may] == ["alfa", "ppk of barat", "bpk"]
    public = replace(FACTS, hash=sha256(b"public"), is_public=True)
    record(ledger, public)
    assert ledger.view("documents", "may_read", public.hash, NOBODY.address) is True
    assert ledger.view("documents", "is_reader", NOBODY.address, SUPPLIER.address, "", False) is False


def test_a_supplier_owns_under_its_id_whichever_key_acts(ledger: Ledger) -> None:
    new = key("kunci baru")
    number = ledger.do(
        key("petugas"), "registry", "request_replacement", SUPPLIER.address, new.address, "hilang"
    )
    ledger.wait(5_000)
    ledger.do(key("petugas"), "registry", "complete_replacement", number)
    assert ledger.view("documents", "owner_of", new.address) == SUPPLIER.address
    ledger.do(new, "documents", "record", *arguments(FACTS, *two_receipts(ledger)))
    row = ledger.view("documents", "document_record", FACTS.hash)
    assert isinstance(row, tuple) and (row[3], row[6]) == (SUPPLIER.address, new.address)
    assert ledger.view("documents", "may_read", FACTS.hash, new.address) is True
    assert ledger.view("documents", "is_owner", new.address, SUPPLIER.address) is True
    assert ledger.view("documents", "is_owner", SUPPLIER.address, SUPPLIER.address) is False
    assert ledger.view("documents", "may_read", FACTS.hash, SUPPLIER.address) is False


@pytest.mark.parametrize(
    "changed",
    [
        {"hash": sha256(b"other")},
        {"size": 4_243},
        {"owner": OTHER.address},
        {"agency": "timur"},
        {"is_public": True},
    ],
)
def test_a_receipt_is_for_these_facts_alone(ledger: Ledger, changed: dict[str, Value]) -> None:
    foreign = replace(FACTS, **changed)  # type: ignore[arg-type]  # each field with a value of its type
    refused = ledger.refused(
        SUPPLIER, "documents", "record", *arguments(FACTS, *two_receipts(ledger, foreign))
    )
    assert refused == "clause 2.2: the receipt of selatan is not signed by its node for this document"


@pytest.mark.parametrize("signature", [b"", receipt("timur", START)[1]])
def test_a_receipt_is_signed_by_the_node_that_gives_it(ledger: Ledger, signature: Value) -> None:
    given = (receipt("barat", ledger.now_ms), ("selatan", signature, ledger.now_ms))
    refused = ledger.refused(SUPPLIER, "documents", "record", *arguments(FACTS, *given))
    assert refused == "clause 2.2: the receipt of selatan is not signed by its node for this document"


def test_only_members_count(ledger: Ledger) -> None:
    foreign = replace(FACTS, agency="pusat")
    for facts, receipts in (
        (foreign, two_receipts(ledger, foreign)),
        (FACTS, (receipt("barat", ledger.now_ms), receipt("auditor", ledger.now_ms))),
    ):
        refused = ledger.refused(SUPPLIER, "documents", "record", *arguments(facts, *receipts))
        assert refused in ("clause 1.1: pusat is not a member", "clause 1.1: auditor is not a member")


def test_a_receipt_of_a_day_counts_to_the_millisecond(ledger: Ledger) -> None:
    receipts = [receipt("barat", ledger.now_ms - DAY_MS), receipt("utara", ledger.now_ms + DAY_MS)]
    assert ledger.do(SUPPLIER, "documents", "record", *arguments(FACTS, *receipts)) == 1


def test_nobody_records_what_another_put_there(ledger: Ledger) -> None:
    given = arguments(FACTS, *two_receipts(ledger))
    assert ledger.refused(OTHER, "documents", "record", *given).startswith("clause 2.2")
    assert ledger.do(SUPPLIER, "documents", "record", *given) == 1


# --- Refusals -------------------------------------------------------------------------------------------------------

Attempt = Callable[[Ledger], Refusal]
SHOWN = FACTS.hash.hex().upper()


def recording(*receipts: Value, facts: DocumentFacts = FACTS) -> Attempt:
    """A record with these receipts."""
    return lambda ledger: ledger.refused(SUPPLIER, "documents", "record", *arguments(facts, *receipts))


def _recording_twice(ledger: Ledger) -> Refusal:
    record(ledger)
    return recording(*two_receipts(ledger))(ledger)


REFUSALS: dict[str, Attempt] = {
    "clause 1.1: a hash has 32 bytes, got 31": recording(facts=replace(FACTS, hash=sha256(b"")[:31])),  # type: ignore[arg-type]  # too short
    f"clause 1.3: document {SHOWN} is not recorded": lambda ledger: ledger.refused_view(
        "documents", "document_record", FACTS.hash
    ),
    f"clause 1.3: document {SHOWN} is recorded already": _recording_twice,
    "clause 2.1: 1 of 4 members gave a receipt, and more than a third is needed": recording(
        receipt("barat", START)
    ),
    "clause 2.2: barat gave a receipt twice": recording(receipt("barat", START), receipt("barat", START - 1)),
    "clause 2.2: the receipt of selatan is not signed by its node for this document": recording(
        receipt("barat", START), receipt("selatan", START, chain_id="other")
    ),
    f"clause 2.3: the receipt of selatan is of {START - DAY_MS - 1}, and the block of {START}": recording(
        receipt("barat", START), receipt("selatan", START - DAY_MS - 1)
    ),
    f"clause 2.3: the receipt of selatan is of {START + DAY_MS + 1}, and the block of {START}": recording(
        receipt("barat", START), receipt("selatan", START + DAY_MS + 1)
    ),
}
