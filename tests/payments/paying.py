"""A gateway as a process of its own between a real network and a real bank; may be killed at a step and started again."""

import os
import subprocess
import sys
import time
from pathlib import Path

import httpx2
from typer.testing import CliRunner

from chain.keys import Address
from chain.payment import BankAccount
from cli.main import app
from cli.ports import find_free_ports
from machine.keyfile import read_key_info
from payments.settings import GatewayHome
from tests.network.running import WAIT_S, wait_until
from tests.payments.stopping import NOTES


class GatewayProcess:
    """`terang gateway` in a process that ends with this one."""

    def __init__(self, home: Path, genesis: Path, nodes: list[str], bank: str) -> None:
        (port,) = find_free_ports(1)
        line = [
            "gateway",
            "init",
            "--home",
            str(home),
            "--genesis",
            str(genesis),
            "--bank",
            bank,
            "--port",
            str(port),
        ]
        made = CliRunner().invoke(app, [*line, *(part for node in nodes for part in ("--node", node))])
        assert made.exit_code == 0, made.output
        self.home = GatewayHome(home)
        self.address = f"http://127.0.0.1:{port}"
        self.log = home / "log"
        self._notes = home / "paid"
        self._process: subprocess.Popen[bytes] | None = None
        self.http = httpx2.Client(timeout=10.0, trust_env=False)

    @property
    def treasury(self) -> Address:
        """The key that an operator appoints."""
        return read_key_info(self.home.key).address

    @property
    def is_running(self) -> bool:
        """Whether its process is there."""
        return self._process is not None and self._process.poll() is None

    def start(self, stop: str = "none", id_: str = "any") -> None:
        """Starts it; `stop` is the step at which it ends by itself. Returns at once."""
        assert not self.is_running
        line = ["--", "gateway", "start", "--home", str(self.home.path)]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.payments.stopping", stop, id_, *line],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env=os.environ | {NOTES: str(self._notes)},
            )

    def wait_until_up(self) -> None:
        """Returns when it answers."""
        end = time.monotonic() + WAIT_S
        while not self._answers():
            assert self.is_running and time.monotonic() < end, self.log.read_text()
            time.sleep(0.05)

    def wait_until_killed(self, timeout_s: float) -> bool:
        """Whether it ended by its own stop within this time."""
        assert self._process is not None
        try:
            code = self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return False
        self._close()
        assert code == -9, (code, self.log.read_text())
        return True

    def kill(self) -> None:
        """As a power cut."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._close()

    def stop(self) -> int:
        """By a signal; the exit code."""
        assert self._process is not None
        self._process.terminate()
        code = self._process.wait(30)
        self._close()
        return code

    def _close(self) -> None:
        assert self._process is not None and self._process.stdin is not None
        self._process.stdin.close()
        self._process = None

    def _answers(self) -> bool:
        try:
            return self.http.get(f"{self.address}/health").status_code == 200
        except httpx2.TransportError:
            return False

    # --- What it shows ------------------------------------------------------------------------------------------

    def count_sent(self, id_: str) -> int:
        """How often it gave a payment to the bank, over all its starts."""
        return self._notes.read_text().split().count(id_) if self._notes.exists() else 0

    def hand_over(self, supplier: Address, account: BankAccount) -> httpx2.Response:
        """Posts an account."""
        given = {
            "supplier": supplier.hex(),
            "holder": account.holder,
            "bank": account.bank,
            "number": account.number,
            "salt": account.salt.hex(),
        }
        return self.http.post(f"{self.address}/accounts", json=given)

    def health(self) -> dict[str, object]:
        """GET /health."""
        found: dict[str, object] = self.http.get(f"{self.address}/health").json()
        return found

    def troubles(self) -> list[str]:
        """What it says does not work now."""
        troubles = self.health()["troubles"]
        assert isinstance(troubles, dict)
        return list(troubles)

    def is_over(self, id_: str) -> bool:
        """Whether nothing is due of an attempt any more."""
        rows = self.http.get(f"{self.address}/orders", params={"limit": 500}).json()["orders"]
        return any(row["is_over"] for row in rows if row["end_to_end_id"] == id_)

    def wait_for(self, stage: str, id_: str) -> None:
        """Until an attempt stands there."""
        wait_until(lambda: self.stage(id_) == stage, f"{id_} is {stage}")

    def stage(self, id_: str) -> str | None:
        """Where an attempt stands."""
        rows = self.http.get(f"{self.address}/orders", params={"limit": 500}).json()["orders"]
        return next((row["stage"] for row in rows if row["end_to_end_id"] == id_), None)
