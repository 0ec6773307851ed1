"""What a node says may be done now, on a network so quiet that no block tells the time."""

import time
from pathlib import Path

from chain.keys import SigningKey
from rpc.client import SyncClient
from rpc.requests import query
from tests.network.running import Running, make_call, running_network, wait_until

OFFICER, DEPUTY = SigningKey.from_seed(b"\x01" * 32), SigningKey.from_seed(b"\x02" * 32)
COMMITMENT_OFFICER = 2
TERM_MS = 4_000


def may_act(network: Running) -> bool:
    """Whether the deputy is a commitment officer now."""
    with SyncClient(network.testnet.rpc_addresses) as client:
        arguments = (DEPUTY.address, "agency-1")
        return client.call(query("registry", "is_commitment_officer", arguments)).value is True


def test_a_term_ends_though_no_block_comes(tmp_path: Path) -> None:
    with running_network(tmp_path, validators=1, full_nodes=0) as network:
        operator = network.testnet.operators["agency-1"]
        network.commit(0, [make_call(operator, "registry", "grant", OFFICER.address, COMMITMENT_OFFICER)])
        until_ms = time.time_ns() // 1_000_000 + TERM_MS
        term = (DEPUTY.address, COMMITMENT_OFFICER, until_ms)
        network.commit(0, [make_call(OFFICER, "registry", "delegate", *term)])
        assert may_act(network)
        height = network.height(0)
        wait_until(lambda: not may_act(network), "the term ends")
        assert time.time_ns() // 1_000_000 >= until_ms and network.height(0) <= height + 1
