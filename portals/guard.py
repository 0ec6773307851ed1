"""What stands around every page: what a browser may do with it, and who may post to it.

A page loads scripts, styles and pictures from here alone, is shown in no frame, and posts only to here. A post must come
from a page of this very address: the browser says so by `Origin`, or by `Sec-Fetch-Site` where it leaves that out.
"""

from collections.abc import Callable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_READS = ("GET", "HEAD", "OPTIONS")
_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}

_FILES, _ASK = "max-age=600", "no-cache"
"""Scripts and styles may be kept for minutes: after an upgrade nobody signs with scripts of two releases for longer."""


def is_from_here(headers: Headers) -> bool:
    """Whether a post comes from a page of this address."""
    origin = headers.get("origin")
    if origin is None:
        return headers.get("sec-fetch-site") == "same-origin"
    return bool(origin) and urlsplit(origin).netloc == headers.get("host")


class Guard:
    """The middleware. `refuse`: what somebody is shown who posts from elsewhere."""

    def __init__(self, app: ASGIApp, refuse: Callable[[Request], Response]) -> None:
        self._app = app
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuses posts from elsewhere and adds the headers to every answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("cache-control", _FILES if scope["path"].startswith("/static/") else _ASK)
            await send(message)

        if scope["method"] not in _READS and not is_from_here(Headers(scope=scope)):
            await self._refuse(Request(scope))(scope, receive, send_guarded)
            return
        await self._app(scope, receive, send_guarded)
