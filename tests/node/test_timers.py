"""Timers, and the bodies a height holds."""

import trio
import trio.testing

from chain.transaction import CheckedTransaction, TxId, check_transaction
from node.bodies import Bodies
from node.timers import Timers
from tests.chain.making import CHAIN, make_block, make_transaction, make_validators


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
