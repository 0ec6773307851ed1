"""A validator whose disk fails it: it says what is wrong, the others go on, and once that is mended it goes on where it
was, with nothing lost and nothing signed twice.
"""

import os
import resource
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from chain.parameters import Parameters
from cli.errors import NotDone
from cli.main import run
from cli.processes import NodeProcess
from node.home import Home
from node.signer_record import ENTRY_BYTES
from tests.network.running import Running, make_registrations, running_network, wait_until

BAD = 2
"""The validator whose disk it is."""


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One network for all tests of this file; each leaves it whole."""
    path, parameters = tmp_path_factory.mktemp("disks"), Parameters(timeout_propose_ms=300)
    with running_network(path, full_nodes=0, parameters=parameters) as running:
        running.commit(0, make_registrations(20))
        running.assert_agreed()
        yield running
        running.assert_agreed()
        for process in running.processes:
            assert "contradicted itself" not in process.log.read_text()


def end(process: NodeProcess) -> Home:
    """Ends a node in order; its home."""
    process.terminate()
    assert process.wait() == 0
    return Home(process.node.home)


def assert_refused(process: NodeProcess, *words: str) -> None:
    """The node does not start, and ends with one message that says this."""
    process.start()
    with pytest.raises(NotDone, match=r"has ended \(exit code 1\)") as told:
        process.wait_until_up()
    process.wait()
    (message,) = [line for line in str(told.value).splitlines()[-1:] if line.startswith("terang: ")]
    assert all(word in message for word in words), message


def make_record(home: Home, floor: int) -> None:
    """As the operator does it."""
    assert run(["keys", "import", "--home", str(home.path), "--floor", str(floor)]) == 0


def assert_goes_on(network: Running, process: NodeProcess) -> None:
    """The node starts, catches up, and what it is given is decided."""
    process.start()
    process.wait_until_up()
    network.wait_for_height(BAD, network.height(0))
    network.commit(BAD, make_registrations(5))
    network.assert_agreed()


def test_a_full_disk_stops_one_node_and_loses_nothing(network: Running) -> None:
    process = network.processes[BAD]
    store = Home(process.node.home).store("data/store")
    longest = max(file.stat().st_size for file in store.iterdir())
    _, most = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (longest + 10_000, most))
    sent = make_registrations(50)
    network.commit(0, sent)
    wait_until(lambda: not process.is_running, "the node meets its limit")
    assert process.wait() == 1
    (told,) = [line for line in process.log.read_text().splitlines() if line.startswith("terang: ")]
    assert str(store) in told and "may not grow further" in told and "nothing is lost" in told
    network.commit(0, make_registrations(5))
    assert_goes_on(network, process)
    network.wait_for_commit(BAD, sent)


def test_a_damaged_store_is_mended_though_hardly_anything_is_left(network: Running) -> None:
    """Others are told in `test_repair`; here every kilobyte of the largest file is damaged."""
    process = network.processes[BAD]
    home = end(process)
    store = home.store("data/store")
    longest = max(store.glob("*.l*"), key=lambda file: file.stat().st_size)
    content = bytearray(longest.read_bytes())
    for place in range(
        100, len(content), 1_000
    ):  # what is damaged in one row only shows when that one is read
        content[place] ^= 1
    longest.write_bytes(content)
    assert_goes_on(network, process)
    assert list(home.quarantine.glob("note-*.json"))


def test_a_cut_signers_record_is_refused_until_it_is_made_anew(network: Running) -> None:
    process, another = network.processes[BAD], network.processes[3]
    end(another)
    network.commit(BAD, make_registrations(5))  # by three of four, so that its vote is in the certificate
    signed = network.height(BAD)
    home = end(process)
    another.start()
    another.wait_until_up()
    record = home.signer_record
    size = record.stat().st_size
    os.truncate(record, size - size // ENTRY_BYTES // 2 * ENTRY_BYTES)
    assert_refused(process, str(record), "an old copy, or its end was cut off", "terang keys import")
    record.rename(record.with_name("cut"))
    assert_refused(process, str(record), "the signer's record is not there", "terang keys import")
    network.commit(0, make_registrations(5))
    floor = network.assert_agreed()
    make_record(home, signed - 1)
    assert_refused(process, "is on this disk")
    record.unlink()
    make_record(home, floor)
    assert_goes_on(network, process)


def test_an_old_backup_of_the_home_follows_but_never_signs(network: Running, tmp_path: Path) -> None:
    process = network.processes[BAD]
    data = end(process).path / "data"
    shutil.copytree(data, tmp_path / "backup")
    another = network.processes[3]
    end(another)
    assert_goes_on(network, process)  # by three of four, so that its vote is in the certificate
    end(process)
    another.start()
    another.wait_until_up()
    shutil.move(data, tmp_path / "newest")
    shutil.copytree(tmp_path / "backup", data)
    signed = Home(process.node.home).signer_record.read_bytes()
    begin = process.log.stat().st_size
    assert_goes_on(network, process)
    with process.log.open() as log:
        log.seek(begin)
        assert "this validator has stopped signing" in log.read()
    end(process)
    assert Home(process.node.home).signer_record.read_bytes() == signed
    assert_refused(process, "an old copy, or its end was cut off")
    shutil.rmtree(data)
    shutil.move(tmp_path / "newest", data)
    assert_goes_on(network, process)
