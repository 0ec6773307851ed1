"""One node from its home directory to its end.

Its parts are assembled, then every task starts in one nursery. A task that fails ends the node: faults of the disk, a port
in use and a state that contradicts its certificate are told in one message each, and anything else is a mistake of ours
and shows its traceback. A signal ends it cleanly: HTTP first, then the links, then the disk, on which everything
acknowledged is synced already.

    reactor.run              owns the head; all else speaks to it through its inbox
    reactor.timers.run       time-outs and heartbeats
    checker.run              proposals' bodies and headers
    network.run              links
    follower.run, run_taking certified blocks from peers
    spreading.run_*          transactions in and out
    accusing.run             evidence observed here, and what waits
    peers.run_stall_watch    what partitions swallowed
    indexing.run             the index of events, after commits
    caretaker.run            lets go of old blocks, gives back their room, measures
    snapshots.run            a snapshot every so many blocks
    scrub.run                everything read again while idle
    harm.run                 damage of the store that somebody met: the node ends, is mended, and runs again
"""

import errno
import signal
import sys
from dataclasses import replace
from pathlib import Path

import structlog
import trio

from chain.errors import Invalid
from chain.limits import REPAIRS_MAX
from machine.clock import SystemClock
from machine.faults import Damaged, DiskFault, find_told
from machine.files import DiskFiles
from machine.logs import configure_logs
from node.assembly import Assembled, assemble
from node.config import Config, ConfigError, read_config
from node.divergence.keeping import Keeper
from node.harm import Harm
from node.home import Home
from node.opening import AskPassphrase, Opened, open_home
from node.repair.mend import finish_switch
from node.repair.task import Interrupted, mend_store
from node.trusted import ForeignChain
from node.validity import Diverged
from p2p.network import Network
from rpc.run import NoAddress, RpcThread
from rpc.server import DiskFaults, make_app

log = structlog.get_logger("node")
EXIT_FAULT = 1


class AddressTaken(Exception):
    """A listening address cannot be had; the message names the key of the configuration to change."""


_TOLD = (ConfigError, DiskFault, Invalid, AddressTaken, Diverged, ForeignChain, Interrupted)
"""What is told to the operator in one message; anything else is a mistake of ours."""


def _tell_of_disk(method: str, fault: Exception) -> str:
    """Tells the operator all, and a client what is damaged, without where things lie on this machine."""
    log.error("this node cannot read its own disk", method=method, reason=str(fault))
    what = fault.problem if isinstance(fault, DiskFault) else "it cannot be read"
    return f"this node's disk fails it: {what}. Ask another node"


def main(home: Path, ask: AskPassphrase | None = None) -> int:
    """Runs the node of `home` until a signal ends it; the exit code. `ask` gives passphrases of encrypted keys."""
    if not __debug__:
        print(
            "terang: python -O removes checks that this node relies on; start it without -O", file=sys.stderr
        )
        return EXIT_FAULT
    try:
        place = Home(home)
        config = read_config(place.config)
        configure_logs(config.log.level, config.log.format)
        finish_switch(place.store(config.store.directory))
        _run_and_mend(place, config, ask)
    except _TOLD as error:
        return _tell(error)
    except BaseExceptionGroup as group:
        told = find_told(group, _TOLD)
        if told is None:
            raise
        return _tell(told)
    return 0


def _make_keeper(home: Home, opened: Opened) -> Keeper:
    return Keeper(directory=home.diverged, ledger=opened.ledger, files=DiskFiles(), clock=SystemClock())


def _run_and_mend(place: Home, config: Config, ask: AskPassphrase | None) -> None:
    """Runs the node to its end; where its store turns out to be damaged, mends it and runs the node again, some times."""
    store = place.store(config.store.directory)
    for left in range(REPAIRS_MAX, -1, -1):
        try:
            with open_home(place, config, ask) as opened, _make_keeper(place, opened):
                trio.run(_run, opened)
            return
        except (Damaged, BaseExceptionGroup) as error:
            fault = find_told(error, _TOLD) if isinstance(error, BaseExceptionGroup) else error
            if not isinstance(fault, Damaged) or fault.path != store or not left:
                raise
        mend_store(place, config, fault, ask)


