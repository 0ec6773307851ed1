"""Timers, the start-up hearing and the bodies a height holds."""

import trio
import trio.testing

from chain.transaction import CheckedTransaction, TxId, check_transaction
from chain.vote import Height
from node.bodies import Bodies
from node.hearing import Hearing
from node.timers import Timers
from tests.chain.making import CHAIN, make_block, make_key, make_transaction, make_validators


async def test_timers_deliver_in_order_and_forget(autojump_clock: trio.testing.MockClock) -> None:
    delivered: list[tuple[str, float]] = []
    start = trio.current_time()

    async def deliver(item: str) -> None:
        delivered.append((item, round(trio.current_time() - start, 3)))

    timers = Timers(deliver)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(timers.run)
        timers.schedule("late", 500)
        timers.schedule("early", 100)
        timers.schedule("forgotten", 300)
        await trio.sleep(0.2)
        timers.schedule("between", 50)
        timers.forget(lambda item: item == "forgotten")
        await trio.sleep(1)
        nursery.cancel_scope.cancel()
    assert delivered == [("early", 0.1), ("between", 0.25), ("late", 0.5)]


def test_hearing_ends_at_more_than_two_thirds_with_ourselves() -> None:
    validators, keys = make_validators()
    hearing = Hearing(keys[0].address)
    hearing.on_status(keys[1].address, Height(5), validators)
    hearing.on_status(make_key(99).address, Height(9), validators)
    assert not hearing.is_over(validators) and hearing.compute_missing_power(validators) == 7
    hearing.on_status(keys[1].address, Height(6), validators)
    assert not hearing.is_over(validators)
    hearing.on_status(keys[2].address, Height(1), validators)
    assert hearing.is_over(validators) and hearing.compute_missing_power(validators) == 0


def test_a_single_validator_hears_itself() -> None:
    validators, keys = make_validators((1,))
    assert Hearing(keys[0].address).is_over(validators)


def test_bodies_are_pinned_until_the_height_is_over() -> None:
    validators, _ = make_validators()
    raws = [make_transaction(1), make_transaction(2)]
    first, second = (check_transaction(raw, CHAIN) for raw in raws)
    waiting: dict[TxId, CheckedTransaction] = {first.id: first}
    bodies = Bodies(waiting.get)
    block = make_block(validators, raws).compact()
    assert bodies.find_missing(block.transaction_ids) == [second.id]
    assert bodies.of_block(block) is None
    bodies.pin([first, second])
    waiting.clear()
    assert bodies.of_block(block) == (first, second)
    bodies.clear()
    assert bodies.get(first.id) is None
