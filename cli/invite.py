"""`terang invite`: a member's invitation to a node that has nothing yet, in one file that the node checks by itself.

The node that is asked is believed in nothing: the file is verified as the joining node will, before it is written.
"""

import time
from pathlib import Path
from typing import Annotated

import trio
import typer

from chain.checkpoint import sign_join
from chain.errors import Malformed
from chain.keys import SigningKey, address_of, format_address
from chain.time import format_time
from cli.audit import Nodes, collect_named_entry
from cli.errors import NotDone
from cli.options import NodesOption
from cli.passphrases import asker
from genesis.document import Genesis
from genesis.file import read_genesis
from genesis.joining import CONTRACT, OPERATORS, Joining, render_join, verify_join
from machine.files import DiskFiles, replace_file
from machine.keyfile import KeyKind, read_key, read_key_info
from node.config import read_config
from node.home import Home
from rpc import requests
from rpc.client import Client
from rpc.exact import validators_of

_DAY_MS = 24 * 3_600_000


def invite(
    file: Annotated[Path, typer.Argument(help="The invitation to write; it must not exist.")],
    key: Annotated[Path, typer.Option(help="The key file of your agency's operator, which signs it.")],
    node: NodesOption,
    home: Annotated[
        Path | None,
        typer.Option(envvar="TERANG_HOME", help="Take genesis document and addresses from this node's home."),
    ] = None,
    genesis: Annotated[Path | None, typer.Option(help="The network's genesis document.")] = None,
    peer: Annotated[
        list[str] | None,
        typer.Option(help='A node that the new one calls, "id@host:port"; may be given several times.'),
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=365, help="For so long it should be used.")] = 30,
) -> None:
    """Write an invitation by which a new node joins.

    It holds the genesis document, a recent block with its proof, addresses, and your signature.
    """
    if file.exists():
        raise NotDone(f"{file}: there is a file already. Give another name")
    document, nodes = _pick_sources(home, genesis, peer or [])
    joining = trio.run(_collect, node, document, nodes, read_key(key, KeyKind.ACCOUNT, asker()), days)
    vouched = verify_join(joining, now_ms=joining.bundle.made_ms)
    replace_file(DiskFiles(), file, render_join(joining).encode())
    typer.echo(
        f"{file}: {vouched.agency} vouches for block {vouched.checkpoint.height} of {document.chain_id}, "
        f"{vouched.checkpoint.block_id.hex()}\nuntil {format_time(joining.bundle.until_ms)}.\n\n"
        f"Tell by telephone, so that both can be compared:\n  genesis hash  {document.hash.hex()}\n"
        f"  operator      {format_address(vouched.operator)}\n\nThe new node: terang join {file} --home DIR --moniker NAME"
    )


def _pick_sources(
    home: Path | None, genesis: Path | None, peers: list[str]
) -> tuple[Genesis, tuple[str, ...]]:
    """The document, and the addresses of nodes."""
    if genesis is None and home is None:
        raise NotDone("--genesis is missing: give the network's genesis document, or --home of your node")
    nodes = peers
    if home is not None:
        genesis = genesis or Home(home).genesis
        nodes = nodes or _find_nodes(Home(home))
    assert genesis is not None, "one of the two was given"
    document = read_genesis(genesis)
    if not nodes:
        raise NotDone('--peer is missing: name nodes that the new one can call, as "id@host:port"')
    return document, tuple(nodes)


def _find_nodes(place: Home) -> list[str]:
    """Those that this node calls, and itself where it says under which address others reach it."""
    config = read_config(place.config)
    own = address_of(read_key_info(place.node_key).public).hex()
    itself = [f"{own}@{config.p2p.external}"] if config.p2p.external else []
    return [*itself, *(peer for peer in config.p2p.persistent_peers if not peer.startswith(f"{own}@"))]


async def _collect(
    addresses: list[str], document: Genesis, nodes: tuple[str, ...], key: SigningKey, days: int
) -> Joining:
    async with Client(addresses) as client:
        source = Nodes(client)
        words = [OPERATORS, format_address(key.address)]
        evidence = await collect_named_entry(source, document, CONTRACT, words)
        height = evidence.blocks[-1].header.height
        following = validators_of(await source.call(requests.validators(height + 1)))
    now_ms = time.time_ns() // 1_000_000
    try:
        bundle = sign_join(
            key,
            nodes=nodes,
            made_ms=now_ms,
            until_ms=now_ms + days * _DAY_MS,
            evidence=evidence,
            validators=following,
        )
    except Malformed as error:
        raise NotDone(f"--peer: {error}") from error
    return Joining(genesis=document, bundle=bundle)
