"""Dispatch with procedures small enough to see through: order, sharing, resending, expiry."""

from chain.keys import SigningKey
from chain.payment import BankAccount
from chain.result import ResultCode, TransactionResult
from chain.transaction import (
    Call,
    CheckedTransaction,
    compute_transaction_id,
    encode_transaction,
    sign_transaction,
)
from pilot.acts import Act, Answer, Ask, HandOver, Outcome, Procedure, Refused, Send, Sleep, Stage
from pilot.dispatch import RESEND_MS, VALIDITY_MS, Dispatch, Ended
from pilot.keyring import Keyring, operator_of, supplier_named

KEYRING = Keyring({"timur": SigningKey.from_seed(bytes(32)), "barat": SigningKey.from_seed(bytes([1]) * 32)})
OK = TransactionResult(code=ResultCode.OK, gas_wanted=1, gas_used=1)
DONE = Outcome(tender=b"", agency="barat", stage="final", winners=(), bids=0, rounds=1)


def _sign(act: Act, valid_until_ms: int) -> CheckedTransaction:
    signed = sign_transaction(
        KEYRING.key_of(act.signer),
        chain_id="uji",
        nonce=bytes(16),
        valid_until_ms=valid_until_ms,
        gas_limit=act.gas_limit,
        calls=act.calls,
    )
    raw = encode_transaction(signed)
    return CheckedTransaction(raw=raw, id=compute_transaction_id(raw), transaction=signed)


def _act(name: str, *, due_ms: int = 0, once: str | None = None) -> Act:
    call = Call(contract="registry", method="register", arguments=(name,))
    return Act(signer=supplier_named(name), calls=(call,), gas_limit=1, due_ms=due_ms, once=once)


def _two_steps(seen: list[Answer]) -> Procedure:
    yield Stage(name="first")
    seen.append((yield Send(acts=(_act("a"), _act("b")))))
    yield Stage(name="second")
    seen.append((yield Send(acts=(_act("c"),))))
    return DONE


def _once(name: str) -> Procedure:
    yield Send(acts=(_act("shared", once="shared"), _act(name)))
    return DONE


def test_a_step_waits_for_all_acts_of_the_one_before() -> None:
    dispatch = Dispatch(_sign)
    seen: list[Answer] = []
    dispatch.start("t", _two_steps(seen), 0)
    first = dispatch.outgoing(0, 10)
    assert (len(first), dispatch.flying, dispatch.stages()) == (2, 2, {"first": 1})
    dispatch.on_committed(first[1].id, OK, 5)
    assert (seen, dispatch.outgoing(5, 10)) == ([], [])
    dispatch.on_committed(first[0].id, OK, 7)
    assert seen == [Answer(now_ms=7, results=(OK, OK))]
    (last,) = dispatch.outgoing(7, 10)
    dispatch.on_committed(last.id, OK, 9)
    assert dispatch.take_ended() == [Ended(name="t", outcome=DONE)]
    assert (dispatch.running, dispatch.committed, dispatch.take_ended()) == (0, 3, [])


def test_results_come_in_the_order_of_the_acts_whatever_the_order_of_blocks() -> None:
    dispatch = Dispatch(_sign)
    seen: list[Answer] = []
    refused = TransactionResult(code=ResultCode.REFUSED, gas_wanted=1, gas_used=1)
    dispatch.start("t", _two_steps(seen), 0)
    first = dispatch.outgoing(0, 10)
    dispatch.on_committed(first[1].id, refused, 1)
    dispatch.on_committed(first[0].id, OK, 1)
    assert seen[0].results == (OK, refused)


def test_a_strange_or_repeated_transaction_changes_nothing() -> None:
    dispatch = Dispatch(_sign)
    seen: list[Answer] = []
    dispatch.start("t", _two_steps(seen), 0)
    first = dispatch.outgoing(0, 10)
    for _ in range(2):
        dispatch.on_committed(first[0].id, OK, 1)
    assert (dispatch.committed, seen) == (1, [])


def test_what_is_not_seen_in_a_block_goes_out_again_as_the_same_bytes() -> None:
    dispatch = Dispatch(_sign)
    dispatch.start("t", _two_steps([]), 0)
    first = dispatch.outgoing(0, 10)
    assert dispatch.outgoing(RESEND_MS - 1, 10) == []
    assert dispatch.outgoing(RESEND_MS, 10) == first


