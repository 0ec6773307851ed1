"""A few damages of every class, as `python -m tests.bitrot` does ten thousand of: none gives a false answer."""

from pathlib import Path

import pytest

from tests.bitrot.judging import Fate, Judge, find_false
from tests.bitrot.rot import CLASSES
from tests.bitrot.town import build_town
from tests.bitrot.truth import Asked, Failed, Told

_FLIPS = 5 * len(CLASSES)


def test_no_damage_gives_a_false_answer(tmp_path: Path) -> None:
    tally = Judge(build_town(tmp_path), tmp_path, 2).run(_FLIPS, lambda: None)
    assert tally.false == []
    assert set(tally.counts) == set(CLASSES)
    assert sum(one.total() for one in tally.counts.values()) == _FLIPS
    assert tally.counts["store tables"][Fate.REPAIRED] > 0
    assert tally.counts["signer's record"][Fate.AT_OPEN] > 0


ASKED = Asked("block", "{}")


@pytest.mark.parametrize(
    ("answer", "is_false"),
    [(Told(b"truth"), False), (Failed("damaged"), False), (Told(b"lie"), True), (Told(b""), True)],
)
def test_what_counts_as_false(answer: Told | Failed, is_false: bool) -> None:
    assert (find_false({ASKED: answer}, {ASKED: Told(b"truth")}) is not None) is is_false


def test_what_cannot_be_asked_at_all_is_no_answer() -> None:
    assert find_false({}, {ASKED: Told(b"truth")}) is None
