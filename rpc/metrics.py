"""Prometheus metrics under CometBFT's names, so that its dashboards work. Rendered from what the `Backend`
tells, at the moment of asking.

Counters that only the node itself can keep come from `Backend.measured`, by the names in `MEASURED`.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from chain.block import CertifiedBlock, encode_block
from chain.pruned import Pruned
from chain.vote import Height
from rpc.backend import Backend
from rpc.render import render_node_id

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_PREFIX = "cometbft_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One metric: name without prefix, Prometheus type, and what it is."""

    name: str
    kind: str
    text: str


MEASURED: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric(
            name="consensus_total_txs", kind="gauge", text="Transactions in blocks since this node started."
        ),
        Metric(
            name="consensus_byzantine_validators",
            kind="gauge",
            text="Validators that contradicted themselves in this node's sight, or in blocks, since it started.",
        ),
        Metric(
            name="evidence_pending", kind="gauge", text="Evidence against validators that no block has yet."
        ),
        Metric(
            name="evidence_committed_total",
            kind="counter",
            text="Evidence against validators in blocks since this node started.",
        ),
        Metric(
            name="consensus_rounds_total",
            kind="counter",
            text="Rounds beyond the first that blocks have needed since this node started.",
        ),
        Metric(
            name="consensus_block_interval_seconds_sum",
            kind="counter",
            text="Seconds between blocks, summed.",
        ),
        Metric(name="consensus_block_interval_seconds_count", kind="counter", text="Blocks that were timed."),
        Metric(
            name="consensus_commit_seconds_sum", kind="counter", text="Seconds spent executing and writing."
        ),
        Metric(
            name="scrub_passes_total",
            kind="counter",
            text="How often everything on this node's disk was read again since it started.",
        ),
        Metric(name="scrub_read_bytes_total", kind="counter", text="Bytes that were read for it."),
        Metric(
            name="scrub_damaged",
            kind="gauge",
            text="Damaged files found since this node started, each with a note in data/quarantine.",
        ),
        Metric(name="mempool_failed_txs", kind="counter", text="Transactions that were not let in."),
        Metric(name="mempool_evicted_txs", kind="counter", text="Transactions displaced by others."),
        Metric(
            name="p2p_links_refused_total",
            kind="counter",
            text="Links refused: strangers and failed handshakes.",
        ),
        Metric(name="process_resident_memory_bytes", kind="gauge", text="Memory of this process."),
        Metric(name="process_cpu_seconds_total", kind="counter", text="CPU time of this process."),
    )
}
"""What a node tells besides. The two of the process keep Prometheus' own names."""


def render_metrics(backend: Backend) -> str:
    """All metrics in the text format."""
    labels = f'chain_id="{_escape(backend.info.chain_id)}"'
    lines: list[str] = []
    for metric, more, value in (*_derived(backend), *_peers(backend), *_measured(backend)):
        name = metric.name if metric.name.startswith("process_") else _PREFIX + metric.name
        head = [f"# HELP {name} {metric.text}", f"# TYPE {name} {metric.kind}"]
        lines += head if head[0] not in lines else []
        lines.append(f"{name}{{{labels}{more}}} {value:.17g}")
    return "\n".join(lines) + "\n"


def _escape(text: str) -> str:
    """A label's value in the text format."""
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


_Row = tuple[Metric, str, float]


def _gauge(name: str, text: str, value: float) -> _Row:
    return Metric(name=name, kind="gauge", text=text), "", value


def _derived(backend: Backend) -> Iterator[_Row]:
    standing, consensus, waiting = backend.standing(), backend.consensus(), backend.waiting(0)
    yield _gauge("consensus_height", "Height of the last block.", standing.height)
    yield _gauge("consensus_latest_block_height", "Height of the last block.", standing.height)
    yield _gauge(
        "consensus_block_time_seconds", "Time of the last block, since 1970 UTC.", standing.time_ms / 1000
    )
    yield _gauge("blocksync_syncing", "1 while this node is behind.", float(standing.is_behind))
    yield _gauge(
        "consensus_rounds", "Round of the height under decision.", 0 if consensus is None else consensus.round
    )
    yield _gauge("mempool_size", "Transactions that wait.", waiting.count)
    yield _gauge("mempool_size_bytes", "Bytes of transactions that wait.", waiting.bytes_total)
    yield _gauge("p2p_peers", "Links.", len(backend.peers()))
    yield from _of_validators(backend, standing.height)
    yield from _of_last_block(backend, standing.height)
    yield from _of_room(backend)


def _of_validators(backend: Backend, height: Height) -> Iterator[_Row]:
    validators = backend.validators(Height(height + 1))
    if validators is None:
        return
    yield _gauge("consensus_validators", "Validators.", len(validators))
    yield _gauge("consensus_validators_power", "Their power.", validators.total_power)
    own = None if backend.info.validator is None else backend.info.validator
    power = sum(validator.power for validator in validators.validators if validator.public == own)
    yield _gauge("consensus_validator_power", "This node's power.", power)


def _of_last_block(backend: Backend, height: Height) -> Iterator[_Row]:
    found, validators = _find_block(backend, height), backend.validators(height)
    if found is None or validators is None:
        return
    pairs = list(zip(found.certificate.signatures, validators.validators, strict=True))
    missing = [validator for signature, validator in pairs if signature is None]
    yield _gauge("consensus_num_txs", "Transactions in the last block.", len(found.block.transactions))
    yield _gauge("consensus_block_size_bytes", "Bytes of the last block.", len(encode_block(found.block)))
    yield _gauge("consensus_missing_validators", "Validators not in the last certificate.", len(missing))
    power = sum(validator.power for validator in missing)
    yield _gauge("consensus_missing_validators_power", "Their power.", power)


def _find_block(backend: Backend, height: Height) -> CertifiedBlock | None:
    """None also where the ledger begins with a snapshot of that height and has no block yet."""
    try:
        return backend.block(height)
    except Pruned:
        return None


def _of_room(backend: Backend) -> Iterator[_Row]:
    room = backend.room()
    if room is None:
        return
    taken = Metric(name="storage_bytes", kind="gauge", text="Bytes of this node's directory, by class.")
    for name, size in room.classes.items():
        yield taken, f',class="{_escape(name)}"', size
    yield _gauge("storage_free_bytes", "Bytes free on the disk of the ledger.", room.free_bytes)
    yield _gauge("storage_blocks_since", "The oldest block that is kept.", room.blocks_since)
    if room.growth_bytes_per_day is not None:
        yield _gauge("storage_growth_bytes_per_day", "A day's growth.", room.growth_bytes_per_day)
    if room.days_to_full is not None:
        yield _gauge("storage_days_to_full", "Days until the disk is full.", room.days_to_full)


def _peers(backend: Backend) -> Iterator[_Row]:
    received = Metric(name="p2p_peer_receive_bytes_total", kind="counter", text="Bytes received of a link.")
    sent = Metric(name="p2p_peer_send_bytes_total", kind="counter", text="Bytes sent to a link.")
    peers = backend.peers()
    for peer in peers:
        yield received, f',peer_id="{render_node_id(peer.node_key)}"', peer.received_bytes
    for peer in peers:
        yield sent, f',peer_id="{render_node_id(peer.node_key)}"', peer.sent_bytes


def _measured(backend: Backend) -> Iterator[_Row]:
    for name, value in backend.measured().items():
        yield MEASURED[name], "", value
