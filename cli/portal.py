"""`terang portal`: one of the web applications for people, in the foreground until a signal ends it."""

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.errors import NotDone
from cli.options import NodesOption
from genesis.file import read_genesis
from genesis.founders import anchor_of
from rpc.client import normalise_address

if TYPE_CHECKING:  # the portals are loaded when one is served
    from portals.app import View
    from portals.page import PortalInfo

PORTS = {"supplier": 8_081, "agency": 8_082, "auditor": 8_083}


class PortalName(StrEnum):
    """Which portal."""

    SUPPLIER = "supplier"
    AGENCY = "agency"
    AUDITOR = "auditor"


def portal(
    name: Annotated[PortalName, typer.Argument(help="For whom it is.")],
    node: NodesOption,
    host: Annotated[str, typer.Option(help="The address to serve at.")] = "127.0.0.1",
    gateway: Annotated[
        list[str] | None,
        typer.Option(
            help="A treasury's payment gateway, to which suppliers hand their bank accounts; several times for several."
        ),
    ] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65_535, help="The port; each portal has its own.")
    ] = None,
    genesis: Annotated[
        Path | None,
        typer.Option(
            help="The network's genesis document, from which the auditor's portal checks everything."
        ),
    ] = None,
) -> None:
    """Serve a portal for people in browsers.

    Give as many nodes as you know: transactions go to f+1 of them. Browsers keep keys only on pages over HTTPS or from
    localhost: put a reverse proxy with a certificate in front of it for everybody else.
    """
    from portals import run  # here, so that other commands do not wait for the portals to load

    if genesis is not None and name is not PortalName.AUDITOR:
        raise NotDone(f"--genesis: expected with the auditor's portal, got it with {name}")
    if gateway and name is not PortalName.SUPPLIER:
        raise NotDone(f"--gateway: expected with the supplier's portal, got it with {name}")
    info, views = _choose(name, genesis, [normalise_address(address) for address in gateway or ()])
    addresses = [normalise_address(address) for address in node]
    if len(set(addresses)) != len(addresses):
        raise NotDone(f"--node: expected different nodes, got {', '.join(addresses)}")
    serving = run.bind(host, PORTS[name] if port is None else port)
    typer.echo(
        f"The {name} portal is at {run.address_of(serving)}; it speaks to {', '.join(addresses)}. Ctrl-C ends it."
    )
    run.serve(run.make_portal(info, views, addresses), serving)


def _choose(
    name: PortalName, genesis: Path | None, gateways: Sequence[str]
) -> "tuple[PortalInfo, Sequence[View]]":
    from portals.agency import portal as agency
    from portals.auditor import portal as auditor
    from portals.supplier import portal as supplier
    from portals.treasuries import Treasuries

    match name:
        case PortalName.SUPPLIER:
            return supplier.SUPPLIER, supplier.make_views(Treasuries(gateways))
        case PortalName.AGENCY:
            return agency.AGENCY, agency.VIEWS
        case PortalName.AUDITOR:
            if genesis is None:
                return auditor.AUDITOR, auditor.make_views(None)
            from genesis.auditing import Auditing  # here, as it brings the contracts' machine

            document = read_genesis(genesis)
            return auditor.AUDITOR, auditor.make_views(anchor_of(document), Auditing(document))
