"""`terang init`: a node's keys and configuration. The genesis document comes from all members together."""

from pathlib import Path
from typing import Annotated

import typer

from chain.keys import address_of
from chain.limits import CHAIN_ID_BYTES_MAX
from cli.errors import NotDone
from cli.options import HomeOption
from cli.passphrases import ask_new
from cli.testnet import make_key, make_validator_key
from machine.keyfile import KeyKind
from node.config import Config, parse_config, write_config
from node.home import Home


def init(
    home: HomeOption,
    moniker: Annotated[str, typer.Option(help="The node's name, shown to others.")],
    chain_id: Annotated[
        str | None,
        typer.Option(help="The network's name; a validator's record of signatures is bound to it."),
    ] = None,
    full_node: Annotated[bool, typer.Option("--full-node", help="A node that decides no blocks.")] = False,
    encrypt: Annotated[
        bool,
        typer.Option("--encrypt", "--passphrase", help="Ask for a passphrase, or take TERANG_PASSPHRASE."),
    ] = False,
) -> None:
    """Make keys and configuration of one node."""
    place = Home(home)
    if place.config.exists():
        raise NotDone(f"{place.config}: there is a node here already. Give another directory with --home")
    if not full_node and chain_id is None:
        raise NotDone(
            "--chain-id is missing: the name of the network that the validator will sign for. "
            "A node that decides no blocks is made with --full-node"
        )
    if chain_id is not None:
        check_chain_id(chain_id)
    config: Config = parse_config({"moniker": moniker}, "--moniker")
    passphrase = ask_new(is_wanted=encrypt)
    node_key = make_key(place.node_key, KeyKind.NODE, passphrase)
    keys = f"--node-key {node_key.public.hex()}"
    if chain_id is not None and not full_node:
        validator_key = make_validator_key(place, chain_id, passphrase)
        keys += f" --consensus-key {validator_key.public.hex()}"
    write_config(place.config, config)
    _tell_next(home, moniker, keys, address_of(node_key.public).hex(), is_validator=not full_node)


def check_chain_id(chain_id: str) -> None:
    """Raises `NotDone` for a name that no network can have."""
    size = len(chain_id.encode())
    if not 1 <= size <= CHAIN_ID_BYTES_MAX:
        raise NotDone(f"--chain-id: expected 1 to {CHAIN_ID_BYTES_MAX} bytes, got {size}")


def _tell_next(home: Path, moniker: str, keys: str, node_id: str, *, is_validator: bool) -> None:
    kind = "validator" if is_validator else "full node"
    typer.echo(f"The {kind} {moniker} is made in {home}; its links are known by {node_id}.\n\nNext:")
    steps = []
    if is_validator:
        steps.append(
            "Make the key that acts for your agency, and note its ADDRESS: terang keys new operator.key"
        )
        add = f"add-validator FILE --name {moniker!r} --operator ADDRESS"
    else:
        add = f"add-full-node FILE --name {moniker!r}"
    steps.append(f"Have the node put into the genesis document: terang genesis {add} {keys}")
    steps.append(f"Put the finished document where the node reads it: {Home(home).genesis}")
    steps.append(f"Name other nodes under persistent_peers in {Home(home).config}")
    steps.append(f"terang start --home {home}")
    for number, step in enumerate(steps, start=1):
        typer.echo(f"  {number}. {step}")
