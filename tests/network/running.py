"""Networks of real processes, and transactions for them."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from chain.codec import Value
from chain.keys import SigningKey
from chain.limits import NONCE_BYTES
from chain.parameters import Parameters
from chain.transaction import Call, TxId, compute_transaction_id, encode_transaction, sign_transaction
from cli.heads import Head, get_head, is_agreed, wait_until_agreed
from cli.processes import NodeProcess, Processes
from cli.testnet import Testnet, make_testnet
from genesis.document import DEMO_RULES
from genesis.file import read_genesis, write_genesis
from node.home import Home
from rpc.client import SyncClient
from rpc.requests import Request, broadcast_txs, tx_status
from rpc.values import Admitted

CHAIN = "terang-test"
GAS = 500_000
WAIT_S = 60.0
"""Far more than anything here takes; a test that waits so long has failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A network under test."""

    testnet: Testnet
    processes: tuple[NodeProcess, ...]

    def heads(self) -> tuple[Head, ...]:
        """Where the running nodes stand."""
        return tuple(get_head(one.node.rpc_address) for one in self.processes if one.is_running)

    def submit(self, node: int, raws: Sequence[bytes]) -> tuple[Admitted, ...]:
        """Hands transactions to one node."""
        with SyncClient([self.processes[node].node.rpc_address]) as client:
            return client.call(broadcast_txs(raws))

    def commit(self, node: int, raws: Sequence[bytes]) -> None:
        """Hands transactions to a node and waits until it has them all in blocks."""
        assert {one.code for one in self.submit(node, raws)} == {0}
        self.wait_for_commit(node, raws)

    def wait_for_commit(self, node: int, raws: Sequence[bytes]) -> None:
        """Waits until a node has all of these in blocks, with every result in order."""
        ids = [compute_transaction_id(raw) for raw in raws]
        wait_until(lambda: self.count_committed(node, ids) == len(ids), "transactions are committed")

    def count_committed(self, node: int, ids: Sequence[TxId]) -> int:
        """How many of these a node has in blocks."""
        with SyncClient([self.processes[node].node.rpc_address]) as client:
            return sum(fate.height is not None for fate in client.call(tx_status(ids)))

    def count_prevotes(self, node: int) -> int:
        """How many prevotes of the newest round of its height a node holds."""
        request = Request(method="consensus_state", params={}, read=lambda result: result)
        with SyncClient([self.processes[node].node.rpc_address]) as client:
            rounds = client.call(request)["round_state"]["height_vote_set"]
        return sum(vote != "nil-Vote" for vote in rounds[-1]["prevotes"])

    def height(self, node: int) -> int:
        """The last block of a node that answers."""
        found = get_head(self.processes[node].node.rpc_address).height
        assert found is not None, f"node {node} does not answer"
        return found

    def wait_for_height(self, node: int, height: int) -> None:
        """Waits until a node has this block."""
        wait_until(lambda: self.height(node) >= height, f"node {node} reaches height {height}")

    def assert_agreed(self) -> int:
        """All running nodes come to one height and state root; that height."""
        addresses = [one.node.rpc_address for one in self.processes if one.is_running]
        heads = wait_until_agreed(addresses, timeout_s=WAIT_S)
        assert is_agreed(heads), heads
        assert heads[0].height is not None
        return heads[0].height


@contextmanager
def running_network(
    path: Path, *, validators: int = 4, full_nodes: int = 1, parameters: Parameters | None = None
) -> Iterator[Running]:
    """Founds a network, starts all its nodes, and ends them."""
    testnet = make_testnet(
        path / "network",
        validators=validators,
        full_nodes=full_nodes,
        chain_id=CHAIN,
        rules=DEMO_RULES,
        base_port=None,
    )
    if parameters is not None:
        for node in testnet.nodes:
            place = Home(node.home).genesis
            write_genesis(place, replace(read_genesis(place), parameters=parameters))
    with Processes([NodeProcess(node) for node in testnet.nodes]) as processes:
        processes.start()
        processes.wait_until_up()
        yield Running(testnet=testnet, processes=processes.all)


@contextmanager
def running_portal(nodes: Sequence[str], name: str = "supplier", *options: str) -> Iterator[str]:
    """`terang portal NAME` on these nodes; where it is."""
    given = [part for node in nodes for part in ("--node", node)]
    command = [
        sys.executable,
        "-c",
        "from cli.main import main; main()",
        "portal",
        name,
        "--port",
        "0",
        *given,
        *options,
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            yield next(word for word in line.split() if word.startswith("http")).rstrip("/;")
        finally:
            process.terminate()


def make_call(
    key: SigningKey, contract: str, method: str, *arguments: Value, valid_for_ms: int = 60_000
) -> bytes:
    """A signed transaction of one call."""
    transaction = sign_transaction(
        key,
        chain_id=CHAIN,
        nonce=os.urandom(NONCE_BYTES),
        valid_until_ms=time.time_ns() // 1_000_000 + valid_for_ms,
        gas_limit=GAS,
        calls=(Call(contract=contract, method=method, arguments=arguments),),
    )
    return encode_transaction(transaction)


def make_registration(key: SigningKey | None = None, *, valid_for_ms: int = 60_000) -> bytes:
    """A supplier's registration, signed; a new supplier each time."""
    signer = key or SigningKey.from_seed(os.urandom(32))
    business = ("PT Uji", bytes(32), bytes(32))
    return make_call(signer, "registry", "register", *business, valid_for_ms=valid_for_ms)


def make_registrations(count: int) -> list[bytes]:
    """So many suppliers."""
    return [make_registration() for _ in range(count)]


def wait_until(holds: Callable[[], bool], what: str) -> None:
    """Asks again and again; fails when it takes too long."""
    end = time.monotonic() + WAIT_S
    while not holds():
        assert time.monotonic() < end, f"waited in vain: {what}"
        time.sleep(0.05)
