"""One payment gateway from its home directory to its end.

The journal is read into the book; then every task starts in one nursery, and they meet at the desk alone.

    follower.run    what the ledger releases; and whether its nodes serve
    clerk.run       errands at the bank; several at once
    teller.run      reports to the ledger
    fetcher.run     the bank's notifications and statements
    _tick           time, and accounts that were handed over

A fault of the disk or of the configuration is told in one message; anything else is a mistake of ours and shows its
traceback. A signal ends it, and so may kill -9: everything that counts is on disk before anything follows from it.
"""

import signal
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import structlog
import trio

from chain.keys import SigningKey, format_address
from machine.clock import SystemClock
from machine.faults import DiskFault, find_told
from machine.files import DiskFiles
from machine.keyfile import KeyKind, read_key
from machine.logs import configure_logs
from machine.settings import ConfigError
from payments.accounts import Accounts
from payments.alarms import Alarms
from payments.attempt import Pauses
from payments.book import Book
from payments.clerk import CLERKS, Clerk
from payments.counter import Counter
from payments.desk import Desk
from payments.fetcher import Fetcher
from payments.follower import Follower
from payments.gateway_site import make_app
from payments.journal import Journal, locked
from payments.ledger import Ledger
from payments.messages import Party
from payments.nodes import connect
from payments.settings import BankConfig, GatewayConfig, GatewayHome, read_config
from payments.teller import Teller
from rpc.run import NoAddress, RpcThread

log = structlog.get_logger("gateway")
EXIT_FAULT = 1
TICK_S = 0.2
_HOUR_MS = 3_600_000
_TOLD = (ConfigError, DiskFault, NoAddress)


def main(home: Path, ask: Callable[[], str] | None = None) -> int:
    """Runs the gateway of `home` until a signal ends it; the exit code. `ask` gives the passphrase of an encrypted key."""
    files = DiskFiles()
    try:
        place = GatewayHome(home)
        config = read_config(place.config)
        configure_logs(config.log.level, config.log.format)
        key = read_key(place.key, KeyKind.ACCOUNT, ask)
        with locked(place.journal, files):
            journal = Journal(place.journal, files, chain_id=config.chain_id, key=key.address)
            with closing(journal):
                trio.run(_run, config, key, journal, Accounts(place.accounts, files, key))
    except _TOLD as error:
        return _tell(error)
    except BaseExceptionGroup as group:
        told = find_told(group, _TOLD)
        if told is None:
            raise
        return _tell(told)
    return 0


def _tell(error: BaseException) -> int:
    advice = (
        ". Stop what listens there, or set http.port in gateway.toml" if isinstance(error, NoAddress) else ""
    )
    print(f"terang: {str(error).removeprefix('rpc ')}{advice}", file=sys.stderr)
    return EXIT_FAULT


async def _run(config: GatewayConfig, key: SigningKey, journal: Journal, accounts: Accounts) -> None:
    desk = open_desk(config, journal)
    ledger, for_site = (_make_ledger(config, key) for _ in range(2))
    rpc = RpcThread(make_app(desk, for_site, accounts), config.http.address, config.http.port)
    try:
        async with Counter(config.bank.url, config.bank.account) as counter:
            with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
                async with trio.open_nursery() as nursery:
                    rpc.start()
                    _announce(config, key, desk, rpc.port)
                    start_tasks(nursery, desk, ledger, accounts, counter, config.bank)
                    number = await anext(aiter(signals))
                    log.info("ending", signal=signal.Signals(number).name)
                    nursery.cancel_scope.cancel()
            desk.note_height()
    finally:
        with trio.CancelScope(shield=True):
            await trio.to_thread.run_sync(rpc.stop)
    log.info("ended", height=desk.book.height)


def start_tasks(
    nursery: trio.Nursery, desk: Desk, ledger: Ledger, accounts: Accounts, counter: Counter, bank: BankConfig
) -> None:
    """Everything that the gateway does but HTTP."""
    offset = bank.utc_offset_minutes
    follower = Follower(desk, ledger)
    fetcher = Fetcher(desk, follower, counter, poll_s=bank.poll_ms / 1_000, utc_offset_minutes=offset)
    debtor = Party(name=bank.holder, bank=bank.bic, number=bank.account)
    clerk = Clerk(desk, ledger, accounts, counter, debtor=debtor, utc_offset_minutes=offset)
    nursery.start_soon(follower.run)
    nursery.start_soon(follower.watch_nodes)
    nursery.start_soon(fetcher.run)
    nursery.start_soon(Teller(desk, ledger).run)
    nursery.start_soon(_tick, desk, accounts)
    for _ in range(CLERKS):
        nursery.start_soon(clerk.run)


def open_desk(config: GatewayConfig, journal: Journal) -> Desk:
    """The desk as the journal left it."""
    book = Book(config.chain_id, Pauses(account_ms=config.account_hours * _HOUR_MS))
    for entry in journal.read():
        book.apply(entry)
    book.resume()
    return Desk(book, journal, Alarms(), SystemClock().now_ms)


def _make_ledger(config: GatewayConfig, key: SigningKey) -> Ledger:
    return Ledger(connect(config.nodes, config.chain_id, config.genesis), key, config.chain_id)


def _announce(config: GatewayConfig, key: SigningKey, desk: Desk, port: int) -> None:
    log.info(
        "gateway up",
        address=f"http://{config.http.address}:{port}",
        chain_id=config.chain_id,
        treasury=format_address(key.address),
        bank=config.bank.url,
        height=desk.book.height,
        attempts=len(desk.book.attempts),
        open=len(desk.book.open_ids),
    )
    if len(config.nodes) < 2:
        log.warning("one node alone is believed: name two more under nodes in gateway.toml")


async def _tick(desk: Desk, accounts: Accounts) -> None:
    while True:
        for supplier in accounts.take_arrived():
            desk.find_accounts_of(supplier)
        desk.tick()
        await trio.sleep(TICK_S)
