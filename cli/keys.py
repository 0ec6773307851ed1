"""`terang keys`: private keys in files. Seeds come from standard input or a prompt, never from the command line."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from chain.errors import Malformed
from chain.keys import SEED_BYTES, SigningKey, format_address
from cli.errors import NotDone
from cli.init import check_chain_id
from cli.options import example
from cli.passphrases import ask_new
from cli.testnet import make_key
from genesis.file import read_genesis
from machine.files import DiskFiles
from machine.keyfile import KeyInfo, KeyKind, read_key_info, write_key
from node.home import Home
from node.signer_record import SignerRecord

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Make, show and bring in private keys.")

KindOption = Annotated[
    KeyKind, typer.Option(help="What it is for: an account acts, a validator votes, a node names links.")
]
EncryptOption = Annotated[
    bool, typer.Option("--encrypt", "--passphrase", help="Ask for a passphrase, or take TERANG_PASSPHRASE.")
]
OptionalHome = Annotated[
    Path | None, typer.Option(envvar="TERANG_HOME", help="With --floor: the node's directory.")
]


@app.command(epilog=example("terang keys new operator.key --encrypt"))
def new(
    file: Annotated[Path, typer.Argument(help="The file to write; it must not exist.")],
    kind: KindOption = KeyKind.ACCOUNT,
    encrypt: EncryptOption = False,
) -> None:
    """Make a new private key."""
    if kind is KeyKind.VALIDATOR:
        raise NotDone("a validator's key is made together with its record: terang init --home DIR")
    make_key(file, kind, ask_new(is_wanted=encrypt))
    _show(file, read_key_info(file))


@app.command(epilog=example("terang keys show operator.key"))
def show(file: Annotated[Path, typer.Argument(help="A key file.")]) -> None:
    """Show the public half of a key."""
    _show(file, read_key_info(file))


@app.command("import", epilog=example("terang keys import operator.key < seed.txt"))
def import_key(
    file: Annotated[Path | None, typer.Argument(help="The file to write; it must not exist.")] = None,
    kind: KindOption = KeyKind.ACCOUNT,
    encrypt: EncryptOption = False,
    floor: Annotated[
        int | None, typer.Option(min=0, help="Brings in a validator: it signs nothing up to this height.")
    ] = None,
    home: OptionalHome = None,
    chain_id: Annotated[
        str | None, typer.Option(help="With --floor: the network's name, if the home has no genesis yet.")
    ] = None,
) -> None:
    """Write a key file from a seed on standard input.

    The seed is 64 hexadecimal digits.

    With --home and --floor it brings in a validator's key that may have signed before: the key, unless it is there, and
    its record of signatures. Give a height that the network has passed since the key last signed: a validator that signs
    twice at one height is recorded as faulty for ever.
    """
    if floor is not None:
        if home is None or file is not None:
            raise NotDone("--floor brings in a node's own validator key: give --home DIR, and no FILE")
        _import_validator(Home(home), floor, chain_id, encrypt=encrypt)
    elif file is None:
        raise NotDone("expected the FILE to write the key to, or --home and --floor for a validator's key")
    elif kind is KeyKind.VALIDATOR:
        raise NotDone("a validator's key comes in together with its record: give --home DIR --floor HEIGHT")
    else:
        write_key(file, _read_seed(), kind, ask_new(is_wanted=encrypt))
        _show(file, read_key_info(file))


def _import_validator(home: Home, floor: int, chain_id: str | None, *, encrypt: bool) -> None:
    if home.signer_record.exists():
        raise NotDone(
            f"{home.signer_record}: there is a record already. It is the one to keep, unless it is damaged: "
            "then move it away and run this command again"
        )
    network = read_genesis(home.genesis).chain_id if chain_id is None else chain_id
    check_chain_id(network)
    if not home.validator_key.exists():
        write_key(home.validator_key, _read_seed(), KeyKind.VALIDATOR, ask_new(is_wanted=encrypt))
    make_floored_record(home, network, floor)


def make_floored_record(home: Home, network: str, floor: int) -> None:
    """The record of a validator's key that may have signed before; says from where on it signs."""
    address = read_key_info(home.validator_key).address
    SignerRecord.create(home.signer_record, address, network, floor, DiskFiles())
    typer.echo(f"{format_address(address)} signs for {network} above height {floor} only.")


def _read_seed() -> SigningKey:
    if sys.stdin.isatty():
        text = str(typer.prompt("Seed (64 hexadecimal digits)", hide_input=True))
    else:
        text = sys.stdin.readline(4 * SEED_BYTES)
    try:
        return SigningKey.from_seed(bytes.fromhex(text.strip()))
    except (ValueError, Malformed):
        raise NotDone(
            f"seed: expected {2 * SEED_BYTES} hexadecimal digits, got {len(text.strip())} characters of something "
            "else. Give it on standard input: terang keys import FILE < seed.txt"
        ) from None


def _show(file: Path, info: KeyInfo) -> None:
    typer.echo(f"file        {file}{' (encrypted)' if info.is_encrypted else ''}")
    typer.echo(f"kind        {info.kind}")
    typer.echo(f"address     {format_address(info.address)}")
    typer.echo(f"public key  {info.public.hex()}")
    if info.kind is KeyKind.NODE:
        typer.echo(f"node id     {info.address.hex()}")
