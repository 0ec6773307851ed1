"""Options that several commands share, said once."""

from pathlib import Path
from typing import Annotated

import typer

DEFAULT_NODE = "http://127.0.0.1:26657"

HomeOption = Annotated[
    Path, typer.Option("--home", envvar="TERANG_HOME", help="The node's directory: config, keys, data.")
]
NodeOption = Annotated[
    str, typer.Option("--node", envvar="TERANG_NODE", help="RPC address of the node that is asked.")
]
NodesOption = Annotated[
    list[str],
    typer.Option(
        "--node",
        envvar="TERANG_NODE",
        help="RPC address of a node; may be given several times.",
        default_factory=lambda: [DEFAULT_NODE],
    ),
]


def example(line: str) -> str:
    """The end of a command's help. `\\b` keeps the line whole in a narrow terminal, so that it can be copied."""
    return f"\b\nExample: {line}"
