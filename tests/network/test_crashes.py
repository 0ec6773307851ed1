"""Nodes that are killed and start again: the others go on, nothing committed is lost, and all agree in the end."""

from pathlib import Path

from chain.transaction import compute_transaction_id
from tests.network.running import make_registrations, running_network, wait_until


def test_one_of_four_is_killed_and_catches_up(tmp_path: Path) -> None:
    with running_network(tmp_path) as network:
        network.commit(0, make_registrations(20))
        network.processes[2].kill()
        away = [make_registrations(20) for _ in range(5)]
        for batch in away:
            network.commit(0, batch)
        before = network.height(0)
        network.processes[2].start()
        network.processes[2].wait_until_up()
        network.wait_for_height(2, before)
        network.wait_for_commit(2, [raw for batch in away for raw in batch])
        more = make_registrations(20)
        network.commit(2, more)
        network.assert_agreed()


def test_all_are_killed_at_once_and_go_on_where_they_were(tmp_path: Path) -> None:
    with running_network(tmp_path) as network:
        committed = make_registrations(60)
        network.commit(1, committed)
        waiting = make_registrations(200)
        network.submit(3, waiting)
        heights = [network.height(node) for node in range(5)]
        for process in network.processes:
            process.kill()
        for process in network.processes:
            process.start()
        for process, height in zip(network.processes, heights, strict=True):
            process.wait_until_up()
            assert network.height(network.processes.index(process)) >= height
        for node in range(5):
            network.wait_for_commit(node, committed)
        network.commit(0, make_registrations(20))
        assert network.assert_agreed() > max(heights)


def test_killed_in_the_middle_of_load_again_and_again(tmp_path: Path) -> None:
    with running_network(tmp_path, full_nodes=0) as network:
        sent: list[bytes] = []
        for node in (0, 1, 2, 3):
            batch = make_registrations(100)
            sent += batch
            network.submit((node + 1) % 4, batch)
            network.processes[node].kill()
            network.processes[node].start()
            network.processes[node].wait_until_up()
        network.wait_for_commit(0, sent)
        network.assert_agreed()


def test_two_of_four_decide_nothing_and_three_go_on(tmp_path: Path) -> None:
    with running_network(tmp_path, full_nodes=0) as network:
        network.commit(0, make_registrations(5))
        network.assert_agreed()
        for node in (2, 3):
            network.processes[node].terminate()
            assert network.processes[node].wait() == 0
        before = [network.height(node) for node in (0, 1)]
        waiting = make_registrations(10)
        assert {one.code for one in network.submit(0, waiting)} == {0}
        wait_until(
            lambda: network.count_prevotes(0) == network.count_prevotes(1) == 2, "both have said all they can"
        )
        assert [network.height(node) for node in (0, 1)] == before
        assert network.count_committed(0, [compute_transaction_id(raw) for raw in waiting]) == 0
        network.processes[3].start()
        network.processes[3].wait_until_up()
        network.wait_for_commit(0, waiting)
        network.wait_for_commit(3, waiting)
        network.assert_agreed()
