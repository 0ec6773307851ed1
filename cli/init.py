"""`terang init`: a node's keys and configuration. The genesis document comes from all members together."""

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from chain.keys import PublicKey, address_of
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
    node_key = make_key(place.node_key, KeyKind.NODE, passphrase).public
    consensus_key = None
    if chain_id is not None and not full_node:
        consensus_key = make_validator_key(place, chain_id, passphrase).public
    write_config(place.config, config)
    kind = "full node" if consensus_key is None else "validator"
    typer.echo(
        f"The {kind} {moniker} is made in {home}; its links are known by {address_of(node_key).hex()}.\n\nNext:"
    )
    for number, step in enumerate(_list_steps(home, moniker, node_key, consensus_key), start=1):
        typer.echo(f"  {number}. {step}")


def check_chain_id(chain_id: str) -> None:
    """Raises `NotDone` for a name that no network can have."""
    size = len(chain_id.encode())
    if not 1 <= size <= CHAIN_ID_BYTES_MAX:
        raise NotDone(f"--chain-id: expected 1 to {CHAIN_ID_BYTES_MAX} bytes, got {size}")


def _list_steps(
    home: Path, moniker: str, node_key: PublicKey, consensus_key: PublicKey | None
) -> Iterator[str]:
    """What the operator does next; ADDRESS and FILE are for the reader to put in."""
    name = shlex.quote(moniker)
    if consensus_key is None:
        add = f"add-full-node FILE --name {name} --node-key {node_key.hex()}"
        propose = f"propose_node {name} 0x{node_key.hex()}"
    else:
        yield "Make the key that acts for your agency, and note its ADDRESS: terang keys new operator.key"
        add = (
            f"add-validator FILE --name {name} --operator ADDRESS --node-key {node_key.hex()} "
            f"--consensus-key {consensus_key.hex()}"
        )
        propose = f"propose_member {name} ADDRESS 0x{consensus_key.hex()} 0x{node_key.hex()} 1"
    yield f"Where a network begins, have the node put into the genesis document: terang genesis {add}"
    yield f"Where one runs, have a member propose it: terang tx call governance {propose} --key operator.key"
    yield f"Put the network's genesis document where the node reads it: {Home(home).genesis}"
    yield f"Name other nodes under persistent_peers in {Home(home).config}"
    yield f"See whether all is in place: terang doctor --home {shlex.quote(str(home))}"
    yield f"Start: terang start --home {shlex.quote(str(home))}"
