"""`terang join`: a new node from an invitation, in one command. Whoever runs it again goes on where it was.

Everything in the invitation is checked before anything is written; the genesis document is written last, and where it is the
home is whole: none starts without its invitation beside it.
"""

import time
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from chain.hashing import DIGEST_BYTES, Digest
from chain.keys import address_of, format_address
from chain.time import format_time
from cli.audit import plain
from cli.errors import NotDone
from cli.options import HomeOption
from cli.passphrases import ask_new, asker
from cli.progress import show_progress
from cli.testnet import make_key
from genesis.ceremony import check_genesis
from genesis.file import render_genesis
from genesis.joining import Joining, Vouched, read_join, render_join, verify_join
from machine.files import DiskFiles, replace_file
from machine.keyfile import KeyKind, read_key_info
from node.config import Config, parse_config, read_config, write_config
from node.home import Home

_DISK = DiskFiles()


class Way(StrEnum):
    """How the ledger comes."""

    BLOCKS = "blocks"
    SNAPSHOT = "snapshot"


def join(
    bundle: Annotated[Path, typer.Argument(help="The invitation, as terang invite writes it.")],
    home: HomeOption,
    moniker: Annotated[
        str | None, typer.Option(help="The node's name, shown to others; for a new home.")
    ] = None,
    genesis_hash: Annotated[
        str | None, typer.Option(help="The genesis hash you were told by telephone, to be compared.")
    ] = None,
    operator: Annotated[
        str | None, typer.Option(help="The operator's address you were told by telephone, to be compared.")
    ] = None,
    by: Annotated[
        Way,
        typer.Option(
            help="Every block, carried out again; or the state, fetched and proven, and blocks from there."
        ),
    ] = Way.BLOCKS,
    encrypt: Annotated[
        bool,
        typer.Option("--encrypt", "--passphrase", help="Ask for a passphrase, or take TERANG_PASSPHRASE."),
    ] = False,
    only_prepare: Annotated[
        bool, typer.Option("--only-prepare", help="Make the home, and start nothing.")
    ] = False,
) -> None:
    """Join a network by an invitation.

    Checks the invitation, makes the node's home and starts it. A home made by terang init, still without a genesis
    document, keeps its keys: so a validator joins.
    """
    joining = read_join(bundle)
    vouched = verify_join(joining, now_ms=_now_ms(), genesis_hash=_parse_hash(genesis_hash))
    if operator is not None and operator.upper() != format_address(vouched.operator):
        raise NotDone(
            f"--operator: expected {operator.upper()}, the invitation is signed by "
            f"{format_address(vouched.operator)} of {plain(vouched.agency)}. Do not use it; ask the agency"
        )
    check_genesis(joining.genesis)
    place = Home(home)
    _prepare(place, joining, moniker, encrypt=encrypt)
    _tell(place, joining, vouched)
    if only_prepare:
        typer.echo(f"\nThen: terang start --home {home}")
        return
    if by is Way.SNAPSHOT:
        _fetch(place, joining, vouched)
    from node import run  # here, so that other commands do not wait for the whole node to load

    typer.echo("\nThe node starts. Ctrl-C ends it; from then on: terang start")
    code = run.main(home, asker())
    if code != 0:
        raise typer.Exit(code)


def _fetch(place: Home, joining: Joining, vouched: Vouched) -> None:
    """By snapshot, where there is no ledger yet; says so where nobody gives one."""
    from node.joining import NoSnapshotThere, join_by_snapshot

    typer.echo(
        "\nWaiting for a link, and then for a snapshot. Ctrl-C ends it; run the same command to go on."
    )
    try:
        with show_progress("chunks", None) as tell:
            height = join_by_snapshot(place, joining.genesis, vouched.checkpoint, asker(), tell)
    except NoSnapshotThere as error:
        typer.echo(f"No snapshot: {error}. The node goes on by blocks.")
    else:
        typer.echo(f"The ledger begins with the state after block {height}; from there on by blocks.")


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _parse_hash(text: str | None) -> Digest | None:
    if text is None:
        return None
    try:
        found = bytes.fromhex(text)
    except ValueError:
        found = b""
    if len(found) != DIGEST_BYTES:
        raise NotDone(f"--genesis-hash: expected {2 * DIGEST_BYTES} hexadecimal digits, got {text!r}")
    return Digest(found)


def _prepare(place: Home, joining: Joining, moniker: str | None, *, encrypt: bool) -> None:
    """Makes the home, or sees that it was made by this very invitation."""
    text = render_join(joining).encode()
    if place.genesis.exists() and place.config.exists():
        if _DISK.read(place.join_bundle) != text:
            raise NotDone(
                f"{place.path}: there is a node here that did not join by this invitation. Start it with: "
                f"terang start --home {place.path}; or give another directory with --home"
            )
        return
    config = _find_config(place, moniker)
    if not place.node_key.exists():
        make_key(place.node_key, KeyKind.NODE, ask_new(is_wanted=encrypt))
    own = address_of(read_key_info(place.node_key).public).hex()
    peers = tuple(node for node in joining.bundle.nodes if not node.startswith(f"{own}@"))
    known = config.p2p.persistent_peers or peers
    _DISK.make_directory(place.join_bundle.parent)
    replace_file(_DISK, place.join_bundle, text)
    write_config(place.config, replace(config, p2p=replace(config.p2p, persistent_peers=known)))
    replace_file(_DISK, place.genesis, render_genesis(joining.genesis).encode())


def _find_config(place: Home, moniker: str | None) -> Config:
    """That of a home which `terang init` made, or a new one."""
    if place.config.exists():
        config = read_config(place.config)
        return config if moniker is None else replace(config, moniker=moniker)
    if place.path.exists() and any(path.name not in ("keys", "config") for path in place.path.iterdir()):
        raise NotDone(f"{place.path} is not empty. Give a new directory with --home")
    if moniker is None:
        raise NotDone("--moniker is missing: the new node's name, shown to others")
    return parse_config({"moniker": moniker}, "--moniker")


def _tell(place: Home, joining: Joining, vouched: Vouched) -> None:
    point, config = vouched.checkpoint, read_config(place.config)
    key = read_key_info(place.node_key).public
    origin = (
        "a founder, by the genesis document" if vouched.is_founder else "a member, by the certified state"
    )
    typer.echo(f"network       {point.chain_id}, genesis hash {point.genesis_hash.hex()}")
    typer.echo(f"vouched for   block {point.height}, {point.block_id.hex()}")
    typer.echo(
        f"by            {plain(vouched.agency)}, {origin}; operator {format_address(vouched.operator)}, "
        f"{format_time(joining.bundle.made_ms)}"
    )
    typer.echo(
        f"home          {place.path}, {config.moniker}; calls {len(config.p2p.persistent_peers)} nodes"
    )
    typer.echo(f"node key      {key.hex()}")
    typer.echo(
        "\nCompare genesis hash and operator by telephone, if you did not give them as options. Other nodes speak with\n"
        "this one when the members have admitted its node key:\n"
        f"  terang tx call governance propose_node {config.moniker} 0x{key.hex()} --key operator.key"
    )
