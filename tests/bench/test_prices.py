"""The contracts that are measured still compile, and end only because they are through or their gas is."""

import pytest

from tests.bench.prices import CASES, spend


@pytest.mark.parametrize("name", CASES)
def test_a_case_ends_by_itself_or_by_its_gas(name: str) -> None:
    gas = 700_000
    used, _ = spend(name, gas)
    assert used <= gas
