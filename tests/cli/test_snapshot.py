"""Snapshots from the command line: made, shown, written into a file, proven from the genesis document alone, and begun with."""

import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from chain.hashing import sha256
from chain.keys import Signature
from chain.transaction import check_transaction
from machine.faults import Damaged
from machine.files import DiskFiles
from machine.keyfile import read_key_info
from node.commit import Committer
from node.config import read_config
from node.home import Home
from node.opening import open_home, read_ledger_governance
from node.signer_record import Entry, SignerRecord, Step
from node.stopped import open_stopped
from tests.chain.making import CHAIN
from tests.cli.running import Terminal
from tests.node.grown import STORE, Grown
from vm.deployment import ModuleCache

HEIGHT = 8
FLIPS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A chain that lies in the first validator's home, with a snapshot of its last height but one, and that in a file."""

    grown: Grown
    home: Home
    file: Path

    def home_of(self, number: int) -> Home:
        """Another node of the network, which has no ledger yet."""
        return Home(self.grown.testnet.nodes[number].home)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """The network of all tests here; none changes it."""
    path = tmp_path_factory.mktemp("snapshots")
    grown = Grown.found(path / "network", full_nodes=2)
    for height in range(1, HEIGHT + 2):
        grown.grow([grown.make_registration()] if height % 2 else [])
    grown.store.close()
    home = Home(grown.testnet.nodes[0].home)
    return Made(grown=grown, home=home, file=path / "snapshot.terang")


@pytest.fixture
def file(made: Made, terminal: Terminal) -> Path:
    """The snapshot as a file."""
    if not made.file.exists():
        terminal.succeed("snapshot", "create", "--home", made.home.path)
        terminal.succeed("snapshot", "export", made.file, "--home", made.home.path)
    return made.file


def test_it_is_made_shown_and_written_once(made: Made, file: Path, terminal: Terminal) -> None:
    listed = terminal.succeed("snapshot", "list", "--home", made.home.path)
    assert listed.startswith(f"height {HEIGHT}, {CHAIN}") and "entries in 3 chunks" not in listed
    assert "entries in 2 chunks" in listed  # nobody has handed over
    assert "there is a file already" in terminal.fail("snapshot", "export", file, "--home", made.home.path)
    refused = terminal.fail("snapshot", "export", file.parent / "x", "--home", made.home.path, "--height", 7)
    assert f"expected a snapshot here, there are {HEIGHT}" in refused
    assert "no snapshot here" in terminal.succeed("snapshot", "list", "--home", made.home_of(1).path)
    assert "there is no ledger yet" in terminal.fail("snapshot", "create", "--home", made.home_of(1).path)


def test_it_is_proven_by_the_genesis_document_alone(made: Made, file: Path, terminal: Terminal) -> None:
    said = terminal.succeed("snapshot", "verify", file, "--genesis", made.home.genesis).splitlines()
    assert [line.split(":")[0] for line in said] == [
        "holds   the file is a snapshot",
        "holds   it is of this genesis document",
        "holds   the validators hand over",
        "holds   its block is decided by those who reign",
        "holds   the next block follows it",
        "holds   the replay window is whole",
        "holds   the chunks are those of the manifest",
        "holds   the state has the root that the next block names",
        f"PROVEN  height {HEIGHT}, {CHAIN}, {said[-1].split(', ')[2].split(':')[0]}",
    ]
    assert f"block {HEIGHT}, signed by 4 of 4" in said[3]


def examine(terminal: Terminal, home: Home, *options: str) -> str:
    """What the examination says of the ledger; this chain's clock runs fast, which is told apart."""
    out = terminal.run("doctor", "--home", home.path, *options).out
    return next(line for line in out.splitlines() if line.split()[1] == "ledger" and line.startswith("ok"))


def test_a_node_that_begins_with_it_carries_out_the_next_blocks(
    made: Made, file: Path, terminal: Terminal
) -> None:
    """With contracts, members and parameters from the state of the snapshot."""
    home = made.home_of(4)
    said = terminal.succeed("snapshot", "import", file, "--home", home.path)
    assert said.endswith(f"from height {HEIGHT} on. Next: terang doctor --home {home.path}\n")
    assert f"height {HEIGHT}, the newest 0 of 0 blocks are whole" in examine(terminal, home)
    assert f"height {HEIGHT}, all 0 blocks and " in examine(terminal, home, "--deep")
    with (
        open_stopped(made.home) as old,
        open_home(home, read_config(home.config), None) as young,
    ):
        assert young.governance == read_ledger_governance(old.ledger) and young.ledger.head.height == HEIGHT
        committer = Committer(young.ledger, ModuleCache(), young.commits)
        certified = old.ledger.certified_block(HEIGHT + 1)
        assert certified is not None
        transactions = [check_transaction(raw, CHAIN) for raw in certified.block.transactions]
        assert transactions
        assert committer.commit(young.ledger.head, certified, transactions).head == old.ledger.head
    assert "there is a ledger here" in terminal.fail("snapshot", "import", file, "--home", home.path)
    again = terminal.succeed("snapshot", "create", "--home", home.path)
    assert (
        again.splitlines()[0]
        == terminal.succeed("snapshot", "list", "--home", made.home.path).splitlines()[0]
    )
    assert f"height {HEIGHT + 1}, all 1 blocks and " in examine(terminal, home, "--deep")


