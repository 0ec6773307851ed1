"""`terang bank`: the sandbox bank that the payment gateway pays through while there is no other."""

import sqlite3
from pathlib import Path
from typing import Annotated

import typer

from chain.limits import ACCOUNT_NAME_CHARACTERS_MAX, ACCOUNT_NUMBER_CHARACTERS_MAX
from cli.errors import NotDone
from cli.options import example

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="A bank to try payments with.")

DEFAULT_PORT = 8_090
DEFAULT_ACCOUNT = "519000118"
DEFAULT_NAME = "Kas Negara"
DEFAULT_BALANCE = 10**15


@app.command("start", epilog=example("terang bank start --home bank"))
def start(
    home: Annotated[Path, typer.Option("--home", help="The bank's directory: its books.")],
    host: Annotated[
        str, typer.Option(help="The address to serve at. Whoever reaches it moves the money.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65_535, help="The port; 0: one that is free.")
    ] = DEFAULT_PORT,
    account: Annotated[str, typer.Option(help="Number of the treasury's account.")] = DEFAULT_ACCOUNT,
    name: Annotated[str, typer.Option(help="Its holder.")] = DEFAULT_NAME,
    balance: Annotated[
        int, typer.Option(min=0, max=10**18, help="What is on it at first.")
    ] = DEFAULT_BALANCE,
    currency: Annotated[str, typer.Option(help="Its currency.")] = "IDR",
) -> None:
    """Run a sandbox bank until Ctrl-C.

    It keeps real books, answers in the messages of ISO 20022, shows its accounts on a page, and misbehaves when it is
    told to. An account whose number ends with 0000 it takes for closed.
    """
    from payments.amounts import PLACES  # here, so that other commands do not wait for the bank to load
    from payments.bank import run
    from payments.bank.books import BANK
    from payments.messages import Party
    from rpc.run import NoAddress

    for option, text, most in (
        ("--account", account, ACCOUNT_NUMBER_CHARACTERS_MAX),
        ("--name", name, ACCOUNT_NAME_CHARACTERS_MAX),
    ):
        if not 1 <= len(text.strip()) <= most or not text.isprintable():
            raise NotDone(f"{option}: expected 1 to {most} printable characters, got {text!r}")
    if currency not in PLACES:
        raise NotDone(f"--currency: expected one of {', '.join(sorted(PLACES))}, got {currency!r}")
    owner = Party(name=name.strip(), bank=BANK, number=account.strip())
    try:
        run.main(home, host, port, owner, currency, balance)
    except NoAddress as error:
        raise NotDone(f"{error}. Give another one with --host and --port") from None
    except sqlite3.Error as error:
        raise NotDone(f"{home}: the books cannot be used: {error}. Check its owner and the disk") from None
