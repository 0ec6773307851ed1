"""What a contract, or a node, refuses, in the person's words and with the clause. Pure.

A refusal on the ledger is the contract's constant text with its values apart; a view's comes with the values already put
in. Both are found in the catalogs by the constant text: `clause 4.1: the close was at {}, the block's time is {}`. The
translation may leave values out and name them by their place: `{0}`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from chain.codec import Value
from chain.keys import ADDRESS_BYTES, format_address
from chain.result import ResultCode, TransactionResult, render
from chain.time import TIME_MS_MAX
from portals.languages import Language, get_language
from portals.local_forms import format_number, format_time
from rpc.values import AdmissionCode

_CLAUSE = re.compile(r"clause (\d+(?:\.\d+)?): ", re.ASCII)
_TIMES_FROM = 1_000_000_000_000  # the ledger's times are far above its counts
_TIMED = re.compile(r"the block's time is|the close is|ends after|until \{\}")
"""What says that a refusal is about times: an amount of some trillion rupiah would pass for one."""
_MILLISECONDS = re.compile(r"\d{13}", re.ASCII)

NOT_TAKEN: dict[int, str] = {
    AdmissionCode.MALFORMED: "This is not a transaction that the network understands.",
    AdmissionCode.TOO_LARGE: "This transaction is too large.",
    AdmissionCode.WRONG_CHAIN: "This transaction was made for another network.",
    AdmissionCode.BAD_SIGNATURE: "The signature does not fit: it was made with another key, or over something else.",
    AdmissionCode.EXPIRED: "You signed after its time was over. Go back and prepare it again.",
    AdmissionCode.NOT_YET: "The clock of the node and the clock of this portal differ too much. Try again later.",
    AdmissionCode.TOO_MUCH_GAS: "This asks for more work than the network does at once.",
    AdmissionCode.SENDER_FULL: "Too many of your transactions wait already. Try again in a minute.",
    AdmissionCode.FULL: "The network is busy. Nothing is lost: try again in a minute.",
}
"""The person's words for each reason why a node lets a transaction not in."""
NOT_DONE: dict[ResultCode, str] = {
    ResultCode.TRAPPED: "The contract stopped: a number was out of its range, or something was not there.",
    ResultCode.OUT_OF_GAS: "The work was more than was paid for. Nothing changed.",
    ResultCode.NO_SUCH_METHOD: "The contract has changed since this page was made. Load the page again.",
    ResultCode.BAD_ARGUMENTS: "The contract has changed since this page was made. Load the page again.",
    ResultCode.NOT_ADMITTED: "This key has no role yet. Register first, or ask your agency to grant its role.",
}
"""The person's words where no clause speaks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """A refusal for a person: the clause, empty where none speaks, what it says, and the contract's own text."""

    contract: str
    clause: str
    said: str
    original: str


def explain_result(result: TransactionResult, language: Language) -> Explained:
    """Why a committed transaction had no effect."""
    trap = result.trap
    if trap is None:
        said = language.say(NOT_DONE.get(result.code, NOT_DONE[ResultCode.TRAPPED]))
        return Explained(contract="", clause="", said=said, original=result.code.name)
    original = render(trap)
    if language.knows(trap.message):
        values = [_shown(value, language, has_times=_has_times(trap.message)) for value in trap.values]
        said = _fill(language.texts[trap.message], values)
    else:
        said = language.say(NOT_DONE.get(result.code, NOT_DONE[ResultCode.TRAPPED]))
    return Explained(contract=trap.contract, clause=find_clause(original), said=said, original=original)


def explain_text(text: str, language: Language) -> Explained:
    """The same for a view's refusal, whose values are in its text already."""
    clause = find_clause(text)
    for template, pattern in _patterns():
        found = pattern.fullmatch(text)
        if found is not None:
            values = [
                _shown_text(value, language) if _has_times(template) else value for value in found.groups()
            ]
            said = _fill(language.texts[template], values)
            return Explained(contract="", clause=clause, said=said, original=text)
    return Explained(contract="", clause=clause, said=text, original=text)


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Every refusal as a pattern of what it looks like with values; those that fix most come first."""
    templates = [text for text in get_language("en").texts if _CLAUSE.match(text)]
    templates.sort(key=lambda text: (-len(text.replace("{}", "")), text))
    return tuple(
        (text, re.compile("(.*)".join(re.escape(piece) for piece in text.split("{}")), re.DOTALL))
        for text in templates
    )


def find_clause(text: str) -> str:
    """The number of the clause that a refusal names; empty where it names none."""
    found = _CLAUSE.match(text)
    return "" if found is None else found[1]


def _fill(text: str, values: Sequence[str]) -> str:
    """A translation says `{}` in the contract's order, or `{0}`, `{1}` in its own."""
    return text.format(*values)


def _has_times(template: str) -> bool:
    return _TIMED.search(template) is not None


def _shown(value: Value, language: Language, *, has_times: bool) -> str:
    match value:
        case bytes() if len(value) == ADDRESS_BYTES:
            return format_address(value)  # type: ignore[arg-type]  # twenty bytes are an address
        case bytes():
            return value.hex()
        case bool():
            return language.say("yes") if value else language.say("no")
        case int():
            is_time = has_times and _TIMES_FROM <= value <= TIME_MS_MAX
            return format_time(value, language) if is_time else format_number(value, language)
    return str(value)


def _shown_text(value: str, language: Language) -> str:
    return format_time(int(value), language) if _MILLISECONDS.fullmatch(value) else value
