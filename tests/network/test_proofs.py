"""What one node answers of the state is verified with another's header, and survives the death of who answers."""

from pathlib import Path

from chain.hashing import Digest
from chain.ics23 import ExistenceProof, NonExistenceProof, verify_absence, verify_existence
from rpc import requests
from rpc.client import SyncClient
from rpc.requests import StateEntry
from tests.network.running import Running, make_registration, running_network
from vm.keys import contract_key, storage_prefix

PRESENT, ABSENT = contract_key("registry"), storage_prefix("registry", 0) + b"nobody"
FULL_NODE, OTHER = 4, 0


def ask(network: Running, node: int, key: bytes, height: int | None = None) -> StateEntry:
    """A proved entry of one node."""
    with SyncClient([network.processes[node].node.rpc_address]) as client:
        return client.call(requests.state_entry(key, height, prove=True))


def find_root(network: Running, height: int) -> Digest:
    """The state root after a height, as another node's header of the next one has it."""
    with SyncClient([network.processes[OTHER].node.rpc_address]) as client:
        header = client.call(requests.header(height + 1)).header
    assert header is not None, "the state of a height is proved when the next height has its block"
    return Digest(bytes.fromhex(header.app_hash))


def check(network: Running, height: int | None = None) -> int:
    """Both keys, of the last height with a header or of this one; the height."""
    present, absent = (ask(network, FULL_NODE, key, height) for key in (PRESENT, ABSENT))
    assert isinstance(present.proof, ExistenceProof) and present.value is not None
    verify_existence(present.proof, find_root(network, present.height), PRESENT, present.value)
    assert isinstance(absent.proof, NonExistenceProof) and absent.value is None
    verify_absence(absent.proof, find_root(network, absent.height), ABSENT)
    return present.height


def test_entries_are_proved_under_other_nodes_headers(tmp_path: Path) -> None:
    with running_network(tmp_path) as network:
        network.commit(0, [make_registration() for _ in range(30)])
        network.assert_agreed()
        first = check(network)
        network.processes[FULL_NODE].kill()
        network.commit(0, [make_registration() for _ in range(30)])
        network.processes[FULL_NODE].start()
        network.processes[FULL_NODE].wait_until_up()
        network.assert_agreed()
        assert check(network) > first
        assert check(network, first) == first
