"""What a case of a page is, and what may be wrong with the world while it is looked at."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from playwright.sync_api import Page

from chain.keys import SigningKey
from tests.portals.showing import ALFA

DATA: "tuple[Case, ...]" = ()
"""Cases of a view that answers with data for a script, or with a file: there is nothing to look at."""


class World(Enum):
    """How the nodes behind a portal are."""

    WELL = "well"
    BEHIND = "behind"
    GONE = "gone"
    BROKEN = "broken"  # answers what no portal expects: a mistake of ours


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A page to look at. `act`: what is done once it is open, until it is as it should be seen.

    `holds_key`: whether the browser has the key of `who`. `is_secure`: whether the address is one where it may.
    """

    name: str
    path: str
    who: SigningKey | None = ALFA
    act: Callable[[Page], None] | None = None
    world: World = World.WELL
    holds_key: bool = True
    is_secure: bool = True
    code: int = 200
