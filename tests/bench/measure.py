"""One measurement from beginning to end: found a network, load it, ask it what it did, end it.

Every figure is of the same run on the same machine: four validator processes with real links and real disks, one client
process, and this one, which sleeps while they work.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

from chain.result import ResultCode
from chain.transaction import TxId, compute_transaction_id
from cli.heads import Head, is_agreed, wait_until_agreed
from cli.processes import ENTRY, NodeProcess, Processes
from cli.testnet import TestnetNode, make_testnet
from genesis.document import DEMO_RULES
from rpc.client import SyncClient
from rpc.requests import committed, num_unconfirmed_txs, status
from tests.bench.figures import MeasuredBlock, Miscounted, Steady, check_accounts, pick_steady
from tests.bench.machine import CPUS, compute_others_share, read_busy_s
from tests.bench.profiled import BEGIN, RESULT
from tests.bench.sender import Arrivals, Sent, saturate, send_steadily
from tests.bench.stages import Stages, measure_stages
from tests.bench.verifying import Verified, measure_verifying
from tests.bench.workload import make_transactions

CHAIN = "terang-bench"
VALIDATORS = 4
PROFILED = "tests.bench.profiled"
_WARM_TRANSACTIONS = 200
_QUIET_S = 120.0
_STEP_S = 0.1
_VERIFY_ROUNDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much is measured. Profiled nodes are measured at saturation only.

    At saturation the client sends batches of `batch_max` while fewer than `waiting_max` wait at the entry node: several
    blocks, so that no proposer lacks work.
    """

    transactions: int
    batch_max: int
    waiting_max: int
    seconds: float
    per_s: float
    verify_round_s: float
    stage_blocks: int
    stage_transactions: int
    is_profiled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Saturation:
    """What came of sending as fast as possible. Processor seconds are of the whole run, from the first to the last."""

    steady: Steady
    transactions: int
    seconds: float
    node_cpu_s: tuple[float, ...]
    client_cpu_s: float
    client_waits: int
    others_share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Everything that was measured, before any of it is divided by another."""

    verify_before: tuple[Verified, ...]
    verify_after: tuple[Verified, ...]
    stages: Stages
    saturation: Saturation
    arrivals: Arrivals | None
    heads: tuple[Head, ...]
    rss_bytes: tuple[int, ...]
    profiles: tuple[str, ...]


def measure(plan: Plan, directory: Path, tell: Callable[[str], None]) -> Measured:
    """Measures on a network in a new directory under `directory`, which is removed afterwards.

    Raises:
        Miscounted: the network did not carry out what it was given, or its nodes do not agree.
    """
    directory.mkdir(parents=True, exist_ok=True)
    tell("verifying signatures")
    verify_before = measure_verifying(_VERIFY_ROUNDS, plan.verify_round_s)
    tell("one node's work, stage by stage")
    with TemporaryDirectory(prefix="stages-", dir=directory) as place:
        stages = measure_stages(Path(place) / "nodes", plan.stage_blocks, plan.stage_transactions)
    with TemporaryDirectory(prefix="network-", dir=directory) as place:
        testnet = make_testnet(
            Path(place) / "nodes",
            validators=VALIDATORS,
            full_nodes=0,
            chain_id=CHAIN,
            rules=DEMO_RULES,
            base_port=None,
        )
        entry = PROFILED if plan.is_profiled else ENTRY
        nodes = [NodeProcess(node, entry) for node in testnet.nodes]
        with Processes(nodes) as processes, _sending_process() as pool:
            tell("starting four validators")
            processes.start()
            processes.wait_until_up()
            bench = _Bench(processes, testnet.nodes, pool, plan)
            bench.warm()
            tell(f"signing and sending {plan.transactions} transactions")
            for node in testnet.nodes:
                (node.home / BEGIN).touch()
            saturation = bench.saturate(plan.transactions)
            arrivals = None
            if not plan.is_profiled:
                tell(f"sending {plan.per_s:g} transactions a second for {plan.seconds:g} s")
                arrivals = bench.send_steadily(plan.per_s, plan.seconds)
            heads = bench.wait_until_agreed()
            rss_bytes = tuple(process.measure() for process in processes.all)
        profiles = tuple((node.home / RESULT).read_text() for node in testnet.nodes if plan.is_profiled)
    tell("verifying signatures again")
    return Measured(
        verify_before=verify_before,
        verify_after=measure_verifying(_VERIFY_ROUNDS, plan.verify_round_s),
        stages=stages,
        saturation=saturation,
        arrivals=arrivals,
        heads=heads,
        rss_bytes=rss_bytes,
        profiles=profiles,
    )


@contextmanager
def _sending_process() -> Iterator[ProcessPoolExecutor]:
    with ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn")) as pool:
        yield pool


class _Bench:
    """A running network and the process that sends to its first node."""

    def __init__(
        self,
        processes: Processes[NodeProcess],
        nodes: Sequence[TestnetNode],
        pool: ProcessPoolExecutor,
        plan: Plan,
    ) -> None:
        self._processes = processes
        self._addresses = [node.rpc_address for node in nodes]
        self._pool = pool
        self._plan = plan

    @property
    def _entry(self) -> str:
        return self._addresses[0]

    def warm(self) -> None:
        """Has some transactions committed that nobody counts, so that contracts are loaded and links are up."""
        self._saturate(make_transactions(_WARM_TRANSACTIONS, CHAIN))
        self.wait_until_agreed()

    def saturate(self, count: int) -> Saturation:
        """Measures so many transactions sent as fast as the node takes them, all of which must be carried out."""
        raws = make_transactions(count, CHAIN)
        first, busy_s, cpu_s = self._get_height() + 1, read_busy_s(), self._read_cpu_s()
        began = time.perf_counter()
        sent = self._saturate(raws)
        self.wait_until_agreed()
        seconds = time.perf_counter() - began
        used_s = tuple(now - before for now, before in zip(self._read_cpu_s(), cpu_s, strict=True))
        others = compute_others_share(read_busy_s() - busy_s, sum(used_s) + sent.cpu_s, seconds, CPUS)
        return Saturation(
            steady=pick_steady(self._check_blocks(first, raws)),
            transactions=count,
            seconds=seconds,
            node_cpu_s=used_s,
            client_cpu_s=sent.cpu_s,
            client_waits=sent.waits,
            others_share=others,
        )

    def send_steadily(self, per_s: float, seconds: float) -> Arrivals:
        """Measures how long transactions take to be told in a block while they come at a steady rate."""
        raws = make_transactions(round(per_s * seconds), CHAIN)
        first = self._get_height() + 1
        arrivals = self._pool.submit(send_steadily, self._entry, raws, per_s).result()
        self.wait_until_agreed()
        self._check_blocks(first, raws)
        return arrivals

    def wait_until_agreed(self) -> tuple[Head, ...]:
        """Waits until nothing waits at any node and all have one height and one root; where they then stand."""
        end = time.monotonic() + _QUIET_S
        while any(self._count_waiting(address) for address in self._addresses):
            if time.monotonic() > end:
                raise Miscounted(f"transactions still wait {_QUIET_S:.0f} s after the last was sent")
            time.sleep(_STEP_S)
        heads = wait_until_agreed(self._addresses, timeout_s=_QUIET_S)
        if not is_agreed(heads):
            raise Miscounted(f"the nodes do not agree: {heads}")
        return heads

    def _saturate(self, raws: Sequence[bytes]) -> Sent:
        plan = self._plan
        return self._pool.submit(saturate, self._entry, raws, plan.batch_max, plan.waiting_max).result()

    def _read_cpu_s(self) -> tuple[float, ...]:
        return tuple(process.read_cpu_s() for process in self._processes.all)

    def _count_waiting(self, address: str) -> int:
        with SyncClient([address]) as client:
            return int(client.call(num_unconfirmed_txs()).total)

    def _get_height(self) -> int:
        with SyncClient([self._entry]) as client:
            return int(client.call(status()).sync_info.latest_block_height)

    def _check_blocks(self, first: int, raws: Sequence[bytes]) -> list[MeasuredBlock]:
        """The blocks from `first` to the last, which must hold exactly these transactions, each with effect."""
        blocks: list[MeasuredBlock] = []
        found: list[tuple[TxId, ResultCode]] = []
        last = self._get_height()
        with SyncClient([self._entry]) as client:
            for height in range(first, last + 1):
                block = client.call(committed(height))
                found.extend((id_, result.code) for id_, result in block.transactions)
                blocks.append(
                    MeasuredBlock(height=height, time_ms=block.time_ms, transactions=len(block.transactions))
                )
        check_accounts([compute_transaction_id(raw) for raw in raws], found)
        return blocks
