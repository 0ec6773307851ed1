"""A whole network on this machine, ready to start: keys, configuration and one genesis document for all.

    DIR/agency-1/     home of a validator: config/, keys/, data/        terang start --home DIR/agency-1
    DIR/auditor-1/    home of a full node
    DIR/operators/    the key that acts for each agency: agency-1.key

Everybody's private keys come from one hand here. A network of several agencies is made by `terang init` at each and
`terang genesis` among them.
"""

import os
import time
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from chain.keys import SEED_BYTES, PublicKey, SigningKey, address_of
from chain.limits import VALIDATORS_MAX
from chain.parameters import Parameters
from cli.errors import NotDone
from cli.ports import LOOPBACK, find_free_ports
from genesis.ceremony import check_genesis, new_genesis
from genesis.document import DEMO_RULES, FULL_RULES, FullNode, Genesis, Member, Rules
from genesis.file import write_genesis
from machine.files import DiskFiles
from machine.keyfile import KeyKind, write_key
from node.config import Config, LinkConfig, RpcConfig, write_config
from node.home import Home
from node.signer_record import SignerRecord

OPERATORS = "operators"
"""Directory of the operators' keys: one file each, named like its agency."""
FULL_NODES_MAX = 64
DEFAULT_BASE_PORT = 26_656
_PORTS_APART = 10


class RuleChoice(StrEnum):
    """Whose durations procurement has."""

    FULL = "full"
    DEMO = "demo"

    @property
    def rules(self) -> Rules:
        """The durations of this choice."""
        return DEMO_RULES if self is RuleChoice.DEMO else FULL_RULES


@dataclass(frozen=True, slots=True, kw_only=True)
class TestnetNode:
    """One node of a network: where it lies and listens. `operator_key` is None for a full node."""

    name: str
    home: Path
    p2p_port: int
    rpc_port: int
    node_key: PublicKey
    consensus_key: PublicKey | None
    operator: SigningKey | None
    operator_key: Path | None

    @property
    def is_validator(self) -> bool:
        """Whether it decides blocks."""
        return self.consensus_key is not None

    @property
    def rpc_address(self) -> str:
        """Where its JSON-RPC is found."""
        return f"http://{LOOPBACK}:{self.rpc_port}"

    @property
    def link_address(self) -> str:
        """How another node's configuration names it."""
        return f"{address_of(self.node_key).hex()}@{LOOPBACK}:{self.p2p_port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Testnet:
    """A network that was made: validators first, then full nodes."""

    path: Path
    chain_id: str
    nodes: tuple[TestnetNode, ...]

    @property
    def rpc_addresses(self) -> list[str]:
        """Of all nodes."""
        return [node.rpc_address for node in self.nodes]

    @property
    def operators(self) -> dict[str, SigningKey]:
        """The operator's key of each agency, by the agency's name."""
        return {node.name: node.operator for node in self.nodes if node.operator is not None}


def make_testnet(
    output: Path, *, validators: int, full_nodes: int, chain_id: str, rules: Rules, base_port: int | None
) -> Testnet:
    """Writes a network into a new directory; `base_port` None takes ports that are free now.

    Raises:
        NotDone: there is something in the directory, or a number is out of its range.
        GenesisRefused: such a network cannot be founded.
        DiskFault: the operating system refuses to write.
    """
    _check_numbers(validators, full_nodes)
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise NotDone(f"{output} is not empty. Give a new directory with --output, or remove this one")
    ports = _pick_ports(validators + full_nodes, base_port)
    names = [(f"agency-{number}", True) for number in range(1, validators + 1)]
    names += [(f"auditor-{number}", False) for number in range(1, full_nodes + 1)]
    genesis = new_genesis(
        chain_id=chain_id, time_ms=time.time_ns() // 1_000_000, rules=rules, parameters=Parameters()
    )
    nodes = tuple(
        _make_node(output, name, place, chain_id, is_validator=is_validator)
        for (name, is_validator), place in zip(names, ports, strict=True)
    )
    genesis = _found(genesis, nodes)
    for node in nodes:
        write_config(Home(node.home).config, _compute_config(node, nodes))
        write_genesis(Home(node.home).genesis, genesis)
    return Testnet(path=output, chain_id=chain_id, nodes=nodes)


def make_key(path: Path, kind: KeyKind, passphrase: str | None = None) -> SigningKey:
    """A new key, drawn from the system's chance and written to its file."""
    key = SigningKey.from_seed(os.urandom(SEED_BYTES))
    write_key(path, key, kind, passphrase)
    return key


