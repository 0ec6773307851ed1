"""The gateway's tasks together, with real contracts and a real bank: who lies, is behind, is gone, or was forgotten."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import msgspec
import pytest
import trio

from chain.codec import Value
from chain.result import Event, ResultCode, TransactionResult
from chain.transaction import TxId
from chain.vote import Height
from payments.entries import Fetched
from payments.inputs import Booked
from payments.journal import Journal
from payments.ledger import REPORT_GAS
from rpc.answers import StatusAnswer
from rpc.requests import CallRefused, Committed, Request
from rpc.values import ContractDescription, FieldInfo, ViewAnswer
from tests.contracts.agreeing import PAYMENT_OFFICER, SUPPLIER, TREASURY
from tests.contracts.ledger import CHAIN, key, operator
from tests.payments.banking import TREASURY as DEBTOR
from tests.payments.banking import make_payment
from tests.payments.office import ACCOUNT, PORTION, Office, OfficeBackend, make_office
from tests.portals.making import LocalNode

Answer = TypeVar("Answer")
APPROVED, SENT, SETTLED, RETURNED = range(2, 6)
DAY_MS = 86_400_000
NET_FIELD = 12


class LyingNode(LocalNode):
    """Says that every order is of one more."""

    async def call(self, request: Request[Answer]) -> Answer:
        answer = await super().call(request)
        if isinstance(answer, ViewAnswer) and isinstance(answer.value, tuple) and len(answer.value) == 23:
            return replace(answer, value=_raised(answer.value))
        return answer


def _raised(value: tuple[Value, ...]) -> tuple[Value, ...]:
    net = value[NET_FIELD]
    assert isinstance(net, int)
    return (*value[:NET_FIELD], net + 1, *value[NET_FIELD + 1 :])


class InventingNode(LocalNode):
    """Tells of the release of orders that there are not, in every block, and describes contracts with other names."""

    is_renaming = False

    async def call(self, request: Request[Answer]) -> Answer:
        answer = await super().call(request)
        if isinstance(answer, Committed):
            event = Event(
                contract="payment",
                name="PaymentSent",
                fields=(("order", 77), ("attempt", 1), ("message_id", "")),
            )
            result = TransactionResult(code=ResultCode.OK, gas_wanted=1, gas_used=1, events=(event,))
            return replace(answer, transactions=((TxId(bytes(32)), result), *answer.transactions))
        if isinstance(answer, ContractDescription) and self.is_renaming:
            other = tuple(replace(record, fields=_renamed(record.fields)) for record in answer.records)
            return replace(answer, records=other, events=())
        return answer


def _renamed(fields: tuple[FieldInfo, ...]) -> tuple[FieldInfo, ...]:
    return tuple(replace(field, name=f"x{field.name}") for field in fields)


class LeadingAstray(LocalNode):
    """Tells of heights that nobody reached, or of none, and lists orders without end, at attempts without end."""

    height = "999999999999"

    async def call(self, request: Request[Answer]) -> Answer:
        answer = await super().call(request)
        if isinstance(answer, StatusAnswer):
            sync = msgspec.structs.replace(answer.sync_info, latest_block_height=self.height)
            return msgspec.structs.replace(answer, sync_info=sync)
        if isinstance(answer, Committed):
            asked = request.params["height"]
            assert isinstance(asked, str)
            return replace(answer, height=Height(int(asked)))
        if isinstance(answer, ViewAnswer) and request.params["method"] == "order_list":
            assert isinstance(answer.value, tuple)
            row = answer.value[0]
            assert isinstance(row, tuple)
            return replace(answer, value=((*row[:14], (2**200).to_bytes(32, "big"), *row[15:]),) * 100)
        return answer


class Answering(LocalNode):
    """Answers about transactions that nobody gave it."""

    async def call(self, request: Request[Answer]) -> Answer:
        answer = await super().call(request)
        if request.method in ("broadcast_txs", "tx_status"):
            assert isinstance(answer, tuple)
            return (*answer, replace(answer[0], id=TxId(bytes(32))))  # type: ignore[return-value]  # of the same kind
        return answer


class Stale(LocalNode):
    """Says that nobody states an account."""

    async def call(self, request: Request[Answer]) -> Answer:
        answer = await super().call(request)
        if isinstance(answer, ViewAnswer) and request.params["method"] == "account_commitment":
            return replace(answer, value=b"")
        return answer


class Slow(LocalNode):
    """Shows orders after a moment."""

    async def call(self, request: Request[Answer]) -> Answer:
        if request.params.get("method") == "order_record":
            await trio.sleep(0.1)
        return await super().call(request)


class Refusing(LocalNode):
    """Refuses to show any order, as a node that is too busy."""

    is_busy = True

    async def call(self, request: Request[Answer]) -> Answer:
        if self.is_busy and request.params.get("method") == "order_record":
            raise CallRefused(-32_000, "too many views wait")
        return await super().call(request)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """Three nodes; the account is stated and handed over."""
    with make_office(tmp_path) as made:
        made.state_account()
        made.open_accounts().keep(SUPPLIER.address, ACCOUNT)
        yield made


async def test_orders_from_before_the_start_and_after_it_are_paid(office: Office) -> None:
    before = office.make_order()
    first = office.approve(before)
    async with office.running() as gateway:
        await gateway.wait_until_over(first)
        after = office.make_order()
        second = office.approve(after)
        await gateway.wait_until_over(second)
        assert gateway.list_notices() == []
    assert (office.state(before), office.state(after)) == (SETTLED, SETTLED)
    assert office.bank.paid() == 2 * PORTION
    used = [result.gas_used for outcome in office.backend.outcomes for result in outcome if result.events]
    assert used and max(used) <= REPORT_GAS


async def test_what_was_settled_is_left_alone_by_the_next_start(office: Office) -> None:
    order = office.make_order()
    id_ = office.approve(order)
    async with office.running() as gateway:
        await gateway.wait_until_over(id_)
    entries = (office.path / "journal").stat().st_size
    async with office.running() as gateway:
        await gateway.wait_until_over(office.approve(office.make_order()))
        assert gateway.stage(id_) == "PAID"
    assert (office.path / "journal").stat().st_size >= entries
    assert office.bank.paid() == 2 * PORTION


async def test_a_node_that_lies_is_not_believed_and_holds_up_nothing(office: Office) -> None:
    for liar in (0, 1, 2):
        honest = office.nodes[liar]
        office.nodes[liar] = LyingNode(office.backend, honest.address)
        order = office.make_order()
        id_ = office.approve(order)
        async with office.running() as gateway:
            await gateway.wait_until_over(id_)
        office.nodes[liar] = honest
        assert office.state(order) == SETTLED
    assert office.bank.paid() == 3 * PORTION


@pytest.mark.parametrize("is_renaming", [False, True])
async def test_a_node_that_invents_orders_or_names_holds_up_nothing(
    office: Office, is_renaming: bool
) -> None:
    for inventor in (0, 1, 2):
        honest = office.nodes[inventor]
        inventing = office.nodes[inventor] = InventingNode(office.backend, honest.address)
        inventing.is_renaming = is_renaming
        first = office.approve(office.make_order())
        async with office.running() as gateway:
            await gateway.wait_until_over(first)
            await gateway.wait_until_over(office.approve(office.make_order()))
        office.nodes[inventor] = honest
    assert office.bank.paid() == 6 * PORTION


@pytest.mark.parametrize("height", ["999999999999", "9" * 5_000, "nol"])
async def test_a_node_that_leads_astray_is_not_followed(office: Office, height: str) -> None:
    """Neither where it would be read on for ever, nor to a height that no other node reaches, also after a restart."""
    office.approve(office.make_order())
    for place in (0, 1, 2):
        honest = office.nodes[place]
        astray = office.nodes[place] = LeadingAstray(office.backend, honest.address)
        astray.height = height
        for _ in range(2):
            async with office.running() as gateway:
                await gateway.wait_until_over(office.approve(office.make_order()))
                assert gateway.desk.book.height <= len(office.backend.chain)
        office.nodes[place] = honest


async def test_a_node_that_answers_about_other_transactions_ends_nothing(office: Office) -> None:
    for place in (0, 1, 2):
        honest = office.nodes[place]
        office.nodes[place] = Answering(office.backend, honest.address)
        async with office.running() as gateway:
            await gateway.wait_until_over(office.approve(office.make_order()))
        office.nodes[place] = honest
    assert office.bank.paid() == 3 * PORTION


async def test_an_order_that_busy_nodes_refuse_to_show_is_looked_at_again(office: Office) -> None:
    busy = [Refusing(office.backend, node.address) for node in office.nodes]
    office.nodes[:] = busy
    async with office.running() as gateway:
        await gateway.wait_until(lambda: gateway.desk.book.height > 0)
        id_ = office.approve(office.make_order())
        await gateway.wait_for_notice("too many views wait")
        await gateway.wait_until(lambda: gateway.desk.book.height == len(office.backend.chain))
        for node in busy:
            node.is_busy = False
        await gateway.wait_until_over(id_)
    assert office.bank.paid() == PORTION


async def test_two_nodes_that_contradict_pay_nothing(tmp_path: Path) -> None:
    with make_office(tmp_path, nodes=2) as office:
        office.state_account()
        office.open_accounts().keep(SUPPLIER.address, ACCOUNT)
        office.nodes[1] = LyingNode(office.backend, office.nodes[1].address)
        order = office.make_order()
        id_ = office.approve(order)
        async with office.running() as gateway:
            await gateway.wait_for_notice("expected 2 nodes to say the same of payment.order_record")
            assert gateway.stage(id_) is None
    assert office.state(order) == APPROVED


async def test_nodes_of_other_networks_are_said_and_passed_over(office: Office) -> None:
    other = office.nodes[0]
    other.backend = OfficeBackend(office.contracts, office.bank)
    other.backend.info = replace(office.backend.info, chain_id="terang-lain")
    id_ = office.approve(office.make_order())
    async with office.running() as gateway:
        await gateway.wait_until_over(id_)
        await gateway.wait_for_notice("expected a node of 'terang-uji', got one of 'terang-lain'")
        health = (await gateway.http.get("/health")).json()
        assert health["status"] == "trouble" and "node http://node-1.test" in health["troubles"]


async def test_a_node_that_is_behind_is_passed_over(office: Office) -> None:
    office.nodes[0].backend = OfficeBackend(office.contracts, office.bank)
    office.nodes[0].backend.commit()
    for _ in range(20):
        office.backend.commit()
    id_ = office.approve(office.make_order())
    async with office.running() as gateway:
        await gateway.wait_until_over(id_)
        await gateway.wait_until(lambda: gateway.desk.book.height >= 20)
        await gateway.wait_for_notice("and others at")


async def test_a_ledger_that_is_gone_is_waited_for(office: Office) -> None:
    for node in office.nodes:
        node.is_gone = True
    id_ = office.approve(office.make_order())
    async with office.running() as gateway:
        await gateway.wait_for_notice("nobody answers here")
        for node in office.nodes:
            node.is_gone = False
        await gateway.wait_until_over(id_)
    assert office.bank.paid() == PORTION


async def test_money_goes_to_the_account_that_is_stated_when_it_goes(office: Office) -> None:
    office.bank.switch("away", times=1_000)
    order = office.make_order()
    id_ = office.approve(order)
    async with office.running() as gateway:
        await gateway.wait_for("INTENDED", id_)
        second = replace(ACCOUNT, number="777")
        office.state_account(second)
        office.bank.http.post(f"{office.bank.address}/switches/clear")
        await gateway.wait_for("WAITING", id_)
        office.open_accounts().keep(SUPPLIER.address, second)
        gateway.desk.find_accounts_of(SUPPLIER.address)
        await gateway.wait_until_over(id_)
    assert office.bank.balance("777") == PORTION
    assert office.bank.paid() == PORTION


async def test_without_an_account_an_order_goes_back_in_its_time(tmp_path: Path) -> None:
    with make_office(tmp_path) as office:
        office.state_account()
        order = office.make_order()
        id_ = office.approve(order)
        async with office.running() as gateway:
            await gateway.wait_for("WAITING", id_)
            office.bank.now_ms += 3 * DAY_MS + 120_000
            await gateway.wait_until_over(id_)
            assert gateway.stage(id_) == "REFUSED"
        assert office.state(order) == RETURNED
        assert office.contracts.order(order)["reference"] == "AC03"


async def test_only_orders_of_an_agency_that_appointed_this_treasury_are_paid(office: Office) -> None:
    office.do(operator("barat"), "registry", "appoint_treasury", key("kas lain").address)
    order = office.make_order()
    id_ = office.approve(order)
    async with office.running() as gateway:
        other = office.approve(office.make_order())
        await gateway.wait_until(lambda: gateway.desk.book.height == len(office.backend.chain))
        assert gateway.stage(id_) is None and gateway.stage(other) is None
        office.do(operator("barat"), "registry", "appoint_treasury", TREASURY.address)
        await gateway.wait_until_over(id_, other)
    assert office.state(order) == SETTLED


async def test_who_is_no_treasury_any_more_sends_the_ledger_nothing(office: Office) -> None:
    office.bank.switch("delay", seconds=3_600)
    order = office.make_order()
    id_ = office.approve(order)
    async with office.running() as gateway:
        await gateway.wait_until(lambda: office.state(order) == SENT)
        office.do(operator("barat"), "registry", "appoint_treasury", key("kas lain").address)
        blocks = len(office.backend.chain)
        office.bank.now_ms += 3_600_001
        await gateway.wait_for("PAID", id_)
        await gateway.wait_for_notice("not reported: this key is not the treasury of barat")
        assert len(office.backend.chain) == blocks
        office.do(operator("barat"), "registry", "appoint_treasury", TREASURY.address)
        office.bank.now_ms += 60_000
        await gateway.wait_until_over(id_)
    assert office.state(order) == SETTLED


async def test_a_wrong_amount_is_an_alarm_everywhere_and_the_statement_settles_it(office: Office) -> None:
    order = office.make_order()
    office.bank.switch("wrong_amount")
    id_ = office.approve(order)
    async with office.running() as gateway:
        await gateway.wait_until_over(id_)
        told = f"expected IDR {PORTION}, got IDR {PORTION + 1}"
        await gateway.wait_for_notice(told)
        health = (await gateway.http.get("/health")).json()
        assert health["status"] == "alarm" and told in health["alarms"][0]["text"]
        (row,) = (await gateway.http.get("/orders", params={"order": order})).json()["orders"]
        assert row["stage"] == "PAID" and any(told in notice for notice in row["notices"])
        assert "terang_gateway_alarms 1\n" in (await gateway.http.get("/metrics")).text
    assert office.state(order) == SETTLED


async def test_a_lost_journal_is_made_anew_and_nothing_is_paid_again(office: Office) -> None:
    settled, back, late = (office.make_order() for _ in range(3))
    ids = [office.approve(order) for order in (settled, back)]
    office.bank.switch("return", end_to_end_id=ids[1], seconds=0)
    office.bank.switch("return", end_to_end_id=ids[0], seconds=3_600)
    async with office.running() as gateway:
        await gateway.wait_until_over(ids[0])
        await gateway.wait_for("RETURNED", ids[1])
        await gateway.wait_until_over(ids[1])
    lose_journal(office)
    again, new = office.approve(back), office.approve(late)
    async with office.running() as gateway:
        await gateway.wait_until_over(again, new)
        await gateway.wait_for("PAID", ids[0])
        await gateway.wait_for("RETURNED", ids[1])
        assert gateway.list_notices() == []
        office.bank.now_ms += 3_600_001
        await gateway.wait_for("RETURNED", ids[0])
        await gateway.wait_until_over(ids[0])
    assert [office.state(order) for order in (settled, back, late)] == [RETURNED, SETTLED, SETTLED]
    assert office.bank.paid() == 2 * PORTION


async def test_a_lost_journal_does_not_hide_that_an_earlier_attempt_is_booked(office: Office) -> None:
    """The ledger has it as returned, the bank booked it all the same: the second attempt is not paid."""
    order = office.make_order()
    id_ = office.approve(order)
    async with office.running() as gateway:
        await gateway.wait_until_over(id_)
    office.do(TREASURY, "payment", "report_returned", order, 1, "AC01", "keliru")
    lose_journal(office)
    second = office.approve(order)
    async with office.running() as gateway:
        await gateway.wait_until_over(second)
        assert gateway.stage(id_) == "PAID" and gateway.stage(second) == "REFUSED"
        await gateway.wait_for_notice("attempt 1 of this order is paid at the bank and has not come back")
    assert office.state(order) == RETURNED
    assert office.bank.paid() == PORTION


async def test_an_earlier_attempt_that_is_booked_after_all_keeps_the_next_one_from_being_sent(
    office: Office,
) -> None:
    """The bank rejects a payment, the officer releases the order again, and then the bank has booked the first one."""
    order = office.make_order()
    office.bank.switch("reject")
    first = office.approve(order)
    async with office.running() as gateway:
        await gateway.wait_until_over(first)
        office.bank.switch("away", times=1_000)
        second = office.approve(order)
        await gateway.wait_for("INTENDED", second)
        gateway.desk.give(first, Booked(amount=PORTION, currency="IDR", reference="B-1", day="2026-11-25"))
        office.bank.http.post(f"{office.bank.address}/switches/clear")
        await gateway.wait_until_over(second)
        assert (gateway.stage(first), gateway.stage(second)) == ("PAID", "REFUSED")
        await gateway.wait_for_notice("attempt 1 of this order is paid at the bank and has not come back")
    assert office.state(order) == RETURNED
    assert office.bank.paid() == 0
    async with office.running() as gateway:
        assert gateway.stage(second) == "REFUSED"


async def test_an_account_that_two_suppliers_state_is_each_ones_own(office: Office) -> None:
    """A commitment is public: whoever states another's keeps nobody from being paid."""
    office.open_accounts().keep(key("beta").address, ACCOUNT)
    async with office.running() as gateway:
        await gateway.wait_until_over(office.approve(office.make_order()))
        assert gateway.list_notices() == []
    assert office.bank.balance(ACCOUNT.number) == PORTION


