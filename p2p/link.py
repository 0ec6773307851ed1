"""One link: a reader and a writer over a stream, with a bounded queue for each channel between them and the node.

`send` never waits. A full queue has a consequence that depends on the channel: without votes a link is worthless, so it is
closed and asks for what it missed when it is back; a block answer that does not fit is not given; transactions are left out,
and `send` says so, that they can be announced later. A write that is cancelled half-way has spoilt the stream, so it closes
the link. A link to a node that only our configuration knows carries certified blocks, rows that are proven by them and
snapshots, and nothing else.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

import trio

from chain.errors import Malformed
from chain.keys import PublicKey, address_of
from chain.limits import (
    BLOCKS_QUEUE_BYTES_MAX,
    CONSENSUS_QUEUE_BYTES_MAX,
    FRAME_BYTES_MAX,
    HANDSHAKE_SECONDS_MAX,
    LINK_IDLE_SECONDS,
    TRANSACTIONS_QUEUE_BYTES_MAX,
)
from p2p.errors import LinkRefused, PeerMisbehaved, PeerSlow
from p2p.frames import IncomingStreams, OutgoingStreams
from p2p.handshake import Handshake, Identity, Session, Side
from p2p.messages import (
    Blocks,
    Channel,
    Chunk,
    GetBlocks,
    GetChunk,
    GetRows,
    GetSnapshots,
    Message,
    NewBlock,
    Rows,
    Snapshots,
)
from p2p.wire import channel_of, decode_message, encode_message

QUEUE_BYTES_MAX = {
    Channel.CONSENSUS: CONSENSUS_QUEUE_BYTES_MAX,
    Channel.BLOCKS: BLOCKS_QUEUE_BYTES_MAX,
    Channel.TRANSACTIONS: TRANSACTIONS_QUEUE_BYTES_MAX,
}

_OF_BLOCKS = (NewBlock, GetBlocks, Blocks, GetSnapshots, Snapshots, GetChunk, Chunk, GetRows, Rows)
"""What passes on a link to a node that only our configuration knows: each proves itself, or only starts a fetch."""

Handler: TypeAlias = "Callable[[Link, Message], Awaitable[None]]"


@dataclass(slots=True, kw_only=True)
class Traffic:
    """What has passed over a link, for people who look."""

    bytes_sent: int = 0
    bytes_received: int = 0
    messages_dropped: int = 0


async def shake_hands(
    stream: trio.abc.Stream, identity: Identity, side: Side, ephemeral_seed: bytes
) -> Session:
    """Runs a handshake over `stream`; raises `LinkRefused`, also when it takes too long or the peer goes away."""
    handshake = Handshake(identity, side, ephemeral_seed)
    with trio.move_on_after(HANDSHAKE_SECONDS_MAX):
        try:
            await stream.send_all(handshake.hello)
            while handshake.session is None:
                data = await stream.receive_some(FRAME_BYTES_MAX)
                if not data:
                    raise LinkRefused("handshake: the peer closed the connection")
                answer = handshake.receive(bytes(data))
                if answer:
                    await stream.send_all(answer)
        except trio.BrokenResourceError:
            raise LinkRefused("handshake: the connection broke") from None
        except PeerMisbehaved as error:
            raise LinkRefused(f"handshake: {error}") from error
        return handshake.session
    raise LinkRefused(f"handshake: expected it to end within {HANDSHAKE_SECONDS_MAX} s")


class Link:
    """An authenticated link to one node. `run` ends it; `send` may be called at any time before.

    `peer_id` is the node id, lower-case hex of the address of its key; `ended` is set by whoever runs the link.
    """

    def __init__(
        self,
        stream: trio.abc.Stream,
        session: Session,
        side: Side,
        remote: str,
        *,
        is_blocks_only: bool = False,
    ) -> None:
        self.peer: PublicKey = session.peer
        self.peer_id = address_of(session.peer).hex()
        self.is_blocks_only = is_blocks_only
        self.ended = trio.Event()
        self.side = side
        self.remote = remote
        self.traffic = Traffic()
        self.began = trio.current_time()
        self._stream = stream
        self._sealer = session.sealer
        self._opener = session.opener
        self._outgoing = OutgoingStreams()
        self._something_waits = trio.Event()
        self._closed_because: PeerSlow | PeerMisbehaved | None = None

    def get_queue_bytes(self, channel: Channel) -> int:
        """How much waits to be sent on a channel."""
        return self._outgoing.get_bytes(channel)

    def is_carrying(self, message: Message) -> bool:
        """Whether such a message passes here at all."""
        return not self.is_blocks_only or isinstance(message, _OF_BLOCKS)

    def send(self, message: Message) -> bool:
        """Queues a message, and says whether it did; see the module for a full queue."""
        if not self.is_carrying(message):
            return False
        return self.send_encoded(channel_of(message), encode_message(message))

    def send_encoded(self, channel: Channel, data: bytes) -> bool:
        """Queues a message that was encoded once for many links, and says whether it did."""
        if self._closed_because is not None:
            return False
        if self._outgoing.get_bytes(channel) + len(data) > QUEUE_BYTES_MAX[channel]:
            self.traffic.messages_dropped += 1
            if channel is Channel.CONSENSUS:
                self.close(f"more than {QUEUE_BYTES_MAX[channel]} bytes of consensus messages wait for it")
            return False
        self._outgoing.put(channel, data)
        self._something_waits.set()
        return True

    def close(self, reason: str) -> None:
        """Ends the link soon; `run` raises `PeerSlow` with the reason."""
        self._close(PeerSlow(reason))

    def accuse(self, reason: str) -> None:
        """Ends the link soon for what the peer sent; `run` raises `PeerMisbehaved` with the reason."""
        self._close(PeerMisbehaved(reason))

    def _close(self, because: PeerSlow | PeerMisbehaved) -> None:
        self._closed_because = self._closed_because or because
        self._something_waits.set()

    async def refuse(self) -> None:
        """Ends a link that was never taken up."""
        await trio.aclose_forcefully(self._stream)

    async def run(self, handle: Handler) -> None:
        """Reads and writes until the peer goes away.

        Raises:
            PeerMisbehaved: what it sent is not what a correct node sends.
            PeerSlow: it does not keep up, fell silent, or `close` was called.

        Either comes in an exception group.
        """
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._write)
                await self._read(handle)
                nursery.cancel_scope.cancel()
        except* (trio.BrokenResourceError, trio.ClosedResourceError):
            pass
        except* Malformed as group:
            raise PeerMisbehaved(str(group.exceptions[0])) from None
        finally:
            self._close(PeerSlow("it is over"))
            await trio.aclose_forcefully(self._stream)

    async def _read(self, handle: Handler) -> None:
        incoming = IncomingStreams()
        while True:
            frame = self._opener.next_frame()
            if frame is not None:
                for channel, data in incoming.feed(frame):
                    message = decode_message(data, channel)
                    if self.is_carrying(message):
                        await handle(self, message)
                continue
            received: bytes | bytearray = b""
            with trio.move_on_after(LINK_IDLE_SECONDS) as scope:
                received = await self._stream.receive_some(FRAME_BYTES_MAX)
            if scope.cancelled_caught:
                raise PeerSlow(f"nothing came for {LINK_IDLE_SECONDS} s")
            if not received:
                return
            self.traffic.bytes_received += len(received)
            self._opener.feed(bytes(received))

    async def _write(self) -> None:
        while True:
            plaintext = self._outgoing.next_plaintext()
            if plaintext is None:
                self._something_waits = trio.Event()
                if self._closed_because is None:
                    with trio.move_on_after(LINK_IDLE_SECONDS / 3):
                        await self._something_waits.wait()
                plaintext = self._outgoing.next_plaintext() or b""
            if self._closed_because is not None:
                raise self._closed_because
            sealed = self._sealer.seal(plaintext)
            with trio.move_on_after(LINK_IDLE_SECONDS) as scope:
                await self._stream.send_all(sealed)
            if scope.cancelled_caught:
                raise PeerSlow(f"it did not take {len(sealed)} bytes within {LINK_IDLE_SECONDS} s")
            self.traffic.bytes_sent += len(sealed)
