"""Documents on a real network, by the command line: put, fetched, refused, damaged, out of quota, erased; and nothing in
clear on any node's disk."""

from dataclasses import replace
from pathlib import Path

import pytest

from chain.keys import format_address
from cli.testnet import OPERATORS
from machine.keyfile import read_key_info
from node.config import DocumentsConfig, read_config, write_config
from node.home import Home
from tests.cli.running import Terminal
from tests.network.running import Running, running_network

NIK, PERSON, FILE_NAME = "3201234567890001", "Budi Santoso", "ktp-budi.txt"
TEXT = f"NIK {NIK} atas nama {PERSON}"


class Acting:
    """People of a network at their command lines."""

    def __init__(self, network: Running, terminal: Terminal, folder: Path) -> None:
        self.network, self.terminal, self.folder = network, terminal, folder
        self.operator = network.testnet.nodes[0].home.parent / OPERATORS / "agency-1.key"

    def at(self, *numbers: int) -> list[str]:
        """Options that name these nodes; all of them unless some are given."""
        processes = self.network.processes
        chosen = [processes[number] for number in numbers] or list(processes)
        return [part for one in chosen for part in ("--node", one.node.rpc_address)]

    def new_key(self, name: str) -> Path:
        """A key file."""
        path = self.folder / f"{name}.key"
        self.terminal.succeed("keys", "new", path)
        return path

    def call(self, key: Path, *words: object) -> None:
        """A transaction that takes effect."""
        self.terminal.succeed("tx", "call", *words, "--key", key, *self.at(0))

    def register(self, name: str) -> Path:
        """A supplier."""
        key = self.new_key(name)
        nothing = "0x" + bytes(32).hex()
        self.call(key, "registry", "register", f"PT {name}", nothing, nothing)
        return key

    def put(self, key: Path, text: str, *options: str, at: tuple[int, ...] = ()) -> dict[str, str]:
        """A document for agency-1; what the command says, by the words before."""
        said = self.terminal.succeed(
            "documents", "put", self.write(text), *self._putting(key, *options, at=at)
        )
        return {line[:12].strip(): line[12:].strip() for line in said.splitlines()}

    def put_in_vain(self, key: Path, text: str, at: tuple[int, ...]) -> str:
        """Why a document is not put."""
        return self.terminal.fail("documents", "put", self.write(text), *self._putting(key, at=at))

    def _putting(self, key: Path, *options: str, at: tuple[int, ...]) -> list[object]:
        return ["--agency", "agency-1", "--key", key, *options, *self.at(*at)]

    def write(self, text: str) -> Path:
        """A document to put."""
        path = self.folder / FILE_NAME
        path.write_text(text)
        return path

    def get(self, hash_: str, *options: object, at: tuple[int, ...] = ()) -> str:
        """What is in a document."""
        output = self.folder / "fetched"
        output.unlink(missing_ok=True)
        self.terminal.succeed("documents", "get", hash_, "--output", output, *options, *self.at(*at))
        return output.read_text()

    def get_in_vain(self, hash_: str, *options: object, at: tuple[int, ...] = ()) -> str:
        """Why it is not given, or not opened."""
        return self.terminal.fail(
            "documents", "get", hash_, "--output", self.folder / "never", *options, *self.at(*at)
        )

    def holders(self, hash_: str) -> list[int]:
        """Which nodes have it on disk."""
        return [number for number in range(3) if self.file(number, hash_).exists()]

    def file(self, number: int, hash_: str) -> Path:
        """Where a node keeps it."""
        return self.network.processes[number].node.home / "data" / "documents" / hash_


def assert_nothing_in_clear(network: Running) -> None:
    """No file of any node holds anything of the document or its name."""
    files = [path for one in network.processes for path in one.node.home.rglob("*") if path.is_file()]
    assert len(files) > 20
    for path in files:
        content = path.read_bytes()
        for word in (NIK, PERSON, FILE_NAME):
            assert word.encode() not in content, path


def test_documents_on_three_nodes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with running_network(tmp_path, validators=3, full_nodes=0) as network:
        acting = Acting(network, Terminal(capsys, monkeypatch), tmp_path)
        owner, other = acting.register("pemilik"), acting.register("lain")
        officer, agency_key = acting.new_key("ppk"), acting.new_key("dokumen")
        address = format_address(read_key_info(officer).address)
        assert "has stated no key for documents" in acting.put_in_vain(owner, TEXT, ())
        acting.call(acting.operator, "registry", "grant", address, "COMMITMENT_OFFICER")
        public = acting.terminal.succeed("documents", "key", agency_key).strip()
        acting.call(acting.operator, "registry", "set_document_key", public)

        said = acting.put(owner, TEXT)
        hash_ = said["hash"]
        assert said["kept by"] == "agency-1, agency-2" and said["recorded"].startswith("number 1")
        assert acting.holders(hash_) == [0, 1]
        assert acting.get(hash_, "--key", owner) == TEXT
        assert acting.get(hash_, "--key", officer, "--with", agency_key, at=(2, 1)) == TEXT
        assert "not encrypted for this key" in acting.get_in_vain(hash_, "--key", officer)
        assert "clause 3.1" in acting.get_in_vain(hash_, "--key", other)
        assert "to its readers alone" in acting.get_in_vain(hash_)
        assert_nothing_in_clear(network)

        sealed = acting.put(owner, TEXT, "--sealed", "--no-record")
        assert "not encrypted" in acting.get_in_vain(sealed["hash"], "--key", officer, "--with", agency_key)
        assert acting.get(sealed["hash"], "--key", officer, "--content-key", sealed["content key"]) == TEXT
        assert acting.get(acting.put(officer, "Pengumuman", "--public")["hash"]) == "Pengumuman"

        flip(acting.file(0, hash_))
        assert "damaged" in acting.get_in_vain(hash_, "--key", owner, at=(0,))
        assert acting.get(hash_, "--key", owner) == TEXT
        assert "damaged" not in acting.terminal.succeed(
            "documents", "list", "--home", network.processes[1].node.home
        )

        restart_with_quota(network, 1, 1_000)
        assert acting.get(hash_, "--key", owner, at=(1,)) == TEXT
        assert "share of the day" in acting.put_in_vain(owner, "lagi", (1,))
        assert acting.put(owner, "lagi", at=(1, 0, 2))["kept by"] == "agency-1, agency-3"

        for number in acting.holders(hash_):
            acting.terminal.succeed(
                "documents", "remove", hash_, "--home", network.processes[number].node.home
            )
        assert "does not keep" in acting.get_in_vain(hash_, "--key", owner)
        assert (
            acting.terminal.succeed("query", "documents", "is_recorded", f"0x{hash_}", *acting.at(0))
            == "true\n"
        )
        assert_nothing_in_clear(network)
        network.assert_agreed()


def flip(path: Path) -> None:
    """One bit of a file changes."""
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def restart_with_quota(network: Running, number: int, owner_day_bytes_max: int) -> None:
    """A node ends, is given another configuration, and starts."""
    process = network.processes[number]
    process.terminate()
    assert process.wait() == 0
    place = Home(process.node.home).config
    config = read_config(place)
    write_config(place, replace(config, documents=DocumentsConfig(owner_day_bytes_max=owner_day_bytes_max)))
    process.start()
    process.wait_until_up()
