"""One portal as a process: uvicorn in the foreground until a signal ends it.

The socket is bound first, so that a port in use is an error of the caller.
"""

import socket
import time
from collections.abc import Sequence

import uvicorn
from starlette.applications import Starlette

from chain.limits import PORTAL_CONNECTIONS_MAX
from portals.app import View, make_app
from portals.languages import NAMES, get_language
from portals.ledger import connect
from portals.page import PortalInfo, get_templates

GRACE_S = 2
_BACKLOG = 512


def make_portal(portal: PortalInfo, views: Sequence[View], nodes: Sequence[str]) -> Starlette:
    """A portal on the nodes at these addresses, with its pages and texts read."""
    get_templates()
    for code in NAMES:
        get_language(code)
    return make_app(portal, views, connect(nodes, lambda: time.time_ns() // 1_000_000))


def bind(host: str, port: int) -> socket.socket:
    """The socket to serve at. Raises `OSError` where it cannot be had."""
    bound = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
        bound.listen(_BACKLOG)
    except OSError as error:
        bound.close()
        raise OSError(error.errno, error.strerror, f"{host}:{port}") from error
    return bound


def address_of(bound: socket.socket) -> str:
    """Where a browser finds what is served there."""
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def serve(app: Starlette, bound: socket.socket) -> None:
    """Serves until a signal."""
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        limit_concurrency=PORTAL_CONNECTIONS_MAX,
        timeout_graceful_shutdown=GRACE_S,
        server_header=False,
    )
    uvicorn.Server(config).run(sockets=[bound])
