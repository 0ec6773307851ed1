"""A transaction is executed once, whoever sends it again, wherever and whenever: after a restart, after catch-up, and
from the first to the last moment of its validity and beyond.
"""

import time
from pathlib import Path

from chain.parameters import Parameters
from chain.transaction import compute_transaction_id, decode_transaction, is_in_window
from rpc import requests
from rpc.client import SyncClient
from rpc.requests import Committed
from rpc.values import AdmissionCode
from tests.network.running import Running, make_registration, running_network

PARAMETERS = Parameters(window_ms=10_000, timeout_propose_ms=500)
ALL = range(5)


def assert_refused(network: Running, raws: list[bytes], code: AdmissionCode, words: str) -> None:
    """Every node refuses each of these for this reason."""
    for node in ALL:
        for admitted in network.submit(node, raws):
            assert admitted.code == code, (node, admitted)
            assert words in admitted.message


def find_blocks(network: Running, node: int, raw: bytes) -> list[Committed]:
    """The blocks of a node that hold the transaction."""
    wanted = compute_transaction_id(raw)
    with SyncClient([network.processes[node].node.rpc_address]) as client:
        blocks = [client.call(requests.committed(height)) for height in range(1, network.height(node) + 1)]
    return [block for block in blocks if any(found == wanted for found, _ in block.transactions)]


def wait_out(raw: bytes) -> None:
    """Returns when the clock has passed the end of the transaction's validity."""
    wait_until_after(decode_transaction(raw).valid_until_ms)


def wait_until_forgotten(network: Running, raw: bytes) -> None:
    """Returns when nodes need not remember a committed transaction any more: a window after its block."""
    (block,) = find_blocks(network, 0, raw)
    wait_until_after(block.time_ms + PARAMETERS.window_ms)


def wait_until_after(end_ms: int) -> None:
    """Returns when the clock has passed a time."""
    while (left_ms := end_ms - time.time_ns() // 1_000_000) >= 0:
        time.sleep((left_ms + 1) / 1_000)


def test_both_edges_of_the_window(tmp_path: Path) -> None:
    """From past to future: refused, let in, let in early (clocks differ) but ordered in time, refused."""
    with running_network(tmp_path, parameters=PARAMETERS) as network:
        past = make_registration(valid_for_ms=0)
        assert_refused(network, [past], AdmissionCode.EXPIRED, "expired at")
        future = make_registration(valid_for_ms=PARAMETERS.window_ms + PARAMETERS.precision_ms + 60_000)
        assert_refused(
            network, [future], AdmissionCode.NOT_YET, "expected an end of validity within 10000 ms"
        )
        early = [
            make_registration(valid_for_ms=PARAMETERS.window_ms + PARAMETERS.precision_ms) for _ in range(3)
        ]
        network.commit(4, early)
        for raw in early:
            (block,) = find_blocks(network, 4, raw)
            valid_until_ms = decode_transaction(raw).valid_until_ms
            assert is_in_window(valid_until_ms, block.time_ms, PARAMETERS.window_ms)


def test_a_replay_is_refused_by_every_node_at_every_time(tmp_path: Path) -> None:
    with running_network(tmp_path, parameters=PARAMETERS) as network:
        network.processes[2].kill()
        far = make_registration(valid_for_ms=PARAMETERS.window_ms)
        near = make_registration(valid_for_ms=9_000)
        network.commit(0, [far, near])
        network.processes[2].start()
        network.processes[2].wait_until_up()
        for node in ALL:
            network.wait_for_commit(node, [far, near])
        assert_refused(network, [far, near], AdmissionCode.COMMITTED, "stands in a block already")
        for process in network.processes:
            process.kill()
        for process in network.processes:
            process.start()
        for process in network.processes:
            process.wait_until_up()
        assert_refused(network, [far, near], AdmissionCode.COMMITTED, "stands in a block already")
        wait_out(near)
        assert_refused(network, [near], AdmissionCode.COMMITTED, "stands in a block already")
        wait_out(far)
        wait_until_forgotten(network, far)
        network.commit(1, [make_registration(valid_for_ms=PARAMETERS.window_ms)])
        network.assert_agreed()
        assert_refused(network, [far, near], AdmissionCode.EXPIRED, "expired at")
        network.processes[3].kill()
        network.processes[3].start()
        network.processes[3].wait_until_up()
        assert_refused(network, [far, near], AdmissionCode.EXPIRED, "expired at")
        for raw in (far, near):
            heights = [[block.height for block in find_blocks(network, node, raw)] for node in ALL]
            assert len(heights[0]) == 1 and heights == [heights[0]] * len(ALL)
