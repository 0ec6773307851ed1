"""A gateway that ends as by a power cut before or after one of its steps: `python -m tests.payments.stopping STEP ID -- LINE`.

STEP is `none`, or like `before:send` or `after:write Booked`; ID is the end-to-end id that is meant, or `any`. The steps
are wrapped here and nowhere else: the product has no such switch. Each payment that is given to the bank is also noted in
the file that TERANG_TEST_PAID names, so that tests can count them.
"""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cli.tethered import run_tethered
from payments.accounts import Accounts
from payments.counter import Counter
from payments.entries import OfAttempt
from payments.journal import Journal
from payments.ledger import Ledger

NOTES = "TERANG_TEST_PAID"
Names = Callable[..., tuple[str, str]]
"""Step and end-to-end id of a call with these arguments; the id is empty where the step is of no attempt."""


def _name_entry(_: Journal, entry: Any) -> tuple[str, str]:
    if isinstance(entry, OfAttempt):
        return f"write {type(entry.fact).__name__}", entry.end_to_end_id
    return f"write {type(entry).__name__}", ""


_STEPS: tuple[tuple[type[Any], str, Names], ...] = (
    (Journal, "append", _name_entry),
    (Accounts, "find", lambda *_: ("find", "")),
    (Accounts, "keep", lambda *_: ("keep", "")),
    (Counter, "ask", lambda _, id_: ("ask", id_)),
    (Counter, "pay", lambda _, payment: ("send", payment.end_to_end_id)),
    (Counter, "fetch_notification", lambda *_: ("fetch", "")),
    (Counter, "fetch_statement", lambda *_: ("statement", "")),
    (Ledger, "find_objection", lambda _, attempt, __: ("confirm", attempt.release.end_to_end_id)),
    (Ledger, "sign_report", lambda _, attempt, *__: ("sign", attempt.release.end_to_end_id)),
    (Ledger, "submit", lambda *_: ("submit", "")),
)


class Stop:
    """When to end."""

    def __init__(self, step: str, id_: str) -> None:
        self._when, _, self._step = step.partition(":")
        self._id = id_

    def check(self, when: str, step: str, id_: str) -> None:
        """Ends the process if this is it."""
        if (when, step) == (self._when, self._step) and (id_ == "" or self._id in ("any", id_)):
            os.kill(os.getpid(), signal.SIGKILL)


def wrap(stop: Stop) -> None:
    """Puts the checks around every step."""
    for kind, method, names in _STEPS:
        setattr(kind, method, _wrapped(getattr(kind, method), names, stop))


def _wrapped(inner: Any, names: Names, stop: Stop) -> Any:
    if inner.__code__.co_flags & 0x80:  # a coroutine function

        async def awaited(*given: Any) -> Any:
            step, id_ = names(*given)
            stop.check("before", step, id_)
            if step == "send":
                _note(id_)
            result = await inner(*given)
            stop.check("after", step, id_)
            return result

        return awaited

    def called(*given: Any) -> Any:
        step, id_ = names(*given)
        stop.check("before", step, id_)
        result = inner(*given)
        stop.check("after", step, id_)
        return result

    return called


def _note(id_: str) -> None:
    with Path(os.environ[NOTES]).open("a") as notes:
        notes.write(id_ + "\n")


if __name__ == "__main__":
    step, id_, *line = sys.argv[1:]
    wrap(Stop(step, id_))
    sys.exit(run_tethered(line))