def test_a_validator_that_begins_with_it_votes_for_nothing_that_it_may_have_voted_for(
    made: Made, file: Path, terminal: Terminal
) -> None:
    """Its record is ahead of the snapshot: it was at height 30 when its disk was lost."""
    home = made.home_of(1)
    files = {path: path.read_bytes() for path in (home.validator_key, home.node_key, home.config)}
    address = read_key_info(home.validator_key).address
    home.signer_record.unlink()
    SignerRecord.create(home.signer_record, address, CHAIN, HEIGHT + 1, DiskFiles())
    record = SignerRecord(home.signer_record, address, CHAIN, DiskFiles())
    entry = Entry(
        height=30, round=0, step=Step.PRECOMMIT, hash=sha256(b"vote"), signature=Signature(bytes(64)), journal_mark=0
    )  # fmt: skip
    record.append(entry)
    record.close()
    kept = home.signer_record.read_bytes()
    terminal.succeed("snapshot", "import", file, "--home", home.path)
    assert home.signer_record.read_bytes() == kept
    assert files == {path: path.read_bytes() for path in files}
    with open_home(home, read_config(home.config), None) as opened:
        assert opened.validator is not None and opened.start.vote_from == 31
        assert "signed at height 30, but the ledger ends at 8" in " ".join(opened.start.losses)


def test_a_validator_whose_record_has_forgotten_its_vote_for_the_snapshot_does_not_start(
    made: Made, file: Path, terminal: Terminal
) -> None:
    """The certificate that came with it has that vote."""
    home = made.home_of(2)
    terminal.succeed("snapshot", "import", file, "--home", home.path)
    with (
        pytest.raises(Damaged, match=rf"vote for height {HEIGHT} is on this disk: the record is an old copy"),
        open_home(home, read_config(home.config), None),
    ):
        pass


# --- What is refused ----------------------------------------------------------------------------------------------


def test_another_genesis_document_is_refused(
    made: Made, file: Path, terminal: Terminal, tmp_path: Path
) -> None:
    other = Grown.found(tmp_path / "other", validators=1, full_nodes=0)
    other.store.close()
    home = Home(other.testnet.nodes[0].home)
    ran = terminal.run("snapshot", "verify", file, "--genesis", home.genesis)
    assert ran.code == 2 and "FAILS   it is of this genesis document" in ran.out
    assert "step genesis: expected a snapshot of genesis" in ran.err
    shutil.rmtree(home.store(STORE))
    assert "step genesis" in terminal.fail("snapshot", "import", file, "--home", home.path)
    assert not home.store(STORE).exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda data: b"", "step form: manifest: expected 4 bytes more, the file ends after 0"),
        (lambda data: data[:100], "step form: manifest: expected"),
        (lambda data: data[:-1], "step state: chunk 1: expected"),
        (lambda data: data + b"\x00", "step state: expected the file to end after 2 chunks, got more"),
        (lambda data: b"\xff" * len(data), "step form: manifest: expected at most"),
        (lambda data: b"PK\x03\x04" + data, "step form"),
    ],
    ids=["empty", "cut early", "cut late", "longer", "huge length", "another kind of file"],
)
def test_what_is_no_such_file_is_told(
    made: Made, file: Path, terminal: Terminal, tmp_path: Path, change: Callable[[bytes], bytes], words: str
) -> None:
    changed = tmp_path / "changed"
    changed.write_bytes(change(file.read_bytes()))
    assert words in terminal.fail("snapshot", "verify", changed, "--genesis", made.home.genesis)


def test_every_flipped_bit_of_the_file_is_refused(
    made: Made, file: Path, terminal: Terminal, tmp_path: Path
) -> None:
    honest, draw, changed = file.read_bytes(), random.Random(11), tmp_path / "changed"
    places = [draw.randrange(len(honest)) for _ in range(FLIPS // 2)]
    places += [draw.randrange(4_000) for _ in range(FLIPS // 2)]  # manifest and window, which are small
    for place in places:
        flipped = honest[place] ^ 1 << draw.randrange(8)
        changed.write_bytes(honest[:place] + bytes((flipped,)) + honest[place + 1 :])
        assert "snapshot, step " in terminal.fail(
            "snapshot", "verify", changed, "--genesis", made.home.genesis
        )


def test_a_home_without_genesis_document_is_told(
    made: Made, file: Path, terminal: Terminal, tmp_path: Path
) -> None:
    assert "there is no configuration" in terminal.fail("snapshot", "import", file, "--home", tmp_path)
    assert "there is no configuration" in terminal.fail("snapshot", "list", "--home", tmp_path)
