"""The client against nodes that are gone, overloaded, endless, slow or talk nonsense."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from threading import Thread

import pytest
import trio

import rpc.client
from chain.limits import RPC_ERROR_CHARACTERS_MAX
from chain.vote import Height
from rpc.client import BadAnswer, CallRefused, Client, SyncClient, Unreachable
from rpc.requests import PrunedThere, block, decode_answer, num_unconfirmed_txs
from rpc.run import RpcThread
from rpc.server import make_app
from tests.rpc.memory import MemoryBackend
from tests.rpc.test_server import free_address

Handle = Callable[[trio.SocketStream], Awaitable[None]]
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"


@contextmanager
def good_node() -> Iterator[str]:
    """A node that answers."""
    thread = RpcThread(make_app(MemoryBackend()), "127.0.0.1", 0)
    thread.start()
    yield f"http://127.0.0.1:{thread.port}"
    thread.stop()


@contextmanager
def two_nodes(*since: int) -> Iterator[list[str]]:
    """Nodes of one chain of three blocks, each of which keeps blocks from its own height on."""
    threads = []
    for height in since:
        backend = MemoryBackend()
        for _ in range(3):
            backend.commit()
        backend.blocks_since = Height(height)
        threads.append(RpcThread(make_app(backend), "127.0.0.1", 0))
    for thread in threads:
        thread.start()
    yield [f"http://127.0.0.1:{thread.port}" for thread in threads]
    for thread in threads:
        thread.stop()


async def test_what_one_node_has_let_go_is_asked_of_the_next() -> None:
    with two_nodes(3, 1) as addresses:
        async with Client(addresses) as client:
            assert (await client.call(block(2))).block is not None
            assert client.address == addresses[0], "it serves what is newer"
        with SyncClient(addresses) as client:
            assert client.call(block(2)).block is not None


def test_why_a_node_refuses_is_told_in_bounds() -> None:
    """Who asks every second logs it: a node that lies shall not fill a disk."""
    body = b'{"id": 1, "error": {"code": -32603, "message": "m", "data": "' + b"x" * 100_000 + b'"}}'
    with pytest.raises(CallRefused) as refused:
        decode_answer(num_unconfirmed_txs(), body)
    assert str(refused.value) == "x" * RPC_ERROR_CHARACTERS_MAX


async def test_what_no_node_keeps_is_told_as_the_last_one_tells_it() -> None:
    with two_nodes(2, 3) as addresses:
        async with Client(addresses) as client:
            with pytest.raises(PrunedThere, match="height 1 is not available, lowest height is 3"):
                await client.call(block(1))
        with SyncClient(addresses) as client, pytest.raises(PrunedThere, match="lowest height is 3"):
            client.call(block(1))


@asynccontextmanager
async def bad_node(handle: Handle) -> AsyncIterator[str]:
    """A node that does this with every connection."""
    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(trio.serve_tcp, handle, 0)
        port: int = listeners[0].socket.getsockname()[1]
        yield f"http://127.0.0.1:{port}"
        nursery.cancel_scope.cancel()


def say(answer: bytes) -> Handle:
    """Answers a request with these bytes."""

    async def handle(stream: trio.SocketStream) -> None:
        await stream.receive_some()
        await stream.send_all(answer)
        await stream.aclose()

    return handle


async def drip(stream: trio.SocketStream) -> None:
    """Answers a byte at a time, for ever."""
    await stream.receive_some()
    await stream.send_all(HEAD + b"content-length: 1000000\r\n\r\n")
    while True:
        await stream.send_all(b" ")
        await trio.sleep(0.05)


BUSY = say(b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 4\r\nconnection: close\r\n\r\nbusy")
NOT_HTTP = say(b"SSH-2.0-OpenSSH_9.2\r\n")
CUT_SHORT = say(HEAD + b"content-length: 1000\r\n\r\n{")


@pytest.mark.parametrize("handle", [BUSY, NOT_HTTP, CUT_SHORT, drip])
async def test_another_node_is_asked(handle: Handle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rpc.client, "ANSWER_TIMEOUT_S", 1.0)
    with good_node() as good:
        async with bad_node(handle) as bad, Client([bad, good]) as client:
            assert (await client.call(num_unconfirmed_txs())).total == "0"
            assert client.address == good


async def test_calls_that_fail_at_once_leave_the_node_that_answers_first() -> None:
    """Each of them turns the same address away, and none the next."""
    with good_node() as good:
        async with bad_node(BUSY) as bad, Client([bad, good]) as client, trio.open_nursery() as nursery:
            for _ in range(10):
                nursery.start_soon(client.call, num_unconfirmed_txs())
        assert client.address == good


async def test_an_answer_without_end_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rpc.client, "RPC_ANSWER_BYTES_MAX", 1_000)
    handle = say(HEAD + b"content-length: 2000\r\n\r\n" + b" " * 2_000)
    async with bad_node(handle) as address, Client([address]) as client:
        with pytest.raises(BadAnswer, match="at most 1000 bytes"):
            await client.call(num_unconfirmed_txs())


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[" * 100_000, b'{"result": 7}', b'{"result": {"n_txs": 1}}', b"\xff"]
)
async def test_nonsense_is_a_bad_answer(body: bytes) -> None:
    handle = say(HEAD + b"content-length: " + str(len(body)).encode() + b"\r\n\r\n" + body)
    async with bad_node(handle) as address, Client([address]) as client:
        with pytest.raises(BadAnswer):
            await client.call(num_unconfirmed_txs())


@pytest.mark.parametrize("address", ["127.0.0.1:99999", "[::1", "exa mple:1", ""])
def test_an_address_that_is_none_is_named(address: str) -> None:
    with SyncClient([address]) as client, pytest.raises(Unreachable, match="no node answers"):
        client.call(num_unconfirmed_txs())


def test_the_blocking_client_asks_another_node_too() -> None:
    with good_node() as good, SyncClient([free_address(), good]) as client:
        answers: list[str] = []
        threads = [Thread(target=lambda: answers.append(client.call(num_unconfirmed_txs()).total))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (answers, client.address) == (["0"], good)


async def test_a_subscription_is_refused_in_time_by_who_never_answers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rpc.client, "TIMEOUT_S", 0.3)

    async def silence(stream: trio.SocketStream) -> None:
        await stream.receive_some()
        await trio.sleep_forever()

    async with bad_node(silence) as address, Client([address]) as client:
        with pytest.raises(Unreachable):
            async with client.subscribe("tm.event='NewBlock'"):
                pytest.fail("nobody answered")


async def test_an_error_of_whoever_listens_is_not_the_nodes() -> None:
    with good_node() as good:
        async with Client([good]) as client:
            with pytest.raises(FileNotFoundError):
                async with client.subscribe("tm.event='NewBlock'"):
                    raise FileNotFoundError("ours")
