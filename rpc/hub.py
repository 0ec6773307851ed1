"""From committed blocks to open WebSockets: one follower for all subscribers, and a bounded queue for each.

Whoever reads too slowly is let go rather than waited for, so that no subscriber can hold up another, or the
node. Runs on any loop that anyio knows.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from anyio import CapacityLimiter, to_thread
from anyio.lowlevel import checkpoint

from chain.limits import RPC_SUBSCRIBERS_MAX, RPC_SUBSCRIPTIONS_MAX
from chain.pruned import Pruned
from chain.vote import Height
from rpc.backend import Backend
from rpc.errors import not_done
from rpc.lines import Line, Told
from rpc.service import Id
from rpc.subscriptions import ChainEvent, Query, make_events, parse_query

WAIT_S = 1.0
"""The follower's thread looks up so often whether it should end."""


class Subscriber:
    """One WebSocket: its queries with the ids of the requests that made them, and what waits to be sent."""

    def __init__(self) -> None:
        self._queries: dict[str, tuple[Id, Query]] = {}
        self.line = Line()

    def subscribe(self, id_: Id, text: str) -> None:
        """Raises `RpcError`: not a query, twice the same, or too many."""
        query = parse_query(text)
        if text in self._queries:
            raise not_done("already subscribed")
        if len(self._queries) >= RPC_SUBSCRIPTIONS_MAX:
            raise not_done(f"max_subscriptions_per_client {RPC_SUBSCRIPTIONS_MAX} reached")
        self._queries[text] = (id_, query)

    def unsubscribe(self, text: str) -> None:
        """Raises `RpcError`: there is no such subscription."""
        if self._queries.pop(text, None) is None:
            raise not_done("subscription not found")

    def unsubscribe_all(self) -> None:
        """Raises `RpcError`: there is none."""
        if not self._queries:
            raise not_done("subscription not found")
        self._queries.clear()

    @property
    def is_listening(self) -> bool:
        """Whether it subscribed to anything."""
        return bool(self._queries)

    def offer(self, event: ChainEvent) -> None:
        """Puts the event in line for each query that it matches."""
        for text, (id_, query) in self._queries.items():
            if query.matches(event):
                self.line.offer(Told(id_, text, event))


class Hub:
    """All subscribers of a node."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._subscribers: set[Subscriber] = set()

    @contextmanager
    def subscriber(self) -> Iterator[Subscriber]:
        """A place for one WebSocket. Raises `RpcError` when all places are taken."""
        if len(self._subscribers) >= RPC_SUBSCRIBERS_MAX:
            raise not_done(f"max_subscription_clients {RPC_SUBSCRIBERS_MAX} reached")
        subscriber = Subscriber()
        self._subscribers.add(subscriber)
        try:
            yield subscriber
        finally:
            self._subscribers.discard(subscriber)

    async def follow(self) -> None:
        """Tells subscribers of each block from now on, until it is cancelled."""
        thread = CapacityLimiter(1)
        height = self._backend.standing().height
        while True:
            last = await to_thread.run_sync(
                self._backend.wait_above, height, WAIT_S, abandon_on_cancel=True, limiter=thread
            )
            while height < last:
                height = Height(height + 1)
                if any(subscriber.is_listening for subscriber in self._subscribers):
                    await self._publish(await to_thread.run_sync(self._load, height, limiter=thread))

    async def _publish(self, events: list[ChainEvent]) -> None:
        """Tells of one event after another; a block may have ten thousand, and whoever reads them sends in between."""
        for event in events:
            await checkpoint()
            for subscriber in list(self._subscribers):
                subscriber.offer(event)

    def _load(self, height: Height) -> list[ChainEvent]:
        """The events of a block; none where the node, catching up, let go of it before it could be told of."""
        try:
            block, results = self._backend.block(height), self._backend.results(height)
        except Pruned:
            return []
        root = self._backend.state_root_after(height)
        assert block is not None and results is not None and root is not None, f"block {height} is committed"
        before = self._backend.validators(Height(height - 1)) if height > 1 else None
        return list(make_events(block, results, root, before))
