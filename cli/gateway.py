"""`terang gateway`: the treasury's payment gateway, which carries orders of the ledger to a bank and its answers back."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import typer

from chain.keys import SigningKey, format_address
from cli.bank import DEFAULT_ACCOUNT, DEFAULT_NAME, DEFAULT_PORT
from cli.errors import NotDone
from cli.options import NodesOption, example
from cli.passphrases import ask_new, asker
from cli.testnet import make_key
from genesis.ceremony import check_genesis
from genesis.document import Genesis
from genesis.file import read_genesis, render_genesis
from machine.keyfile import KeyKind
from machine.settings import parse_settings
from rpc.client import normalise_address

DEFAULT_BIC = "TRNGIDJA"
"""Of the sandbox bank."""

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="The treasury's payment gateway.")

GatewayHomeOption = Annotated[
    Path, typer.Option("--home", help="The gateway's directory: configuration, key, journal, accounts.")
]


@app.command(
    "init",
    epilog=example(
        "terang gateway init --home gateway --genesis net/agency-1/config/genesis.json --node http://127.0.0.1:26657"
    ),
)
def init(
    home: GatewayHomeOption,
    genesis: Annotated[Path, typer.Option(help="The network's genesis document.")],
    node: NodesOption,
    bank: Annotated[
        str, typer.Option(help="Where the bank takes messages.")
    ] = f"http://127.0.0.1:{DEFAULT_PORT}",
    account: Annotated[str, typer.Option(help="Number of the treasury's account there.")] = DEFAULT_ACCOUNT,
    holder: Annotated[str, typer.Option(help="Its holder.")] = DEFAULT_NAME,
    bic: Annotated[str, typer.Option(help="The bank's BIC.")] = DEFAULT_BIC,
    port: Annotated[
        int, typer.Option(min=0, max=65_535, help="The port to serve at; 0: one that is free.")
    ] = 8_091,
    encrypt: Annotated[
        bool, typer.Option("--encrypt", help="Ask for a passphrase, or take TERANG_PASSPHRASE.")
    ] = False,
) -> None:
    """Make a gateway's configuration and the treasury's key.

    Give three nodes or more: two must agree before anything is paid. An agency's operator then appoints the key that is
    shown.
    """
    founded = read_genesis(genesis)
    check_genesis(founded)
    key = make_gateway(
        home,
        founded,
        node,
        bank=bank,
        account=account,
        holder=holder,
        bic=bic,
        port=port,
        passphrase=lambda: ask_new(is_wanted=encrypt),
    )
    treasury = format_address(key.address)
    typer.echo(
        f"The gateway of {founded.chain_id} is made in {home}; the treasury's key is {treasury}.\n\nNext:"
    )
    typer.echo(
        f"  1. An agency's operator: terang tx call registry appoint_treasury {treasury} --key OPERATOR.key"
    )
    typer.echo(f"  2. terang gateway start --home {home}")


def make_gateway(
    home: Path,
    founded: Genesis,
    nodes: Sequence[str],
    *,
    bank: str,
    port: int,
    account: str = DEFAULT_ACCOUNT,
    holder: str = DEFAULT_NAME,
    bic: str = DEFAULT_BIC,
    passphrase: Callable[[], str | None] = lambda: None,
) -> SigningKey:
    """Writes a gateway's configuration and a new treasury's key; the key. `passphrase` is asked when it is needed.

    Raises:
        NotDone: there is a gateway already.
        ConfigError: what is given cannot be a configuration.
        DiskFault: the operating system refuses to write.
    """
    from payments.nodes import compute_fingerprint  # here, so that other commands do not wait for the gateway
    from payments.settings import GatewayConfig, GatewayHome, write_config

    place = GatewayHome(home)
    if place.config.exists():
        raise NotDone(f"{place.config}: there is a gateway here already. Give another directory with --home")
    table = {
        "chain_id": founded.chain_id,
        "genesis": compute_fingerprint(json.loads(render_genesis(founded))),
        "nodes": [normalise_address(address) for address in nodes],
        "bank": {"url": bank.rstrip("/"), "account": account, "holder": holder, "bic": bic},
        "http": {"port": port},
    }
    config: GatewayConfig = parse_settings(GatewayConfig, table, "gateway init")
    key = make_key(place.key, KeyKind.ACCOUNT, passphrase())
    write_config(place.config, config)
    return key


@app.command("start", epilog=example("terang gateway start --home gateway"))
def start(home: GatewayHomeOption) -> None:
    """Run the gateway of a home directory until Ctrl-C."""
    from payments import gateway  # here, so that other commands do not wait for the gateway to load
    from payments.settings import GatewayHome

    if not GatewayHome(home).config.exists():
        raise NotDone(f"{home}: there is no gateway here. Make one with: terang gateway init --home {home}")
    code = gateway.main(home, asker())
    if code != 0:
        raise typer.Exit(code)