async def test_an_order_that_ledger_and_bank_show_at_once_to_an_empty_journal_is_taken_up_once(
    office: Office,
) -> None:
    order = office.make_order()
    id_ = office.approve(order)
    office.bank.pay(make_payment(end_to_end_id=id_))
    office.do(TREASURY, "payment", "report_sent", order, 1, id_)
    office.nodes[:] = [Slow(office.backend, node.address) for node in office.nodes]
    async with office.running() as gateway:
        await gateway.wait_until_over(id_)
        assert gateway.stage(id_) == "PAID"
    assert office.state(order) == SETTLED
    assert office.bank.paid() == PORTION


async def test_a_notification_that_cannot_be_read_is_said_and_the_statement_settles(office: Office) -> None:
    with closing(sqlite3.connect(office.path / "bank.sqlite")) as books, books:
        books.execute("INSERT INTO notifications VALUES (?, 1, ?)", (DEBTOR.number, b"<Document/>"))
    id_ = office.approve(office.make_order())
    async with office.running() as gateway:
        await gateway.wait_for_notice("a message that cannot be read")
        await gateway.wait_until(lambda: gateway.stage(id_) in ("ACCEPTED", "PAID"))
        office.bank.now_ms += DAY_MS
        await gateway.wait_until_over(id_)
        assert gateway.stage(id_) == "PAID"


