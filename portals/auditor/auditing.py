"""What the portal needs of whoever knows the genesis document: bundles that were verified by it."""

from collections.abc import Sequence
from typing import Protocol

from chain.codec import Value
from chain.transaction import TxId
from rpc.lineage import Lineage, Source


class Auditing(Protocol):
    """What makes verified bundles, of the network of one genesis document. Raises `Invalid` for what proves nothing."""

    async def prove_transaction(self, source: Source, lineage: Lineage, id_: TxId) -> bytes:
        """The bundle of a transaction."""
        ...

    async def prove_entry(
        self, source: Source, lineage: Lineage, contract: str, storage: str, keys: Sequence[Value]
    ) -> bytes:
        """The bundle of a state entry or of its absence, after the last block that can be proven."""
        ...
