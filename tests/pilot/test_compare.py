"""Every verdict, from the smallest record that gives it; and faults of the ledger that nothing may excuse."""

import pytest

from pilot.acts import Outcome, Winner
from pilot.compare import Verdict, compare
from tests.pilot.making import Bid, release

A, B, C = ("A", 900, "valid"), ("B", 800, "valid"), ("C", 700, "valid")


def outcome(*winners: tuple[str, int], stage: str = "final") -> Outcome:
    """How the ledger decided."""
    made = tuple(Winner(bidder=bidder, price=price) for bidder, price in winners)
    return Outcome(tender=b"t", agency="barat", stage=stage, winners=made, bids=2, rounds=1)


FAILED = outcome(stage="failed")


@pytest.mark.parametrize(
    ("bids", "awarded", "estimate", "ended", "verdict"),
    [
        ([A, B], ["B"], 1_000, outcome(("B", 800)), Verdict.EQUAL),
        ([A, ("D", 800, "valid"), B], ["B"], 1_000, outcome(("D", 800)), Verdict.TIE),
        ([A, B, C], ["A", "B", "C"], 1_000, outcome(("C", 700)), Verdict.SEVERAL_AWARDS),
        ([A, B], ["B"], 700, FAILED, Verdict.ABOVE_ESTIMATE),
        ([A, B], ["A"], 850, outcome(("B", 800)), Verdict.ABOVE_ESTIMATE),
        ([("A", None, "valid")], ["A"], 1_000, FAILED, Verdict.NO_VALID_PRICE),
        ([("A", None, "disqualified"), B], ["A"], 1_000, outcome(("B", 800)), Verdict.WINNER_NOT_VALID),
        ([A, ("B", 800, "Rejected-Finance")], ["A"], 1_000, outcome(("B", 800)), Verdict.LOWER_REJECTED),
        (
            [A, B, ("C", 700, "Rejected-Finance")],
            ["A"],
            1_000,
            outcome(("C", 700)),
            Verdict.LOWER_PASSED_OVER,
        ),
        ([A, B], ["A"], 1_000, outcome(("B", 800)), Verdict.LOWER_PASSED_OVER),
        ([A, B], [], 1_000, outcome(("B", 800)), Verdict.NO_RECORDED_AWARD),
        ([("A", None, "disqualified")], [], 1_000, FAILED, Verdict.EQUAL),
    ],
)
def test_each_reason_is_found_in_the_record(
    bids: list[Bid], awarded: list[str], estimate: int, ended: Outcome, verdict: Verdict
) -> None:
    compared = compare(release(bids, awarded, estimate=estimate), ended)
    assert (compared.verdict, compared.detail) == (verdict, "")


def test_every_verdict_but_the_unexplained_one_has_a_case_above() -> None:
    (mark,) = test_each_reason_is_found_in_the_record.pytestmark  # type: ignore[attr-defined]  # set by the decorator
    assert {case[-1] for case in mark.args[1]} == set(Verdict) - {Verdict.UNEXPLAINED}


@pytest.mark.parametrize(
    ("ended", "detail"),
    [
        (outcome(("A", 900)), "expected the prices [800], got [900]"),
        (outcome(("B", 900)), "expected the prices [800], got [900]"),
        (outcome(("A", 800)), "A did not bid 800"),
        (outcome(("C", 800)), "C did not bid 800"),
        (outcome(), "expected the prices [800], got []"),
        (outcome(("B", 800), ("A", 900)), "expected the prices [800], got [800, 900]"),
        (FAILED, "bids are valid, yet the tender is failed"),
        (outcome(("B", 800), stage="standstill"), "bids are valid, yet the tender is standstill"),
    ],
)
def test_a_ledger_that_breaks_its_rule_is_never_explained(ended: Outcome, detail: str) -> None:
    compared = compare(release([A, B, ("C", None, "disqualified")], ["A"]), ended)
    assert (compared.verdict, compared.detail) == (Verdict.UNEXPLAINED, detail)


def test_an_award_where_no_bid_is_valid_is_a_fault() -> None:
    compared = compare(release([A], ["A"], estimate=700), outcome(("A", 900)))
    assert compared.verdict is Verdict.UNEXPLAINED


def test_several_winners_are_compared_as_a_set_where_the_terms_name_them() -> None:
    recorded = release([A, B, C], ["B", "C"], places=2)
    assert compare(recorded, outcome(("C", 700), ("B", 800))).verdict is Verdict.EQUAL
    assert compare(recorded, outcome(("B", 800), ("B", 800))).verdict is Verdict.UNEXPLAINED


def test_only_the_last_bid_of_a_bidder_counts() -> None:
    recorded = release([("A", 500, "valid"), B, ("A", 900, "valid")], ["B"])
    assert compare(recorded, outcome(("B", 800))).verdict is Verdict.EQUAL
