"""The run on a real network: nodes, this machine's clock and its chance."""

import os
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

import trio

from chain.keys import SigningKey
from chain.limits import NONCE_BYTES
from pilot.conduct import Pace
from pilot.network import connect
from pilot.ocds import read_releases
from pilot.replay import replay
from pilot.report import PilotReport, Progress
from pilot.treasury import connect_gateway


async def run_pilot(
    addresses: list[str],
    input_path: Path,
    operators: dict[str, SigningKey],
    *,
    tenders: int | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    pace: Pace | None = None,
    gateway: str | None = None,
) -> PilotReport:
    """Replays tenders of a file on the network at these RPC addresses. Runs on trio.

    `operators` maps the name of each agency to its operator's key. Where there is a `gateway` at an address, agencies appoint
    its key as their treasury, and every payment is waited for. Bad lines are in the report, not raised.

    Raises:
        UnreadableInput: the file cannot be read.
        Unreachable: no node answered, or no block came, for longer than a run waits; `GatewayAway` the same of the gateway.
    """
    releases = read_releases(input_path, tenders=tenders)
    async with AsyncExitStack() as stack:
        network = await stack.enter_async_context(connect(addresses))
        treasury = None if gateway is None else await stack.enter_async_context(connect_gateway(gateway))
        return await replay(
            network,
            releases,
            operators,
            pace=pace or Pace(),
            clock=WallClock(),
            chance=lambda: os.urandom(NONCE_BYTES),
            on_progress=on_progress,
            treasury=treasury,
        )


class WallClock:
    """This machine's clock."""

    def now_ms(self) -> int:
        """Milliseconds since 1970 UTC."""
        return time.time_ns() // 1_000_000

    async def sleep(self, seconds: float) -> None:
        """Lets other tasks of this loop go on meanwhile."""
        await trio.sleep(seconds)
