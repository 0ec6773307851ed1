"""The sandbox bank as a process: its books under a directory, HTTP until a signal."""

import signal
import threading
import time
from pathlib import Path

import structlog

from machine.files import DiskFiles
from machine.logs import configure_logs
from payments.bank.books import Books
from payments.bank.service import make_app
from payments.messages import Party
from rpc.run import RpcThread

log = structlog.get_logger("bank")


def main(home: Path, host: str, port: int, owner: Party, currency: str, balance: int) -> int:
    """Runs the bank until SIGINT or SIGTERM; `owner` has an account with this balance from the first start on.

    Raises:
        NoAddress: the address cannot be bound.
        DiskFault: the directory cannot be made.
        sqlite3.Error: the books cannot be read or written.
    """
    configure_logs("info", "text")
    ending = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ending.set())
    DiskFiles().make_directory(home)
    books = Books(home / "bank.sqlite", lambda: time.time_ns() // 1_000_000)
    books.open_account(owner, currency, balance)
    server = RpcThread(make_app(books), host, port)
    server.start()
    log.info("bank up", address=f"http://{host}:{server.port}", account=owner.number)
    ending.wait()
    server.stop()
    books.close()
    log.info("ended")
    return 0
