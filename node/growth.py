"""How fast a node's directory grows: its size now and then, by which a day's growth is told. Pure.

Kept is a size a minute of the last hour and one an hour of the last week, in one row of the store, so that it outlives the
process. A day's growth is that of the last day, or of as long as there is; retention and compaction are in it, since it is
the disk that fills.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from chain.codec import as_array, as_uint, decode, encode
from chain.limits import GROWTH_RECORD_BYTES_MAX, UINT64_MAX

_MINUTE_MS, _HOUR_MS, _DAY_MS = 60_000, 3_600_000, 86_400_000
_WEEK_MS = 7 * _DAY_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The directory's size at a time by this machine's clock."""

    time_ms: int
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """Bytes a day, by what happened within `over_ms`."""

    bytes_per_day: int
    over_ms: int


def add_sample(samples: Sequence[Sample], newest: Sample) -> tuple[Sample, ...]:
    """The samples with one more, without those that are too old or too many; a clock set back begins anew."""
    kept: list[Sample] = []
    for sample in samples:
        age_ms = newest.time_ms - sample.time_ms
        step_ms = _MINUTE_MS if age_ms <= _HOUR_MS else _HOUR_MS
        is_apart = not kept or sample.time_ms - kept[-1].time_ms >= step_ms
        if 0 < age_ms <= _WEEK_MS and is_apart:
            kept.append(sample)
    return (*kept, newest)


def compute_growth(samples: Sequence[Sample]) -> Growth | None:
    """The growth of the last day; None while there is less than a minute to tell it by."""
    if not samples:
        return None
    last = samples[-1]
    first = next(sample for sample in samples if sample.time_ms >= last.time_ms - _DAY_MS)
    over_ms = last.time_ms - first.time_ms
    if over_ms < _MINUTE_MS:
        return None
    return Growth(bytes_per_day=(last.bytes - first.bytes) * _DAY_MS // over_ms, over_ms=over_ms)


def encode_samples(samples: Sequence[Sample]) -> bytes:
    """The row of the store."""
    return encode(tuple((sample.time_ms, sample.bytes) for sample in samples))


def decode_samples(data: bytes) -> tuple[Sample, ...]:
    """Inverse of `encode_samples`; raises `Malformed`."""
    found = []
    for item in as_array(decode(data, bytes_max=GROWTH_RECORD_BYTES_MAX), "samples"):
        time_ms, size = as_array(item, "sample", 2)
        found.append(
            Sample(time_ms=as_uint(time_ms, "time", UINT64_MAX), bytes=as_uint(size, "bytes", UINT64_MAX))
        )
    return tuple(found)
