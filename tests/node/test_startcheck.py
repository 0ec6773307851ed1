"""Ledger, log and signer against each other: who is ahead tells what was lost."""

import pytest

from chain.hashing import sha256
from chain.keys import Signature
from node.signer_record import Entry, Step
from node.startcheck import check_start


def signed(height: int, mark: int = 0) -> Entry:
    return Entry(
        height=height,
        round=0,
        step=Step.PREVOTE,
        hash=sha256(b"vote"),
        signature=Signature(bytes(64)),
        journal_mark=mark,
    )


@pytest.mark.parametrize(
    ("head", "journal", "mark", "last"),
    [
        (0, None, 0, None),
        (9, None, 0, signed(9, 5)),
        (9, 9, 0, signed(9, 5)),
        (9, 10, 3, signed(9, 5)),
        (9, 10, 3, signed(10, 3)),
        (9, 10, 4, signed(10, 3)),
    ],
)
def test_agreement_lets_the_next_height_be_voted_on(
    head: int, journal: int | None, mark: int, last: Entry | None
) -> None:
    finding = check_start(head, journal, mark, last, 0)
    assert finding.vote_from == head + 1
    assert finding.losses == ()


@pytest.mark.parametrize(
    ("head", "journal", "mark", "last", "vote_from", "words"),
    [
        (9, 11, 0, None, 12, "the log is at height 11"),
        (0, None, 0, signed(500), 501, "signed at height 500"),
        (9, 12, 0, signed(12), 13, "the log is at height 12"),
        (9, 10, 2, signed(10, 3), 11, "the log of height 10 ends after 2"),
        (9, None, 0, signed(10, 1), 11, "the log of height 10 ends after 0"),
    ],
)
def test_loss_is_told_and_waited_out(
    head: int, journal: int | None, mark: int, last: Entry | None, vote_from: int, words: str
) -> None:
    finding = check_start(head, journal, mark, last, 0)
    assert finding.vote_from == vote_from
    assert words in finding.losses[0]


def test_blocks_that_were_committed_and_are_gone_are_told_even_by_a_full_node() -> None:
    finding = check_start(9, None, 0, None, 12)
    assert (finding.vote_from, finding.known) == (13, 12)
    assert finding.losses == ("height 12 was committed here, but the ledger ends at 9",)


@pytest.mark.parametrize(
    ("journal", "last", "committed", "known"),
    [
        (None, None, 0, 9),
        (10, None, 9, 9),
        (12, None, 0, 11),
        (None, signed(15), 0, 14),
        (12, signed(15), 20, 20),
    ],
)
def test_what_is_known_to_have_been_here(
    journal: int | None, last: Entry | None, committed: int, known: int
) -> None:
    assert check_start(9, journal, 0, last, committed).known == known
