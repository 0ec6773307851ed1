"""One light client from its nodes to its end: a task that follows, and HTTP on a thread of its own if it is asked for.

    follower.step            hears every node, once a second
    RpcThread                verified reads; they cross over to the loop of the follower

Two nodes that contradict each other without a fork being proven end nothing: nothing is served until it is settled. A fork
ends everything: it is told to every node, and whoever runs this has to decide.
"""

import os
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import trio

from chain.evidence import DuplicateVote
from chain.keys import SEED_BYTES, SigningKey
from chain.record import Decided
from light.backend import LightBackend
from light.dispute import NO_ANSWER, Unsettled
from light.follower import Follower, Forked, NotTrusted, Refuted
from light.party import Node
from light.web import make_light_app
from machine.faults import DiskFault
from rpc import requests
from rpc.backend import NodeInfo
from rpc.run import RpcThread

STEP_S = 1.0
_ENDS = (Forked, Refuted, DiskFault)
"""After which nobody goes on without a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """Where verified reads are served, and what is told of this process."""

    host: str
    port: int
    genesis: bytes
    version: str


async def follow(
    follower: Follower,
    serving: Serving,
    *,
    tell: Callable[[str], None],
    tell_head: Callable[[Decided], None],
) -> None:
    """Follows and serves until a signal comes. Raises `Forked`, `Refuted`, a `DiskFault`; `rpc.run.NoAddress` at its start."""
    token = trio.lowlevel.current_trio_token()
    backend = LightBackend(
        follower=follower, genesis=serving.genesis, info=_make_info(follower, serving), token=token
    )
    rpc = RpcThread(make_light_app(backend, tell), serving.host, serving.port)
    backend.info = replace(backend.info, rpc_address=f"tcp://{serving.host}:{rpc.port}")

    def serve() -> None:
        rpc.start()
        tell(f"verified reads at http://{serving.host}:{rpc.port}")

    ended: list[Exception] = []

    async def run(scope: trio.CancelScope) -> None:
        try:
            await _follow(follower, backend, serve, tell, tell_head)
        except _ENDS as error:
            ended.append(error)
            scope.cancel()

    try:
        with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(run, nursery.cancel_scope)
                await anext(aiter(signals))
                nursery.cancel_scope.cancel()
    finally:
        with trio.CancelScope(shield=True):
            await trio.to_thread.run_sync(rpc.stop)
    for error in ended:
        raise error


async def _follow(
    follower: Follower,
    backend: LightBackend,
    serve: Callable[[], None],
    tell: Callable[[str], None],
    tell_head: Callable[[Decided], None],
) -> None:
    """Rounds without end; serves from the first trusted block on."""
    told, is_serving = "", False
    while True:
        try:
            if await follower.step() and follower.head is not None:
                tell_head(follower.head)
            trouble = ""
        except Refuted:
            raise
        except (NotTrusted, Unsettled) as error:
            trouble = str(error)
        if trouble not in ("", told):
            tell(f"nothing new is trusted: {trouble}")
        told = trouble
        if follower.head is not None and not is_serving:
            await backend.begin()
            serve()
            is_serving = True
        backend.on_step()
        with trio.move_on_after(STEP_S):
            await follower.forked.wait()
        if follower.fork is not None:  # somebody's question found it
            raise Forked(follower.fork)


async def send_evidence(
    nodes: Sequence[Node], evidence: Sequence[DuplicateVote], tell: Callable[[str], None]
) -> int:
    """Hands evidence to every node; by how many all of it was taken."""
    taken = 0
    for node in nodes if evidence else ():
        try:
            for one in evidence:
                await node.call(requests.broadcast_evidence(one))
        except NO_ANSWER as error:
            tell(f"{node.address} does not take the evidence: {error}")
        else:
            taken += 1
            tell(f"{node.address} took the evidence")
    return taken


def _make_info(follower: Follower, serving: Serving) -> NodeInfo:
    key = SigningKey.from_seed(os.urandom(SEED_BYTES))  # it signs nothing: a name for this run
    return NodeInfo(
        chain_id=follower.anchor.chain_id,
        moniker="light client",
        version=serving.version,
        node_key=key.public,
        p2p_address="",
        rpc_address="",
        validator=None,
    )