def _tell(error: BaseException) -> int:
    print(f"terang: {error}", file=sys.stderr)
    return EXIT_FAULT


async def _run(opened: Opened) -> None:
    node = assemble(opened)
    config = opened.config
    harm = Harm(opened.ledger.path, trio.lowlevel.current_trio_token())
    rpc = _bind_rpc(config, node, harm)
    try:
        with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
            async with trio.open_nursery() as nursery:
                p2p_port = await _listen(nursery, node.network, config)
                _announce(opened, node, p2p_port, rpc.port)
                nursery.start_soon(node.reactor.run)
                nursery.start_soon(node.reactor.timers.run)
                nursery.start_soon(node.checker.run)
                nursery.start_soon(node.follower.run)
                nursery.start_soon(node.follower.run_taking)
                nursery.start_soon(node.spreading.run_admission)
                nursery.start_soon(node.spreading.run_announcing)
                nursery.start_soon(node.accusing.run)
                nursery.start_soon(node.peers.run_stall_watch)
                nursery.start_soon(node.indexing.run)
                nursery.start_soon(node.caretaker.run)
                nursery.start_soon(node.snapshots.run)
                nursery.start_soon(node.scrub.run)
                nursery.start_soon(harm.run)
                rpc.start()
                number = await anext(aiter(signals))
                log.info("ending", signal=signal.Signals(number).name)
                await trio.to_thread.run_sync(rpc.stop)
                nursery.cancel_scope.cancel()
    finally:
        with trio.CancelScope(shield=True):
            await trio.to_thread.run_sync(rpc.stop)
            await trio.to_thread.run_sync(node.admission.close)
    log.info("ended", height=opened.ledger.head.height)


def _bind_rpc(config: Config, node: Assembled, harm: Harm) -> RpcThread:
    def tell(method: str, fault: Exception) -> str:
        harm.report(fault)
        return _tell_of_disk(method, fault)

    disk_faults = DiskFaults(kinds=(DiskFault,), tell=tell, find_lack=node.backend.find_lack)
    try:
        return RpcThread(make_app(node.backend, disk_faults), config.rpc.address, config.rpc.port)
    except NoAddress as error:
        raise AddressTaken(f"{error}. {_advise_address('rpc', is_in_use=error.is_in_use)}") from error


async def _listen(nursery: trio.Nursery, network: Network, config: Config) -> int:
    try:
        port: int = await nursery.start(network.run)
    except OSError as error:
        is_in_use = error.errno == errno.EADDRINUSE
        reason = "Address already in use" if is_in_use else error.strerror
        raise AddressTaken(
            f"p2p address {config.p2p.address}:{config.p2p.port}: {reason}. "
            f"{_advise_address('p2p', is_in_use=is_in_use)}"
        ) from error
    return port


def _advise_address(section: str, *, is_in_use: bool) -> str:
    if is_in_use:
        return f"Stop what listens there, perhaps this node; or set {section}.port in config/terang.toml"
    return f"Set {section}.address in config/terang.toml to an address that this machine has"


def _announce(opened: Opened, node: Assembled, p2p_port: int, rpc_port: int) -> None:
    config = opened.config
    info = node.backend.info = replace(
        node.backend.info,
        p2p_address=f"tcp://{config.p2p.external or f'{config.p2p.address}:{p2p_port}'}",
        rpc_address=f"tcp://{config.rpc.address}:{rpc_port}",
    )
    log.info(
        "node up",
        moniker=info.moniker,
        chain_id=info.chain_id,
        height=opened.ledger.head.height,
        p2p=info.p2p_address,
        rpc=info.rpc_address,
        role="full node" if info.validator is None else "validator",
    )
