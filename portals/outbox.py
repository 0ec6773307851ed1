"""What was sent from here lately, so that a form that comes again is not a second transaction.

Within a minute a form that is posted twice becomes the same bytes (`portals.compose`). A person may come back to it later: by
the browser's Back, by loading a page again, in another tab. What is remembered is in memory alone; without it, the page that
is to be signed says all the same what would be done again.
"""

from collections import OrderedDict
from dataclasses import dataclass

from chain.codec import encode
from chain.hashing import Digest, sha256
from chain.keys import PublicKey
from chain.limits import PORTAL_SENT_REMEMBERED_MAX
from chain.transaction import Call, Transaction, TxId


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """A transaction that nodes took. `act`: the hash of its last call, which is that of its form."""

    id: TxId
    valid_until_ms: int
    act: Digest


class Outbox:
    """See the module."""

    def __init__(self) -> None:
        self._posted: OrderedDict[tuple[PublicKey, bytes], Posted] = OrderedDict()

    def remember(self, transaction: Transaction, id_: TxId) -> None:
        """A transaction that went out."""
        act = _hash(transaction.calls[-1])
        posted = Posted(id=id_, valid_until_ms=transaction.valid_until_ms, act=act)
        self._posted[transaction.sender, transaction.nonce] = posted
        while len(self._posted) > PORTAL_SENT_REMEMBERED_MAX:
            self._posted.popitem(last=False)

    def find(self, sender: PublicKey, nonce: bytes, call: Call) -> Posted | None:
        """What went out of this very form with this very call; None where nothing is known."""
        posted = self._posted.get((sender, nonce))
        return posted if posted is not None and posted.act == _hash(call) else None


def _hash(call: Call) -> Digest:
    return Digest(sha256(encode((call.contract, call.method, call.arguments))))
