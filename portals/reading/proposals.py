"""What a proposal would change, and the numbers that governance sets, as people read them. Pure."""

from portals.languages import Language
from portals.local_forms import format_day, format_duration, format_number, format_share
from rpc.contracts import Record

_OF_DAYS = ("SET_HOLIDAY", "CLEAR_HOLIDAY")


def unit_of(name: str) -> str:
    """In what a number of this name is asked for: a duration, a share, or plain."""
    if name.endswith("_ms"):
        return "days"
    return "percent" if name.endswith("_bps") else "plain"


def show_number(name: str, value: int, language: Language) -> str:
    """A rule or parameter as people read it."""
    match unit_of(name):
        case "days":
            return format_duration(value, language)
        case "percent":
            return format_share(value, language)
        case _:
            return format_number(value, language)


def show_value(record: Record, language: Language) -> str:
    """The value of a proposal, or of the call that makes one: of what its name names, or a day."""
    value = record.number("value")
    is_day = "kind" in record and record["kind"] in _OF_DAYS
    return format_day(value, language) if is_day else show_number(record.text("name"), value, language)


def tell_change(row: Record, language: Language) -> str:
    """What a proposal would change, in a line."""
    name, value = row.text("name"), row.number("value")
    match row["kind"]:
        case "SET_RULE" | "SET_PARAMETER":
            return f"{language.name(f'field.{name}')}: {show_number(name, value, language)}"
        case kind if kind in _OF_DAYS:
            return f"{name}: {format_day(value, language)}"
        case "ADMIT_MEMBER" | "SET_POWER":
            return language.say(
                "{name}, voting power {power}", name=name, power=format_number(value, language)
            )
        case _:
            return name
