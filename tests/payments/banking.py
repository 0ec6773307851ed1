"""A sandbox bank for tests: served from this process with a clock that tests set, or a process of its own."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx2

from cli.ports import find_free_ports
from payments.bank.books import BANK, Books, compute_day
from payments.bank.service import make_app
from payments.iso20022 import decode_notification, decode_statement, decode_status, encode_payment
from payments.messages import Line, Notification, Party, Payment, Statement, Status
from rpc.run import RpcThread
from tests.payments.schemas import check

TREASURY = Party(name="Kas Negara", bank=BANK, number="519000118")
SUPPLIER = Party(name="PT Alfa", bank="BMRIIDJA", number="1230098765432")
BALANCE = 10**15
START_MS = 1_795_600_000_000
DAY = "2026-11-25"


def make_payment(number: int = 1, **changes: object) -> Payment:
    """A payment of a thousand rupiah, but for `changes`."""
    id_ = f"TRG{number:032d}"
    usual = Payment(
        message_id=id_,
        created_ms=START_MS,
        day=DAY,
        end_to_end_id=id_,
        debtor=TREASURY,
        creditor=SUPPLIER,
        amount=1_000,
        currency="IDR",
        text=f"SPM {number}",
    )
    return replace(usual, **changes)  # type: ignore[arg-type]  # the test's own fields


@dataclass
class BankClient:
    """What a test says to a bank; every message that comes is held to its schema."""

    address: str
    now_ms: int = START_MS
    http: httpx2.Client = field(default_factory=lambda: httpx2.Client(timeout=10.0, trust_env=False))

    def pay(self, payment: Payment) -> Status:
        """Sends a payment; the status that comes back."""
        answer = self.http.post(f"{self.address}/payments", content=encode_payment(payment))
        assert answer.status_code == 200, answer.text
        check(answer.content, "pain.002.001.10")
        return decode_status(answer.content)

    def ask(self, id_: str) -> Status | None:
        """The status by end-to-end id; None: unknown."""
        answer = self.http.get(f"{self.address}/payments/{id_}")
        if answer.status_code == 404:
            assert answer.json() == {"unknown": id_}
            return None
        check(answer.content, "pain.002.001.10")
        return decode_status(answer.content)

    def notifications(self) -> list[Notification]:
        """All there are of the treasury's account."""
        found: list[Notification] = []
        while True:
            answer = self.http.get(f"{self.address}/notifications/{TREASURY.number}/{len(found) + 1}")
            if answer.status_code == 404:
                return found
            check(answer.content, "camt.054.001.08")
            found.append(decode_notification(answer.content))

    def lines(self) -> list[Line]:
        """What they tell."""
        return [line for notification in self.notifications() for line in notification.lines]

    def statement(self, day: str = DAY) -> Statement:
        """The treasury's day."""
        answer = self.http.get(f"{self.address}/statements/{TREASURY.number}/{day}")
        check(answer.content, "camt.053.001.08")
        return decode_statement(answer.content)

    def switch(self, kind: str, **fields: object) -> None:
        """Makes the bank misbehave."""
        answer = self.http.post(f"{self.address}/switches", data={"kind": kind, **fields})
        assert answer.status_code == 303, answer.text

    def balance(self, number: str) -> int:
        """What is on an account; all balances must sum to zero."""
        summary = self.http.get(f"{self.address}/summary").json()
        assert summary["sum"] == 0
        return sum(one["balance"] for one in summary["accounts"] if one["number"] == number)

    def paid(self) -> int:
        """What left the treasury's account and did not come back."""
        return BALANCE - self.balance(TREASURY.number)


@contextmanager
def serving_bank(path: Path) -> Iterator[BankClient]:
    """A bank in this process; its clock is the client's `now_ms`."""
    client = BankClient("")
    books = Books(path / "bank.sqlite", lambda: client.now_ms)
    books.open_account(TREASURY, "IDR", BALANCE)
    server = RpcThread(make_app(books), "127.0.0.1", 0)
    server.start()
    client.address = f"http://127.0.0.1:{server.port}"
    try:
        yield client
    finally:
        client.http.close()
        server.stop()
        books.close()


class BankProcess:
    """`terang bank start` in a process that ends with this one; may be killed and started again."""

    def __init__(self, home: Path) -> None:
        (self._port,) = find_free_ports(1)
        self._home = home
        self._process: subprocess.Popen[bytes] | None = None
        self.client = BankClient(f"http://127.0.0.1:{self._port}")

    def start(self) -> None:
        """Starts it and waits until it answers."""
        self._home.mkdir(exist_ok=True)
        line = ["bank", "start", "--home", str(self._home), "--port", str(self._port)]
        with (self._home / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "cli.tethered", "--", *line],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        end = time.monotonic() + 60
        while not self._answers():
            assert self._process.poll() is None and time.monotonic() < end, (self._home / "log").read_text()
            time.sleep(0.05)

    def kill(self) -> None:
        """As a power cut; it may be started again before this has returned."""
        killed = self._process
        assert killed is not None and killed.stdin is not None
        killed.kill()
        killed.wait()
        killed.stdin.close()

    def stop(self) -> int:
        """By a signal; the exit code."""
        assert self._process is not None and self._process.stdin is not None
        self._process.terminate()
        code = self._process.wait(20)
        self._process.stdin.close()
        self.client.http.close()
        return code

    def send_signal(self, number: int) -> None:
        """To the process: SIGSTOP, and it answers nothing."""
        assert self._process is not None
        self._process.send_signal(number)

    def read_lines(self) -> list[Line]:
        """The treasury's entries of today and of yesterday, which may have ended a moment ago."""
        now_ms = time.time_ns() // 1_000_000
        days = (compute_day(now_ms - 86_400_000), compute_day(now_ms))
        return [line for day in days for line in self.client.statement(day).lines]

    def _answers(self) -> bool:
        try:
            return self.client.http.get(f"{self.client.address}/health").status_code == 200
        except httpx2.TransportError:
            return False
