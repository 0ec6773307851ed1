"""The block that this node's operator trusts beside the genesis document, where the node joined by an invitation.

Every block that comes into the ledger passes `check_block`, whoever decided it: a chain that has another block at the
checkpoint's height is signed by keys of validators, present or past, and is not the network that was joined. Until the
checkpoint is reached a node counts as behind: it votes for nothing, and says of itself that it is catching up.
"""

from pathlib import Path

from chain.checkpoint import Checkpoint
from chain.vote import BlockId, Height
from genesis.document import Genesis
from genesis.joining import read_join, verify_join
from machine.faults import WrongLedger
from node.home import Home
from node.store.reading import LedgerReader


class ForeignChain(Exception):
    """More than two thirds of some validators decided another block than the one that was vouched for. The node stops."""


def read_checkpoint(home: Home, genesis: Genesis) -> Checkpoint | None:
    """What the home was joined by, verified again; None where it was not joined by an invitation.

    Raises:
        JoinRefused: the file is not what it was, or of another genesis document.
    """
    if not home.join_bundle.exists():
        return None
    return verify_join(read_join(home.join_bundle), now_ms=None, genesis_hash=genesis.hash).checkpoint


def check_block(checkpoint: Checkpoint | None, height: Height, block_id: BlockId) -> None:
    """Raises `ForeignChain` for another block at the checkpoint's height."""
    if checkpoint is not None and height == checkpoint.height and block_id != checkpoint.block_id:
        raise ForeignChain(
            f"expected block {height} to be {checkpoint.block_id.hex()}, which the invitation vouches for, got "
            f"{block_id.hex()} with a certificate: two histories are signed. Keep this home for the inquiry and ask the "
            "agency that invited you; the other nodes' operators want to know as well"
        )


def check_contains(ledger: LedgerReader, checkpoint: Checkpoint | None, path: Path) -> None:
    """Raises `WrongLedger` where the ledger on disk is of another history. A header that is not there was checked when
    it came, or with the snapshot that the ledger begins with.
    """
    if checkpoint is None or checkpoint.height < ledger.headers_since:
        return
    found = ledger.block_id(checkpoint.height)
    if found is not None and found != checkpoint.block_id:
        raise WrongLedger(
            path,
            f"block {checkpoint.height} is {found.hex()}, the invitation vouches for {checkpoint.block_id.hex()}",
            "Keep it for the inquiry, and join anew in an empty home by an invitation that you have compared by telephone",
        )
