"""The auditor's portal on a real network: proofs back to the genesis document, over a change of validators and without a node."""

import os
from pathlib import Path

import httpx2

from chain.keys import SigningKey, format_address
from chain.transaction import compute_transaction_id
from node.home import Home
from tests.network.running import (
    Running,
    make_call,
    make_registration,
    running_network,
    running_portal,
    wait_until,
)


def change_power(network: Running) -> None:
    """Three of four members give one of them another voting power."""
    first, *others = network.testnet.operators.values()
    network.commit(0, [make_call(first, "governance", "propose_power", "agency-4", 11)])
    network.commit(0, [make_call(other, "governance", "vote", 1, True) for other in others[:2]])


def read(address: str, path: str) -> str:
    """A page that is there."""
    answer = httpx2.get(f"{address}{path}", timeout=30)
    assert answer.status_code == 200, answer.text
    return answer.text


def test_what_a_network_did_is_proven_to_its_founders(tmp_path: Path) -> None:
    supplier = SigningKey.from_seed(os.urandom(32))
    with running_network(tmp_path, full_nodes=0) as network:
        genesis = Home(network.testnet.nodes[0].home).genesis
        nodes = network.testnet.rpc_addresses
        with running_portal(nodes, "auditor", "--genesis", str(genesis)) as address:
            before = make_registration(supplier)
            network.commit(0, [before])
            change_power(network)
            after = make_registration()
            network.commit(0, [after])
            network.assert_agreed()
            page = read(address, f"/en/suppliers/{format_address(supplier.address)}")
            assert "Register a business" in page and ">checked<" in page and "FAILED" not in page
            old = read(address, f"/en/tx/{compute_transaction_id(before).hex()}")
            assert "founders that the genesis document names" in old and "4 of 4 configured nodes" in old
            new = read(address, f"/en/tx/{compute_transaction_id(after).hex()}")
            assert "each time signed by those before" in new and "Every step of its proof holds" in new
            governance = read(address, "/en/governance")
            assert "set the voting power" in governance.casefold() or "agency-4" in governance
            assert governance.count(">checked<") == 3 and "carried" in governance

            network.processes[0].kill()
            wait_until(
                lambda: "3 of 4 configured nodes" in read(address, "/en/network"), "the lost node is told"
            )
            assert "does not answer" in read(address, "/en/network")
            assert "Every step of its proof holds" in read(
                address, f"/en/tx/{compute_transaction_id(before).hex()}"
            )
