"""A page for an act: what it does, what it is about, and its form; or that the contract does not let this key do it now.

Every act of an officer has such a page. Whether its form is there is the contract's word (`acts`), read at the moment
when the page is asked for; when the form comes back, the contract decides again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from starlette.responses import Response

from portals.forms import Form
from portals.languages import Text
from portals.page import Page
from rpc.contracts import Named


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A form with what it is filled with. `label` tells it from others of the same page; `part`: a template of what is in
    the form besides its fields.
    """

    form: Form
    note: Text
    values: Mapping[str, object]
    label: str = ""
    part: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something to know before acting: the name of its label, how it is shown, and its value."""

    label: str
    reading: str
    value: Named


async def show_act(
    page: Page,
    offers: Sequence[Offer],
    *,
    title: str,
    about: str,
    back: str,
    currency: str = "IDR",
    zone: int,
    facts: Sequence[Fact] = (),
    names: Mapping[bytes, str] | None = None,
    script: str = "",
) -> Response:
    """The page. Without offers it says that there is nothing to do here now."""
    values: dict[str, object] = {
        "offers": offers,
        "title": title,
        "about": about,
        "back": back,
        "currency": currency,
        "zone": zone,
        "facts": facts,
        "names": names or {},
        "script": script,
    }
    return await page.render_all("agency/act.html", values)


def act_in(page: Page) -> str:
    """The act that the path names, as contracts name it: `open-prices` is `OPEN_PRICES`."""
    return str(page.request.path_params["act"]).upper().replace("-", "_")
