"""What a run needs of a network, whichever of its nodes answers."""

from dataclasses import dataclass
from typing import Protocol

from chain.codec import Value
from chain.keys import Address
from chain.payment import BankAccount
from chain.result import TransactionResult
from chain.transaction import TxId
from pilot.acts import Ask


class Unreachable(Exception):
    """No node answered, or none is as far as it must be; what was asked may be asked again."""


class ViewRefused(Exception):
    """A view refused to answer; the message is the contract's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommittedBlock:
    """A block as the run needs it: its time, and each transaction's id with its result."""

    time_ms: int
    results: tuple[tuple[TxId, TransactionResult], ...]


class GatewayAway(Unreachable):
    """The treasury's gateway did not answer; what was asked may be asked again."""


class Treasury(Protocol):
    """The treasury's gateway, as suppliers reach it."""

    @property
    def address(self) -> Address:
        """The key by which it reports payments; agencies appoint it."""
        ...

    async def hand_over(self, supplier: Address, account: BankAccount) -> None:
        """The gateway takes a supplier's account; raises `ViewRefused` where it does not, `GatewayAway` where it is away."""


class Ledger(Protocol):
    """Nodes that a run talks to, whichever of them answers. Every method may raise `Unreachable`."""

    async def chain_id(self) -> str:
        """Which network this is."""

    async def height(self) -> int:
        """The height of the last block."""

    async def block(self, height: int) -> CommittedBlock:
        """The block at a height that is committed."""

    async def send(self, raws: list[bytes]) -> list[str | None]:
        """Hands transactions to a node; for each None, or why the node did not take it."""

    async def ask(self, ask: Ask, height_min: int) -> Value:
        """A view's value at this height or later; raises `ViewRefused`, or `Unreachable` where no node is
        there yet.
        """

    async def turn_away(self) -> None:
        """Talk to another node from now on."""
