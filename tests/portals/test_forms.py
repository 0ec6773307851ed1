"""What is posted becomes arguments, or a word at the field that does not fit: every kind, and lists of records."""

import pytest

from portals.forms import Field, Filled, Form, Kind, Local, add_row, read_form, read_local

WITA = Local(currency="IDR", zone=480)
ROWS = Form(
    contract="agreement",
    method="draft",
    fields=(
        Field(
            name="wanted",
            kind=Kind.ROWS,
            rows=(
                Field(name="title", kind=Kind.LINE),
                Field(name="amount", kind=Kind.AMOUNT),
                Field(name="due_at", kind=Kind.TIME),
            ),
            rows_max=3,
        ),
    ),
)
ROW = {"title": " Pondasi ", "amount": "Rp 1.000", "due_at": "1970-01-02T08:00"}
READ = {"title": "Pondasi", "amount": 1_000, "due_at": 86_400_000}


def read_one(kind: Kind, text: str, unit: str = "", choices: tuple[str, ...] = ()) -> Filled:
    """A form of one field."""
    form = Form(contract="c", method="m", fields=(Field(name="x", kind=kind, choices=choices),))
    return read_form(form, {"x": text, "x.unit": unit}, WITA)


def row(place: int | str, **changes: str) -> dict[str, str]:
    """A row as it is posted."""
    return {f"wanted.{place}.{name}": text for name, text in (ROW | changes).items()}


@pytest.mark.parametrize(
    ("kind", "text", "unit", "value"),
    [
        (Kind.DAY, "1970-01-11", "", 10),
        (Kind.TIME, "1970-01-01T09:00", "", 3_600_000),
        (Kind.MEASURE, "3", "days", 259_200_000),
        (Kind.MEASURE, "90", "seconds", 90_000),
        (Kind.MEASURE, "1.000", "plain", 1_000),
        (Kind.MEASURE, "1.5", "days", None),
        (Kind.MEASURE, "0,5", "hours", None),
        (Kind.NUMBER, "12.000", "", 12_000),
        (Kind.NUMBER, "1.2000", "", None),
        (Kind.MEASURE, "0.1", "percent", 10),
        (Kind.SHARE, "82,5", "", 8_250),
        (Kind.SHARE, "82.50", "", 8_250),
        (Kind.SHARE, "0.050", "", None),
        (Kind.SHARE, "82.", "", None),
        (Kind.MEASURE, "0,10", "percent", 10),
        (Kind.MEASURE, "5", "percent", 500),
        (Kind.MEASURE, "5", "fortnights", None),
        (Kind.MEASURE, "5", "", None),
        (Kind.YES_NO, "yes", "", True),
        (Kind.YES_NO, "no", "", False),
        (Kind.YES_NO, "", "", None),
        (Kind.YES_NO, "true", "", None),
        (Kind.KEY, "ab" * 32, "", b"\xab" * 32),
        (Kind.KEY, "ab" * 31, "", None),
        (Kind.KEY, "not a key", "", None),
        (Kind.DAY, "11.1.1970", "", None),
        (Kind.DAY, "0009-01-01", "", None),
        (Kind.TIME, "1969-12-31T23:00", "", None),
    ],
)
def test_each_kind_is_read_or_refused(kind: Kind, text: str, unit: str, value: object) -> None:
    filled = read_one(kind, text, unit)
    assert (filled.given.get("x"), set(filled.problems)) == (value, set() if value is not None else {"x"})


def test_a_choice_is_one_of_the_choices() -> None:
    assert read_one(Kind.NUMBER_CHOICE, "2", choices=("1", "2")).given == {"x": 2}
    assert read_one(Kind.CHOICE, "A", choices=("A",)).given == {"x": "A"}
    for text in ("3", "", "one"):
        assert set(read_one(Kind.NUMBER_CHOICE, text, choices=("1", "2")).problems) == {"x"}


def test_rows_are_read_in_their_order_and_empty_ones_let_be() -> None:
    empty = row(1, title=" ", amount="", due_at="")
    filled = read_form(ROWS, row(0) | empty | row(2, title="Atap"), WITA)
    assert filled.given == {"wanted": [READ, READ | {"title": "Atap"}]} and filled.problems == {}


def test_a_row_that_does_not_fit_is_marked_where_it_does_not() -> None:
    filled = read_form(ROWS, row(0) | row(1, amount="banyak", due_at=""), WITA)
    assert set(filled.problems) == {"wanted.1.amount", "wanted.1.due_at"}


@pytest.mark.parametrize("posted", [{}, row(0, title="", amount="", due_at=""), {"wanted.x.title": "a"}])
def test_a_list_has_a_row_at_least(posted: dict[str, str]) -> None:
    assert set(read_form(ROWS, posted, WITA).problems) == {"wanted"}


def test_rows_beyond_the_most_are_none() -> None:
    forged = row(0) | row(3) | row("9" * 30) | row("-1") | row("٣")
    assert read_form(ROWS, forged, WITA).given == {"wanted": [READ]}


def test_a_row_more_is_an_empty_one_and_no_more_than_there_may_be() -> None:
    (field,) = ROWS.fields
    posted = {"more": "wanted"} | row(0)
    for expected in (2, 3, 3):
        posted = dict(add_row(ROWS, posted))
        assert field.count_rows(posted) == expected
    assert add_row(ROWS, {"more": "other"}) == {"more": "other"}


def test_where_a_form_is_from_is_known_or_the_usual() -> None:
    assert read_local({"currency": "USD", "zone": "540"}) == Local(currency="USD", zone=540)
    for forged in ({}, {"currency": "usd", "zone": "0"}, {"currency": "<b>", "zone": "4.2e2"}):
        assert read_local(forged) == Local(currency="IDR", zone=420)
