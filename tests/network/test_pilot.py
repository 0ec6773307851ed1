"""`terang pilot` on a network that runs: with its payment gateway to the last payment, and with one that is not there."""

from pathlib import Path

import pytest

from cli.settlement import compare_with_bank
from cli.testnet import OPERATORS
from pilot.settlement import Settlement
from tests.cli.running import Terminal
from tests.network.running import CHAIN
from tests.payments.banking import TREASURY, make_payment
from tests.payments.town import running_town


def test_tenders_are_replayed_to_their_last_payment(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = Terminal(capsys, monkeypatch)
    with running_town(tmp_path, orders=1) as town:
        (node, *_) = town.network.testnet.rpc_addresses
        keys = town.network.testnet.path / OPERATORS

        def settle() -> Settlement:
            return compare_with_bank(CHAIN, node, tmp_path / "bank" / "bank.sqlite", TREASURY.number)

        line = ("pilot", "--keys", keys, "--node", node, "--tenders", "3")
        away = terminal.fail(*line, "--gateway", "http://127.0.0.1:1")
        assert "the payment gateway at http://127.0.0.1:1 does not answer" in away
        assert "terang gateway start" in away
        told = terminal.succeed(*line, "--gateway", town.gateway.address)
        assert "3 │ paid: every milestone accepted" in told and "6 │ settled" in told
        found = settle()
        assert found.is_success, found.faults
        assert (found.settled.ledger, found.settled.bank) == (6, 6)
        assert found.returned.bank == 2, "one of the three winners states a closed account first"
        town.bank.client.pay(make_payment())
        (fault,) = settle().faults
        assert "of which the ledger has no order" in fault
