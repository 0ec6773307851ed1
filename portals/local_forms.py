"""Amounts, times and shares as a language writes them. Pure.

12500000 IDR   Rp 12.500.000            (id)   IDR 12,500,000           (en)
a time         25 November 2026 17.34 WIB      25 November 2026, 17:34 WIB
8250 bps       82,5 %                          82.5%
"""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

from babel.dates import format_date, format_datetime
from babel.numbers import (
    format_percent,
    get_currency_precision,
    get_currency_symbol,
    get_decimal_symbol,
    get_group_symbol,
)
from babel.units import format_unit

from chain.errors import Malformed
from chain.time import TIME_MS_MAX
from portals.languages import Language

WIB_MINUTES = 420
ZONES = {420: "WIB", 480: "WITA", 540: "WIT"}
"""The clocks of Indonesia, by how many minutes they are before UTC."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TIME = {"id": "d MMMM y HH.mm", "en": "d MMMM y, HH:mm"}
_MOMENT = {"id": "d MMMM y HH.mm.ss", "en": "d MMMM y, HH:mm:ss"}
_DAYS = TIME_MS_MAX // 86_400_000
_INPUT = "%Y-%m-%dT%H:%M"
_DAY_INPUT = "%Y-%m-%d"
_UNITS = (("day", 86_400_000), ("hour", 3_600_000), ("minute", 60_000), ("second", 1_000))


def format_number(number: int, language: Language) -> str:
    """A plain number with its groups, however large: decimal arithmetic would round what the ledger can hold."""
    return f"{number:,}".replace(",", str(get_group_symbol(locale=language.locale)))


def format_amount(amount: int, currency: str, language: Language) -> str:
    """An amount in minor units; the rupiah has none."""
    digits = count_minor_digits(currency)
    text = str(amount).rjust(digits + 1, "0")
    whole, fraction = text[: len(text) - digits], text[len(text) - digits :]
    point = str(get_decimal_symbol(locale=language.locale)) if digits else ""
    symbol = get_currency_symbol(currency, locale=language.locale)
    return f"{symbol} {format_number(int(whole), language)}{point}{fraction}"


def count_minor_digits(currency: str) -> int:
    """Decimal places of a currency as the ledger counts it: none of the rupiah, which banks move whole."""
    return 0 if currency == "IDR" else int(get_currency_precision(currency))


def format_share(share_bps: int, language: Language) -> str:
    """Basis points as percent."""
    return format_percent(Decimal(share_bps).scaleb(-4), "#,##0.##%", locale=language.locale)


def format_time(time_ms: int, language: Language, offset_minutes: int = WIB_MINUTES) -> str:
    """A moment in the zone of an agency, to the minute; beyond the calendar's end its milliseconds."""
    if time_ms > TIME_MS_MAX:
        return format_number(time_ms, language)
    return _format_local(time_ms, _TIME[language.code], language, offset_minutes)


def format_moment(time_ms: int, language: Language, offset_minutes: int = WIB_MINUTES) -> str:
    """The same to the second, for who compares what came first."""
    if time_ms > TIME_MS_MAX:
        return format_number(time_ms, language)
    return _format_local(time_ms, _MOMENT[language.code], language, offset_minutes)


def _format_local(time_ms: int, form: str, language: Language, offset_minutes: int) -> str:
    zone = ZONES.get(offset_minutes, f"UTC{offset_minutes / 60:+.0f}")
    return f"{format_datetime(_local(time_ms, offset_minutes), form, locale=language.locale)} {zone}"


def format_day(day: int, language: Language) -> str:
    """A day that is counted from 1970-01-01; beyond the calendar's end its number."""
    if day >= _DAYS:
        return format_number(day, language)
    return format_date(date(1970, 1, 1) + timedelta(days=day), "d MMMM y", locale=language.locale)


