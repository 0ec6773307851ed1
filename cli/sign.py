"""`terang tx sign`: signs what a portal prepared, after showing what the very bytes say; no network is needed.

The signed text goes to standard output and everything for the reader to standard error, so that one can be kept without
the other.
"""

import sys
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from pathlib import Path
from typing import Annotated

import typer

from chain.keys import format_address
from chain.limits import TRANSACTION_BYTES_MAX
from chain.result import render_value
from chain.time import format_time
from chain.transaction import Transaction, decode_unsigned, encode_transaction, sign_unsigned
from cli.errors import NotDone
from cli.passphrases import asker
from machine.keyfile import KeyKind, read_key

_SHOWN = 120  # signs of one argument; a sealed envelope is kilobytes


def sign(
    file: Annotated[Path, typer.Argument(help="The text that a portal shows, or - for standard input.")],
    key: Annotated[Path, typer.Option(help="The account key that signs.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before signing.")] = False,
) -> None:
    """Sign a transaction that a portal prepared.

    Shows what the bytes say, asks, and prints the signed text to put into the portal's page.
    """
    unsigned = _read(file)
    signer = read_key(key, KeyKind.ACCOUNT, asker())
    _show(unsigned)
    if signer.public != unsigned.sender:
        raise NotDone(
            f"{file}: this is to be signed by {format_address(unsigned.sender_address)}, and {key} holds "
            f"{format_address(signer.address)}. Give the other key with --key"
        )
    if not yes and not _is_agreed():
        raise NotDone("not signed. Say --yes where nobody can be asked")
    typer.echo(b64encode(encode_transaction(sign_unsigned(signer, unsigned))).decode())


def _read(file: Path) -> Transaction:
    most = 2 * TRANSACTION_BYTES_MAX
    text = sys.stdin.read(most) if str(file) == "-" else file.read_text(errors="replace")[:most]
    try:
        content = b64decode("".join(text.split()), validate=True)
    except (NotBase64, ValueError):
        raise NotDone(f"{file}: expected the text that a portal shows (base64), got something else") from None
    return decode_unsigned(content)


def _show(unsigned: Transaction) -> None:
    rows = [
        ("network", unsigned.chain_id),
        ("signed by", format_address(unsigned.sender_address)),
        ("valid until", format_time(unsigned.valid_until_ms)),
        ("gas limit", str(unsigned.gas_limit)),
    ]
    for call in unsigned.calls:
        rows.append(("call", f"{call.contract}.{call.method}"))
        rows += [("", _cut(render_value(value))) for value in call.arguments]
    for name, value in rows:
        typer.echo(f"{name:<12} {value}", err=True)


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}… ({len(text)} signs)"


def _is_agreed() -> bool:
    return sys.stdin.isatty() and typer.confirm("Sign this?", err=True)
