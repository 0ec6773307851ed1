"""A day's growth by sizes of now and then, and how few of them are kept."""

import pytest

from chain.errors import Malformed
from chain.limits import GROWTH_RECORD_BYTES_MAX
from node.growth import Growth, Sample, add_sample, compute_growth, decode_samples, encode_samples

MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000
START_MS = 1_700_000_000_000


def sample(after_ms: int, size: int) -> Sample:
    return Sample(time_ms=START_MS + after_ms, bytes=size)


def gather(until_ms: int, step_ms: int, per_day: int) -> tuple[Sample, ...]:
    """Samples of a directory that grows evenly."""
    samples: tuple[Sample, ...] = ()
    for after_ms in range(0, until_ms + 1, step_ms):
        samples = add_sample(samples, sample(after_ms, after_ms * per_day // DAY_MS))
    return samples


def test_nothing_is_known_at_first() -> None:
    assert compute_growth(()) is None
    assert compute_growth((sample(0, 5),)) is None
    assert compute_growth((sample(0, 5), sample(MINUTE_MS - 1, 9))) is None


def test_a_minute_tells_a_day() -> None:
    growth = compute_growth((sample(0, 1_000), sample(MINUTE_MS, 1_500)))
    assert growth == Growth(bytes_per_day=500 * 24 * 60, over_ms=MINUTE_MS)


def test_what_shrinks_grows_by_less_than_nothing() -> None:
    growth = compute_growth((sample(0, 1_500), sample(DAY_MS, 1_000)))
    assert growth == Growth(bytes_per_day=-500, over_ms=DAY_MS)


@pytest.mark.parametrize("step_ms", [MINUTE_MS, 7 * MINUTE_MS, 61 * MINUTE_MS])
def test_an_even_growth_is_found_whatever_the_steps(step_ms: int) -> None:
    growth = compute_growth(gather(3 * DAY_MS, step_ms, 864_000))
    assert growth is not None and abs(growth.bytes_per_day - 864_000) <= 1
    assert 22 * HOUR_MS <= growth.over_ms <= DAY_MS


def test_only_the_last_day_counts() -> None:
    samples = gather(DAY_MS, HOUR_MS, 0)
    for hour in range(25, 49):
        samples = add_sample(samples, sample(hour * HOUR_MS, (hour - 24) * 100))
    assert compute_growth(samples) == Growth(bytes_per_day=2_400, over_ms=DAY_MS)


def test_a_year_of_minutes_leaves_few() -> None:
    samples = gather(14 * DAY_MS, MINUTE_MS, 10**15)
    assert len(samples) <= 7 * 24 + 60 + 2
    assert samples[-1].time_ms - samples[0].time_ms <= 7 * DAY_MS
    assert len(encode_samples(samples)) <= GROWTH_RECORD_BYTES_MAX


def test_a_clock_that_was_set_back_begins_anew() -> None:
    samples = add_sample(gather(DAY_MS, HOUR_MS, 1), sample(-5, 7))
    assert samples == (sample(-5, 7),)


def test_samples_are_read_as_written() -> None:
    samples = gather(HOUR_MS, MINUTE_MS, 10**12)
    assert decode_samples(encode_samples(samples)) == samples
    with pytest.raises(Malformed):
        decode_samples(encode_samples(samples)[:-1])
