"""A statement that agrees says nothing; each way in which it does not is said."""

from dataclasses import replace

import pytest

from payments.attempt import Attempt, Stage
from payments.messages import Line, Statement
from payments.reconciliation import find_differences
from tests.payments.banking import DAY, START_MS
from tests.payments.model import NET, make_release

PAID = Attempt(release=make_release(1), stage=Stage.PAID, reference="B-1", booked_on=DAY)
BACK = Attempt(
    release=make_release(2), stage=Stage.RETURNED, reference="B-2", booked_on=DAY, return_reference="R-2"
)
ATTEMPTS = {attempt.release.end_to_end_id: attempt for attempt in (PAID, BACK)}
B1, B2, R2 = (
    Line(
        reference=reference,
        day=DAY,
        amount=NET,
        currency="IDR",
        is_credit=reference.startswith("R"),
        end_to_end_id=attempt.release.end_to_end_id,
    )
    for reference, attempt in (("B-1", PAID), ("B-2", BACK), ("R-2", BACK))
)
FUNDS = Line(
    reference="F-1", day=DAY, amount=10_000, currency="IDR", is_credit=True, end_to_end_id="NOTPROVIDED"
)
FEE = replace(FUNDS, reference="F-2", amount=5, is_credit=False)


def make_statement(*lines: Line, closing: int | None = None) -> Statement:
    """The day with these entries, whose sum is right unless given."""
    moved = sum(line.amount if line.is_credit else -line.amount for line in lines)
    return Statement(
        message_id="S1",
        created_ms=START_MS,
        account="519000118",
        day=DAY,
        currency="IDR",
        opening=50,
        closing=50 + moved if closing is None else closing,
        lines=lines,
    )


def test_what_agrees_says_nothing() -> None:
    assert find_differences(make_statement(B1, B2, R2, FUNDS), ATTEMPTS) == ()
    assert find_differences(make_statement(), {}) == ()


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ((B1, B2, R2, FEE), "entry F-2 takes IDR 5 from the account for no order (NOTPROVIDED)"),
        ((B1, B2, R2, replace(B1, reference="B-9")), "entry B-9 books order 1 again, which is booked as B-1"),
        (
            (B1, B2, R2, replace(B1, end_to_end_id="TRG9")),
            "takes IDR 900 from the account for no order (TRG9)",
        ),
        ((B1, B2, R2, replace(R2, end_to_end_id="TRG9")), "brings IDR 900 for no order (TRG9)"),
        ((B1, B2, R2, replace(R2, end_to_end_id=B1.end_to_end_id)), "brings order 1 back, which is paid"),
        ((B1, B2, R2, replace(R2, reference="R-9")), "brings order 2 back again, which came back as R-2"),
        ((replace(B1, amount=NET + 1), B2, R2), "is IDR 901, and order 1 is IDR 900"),
        ((B2, R2), "order 1 was booked as B-1, and the statement does not have it"),
    ],
)
def test_each_difference_is_said(lines: tuple[Line, ...], words: str) -> None:
    (told,) = find_differences(make_statement(*lines), ATTEMPTS)
    assert words in told and DAY in told


def test_a_sum_that_is_wrong_is_said() -> None:
    (told,) = find_differences(make_statement(B1, B2, R2, closing=1), ATTEMPTS)
    assert "50 at its opening and -900 of entries do not make 1" in told
