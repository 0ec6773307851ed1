"""Handshakes and links over memory streams."""

from dataclasses import dataclass

import trio
from trio.testing import MemoryReceiveStream, MemorySendStream, memory_stream_pair

from chain.hashing import sha256
from p2p.handshake import Handshake, Identity, Session, Side
from p2p.link import Link
from tests.chain.making import CHAIN, make_key

GENESIS = sha256(b"genesis")


def make_identity(number: int) -> Identity:
    """The identity of a node by number."""
    return Identity(key=make_key(number), chain_id=CHAIN, genesis_hash=GENESIS)


def make_handshake(number: int, side: Side, identity: Identity | None = None) -> Handshake:
    """An attempt of this node; its ephemeral key follows from number and side."""
    seed = sha256(f"{number} {side.value}".encode())
    return Handshake(identity or make_identity(number), side, seed)


def shake(dialler: Handshake, listener: Handshake) -> None:
    """Brings two attempts together until both have their session, or one refuses."""
    to_listener, to_dialler = dialler.hello, listener.hello
    while to_listener or to_dialler:
        to_dialler, to_listener = to_dialler + listener.receive(to_listener), b""
        to_listener, to_dialler = dialler.receive(to_dialler), b""


def make_sessions() -> tuple[Session, Session]:
    """The sessions of node 1, which called, and of node 2."""
    dialler, listener = make_handshake(1, Side.DIALLER), make_handshake(2, Side.LISTENER)
    shake(dialler, listener)
    assert dialler.session is not None and listener.session is not None
    return dialler.session, listener.session


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two ends of one link, and the streams below."""

    dialler: Link
    listener: Link
    dialler_stream: trio.StapledStream[MemorySendStream, MemoryReceiveStream]
    listener_stream: trio.StapledStream[MemorySendStream, MemoryReceiveStream]


def make_link_pair(*, is_blocks_only: bool = False) -> Pair:
    """A link between node 1, which called, and node 2; the caller may carry blocks only."""
    first, second = make_sessions()
    dialler_stream, listener_stream = memory_stream_pair()
    return Pair(
        dialler=Link(dialler_stream, first, Side.DIALLER, "here", is_blocks_only=is_blocks_only),
        listener=Link(listener_stream, second, Side.LISTENER, "there"),
        dialler_stream=dialler_stream,
        listener_stream=listener_stream,
    )
