"""Waits and timeliness to the millisecond."""

import pytest

from chain.limits import MESSAGE_DELAY_ROUNDS_MAX, ROUNDS_MAX
from chain.parameters import Parameters
from chain.vote import Round
from consensus.inputs import Step
from consensus.timing import compute_message_delay_ms, compute_timeout_ms, is_timely

PARAMETERS = Parameters(
    timeout_propose_ms=3_000,
    timeout_prevote_ms=1_000,
    timeout_precommit_ms=900,
    timeout_delta_ms=500,
    timeout_max_ms=5_000,
    message_delay_ms=2_000,
    precision_ms=500,
)


@pytest.mark.parametrize(
    ("step", "round_", "expected_ms"),
    [
        (Step.PROPOSE, 0, 3_000),
        (Step.PROPOSE, 1, 3_500),
        (Step.PROPOSE, 4, 5_000),
        (Step.PROPOSE, 5, 5_000),
        (Step.PREVOTE, 0, 1_000),
        (Step.PREVOTE, 3, 2_500),
        (Step.PRECOMMIT, 0, 900),
        (Step.PRECOMMIT, 2, 1_900),
        (Step.PRECOMMIT, ROUNDS_MAX, 5_000),
    ],
)
def test_waits_grow_linearly_up_to_the_most(step: Step, round_: int, expected_ms: int) -> None:
    assert compute_timeout_ms(PARAMETERS, step, Round(round_)) == expected_ms


@pytest.mark.parametrize(
    ("round_", "expected_ms"), [(0, 2_000), (1, 2_200), (2, 2_420), (3, 2_662), (4, 2_928), (10, 5_187)]
)
def test_the_message_delay_grows_a_tenth_a_round(round_: int, expected_ms: int) -> None:
    assert compute_message_delay_ms(PARAMETERS, Round(round_)) == expected_ms


def test_the_message_delay_stops_growing_at_its_bound() -> None:
    most = compute_message_delay_ms(PARAMETERS, Round(MESSAGE_DELAY_ROUNDS_MAX))
    assert most > compute_message_delay_ms(PARAMETERS, Round(MESSAGE_DELAY_ROUNDS_MAX - 1))
    assert compute_message_delay_ms(PARAMETERS, Round(ROUNDS_MAX)) == most


@pytest.mark.parametrize(
    ("round_", "arrival_ms", "expected"),
    [
        (0, 9_499, False),
        (0, 9_500, True),
        (0, 10_000, True),
        (0, 12_500, True),
        (0, 12_501, False),
        (1, 12_700, True),
        (1, 12_701, False),
    ],
)
def test_timeliness_is_exact_at_both_ends(round_: int, arrival_ms: int, expected: bool) -> None:
    assert is_timely(PARAMETERS, Round(round_), block_time_ms=10_000, arrival_ms=arrival_ms) is expected
