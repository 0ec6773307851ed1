"""A gateway in this process, between the real contracts behind local nodes and a bank with a clock of ours."""

import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx2
import msgspec
import trio

from chain.codec import Value
from chain.keys import SigningKey
from chain.payment import BankAccount, compute_account_commitment, compute_end_to_end_id
from chain.transaction import Call
from machine.files import DiskFiles
from payments.accounts import Accounts
from payments.counter import Counter
from payments.desk import Desk
from payments.gateway import open_desk, start_tasks
from payments.gateway_site import make_app
from payments.journal import Journal
from payments.ledger import Ledger
from payments.nodes import Nodes, compute_fingerprint
from payments.settings import BankConfig, GatewayConfig
from rpc.backend import Standing
from tests.contracts.agreeing import PAYMENT_OFFICER, SUPPLIER, TREASURY, Agreeing
from tests.contracts.ledger import CHAIN
from tests.payments.banking import TREASURY as DEBTOR
from tests.payments.banking import BankClient, serving_bank
from tests.portals.making import ContractsBackend, LocalNode

ACCOUNT = BankAccount(holder="PT Alfa", bank="BMRIIDJA", number="1230098765432", salt=b"\x07" * 32)
PORTION = 1_000
PATIENCE_S = 20.0


class OfficeBackend(ContractsBackend):
    """Its blocks are of now, by the office's clock."""

    def __init__(self, contracts: Agreeing, bank: BankClient) -> None:
        super().__init__(contracts)
        self._bank = bank

    def standing(self) -> Standing:
        return replace(super().standing(), time_ms=self._bank.now_ms)


@dataclass
class Office:
    """The world around one gateway; its journal and accounts stay in `path` from one run to the next."""

    path: Path
    bank: BankClient
    contracts: Agreeing
    backend: ContractsBackend
    nodes: list[LocalNode]
    config: GatewayConfig
    files: DiskFiles = field(default_factory=DiskFiles)
    began: float = field(default_factory=time.monotonic)

    # --- The ledger's people ------------------------------------------------------------------------------------

    def make_order(self) -> int:
        """A requested order of `PORTION` gross."""
        return self.contracts.accept(self.contracts.deliver(1, PORTION))

    def do(self, signer: SigningKey, contract: str, method: str, *arguments: Value) -> None:
        """An act in a block of its own, which followers see."""
        signed = self.contracts.sign(signer, Call(contract=contract, method=method, arguments=arguments))
        (admitted,) = self.backend.submit([signed.raw])
        assert admitted.code == 0, admitted

    def approve(self, order: int) -> str:
        """The payment officer releases it; the end-to-end id of the attempt."""
        self.do(PAYMENT_OFFICER, "payment", "approve", order, 0, 0)
        attempt = self.contracts.order(order)["attempt"]
        assert isinstance(attempt, int)
        return compute_end_to_end_id(CHAIN, order, attempt)

    def state_account(self, account: BankAccount = ACCOUNT) -> None:
        """The supplier states its account on the ledger."""
        self.do(SUPPLIER, "registry", "set_account", compute_account_commitment(account))

    def state(self, order: int) -> int:
        """Where the ledger shows an order, by the contract's number."""
        found = self.contracts.order(order)["state"]
        assert isinstance(found, int)
        return found

    def now_ms(self) -> int:
        """The bank's clock, which tests set, and the time since the office was made."""
        return self.bank.now_ms + int((time.monotonic() - self.began) * 1_000)

    # --- The gateway --------------------------------------------------------------------------------------------

    def open_accounts(self) -> Accounts:
        """The gateway's directory of accounts."""
        return Accounts(self.path / "accounts", self.files, TREASURY)

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Gateway"]:
        """The gateway runs; at the end it is cut off wherever it is."""
        journal = Journal(self.path / "journal", self.files, chain_id=CHAIN, key=TREASURY.address)
        desk, accounts = open_desk(self.config, journal), self.open_accounts()
        desk.now_ms = self.now_ms
        site = make_app(desk, self._make_ledger(), accounts)
        transport = httpx2.ASGITransport(site)
        async with (
            Counter(self.bank.address, DEBTOR.number) as counter,
            httpx2.AsyncClient(transport=transport, base_url="http://gateway.test") as http,
            trio.open_nursery() as nursery,
        ):
            start_tasks(nursery, desk, self._make_ledger(), accounts, counter, self.config.bank)
            yield Gateway(desk, http)
            nursery.cancel_scope.cancel()
        journal.close()

    def _make_ledger(self) -> Ledger:
        return Ledger(Nodes(self.nodes, CHAIN, self.config.genesis), TREASURY, CHAIN)


@dataclass
class Gateway:
    """A running gateway as its tests see it."""

    desk: Desk
    http: httpx2.AsyncClient

    def stage(self, id_: str) -> str | None:
        """Where an attempt stands."""
        attempt = self.desk.book.attempts.get(id_)
        return None if attempt is None else attempt.stage.name

    async def pause(self) -> None:
        """Lets the gateway go on for a moment."""
        await trio.sleep(0.02)

    async def wait_until(self, holds: Callable[[], bool]) -> None:
        """Until it is so; fails with what the gateway says when it takes too long."""
        with trio.move_on_after(PATIENCE_S) as waiting:
            while not holds():
                await self.pause()
        assert not waiting.cancelled_caught, self.list_notices()

    async def wait_for(self, stage: str, *ids: str) -> None:
        """Until all of these attempts stand there."""
        await self.wait_until(lambda: all(self.stage(id_) == stage for id_ in ids))

    async def wait_until_over(self, *ids: str) -> None:
        """Until nothing is due of these attempts."""
        book = self.desk.book
        await self.wait_until(lambda: all(id_ in book.attempts and id_ not in book.open_ids for id_ in ids))

    async def wait_for_notice(self, words: str) -> None:
        """Until an alarm or a trouble has these words."""
        await self.wait_until(lambda: any(words in notice for notice in self.list_notices()))

    def list_notices(self) -> list[str]:
        """What alarms and troubles say."""
        alarms, troubles = self.desk.alarms.list_alarms(), self.desk.alarms.list_troubles()
        return [notice.text for notice in (*alarms, *troubles.values())]


@contextmanager
def make_office(path: Path, *, nodes: int = 3) -> Iterator[Office]:
    """An office whose agency has appointed the treasury."""
    contracts = Agreeing()
    contracts.agree(400_000, 600_000)
    with serving_bank(path) as bank:
        backend = OfficeBackend(contracts, bank)
        backend.commit()
        fingerprint = compute_fingerprint(msgspec.json.decode(backend.genesis()))
        config = GatewayConfig(
            chain_id=CHAIN, genesis=fingerprint, bank=BankConfig(url=bank.address, poll_ms=50)
        )
        local = [LocalNode(backend, f"http://node-{number}.test") for number in range(1, nodes + 1)]
        yield Office(path, bank, contracts, backend, local, config)
