"""A validator whose newest blocks are taken back, and a full node that begins anew, while the others go on: both come to the
same state, and nobody signs two things.
"""

from pathlib import Path

from cli import main
from node.home import Home
from tests.network.running import make_registrations, running_network, wait_until


def test_a_validator_that_goes_back_and_a_node_that_begins_anew_catch_up(tmp_path: Path) -> None:
    with running_network(tmp_path, validators=4, full_nodes=1) as network:
        for _ in range(3):
            network.commit(1, make_registrations(3))
        network.assert_agreed()
        validator, full = network.processes[0], network.processes[-1]
        for process in (validator, full):
            process.terminate()
            assert process.wait() == 0
        record = Home(validator.node.home).signer_record
        signed = record.read_bytes()
        home = str(validator.node.home)
        assert main.run(["rollback", "--blocks", "3", "--home", home, "--yes"]) == 0
        assert main.run(["reset", "--home", str(full.node.home), "--yes"]) == 0
        assert record.read_bytes() == signed

        network.commit(1, make_registrations(3))  # three of four decide
        for process in (validator, full):
            process.start()
            process.wait_until_up()
        network.assert_agreed()
        network.commit(4, make_registrations(3))
        height = network.assert_agreed()
        assert record.read_bytes().startswith(signed)
        wait_until(lambda: len(record.read_bytes()) > len(signed), "the validator signs again")
        for process in network.processes:
            process.check()
        assert height >= 8
