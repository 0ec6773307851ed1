"""A day of a network in compressed form: tenders are replayed to their end, and the hours between them pass at once.

Real contracts, real keys and signatures, and the code by which a node commits, on a chain in a node's own store. What
replays tenders sees it as it would a network.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path

from chain.codec import Value
from chain.limits import NONCE_BYTES
from chain.transaction import CheckedTransaction, TxId, check_transaction, compute_transaction_id
from node.config import RetentionConfig, read_config, write_config
from node.home import Home
from pilot.acts import Ask
from pilot.conduct import Pace
from pilot.ledger import CommittedBlock, ViewRefused
from pilot.ocds import Release, read_releases
from pilot.replay import replay
from pilot.sample import sample_path
from tests.chain.making import CHAIN
from tests.node.grown import Grown
from vm.deployment import ModuleCache
from vm.executor import ViewRefused as RefusedByContract
from vm.executor import query_view
from vm.host import BlockEnvironment

HEARTBEAT_MS = 60_000
HOUR_MS = 3_600_000
FULL_NODE = 4
"""Its number among the network's nodes: after four validators."""
_PACE = Pace(submission_ms=2_000, grace_ms=5_000, retry_ms=100)


class Day:
    """See `pilot.ledger.Ledger`; a clock as well, which nobody waits for."""

    def __init__(self, path: Path) -> None:
        self.grown = Grown.found(path)
        self.transactions = 0
        self._now_ms = self.grown.ledger.head.time_ms
        self._pool: list[CheckedTransaction] = []
        self._seen: set[TxId] = set()
        self._modules = ModuleCache()
        self._nonces = count(1)

    def now_ms(self) -> int:
        """See `machine.clock.Clock`."""
        return self._now_ms

    async def sleep(self, seconds: float) -> None:
        """Passes time at once."""
        self._now_ms += round(seconds * 1000)

    def configure(self, retention: RetentionConfig) -> Home:
        """The home of the full node, which keeps so much; it is given the chain when the day ends."""
        home = Home(self.grown.testnet.nodes[FULL_NODE].home)
        write_config(home.config, replace(read_config(home.config), retention=retention))
        return home

    async def pass_hour(self, number: int, tenders: int) -> None:
        """So many tenders from their publication to their end, and nothing for the rest of the hour."""
        end_ms = self._now_ms + HOUR_MS
        await replay(
            self,
            _releases(number, tenders),
            self.grown.testnet.operators,
            pace=_PACE,
            clock=self,
            chance=lambda: next(self._nonces).to_bytes(NONCE_BYTES, "big"),
            on_progress=None,
            treasury=None,
        )
        while self._now_ms < end_ms:
            self._now_ms += HEARTBEAT_MS
            self._commit(())

    def _commit(self, transactions: tuple[bytes, ...]) -> None:
        self._now_ms = max(self._now_ms, self.grown.ledger.head.time_ms + 1)
        self.grown.grow(transactions, self._now_ms)
        self.transactions += len(transactions)

    async def chain_id(self) -> str:
        """See `pilot.ledger.Ledger`."""
        return CHAIN

    async def height(self) -> int:
        """Commits what waits, with the proof block after it, then tells the height."""
        due = [one.raw for one in self._pool if one.transaction.valid_until_ms > self._now_ms + 1]
        self._pool = []
        if due:
            self._commit(tuple(due))
            self._commit(())
        return self.grown.ledger.head.height

    async def block(self, height: int) -> CommittedBlock:
        """See `pilot.ledger.Ledger`."""
        found, results = self.grown.ledger.block(height), self.grown.ledger.results(height)
        assert found is not None and results is not None, f"block {height} is committed"
        ids = map(compute_transaction_id, found.transactions)
        return CommittedBlock(time_ms=found.header.time_ms, results=tuple(zip(ids, results, strict=True)))

    async def send(self, raws: list[bytes]) -> list[str | None]:
        """What was seen before is not taken twice."""
        answers: list[str | None] = []
        for checked in (check_transaction(raw, CHAIN) for raw in raws):
            is_known = checked.id in self._seen
            answers.append("known" if is_known else None)
            if not is_known:
                self._seen.add(checked.id)
                self._pool.append(checked)
        return answers

    async def ask(self, ask: Ask, height_min: int) -> Value:
        """See `pilot.ledger.Ledger`."""
        ledger, head = self.grown.ledger, self.grown.ledger.head
        assert height_min <= head.height
        environment = BlockEnvironment(chain_id=head.chain_id, height=head.height, time_ms=self._now_ms)
        try:
            return query_view(
                ledger.state, environment, ask.contract, ask.method, ask.arguments, self._modules
            )
        except RefusedByContract as refused:
            raise ViewRefused(str(refused)) from refused

    async def turn_away(self) -> None:
        """There is no other node."""


def _releases(hour: int, tenders: int) -> Iterator[Release]:
    """The shipped sample again and again, each time as other tenders."""
    sample = [found for found in read_releases(sample_path()) if isinstance(found, Release)]
    for number in range(tenders):
        release = sample[number % len(sample)]
        yield replace(release, ocid=f"{release.ocid}-{hour}-{number // len(sample)}")
