"""The payment gateway on a real network, with a real bank: what is released is paid once, whatever is gone or wrong."""

from dataclasses import replace
from pathlib import Path

import httpx2

from chain.keys import format_address
from tests.network.running import wait_until
from tests.payments.town import Town, running_town


def test_released_orders_are_paid_and_shown(tmp_path: Path) -> None:
    with running_town(tmp_path, orders=6) as town:
        check_accounts(town)
        check_paying(town)
        check_a_node_gone(town)


def wait_for_settled(town: Town, order: int) -> None:
    """Until the ledger shows it."""
    wait_until(lambda: town.ordering.state(order) == "SETTLED", f"order {order} is settled")


def check_accounts(town: Town) -> None:
    """What does not fit the ledger is not kept, and a waiting order is paid as soon as the account is there."""
    order = town.take_order()
    id_ = town.ordering.approve(order)
    town.gateway.wait_for("WAITING", id_)
    post = town.gateway.http.post
    where = f"{town.gateway.address}/accounts"
    supplier = town.ordering.keyring.address_of(town.ordering.supplier)
    forged = replace(town.ordering.account, holder="PT Beta")
    for answer, code in (
        (town.gateway.hand_over(supplier, forged), 409),
        (town.gateway.hand_over(town.gateway.treasury, town.ordering.account), 409),
        (post(where, content=b"{"), 400),
        (post(where, content=b"[" * 4_000), 400),
        (post(where, json={"supplier": supplier.hex()}), 400),
        (post(where, content=b" " * 5_000), 413),
        (town.gateway.http.get(where), 405),
    ):
        assert answer.status_code == code, answer.text
    assert list(town.gateway.home.accounts.iterdir()) == []
    assert town.gateway.stage(id_) == "WAITING"
    town.hand_over()
    wait_for_settled(town, order)
    (kept,) = town.gateway.home.accounts.iterdir()
    assert town.ordering.account.number.encode() not in kept.read_bytes()
    assert kept.stat().st_mode & 0o077 == 0


def check_paying(town: Town) -> None:
    """Several at once; the bank and the ledger say the same, and it can be seen."""
    orders = [town.take_order() for _ in range(3)]
    ids = [town.ordering.approve(order) for order in orders]
    for order, id_ in zip(orders, ids, strict=True):
        wait_for_settled(town, order)
        assert town.gateway.count_sent(id_) == 1
    assert town.bank.client.paid() == 4 * town.ordering.net
    health = town.gateway.health()
    assert (health["status"], health["alarms"], health["attempts"]) == ("ok", [], 4)
    assert health["treasury"] == format_address(town.gateway.treasury)
    metrics = httpx2.get(f"{town.gateway.address}/metrics").text
    assert f'terang_gateway_paid_minor_units{{currency="IDR"}} {4 * town.ordering.net}\n' in metrics


def check_a_node_gone(town: Town) -> None:
    """Two nodes of three are enough, and one alone is not believed."""
    full_nodes = town.network.processes[1:]
    full_nodes[0].kill()
    order = town.take_order()
    town.ordering.approve(order)
    wait_for_settled(town, order)
    full_nodes[1].kill()
    order = town.take_order()
    id_ = town.ordering.approve(order)
    town.gateway.wait_for("WAITING", id_)
    wait_until(lambda: town.gateway.health()["status"] == "trouble", "one node is not believed")
    assert town.gateway.count_sent(id_) == 0
    full_nodes[1].start()
    wait_for_settled(town, order)
    assert town.gateway.stop() == 0
