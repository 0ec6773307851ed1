"""What people must see: alarms, which stay until the gateway ends, and troubles, which pass when what failed works again.

Every one is also a line of the log, when it first comes. Written by the gateway's loop, read by the HTTP thread as copies.
"""

from dataclasses import dataclass, replace

import structlog

from chain.limits import PAYMENT_ALARMS_MAX

log = structlog.get_logger("gateway")


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One alarm or trouble: of which attempt (empty: of none), what, since when, how often."""

    end_to_end_id: str
    text: str
    first_ms: int
    last_ms: int
    count: int = 1


class Alarms:
    """See the module."""

    def __init__(self) -> None:
        self._alarms: dict[tuple[str, str], Notice] = {}
        self._troubles: dict[str, Notice] = {}
        self.raised = 0
        """Different alarms since the start, also those that made room for others."""

    def raise_alarm(self, text: str, now_ms: int, end_to_end_id: str = "") -> None:
        """Something contradicts: people must look."""
        known = self._alarms.pop((end_to_end_id, text), None)
        if known is None:
            self.raised += 1
            log.error("alarm", reason=text, end_to_end_id=end_to_end_id)
        self._alarms[end_to_end_id, text] = _again(known, end_to_end_id, text, now_ms)
        while len(self._alarms) > PAYMENT_ALARMS_MAX:
            del self._alarms[next(iter(self._alarms))]

    def raise_trouble(self, what: str, text: str, now_ms: int, end_to_end_id: str = "") -> None:
        """`what` does not work now, and is tried again."""
        known = self._troubles.get(what)
        if known is None or known.text != text:
            log.warning("trouble", what=what, reason=text)
        since = known and replace(known, text=text)
        self._troubles[what] = _again(since, end_to_end_id, text, now_ms)

    def end_trouble(self, what: str) -> None:
        """It works again."""
        if self._troubles.pop(what, None) is not None:
            log.info("trouble is over", what=what)

    def list_alarms(self) -> list[Notice]:
        """Alarms, the newest last."""
        return list(self._alarms.values())

    def list_troubles(self) -> dict[str, Notice]:
        """What does not work now."""
        return dict(self._troubles)


def _again(known: Notice | None, end_to_end_id: str, text: str, now_ms: int) -> Notice:
    if known is None:
        return Notice(end_to_end_id=end_to_end_id, text=text, first_ms=now_ms, last_ms=now_ms)
    return replace(known, last_ms=now_ms, count=known.count + 1)