async def test_one_node_that_lies_keeps_no_supplier_from_handing_an_account_over(office: Office) -> None:
    office.nodes[0] = Stale(office.backend, office.nodes[0].address)
    async with office.running() as gateway:
        answer = await gateway.http.post("/accounts", json=given_account())
        assert answer.status_code == 200, answer.text


def given_account() -> dict[str, str]:
    """What the supplier posts."""
    return {
        "supplier": SUPPLIER.address.hex(),
        "holder": ACCOUNT.holder,
        "bank": ACCOUNT.bank,
        "number": ACCOUNT.number,
        "salt": ACCOUNT.salt.hex(),
    }


async def test_each_day_is_compared_when_it_is_over(office: Office) -> None:
    id_ = office.approve(office.make_order())
    async with office.running() as gateway:
        await gateway.wait_until_over(id_)
        day = gateway.desk.book.attempts[id_].booked_on
        office.bank.now_ms += DAY_MS
        await gateway.wait_until(lambda: gateway.desk.book.reconciled_day >= day)
        assert gateway.list_notices() == []
    office.bank.now_ms += 3 * DAY_MS
    async with office.running() as gateway:
        await gateway.wait_until(lambda: gateway.desk.book.reconciled_day > "2026-11-27")
        assert gateway.list_notices() == []


