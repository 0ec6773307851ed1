"""What waits for a WebSocket: in order, bounded, and let go when it is not read."""

import json

import pytest
import trio
import trio.testing
from msgspec import Raw

import rpc.lines
from rpc.lines import Line, Told
from rpc.subscriptions import ChainEvent


def told(number: int, size: int = 10) -> Told:
    """An event with a number and so many bytes."""
    text = str(number).rjust(size - 2)
    event = ChainEvent(kind="Tx", value=Raw(json.dumps(text).encode()), tags={"tm.event": ["Tx"]})
    return Told(7, "tm.event='Tx'", event)


async def test_messages_come_out_in_order_and_events_as_answers_to_their_query() -> None:
    line = Line()
    line.offer(told(1))
    await line.put(b"answer")
    first = json.loads(await line.get() or b"")
    assert first == {
        "jsonrpc": "2.0",
        "id": 7,
        "result": {"query": "tm.event='Tx'", "data": "       1", "events": {"tm.event": ["Tx"]}},
    }
    assert await line.get() == b"answer"


@pytest.mark.parametrize(("name", "value"), [("RPC_WAITING_MAX", 3), ("RPC_WAITING_BYTES_MAX", 30)])
async def test_an_event_without_room_breaks_the_line(
    name: str, value: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rpc.lines, name, value)
    line = Line()
    for number in range(3):
        line.offer(told(number))
    assert await line.get() is not None
    line.offer(told(3))
    line.offer(told(4))
    assert await line.get() is None
    line.offer(told(5))
    await line.put(b"answer")
    assert await line.get() is None


async def test_an_answer_waits_for_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rpc.lines, "RPC_WAITING_BYTES_MAX", 20)
    line = Line()
    await line.put(bytes(100))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(line.put, b"second")
        await trio.testing.wait_all_tasks_blocked()
        assert nursery.child_tasks
        assert await line.get() == bytes(100), "an empty line takes anything"
        assert await line.get() == b"second"


async def test_who_waits_for_a_message_gets_the_next() -> None:
    line = Line()
    async with trio.open_nursery() as nursery:

        @nursery.start_soon
        async def read() -> None:
            assert await line.get() == b"late"

        await trio.testing.wait_all_tasks_blocked()
        await line.put(b"late")
