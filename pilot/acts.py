"""What a procedure wants done, as data: a procedure is a generator that yields these and is sent the
`Answer`.

So procedures are plain sequential code without clock, network or keys' secrets in flight, and whoever drives
them (a network, or a test with the contract machine alone) decides how.
"""

from collections.abc import Generator
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from chain.codec import Value
from chain.keys import Address
from chain.payment import BankAccount
from chain.result import TransactionResult, find_refusal
from chain.transaction import Call
from pilot.keyring import Person
from pilot.orders import Order


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One transaction to be: who signs, what is called, and not before when.

    `once` names an act that the whole run does a single time, however many tenders ask for it.
    """

    signer: Person
    calls: tuple[Call, ...]
    gas_limit: int
    due_ms: int = 0
    once: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """Send these, and go on when every one is in a block."""

    acts: tuple[Act, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sleep:
    """Go on at this time."""

    until_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """Ask a view of a contract."""

    contract: str
    method: str
    arguments: tuple[Value, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOver:
    """Hand a supplier's account to the treasury's gateway, once in a run; go on when it has it."""

    supplier: Address
    account: BankAccount


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Tell the watchers where this tender stands."""

    name: str


Wish: TypeAlias = Send | Sleep | Ask | HandOver | Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of the last wish, and the time: results in the order of the acts, or the view's value."""

    now_ms: int
    results: tuple[TransactionResult, ...] = ()
    value: Value = None


class Refused(Exception):
    """An act that the procedure cannot do without was refused; the message is the contract's own."""


def refusal(result: TransactionResult) -> str | None:
    """The contract's message with its values, or None where the act took effect."""
    return find_refusal(result) or None


def is_refused_by(result: TransactionResult, *clauses: str) -> bool:
    """Whether one of these rules refused it: each the beginning of the contract's text."""
    return result.trap is not None and result.trap.message.startswith(clauses)


Procedure: TypeAlias = Generator[Wish, Answer, "Outcome"]
Answered = TypeVar("Answered")
Part = Generator[Wish, Answer, Answered]
"""A piece of a procedure and what comes of it."""


def must(*acts: Act, also: tuple[str, ...] = ()) -> Part[tuple[TransactionResult, ...]]:
    """Sends acts of which each takes effect or is refused by one of `also`; raises `Refused` otherwise."""
    results = (yield Send(acts=acts)).results if acts else ()
    for result in results:
        if not result.is_ok and not is_refused_by(result, *also):
            raise Refused(refusal(result))
    return results


@dataclass(frozen=True, slots=True, kw_only=True)
class Winner:
    """One awarded bidder, by its id in the record, and its price in minor units."""

    bidder: str
    price: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a tender ended on the ledger: the stage in the contract's word, whose it is, winners by rank, how often it was
    published, and the payment orders of its agreements.
    """

    tender: bytes
    agency: str
    stage: str
    winners: tuple[Winner, ...]
    bids: int
    rounds: int
    orders: tuple[Order, ...] = ()
