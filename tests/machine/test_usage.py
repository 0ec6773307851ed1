"""What this process uses."""

from machine.usage import get_cpu_seconds, get_resident_bytes


def test_use_is_told_in_bytes_and_seconds() -> None:
    held = bytes(50_000_000)
    before = get_resident_bytes()
    held_too = bytearray(b"x") * 50_000_000
    after = get_resident_bytes()
    assert (before is None) == (after is None)
    if before is not None and after is not None:
        assert after - before > 25_000_000
    started = get_cpu_seconds()
    assert sum(held) + len(held_too) == 50_000_000
    assert get_cpu_seconds() > started
