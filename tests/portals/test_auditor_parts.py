"""What the auditor's pages compute by themselves: rules, roles, hints, values in words, and sums."""

from dataclasses import replace

import pytest

from chain.hashing import sha256
from portals.auditor.flags import Bid, Facts, find_flags
from portals.auditor.nodes import NodeRow, SameBlock, find_diverging
from portals.auditor.overview import compute_sums
from portals.auditor.people import RoleAct, compute_roles
from portals.auditor.rules import CONTRACTS, find_rule, read_source
from portals.auditor.values import Line, Saying, say_fields
from portals.languages import NAMES, get_language
from rpc.contracts import Contract, Record
from rpc.values import FieldInfo, FieldsInfo
from tests.contracts.ledger import compiled
from tests.rpc.memory import DESCRIPTION
from vm.module_codec import decode_module

MODULES = {name: decode_module(data) for name, data in compiled()}


def test_every_call_has_a_rule_and_stands_where_it_is_said() -> None:
    assert set(CONTRACTS) == set(MODULES)
    for name, module in MODULES.items():
        source = read_source(name)
        assert source is not None and source.hash == module.source_hash
        for function in module.functions:
            if function.role.name == "CALL":
                rule = find_rule(name, function.name)
                assert rule is not None and rule.says.startswith("Clause"), f"{name}.{function.name}"
                assert source.lines[rule.line - 1].startswith(f"def {function.name}(")
                assert rule.main is not None or rule.others, f"{name}.{function.name}"


def test_clauses_are_read_whole_and_with_their_line() -> None:
    source = read_source("tender")
    assert source is not None
    clause = source.clauses["8.3"]
    assert clause.text.startswith("Rejected: the award stands.") and clause.text.endswith("linked to it.")
    assert source.lines[clause.line - 1].strip().startswith("8.3")
    award = find_rule("tender", "award")
    assert award is not None and award.main is not None and award.main.number == "7.1"
    assert {"1.1", "2.1"} <= {one.number for one in award.others}, "those of the functions that it calls"
    evaluate = find_rule("tender", "evaluate")
    assert evaluate is not None and evaluate.main is None and evaluate.says.startswith("Clause 6:")
    assert {f"6.{number}" for number in range(1, 7)} <= {one.number for one in evaluate.others}
    assert find_rule("tender", "nope") is None and read_source("nope") is None


@pytest.mark.parametrize("code", list(NAMES))
def test_every_event_has_a_name_and_its_fields_a_label(code: str) -> None:
    known = get_language(code).texts
    for name, module in MODULES.items():
        for event in module.events:
            assert f"event.{name}.{event.name}" in known
            assert {f"field.{field.name}" for field in event.fields} <= set(known), event.name


def act(height: int, event: str, role: str = "A", until_ms: int = 0) -> RoleAct:
    """Something that happened to a role."""
    return RoleAct(
        height=height, time_ms=height, id=b"", event=event, role=role, agency="x", by=b"", until_ms=until_ms
    )


def test_roles_are_computed_for_a_block() -> None:
    acts = (
        act(2, "RoleGranted"),
        act(4, "RoleDelegated", "B", until_ms=9),
        act(6, "RoleRevoked"),
        act(8, "RoleGranted"),
    )
    told = {height: compute_roles(acts, height, height) for height in (1, 2, 5, 6, 8, 9)}
    assert told == {1: (), 2: ("A",), 5: ("A", "B"), 6: ("B",), 8: ("B", "A"), 9: ("A",)}


DAY = 86_400_000
CALM = Facts(
    published_at=0,
    closes_at=20 * DAY,
    is_closed=True,
    is_lowest_price=True,
    addenda=(),
    bids=tuple(
        Bid(bidder=bytes([number]), submitted_at=DAY, price=price, is_set_aside=False)
        for number, price in enumerate((1_000, 1_100, 1_200))
    ),
    estimate=1_500,
    winners=(b"\x00",),
    winning_price=1_000,
)


def bid(number: int, price: int, *, at: int = DAY, aside: bool = False) -> Bid:
    """A bid."""
    return Bid(bidder=bytes([number]), submitted_at=at, price=price, is_set_aside=aside)


def flagged(**changes: object) -> list[str]:
    """Codes of the hints, or the first words where there is none."""
    found = find_flags(replace(CALM, **changes))  # type: ignore[arg-type]  # passed on as given
    return [one.code or one.text.text for one in found]


def test_a_calm_tender_has_no_hint() -> None:
    assert flagged() == [] and find_flags(None) == []


