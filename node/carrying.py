"""What a network that goes on takes from the one before it: read from the ledger of a node that does not run.

The carried state is one file: chunks of entries in the order of their keys, as in a snapshot, each behind its length in four
bytes. It needs no signature and no manifest: its root is what the succession names.
"""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from chain.bundle import BundleBlock
from chain.errors import Malformed
from chain.hashing import Digest
from chain.limits import CONTRACTS_LISTED_MAX, SNAPSHOT_CHUNK_BYTES_MAX
from chain.snapshot_chunks import Row, pack_state, unpack_state
from genesis.document import Contract, FullNode, Genesis, Rules, Succession
from genesis.succession import compute_carried_state
from machine.faults import Damaged, Unusable
from machine.files import DiskFiles
from node.config import read_config
from node.home import Home
from node.opening import create_ledger, read_ledger_governance
from node.stopped import Stopped
from node.store.leveldb import LevelStore
from vm.keys import contract_key, end_of_prefix, module_key

_LENGTH_BYTES = 4
_ROWS_AT_ONCE = 256
_AGAIN = "Write it again, from the ledger of any node of the old network: terang succession state"


def draft_succession(stopped: Stopped, chain_id: str, time_ms: int) -> Genesis:
    """A document without members that goes on after the last block of this ledger, with the contracts that run."""
    ledger, governance = stopped.ledger, read_ledger_governance(stopped.ledger)
    head = ledger.head
    if head.height == 0:
        raise Unusable(
            stopped.path, "there is no block yet", "A network that has none begins: terang genesis new"
        )
    end = Succession(
        chain_id=head.chain_id,
        genesis_hash=stopped.genesis.hash,
        height=head.height,
        block_id=head.block_id,
        state_root=head.state_root,
        hand_overs=tuple(
            _read_block(stopped, height, is_last=False)
            for height in ledger.hand_overs
            if height < head.height
        ),
        last=_read_block(stopped, head.height, is_last=True),
    )
    validators = {member.name for member in governance.validators.validators}
    return Genesis(
        chain_id=chain_id,
        time_ms=max(time_ms, head.time_ms + 1),
        members=(),
        full_nodes=tuple(
            FullNode(name=node.name, node_key=node.public)
            for node in governance.nodes
            if not node.is_validator and node.name not in validators
        ),
        parameters=governance.parameters,
        rules=Rules(),
        contracts=tuple(_read_contracts(stopped)),
        succession=end,
    )


def _read_block(stopped: Stopped, height: int, *, is_last: bool) -> BundleBlock:
    ledger = stopped.ledger
    header, certificate = ledger.header(height), ledger.certificate(height)
    if header is None or certificate is None:
        raise Damaged(stopped.path, f"block {height} is not there", "Draft it on another node")
    following = None if is_last else ledger.read_validators(header.next_validators_hash)
    return BundleBlock(header=header, certificate=certificate, next_validators=following)


def _read_contracts(stopped: Stopped) -> Iterator[Contract]:
    state, start = stopped.ledger.state, contract_key("")
    for key, code in state.iterate(start, end_of_prefix(start), CONTRACTS_LISTED_MAX):
        module = state.get(module_key(Digest(code)))
        assert module is not None, "a deployed contract has its module"
        yield Contract(id=key[len(start) :].decode(), module=module)


def write_carried(stopped: Stopped, file: Path) -> int:
    """Writes the state after the last block; how many bytes."""
    written = 0
    with file.open("xb") as out:
        for chunk in pack_state(_iterate_rows(stopped)):
            written += out.write(len(chunk).to_bytes(_LENGTH_BYTES, "big") + chunk)
    return written


def _iterate_rows(stopped: Stopped) -> Iterator[Row]:
    start = b""
    while rows := stopped.ledger.state.iterate(start, b"", _ROWS_AT_ONCE):
        yield from rows
        start = rows[-1][0] + b"\x00"


def read_carried(file: Path) -> Iterator[Row]:
    """The entries of a file. Raises `Damaged` for what is none; whether they are the right ones their root says."""
    with file.open("rb") as source:
        while head := source.read(_LENGTH_BYTES):
            length = int.from_bytes(head, "big")
            chunk = source.read(length) if length <= SNAPSHOT_CHUNK_BYTES_MAX else b""
            if len(head) != _LENGTH_BYTES or len(chunk) != length:
                raise Damaged(file, "it is cut short, or no carried state", _AGAIN)
            try:
                yield from unpack_state(chunk)
            except Malformed as error:
                raise Damaged(file, f"a chunk is not as it was written: {error}", _AGAIN) from error


def begin_succession(home: Home, genesis: Genesis, old: Genesis, carried: Path) -> int:
    """The ledger at height 0 of a home that has none; how many entries it has. Raises `SuccessionRefused`, `DiskFault`."""
    config = read_config(home.config)
    path = home.store(config.store.directory)
    if DiskFiles().list_names(path):
        raise Unusable(path, "there is a ledger here", "Give the home of a new node: terang init")
    state = compute_carried_state(genesis, old, read_carried(carried))
    with closing(LevelStore(path, cache_bytes=config.store.cache_bytes)) as store:
        create_ledger(store, path, genesis, state, config.retention.state_versions)
    return len(state.update.changes)
