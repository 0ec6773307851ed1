"""One node, asked and not believed: what it shows is returned verified, or it is an error of that node.

A header is believed where those signed it who are known to decide that height: those of the anchor, or whom they and their
successors handed over to (`rpc.lineage`). There is no trust by a third of the votes and none that runs out: who cannot show
each hand-over shows nothing. Where what is known already does not lead to a header, the node is heard once more from the
anchor on, so that another history from the same beginning is told apart from no history at all.
"""

from typing import Protocol, TypeVar

from chain.block import Header
from chain.errors import Invalid, Malformed
from chain.limits import LIGHT_AHEAD_MS
from chain.record import Decided, verify_decided
from machine.clock import Clock
from rpc import requests
from rpc.exact import header_of, signed_header_of
from rpc.lineage import Anchor, Lineage, Reign
from rpc.requests import Request

Answer = TypeVar("Answer")


class Node(Protocol):
    """A node by its address; `rpc.client.Client` is one."""

    @property
    def address(self) -> str:
        """Where it is."""
        ...

    async def call(self, request: Request[Answer]) -> Answer:
        """See `rpc.client.Client.call`."""
        ...


class TooEarly(Exception):
    """A node is not there yet where trust begins."""


class Party:
    """What one node shows, from a state of knowledge on. Every method raises `Invalid` for what does not hold, and what the
    node's `call` raises.
    """

    def __init__(
        self, node: Node, anchor: Anchor, reigns: tuple[Reign, ...], reached: int, clock: Clock
    ) -> None:
        """`reigns` is known up to the height that was `reached`."""
        self.node = node
        self._anchor = anchor
        self._clock = clock
        self._lineage = Lineage(anchor, reigns, reached)
        self.is_elsewhere = False
        """Whether it showed a block to which what was known did not lead: another history, or none."""

    @property
    def reigns(self) -> tuple[Reign, ...]:
        """Who decided since when, as far as this node has shown."""
        return self._lineage.reigns

    @property
    def progress(self) -> tuple[Reign, ...]:
        """The same, and what it showed of a way whose end it did not show in time."""
        return self._lineage.progress

    async def decided(self, height: int | None) -> Decided:
        """A block's header with what decided it; None: the newest that the node has."""
        answer = await self.node.call(requests.commit(height))
        header, certificate = signed_header_of(answer.signed_header)
        if height is not None and header.height != height:
            raise Malformed(f"expected block {height}, got block {header.height}")
        if header.height < self._anchor.since:
            raise TooEarly(
                f"its newest block is {header.height}, and trust begins at block {self._anchor.since}"
            )
        self._check_time(header)
        try:
            validators = await self._lineage.follow(self.node, header.validators_hash, header.height)
        except Malformed:
            if len(self._lineage.reigns) == 1:
                raise
            self.is_elsewhere = True
            self._lineage = Lineage(self._anchor)
            validators = await self._lineage.follow(self.node, header.validators_hash, header.height)
        decided = Decided(header=header, certificate=certificate, validators=validators)
        verify_decided(decided, self._anchor.chain_id)
        return decided

    async def shown(self, height: int) -> Header:
        """A header that leads the way and is believed for nothing."""
        header = (await self.node.call(requests.header(height))).header
        if header is None:
            raise Malformed(f"block {height}: the node does not show it")
        return header_of(header)

    async def check_beginning(self) -> None:
        """That its history goes through the block from which trust begins, where one is named."""
        if self._anchor.block_id is None:
            return
        first = await self.decided(self._anchor.since)
        if first.header.previous_block_id != self._anchor.block_id:
            raise Invalid(
                f"block {self._anchor.since - 1}: expected {self._anchor.block_id.hex().upper()}, "
                f"got {first.header.previous_block_id.hex().upper()}"
            )

    def _check_time(self, header: Header) -> None:
        ahead_ms = header.time_ms - self._clock.now_ms()
        if ahead_ms > LIGHT_AHEAD_MS:
            raise Invalid(
                f"block {header.height} is {ahead_ms // 1000} s ahead of this machine's clock: expected at most "
                f"{LIGHT_AHEAD_MS // 1000}. If the clock is wrong, set it"
            )
