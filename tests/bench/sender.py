"""The client of a measurement, in a process of its own: it sends as fast as one node takes, or at a steady rate."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import trio

from chain.transaction import TxId, compute_transaction_id
from rpc.client import Client, Subscription, SyncClient
from rpc.requests import broadcast_txs, num_unconfirmed_txs
from rpc.values import AdmissionCode, Admitted

_PAUSE_S = 0.01
_LATE_S = 30.0
"""So long after its last transaction a steady run waits for the blocks."""


class Refused(Exception):
    """A node refused a transaction for another reason than that too many wait."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """How sending went: processor seconds of this process, and how often it had to wait for the node."""

    cpu_s: float
    seconds: float
    waits: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrivals:
    """Milliseconds from each transaction's time to be sent until its block was told, and how long sending took."""

    latencies_ms: tuple[float, ...]
    seconds: float


def saturate(address: str, raws: Sequence[bytes], batch_max: int, waiting_max: int) -> Sent:
    """Sends everything to one node in batches; while `waiting_max` or more wait there, this side waits."""
    began, cpu_began, waits = time.perf_counter(), time.process_time(), 0
    left = list(reversed(raws))
    with SyncClient([address]) as client:
        while left:
            if int(client.call(num_unconfirmed_txs()).total) >= waiting_max:
                waits += 1
                time.sleep(_PAUSE_S)
                continue
            batch = [left.pop() for _ in range(min(batch_max, len(left)))]
            answers = client.call(broadcast_txs(batch))
            again = _pick_unaccepted(batch, answers)
            if again:
                left.extend(again)
                waits += 1
                time.sleep(_PAUSE_S)
    return Sent(cpu_s=time.process_time() - cpu_began, seconds=time.perf_counter() - began, waits=waits)


def _pick_unaccepted(batch: Sequence[bytes], answers: Sequence[Admitted]) -> list[bytes]:
    """Those to be sent again because the node is full."""
    again = []
    for raw, answer in zip(batch, answers, strict=True):
        if answer.code in (AdmissionCode.FULL, AdmissionCode.SENDER_FULL):
            again.append(raw)
        elif answer.code != AdmissionCode.OK:
            raise Refused(f"transaction {answer.id.hex()}: {answer.message} ({answer.code})")
    return again


def send_steadily(address: str, raws: Sequence[bytes], per_s: float) -> Arrivals:
    """Sends one transaction after the other at its time, whether those before are in a block or not."""
    return trio.run(_send_steadily, address, raws, per_s)


async def _send_steadily(address: str, raws: Sequence[bytes], per_s: float) -> Arrivals:
    due: dict[TxId, float] = {}
    seen: dict[TxId, float] = {}
    async with (
        Client([address]) as client,
        client.subscribe("tm.event = 'Tx'") as blocks,
        trio.open_nursery() as nursery,
    ):
        nursery.start_soon(_watch, blocks, len(raws), seen)
        began = trio.current_time()
        for number, raw in enumerate(raws):
            due[compute_transaction_id(raw)] = began + number / per_s
            await trio.sleep_until(began + number / per_s)
            nursery.start_soon(partial(_send_one, client, raw))
        seconds = trio.current_time() - began
        nursery.cancel_scope.deadline = trio.current_time() + _LATE_S
    missing = len(due) - len(seen.keys() & due.keys())
    if missing:
        raise Refused(f"{missing} of {len(due)} transactions were told in no block within {_LATE_S:.0f} s")
    return Arrivals(latencies_ms=tuple((seen[id_] - at) * 1000 for id_, at in due.items()), seconds=seconds)


async def _send_one(client: Client, raw: bytes) -> None:
    (answer,) = await client.call(broadcast_txs([raw]))
    if answer.code != AdmissionCode.OK:
        raise Refused(f"transaction {answer.id.hex()}: {answer.message} ({answer.code})")


async def _watch(blocks: Subscription, count: int, seen: dict[TxId, float]) -> None:
    """Notes when each transaction is told; ends when so many were."""
    while len(seen) < count:
        event = await blocks.receive()
        now = trio.current_time()
        for text in event["events"]["tx.hash"]:
            seen.setdefault(TxId(bytes.fromhex(text)), now)