def format_duration(milliseconds: int, language: Language) -> str:
    """A duration in the largest unit that it is a whole number of: `3 hari`, `90 minutes`."""
    for unit, length in _UNITS:
        if milliseconds >= length and milliseconds % length == 0:
            return format_unit(milliseconds // length, f"duration-{unit}", locale=language.locale)
    return format_unit(milliseconds, "duration-millisecond", locale=language.locale)


def write_time_input(time_ms: int, offset_minutes: int = WIB_MINUTES) -> str:
    """A moment as a field of a form holds it: `2026-11-25T17:34`, local."""
    return _local(time_ms, offset_minutes).strftime(_INPUT)


def parse_time_input(text: str, offset_minutes: int = WIB_MINUTES) -> int:
    """Inverse of `write_time_input`; seconds are let be. Raises `Malformed`."""
    try:
        moment = datetime.strptime(text[: len("2026-11-25T17:34")], _INPUT)
    except ValueError:
        raise Malformed(f"time: expected 2026-11-25T17:34, got {text[:40]!r}") from None
    zone = timezone(timedelta(minutes=offset_minutes))
    return _since_1970((moment.replace(tzinfo=zone) - _EPOCH) // timedelta(milliseconds=1), text)


def _since_1970(count: int, text: str) -> int:
    if count < 0:
        raise Malformed(f"expected a day since 1970, got {text[:40]!r}")
    return count


def write_day_input(day: int) -> str:
    """A day as a field of a form holds it: `2026-11-25`."""
    return (_EPOCH + timedelta(days=day)).strftime(_DAY_INPUT)


def parse_day_input(text: str) -> int:
    """Inverse of `write_day_input`. Raises `Malformed`."""
    try:
        moment = datetime.strptime(text, _DAY_INPUT)
    except ValueError:
        raise Malformed(f"day: expected 2026-11-25, got {text[:40]!r}") from None
    return _since_1970((moment.replace(tzinfo=UTC) - _EPOCH).days, text)


def write_amount_input(amount: int, currency: str, language: Language) -> str:
    """An amount as a field of a form holds it, in the local form without its currency: `12.500.000`."""
    return format_amount(amount, currency, language).partition(" ")[2]


def write_share_input(share_bps: int, language: Language) -> str:
    """A share as a field of a form holds it, in percent: `60`, `82,50`."""
    whole = share_bps // 100
    return str(whole) if share_bps % 100 == 0 else write_amount_input(share_bps, "USD", language)


def parse_amount(text: str, currency: str) -> int:
    """Minor units of what people write: `Rp 12.500.000`, `12,500,000`, `12500000`, `12.50`. Raises `Malformed`."""
    digits = count_minor_digits(currency)
    stripped = text.strip().removeprefix("Rp").removeprefix(currency).strip()
    whole, separator, fraction = _split_fraction(stripped, digits)
    groups = whole.replace(",", ".").split(".")
    is_grouped = len(groups) == 1 or (1 <= len(groups[0]) <= 3 and all(len(one) == 3 for one in groups[1:]))
    plain = "".join(groups)
    if not is_grouped or not (plain.isascii() and plain.isdigit()) or len(plain) > 30:
        raise Malformed(f"amount: expected digits such as 12.500.000, got {text[:60]!r}")
    if separator and not (fraction.isascii() and fraction.isdigit() and len(fraction) == digits):
        raise Malformed(f"amount: expected {digits} decimal places, got {text[:60]!r}")
    return int(plain + (fraction if separator else "0" * digits))


def _split_fraction(text: str, digits: int) -> tuple[str, str, str]:
    """At the last separator, where the currency has decimal places and that many digits follow."""
    for separator in (",", "."):
        whole, found, fraction = text.rpartition(separator)
        if digits and found and len(fraction) == digits:
            return whole, found, fraction
    return text, "", ""


def _local(time_ms: int, offset_minutes: int) -> datetime:
    return (_EPOCH + timedelta(milliseconds=time_ms)).astimezone(timezone(timedelta(minutes=offset_minutes)))
