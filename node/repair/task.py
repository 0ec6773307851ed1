"""A damaged store mended before the node runs: links are opened, the rebuild asks them from a thread, and they are closed.

What nobody has is told, and then everything is fetched again from the beginning, the way of every node that is new, if a
peer has the beginning. A node without such peers keeps its store as it is and says what is missing.
"""

import signal
import time
from collections.abc import AsyncIterator

import structlog
import trio

from genesis.file import read_genesis
from machine.clock import SystemClock
from machine.faults import Damaged
from machine.keyfile import KeyKind, read_key
from node.config import Config
from node.home import Home
from node.opening import AskPassphrase
from node.repair.asking import PeerSource, make_network
from node.repair.mend import Mending
from node.repair.source import Lost, Source

log = structlog.get_logger("repair")
_TOLD_SECONDS = 5.0


class Interrupted(Exception):
    """A signal ended the repair; the damaged store is as it was, and the next start begins it again."""

    def __init__(self) -> None:
        super().__init__("a signal ended the repair of the store; the next start begins it again")


def mend_store(home: Home, config: Config, fault: Damaged, ask: AskPassphrase | None) -> None:
    """Mends the store that `fault` tells of, so that the home can be opened again.

    Raises:
        Damaged: it cannot be, and nothing was changed.
        DiskFault: the disk refuses.
        Interrupted: a signal came.
    """
    genesis = read_genesis(home.genesis)
    key = read_key(home.node_key, KeyKind.NODE, ask)
    log.error("the store is damaged and will be repaired from peers", reason=fault.problem)
    mending = Mending(home, home.store(config.store.directory), genesis, SystemClock(), _Progress().tell)

    async def run() -> None:
        node, network = make_network(config, genesis, key)
        with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
            async with trio.open_nursery() as nursery:
                await nursery.start(network.run)
                nursery.start_soon(_stop_on, aiter(signals))
                await trio.to_thread.run_sync(mend_or_begin_anew, mending, fault, PeerSource(node, network))
                nursery.cancel_scope.cancel()

    trio.run(run)


async def _stop_on(signals: AsyncIterator[int]) -> None:
    await anext(signals)
    raise Interrupted


def mend_or_begin_anew(mending: Mending, fault: Damaged, source: Source) -> None:
    """On a thread: mends the store, or puts it aside where others have all of it but what is missing.

    Raises:
        Damaged: neither can be done, and nothing was changed.
        DiskFault: the disk refuses.
    """
    try:
        rebuilt = mending.run(fault, source)
    except Lost as lost:
        if not source.has_peers:
            raise Damaged(
                fault.path,
                f"{fault.problem}; a repair lacks {lost}, and no peer was reached",
                "Start again when other nodes can be reached: what is missing is fetched from them",
            ) from lost
        if not mending.can_begin_anew(source):
            raise Damaged(
                fault.path,
                f"{fault.problem}; a repair lacks {lost}, and no peer has it or the first block to begin anew with",
                "Start again when an archive node can be reached; or, for the state without its past: terang reset, then "
                "terang snapshot import",
            ) from lost
        mending.begin_anew(fault, lost)
        log.error("the store could not be repaired; everything is fetched again", missing=str(lost))
        return
    log.warning("the store is repaired", height=rebuilt.height, fetched=len(rebuilt.fetched))


class _Progress:
    """A line now and then, for who watches the log."""

    def __init__(self) -> None:
        self._next = 0.0

    def tell(self, what: str, count: int) -> None:
        """How far it is."""
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + _TOLD_SECONDS
            log.info("repairing", what=what, at=count)
