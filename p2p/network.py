"""All links of a node: who may connect, who is called, and one link for each peer.

Listening is bounded in half-open handshakes, in all and by address. Calling goes on for ever, with a delay that grows and
jitters, and begins anew only after a link that lasted: who is refused every time does not call ten times a second. If two
nodes call each other at once, the link that the smaller node key dialled stays. A peer that misbehaves is not spoken to for
a while; a slow one is simply called again.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from random import Random
from typing import Protocol

import structlog
import trio

from chain.keys import PublicKey
from chain.limits import (
    BAN_SECONDS,
    CONNECT_SECONDS_MAX,
    HANDSHAKES_MAX,
    HANDSHAKES_PER_ADDRESS_MAX,
    LINKS_MAX,
    REDIAL_SECONDS_MAX,
    REDIAL_SECONDS_MIN,
)
from p2p.errors import LinkRefused, PeerMisbehaved, PeerSlow
from p2p.handshake import Identity, Side
from p2p.link import Link, shake_hands
from p2p.messages import Message
from p2p.wire import channel_of, encode_message

log = structlog.get_logger("p2p")
_EPHEMERAL_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerAddress:
    """A peer that we call: its node id (lower-case hex of the address of its node key) and where it listens."""

    node_id: str
    host: str
    port: int


class Standing(Enum):
    """What a node is to us, by committed state first and by our configuration where that does not know it."""

    VALIDATOR = auto()
    """A member of the ledger that decides: always has a link."""
    OBSERVER = auto()
    """A full node of the ledger: has a link while there is room."""
    CONFIGURED = auto()
    """Known to our configuration alone: we may call it, and the link carries certified blocks, rows and snapshots only."""
    STRANGER = auto()


class Node(Protocol):
    """What links need of the node around them."""

    def standing_of(self, peer: PublicKey) -> Standing:
        """What the peer is to us at this moment."""
        ...

    async def on_link_up(self, link: Link) -> None:
        """A link has begun, if need be in place of another to the same peer that `on_link_down` has told of; what it
        must be told first is said here."""
        ...

    async def on_message(self, link: Link, message: Message) -> None:
        """A decoded message. Raises `PeerMisbehaved`; while it waits, no more is read from this link."""
        ...

    def on_link_down(self, link: Link) -> None:
        """A link is over: told once for each that was up, before another to the same peer is."""
        ...


class Network:
    """The links of one node. `run` is the task; the rest is called from the node's own tasks."""

    def __init__(
        self,
        identity: Identity,
        node: Node,
        *,
        listen_host: str,
        listen_port: int,
        peers: tuple[PeerAddress, ...],
        chance: Random,
        get_ephemeral_seed: Callable[[int], bytes],
    ) -> None:
        """`chance` jitters redials; `get_ephemeral_seed` gives that many bytes fit for keys."""
        self._identity = identity
        self._node = node
        self._listen_host = listen_host
        self._listen_port = listen_port
        self._peers = peers
        self._chance = chance
        self._get_ephemeral_seed = get_ephemeral_seed
        self._links: dict[PublicKey, Link] = {}
        self._banned_until: dict[PublicKey, float] = {}
        self._half_open: Counter[str] = Counter()
        self.refused = 0

    @property
    def links(self) -> tuple[Link, ...]:
        """The links that are up."""
        return tuple(self._links.values())

    def find_link(self, peer: PublicKey) -> Link | None:
        """The link to a peer, if it is up."""
        return self._links.get(peer)

    def broadcast(self, message: Message, *, but: Link | None = None) -> None:
        """Sends to every link, encoded once."""
        channel, data = channel_of(message), encode_message(message)
        for link in self.links:
            if link is not but and link.is_carrying(message):
                link.send_encoded(channel, data)

    def close_changed(self) -> None:
        """Ends the links of those who are no members any more, or have become some: those are called again."""
        for link in self.links:
            if self._is_blocks_only(self._node.standing_of(link.peer)) is not link.is_blocks_only:
                link.close("its standing has changed")

    @staticmethod
    def _is_blocks_only(standing: Standing) -> bool | None:
        """What kind of link a node of this standing has; None if it has none."""
        return None if standing is Standing.STRANGER else standing is Standing.CONFIGURED

    async def run(self, *, task_status: trio.TaskStatus[int] = trio.TASK_STATUS_IGNORED) -> None:
        """Listens and calls for ever; reports the port it listens on when it does. Raises `OSError` if it cannot."""
        listeners = await trio.open_tcp_listeners(self._listen_port, host=self._listen_host)
        port: int = listeners[0].socket.getsockname()[1]
        async with trio.open_nursery() as nursery:
            for peer in self._peers:
                nursery.start_soon(self._call_for_ever, peer)
            task_status.started(port)
            await trio.serve_listeners(self._on_connection, listeners)

    # --- Being called ---------------------------------------------------------------------------------------------

    async def _on_connection(self, stream: trio.SocketStream) -> None:
        try:
            host, port = map(str, stream.socket.getpeername()[:2])
        except OSError:  # it was gone again before we looked
            return
        if self._half_open.total() >= HANDSHAKES_MAX or self._half_open[host] >= HANDSHAKES_PER_ADDRESS_MAX:
            await trio.aclose_forcefully(stream)
            return
        self._half_open[host] += 1
        try:
            link = await self._open(stream, Side.LISTENER, _place(host, port))
        except LinkRefused as refusal:
            self._on_refusal(host, refusal)
            await trio.aclose_forcefully(stream)
            return
        finally:
            self._half_open[host] -= 1
            self._half_open += Counter()
        await self._run_link(link)

    def _on_refusal(self, remote: str, refusal: LinkRefused) -> None:
        self.refused += 1
        log.info("link refused", remote=remote, reason=str(refusal))

    async def _open(self, stream: trio.SocketStream, side: Side, remote: str) -> Link:
        session = await shake_hands(stream, self._identity, side, self._get_ephemeral_seed(_EPHEMERAL_BYTES))
        is_blocks_only = self._is_blocks_only(self._node.standing_of(session.peer))
        if is_blocks_only is None or (is_blocks_only and side is Side.LISTENER):
            raise LinkRefused(f"node {session.peer.hex()[:16]}… is not a member of this network")
        if self._banned_until.get(session.peer, 0.0) > trio.current_time():
            raise LinkRefused(f"node {session.peer.hex()[:16]}… misbehaved a moment ago")
        return Link(stream, session, side, remote, is_blocks_only=is_blocks_only)

    # --- Calling --------------------------------------------------------------------------------------------------

    async def _call_for_ever(self, peer: PeerAddress) -> None:
        delay = REDIAL_SECONDS_MIN
        while True:
            began = trio.current_time()
            there = next((link for link in self.links if link.peer_id == peer.node_id), None)
            if there is None:
                await self._call(peer)
            else:
                await there.ended.wait()
            lasted = trio.current_time() - began
            delay = REDIAL_SECONDS_MIN if lasted > REDIAL_SECONDS_MAX else min(delay * 2, REDIAL_SECONDS_MAX)
            await trio.sleep(delay * self._chance.uniform(0.5, 1.0))

    async def _call(self, peer: PeerAddress) -> None:
        """One call, until its link is over."""
        remote = _place(peer.host, peer.port)
        try:
            with trio.fail_after(CONNECT_SECONDS_MAX):
                stream = await trio.open_tcp_stream(peer.host, peer.port)
        except (OSError, trio.TooSlowError):
            return
        async with stream:
            try:
                link = await self._open(stream, Side.DIALLER, remote)
                if link.peer_id != peer.node_id:
                    raise LinkRefused(f"expected node {peer.node_id} at {remote}, got {link.peer_id}")
            except LinkRefused as refusal:
                self._on_refusal(remote, refusal)
                return
            await self._run_link(link)
        if link.traffic.bytes_received == 0 and self.find_link(link.peer) is None:
            ours = self._identity.key.address.hex()
            reason = f"the peer closed it at once; is our node {ours} a member there?"
            log.info("link refused", remote=remote, reason=reason)

    # --- Having a link --------------------------------------------------------------------------------------------

    async def _run_link(self, link: Link) -> None:
        if not self._take(link):
            await link.refuse()
            return
        try:
            await self._node.on_link_up(link)
            await link.run(self._node.on_message)
        except* PeerMisbehaved as group:
            self._banned_until[link.peer] = trio.current_time() + BAN_SECONDS
            log.warning("peer misbehaved", peer=link.peer_id, reason=str(_first(group)))
        except* PeerSlow as group:
            log.info("link closed", peer=link.peer_id, reason=str(_first(group)))
        finally:
            self._drop(link)

    def _drop(self, link: Link) -> None:
        """A link is over, by its own end or because another takes its place; what comes first counts."""
        if self._links.get(link.peer) is link:
            del self._links[link.peer]
            link.ended.set()
            self._node.on_link_down(link)

    def _take(self, link: Link) -> bool:
        """Whether the new link stays; then one that was there before goes."""
        there = self._links.get(link.peer)
        if there is None:
            is_validator = self._node.standing_of(link.peer) is Standing.VALIDATOR
            if len(self._links) >= LINKS_MAX and not is_validator:
                return False
        elif there.side is not link.side and self._is_preferred(there):
            return False
        else:
            there.close("another link to the same peer has taken its place")
            self._drop(there)
        self._links[link.peer] = link
        return True

    def _is_preferred(self, link: Link) -> bool:
        """Whether the smaller of the two node keys dialled it."""
        dialler_is_us = link.side is Side.DIALLER
        return dialler_is_us == (self._identity.key.public < link.peer)


def _place(host: str, port: object) -> str:
    """`host:port`, an IPv6 host in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
