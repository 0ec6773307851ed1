"""Who decides at a height, with what power, and whose turn it is.

The set is ordered by address and hashed into every header. Turns are a pure function of that set, the height and the
round, with no running priorities to carry along: powers are divided by their greatest common divisor and laid end to
end on a ring of `total` points; turn k stands at point k * step of the ring, with a step near the mean power that
shares no divisor with `total`. In any `total` turns in a row each validator is met exactly as often as its reduced
power says, and equal powers give plain rotation.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate
from math import gcd

from chain.codec import Value, as_array, as_bytes, as_text, as_uint, decode, encode
from chain.errors import Malformed
from chain.hashing import Digest, tagged_hash
from chain.keys import PUBLIC_KEY_BYTES, Address, PublicKey, address_of
from chain.limits import NAME_BYTES_MAX, VALIDATORS_MAX, VOTING_POWER_MAX

_VALIDATOR_BYTES_MAX = PUBLIC_KEY_BYTES + NAME_BYTES_MAX + 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Validator:
    """One member of the set: consensus key, voting power (at least 1) and the agency's short name."""

    public: PublicKey
    power: int
    name: str
    address: Address = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "address", address_of(self.public))


@dataclass(frozen=True, kw_only=True)
class ValidatorSet:
    """Validators in order of address, never empty. Make one with `ValidatorSet.of`."""

    validators: tuple[Validator, ...]

    @classmethod
    def of(cls, validators: Iterable[Validator]) -> "ValidatorSet":
        """The set of these validators; raises `Malformed` when empty, too large, doubled or without power."""
        ordered = tuple(sorted(validators, key=lambda validator: validator.address))
        if not 1 <= len(ordered) <= VALIDATORS_MAX:
            raise Malformed(f"validator set: expected 1 to {VALIDATORS_MAX} validators, got {len(ordered)}")
        for validator in ordered:
            if not 1 <= validator.power <= VOTING_POWER_MAX:
                raise Malformed(
                    f"voting power of {validator.name}: expected 1 to {VOTING_POWER_MAX}, got {validator.power}"
                )
        if len({validator.address for validator in ordered}) != len(ordered):
            raise Malformed("validator set: expected each key once, got one twice")
        return cls(validators=ordered)

    def __len__(self) -> int:
        return len(self.validators)

    @cached_property
    def total_power(self) -> int:
        """Sum of all powers."""
        return sum(validator.power for validator in self.validators)

    @property
    def quorum_power(self) -> int:
        """The least power that is more than two thirds: 2f+1."""
        return self.total_power * 2 // 3 + 1

    @property
    def skip_power(self) -> int:
        """The least power that is more than one third: f+1, at least one correct validator."""
        return self.total_power // 3 + 1

    @cached_property
    def hash(self) -> Digest:
        """What headers say of this set."""
        return tagged_hash("validators", encode_validators(self))

    @cached_property
    def _positions(self) -> dict[Address, int]:
        return {validator.address: position for position, validator in enumerate(self.validators)}

    def index_of(self, address: Address) -> int | None:
        """Position in the order of addresses, or None for a stranger."""
        return self._positions.get(address)

    def by_address(self, address: Address) -> Validator | None:
        """The validator with this address, or None for a stranger."""
        position = self._positions.get(address)
        return None if position is None else self.validators[position]

    @cached_property
    def _ring(self) -> tuple[tuple[int, ...], int]:
        """Ends of the validators' arcs on the ring, and the step between turns."""
        divisor = gcd(*(validator.power for validator in self.validators))
        ends = tuple(accumulate(validator.power // divisor for validator in self.validators))
        step = max(1, ends[-1] // len(ends))
        while gcd(step, ends[-1]) != 1:
            step += 1
        return ends, step

    def pick_proposer(self, height: int, round_: int) -> Validator:
        """Whose turn it is. The set's hash decides where on the ring height 0 stands."""
        ends, step = self._ring
        start = int.from_bytes(self.hash[:8], "big")
        point = (start + (height + round_) * step) % ends[-1]
        return next(validator for validator, end in zip(self.validators, ends, strict=True) if point < end)


def validators_value(validators: ValidatorSet) -> Value:
    """The positional form: an array of [public key, power, name]."""
    return tuple((validator.public, validator.power, validator.name) for validator in validators.validators)


def encode_validators(validators: ValidatorSet) -> bytes:
    """Canonical bytes."""
    return encode(validators_value(validators))


def decode_validators(data: bytes) -> ValidatorSet:
    """Inverse of `encode_validators`; raises `Malformed`."""
    return validators_from(decode(data, bytes_max=VALIDATORS_MAX * _VALIDATOR_BYTES_MAX + 8))


def validators_from(value: Value) -> ValidatorSet:
    """The set of a decoded array, which must be in order of addresses; raises `Malformed`."""
    items = as_array(value, "validator set", length_max=VALIDATORS_MAX)
    given = tuple(_validator_from(item) for item in items)
    validators = ValidatorSet.of(given)
    if validators.validators != given:
        raise Malformed("validator set: expected the order of addresses, got another one")
    return validators


def _validator_from(value: Value) -> Validator:
    public, power, name = as_array(value, "validator", 3)
    return Validator(
        public=PublicKey(as_bytes(public, "validator key", PUBLIC_KEY_BYTES)),
        power=as_uint(power, "voting power", VOTING_POWER_MAX),
        name=as_text(name, "validator name", length_max=NAME_BYTES_MAX),
    )
