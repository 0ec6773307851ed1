"""No account's number goes from a bank's words into journal, log or ledger; all else that it says does."""

from dataclasses import replace

import pytest

from payments.clerk import read_status
from payments.inputs import CameBack, Rejected
from payments.messages import Line, Status
from payments.reconciliation import read_line

STATUS = Status(
    message_id="S-1",
    created_ms=0,
    original_message_id="M-1",
    end_to_end_id="TRG1",
    status="RJCT",
    code="AC04",
)
LINE = Line(
    reference="R-1",
    day="2026-11-25",
    amount=5,
    currency="IDR",
    is_credit=True,
    end_to_end_id="TRG1",
    code="AC01",
)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("Rekening 1230098765432 ditutup", "Rekening ... ditutup"),
        ("rek. 123-00-9876543-2, BMRI", "rek. ..., BMRI"),
        ("ID12BMRI00012345 closed", "ID12BMRI... closed"),
        ("123 456 789", "..."),
        ("pasal 12 ayat 3, per 1 November 2026", "pasal 12 ayat 3, per 1 November 2026"),
        ("", ""),
    ],
)
def test_long_numbers_are_left_out(said: str, kept: str) -> None:
    rejected, back = read_status(replace(STATUS, reason=said)), read_line(replace(LINE, reason=said))
    assert isinstance(rejected, Rejected) and rejected.reason == kept
    assert isinstance(back, CameBack) and back.reason == kept
