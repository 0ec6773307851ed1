"""The payment gateway on a real network, with a real bank: what is released is paid once, whatever is gone or wrong.

The tests share one network and go on in their order. The whole crash table: `python -m tests.payments.crashes`.
"""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from chain.keys import format_address
from tests.network.running import wait_until
from tests.payments.crashes import CASES, format_rows, is_good, run_case
from tests.payments.town import Town, running_town

CHOSEN = (
    "killed before write Accepted",
    "killed after send",
    "bank rejects",
    "bank takes it and closes",
    "journal lost when sent",
)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """All of it runs; nobody has handed over an account."""
    with running_town(tmp_path_factory.mktemp("town"), orders=len(CHOSEN) + 6) as made:
        yield made


def wait_for_settled(town: Town, order: int) -> None:
    """Until the ledger shows it."""
    wait_until(lambda: town.ordering.state(order) == "SETTLED", f"order {order} is settled")


def test_an_account_must_fit_the_ledger_and_releases_what_waits_for_it(town: Town) -> None:
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


def test_several_are_paid_at_once_and_it_can_be_seen(town: Town) -> None:
    orders = [town.take_order() for _ in range(3)]
    ids = [town.ordering.approve(order) for order in orders]
    for order, id_ in zip(orders, ids, strict=True):
        wait_for_settled(town, order)
        assert town.gateway.count_sent(id_) == 1
    assert town.bank.client.paid() == 4 * town.ordering.net
    health = town.gateway.health()
    assert (health["status"], health["alarms"], health["attempts"]) == ("ok", [], 4)
    assert health["treasury"] == format_address(town.gateway.treasury)
    metrics = town.gateway.http.get(f"{town.gateway.address}/metrics").text
    assert f'terang_gateway_paid_minor_units{{currency="IDR"}} {4 * town.ordering.net}\n' in metrics


def test_a_part_of_the_crash_table(town: Town) -> None:
    before = town.bank.client.paid()
    rows = [run_case(town, case) for case in CASES if case.name in CHOSEN]
    print(format_rows(rows))
    assert len(rows) == len(CHOSEN)
    assert [row for row in rows if not is_good(row)] == []
    moved = sum(row.booked - row.back for row in rows)
    assert town.bank.client.paid() - before == town.ordering.net * moved


def test_two_nodes_of_three_are_enough_and_one_alone_is_not_believed(town: Town) -> None:
    full_nodes = town.network.processes[1:]
    full_nodes[0].kill()
    order = town.take_order()
    town.ordering.approve(order)
    wait_for_settled(town, order)
    full_nodes[1].kill()
    order = town.take_order()
    id_ = town.ordering.approve(order)
    wait_until(lambda: "ledger" in town.gateway.troubles(), "one node is not believed")
    assert town.gateway.stage(id_) is None
    assert town.gateway.count_sent(id_) == 0
    full_nodes[1].start()
    wait_for_settled(town, order)
    assert town.gateway.stop() == 0
