"""The ceremony of a network that lost its quorum: two of four agencies go on with a new one, and all else is refused."""

from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from chain.hashing import sha256
from chain.keys import format_address
from genesis.document import Genesis, Succession
from genesis.file import GenesisRefused, read_genesis, write_genesis
from node.config import read_config
from node.home import Home
from node.opening import begin_ledger, open_home, read_ledger_governance
from node.store.memory import MemoryStore
from tests.cli.running import Terminal
from tests.node.grown import Grown

NEW = "terang-test-2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ceremony:
    """Files of a ceremony under way; agency-1 and agency-2 remain, agency-5 is new."""

    terminal: Terminal
    path: Path
    old: Path
    root: bytes
    keys: dict[str, Path]

    @property
    def document(self) -> Path:
        return self.path / "new.json"

    @property
    def state(self) -> Path:
        return self.path / "old.state"

    def home(self, name: str) -> Path:
        return self.path / "new" / name

    def sign(self, *names: str) -> None:
        for name in names:
            self.terminal.succeed("succession", "sign", self.document, "--key", self.keys[name])

    def begin(self, name: str, **given: Path) -> tuple[object, ...]:
        old, state = given.get("old", self.old), given.get("state", self.state)
        home = self.home(name)
        return ("succession", "begin", self.document, "--old-genesis", old, "--state", state, "--home", home)

    def change(self, **changes: object) -> None:
        """Changes what the document says of the old network."""
        document = read_genesis(self.document)
        assert document.succession is not None
        changed: Succession = replace(document.succession, **changes)  # type: ignore[arg-type]  # by name
        write_genesis(self.document, replace(document, succession=changed))


@pytest.fixture
def ceremony(terminal: Terminal, tmp_path: Path) -> Ceremony:
    """Drafted, with its three members, and the state written; nobody has signed."""
    grown = Grown.found(tmp_path / "network", full_nodes=1)
    for _ in range(3):
        grown.grow([grown.make_registration(), grown.make_registration()])
    root = grown.ledger.head.state_root
    grown.close()
    old_home = grown.testnet.nodes[0].home
    keys = {node.name: node.operator_key for node in grown.testnet.nodes[:2] if node.operator_key is not None}
    keys["agency-5"] = tmp_path / "agency-5.key"
    terminal.succeed("keys", "new", keys["agency-5"])
    made = Ceremony(terminal=terminal, path=tmp_path, old=Home(old_home).genesis, root=root, keys=keys)
    terminal.succeed("succession", "draft", made.document, "--home", old_home, "--chain-id", NEW)
    terminal.succeed("succession", "state", made.state, "--home", old_home)
    for name, key in keys.items():
        home = made.home(name)
        terminal.succeed("init", "--home", home, "--moniker", name, "--chain-id", NEW)
        terminal.succeed(
            "genesis", "add-validator", made.document, "--name", name, "--operator", key, "--home", home
        )
    return made


def test_the_records_go_on_with_other_keepers(ceremony: Ceremony) -> None:
    said = ceremony.terminal.succeed("succession", "check", ceremony.document, "--old-genesis", ceremony.old)
    assert "NOT YET       agency-1, agency-2, agency-5" in said
    ceremony.sign("agency-2", "agency-1", "agency-5", "agency-1")
    said = ceremony.terminal.succeed(*ceremony.begin("agency-1"))
    assert "left behind   agency-3, agency-4" in said and "NOT YET       nobody" in said
    assert ceremony.root.hex() in said
    ceremony.terminal.succeed(*ceremony.begin("agency-5"))
    roots = set()
    for name in ("agency-1", "agency-5"):
        home = Home(ceremony.home(name))
        with open_home(home, read_config(home.config), None) as opened:
            ledger, governance = opened.ledger, read_ledger_governance(opened.ledger)
            assert ledger.head.height == 0 and ledger.head.chain_id == NEW
            assert {one.name for one in governance.validators.validators} == set(ceremony.keys)
            assert {node.name for node in governance.nodes} == {*ceremony.keys, "auditor-1"}
            suppliers = [key for key, _ in ledger.state.iterate(b"sregistry", b"sregistry\x01", 10_000)]
            assert len(suppliers) >= 6
            roots.add(ledger.head.state_root)
    assert len(roots) == 1, "everybody begins with the same state"
    assert "there is a ledger here" in ceremony.terminal.fail(*ceremony.begin("agency-1"))