async def test_money_that_leaves_for_no_order_is_an_alarm_at_each_start(office: Office) -> None:
    office.bank.pay(make_payment(7))
    for _ in range(2):
        async with office.running() as gateway:
            await gateway.wait_for_notice("takes IDR 1000 from the account for no order")
            assert (await gateway.http.get("/health")).json()["status"] == "alarm"


async def test_a_bank_that_numbers_anew_is_said_and_its_statements_settle(office: Office) -> None:
    journal = Journal(office.path / "journal", office.files, chain_id=CHAIN, key=TREASURY.address)
    journal.read()
    journal.append(Fetched(number=99))
    journal.close()
    id_ = office.approve(office.make_order())
    async with office.running() as gateway:
        await gateway.wait_for_notice("the bank does not know its notification 99")
        await gateway.wait_for("ACCEPTED", id_)
        office.bank.now_ms += DAY_MS
        await gateway.wait_until_over(id_)
    assert office.bank.paid() == PORTION


async def test_an_account_file_that_is_damaged_is_said_and_handed_over_again(office: Office) -> None:
    (kept,) = (office.path / "accounts").iterdir()
    data = bytearray(kept.read_bytes())
    data[-1] ^= 1
    kept.write_bytes(data)
    id_ = office.approve(office.make_order())
    async with office.running() as gateway:
        await gateway.wait_for_notice("let the supplier hand the account over again")
        assert (await gateway.http.post("/accounts", json=given_account())).status_code == 200
        await gateway.wait_until_over(id_)
    assert office.bank.paid() == PORTION