def test_what_ran_out_is_signed_anew_and_the_old_bytes_are_forgotten() -> None:
    dispatch = Dispatch(_sign)
    seen: list[Answer] = []
    dispatch.start("t", _two_steps(seen), 0)
    old = dispatch.outgoing(0, 10)
    dispatch.on_block(VALIDITY_MS - 1)
    assert dispatch.flying == 2
    dispatch.on_block(VALIDITY_MS)
    new = dispatch.outgoing(VALIDITY_MS, 10)
    assert len(new) == 2
    assert {signed.id for signed in new}.isdisjoint(signed.id for signed in old)


def test_acts_wait_for_their_time_and_are_handed_out_a_batch_at_a_time() -> None:
    def bids() -> Procedure:
        yield Send(acts=tuple(_act(f"s{number}", due_ms=100 * number) for number in range(5)))
        return DONE

    dispatch = Dispatch(_sign)
    dispatch.start("t", bids(), 0)
    assert [len(dispatch.outgoing(now, 2)) for now in (0, 99, 100, 400, 400)] == [1, 0, 1, 2, 1]


def test_what_is_done_once_in_a_run_is_shared_before_and_after_it_is_done() -> None:
    dispatch = Dispatch(_sign)
    for name in ("t1", "t2"):
        dispatch.start(name, _once(name), 0)
    sent = dispatch.outgoing(0, 10)
    assert len(sent) == 3
    for signed in sent:
        dispatch.on_committed(signed.id, OK, 1)
    dispatch.start("t3", _once("t3"), 2)
    (alone,) = dispatch.outgoing(2, 10)
    dispatch.on_committed(alone.id, OK, 3)
    assert [ended.name for ended in dispatch.take_ended()] == ["t1", "t2", "t3"]


def test_sleeping_and_asking_wait_and_a_refusal_ends_the_procedure() -> None:
    def procedure() -> Procedure:
        assert (yield Sleep(until_ms=50)).now_ms == 60
        answer = yield Ask(contract="tender", method="stage", arguments=(b"t",))
        raise Refused(f"stage {answer.value!r}")

    dispatch = Dispatch(_sign)
    dispatch.start("t", procedure(), 0)
    dispatch.wake(49)
    assert dispatch.asks() == []
    dispatch.wake(60)
    assert [name for name, _ in dispatch.asks()] == ["t"]
    dispatch.on_answer("t", "opening", 61)
    assert dispatch.take_ended() == [Ended(name="t", outcome=None, fault="stage 'opening'")]


def test_an_account_is_handed_over_once_in_a_run() -> None:
    account = BankAccount(holder="PT Alfa", bank="BMRIIDJA", number="1", salt=bytes(32))
    wish = HandOver(supplier=KEYRING.address_of(supplier_named("a")), account=account)

    def procedure() -> Procedure:
        yield wish
        yield wish
        return DONE

    dispatch = Dispatch(_sign)
    dispatch.start("first", procedure(), 0)
    assert dispatch.asks() == [("first", wish)]
    dispatch.on_answer("first", None, 1)
    dispatch.start("second", procedure(), 2)
    assert dispatch.take_ended() == [Ended(name="first", outcome=DONE), Ended(name="second", outcome=DONE)]


def test_a_view_that_refuses_ends_the_procedure_with_its_message() -> None:
    def procedure() -> Procedure:
        yield Ask(contract="tender", method="stage", arguments=(b"t",))
        return DONE

    dispatch = Dispatch(_sign)
    dispatch.start("t", procedure(), 0)
    dispatch.on_ask_refused("t", "clause 1.1")
    assert dispatch.take_ended() == [Ended(name="t", outcome=None, fault="clause 1.1")]


def test_keys_are_made_the_same_every_time_and_for_each_part_another() -> None:
    again = Keyring(
        {"barat": SigningKey.from_seed(bytes([1]) * 32), "timur": SigningKey.from_seed(bytes(32))}
    )
    people = [supplier_named("x"), supplier_named("y"), operator_of("timur"), operator_of("barat")]
    assert [again.address_of(person) for person in people] == [
        KEYRING.address_of(person) for person in people
    ]
    assert len({KEYRING.address_of(person) for person in people}) == 4
    assert KEYRING.agencies == ("barat", "timur")
