"""Amounts, times and shares as each language writes them, and as people write them back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.errors import Malformed
from chain.time import TIME_MS_MAX
from portals.languages import get_language
from portals.local_forms import (
    format_amount,
    format_day,
    format_duration,
    format_number,
    format_share,
    format_time,
    parse_amount,
    parse_day_input,
    parse_time_input,
    write_amount_input,
    write_day_input,
    write_share_input,
    write_time_input,
)

ID, EN = get_language("id"), get_language("en")
MOMENT = 1_795_599_240_000  # 2026-11-25 09:34 UTC


def test_each_language_has_its_own_forms() -> None:
    assert (format_amount(12_500_000, "IDR", ID), format_amount(12_500_000, "IDR", EN)) == (
        "Rp 12.500.000",
        "IDR 12,500,000",
    )
    assert (format_amount(1_205, "USD", ID), format_amount(5, "USD", EN)) == ("US$ 12,05", "$ 0.05")
    assert (format_share(8_250, ID), format_share(10_000, EN)) == ("82,5%", "100%")
    assert format_number(1_234_567, ID) == "1.234.567"


def test_times_are_local_and_say_their_zone() -> None:
    assert format_time(MOMENT, ID) == "25 November 2026 16.34 WIB"
    assert format_time(MOMENT, EN, 540) == "25 November 2026, 18:34 WIT"
    assert format_time(MOMENT, EN, 0).endswith("UTC+0")
    assert format_day(20_782, ID) == "25 November 2026"


@pytest.mark.parametrize(
    ("milliseconds", "indonesian", "english"),
    [
        (259_200_000, "3 hari", "3 days"),
        (5_400_000, "90 menit", "90 minutes"),
        (1_500, "1.500 milidetik", "1,500 milliseconds"),
        (0, "0 milidetik", "0 milliseconds"),
    ],
)
def test_a_duration_is_said_in_its_largest_whole_unit(
    milliseconds: int, indonesian: str, english: str
) -> None:
    assert (format_duration(milliseconds, ID), format_duration(milliseconds, EN)) == (indonesian, english)


def test_what_a_form_is_filled_with_is_read_back() -> None:
    for language in (ID, EN):
        for amount, currency in ((12_500_000, "IDR"), (5, "USD"), (120_500, "USD"), (0, "IDR")):
            assert parse_amount(write_amount_input(amount, currency, language), currency) == amount
    assert write_amount_input(12_500_000, "IDR", ID) == "12.500.000"
    assert [write_share_input(share, ID) for share in (8_250, 6_000, 5)] == ["82,50", "60", "0,05"]
    assert parse_day_input(write_day_input(20_782)) == 20_782


def test_what_no_calendar_holds_is_still_shown() -> None:
    assert format_time(TIME_MS_MAX + 1, ID) == "253.402.300.800.000"
    assert format_day(10**30, EN).startswith("1,000")
    assert format_amount(2**255 - 1, "IDR", ID).count(".") == 25


@given(st.integers(0, 10**28), st.sampled_from(["IDR", "USD", "JPY", "KWD"]), st.sampled_from([ID, EN]))
def test_amounts_are_read_back_as_they_are_written(amount: int, currency: str, language: object) -> None:
    assert language in (ID, EN)
    shown = format_amount(amount, currency, ID if language is ID else EN)
    assert parse_amount(shown.partition(" ")[2], currency) == amount


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("12500000", 12_500_000),
        ("Rp 12.500.000", 12_500_000),
        (" 12,500,000 ", 12_500_000),
        ("0", 0),
        ("7", 7),
    ],
)
def test_amounts_are_read_as_people_write_them(text: str, amount: int) -> None:
    assert parse_amount(text, "IDR") == amount


@pytest.mark.parametrize(
    "text", ["", "-5", "1.5", "12.50", "1e9", "12.500.00", "١٢", "0x10", "9" * 31, "1..000", "Rp", "12 500"]
)
def test_other_amounts_are_refused(text: str) -> None:
    with pytest.raises(Malformed):
        parse_amount(text, "IDR")


@given(st.integers(0, TIME_MS_MAX // 60_000 - 1_000), st.sampled_from([420, 480, 540]))
def test_times_of_forms_come_back(minutes: int, offset: int) -> None:
    assert parse_time_input(write_time_input(minutes * 60_000, offset), offset) == minutes * 60_000


@pytest.mark.parametrize("text", ["", "tomorrow", "2026-13-01T00:00", "2026-11-25", "25/11/2026 10:00"])
def test_other_times_are_refused(text: str) -> None:
    with pytest.raises(Malformed):
        parse_time_input(text)