async def test_orders_are_listed_newest_first_and_bounded(office: Office) -> None:
    ids = [office.approve(office.make_order()) for _ in range(3)]
    async with office.running() as gateway:
        await gateway.wait_until_over(*ids)
        found = (await gateway.http.get("/orders", params={"limit": 2})).json()
        assert found["count"] == 3 and [row["end_to_end_id"] for row in found["orders"]] == ids[:0:-1]
        assert (await gateway.http.get("/orders", params={"first": 2})).json()["orders"][0][
            "end_to_end_id"
        ] == ids[0]
        assert (await gateway.http.get("/orders", params={"open": "true"})).json()["count"] == 0
        for wrong in ({"first": "-1"}, {"limit": "x"}, {"order": "9" * 30}):
            assert (await gateway.http.get("/orders", params=wrong)).status_code == 400
        assert ACCOUNT.number not in (await gateway.http.get("/orders")).text


async def test_the_payment_officer_may_decline_what_came_back(office: Office) -> None:
    order = office.make_order()
    office.bank.switch("reject", code="AC04")
    id_ = office.approve(order)
    async with office.running() as gateway:
        await gateway.wait_until_over(id_)
        office.do(PAYMENT_OFFICER, "payment", "decline", order, "rekening ditutup")
    async with office.running() as gateway:
        await gateway.wait_until_over(office.approve(office.make_order()))
        assert gateway.stage(id_) == "REJECTED"
        assert gateway.list_notices() == []


def lose_journal(office: Office) -> None:
    """All the files of it."""
    for file in (office.path / "journal").iterdir():
        file.unlink()
