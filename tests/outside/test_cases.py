"""What `make outside` shows to others is what our own verifiers say, and what differs would be told."""

from tests.outside.__main__ import find_wrong
from tests.outside.cases import make_cases


def test_every_case_says_what_our_own_verifiers_say() -> None:
    cases = list(make_cases())
    assert [case for case in cases if case.is_valid() != case.holds] == []
    assert {case.what for case in cases if case.holds} == {case.what for case in cases if not case.holds}


def test_a_verifier_that_says_yes_or_no_to_all_is_told() -> None:
    cases = list(make_cases())[:200]
    assert len(find_wrong(cases, [""] * 200)) == sum(not case.holds for case in cases) > 0
    assert len(find_wrong(cases, ["no"] * 200)) == sum(case.holds for case in cases) > 0
