"""Where passphrases come from: the environment, or a person at a terminal; never the command line, which others see."""

import os
import sys
from collections.abc import Callable

import typer

from cli.errors import NotDone

VARIABLE = "TERANG_PASSPHRASE"


def ask_new(*, is_wanted: bool) -> str | None:
    """The passphrase of a new key: from the environment, or asked for twice if wanted; None: the key stays plain."""
    given = os.environ.get(VARIABLE)
    if given is not None:
        if not given:
            raise NotDone(f"{VARIABLE} is empty: set it to the passphrase, or unset it for a plain key")
        return given
    if not is_wanted:
        return None
    if not sys.stdin.isatty():
        raise NotDone(f"--encrypt asks for a passphrase, and there is no terminal. Set {VARIABLE} instead")
    asked: str = typer.prompt("Passphrase", hide_input=True, confirmation_prompt=True)
    return asked


def asker() -> Callable[[], str] | None:
    """How the passphrase of an encrypted key is got; None where nobody is there to ask."""
    given = os.environ.get(VARIABLE)
    if given is not None:
        return lambda: given
    if not sys.stdin.isatty():
        return None
    return lambda: str(typer.prompt("Passphrase", hide_input=True))
