"""The application of one portal: its own pages, and what every portal has: keys, signing, the network, static files.

Handlers know of no loop: uvicorn gives them asyncio, tests give them trio. What can go wrong in each becomes a page in
the person's words here, in one place.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from chain.errors import Invalid
from portals import documents, keys, network, signing
from portals.guard import Guard
from portals.languages import DEFAULT, NAMES, Language, Text, get_language, say
from portals.ledger import Ledger, ViewRefused
from portals.page import LANGUAGE_COOKIE, Page, PortalInfo, TooLarge, render_alone
from portals.refusals import explain_text
from rpc.client import Unreachable
from rpc.requests import CallRefused, PrunedThere

STATIC = Path(__file__).parent / "static"
_FAILED = (
    say("Something failed here"),
    say(
        "This portal made a mistake. What is on the record stays as it is; if you were sending something, look whether it is "
        "there before you send it again."
    ),
)
_FROM_ELSEWHERE = (
    say("This did not come from here"),
    say(
        "Only a page of this portal sends it forms, and this one came from elsewhere, or your browser hides where it came from. "
        "Nothing was done. Open the page here and send it again."
    ),
)
Handler = Callable[[Page], Awaitable[Response]]


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A page of a portal: a path behind the language, and who answers."""

    path: str
    handler: Handler
    methods: tuple[str, ...] = ("GET",)


READING: tuple[View, ...] = (
    View(path="/network", handler=network.show),
    View(path="/texts", handler=signing.texts),
    View(path="/documents/{hash}", handler=documents.show),
    View(path="/documents/{hash}/container", handler=documents.give),
    View(path="/proposals/{tender}/{bidder}", handler=documents.show_proposal),
)
"""What every portal has."""
SIGNING: tuple[View, ...] = (
    View(path="/key", handler=keys.show),
    View(path="/key", handler=keys.choose, methods=("POST",)),
    View(path="/compose/{contract}/{method}", handler=signing.prepare, methods=("POST",)),
    View(path="/send", handler=signing.send, methods=("POST",)),
    View(path="/tx/{id}", handler=signing.show),
    View(path="/tx/{id}/state", handler=signing.state),
    View(path="/tx/{id}/receipt", handler=signing.receipt),
    View(path="/describe/{contract}/{method}", handler=signing.describe),
    View(path="/sealing", handler=documents.tell_sealing),
    View(path="/documents/{hash}", handler=documents.keep, methods=("POST",)),
)
"""What a portal has besides that prepares calls; who only reads has no key here and posts nothing."""


def views_of(portal: PortalInfo, views: Sequence[View]) -> tuple[View, ...]:
    """All pages of a portal, its own first: they may take the place of what every portal has."""
    return (*views, *(SIGNING if portal.forms else ()), *READING)


def make_app(portal: PortalInfo, views: Sequence[View], ledger: Ledger) -> Starlette:
    """The application of a portal; each page stands once for each language."""
    routes: list[BaseRoute] = [Route("/", _choose_language)]
    for code in NAMES:
        routes += [_make_route(code, view, portal, ledger) for view in views_of(portal, views)]
    routes.append(Mount("/static", StaticFiles(directory=STATIC)))

    async def missing(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        page = Page(request=request, portal=portal, ledger=ledger, language=_language_of(request))
        return await _show_problem(page, error.status_code, say("There is no such page."), str(error.detail))

    async def failed(request: Request, _: Exception) -> Response:
        return render_alone(portal, _language_of(request), 500, *_FAILED)

    def refuse(request: Request) -> Response:
        return render_alone(portal, _language_of(request), 403, *_FROM_ELSEWHERE)

    return Starlette(
        routes=routes,
        middleware=[Middleware(Guard, refuse=refuse)],
        exception_handlers={HTTPException: missing, Exception: failed},
    )


def _make_route(code: str, view: View, portal: PortalInfo, ledger: Ledger) -> Route:
    async def endpoint(request: Request) -> Response:
        page = Page(request=request, portal=portal, ledger=ledger, language=get_language(code))
        return await _answer(page, view.handler)

    return Route(f"/{code}{view.path}", endpoint, methods=list(view.methods))


async def _answer(page: Page, handler: Handler) -> Response:
    """What the handler answers; what the person, the ledger or the network got wrong as a page."""
    try:
        return await handler(page)
    except ViewRefused as refused:
        explained = explain_text(str(refused), page.language)
        return await page.render("refused.html", code=404, explained=explained)
    except Unreachable as error:
        text = say("No node of the network answers this portal now. Nothing is lost: try again in a minute.")
        return await _show_problem(page, 503, text, str(error))
    except PrunedThere as error:
        text = say("No node that this portal reads keeps this any more. An archive node has it.")
        return await _show_problem(page, 410, text, str(error))
    except CallRefused as error:
        return await _show_problem(page, 502, say("The node does not answer this question."), str(error))
    except TooLarge as error:
        return await _show_problem(
            page, 413, say("This is more than a form of this portal holds."), str(error)
        )
    except Invalid as error:
        return await _show_problem(page, 400, say("What was sent does not fit this page."), str(error))


async def _show_problem(page: Page, status: int, text: Text, detail: str) -> Response:
    return await page.render("problem.html", code=status, text=text, detail=detail)


async def _choose_language(request: Request) -> Response:
    return RedirectResponse(f"/{_preferred(request)}/", status_code=307)


def _language_of(request: Request) -> Language:
    """The language that the path names, or the preferred one."""
    code = request.url.path.split("/")[1]
    return get_language(code if code in NAMES else _preferred(request))


def _preferred(request: Request) -> str:
    """The language chosen last, or what the browser asks for, or Indonesian."""
    chosen = request.cookies.get(LANGUAGE_COOKIE)
    if chosen in NAMES:
        return chosen
    wanted = request.headers.get("accept-language", "")[:2].lower()
    return wanted if wanted in NAMES else DEFAULT