def test_nobody_begins_before_all_have_signed_this_very_document(ceremony: Ceremony) -> None:
    ceremony.sign("agency-1", "agency-2")
    assert "agency-5 has yet to sign" in ceremony.terminal.fail(*ceremony.begin("agency-1"))
    ceremony.sign("agency-5")
    ceremony.change(state_root=sha256(b"other"))
    said = ceremony.terminal.fail(*ceremony.begin("agency-1"))
    assert "is not over this document" in said
    stranger = ceremony.path / "stranger.key"
    ceremony.terminal.succeed("keys", "new", stranger)
    said = ceremony.terminal.fail("succession", "sign", ceremony.document, "--key", stranger)
    assert "acts for none" in said
    assert not (ceremony.home("agency-1") / "data" / "store").exists()


def test_another_state_is_refused_by_its_root(ceremony: Ceremony) -> None:
    ceremony.sign(*ceremony.keys)
    data, other = ceremony.state.read_bytes(), ceremony.path / "other.state"
    other.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    assert "expected the root" in ceremony.terminal.fail(*ceremony.begin("agency-1", state=other))
    for torn in (data[:-1], data[:2], b"\xff" * 100):
        other.write_bytes(torn)
        said = ceremony.terminal.fail(*ceremony.begin("agency-1", state=other))
        assert "cut short" in said or "not as it was written" in said
    other.write_bytes(b"")
    assert "of 0 entries" in ceremony.terminal.fail(*ceremony.begin("agency-1", state=other))


def test_the_old_network_must_have_decided_the_block(ceremony: Ceremony) -> None:
    end = read_genesis(ceremony.document).succession
    assert end is not None
    signatures = (None, None, *end.last.certificate.signatures[2:])
    unsigned = replace(end.last, certificate=replace(end.last.certificate, signatures=signatures))
    later = replace(end.last, header=replace(end.last.header, state_root=sha256(b"other")))
    for changes in (
        {"last": unsigned},
        {"last": later},
        {"height": end.height + 1},
        {"block_id": sha256(b"other")},
        {"hand_overs": (end.last,)},
        {"chain_id": "another"},
    ):
        ceremony.change(**changes)
        said = ceremony.terminal.fail("succession", "check", ceremony.document, "--old-genesis", ceremony.old)
        assert "link: expected" in said or "link: block" in said or "link: certificate" in said, said
        write_genesis(ceremony.document, replace(read_genesis(ceremony.document), succession=end))


def test_an_agencys_place_is_taken_by_nobody_else(ceremony: Ceremony) -> None:
    document = read_genesis(ceremony.document)
    members = list(document.members)
    members[2] = replace(members[2], name="agency-3")
    write_genesis(ceremony.document, replace(document, members=tuple(members)))
    ceremony.sign(*ceremony.keys)
    said = ceremony.terminal.fail(*ceremony.begin("agency-5"))
    assert "names: expected agency-3 with the operator that it had" in said
    assert format_address(members[2].operator) in said


def test_a_node_does_not_begin_without_the_state(ceremony: Ceremony) -> None:
    document: Genesis = read_genesis(ceremony.document)
    with pytest.raises(GenesisRefused, match="terang succession begin"):
        begin_ledger(MemoryStore(), Path("store"), document, 2)
    other = ceremony.path / "genesis.json"
    ceremony.terminal.succeed("genesis", "new", other, "--chain-id", NEW)
    said = ceremony.terminal.fail("succession", "check", other, "--old-genesis", ceremony.old)
    assert "got one that begins" in said
    said = ceremony.terminal.succeed("genesis", "check", ceremony.document)
    assert "goes on from  terang-test, after block 3" in said and "state root" not in said


def test_what_is_drafted_has_a_name_of_its_own(ceremony: Ceremony) -> None:
    home = ceremony.path / "network" / "agency-2"
    draft = ("succession", "draft", ceremony.path / "again.json", "--home")
    said = ceremony.terminal.fail(*draft, ceremony.path / "network" / "agency-1", "--chain-id", "terang-test")
    assert "a name of its own" in said
    assert "there is no ledger yet" in ceremony.terminal.fail(*draft, home, "--chain-id", NEW)
