"""`terang light`: follows the chain by several nodes, trusts none of them, and serves what it can prove.

Trust begins with the genesis document, or with an invitation: a later block for which an agency vouches. From there on every
header is verified and compared among all nodes. What nodes say wrong is told, and the others go on; a fork is told, written
down with its evidence, sent to every node, and ends it.
"""

import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated

import trio
import typer

from chain.block import compute_block_id
from chain.limits import LIGHT_NODES_MAX
from chain.record import Decided
from chain.time import format_time
from cli.audit import plain
from cli.errors import FORKED, LIED, NotDone
from cli.options import NodesOption
from genesis.document import Genesis
from genesis.file import read_genesis, render_genesis
from genesis.founders import anchor_of
from genesis.joining import read_join, verify_join
from light.claims import Conduct
from light.dispute import Unsettled
from light.follower import Follower, Forked, NotTrusted
from light.fork import Fork, tell_fork
from light.fork_file import parse_fork, render_fork
from light.run import Serving, follow, send_evidence
from light.store import HeaderStore
from machine.clock import SystemClock
from machine.files import DiskFiles, replace_file
from node.version import VERSION
from rpc.client import Client, normalise_address
from rpc.lineage import Anchor
from rpc.run import NoAddress

HOST = "127.0.0.1"
_DISK = DiskFiles()
_HEADERS, _FORK = "headers.sqlite", "fork.json"


def light(
    node: NodesOption,
    *,
    home: Annotated[
        Path, typer.Option("--home", help="Where the client keeps what it verified; made if it is not there.")
    ] = Path("light"),
    genesis: Annotated[Path | None, typer.Option(help="The network's genesis document.")] = None,
    invitation: Annotated[
        Path | None,
        typer.Option(help="Begin at the block of an invitation (terang invite), not at the founders."),
    ] = None,
    port: Annotated[
        int, typer.Option(min=0, max=65_535, help="The port to serve at; 0: one that is free.")
    ] = 26_650,
    once: Annotated[
        bool, typer.Option("--once", help="Tell what is trusted now and end; serve nothing.")
    ] = False,
) -> None:
    """Follow the chain without trusting any node.

    Serves what can be proven. Give nodes of several agencies: one honest one among them is enough to find the truth.
    Ends with exit code 3 where the chain was forked; with --once, 1 where some node showed what does not hold.
    """
    document, anchor = _find_anchor(genesis, invitation, home)
    addresses = list(dict.fromkeys(normalise_address(address) for address in node))
    if len(addresses) > LIGHT_NODES_MAX:
        raise NotDone(f"expected at most {LIGHT_NODES_MAX} nodes, got {len(addresses)}")
    _DISK.make_directory(home)
    _check_unforked(home / _FORK, anchor)
    serving = Serving(host=HOST, port=port, genesis=render_genesis(document).encode(), version=VERSION)
    with HeaderStore(home / _HEADERS, anchor) as store:
        code = trio.run(_run, anchor, addresses, store, None if once else serving, home / _FORK)
    if code != 0:
        raise typer.Exit(code)


async def _run(
    anchor: Anchor, addresses: list[str], store: HeaderStore, serving: Serving | None, fork_file: Path
) -> int:
    async with AsyncExitStack() as stack:
        nodes = [await stack.enter_async_context(Client([address])) for address in addresses]
        follower = Follower(anchor=anchor, nodes=nodes, store=store, clock=SystemClock(), tell=_say)
        if len(nodes) == 1:
            _say("one node alone can withhold blocks: give nodes of several agencies, each with --node")
        if follower.head is not None:
            _say(f"goes on from block {follower.head.header.height}")
        try:
            if serving is None:
                return await _look_once(follower)
            await follow(follower, serving, tell=_say, tell_head=lambda head: _tell_head(follower, head))
        except Forked as forked:
            try:
                _write_down(forked.fork, fork_file)
            finally:  # whatever this machine's disk does, the network shall hear of it
                await send_evidence(nodes, forked.fork.evidence, _say)
            return FORKED
        except NoAddress as error:
            raise NotDone(f"{error}. Give another one with --port") from error
        except Unsettled as error:
            raise NotDone(plain(str(error))) from error
    return 0


async def _look_once(follower: Follower) -> int:
    try:
        await follower.step()
    except NotTrusted as error:
        raise NotDone(plain(str(error))) from error
    assert follower.head is not None, "a step that ends has a head"
    _tell_head(follower, follower.head)
    return LIED if any(one.conduct is Conduct.WRONG for one in follower.standings) else 0


# --- Where trust begins -------------------------------------------------------------------------------------------


def _find_anchor(genesis: Path | None, invitation: Path | None, home: Path) -> tuple[Genesis, Anchor]:
    if (genesis is None) is (invitation is None):
        raise NotDone("expected either --genesis FILE or --invitation FILE: trust has to begin somewhere")
    if genesis is not None:
        document = read_genesis(genesis)
        return document, anchor_of(document)
    assert invitation is not None, "one of the two is given"
    joining = read_join(invitation)
    began = (home / _HEADERS).exists()  # then its block was taken in time
    vouched = verify_join(joining, now_ms=None if began else time.time_ns() // 1_000_000)
    checkpoint = vouched.checkpoint
    _say(f"{vouched.agency} vouches for block {checkpoint.height}, {checkpoint.block_id.hex().upper()}")
    return joining.genesis, Anchor(
        chain_id=checkpoint.chain_id,
        genesis_hash=checkpoint.genesis_hash,
        validators=checkpoint.validators,
        contracts=anchor_of(joining.genesis).contracts,
        since=checkpoint.height + 1,
        block_id=checkpoint.block_id,
    )


# --- What is told -------------------------------------------------------------------------------------------------


def _tell_head(follower: Follower, head: Decided) -> None:
    agreeing = sum(one.conduct is Conduct.AGREES for one in follower.standings)
    shown = compute_block_id(head.header).hex().upper()
    time_ = format_time(head.header.time_ms)
    _say(f"block {head.header.height}  {time_}  {shown}  {agreeing} of {len(follower.nodes)} nodes agree")


def _write_down(fork: Fork, path: Path) -> None:
    _say("FORK: " + "\n".join(tell_fork(fork)))
    replace_file(_DISK, path, render_fork(fork).encode())
    _say(f"both certificates are in {path}. Trust nothing after block {fork.height - 1} and ask the members")


def _check_unforked(path: Path, anchor: Anchor) -> None:
    data = _DISK.read(path)
    if data is None:
        return
    fork = parse_fork(data)
    if fork.genesis_hash == anchor.genesis_hash:
        raise NotDone(
            f"{path}: block {fork.height} was decided twice, and nothing here is trusted. When the members have agreed "
            "which history holds, begin at an invitation to it, with another --home"
        )


def _say(text: str) -> None:
    for line in text.splitlines():
        typer.echo(plain(line))
