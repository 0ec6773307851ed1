"""`python -m tests.bench.joining --blocks 20000`: a full node joins a long chain: seconds, bytes, blocks a second, and kills.

The chain is grown in this process through the code that nodes run, then validators serve it over TCP as processes, and a
fresh node joins by an invitation with `terang join`. Every second block has two transactions, each other one is its proof.
Then the same with kill -9 at random moments: whoever is started again goes on where it was. Written to `.bench/joining.json`.
"""

import json
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import Annotated

import httpx2
import typer
from rich.console import Console
from rich.table import Table

from cli.heads import Head, get_head
from cli.processes import Child, NodeProcess, Processes
from cli.testnet import Testnet, TestnetNode
from genesis.joining import render_join
from node.home import Home
from tests.node.grown import Grown

DIRECTORY = Path(".bench")
VALIDATORS = 4
JOINER = VALIDATORS
"""The place of the node that joins: the members have admitted it in the genesis document."""
WAIT_S = 900.0
_BLOCK_MS = 1_000
_DAY_MS = 86_400_000
_STEP_S = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """How a node joined. `bytes` came over its links; `kills` times it was ended by kill -9 on its way.

    `cpu_s` is its processor time, which tells more than `seconds` where the machine has other work.
    """

    way: str
    blocks: int
    seconds: float
    cpu_s: float
    bytes: int
    store_bytes: int
    kills: int

    @property
    def blocks_per_s(self) -> float:
        """How fast the head moved."""
        return self.blocks / self.seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A network that is served, and the invitation to it."""

    testnet: Testnet
    invitation: Path
    height: int

    @property
    def server(self) -> str:
        """RPC address of a validator."""
        return self.testnet.nodes[0].rpc_address


def grow(path: Path, blocks: int) -> Place:
    """The network with its chain in each validator's home, and an invitation."""
    now_ms = time.time_ns() // 1_000_000
    grown = Grown.found(path / "network", validators=VALIDATORS, began_ms=now_ms - (blocks + 60) * _BLOCK_MS)
    while grown.ledger.head.height < blocks - 1:
        grown.grow([grown.make_registration(), grown.make_registration()])
        grown.grow()
    invitation = path / "join.json"
    invitation.write_text(render_join(grown.invite(made_ms=now_ms, until_ms=now_ms + _DAY_MS)))
    height = grown.ledger.head.height
    grown.put_snapshot()
    grown.close()
    for number in range(1, VALIDATORS):
        grown.give_to(number)
    return Place(testnet=grown.testnet, invitation=invitation, height=height)


@contextmanager
def serving(place: Place) -> Iterator[None]:
    """The validators run."""
    with Processes([NodeProcess(node) for node in place.testnet.nodes[:VALIDATORS]]) as processes:
        processes.start()
        processes.wait_until_up()
        yield


def join(place: Place, way: str, kills: int, chance: Random, expected_s: float) -> Joined:
    """A fresh node joins, and is killed so often at random moments of the time that it is expected to take."""
    node = place.testnet.nodes[JOINER]
    home = _make_empty(place, node)
    child = _make_child(place, node, home, way)
    received, spent, cpu_s = 0, 0.0, 0.0
    try:
        for left in range(kills, -1, -1):
            began, limit_s = time.monotonic(), chance.uniform(0.0, 1.0) * expected_s / max(1, kills)
            child.start()
            received += _watch(place, node, child, limit_s if left else WAIT_S, is_last=not left)
            spent += time.monotonic() - began
            cpu_s += child.read_cpu_s()
            child.kill()
    finally:
        child.kill()
    size = sum(path.stat().st_size for path in home.path.rglob("*") if path.is_file())
    received += _read_received_before(place, way)
    return Joined(
        way=way,
        blocks=place.height,
        seconds=spent,
        cpu_s=cpu_s,
        bytes=received,
        store_bytes=size,
        kills=kills,
    )


