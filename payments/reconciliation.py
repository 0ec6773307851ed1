"""The bank's statement of a day against the journal: every entry has its attempt, every booked attempt its entry. Pure."""

from collections.abc import Iterator, Mapping

from payments.attempt import Attempt, Stage
from payments.inputs import Booked, CameBack
from payments.iso20022 import NOT_PROVIDED
from payments.messages import Line, Statement
from payments.spoken import hide_numbers


def read_line(line: Line) -> Booked | CameBack:
    """What an entry means for its attempt: money that went, or money that came back."""
    if line.is_credit:
        return CameBack(
            amount=line.amount,
            currency=line.currency,
            reference=line.reference,
            code=line.code or "NARR",
            reason=hide_numbers(line.reason),
        )
    return Booked(amount=line.amount, currency=line.currency, reference=line.reference, day=line.day)


def find_differences(statement: Statement, attempts: Mapping[str, Attempt]) -> tuple[str, ...]:
    """In words for people; none where both agree."""
    return (
        *_check_sum(statement),
        *(text for line in statement.lines for text in _check_line(line, attempts)),
        *_check_attempts(statement, attempts),
    )


def _check_sum(statement: Statement) -> Iterator[str]:
    moved = sum(line.amount if line.is_credit else -line.amount for line in statement.lines)
    if statement.opening + moved != statement.closing:
        yield (
            f"statement of {statement.day}: {statement.opening} at its opening and {moved} of entries do not make "
            f"{statement.closing} at its closing"
        )


def _check_line(line: Line, attempts: Mapping[str, Attempt]) -> Iterator[str]:
    where = f"statement of {line.day}: entry {line.reference}"
    what = f"{line.currency} {line.amount}"
    attempt = attempts.get(line.end_to_end_id)
    if attempt is None:
        if not line.is_credit:
            yield f"{where} takes {what} from the account for no order ({line.end_to_end_id})"
        elif line.end_to_end_id != NOT_PROVIDED:
            yield f"{where} brings {what} for no order ({line.end_to_end_id})"
        return
    released = attempt.release
    if (line.amount, line.currency) != (released.net, released.currency):
        yield f"{where} is {what}, and order {released.order} is {released.currency} {released.net}"
    elif not line.is_credit and attempt.reference != line.reference:
        yield f"{where} books order {released.order} again, which is booked as {attempt.reference or 'nothing'}"
    elif line.is_credit and attempt.stage is not Stage.RETURNED:
        yield f"{where} brings order {released.order} back, which is {attempt.stage.name.lower()}"
    elif line.is_credit and attempt.return_reference != line.reference:
        yield f"{where} brings order {released.order} back again, which came back as {attempt.return_reference}"


def _check_attempts(statement: Statement, attempts: Mapping[str, Attempt]) -> Iterator[str]:
    stated = {line.reference for line in statement.lines if not line.is_credit}
    for attempt in attempts.values():
        if attempt.booked_on == statement.day and attempt.reference not in stated:
            yield (
                f"statement of {statement.day}: order {attempt.release.order} was booked as {attempt.reference}, "
                "and the statement does not have it"
            )
