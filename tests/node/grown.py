"""A chain that grows in this process through the code that nodes run, with real keys, signatures and execution.

It lies in the store of a validator's home, so that nodes can be started on it. What one node decides in a network of many
is decided here by all validators' keys at once.
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from chain.bundle import Bundle, BundleBlock, EntryClaim
from chain.checkpoint import Checkpoint, JoinBundle, sign_join
from chain.keys import SigningKey
from chain.limits import NONCE_BYTES
from chain.snapshot import encode_manifest
from chain.transaction import Call, check_transaction, encode_transaction, sign_transaction
from cli.testnet import Testnet, make_testnet
from genesis.document import DEMO_RULES, Genesis
from genesis.file import read_genesis, write_genesis
from genesis.joining import CONTRACT, OPERATORS, Joining
from machine.files import DiskFiles
from machine.keyfile import KeyKind, read_key
from node.commit import Committer
from node.commit_log import CommitLog
from node.home import Home
from node.opening import begin_ledger
from node.signer_record import SignerRecord
from node.snapshot.making import Making
from node.snapshot.shelf import Shelf
from node.store.ledger import Ledger
from node.store.leveldb import LevelStore
from node.store.store import Batch
from tests.chain.making import CHAIN
from tests.genesis.bundles import words_of
from tests.node.making import certify, make_compact
from vm.deployment import ModuleCache

STORE = "data/store"
_CACHE_BYTES = 32 * 1024 * 1024
_BLOCK_MS = 1_000
_GAS = 500_000
_VALID_MS = 60_000


class QuickStore(LevelStore):
    """LevelDB that is not synced: a chain that is lost is grown again."""

    def write(self, batch: Batch, *, sync: bool) -> None:
        """See `Store`."""
        super().write(batch, sync=False)


@dataclass(slots=True, kw_only=True)
class Grown:
    """A network whose chain lies in the first validator's home, and everybody's keys."""

    testnet: Testnet
    genesis: Genesis
    keys: dict[bytes, SigningKey]
    store: LevelStore
    ledger: Ledger
    committer: Committer
    commits: CommitLog
    made: int = 0

    @classmethod
    def found(
        cls, path: Path, *, validators: int = 4, full_nodes: int = 1, began_ms: int | None = None
    ) -> Self:
        """A network at height 0, which began at that time, or now."""
        testnet = make_testnet(
            path,
            validators=validators,
            full_nodes=full_nodes,
            chain_id=CHAIN,
            rules=DEMO_RULES,
            base_port=None,
        )
        if began_ms is not None:
            for home in (Home(node.home) for node in testnet.nodes):
                write_genesis(home.genesis, replace(read_genesis(home.genesis), time_ms=began_ms))
        return cls._begin(testnet, Home(testnet.nodes[0].home).store(STORE))

    @classmethod
    def _begin(cls, testnet: Testnet, path: Path) -> Self:
        homes = [Home(node.home) for node in testnet.nodes if node.is_validator]
        keys = [read_key(home.validator_key, KeyKind.VALIDATOR, None) for home in homes]
        store = QuickStore(path, cache_bytes=_CACHE_BYTES)
        genesis = read_genesis(homes[0].genesis)
        ledger = begin_ledger(store, path, genesis, 100)
        commits = CommitLog(path.parent / "commits" / "log", genesis.hash, DiskFiles())
        return cls(
            testnet=testnet,
            genesis=genesis,
            keys={key.address: key for key in keys},
            store=store,
            ledger=ledger,
            committer=Committer(ledger, ModuleCache(), commits),
            commits=commits,
        )

    def begin_again(self, path: Path) -> "Grown":
        """The same network with the same keys at height 0, for another history."""
        return self._begin(self.testnet, path)

    def trust(self, checkpoint: Checkpoint | None) -> None:
        """Commits from now on as a node that joined by this."""
        self.committer = Committer(self.ledger, ModuleCache(), self.commits, checkpoint)

    def grow(self, transactions: Sequence[bytes] = (), time_ms: int | None = None) -> None:
        """One block more, decided by everybody; a second after the one before, or at a time."""
        head = self.ledger.head
        time_ms = head.time_ms + _BLOCK_MS if time_ms is None else time_ms
        block = make_compact(head, transactions, time_ms).with_bodies(transactions)
        signers = [self.keys[one.address] for one in head.validators.validators]
        certified = certify(block, head.validators, signers)
        self.committer.commit(head, certified, [check_transaction(raw, CHAIN) for raw in transactions])

    def make_call(self, key: SigningKey, call: Call) -> bytes:
        """A signed transaction for the next block; each is another one."""
        self.made += 1
        transaction = sign_transaction(
            key,
            chain_id=CHAIN,
            nonce=self.made.to_bytes(NONCE_BYTES, "big"),
            valid_until_ms=self.ledger.head.time_ms + _VALID_MS,
            gas_limit=_GAS,
            calls=(call,),
        )
        return encode_transaction(transaction)

    def make_registration(self) -> bytes:
        """A new supplier registers."""
        key = SigningKey.from_seed(b"supplier".ljust(24) + self.made.to_bytes(8, "big"))
        business = ("PT Uji", bytes(32), bytes(32))
        return self.make_call(key, Call(contract="registry", method="register", arguments=business))

    def operator(self, number: int = 0) -> SigningKey:
        """The key that acts for an agency."""
        found = self.testnet.nodes[number].operator
        assert found is not None, "a validator's"
        return found

    def make_evidence(self, operator: SigningKey) -> Bundle:
        """That an operator acts for a member, as `terang invite` collects it; the validators have never changed."""
        words = words_of(CONTRACT, OPERATORS, operator.address)
        ledger, height = self.ledger, self.ledger.head.height
        header, certificate = ledger.header(height), ledger.certificate(height)
        assert header is not None and certificate is not None, "there is a block"
        proof, code = (
            ledger.history.prove(key, height - 1, header.state_root) for key in (words.key, words.code_key)
        )
        assert proof is not None and code is not None, "the state is not empty"
        claim = EntryClaim(
            contract=words.contract,
            storage=words.storage,
            keys=words.keys,
            value=ledger.history.value(words.key, height - 1),
            proof=proof,
            code_proof=code,
            module=None,
        )
        block = BundleBlock(header=header, certificate=certificate, next_validators=None)
        return Bundle(genesis_hash=self.genesis.hash, blocks=(block,), claim=claim)

    def invite(self, *, made_ms: int, until_ms: int, operator: SigningKey | None = None) -> Joining:
        """An invitation by the first agency, with the addresses of all validators."""
        key = operator or self.operator()
        bundle: JoinBundle = sign_join(
            key,
            nodes=[node.link_address for node in self.testnet.nodes if node.is_validator],
            made_ms=made_ms,
            until_ms=until_ms,
            evidence=self.make_evidence(key),
            validators=self.ledger.head.validators,
        )
        return Joining(genesis=self.genesis, bundle=bundle)

    def put_snapshot(self) -> None:
        """A snapshot of the height before the head, in each validator's home."""
        shelves = [
            Shelf(Home(node.home).snapshots, DiskFiles()) for node in self.testnet.nodes if node.is_validator
        ]
        with self.ledger.snapshot() as reader:
            making = Making(reader, self.genesis.hash)
            for chunk in making.chunks():
                for shelf in shelves:
                    shelf.put_chunk(making.height, chunk)
            manifest = encode_manifest(making.manifest)
        for shelf in shelves:
            shelf.finish(making.height, manifest)

    def close(self) -> None:
        """Leaves the chain in the first home, whose validator signs nothing below its end."""
        height = self.ledger.head.height
        self.ledger.close()
        self.commits.close()
        for node in self.testnet.nodes:
            if node.is_validator:
                _raise_floor(Home(node.home), height)

    def give_to(self, number: int) -> None:
        """A copy of the closed chain for another node."""
        source, target = (Home(self.testnet.nodes[one].home).store(STORE) for one in (0, number))
        shutil.copytree(source, target, dirs_exist_ok=True)


def _raise_floor(home: Home, height: int) -> None:
    home.signer_record.unlink()
    address = read_key(home.validator_key, KeyKind.VALIDATOR, None).address
    SignerRecord.create(home.signer_record, address, CHAIN, height, DiskFiles())