def _make_empty(place: Place, node: TestnetNode) -> Home:
    """The joiner's home with its node key alone."""
    home, kept = Home(node.home), place.invitation.parent / "joiner.key"
    if not kept.exists():
        shutil.copy(home.node_key, kept)
        shutil.copy(home.config, place.invitation.parent / "joiner.toml")
    shutil.rmtree(home.path)
    home.node_key.parent.mkdir(parents=True)
    home.config.parent.mkdir()
    shutil.copy(kept, home.node_key)
    shutil.copy(place.invitation.parent / "joiner.toml", home.config)
    return home


def _log_of(place: Place, way: str) -> Path:
    return place.invitation.parent / f"joiner-{way}.log"


def _make_child(place: Place, node: TestnetNode, home: Home, way: str) -> Child:
    arguments = ["--", "join", str(place.invitation), "--home", str(home.path), "--by", way]
    _log_of(place, way).unlink(missing_ok=True)
    return Child(
        node.name, arguments, _log_of(place, way), lambda: get_head(node.rpc_address).height is not None
    )


def _watch(place: Place, node: TestnetNode, child: Child, limit_s: float, *, is_last: bool) -> int:
    """Returns when the node is level or the time is over, with what came over its links."""
    end, received = time.monotonic() + limit_s, 0
    while time.monotonic() < end:
        child.check()
        head = get_head(node.rpc_address)
        if head.height is not None:
            received = max(received, _read_received(node))
            if head.height >= place.height:
                assert _is_same(head, place), f"{head} is not what {get_head(place.server)} has"
                return received
        time.sleep(_STEP_S)
    assert not is_last, f"the node was not level within {limit_s} s"
    return received


def _is_same(head: Head, place: Place) -> bool:
    """Whether the state at one height is the validators'; they may have gone on meanwhile."""
    server = get_head(place.server)
    return head.height != server.height or head.state_root == server.state_root


def _read_received(node: TestnetNode) -> int:
    """What came over all links of a node."""
    lines = httpx2.get(f"{node.rpc_address}/metrics").text.splitlines()
    rows = [line for line in lines if line.startswith("cometbft_p2p_peer_receive_bytes_total")]
    return sum(int(float(row.rpartition(" ")[2])) for row in rows)


def _read_received_before(place: Place, way: str) -> int:
    """What came of a snapshot before the node was up, by its log; of an attempt that was killed nothing is told."""
    found = re.findall(r"received_bytes=(\d+)", _log_of(place, way).read_text())
    return int(found[-1]) if found else 0


def make_table(found: list[Joined]) -> Table:
    """What was measured."""
    table = Table(title="A full node joins", title_justify="left")
    for name in ("by", "kill -9", "blocks", "seconds", "CPU s", "blocks/s", "MB received", "MB on disk"):
        table.add_column(name, justify="right")
    for one in found:
        table.add_row(
            one.way,
            str(one.kills),
            str(one.blocks),
            f"{one.seconds:.1f}",
            f"{one.cpu_s:.1f}",
            f"{one.blocks_per_s:.0f}",
            f"{one.bytes / 1e6:.1f}",
            f"{one.store_bytes / 1e6:.1f}",
        )
    return table


def bench(
    blocks: Annotated[int, typer.Option(min=2, help="How long the chain is.")] = 20_000,
    kills: Annotated[int, typer.Option(min=0, help="How often the joining node is killed, each way.")] = 10,
    seed: Annotated[int, typer.Option(help="Of the moments.")] = 1,
) -> None:
    """Measure how a full node joins a long chain."""
    console, path = Console(), DIRECTORY / "joining"
    shutil.rmtree(path, ignore_errors=True)
    console.print(f"… a chain of {blocks} blocks grows", style="dim")
    found: list[Joined] = []
    place = grow(path, blocks)
    with serving(place):
        for way in WAYS:
            console.print(f"… a node joins by {way}", style="dim")
            found.append(join(place, way, 0, Random(seed), 0.0))
            if kills:
                console.print(f"… by {way}, killed {kills} times", style="dim")
                found.append(join(place, way, kills, Random(seed), found[-1].seconds))
    console.print(make_table(found))
    document = [{**asdict(one), "blocks_per_s": round(one.blocks_per_s, 1)} for one in found]
    (DIRECTORY / "joining.json").write_text(json.dumps(document, indent=2) + "\n")


WAYS = ("snapshot", "blocks")

if __name__ == "__main__":
    typer.run(bench)
