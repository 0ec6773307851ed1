"""A small home with something of everything: blocks, results, state, a document, an index, a journal, a record, a snapshot."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from chain.codec import encode
from chain.hashing import Digest, sha256
from chain.transaction import Call, compute_transaction_id
from chain.vote import BlockId, Height, Round, VerifiedVote, Vote, VoteKind
from consensus.inputs import VoteArrived
from machine.files import DiskFiles
from machine.keyfile import KeyKind, read_key
from node.config import read_config
from node.home import Home
from node.journal import Journal
from node.places import check_places
from node.signer import Signer
from node.signer_record import SignerRecord
from node.snapshot.shelf import Shelf
from node.store.ledger import Ledger
from node.store.leveldb import LevelStore
from tests.bitrot.rot import link_all
from tests.bitrot.truth import Questions, answer_all
from tests.chain.making import CHAIN
from tests.documents.making import make_container
from tests.node.grown import STORE, Grown
from vm.keys import storage_prefix

_FILES = DiskFiles()
_PARTS = 4
_BLOCKS_A_PART = 6
_VOTES = 6
_CACHE_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Town:
    """The home as it is undamaged, and what is asked of it."""

    home: Home
    questions: Questions


def build_town(path: Path) -> Town:
    """Grows the chain in parts, between which the store is closed, so that it has tables, and a log that is in none yet."""
    grown = Grown.found(path / "network")
    home = Home(grown.testnet.nodes[0].home)
    for part in range(_PARTS):
        if part:
            _reopen(grown, home)
        for _ in range(_BLOCKS_A_PART):
            _grow(grown)
    questions = _make_questions(grown, home)
    grown.close()
    _vote(home, grown)
    _put_document(home)
    _put_snapshot(home)
    check_places(home, read_config(home.config), _FILES)
    _make_index(home, questions, path / "copy")
    return Town(home=home, questions=questions)


def _make_index(home: Home, questions: Questions, copy: Path) -> None:
    """As a node makes it that is asked; of a copy, so that the newest blocks stay in the store's log."""
    link_all(home.path, copy)
    answer_all(Home(copy), questions)
    shutil.copyfile(Home(copy).search_index, home.search_index)


def _reopen(grown: Grown, home: Home) -> None:
    grown.ledger.close()
    grown.store = LevelStore(home.store(STORE), cache_bytes=_CACHE_BYTES)
    ledger = Ledger.open(grown.store, home.store(STORE), grown.genesis.hash)
    assert ledger is not None
    grown.ledger = ledger
    grown.trust(None)


def _grow(grown: Grown) -> None:
    """Blocks with one to three transactions, of which one is refused; every third is empty."""
    height = grown.ledger.head.next_height
    if height % 3 == 0:
        grown.grow()
        return
    refused = grown.make_call(
        grown.operator(),
        Call(contract="registry", method="register", arguments=("PT Uji", bytes(32), bytes(32))),
    )
    grown.grow([*(grown.make_registration() for _ in range(height % 3)), refused])


def _make_questions(grown: Grown, home: Home) -> Questions:
    ledger, methods = grown.ledger, list[tuple[str, dict[str, object]]]()
    head = ledger.head.height
    for height in range(1, head + 1):
        for name in ("block", "block_results", "commit", "header", "validators", "consensus_params"):
            methods.append((name, {"height": str(height)}))
        block = ledger.block(height)
        assert block is not None
        for raw in block.transactions:
            methods.append(("tx", {"hash": compute_transaction_id(raw).hex().upper(), "prove": True}))
    methods.append(("tx", {"hash": sha256(b"none").hex().upper(), "prove": True}))
    methods.append(("blockchain", {}))
    methods.append(("committed", {}))
    methods.append(("status", {}))
    methods.append(("abci_info", {}))
    methods.append(("contracts", {}))
    methods.append(("abi", {"contract": "registry"}))
    for method in ("member_list", "validators", "parameters"):
        methods.append(("query", {"contract": "governance", "method": method, "arguments": encode(()).hex()}))
    for query in ("registry.Registered EXISTS", "tx.height>5 AND registry.Registered EXISTS"):
        methods.append(("tx_search", {"query": query, "per_page": "100"}))
    methods += _state_questions(ledger)
    return Questions(methods=methods, documents=(_document_hash(),), heights=head)


def _state_questions(ledger: Ledger) -> list[tuple[str, dict[str, object]]]:
    start = storage_prefix("registry", 0)[:-2]
    rows = ledger.state.iterate(start, start + b"\xff", 1_000)
    keys = [key for key, _ in rows] + [start + b"\xfe" * 5]
    return [("abci_query", {"path": "/state", "data": key.hex(), "prove": True}) for key in keys[::3]]


def _vote(home: Home, grown: Grown) -> None:
    """What a validator leaves of the height under way: its votes in journal and record."""
    key = read_key(home.validator_key, KeyKind.VALIDATOR, None)
    record = SignerRecord(home.signer_record, key.address, CHAIN, _FILES)
    journal = Journal(home.journal, CHAIN, _FILES)
    height = grown.ledger.head.next_height
    journal.start_height(height)
    signer = Signer(key, record, may_vote=lambda: True, get_journal_mark=lambda: journal.mark)
    for number in range(_VOTES):
        vote = Vote(
            kind=VoteKind.PREVOTE,
            height=Height(height),
            round=Round(number),
            block_id=BlockId(sha256(b"a block")),
            validator=key.address,
        )
        journal.append(VoteArrived(vote=VerifiedVote(signer.sign_vote(vote))))
        journal.sync()
    journal.close()
    record.close()


def _put_document(home: Home) -> None:
    directory = home.documents("data/documents")
    directory.mkdir(parents=True, exist_ok=True)
    (directory / _document_hash().hex()).write_bytes(_container())


def _container() -> bytes:
    return make_container(b"Dokumen pemilihan " * 200, is_public=True)


def _document_hash() -> Digest:
    return sha256(_container())


def _put_snapshot(home: Home) -> None:
    shelf = Shelf(home.snapshots, _FILES)
    shelf.finish(12, encode([shelf.put_chunk(12, b"rows " * 1_000)]))
