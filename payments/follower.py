"""Follows the ledger: what is released goes to the desk, and what becomes of it by other hands.

Events and lists of one node only say where to look; what an order is, its record says, as two nodes show it. At each
start, once a day, and when an agency appoints a treasury, all orders are looked through, so that nothing is forgotten
that an event, a node or a lost journal did not tell. The first start reads no block before that look.

An order at a later attempt, of which the journal does not know the earlier ones, waits until the bank's entries were
read: they show whether an earlier one is booked.
"""

from collections.abc import Iterator

import trio

from payments.attempt import Attempt, Release, Standing
from payments.desk import Desk
from payments.inputs import Shown
from payments.ledger import Ledger, OrderNow, read_field
from payments.messages import Line
from payments.nodes import FAILED, Unsure
from rpc.contracts import Contract
from rpc.requests import CallRefused, Committed, Unreachable

POLL_S = 0.2
SWEEP_S = 86_400.0
WATCH_S = 10.0
TROUBLE = "ledger"
_OF_ORDERS = frozenset({"PaymentApproved", "PaymentSent", "PaymentSettled", "PaymentReturned"})
_PAYABLE = (Standing.APPROVED, Standing.SENT)


class Follower:
    """See the module."""

    def __init__(self, desk: Desk, ledger: Ledger) -> None:
        self._desk = desk
        self._ledger = ledger
        self._agencies: dict[str, bool] = {}
        self._waiting: dict[int, None] = {}
        """Orders that are to be looked at."""
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
            except FAILED as error:
                self._desk.alarms.raise_trouble(TROUBLE, str(error), self._desk.now_ms())
                self._ledger.nodes.turn_away()
            else:
                self._desk.alarms.end_trouble(TROUBLE)
            await trio.sleep(POLL_S)

    async def watch_nodes(self) -> None:
        """For ever: says of each node whether it serves, also of those that nobody needs just now."""
        while True:
            faults = await self._ledger.nodes.find_faults(self._desk.now_ms())
            for address, fault in faults.items():
                what = f"node {address}"
                if fault:
                    self._desk.alarms.raise_trouble(what, fault, self._desk.now_ms())
                else:
                    self._desk.alarms.end_trouble(what)
            await trio.sleep(WATCH_S)

    async def adopt(self, line: Line) -> bool:
        """Takes up the attempt of a bank's entry that the journal does not know; False: the ledger does not either.

        Raises `Unsure`.
        """
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
        self._elsewhere.pop(line.end_to_end_id, None)  # the order itself may have been looked at meanwhile
        self._desk.release(release, standing)
        return True

    async def _take_turn(self) -> None:
        height = await self._ledger.get_height(self._desk.book.height)
        if trio.current_time() >= self._sweep_from:
            self._ledger.nodes.turn_away()  # another one than that which was followed: one may keep something back
            await self._sweep(height)
            self._sweep_from = trio.current_time() + SWEEP_S
            self.is_swept.set()
        while self._desk.book.height < height:
            payment, registry = [await self._ledger.describe(name) for name in ("payment", "registry")]
            block = await self._ledger.get_block(self._desk.book.height + 1)
            is_ours = self._read(block, payment, registry)
            self._desk.on_followed(block.height, is_ours=is_ours)
        await self._look()

    # --- All orders ---------------------------------------------------------------------------------------------

    async def _sweep(self, height: int) -> None:
        self._agencies.clear()
        async for listed in self._ledger.list_orders(max(height, self._desk.book.height)):
            if await self._is_news(listed):
                self._waiting[listed.release.order] = None
            for attempt in range(1, listed.release.attempt + 1):
                id_ = self._ledger.compute_id(listed.release.order, attempt)
                if id_ not in self._desk.book.attempts:
                    self._elsewhere[id_] = listed.release.order, attempt
        if self._desk.book.height == 0 and height > 0:
            self._desk.on_followed(height, is_ours=True)

    async def _is_news(self, listed: OrderNow) -> bool:
        """Whether it is to be paid and the journal does not know it, or the journal knows it otherwise."""
        current = self._desk.book.attempts.get(listed.release.end_to_end_id)
        if current is None and listed.standing in _PAYABLE and await self._is_ours(listed.release.agency):
            return True
        return any(standing > known.standing for known, standing in self._compare(listed))

    def _compare(self, shown: OrderNow) -> Iterator[tuple[Attempt, Standing]]:
        """Attempts of an order that the journal knows, with what is shown of each."""
        for attempt in range(1, shown.release.attempt + 1):
            id_ = self._ledger.compute_id(shown.release.order, attempt)
            known, standing = self._desk.book.attempts.get(id_), shown.standing_of(attempt)
            if known is not None and standing is not None:
                yield known, standing

    # --- One order ----------------------------------------------------------------------------------------------

    async def _look(self) -> None:
        """At the orders that wait for it; one of which nodes are not sure waits on, and holds up no other.

        Raises `Unsure` or `CallRefused`.
        """
        doubt: CallRefused | Unsure | None = None
        for order in list(self._waiting):
            try:
                is_done = await self._take(await self._ledger.read_order(order, self._desk.book.height))
            except (CallRefused, Unsure) as error:
                # A node invented it, or nodes that have it are too busy to say so.
                is_refused = isinstance(error, CallRefused)
                is_done = is_refused and order > await self._ledger.count_orders(self._desk.book.height)
                doubt = doubt if is_done else error
            if is_done:
                del self._waiting[order]
        if doubt is not None:
            raise doubt

    async def _take(self, shown: OrderNow) -> bool:
        """Gives an order to the desk; False while the bank's entries must be read first."""
        for known, standing in self._compare(shown):
            if standing > known.standing and not known.is_at_ledger:  # whoever makes a report looks after it
                self._desk.give(known.release.end_to_end_id, Shown(standing=standing))
        id_ = shown.release.end_to_end_id
        if shown.standing not in _PAYABLE or id_ in self._desk.book.attempts:
            return True
        if not await self._is_ours(shown.release.agency):
            return True
        if not self.is_bank_read and self._has_unknown_earlier(shown.release):
            return False
        self._elsewhere.pop(id_, None)
        self._desk.release(shown.release, shown.standing)
        return True

    def _has_unknown_earlier(self, release: Release) -> bool:
        ids = (self._ledger.compute_id(release.order, attempt) for attempt in range(1, release.attempt))
        return any(id_ not in self._desk.book.attempts for id_ in ids)

    async def _is_ours(self, agency: str) -> bool:
        if agency not in self._agencies:
            self._agencies[agency] = await self._ledger.is_treasury(agency, self._desk.book.height)
        return self._agencies[agency]

    # --- Blocks -------------------------------------------------------------------------------------------------

    def _read(self, block: Committed, payment: Contract, registry: Contract) -> bool:
        """Notes the orders that a block speaks of; whether it spoke of any."""
        if block.height != self._desk.book.height + 1:
            raise Unreachable(f"expected block {self._desk.book.height + 1}, got {block.height}")
        found: set[int] = set()
        for event in (event for _, result in block.transactions if result.is_ok for event in result.events):
            match event.contract, event.name:
                case "registry", "TreasuryAppointed":
                    self._sweep_from = 0.0
                case "registry", "AccountStated":
                    self._desk.find_accounts_of(read_field(registry.decode_event(event), "supplier", bytes))
                case "payment", name if name in _OF_ORDERS:
                    found.add(read_field(payment.decode_event(event), "order", int))
        self._waiting |= dict.fromkeys(sorted(found))
        return bool(found)


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
