"""No refusal of a contract is without a test that brings it about and words in both languages; the reference lists them."""

import pytest

from portals.languages import get_language
from portals.refusals import find_clause
from tests.contracts.ledger import CONTRACTS
from tests.contracts.refusals import TABLES, find_tests, list_missing, list_places, main, provoke
from tests.pages import REFERENCE, check_table, table

REFUSALS = [(contract, text) for contract, texts in TABLES.items() for text in texts]


def make_table(contract: str) -> str:
    """The refusals of a contract for the reference: who meets them, and what they are told."""
    english, indonesian = get_language("en"), get_language("id")
    methods: dict[str, set[str]] = {}
    for place in list_places(contract):
        methods.setdefault(place.message, set()).update(place.methods)
    rows = [
        (
            find_clause(message),
            f"`{message.partition(': ')[2]}`",
            english.name(message),
            indonesian.name(message),
            ", ".join(f"`{name}`" for name in sorted(names)),
        )
        for message, names in methods.items()
    ]
    return table(("clause", "the contract says", "English", "Bahasa Indonesia", "in"), rows)


@pytest.mark.parametrize(("contract", "text"), REFUSALS, ids=lambda part: part)
def test_refused_with_these_words(contract: str, text: str) -> None:
    assert provoke(contract, text) == text


def test_every_place_that_refuses_is_reached_and_told() -> None:
    assert set(TABLES) == set(CONTRACTS)
    assert list_missing() == []


def test_what_no_test_reaches_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    find_tests.cache_clear()
    monkeypatch.setitem(TABLES, "calendar", {})
    assert any(line.startswith("no test: calendar, line ") for line in list_missing())
    assert main() == 1
    find_tests.cache_clear()


@pytest.mark.parametrize("contract", CONTRACTS)
def test_the_reference_lists_them(contract: str, rewrite: bool) -> None:
    check_table(REFERENCE / "refusals.md", contract, make_table(contract), rewrite)


def test_the_list_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main() == 0
    printed = capsys.readouterr().out
    assert "\n    en    Too late: the close was at {}, and it is {} now." in printed
    assert "each is brought about by a test, and told in both languages" in printed
