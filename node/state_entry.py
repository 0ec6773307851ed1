"""One state entry for whoever asks by RPC: which height it is of, and whether that height's state is still kept."""

from chain.hashing import Digest
from chain.ics23 import CommitmentProof
from chain.ics23_codec import encode_proof
from chain.vote import Height
from node.store.reading import LedgerReader
from rpc.backend import Refused, StateAnswer


def read_entry(reader: LedgerReader, key: bytes, height: Height | None, *, prove: bool) -> StateAnswer:
    """See `rpc.backend.Backend.state_entry`."""
    head = reader.head.height
    of = Height(max(0, head - 1) if prove else head) if height is None else height
    since = reader.history.since
    if not since <= of <= head:
        earlier = ": earlier states are not kept" if of < since else ""
        raise Refused(f"height: the state of heights {since} to {head} is kept here, got {of}{earlier}")
    return StateAnswer(
        value=reader.history.value(key, of),
        height=of,
        proof=encode_proof(_prove(reader, key, of)) if prove else None,
    )


def _prove(reader: LedgerReader, key: bytes, height: Height) -> CommitmentProof:
    proof = reader.history.prove(key, height, _find_root(reader, height))
    if proof is None:
        raise Refused(f"the state of height {height} is empty, of which there is no proof")
    return proof


def _find_root(reader: LedgerReader, height: Height) -> Digest:
    """The root after a height: what the next header says."""
    if height == reader.head.height:
        return reader.head.state_root
    after = reader.header(height + 1)
    assert after is not None, "there is a header at each height up to the head"
    return after.state_root
