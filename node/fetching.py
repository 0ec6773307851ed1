"""Asking peers: one request, one answer or none in time, then the next peer.

Answers carry the number of their request, so that a late one is never taken for another. What comes is checked like
everything of a stranger. Bodies are asked for a few hundred kilobytes at a time: an answer that takes longer than anybody
waits is no answer, and votes travel on the same channel.
"""

from collections.abc import Callable, Sequence
from itertools import count
from typing import Generic, TypeVar

import trio

from chain.errors import Invalid
from chain.limits import BODIES_ANSWER_BYTES_MAX, TRANSACTION_BYTES_MAX
from chain.transaction import CheckedTransaction, TxId, check_transaction
from node.bodies import Bodies
from p2p.link import Link
from p2p.messages import GetBodies, Message, RequestId

A = TypeVar("A")
ANSWER_SECONDS = 1.0  # for the largest answer over 2 Mbit/s; then another link is asked
NOBODY_SECONDS = 0.1  # between rounds of asking while nobody has it
_IDS_PER_ASK = 1_000  # about as many bodies of usual size as an answer holds


class Requests(Generic[A]):
    """Requests under way, by link and number."""

    def __init__(self) -> None:
        self._numbers = count(1)
        self._waiting: dict[tuple[Link, RequestId], trio.MemorySendChannel[A]] = {}

    async def ask(self, link: Link, make: Callable[[RequestId], Message], seconds: float) -> A | None:
        """Sends the message that `make` makes of a number and waits for its answer; None if it does not come in time."""
        number = RequestId(next(self._numbers) % 2**32)
        send, receive = trio.open_memory_channel[A](1)
        self._waiting[link, number] = send
        try:
            link.send(make(number))
            with trio.move_on_after(seconds):
                return await receive.receive()
            return None
        finally:
            self._waiting.pop((link, number), None)

    def on_answer(self, link: Link, number: RequestId, answer: A) -> None:
        """Hands an answer to who asked; one that nobody waits for any more is dropped."""
        waiting = self._waiting.pop((link, number), None)
        if waiting is not None:
            waiting.send_nowait(answer)


class BodyFetcher:
    """Gets the bodies of a proposal from whoever has them."""

    def __init__(self, chain_id: str, get_links: Callable[[], Sequence[Link]]) -> None:
        self._chain_id = chain_id
        self._get_links = get_links
        self.requests: Requests[tuple[bytes, ...]] = Requests()

    async def fetch(self, bodies: Bodies, ids: Sequence[TxId], bytes_max: int) -> None:
        """Returns when `bodies` holds all of `ids`; asks for ever, and is cancelled with the height.

        Raises:
            Invalid: they are larger than `bytes_max` together; found out before much more than that is held.
        """
        while missing := bodies.find_missing(ids):
            for link in self._get_links():
                while await self._ask(link, bodies, ids):
                    _check_size(bodies, ids, bytes_max)
            _check_size(bodies, ids, bytes_max)
            if len(bodies.find_missing(ids)) == len(missing):
                await trio.sleep(NOBODY_SECONDS)

    async def _ask(self, link: Link, bodies: Bodies, ids: Sequence[TxId]) -> bool:
        """Asks for the first that are missing. Whether the answer was full, so that this link is worth asking again:
        one that gives little at a time has to share the time with the others.
        """
        missing = tuple(bodies.find_missing(ids)[:_IDS_PER_ASK])
        if not missing:
            return False
        answer = await self.requests.ask(
            link, lambda number: GetBodies(request=number, ids=missing), ANSWER_SECONDS
        )
        if not answer:
            return False
        try:
            checked = await trio.to_thread.run_sync(_check_all, answer, self._chain_id)
        except Invalid as error:
            link.accuse(f"it sent a body that is no transaction: {error}")
            return False
        wanted = set(missing)
        useful = {one.id: one for one in checked if one.id in wanted}
        bodies.pin(useful.values())
        size = sum(len(one.raw) for one in useful.values())
        return len(useful) == len(missing) or size > BODIES_ANSWER_BYTES_MAX - TRANSACTION_BYTES_MAX


def _check_size(bodies: Bodies, ids: Sequence[TxId], bytes_max: int) -> None:
    size = sum(len(checked.raw) for checked in map(bodies.get, ids) if checked is not None)
    if size > bytes_max:
        raise Invalid(f"expected bodies of at most {bytes_max} bytes, got {size} and more to come")


def _check_all(raws: Sequence[bytes], chain_id: str) -> list[CheckedTransaction]:
    return [check_transaction(raw, chain_id) for raw in raws]
