"""A fork: two blocks of one height, each decided by more than two thirds of the same validators.

Both cannot be honest, and those who signed both are more than a third. What two certificates prove of one validator
depends on their rounds:

    the same round       it precommitted two blocks in one round: two votes that convict it by themselves
    different rounds     it may have forgotten its lock, or others made it believe in a later round; two precommits
                         alone do not tell which, so it is named and not convicted

The second kind is called amnesia. Both certificates are kept for whoever looks into it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from chain.block import compute_block_id
from chain.certificate import find_vote
from chain.errors import Malformed
from chain.evidence import DuplicateVote, duplicate_vote, verify_evidence
from chain.hashing import Digest
from chain.record import Decided, verify_decided
from chain.validators import Validator, ValidatorSet


@dataclass(frozen=True, slots=True, kw_only=True)
class Fork:
    """Two blocks of one height, each with its certificate by the same set. Make one with `prove_fork`."""

    chain_id: str
    genesis_hash: Digest
    one: Decided
    other: Decided

    @property
    def height(self) -> int:
        """Where the two histories stand beside each other."""
        return self.one.header.height

    @property
    def validators(self) -> ValidatorSet:
        """Who decided both."""
        return self.one.validators

    @property
    def is_same_round(self) -> bool:
        """Whether who signed both is convicted by it."""
        return self.one.certificate.round == self.other.certificate.round

    @property
    def signers(self) -> tuple[Validator, ...]:
        """Those who signed both blocks."""
        places = zip(
            self.validators.validators,
            self.one.certificate.signatures,
            self.other.certificate.signatures,
            strict=True,
        )
        return tuple(validator for validator, *pair in places if None not in pair)

    @property
    def evidence(self) -> tuple[DuplicateVote, ...]:
        """What convicts each of them; nothing where the rounds differ."""
        return tuple(self._find_evidence()) if self.is_same_round else ()

    def _find_evidence(self) -> Iterator[DuplicateVote]:
        for validator in self.signers:
            votes = [
                find_vote(decided.certificate, self.validators, validator.address)
                for decided in (self.one, self.other)
            ]
            one, other = votes
            assert one is not None and other is not None, "it signed both"
            found = duplicate_vote(one, other)
            verify_evidence(found, self.validators, self.chain_id)
            yield found


def prove_fork(chain_id: str, genesis_hash: Digest, one: Decided, other: Decided) -> Fork:
    """The fork that two blocks are, in its one order; raises `Malformed` where they are none."""
    for decided in (one, other):
        verify_decided(decided, chain_id)
    if one.header.height != other.header.height:
        raise Malformed(f"fork: expected one height, got {one.header.height} and {other.header.height}")
    if one.validators.hash != other.validators.hash:
        raise Malformed("fork: expected the same validators for both blocks, got two sets")
    first, second = sorted((one, other), key=lambda decided: compute_block_id(decided.header))
    if first.header == second.header:
        raise Malformed(f"fork: expected two blocks, got block {one.header.height} twice")
    return Fork(chain_id=chain_id, genesis_hash=genesis_hash, one=first, other=second)


def tell_fork(fork: Fork) -> tuple[str, ...]:
    """In plain words, a line each."""
    rounds = [decided.certificate.round for decided in (fork.one, fork.other)]
    ids = [compute_block_id(decided.header).hex().upper() for decided in (fork.one, fork.other)]
    names = ", ".join(validator.name for validator in fork.signers)
    power = sum(validator.power for validator in fork.signers)
    told = [
        f"two blocks of height {fork.height} are signed by more than two thirds of the same validators:",
        f"  {ids[0]} in round {rounds[0]}",
        f"  {ids[1]} in round {rounds[1]}",
        f"signed both: {names} (power {power} of {fork.validators.total_power})",
    ]
    if fork.is_same_round:
        told.append("their two votes in one round are proof against each of them")
    else:
        told.append(
            "in different rounds: somebody forgot a lock, and two precommits alone do not tell who; both certificates are kept"
        )
    return tuple(told)
