"""Clients that are slow, silent, endless or malformed, on a real socket: each is cut off, and others are served meanwhile."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

import rpc.connections
import rpc.lines
from chain.limits import RPC_HEAD_BYTES_MAX
from rpc.client import SyncClient
from rpc.requests import status
from rpc.run import RpcThread
from rpc.server import make_app
from tests.chain.making import make_transaction
from tests.rpc.memory import MemoryBackend


@pytest.fixture
def backend(monkeypatch: pytest.MonkeyPatch) -> MemoryBackend:
    """A chain with one block; deadlines that a test can wait for."""
    for name in ("RPC_REQUEST_SECONDS", "RPC_READING_SECONDS"):
        monkeypatch.setattr(rpc.connections, name, 0.3)
    found = MemoryBackend()
    found.commit([make_transaction(1, arguments=(bytes(60_000),))])
    return found


@pytest.fixture
def address(backend: MemoryBackend) -> Iterator[tuple[str, int]]:
    """Where the server listens."""
    thread = RpcThread(make_app(backend), "127.0.0.1", 0)
    thread.start()
    yield "127.0.0.1", thread.port
    thread.stop()


def is_cut_off(connection: socket.socket) -> bool:
    """Whether the server ends the connection, within far more time than it has."""
    connection.settimeout(10)
    try:
        while connection.recv(65_536):
            pass
    except ConnectionResetError:
        return True
    return True


def assert_serving(address: tuple[str, int]) -> None:
    """Others are answered."""
    with SyncClient([f"{address[0]}:{address[1]}"]) as client:
        assert client.call(status()).sync_info.latest_block_height == "1"


@pytest.mark.parametrize(
    "begun",
    [
        b"",
        b"GET /health HTTP/1.1\r\n",
        b"POST / HTTP/1.1\r\ncontent-length: 1000\r\n\r\n{",
        b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{",
        b"GET /health HTTP/1.1\r\nhost: x\r\n\r\nGET /health HT",
    ],
)
def test_a_request_that_does_not_come_in_time(address: tuple[str, int], begun: bytes) -> None:
    with socket.create_connection(address) as connection:
        connection.sendall(begun)
        assert is_cut_off(connection)
    assert_serving(address)


def test_a_head_that_does_not_end(address: tuple[str, int]) -> None:
    with socket.create_connection(address) as connection:
        connection.settimeout(10)
        sent = connection.send(b"GET /health HTTP/1.1\r\nx: ")
        with pytest.raises((ConnectionResetError, BrokenPipeError)):
            while sent < 100 * RPC_HEAD_BYTES_MAX:
                sent += connection.send(b"a" * 65_536)
    assert_serving(address)


def test_answers_that_are_not_read(address: tuple[str, int]) -> None:
    """Many pipelined requests, no reading: the connection ends before they are all answered."""
    request = b"GET /block?height=1 HTTP/1.1\r\nhost: x\r\n\r\n"
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        connection.settimeout(10)
        connection.connect(address)
        with pytest.raises((ConnectionResetError, BrokenPipeError, TimeoutError)) as caught:
            while True:
                connection.sendall(request * 100)
        assert not isinstance(caught.value, TimeoutError)
    assert_serving(address)


def test_what_is_no_http(address: tuple[str, int]) -> None:
    with socket.create_connection(address) as connection:
        connection.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n")
        assert connection.recv(20).startswith(b"HTTP/1.1 400")
        assert is_cut_off(connection)
    assert_serving(address)


@contextmanager
def subscriber(address: tuple[str, int]) -> Iterator[ClientConnection]:
    """A connection that is told of every block, and holds one message itself."""
    with connect(f"ws://{address[0]}:{address[1]}/websocket", max_queue=1, ping_interval=None) as connection:
        query = {"query": "tm.event='NewBlock'"}
        connection.send(json.dumps({"jsonrpc": "2.0", "id": 1, "method": "subscribe", "params": query}))
        assert json.loads(connection.recv(timeout=5))["result"] == {}
        yield connection


def test_a_subscriber_that_does_not_read_is_let_go(
    address: tuple[str, int], backend: MemoryBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rpc.lines, "RPC_WAITING_MAX", 20)
    with subscriber(address) as plain, subscriber(address) as reading:
        for number in range(200):
            backend.commit([make_transaction(number + 2, arguments=(bytes(60_000),))])
            reading.recv(timeout=30)  # so that the other has been told as well, and has not read
        heard = 0
        with pytest.raises(ConnectionClosed, match=r"1008|no close frame"):
            while True:
                plain.recv(timeout=10)
                heard += 1
        assert heard < 200
    with connect(f"ws://{address[0]}:{address[1]}/websocket") as other:
        other.send('{"jsonrpc": "2.0", "id": 1, "method": "health"}')
        assert json.loads(other.recv(timeout=5))["result"] == {}


@pytest.mark.parametrize("method", [[], {}, None, 1])
def test_a_method_that_is_no_text_is_an_invalid_request_over_the_websocket(
    address: tuple[str, int], method: object
) -> None:
    with connect(f"ws://{address[0]}:{address[1]}/websocket") as plain:
        plain.send(json.dumps({"jsonrpc": "2.0", "id": 1, "method": method}))
        assert json.loads(plain.recv(timeout=5))["error"]["code"] == -32600


def test_a_subscription_without_an_id_is_a_notification_and_not_answered(address: tuple[str, int]) -> None:
    with connect(f"ws://{address[0]}:{address[1]}/websocket") as plain:
        plain.send('{"jsonrpc": "2.0", "method": "subscribe", "params": {"query": "nothing"}}')
        plain.send('{"jsonrpc": "2.0", "id": 2, "method": "health"}')
        assert json.loads(plain.recv(timeout=5))["id"] == 2
