"""Runs with a treasury: every order paid once, the closed account, what no release pays, and a bank that is silent."""

from collections import Counter

import pytest

from chain.result import ResultCode
from payments.bank.switches import CLOSED_ENDING as CLOSED_AT_THE_BANK
from pilot.ending import Ending
from pilot.fulfil import PATIENCE_MS, RELEASES_MAX
from pilot.keyring import CLOSED_ENDING, CLOSED_SHARE, supplier_named
from pilot.ledger import GatewayAway
from pilot.ocds import read_releases
from pilot.orders import OrderState
from pilot.replay import PATIENCE_MS as PATIENCE_WITH_NODES_MS
from pilot.replay import TURN_S
from pilot.sample import sample_path
from pilot.settlement import BankBooks, BankState, settle
from tests.contracts.ledger import CHAIN
from tests.pilot.making import release
from tests.pilot.memory import KEYRING, MemoryTreasury
from tests.pilot.test_replay import network, run

ONE = release([("A", 900, "valid")], ["A"])


async def test_the_sample_is_paid_to_the_last_milestone_and_a_closed_account_on_the_second_attempt() -> None:
    made = network()
    treasury = MemoryTreasury(made)
    report = await run(made, read_releases(sample_path()))
    assert report.is_success
    assert report.endings == {Ending.PAID: 10, Ending.NO_WINNER: 2}
    assert {order.state for order in report.orders} == {OrderState.SETTLED}
    again = [order.number for order in report.orders if order.attempt == 2]
    assert len(again) == 4 and max(order.attempt for order in report.orders) == 2
    paid = sum(one.amount for one in treasury.payments if one.state is BankState.BOOKED)
    found = settle(CHAIN, report.orders, BankBooks(payments=tuple(treasury.payments), paid={"IDR": paid}))
    assert found.is_success, found.faults
    assert (found.ordered, found.returned.ledger, found.returned.bank) == (len(report.orders), 4, 4)
    assert {result.code for block in made.blocks for _, result in block.results} == {ResultCode.OK}
    assert all(
        result.gas_used * 2 <= result.gas_wanted for block in made.blocks for _, result in block.results
    )


async def test_an_account_is_stated_and_handed_over_once_however_many_awards_a_supplier_has() -> None:
    made = network()
    treasury = MemoryTreasury(made)
    report = await run(made, read_releases(sample_path()))
    winners = Counter(winner for found in report.comparisons for winner in found.ledger)
    assert max(winners.values()) > 1
    accounts = sum(len(KEYRING.accounts_of(supplier_named(name), name)) for name in winners)
    assert (treasury.handed, len(treasury.accounts)) == (accounts, accounts)


async def test_what_no_release_can_pay_is_declined_and_said() -> None:
    made = network()
    MemoryTreasury(made, codes={1: "AM12", 2: "AM03"})
    report = await run(made, [ONE])
    assert report.is_success and report.endings == {Ending.NOT_PAYABLE: 1}
    assert [(order.state, order.attempt) for order in report.orders] == [(OrderState.DECLINED, 1)] * 2


async def test_what_comes_back_each_time_ends_its_tender_with_the_banks_reason() -> None:
    made = network()
    MemoryTreasury(made, codes={1: "AC06"})
    report = await run(made, [ONE])
    (found,) = report.unexplained
    assert found.detail == f"order 1 came back {RELEASES_MAX} times, at last with AC06: refused"
    assert not report.is_success and report.endings == {Ending.UNFINISHED: 1}


async def test_a_bank_that_is_silent_ends_its_tender_in_bounded_time() -> None:
    made = network()
    MemoryTreasury(made, is_silent=True)
    report = await run(made, [ONE])
    (found,) = report.unexplained
    assert "got: 1 approved, 2 approved" in found.detail
    assert report.elapsed_ms < PATIENCE_MS + PATIENCE_WITH_NODES_MS


async def test_an_account_that_the_gateway_refuses_ends_its_tender_with_its_words() -> None:
    made = network()
    MemoryTreasury(made, refusal="holder: expected 1 to 140 characters")
    report = await run(made, [ONE])
    assert [found.detail for found in report.unexplained] == ["holder: expected 1 to 140 characters"]


async def test_a_gateway_that_is_away_for_a_while_is_waited_for() -> None:
    made = network()
    treasury = MemoryTreasury(made, away=20)
    report = await run(made, read_releases(sample_path(), tenders=4))
    assert report.is_success and report.endings[Ending.PAID] == 4
    assert treasury.away == 0


async def test_a_gateway_that_stays_away_ends_the_run_and_is_asked_once_a_turn() -> None:
    made = network()
    treasury = MemoryTreasury(made, away=1_000_000)
    started_ms = made.clock.now_ms()
    with pytest.raises(GatewayAway, match="nobody is there"):
        await run(made, read_releases(sample_path()))
    elapsed_ms = made.clock.now_ms() - started_ms
    assert PATIENCE_WITH_NODES_MS < elapsed_ms < 2 * PATIENCE_WITH_NODES_MS
    assert 1_000_000 - treasury.away <= elapsed_ms / (1_000 * TURN_S)


async def test_without_a_treasury_orders_are_released_and_wait() -> None:
    report = await run(network(), [ONE])
    assert report.is_success and report.endings == {Ending.RELEASED: 1}


def test_closed_accounts_are_those_that_the_sandbox_bank_takes_for_closed() -> None:
    assert CLOSED_ENDING == CLOSED_AT_THE_BANK
    names = [f"PT {number}" for number in range(1_000)]
    accounts = [KEYRING.accounts_of(supplier_named(name), name) for name in names]
    closed = [[account.number.endswith(CLOSED_ENDING) for account in states] for states in accounts]
    assert closed.count([True, False]) + closed.count([False]) == len(names)
    assert 0 < closed.count([True, False]) < 2 * len(names) // CLOSED_SHARE
    assert len({account.number for states in accounts for account in states}) == sum(map(len, accounts))
