"""Tells the ledger: reports go out together, each only while the ledger does not show it and an agency's treasury is this
one, and are looked up in blocks.
"""

from dataclasses import replace

import trio

from chain.limits import PAYMENT_REPORTS_AT_ONCE
from chain.result import find_refusal
from chain.transaction import compute_transaction_id
from payments.attempt import next_report
from payments.desk import Desk
from payments.effects import Tell
from payments.inputs import NotReported, Shown
from payments.ledger import REPORT_VALIDITY_MS, Ledger, is_taken
from payments.nodes import FAILED
from rpc.requests import Fate

_STEP_S = 0.1


class Teller:
    """See the module."""

    def __init__(self, desk: Desk, ledger: Ledger) -> None:
        self._desk = desk
        self._ledger = ledger

    async def run(self) -> None:
        """For ever: all reports that are due, together."""
        while True:
            first = await self._desk.to_ledger.take()
            errands = [first, *self._desk.to_ledger.take_more(PAYMENT_REPORTS_AT_ONCE - 1)]
            told = {id_: errand for id_, errand in errands if isinstance(errand, Tell)}
            try:
                await self._tell(told)
            except FAILED as error:
                self._ledger.nodes.turn_away()
                for id_ in told:
                    if self._desk.book.attempts[id_].is_at_ledger:
                        self._give_failure(id_, str(error))

    async def _tell(self, told: dict[str, Tell]) -> None:
        raws = {}
        agencies: dict[str, bool] = {}
        for id_, tell in told.items():
            if await self._is_shown(id_):
                continue
            attempt, height = self._desk.book.attempts[id_], self._desk.book.height
            agency = attempt.release.agency
            if agency not in agencies:
                agencies[agency] = await self._ledger.is_treasury(agency, height)
            if not agencies[agency]:
                self._give_failure(id_, f"this key is not the treasury of {agency}")
            else:
                raws[id_] = await self._ledger.sign_report(attempt, tell.report, self._desk.now_ms())
        if not raws:
            return
        admitted = await self._ledger.submit(list(raws.values()))
        for id_, answer in zip(list(raws), admitted, strict=True):
            if not is_taken(answer):
                del raws[id_]
                self._give_failure(id_, answer.message)
        await self._wait(raws, told)

    async def _is_shown(self, id_: str) -> bool:
        """Gives what the ledger shows, if that is news or enough; then the report is not made now."""
        attempt = self._desk.book.attempts[id_]
        order = await self._ledger.read_order(attempt.release.order, self._desk.book.height)
        standing = order.standing_of(attempt.release.attempt)
        if standing is None or standing <= attempt.standing:
            return False
        self._desk.give(id_, Shown(standing=standing))
        return True

    async def _wait(self, raws: dict[str, bytes], told: dict[str, Tell]) -> None:
        """Until all are in blocks, or can be in none any more."""
        waiting = {compute_transaction_id(raw): id_ for id_, raw in raws.items()}
        end = trio.current_time() + REPORT_VALIDITY_MS / 1_000
        while waiting and trio.current_time() < end:
            for fate in await self._ledger.get_fates(list(waiting)):
                if fate.result is not None:
                    id_ = waiting.pop(fate.id)
                    await self._end(id_, told[id_], fate)
            if waiting:
                await trio.sleep(_STEP_S)
        for id_ in waiting.values():
            self._give_failure(id_, "it came into no block in time")
        if waiting:
            self._ledger.nodes.turn_away()

    async def _end(self, id_: str, tell: Tell, fate: Fate) -> None:
        assert fate.result is not None and fate.height is not None, fate
        attempt = self._desk.book.attempts[id_]
        order = await self._ledger.read_order(attempt.release.order, fate.height)
        refusal = find_refusal(fate.result)
        shown = order.standing_of(attempt.release.attempt) or attempt.standing
        if refusal and next_report(replace(attempt, standing=max(shown, attempt.standing))) is tell.report:
            self._give_failure(id_, refusal)
        else:
            self._desk.give(id_, Shown(standing=shown))

    def _give_failure(self, id_: str, why: str) -> None:
        self._desk.give(id_, NotReported(why=why, now_ms=self._desk.now_ms()))
