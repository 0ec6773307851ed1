"""`terang genesis`: the ceremony. One begins the document, each agency's keys are added, everybody checks the whole."""

import time
from pathlib import Path
from typing import Annotated

import typer

from chain.errors import Malformed
from chain.keys import PUBLIC_KEY_BYTES, Address, PublicKey, format_address, parse_address
from chain.parameters import Parameters
from chain.time import format_time, parse_time
from cli.errors import NotDone
from cli.options import example
from cli.testnet import RuleChoice
from genesis.ceremony import add_full_node, add_member, check_genesis, new_genesis
from genesis.document import FullNode, Genesis, Member
from genesis.file import read_genesis, write_genesis
from machine.keyfile import KeyKind, read_key_info
from node.home import Home
from vm.module_codec import code_hash

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Make and check a genesis document.")

FileArgument = Annotated[Path, typer.Argument(help="The genesis document.")]
NodeHomeOption = Annotated[
    Path | None, typer.Option("--home", help="Take the node's public keys from this home directory.")
]
NodeKeyOption = Annotated[str | None, typer.Option(help="Public key of the node's links, 64 digits.")]


@app.command(epilog=example("terang genesis new genesis.json --chain-id terang-jabar"))
def new(
    file: Annotated[Path, typer.Argument(help="The document to write; it must not exist.")],
    chain_id: Annotated[str, typer.Option(help="The network's name.")],
    rules: Annotated[
        RuleChoice, typer.Option(help="Durations: full days as the law has them, or seconds.")
    ] = RuleChoice.FULL,
    at: Annotated[
        str | None, typer.Option("--time", help="When the network begins, in RFC 3339. None: now.")
    ] = None,
) -> None:
    """Begin a document without members.

    It deploys the contracts of this release.
    """
    if file.exists():
        raise NotDone(f"{file}: there is a document already. Give another name, or remove this one")
    time_ms = time.time_ns() // 1_000_000 if at is None else parse_time(at)
    write_genesis(
        file, new_genesis(chain_id=chain_id, time_ms=time_ms, rules=rules.rules, parameters=Parameters())
    )
    typer.echo(f"{file} is begun. Next, for each agency: terang genesis add-validator {file} --help")


@app.command(
    epilog=example("terang genesis add-validator genesis.json --name PU --operator operator.key --home node")
)
def add_validator(
    file: FileArgument,
    name: Annotated[str, typer.Option(help="The agency's short name.")],
    operator: Annotated[str, typer.Option(help="Who acts for the agency: an address, or a key file.")],
    home: NodeHomeOption = None,
    consensus_key: Annotated[str | None, typer.Option(help="Public key of its validator, 64 digits.")] = None,
    node_key: NodeKeyOption = None,
    power: Annotated[int, typer.Option(min=1, help="Voting power.")] = 1,
) -> None:
    """Add a founding agency with its validator."""
    genesis = read_genesis(file)
    member = Member(
        name=name,
        operator=_read_operator(operator),
        consensus_key=_pick_key("--consensus-key", consensus_key, home, KeyKind.VALIDATOR),
        node_key=_pick_key("--node-key", node_key, home, KeyKind.NODE),
        power=power,
    )
    grown = add_member(genesis, member)
    write_genesis(file, grown)
    typer.echo(f"{name} is member {len(grown.members)} of {grown.chain_id}.")
    typer.echo(f"When all are in, everybody runs: terang genesis check {file}")


@app.command(
    "add-full-node", epilog=example("terang genesis add-full-node genesis.json --name BPK --home auditor")
)
def add_full_node_command(
    file: FileArgument,
    name: Annotated[str, typer.Option(help="The observer's short name.")],
    home: NodeHomeOption = None,
    node_key: NodeKeyOption = None,
) -> None:
    """Add an observer's node.

    It receives everything and decides nothing.
    """
    key = _pick_key("--node-key", node_key, home, KeyKind.NODE)
    grown = add_full_node(read_genesis(file), FullNode(name=name, node_key=key))
    write_genesis(file, grown)
    typer.echo(f"{name} is full node {len(grown.full_nodes)} of {grown.chain_id}.")


@app.command(epilog=example("terang genesis check genesis.json"))
def check(file: FileArgument) -> None:
    """Found the network in memory and show its hash.

    Every node will do the same; what is shown is what all members must agree on.
    """
    genesis = read_genesis(file)
    findings = check_genesis(genesis)
    _show(genesis, findings.foreign_contracts)
    end = genesis.succession
    if end is None:
        typer.echo(f"state root    {findings.state.update.root.hex().upper()}")
    else:
        typer.echo(
            f"goes on from  {end.chain_id}, after block {end.height}; check that with: terang succession check {file}"
        )
    typer.echo(f"genesis hash  {genesis.hash.hex().upper()}")
    typer.echo("\nEvery member compares the genesis hash with the others before the first start.")


def _show(genesis: Genesis, foreign: tuple[str, ...]) -> None:
    typer.echo(f"network       {genesis.chain_id}, begins {format_time(genesis.time_ms)}")
    typer.echo("members")
    for member in genesis.members:
        typer.echo(
            f"  {member.name:<20} power {member.power}  operator {format_address(member.operator)}"
            f"\n  {'':<20} validator {member.consensus_key.hex()}\n  {'':<20} node {member.node_key.hex()}"
        )
    if genesis.full_nodes:
        typer.echo("full nodes")
    for node in genesis.full_nodes:
        typer.echo(f"  {node.name:<20} node {node.node_key.hex()}")
    typer.echo("contracts")
    for contract in genesis.contracts:
        origin = "NOT the source of this release" if contract.id in foreign else "the source of this release"
        typer.echo(f"  {contract.id:<20} {code_hash(contract.module).hex().upper()}  {origin}")


def _read_operator(text: str) -> Address:
    if Path(text).exists():
        info = read_key_info(Path(text))
        if info.kind is not KeyKind.ACCOUNT:
            raise NotDone(f"--operator: expected an account key, {text} is a {info.kind} key")
        return info.address
    try:
        return parse_address(text)
    except Malformed:
        raise NotDone(
            f"--operator: expected an address of 40 hexadecimal digits or a key file, got {text!r}. "
            "Make a key with: terang keys new operator.key"
        ) from None


def _pick_key(option: str, given: str | None, home: Path | None, kind: KeyKind) -> PublicKey:
    if given is not None:
        return _parse_key(option, given)
    if home is None:
        raise NotDone(f"{option} is missing: give it, or --home with the node's directory")
    place = Home(home)
    if not place.config.exists():
        raise NotDone(
            f"{home}: there is no node here. Make one with: terang init --home {home} --moniker NAME"
        )
    return read_key_info(place.validator_key if kind is KeyKind.VALIDATOR else place.node_key).public


def _parse_key(option: str, text: str) -> PublicKey:
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != PUBLIC_KEY_BYTES:
        raise NotDone(
            f"{option}: expected {2 * PUBLIC_KEY_BYTES} hexadecimal digits as terang keys show prints them, "
            f"got {text!r}"
        )
    return PublicKey(key)
