"""Plans: order and places of bids, what is taken of the recorded outcome, and what is not."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from pilot.plan import SPAN, plan_tender
from tests.pilot.making import release

AGENCIES = ("barat", "timur")


def test_bids_keep_their_order_and_their_distance_from_the_close() -> None:
    plan = plan_tender(release([("A", 9, "valid"), ("B", 8, "valid"), ("C", 7, "valid")], []), AGENCIES)
    places = [bid.place for bid in plan.bids]
    assert [bid.bidder for bid in plan.bids] == ["A", "B", "C"]
    assert places == [25_000, 75_000, 125_000]  # noon of days 1, 2 and 3 of 20
    assert all(0 <= place <= SPAN for place in places)


def test_a_bidder_that_bids_again_counts_versions_and_its_last_bid_stands() -> None:
    plan = plan_tender(release([("A", 9, "valid"), ("B", 8, "valid"), ("A", 7, "valid")], []), AGENCIES)
    assert [(bid.bidder, bid.version) for bid in plan.bids] == [("A", 1), ("B", 1), ("A", 2)]
    assert [(bid.bidder, bid.price) for bid in plan.standing] == [("B", 8), ("A", 7)]


def test_only_disqualifications_and_missing_prices_are_taken_of_the_outcome() -> None:
    bids: list[tuple[str, int | None, str]] = [
        ("A", 9, "Rejected-Finance"),
        ("B", None, "disqualified"),
        ("C", None, "valid"),
    ]
    plan = plan_tender(release(bids, ["A"]), AGENCIES)
    assert plan.set_aside == (("B", "disqualified"),)
    assert [bid.price for bid in plan.bids] == [9, None, None]


def test_the_plan_does_not_depend_on_who_was_awarded() -> None:
    recorded = release([("A", 9, "valid"), ("B", 8, "valid")], ["A"])
    assert plan_tender(recorded, AGENCIES) == plan_tender(replace(recorded, awarded=("B",)), AGENCIES)


@settings(max_examples=50)
@given(st.text(min_size=1, max_size=20), st.permutations(["a", "b", "c", "d"]))
def test_an_entity_falls_to_the_same_agency_in_any_order_of_agencies(
    entity: str, agencies: list[str]
) -> None:
    recorded = replace(release([("A", 9, "valid")], []), entity_id=entity)
    assert plan_tender(recorded, tuple(agencies)).agency == plan_tender(recorded, ("a", "b", "c", "d")).agency