def make_validator_key(home: Home, chain_id: str, passphrase: str | None = None) -> SigningKey:
    """A new validator's key together with its record, which says that nothing was signed yet."""
    key = make_key(home.validator_key, KeyKind.VALIDATOR, passphrase)
    SignerRecord.create(home.signer_record, key.address, chain_id, 0, DiskFiles())
    return key


def _check_numbers(validators: int, full_nodes: int) -> None:
    if not 1 <= validators <= VALIDATORS_MAX:
        raise NotDone(f"--validators: expected 1 to {VALIDATORS_MAX}, got {validators}")
    if not 0 <= full_nodes <= FULL_NODES_MAX:
        raise NotDone(f"--full-nodes: expected 0 to {FULL_NODES_MAX}, got {full_nodes}")


def _pick_ports(nodes: int, base_port: int | None) -> list[tuple[int, int]]:
    """For each node the port of its links and that of its RPC."""
    if base_port is None:
        found = find_free_ports(2 * nodes)
        return list(zip(found[::2], found[1::2], strict=True))
    last = base_port + (nodes - 1) * _PORTS_APART + 1
    if base_port < 1 or last > 65_535:
        raise NotDone(f"--base-port: {nodes} nodes would use ports {base_port} to {last}, of 1 to 65535")
    return [(port, port + 1) for port in range(base_port, last, _PORTS_APART)]


def _make_node(
    output: Path, name: str, ports: tuple[int, int], chain_id: str, *, is_validator: bool
) -> TestnetNode:
    home = Home(output / name)
    node_key = make_key(home.node_key, KeyKind.NODE)
    operator_key = output / OPERATORS / f"{name}.key"
    return TestnetNode(
        name=name,
        home=home.path,
        p2p_port=ports[0],
        rpc_port=ports[1],
        node_key=node_key.public,
        consensus_key=make_validator_key(home, chain_id).public if is_validator else None,
        operator=make_key(operator_key, KeyKind.ACCOUNT) if is_validator else None,
        operator_key=operator_key if is_validator else None,
    )


def _found(genesis: Genesis, nodes: tuple[TestnetNode, ...]) -> Genesis:
    members = tuple(
        Member(
            name=node.name,
            operator=node.operator.address,
            consensus_key=node.consensus_key,
            node_key=node.node_key,
            power=1,
        )
        for node in nodes
        if node.operator is not None and node.consensus_key is not None
    )
    observers = tuple(
        FullNode(name=node.name, node_key=node.node_key) for node in nodes if not node.is_validator
    )
    founded = replace(genesis, members=members, full_nodes=observers)
    check_genesis(founded)
    return founded


def _compute_config(node: TestnetNode, nodes: tuple[TestnetNode, ...]) -> Config:
    peers = tuple(other.link_address for other in nodes if other is not node)
    return Config(
        moniker=node.name,
        p2p=LinkConfig(address=LOOPBACK, port=node.p2p_port, persistent_peers=peers),
        rpc=RpcConfig(address=LOOPBACK, port=node.rpc_port),
    )


def testnet(
    output: Annotated[Path, typer.Option(help="A new directory for everything.")],
    validators: Annotated[int, typer.Option(help="Agencies that decide blocks.")] = 4,
    full_nodes: Annotated[int, typer.Option(help="Nodes that read and verify only.")] = 1,
    chain_id: Annotated[str, typer.Option(help="The network's name.")] = "terang-test",
    base_port: Annotated[
        int, typer.Option(help="First port; each node takes two, ten apart. 0: ports that are free now.")
    ] = DEFAULT_BASE_PORT,
    rules: Annotated[
        RuleChoice, typer.Option(help="Durations: full days as the law has them, or seconds.")
    ] = RuleChoice.FULL,
) -> None:
    """Write a whole network: keys, configuration, genesis."""
    made = make_testnet(
        output,
        validators=validators,
        full_nodes=full_nodes,
        chain_id=chain_id,
        rules=rules.rules,
        base_port=base_port or None,
    )
    typer.echo(f"Network {made.chain_id} is ready in {made.path}:")
    for node in made.nodes:
        kind = "validator" if node.is_validator else "full node"
        typer.echo(f"  {node.name:<12} {kind:<10} links {node.p2p_port}  rpc {node.rpc_address}")
    typer.echo("\nNext, each in a terminal of its own:")
    for node in made.nodes:
        typer.echo(f"  terang start --home {node.home}")
    typer.echo(f"Then: terang status --node {made.nodes[0].rpc_address}")
