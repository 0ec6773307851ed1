"""A `pilot.ledger.Ledger` on the contract machine alone: what is sent stands in a block at the next look; and a treasury
that pays, which is gateway and bank in one.
"""

import random

from chain.codec import Value, as_array, as_bytes
from chain.keys import Address
from chain.payment import BankAccount, compute_account_commitment, compute_end_to_end_id
from chain.transaction import CheckedTransaction, TxId, check_transaction, compute_transaction_id
from pilot.acts import Ask
from pilot.keyring import CLOSED_ENDING, Keyring
from pilot.ledger import CommittedBlock, GatewayAway, Unreachable, ViewRefused
from pilot.orders import Order, OrderState, read_order
from pilot.settlement import BankPayment, BankState
from tests.contracts.ledger import AGENCIES, CHAIN, Ledger, key, operator
from vm.executor import ViewRefused as RefusedByContract

OPERATORS = {agency: operator(agency) for agency in AGENCIES}
KEYRING = Keyring(OPERATORS)


class MemoryNetwork:
    """One node that forms a block of all that waits whenever its height is asked.

    `now_ms` runs with the caller's clock. It drops every n-th request where `lose_every` says so, as a
    network does that loses a node.
    """

    def __init__(self, clock: "Clock", *, loss_percent: int = 0) -> None:
        self.ledger = Ledger()
        self.clock = clock
        self.blocks: list[CommittedBlock] = []
        self.seen: set[TxId] = set()
        self.pool: list[CheckedTransaction] = []
        self.turned = 0
        self.treasury: MemoryTreasury | None = None
        self._loss_percent = loss_percent
        self._chance = random.Random(loss_percent)

    async def chain_id(self) -> str:
        """See `pilot.ledger.Ledger`."""
        return CHAIN

    async def height(self) -> int:
        """Commits what waits, then tells the height."""
        self._maybe_lose()
        self.ledger.now_ms = max(self.clock.now_ms(), self.ledger.now_ms + 1)
        due = [one for one in self.pool if one.transaction.valid_until_ms > self.ledger.now_ms]
        self.pool = []
        if due:
            results = self.ledger.execute(due).results
            pairs = tuple((one.id, result) for one, result in zip(due, results, strict=True))
            self.blocks.append(CommittedBlock(time_ms=self.ledger.now_ms, results=pairs))
            if self.treasury is not None:
                self.treasury.pay(self.ledger)
        return len(self.blocks)

    async def block(self, height: int) -> CommittedBlock:
        """See `pilot.ledger.Ledger`."""
        self._maybe_lose()
        return self.blocks[height - 1]

    async def send(self, raws: list[bytes]) -> list[str | None]:
        """What was seen before is not taken twice."""
        self._maybe_lose()
        answers: list[str | None] = []
        for raw in raws:
            known = compute_transaction_id(raw) in self.seen
            answers.append("known" if known else None)
            if not known:
                checked = check_transaction(raw, CHAIN)
                self.seen.add(checked.id)
                self.pool.append(checked)
        self._maybe_lose()
        return answers

    async def ask(self, ask: Ask, height_min: int) -> Value:
        """See `pilot.ledger.Ledger`."""
        self._maybe_lose()
        assert height_min <= len(self.blocks)
        try:
            return self.ledger.view(ask.contract, ask.method, *ask.arguments)
        except RefusedByContract as refused:
            raise ViewRefused(str(refused)) from refused

    async def turn_away(self) -> None:
        """There is no other node."""
        self.turned += 1

    def _maybe_lose(self) -> None:
        if self._chance.randrange(100) < self._loss_percent:
            raise Unreachable("this request was lost")


class MemoryTreasury:
    """A `pilot.ledger.Treasury` that pays what is released, but not to closed accounts; `codes` returns orders by their
    numbers, `refusal` is its answer to every account, and so many times it is `away`.
    """

    def __init__(
        self,
        network: MemoryNetwork,
        *,
        codes: dict[int, str] | None = None,
        is_silent: bool = False,
        refusal: str = "",
        away: int = 0,
    ) -> None:
        self.accounts: dict[bytes, BankAccount] = {}
        self.handed = 0
        self.payments: list[BankPayment] = []
        self._network = network
        self._codes = codes or {}
        self._is_silent = is_silent
        self._refusal = refusal
        self.away = away
        network.treasury = self

    @property
    def address(self) -> Address:
        """See `pilot.ledger.Treasury`."""
        return key("treasury").address

    async def hand_over(self, supplier: Address, account: BankAccount) -> None:
        """See `pilot.ledger.Treasury`; the account must be the one that the ledger has a commitment to."""
        if self._refusal:
            raise ViewRefused(self._refusal)
        if self.away > 0:
            self.away -= 1
            raise GatewayAway("nobody is there")
        commitment = compute_account_commitment(account)
        assert self._network.ledger.view("registry", "account_commitment", supplier) == commitment
        self.accounts[commitment] = account
        self.handed += 1

    def pay(self, ledger: Ledger) -> None:
        """Answers every order that is released."""
        for row in as_array(ledger.view("payment", "order_list", 1, 100), "orders"):
            order = read_order(row)
            if order.state is OrderState.APPROVED and not self._is_silent:
                supplier = as_bytes(as_array(row, "order")[6], "supplier", 20)
                self._pay(ledger, order, supplier)

    def _pay(self, ledger: Ledger, order: Order, supplier: bytes) -> None:
        commitment = as_bytes(ledger.view("registry", "account_commitment", supplier), "commitment", 32)
        is_closed = self.accounts[commitment].number.endswith(CLOSED_ENDING)
        code = self._codes.get(order.number, "AC04" if is_closed else "")
        naming = order.number, order.attempt
        if code:
            ledger.do(key("treasury"), "payment", "report_returned", *naming, code, "refused")
        else:
            ledger.do(key("treasury"), "payment", "settle", *naming, f"M{order.number}")
        self.payments.append(
            BankPayment(
                end_to_end_id=compute_end_to_end_id(CHAIN, *naming),
                amount=order.net,
                currency=order.currency,
                state=BankState.REJECTED if code else BankState.BOOKED,
            )
        )


class Clock:
    """A clock that each turn of the run moves on."""

    def __init__(self, start_ms: int) -> None:
        self._now_ms = start_ms

    def now_ms(self) -> int:
        """The time."""
        return self._now_ms

    async def sleep(self, seconds: float) -> None:
        """Passes time at once."""
        self._now_ms += round(seconds * 1000)
