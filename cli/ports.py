"""Free TCP ports of this machine, for networks whose nodes must know each other's ports before they start.

They are sought below the range from which the system takes ports for outgoing connections, so that none is taken between
the search and the start of its node.
"""

import errno
import secrets
import socket
from collections.abc import Collection
from contextlib import ExitStack

from cli.errors import NotDone

LOOPBACK = "127.0.0.1"
_FIRST = 20_000
_LAST = 32_000
_TRIES_MAX = 10_000
_CONNECT_S = 1.0


def find_free_ports(count: int, besides: Collection[int] = ()) -> tuple[int, ...]:
    """So many different ports on which nobody listens now, `besides` some that are promised; raises `NotDone` where there
    are too few.
    """
    found: list[int] = []
    with ExitStack() as held:
        for _ in range(_TRIES_MAX):
            if len(found) == count:
                return tuple(found)
            port = _FIRST + secrets.randbelow(_LAST - _FIRST)
            candidate = held.enter_context(socket.socket())
            if port not in besides and is_bound(candidate, port):
                found.append(port)
    raise NotDone(
        f"expected {count} free ports from {_FIRST} to {_LAST}, found {len(found)}. Give --base-port"
    )


def is_bound(candidate: socket.socket, port: int) -> bool:
    """Binds a socket to a loopback port; False where another holds it."""
    try:
        candidate.bind((LOOPBACK, port))
    except OSError as error:
        if error.errno not in (errno.EADDRINUSE, errno.EACCES):
            raise
        return False
    return True


def is_listening(port: int) -> bool:
    """Whether somebody takes connections on a loopback port."""
    with socket.socket() as asking:
        asking.settimeout(_CONNECT_S)
        return asking.connect_ex((LOOPBACK, port)) == 0
