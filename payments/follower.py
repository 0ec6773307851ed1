"""Follows the ledger: what is released goes to the desk, and what becomes of it by other hands.

Events only say where to look; what an order is, its record says. At each start, once a day, and when an agency appoints
this treasury, all orders are looked through, so that nothing is forgotten that an event, a node or a lost journal did
not tell. The first start reads no block before that look.

An order at a later attempt, of which the journal does not know the earlier ones, waits until the bank's entries were
read: they show whether an earlier one is booked.
"""

import trio

from payments.attempt import Release, Standing
from payments.desk import Desk
from payments.inputs import Shown
from payments.ledger import Ledger, OrderNow
from payments.messages import Line
from payments.nodes import NOT_SERVED
from rpc.contracts import Contract
from rpc.requests import Committed, Unreachable

POLL_S = 0.2
SWEEP_S = 86_400.0
TROUBLE = "ledger"
_STANDINGS = {
    "PaymentSent": Standing.SENT,
    "PaymentSettled": Standing.SETTLED,
    "PaymentReturned": Standing.RETURNED,
}
_PAYABLE = (Standing.APPROVED, Standing.SENT)


class Follower:
    """See the module."""

    def __init__(self, desk: Desk, ledger: Ledger) -> None:
        self._desk = desk
        self._ledger = ledger
        self._agencies: dict[str, bool] = {}
        self._held: dict[str, OrderNow] = {}
        self._elsewhere: dict[str, tuple[int, int]] = {}
        """Ids of attempts that the ledger knows and the journal does not, with order and attempt."""
        self._sweep_from = 0.0
        self.is_swept = trio.Event()
        """Whether all orders were looked through since the start."""
        self.is_bank_read = False
        """Whether all the bank's notifications were read once since the start."""

    async def run(self) -> None:
        """For ever; a ledger that is away is waited for."""
        while True:
            try:
                await self._take_turn()
            except NOT_SERVED as error:
                self._desk.alarms.raise_trouble(TROUBLE, str(error), self._desk.now_ms())
                self._ledger.nodes.turn_away()
            else:
                self._desk.alarms.end_trouble(TROUBLE)
            await trio.sleep(POLL_S)

    async def adopt(self, line: Line) -> bool:
        """Takes up the attempt of a bank's entry that the journal does not know; False: the ledger does not either."""
        known = self._elsewhere.get(line.end_to_end_id)
        if known is None:
            return False
        order, attempt = known
        shown = await self._ledger.read_order(order, self._desk.book.height)
        standing = shown.standing_of(attempt)
        if standing is None:
            return False
        release = (
            shown.release if standing is not Standing.OVER else _release_of(shown.release, attempt, line)
        )
        self._elsewhere.pop(line.end_to_end_id)
        self._desk.release(release, standing)
        return True

    async def _take_turn(self) -> None:
        height = await self._ledger.get_height(self._desk.book.height)
        if trio.current_time() >= self._sweep_from:
            await self._sweep(height)
            self._sweep_from = trio.current_time() + SWEEP_S
            self.is_swept.set()
        while self._desk.book.height < height:
            payment, registry = [await self._ledger.describe(name) for name in ("payment", "registry")]
            block = await self._ledger.get_block(self._desk.book.height + 1)
            self._desk.on_followed(block.height, is_ours=await self._read(block, payment, registry))
        self._release_held()

    # --- All orders ---------------------------------------------------------------------------------------------

    async def _sweep(self, height: int) -> None:
        self._agencies.clear()
        async for shown in self._ledger.list_orders(max(height, self._desk.book.height)):
            await self._consider(shown)
            self._list_elsewhere(shown)
        if self._desk.book.height == 0 and height > 0:
            self._desk.on_followed(height, is_ours=True)

    def _list_elsewhere(self, shown: OrderNow) -> None:
        for attempt in range(1, shown.release.attempt + 1):
            id_ = self._ledger.compute_id(shown.release.order, attempt)
            if id_ not in self._desk.book.attempts:
                self._elsewhere[id_] = shown.release.order, attempt

    async def _consider(self, shown: OrderNow) -> None:
        """Releases what is to be paid; tells of what the ledger shows otherwise than the journal."""
        self._tell_standings(shown)
        release, standing = shown.release, shown.standing
        if standing not in _PAYABLE or release.end_to_end_id in self._desk.book.attempts:
            return
        if await self._is_ours(release.agency):
            self._held[release.end_to_end_id] = shown

    def _tell_standings(self, shown: OrderNow) -> None:
        for attempt in range(1, shown.release.attempt + 1):
            id_, standing = self._ledger.compute_id(shown.release.order, attempt), shown.standing_of(attempt)
            known = self._desk.book.attempts.get(id_)
            if known is not None and standing is not None and standing > known.standing:
                self._show(id_, standing)

    def _show(self, id_: str, standing: Standing) -> None:
        """Unless a report is under way: whoever makes it says what the ledger shows after it."""
        if not self._desk.book.attempts[id_].is_at_ledger:
            self._desk.give(id_, Shown(standing=standing))

    def _release_held(self) -> None:
        for id_, shown in list(self._held.items()):
            if self.is_bank_read or not self._has_unknown_earlier(shown.release):
                del self._held[id_]
                self._elsewhere.pop(id_, None)
                assert shown.standing is not None, "only what is released is held"
                self._desk.release(shown.release, shown.standing)

    def _has_unknown_earlier(self, release: Release) -> bool:
        ids = (self._ledger.compute_id(release.order, attempt) for attempt in range(1, release.attempt))
        return any(id_ not in self._desk.book.attempts for id_ in ids)

    async def _is_ours(self, agency: str) -> bool:
        if agency not in self._agencies:
            self._agencies[agency] = await self._ledger.is_treasury(agency, self._desk.book.height)
        return self._agencies[agency]

    # --- Blocks -------------------------------------------------------------------------------------------------

    async def _read(self, block: Committed, payment: Contract, registry: Contract) -> bool:
        """Looks at the orders that a block speaks of; whether it spoke of any."""
        if block.height != self._desk.book.height + 1:
            raise Unreachable(f"expected block {self._desk.book.height + 1}, got {block.height}")
        is_ours = False
        for event in (event for _, result in block.transactions if result.is_ok for event in result.events):
            if event.contract == "registry" and event.name == "TreasuryAppointed":
                self._sweep_from = 0.0
            elif event.contract == "registry" and event.name == "AccountStated":
                self._desk.find_accounts_of(registry.decode_event(event).data("supplier"))
            elif event.contract == "payment" and event.name == "PaymentApproved":
                order = payment.decode_event(event).number("order")
                await self._consider(await self._ledger.read_order(order, block.height))
                self._release_held()
                is_ours = True
            elif event.contract == "payment" and event.name in _STANDINGS:
                fields = payment.decode_event(event)
                id_ = self._ledger.compute_id(fields.number("order"), fields.number("attempt"))
                if id_ in self._desk.book.attempts:
                    self._show(id_, _STANDINGS[event.name])
        return is_ours


def _release_of(shown: Release, attempt: int, line: Line) -> Release:
    """An earlier attempt, of which the ledger keeps no amounts, as the bank's entry has it. It is never sent."""
    return Release(
        order=shown.order,
        attempt=attempt,
        end_to_end_id=line.end_to_end_id,
        agency=shown.agency,
        supplier=shown.supplier,
        currency=line.currency,
        gross=line.amount,
        penalty=0,
        deductions=0,
        tax=0,
        net=line.amount,
    )
