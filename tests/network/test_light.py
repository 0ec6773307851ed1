"""`terang light` on a real network: the truth behind two lying proxies, over a change of validators, and a real fork."""

from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from chain.evidence import encode_evidence
from chain.hashing import sha256
from chain.keys import SigningKey
from chain.transaction import compute_transaction_id
from cli.errors import FORKED, LIED
from cli.processes import Child, Processes
from light.fork_file import parse_fork
from light.web import HEADER
from machine.keyfile import KeyKind, read_key
from node.home import Home
from rpc import requests
from rpc.client import SyncClient
from rpc.exact import validators_of
from tests.cli.running import Terminal
from tests.light.lying import LIES, Lie, forge
from tests.light.proxying import lying_proxy
from tests.light.test_reads import change
from tests.network.running import Running, make_registration, running_network, wait_until
from tests.network.test_auditor import change_power


@dataclass(frozen=True, slots=True, kw_only=True)
class Light:
    """`terang light` under test, and where it serves."""

    child: Child
    address: str


@contextmanager
def running_light(network: Running, path: Path, *nodes: str) -> Iterator[Light]:
    """Starts it on these nodes."""
    genesis = Home(network.testnet.nodes[0].home).genesis
    given = [part for node in nodes for part in ("--node", node)]
    log = path / "light.log"
    command = ["--", "light", "--genesis", str(genesis), "--home", str(path / "light"), "--port", "0", *given]
    child = Child("light", command, log, lambda: "verified reads at" in log.read_text())
    with Processes([child]) as processes:
        processes.start()
        processes.wait_until_up()
        said = next(line for line in log.read_text().splitlines() if line.startswith("verified reads at"))
        yield Light(child=child, address=said.split()[-1])


def test_the_truth_is_found_behind_two_lying_proxies(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = Terminal(capsys, monkeypatch)
    with running_network(tmp_path, validators=4, full_nodes=0) as network:
        change_power(network)
        first, second, third, _ = network.testnet.rpc_addresses
        lies: list[dict[str, Lie]] = [{}, {}]
        with (
            lying_proxy(first, lies[0]) as one,
            lying_proxy(second, lies[1]) as other,
            running_light(network, tmp_path, one, other, third) as light,
            SyncClient([light.address]) as client,
        ):
            lies[0].update(
                {"commit": LIES["one signer in every place"], "committed": change("transactions", value=[])}
            )
            lies[1].update(
                {
                    "commit": LIES["signed by strangers, who name themselves"],
                    "tx_status": change("statuses", 0, "height", value=1),
                    "abci_query": change("response", "value", value="AAAA"),
                }
            )
            raw = make_registration()
            (admitted,) = client.call(requests.broadcast_txs([raw]))
            assert admitted.code == 0
            id_ = compute_transaction_id(raw)
            wait_until(lambda: client.call(requests.tx_status([id_]))[0].height is not None, "it is proven")
            found = client.call(requests.tx(id_, prove=True))
            with SyncClient([third]) as honest:
                assert found == honest.call(requests.tx(id_, prove=True))
                height = int(found.height)
                assert client.call(requests.block(height)) == honest.call(requests.block(height))
                assert client.call(requests.committed(height)) == honest.call(requests.committed(height))
            told = httpx2.get(f"{light.address}/header?height={height}").headers[HEADER]
            assert int(told.partition("/")[0]) > height
            wait_until(
                lambda: all(f"{node} is left out" in light.child.log.read_text() for node in (one, other)),
                "they are named",
            )
            genesis = Home(network.testnet.nodes[0].home).genesis
            bundle = tmp_path / "rule.bundle"
            terminal.succeed(
                "audit", "governance", "settings", "standstill_days", "--genesis", genesis, "--output", bundle,
                "--node", light.address,
            )  # fmt: skip
            assert "PROVEN" in terminal.succeed("verify", bundle, "--genesis", genesis)
            assert "light client" in terminal.succeed("status", "--node", light.address)
            common = ("light", "--once", "--genesis", genesis, "--node", one, "--node", other)
            ran = terminal.run(*common, "--home", tmp_path / "again", "--node", third)
            assert ran.code == LIED and "1 of 3 nodes agree" in ran.out
            assert "no node shows a block that holds" in terminal.fail(*common, "--home", tmp_path / "alone")
            light.child.terminate()
            assert light.child.wait() == 0


def test_the_evidence_of_a_fork_comes_into_the_blocks_of_all_nodes(tmp_path: Path) -> None:
    """Three of four validators sign a second block of each height, which one proxy shows."""
    with running_network(tmp_path, validators=4, full_nodes=0) as network:
        network.commit(0, [make_registration()])
        network.assert_agreed()
        keys = [validator_key(Path(node.home)) for node in network.testnet.nodes[:3]]
        with SyncClient(network.testnet.rpc_addresses) as client:
            validators = validators_of(client.call(requests.validators()))
        nodes = network.testnet.rpc_addresses
        lies: dict[str, Lie] = {}
        with lying_proxy(nodes[0], lies) as twin, running_light(network, tmp_path, twin, *nodes[1:]) as light:
            lies["commit"] = forge(validators, keys, state_root=sha256(b"another"))
            wait_until(lambda: not light.child.is_running, "the fork ends it")
            assert light.child.wait() == FORKED
            said = light.child.log.read_text()
        assert "FORK: two blocks of height" in said and said.count("took the evidence") == 4
        fork = parse_fork((tmp_path / "light" / "fork.json").read_bytes())
        convicted = {one.first.vote.validator for one in fork.evidence}
        assert len(convicted) >= 2 and convicted <= {key.address for key in keys}
        network.commit(0, [make_registration()])
        expected = sorted(encode_evidence(one) for one in fork.evidence)
        wait_until(
            lambda: all(find_evidence(network, node) == expected for node in range(4)), "it is in a block"
        )


def find_evidence(network: Running, node: int) -> list[bytes]:
    """All evidence in the blocks of a node."""
    found: list[bytes] = []
    with SyncClient([network.testnet.rpc_addresses[node]]) as client:
        last = int(client.call(requests.status()).sync_info.latest_block_height)
        for height in range(1, last + 1):
            block = client.call(requests.block(height)).block
            assert block is not None
            found += [b64decode(one) for one in block.evidence.evidence]
    return sorted(found)


def validator_key(home: Path) -> SigningKey:
    """The key with which a node votes."""
    return read_key(Home(home).validator_key, KeyKind.VALIDATOR, None)
