"""All attempts, by their end-to-end ids, and how far ledger and bank were read: what the journal's entries add up to.

Pure: an input goes to its attempt, and what the attempt asks for comes back with its id.
"""

from dataclasses import dataclass, field

from chain.payment import compute_end_to_end_id
from payments.attempt import Attempt, Pauses, Release, Stage, Standing
from payments.chart import handle, release
from payments.effects import Effect
from payments.entries import Entry, Fetched, Followed, OfAttempt, Reconciled
from payments.inputs import Input, Released, Resumed

_IN_THE_WAY = frozenset({Stage.INTENDED, Stage.ACCEPTED, Stage.PAID})


@dataclass
class Book:
    """Owned by one task; whoever only shows it reads a copy of `attempts`."""

    chain_id: str
    pauses: Pauses = field(default_factory=Pauses)
    height: int = 0
    notification: int = 0
    reconciled_day: str = ""
    attempts: dict[str, Attempt] = field(default_factory=dict)
    open_ids: dict[str, None] = field(default_factory=dict)
    """Ids of attempts of which something is due, in the order of their release."""

    def apply(self, entry: Entry) -> None:
        """An entry of the journal, in its turn."""
        match entry:
            case OfAttempt(end_to_end_id=id_, fact=Released() as fact):
                self._put(id_, release(fact)[0])
            case OfAttempt(end_to_end_id=id_, fact=fact):
                self._put(id_, handle(self.attempts[id_], fact, self.pauses)[0])
            case Followed():
                self.height = entry.height
            case Fetched():
                self.notification = entry.number
            case Reconciled():
                self.reconciled_day = entry.day

    def resume(self) -> None:
        """After the last entry: what was under way is in doubt."""
        for id_ in list(self.open_ids):
            self.give(id_, Resumed())

    def release(self, released: Release, standing: Standing, now_ms: int) -> tuple[Effect, ...]:
        """An order that the ledger shows as released; nothing for one that is here."""
        id_ = released.end_to_end_id
        assert id_ == compute_end_to_end_id(self.chain_id, released.order, released.attempt), released
        if id_ in self.attempts:
            return ()
        attempt, effects = release(
            Released(release=released, standing=standing, at_ms=now_ms, earlier=self.find_earlier(released))
        )
        self._put(id_, attempt)
        return effects

    def give(self, id_: str, given: Input) -> tuple[Effect, ...]:
        """An input to an attempt."""
        attempt, effects = handle(self.attempts[id_], given, self.pauses)
        self._put(id_, attempt)
        return effects

    def _put(self, id_: str, attempt: Attempt) -> None:
        self.attempts[id_] = attempt
        if attempt.is_over:
            self.open_ids.pop(id_, None)
        else:
            self.open_ids[id_] = None

    def find_earlier(self, released: Release) -> str:
        """Why the order must not be paid again, of earlier attempts; empty if none is in the way."""
        for number in range(1, released.attempt):
            id_ = compute_end_to_end_id(self.chain_id, released.order, number)
            earlier = self.attempts.get(id_)
            if earlier is not None and earlier.stage in _IN_THE_WAY:
                stage = earlier.stage.name.lower()
                return f"attempt {number} of this order is {stage} at the bank and has not come back"
        return ""
