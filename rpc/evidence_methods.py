"""The method that takes evidence against a validator, from whoever saw it: a light client or an auditor."""

from chain.errors import Malformed
from chain.evidence import compute_evidence_hash, decode_evidence
from rpc import answers
from rpc.backend import Backend, Refused
from rpc.errors import invalid_params, not_done
from rpc.render import hexadecimal


def broadcast_evidence(backend: Backend, evidence: bytes) -> answers.BroadcastEvidenceAnswer:
    """Hands over two votes of one validator that contradict each other, in our encoding; known ones are welcome too."""
    try:
        found = decode_evidence(evidence)
    except Malformed as error:
        raise invalid_params(f"evidence: {error}") from None
    try:
        backend.accuse(found)
    except Refused as refused:
        raise not_done(str(refused)) from None
    return answers.BroadcastEvidenceAnswer(hash=hexadecimal(compute_evidence_hash(found)))