def test_each_hint_shows_for_its_reason() -> None:
    assert flagged(closes_at=14 * DAY) == ["R003"]
    assert flagged(addenda=(18 * DAY,)) == ["The terms were changed in the last three days before the close."]
    assert flagged(addenda=(10 * DAY,)) == []
    assert flagged(bids=(bid(0, 1_000),)) == ["R018"]
    assert flagged(bids=(bid(0, 1_000),), is_closed=False, winners=(), winning_price=0) == []
    late = (bid(0, 1_000, at=20 * DAY - 1), bid(1, 1_100))
    assert flagged(bids=late) == ["{count} of {all} bids came in the last ten minutes."]
    assert flagged(bids=(bid(0, 1_000), bid(1, 1_200), bid(2, 1_200))) == ["R028"]
    assert flagged(bids=(bid(0, 1_000), bid(1, 1_200, aside=True))) == ["R035"]
    assert flagged(bids=(bid(0, 1_000), bid(1, 900, aside=True), bid(2, 1_200))) == ["R036"]
    assert flagged(bids=(bid(0, 1_000), bid(1, 1_009))) == ["R024"]
    assert flagged(estimate=900) == ["The award is above the owner estimate."]
    assert flagged(estimate=1_010) == ["The award is within two percent of the owner estimate."]
    assert flagged(estimate=0) == []


def test_values_are_said_by_their_type_and_name() -> None:
    contract = Contract(DESCRIPTION)
    saying = Saying(language=get_language("en"), currency="IDR", zone=420, people={})
    fields = (
        FieldInfo(name="price", type="uint"),
        FieldInfo(name="closes_at", type="uint"),
        FieldInfo(name="quality_bps", type="uint"),
        FieldInfo(name="is_public", type="bool"),
        FieldInfo(name="ciphertext", type="bytes"),
        FieldInfo(name="hash", type="bytes"),
        FieldInfo(name="reason", type="str"),
        FieldInfo(name="bid", type="Bid"),
        FieldInfo(name="empty", type="str"),
    )
    nested = Record("Bid", {"bidder": b"\x01" * 20, "price": 7, "stage": "OPEN"})
    record = Record(
        "submit",
        {
            "price": 1_250_000,
            "closes_at": 1_700_000_000_000,
            "quality_bps": 8_250,
            "is_public": True,
            "ciphertext": bytes([2]) * 300,
            "hash": b"\x03" * 32,
            "reason": "baik",
            "bid": nested,
            "empty": "",
        },
    )
    told = {line.label: line for line in say_fields(fields, record, contract, saying)}
    assert told["Price"].text == "IDR 1,250,000"
    assert told["Close of submission"].text == "15 November 2023, 05:13 WIB"
    assert "82.5%" in {line.text for line in told.values()} and "yes" in {line.text for line in told.values()}
    digest = sha256(bytes([2]) * 300).hex().upper()
    assert f"300 bytes, SHA-256 {digest}" in {line.text for line in told.values()}
    assert Line(label="Reason", text="baik", kind="words") == told["Reason"]
    assert [line.address for line in told.values() if line.kind == "party"] == ["01" * 20]
    assert len(told) == 10, "what is empty is left out, a record's fields stand for themselves"


def test_a_record_says_its_own_currency() -> None:
    contract = Contract(DESCRIPTION)
    saying = Saying(language=get_language("en"), currency="IDR", zone=420, people={})
    fields = (FieldInfo(name="price", type="uint"), FieldInfo(name="currency", type="str"))
    described = FieldsInfo(name="Priced", fields=fields)
    told = list(
        say_fields(described.fields, Record("Priced", {"price": 1_250, "currency": "USD"}), contract, saying)
    )
    assert told[0].text == "$ 12.50"


def order(state: str, gross: int, net: int, currency: str = "IDR") -> Record:
    """A payment order, as far as it is summed."""
    return Record("Order", {"state": state, "currency": currency, "gross": gross, "net": net})


def test_sums_are_by_state_and_currency() -> None:
    found = compute_sums(
        [
            order("SETTLED", 10, 9),
            order("REQUESTED", 5, 0),
            order("SETTLED", 7, 6),
            order("SETTLED", 3, 2, "USD"),
        ]
    )
    assert [(one.state, one.currency, one.count, one.amount) for one in found] == [
        ("REQUESTED", "IDR", 1, 5),
        ("SETTLED", "IDR", 2, 15),
        ("SETTLED", "USD", 1, 2),
    ]


def test_nodes_are_compared_at_one_height_only() -> None:
    rows = (
        NodeRow(address="a", height=5, state_root="X"),
        NodeRow(address="b", height=4, state_root="Y"),
        NodeRow(address="c", height=5, state_root="Z"),
        NodeRow(address="d", problem="gone"),
    )
    assert [row.address for row in find_diverging(rows)] == ["c"]
    assert SameBlock(height=1, shown=(("a", "X", ""), ("b", "", "gone"))).agree
    assert not SameBlock(height=1, shown=(("a", "X", ""), ("b", "Y", ""))).agree
