"""`terang succession`: the ceremony by which a network that lost its quorum for good goes on as another one.

Drafted from the ledger of a node that stands still, members added as in any genesis document, signed by the operator of each,
checked by everybody against the old genesis document, begun in new homes.
"""

import time
from pathlib import Path
from typing import Annotated

import typer

from chain.time import format_time
from cli.audit import plain
from cli.errors import NotDone
from cli.init import check_chain_id
from cli.options import HomeOption, example
from cli.passphrases import asker
from genesis.document import Genesis
from genesis.file import read_genesis, write_genesis
from genesis.succession import Link, consent, verify_link
from machine.keyfile import KeyKind, read_key
from node.home import Home

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Go on as another network where a quorum is lost for good.",
)
FileArgument = Annotated[Path, typer.Argument(help="The new genesis document.")]
OldOption = Annotated[Path, typer.Option("--old-genesis", help="The old network's genesis document.")]
StateOption = Annotated[
    Path, typer.Option("--state", help="The carried state, as terang succession state writes it.")
]


@app.command(epilog=example("terang succession draft new.json --home old --chain-id terang-jabar-2"))
def draft(
    file: FileArgument,
    home: HomeOption,
    chain_id: Annotated[str, typer.Option(help="The new network's name; never the old one's.")],
) -> None:
    """Begin a document that goes on after a ledger's last block.

    The node of the home must not run. Members are added next, each with new keys of its node.
    """
    from node.carrying import draft_succession
    from node.stopped import open_stopped

    check_chain_id(chain_id)
    if file.exists():
        raise NotDone(f"{file}: there is a file already. Give another name")
    with open_stopped(Home(home)) as stopped:
        if chain_id == stopped.genesis.chain_id:
            raise NotDone(f"--chain-id: {chain_id} is the old network's. The new one needs a name of its own")
        document = draft_succession(stopped, chain_id, time.time_ns() // 1_000_000)
    write_genesis(file, document)
    end = document.succession
    assert end is not None, "it was drafted a moment ago"
    typer.echo(
        f"{file}: {chain_id} goes on after block {end.height} of {end.chain_id}, {end.block_id.hex()},\n"
        f"state root {end.state_root.hex()}.\n\nCompare these with every remaining agency: the highest block that anybody has "
        f"is the one to go on from.\nNext, for each agency: terang genesis add-validator {file} --help"
    )


@app.command(epilog=example("terang succession state old.state --home old"))
def state(
    file: Annotated[Path, typer.Argument(help="The file to write; it must not exist.")], home: HomeOption
) -> None:
    """Write the state after a ledger's last block into one file.

    The node of the home must not run. Its root says whether it is the right one, so it may come from anybody.
    """
    from node.carrying import write_carried
    from node.stopped import open_stopped

    with open_stopped(Home(home)) as stopped:
        size, head = write_carried(stopped, file), stopped.ledger.head
    typer.echo(f"{file}: {size:,} bytes, the state after block {head.height}, root {head.state_root.hex()}")


@app.command(epilog=example("terang succession sign new.json --key operator.key"))
def sign(
    file: FileArgument,
    key: Annotated[Path, typer.Option(help="The key file of a member's operator.")],
) -> None:
    """Consent to a document, when all members are in it."""
    document = consent(read_genesis(file), read_key(key, KeyKind.ACCOUNT, asker()))
    write_genesis(file, document)
    assert document.succession is not None, "it was signed a moment ago"
    typer.echo(
        f"{file}: {len(document.succession.consents)} of {len(document.members)} members have consented to "
        f"{document.hash.hex()}"
    )


@app.command(epilog=example("terang succession check new.json --old-genesis genesis.json"))
def check(file: FileArgument, old_genesis: OldOption) -> None:
    """Check how a document follows from the old network, and say who goes on and who does not."""
    document = read_genesis(file)
    _tell(document, verify_link(document, read_genesis(old_genesis)))


@app.command(
    epilog=example("terang succession begin new.json --old-genesis genesis.json --state old.state --home new")
)
def begin(file: FileArgument, old_genesis: OldOption, state_file: StateOption, home: HomeOption) -> None:
    """Begin the new network's ledger in the home of a node that terang init made."""
    from node.carrying import begin_succession

    place, document, old = Home(home), read_genesis(file), read_genesis(old_genesis)
    if not place.config.exists():
        raise NotDone(
            f"{home}: there is no node here. Make one with: terang init --home {home} --chain-id {document.chain_id}"
        )
    if place.genesis.exists() and read_genesis(place.genesis).hash != document.hash:
        raise NotDone(f"{place.genesis}: there is another genesis document. Give the home of a new node")
    entries = begin_succession(place, document, old, state_file)
    write_genesis(place.genesis, document)
    _tell(document, verify_link(document, old))
    typer.echo(f"\n{home}: the ledger begins with {entries:,} entries. Next: terang start --home {home}")


def _tell(document: Genesis, link: Link) -> None:
    end, header = link.succession, link.succession.last.header
    typer.echo(f"new network   {document.chain_id}, begins {format_time(document.time_ms)}")
    typer.echo(f"genesis hash  {document.hash.hex()}")
    typer.echo(f"goes on from  {end.chain_id}, genesis hash {end.genesis_hash.hex()}")
    typer.echo(f"after block   {end.height}, {end.block_id.hex()}, {format_time(header.time_ms)}")
    typer.echo(f"state root    {end.state_root.hex()}")
    _list("consented", link.consenting)
    _list("NOT YET", link.missing)
    _list("left behind", link.left_behind)
    typer.echo(
        "\nWhether those who are left behind are gone for good, no signature can show: ask them, by every way there is."
    )


def _list(what: str, names: tuple[str, ...]) -> None:
    typer.echo(f"{what:<13} {plain(', '.join(names)) or 'nobody'}")
