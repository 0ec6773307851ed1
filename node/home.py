"""Where everything of one node lies under its home directory."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Home:
    """Where everything of one node lies."""

    path: Path

    @property
    def config(self) -> Path:
        """What the operator sets."""
        return self.path / "config" / "terang.toml"

    @property
    def genesis(self) -> Path:
        """The document that the network starts from."""
        return self.path / "config" / "genesis.json"

    @property
    def join_bundle(self) -> Path:
        """The invitation that the node joined by; not there where it was given a genesis document alone."""
        return self.path / "config" / "join.json"

    @property
    def validator_key(self) -> Path:
        """Signs votes."""
        return self.path / "keys" / "validator.key"

    @property
    def node_key(self) -> Path:
        """Names the node to others."""
        return self.path / "keys" / "node.key"

    @property
    def journal(self) -> Path:
        """Directory of the write-ahead log."""
        return self.path / "data" / "journal"

    @property
    def commit_log(self) -> Path:
        """What this node has committed, apart from the ledger; made anew from it when it is not there."""
        return self.path / "data" / "commits" / "log"

    @property
    def places(self) -> Path:
        """Which directories the last start used."""
        return self.path / "data" / "places.json"

    @property
    def quarantine(self) -> Path:
        """Directory of what was damaged: a note of each finding, and stores that were replaced."""
        return self.path / "data" / "quarantine"

    @property
    def signer_record(self) -> Path:
        """What the validator key has signed; never restored from a backup."""
        return self.path / "data" / "signer" / "record"

    @property
    def search_index(self) -> Path:
        """What was announced by which transaction; made anew from the ledger when it is not there."""
        return self.path / "data" / "search.sqlite"

    @property
    def snapshots(self) -> Path:
        """Directory of snapshots, one for each height."""
        return self.path / "data" / "snapshots"

    @property
    def diverged(self) -> Path:
        """What was kept of certified blocks that this node contradicts, by height."""
        return self.path / "data" / "diverged"

    @property
    def joining(self) -> Path:
        """Chunks of a snapshot that is being fetched; gone when the node has joined."""
        return self.path / "data" / "joining"

    def documents(self, directory: str) -> Path:
        """Directory of documents, as the configuration says."""
        return self.path / directory

    def store(self, directory: str) -> Path:
        """Directory of the ledger, as the configuration says."""
        return self.path / directory
