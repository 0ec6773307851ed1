"""`terang portal`: one of the web applications for people, in the foreground until a signal ends it."""

from enum import StrEnum
from typing import Annotated

import typer

from cli.errors import NotDone
from cli.options import NodesOption
from rpc.client import normalise_address

_PORTS = {"supplier": 8_081, "agency": 8_082, "auditor": 8_083}


class PortalName(StrEnum):
    """Which portal."""

    SUPPLIER = "supplier"
    AGENCY = "agency"


def portal(
    name: Annotated[PortalName, typer.Argument(help="For whom it is.")],
    node: NodesOption,
    host: Annotated[str, typer.Option(help="The address to serve at.")] = "127.0.0.1",
    port: Annotated[
        int | None, typer.Option(min=0, max=65_535, help="The port; each portal has its own.")
    ] = None,
) -> None:
    """Serve a portal for people in browsers.

    Give as many nodes as you know: transactions go to f+1 of them. Browsers keep keys only on pages over HTTPS or from
    localhost: put a reverse proxy with a certificate in front of it for everybody else.
    """
    from portals import run  # here, so that other commands do not wait for the portals to load
    from portals.agency import portal as agency
    from portals.supplier import portal as supplier

    portals = {
        PortalName.SUPPLIER: (supplier.SUPPLIER, supplier.VIEWS),
        PortalName.AGENCY: (agency.AGENCY, agency.VIEWS),
    }
    info, views = portals[name]
    addresses = [normalise_address(address) for address in node]
    if len(set(addresses)) != len(addresses):
        raise NotDone(f"--node: expected different nodes, got {', '.join(addresses)}")
    serving = run.bind(host, _PORTS[name] if port is None else port)
    typer.echo(
        f"The {name} portal is at {run.address_of(serving)}; it speaks to {', '.join(addresses)}. Ctrl-C ends it."
    )
    run.serve(run.make_portal(info, views, addresses), serving)
