"""What stands beside the nodes in a demonstration: the sandbox bank, the treasury's payment gateway and the portals, each a
process of its own with its log.
"""

from collections import Counter
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from cli.bank import DEFAULT_ACCOUNT
from cli.gateway import make_gateway
from cli.portal import PortalName
from cli.ports import LOOPBACK, find_free_ports, is_listening
from cli.processes import Child
from cli.testnet import Testnet
from genesis.file import read_genesis
from node.home import Home
from payments.amounts import PLACES
from pilot.ocds import Release, read_releases

_RELEASES_LOOKED_AT = 1_000
_USUAL_CURRENCY = "IDR"


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One process and where it is found."""

    child: Child
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """All of them. `books` is the bank's file; `account` is the treasury's in it, in this currency."""

    bank: Service
    gateway: Service
    portals: dict[PortalName, Service]
    books: Path
    account: str
    currency: str

    @property
    def children(self) -> tuple[Child, ...]:
        """Every process, in the order in which they are started."""
        return tuple(service.child for service in (self.bank, self.gateway, *self.portals.values()))


def make_scene(network: Testnet, currency: str) -> Scene:
    """Prepares them on free ports, in directories beside the nodes' homes; nothing runs yet.

    Raises:
        NotDone: there are too few free ports.
    """
    bank_port, gateway_port, *portal_ports = find_free_ports(
        2 + len(PortalName),
        besides=[port for node in network.nodes for port in (node.p2p_port, node.rpc_port)],
    )
    bank_home, gateway_home = network.path / "bank", network.path / "gateway"
    bank = _make_service(
        "bank", network.path, bank_port, "bank", "start", "--home", str(bank_home), "--port", str(bank_port),
        "--currency", currency,
    )  # fmt: skip
    make_gateway(
        gateway_home,
        read_genesis(Home(network.nodes[0].home).genesis),
        network.rpc_addresses,
        bank=bank.address,
        port=gateway_port,
    )
    gateway = _make_service(
        "gateway", network.path, gateway_port, "gateway", "start", "--home", str(gateway_home)
    )
    return Scene(
        bank=bank,
        gateway=gateway,
        portals={
            name: _make_portal(name, network, port, gateway.address)
            for name, port in zip(PortalName, portal_ports, strict=True)
        },
        books=bank_home / "bank.sqlite",
        account=DEFAULT_ACCOUNT,
        currency=currency,
    )


def pick_currency(input_path: Path, tenders: int | None) -> str:
    """In which currency the bank holds the treasury's account: that of most tenders, as far as the bank has it.

    Raises:
        UnreadableInput: the file cannot be read.
    """
    read = islice(read_releases(input_path, tenders=tenders), _RELEASES_LOOKED_AT)
    counts = Counter(one.currency for one in read if isinstance(one, Release) and one.currency in PLACES)
    return max(counts, key=lambda currency: (counts[currency], currency), default=_USUAL_CURRENCY)


def _make_portal(name: PortalName, network: Testnet, port: int, gateway: str) -> Service:
    """The supplier's hands accounts to the gateway; the auditor's asks its own node first, and trusts the genesis document."""
    addresses, special = network.rpc_addresses, list[str]()
    match name:
        case PortalName.SUPPLIER:
            special = ["--gateway", gateway]
        case PortalName.AUDITOR:
            addresses.reverse()
            special = ["--genesis", str(Home(network.nodes[-1].home).genesis)]
    nodes = [part for address in addresses for part in ("--node", address)]
    return _make_service(
        f"portal-{name}", network.path, port, "portal", name, "--port", str(port), *nodes, *special
    )


def _make_service(name: str, directory: Path, port: int, *arguments: str) -> Service:
    child = Child(name, ["--", *arguments], directory / "logs" / f"{name}.log", lambda: is_listening(port))
    return Service(child=child, address=f"http://{LOOPBACK}:{port}")
