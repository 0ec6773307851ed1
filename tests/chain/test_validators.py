"""Validator sets: thresholds at their exact edges, and turns that are fair."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chain.codec import encode
from chain.errors import Malformed
from chain.limits import VALIDATORS_MAX
from chain.validators import Validator, ValidatorSet, decode_validators, encode_validators, validators_value
from tests.chain.making import make_key, make_validators


@pytest.mark.parametrize(
    ("powers", "quorum", "skip"),
    [
        ((1,), 1, 1),
        ((1, 1, 1), 3, 2),
        ((1, 1, 1, 1), 3, 2),
        ((10,) * 4, 27, 14),
        ((1,) * 7, 5, 3),
        ((5, 1, 1, 1, 1), 7, 4),
    ],
)
def test_thresholds(powers: tuple[int, ...], quorum: int, skip: int) -> None:
    validators, _ = make_validators(powers)
    assert (validators.quorum_power, validators.skip_power) == (quorum, skip)
    assert 3 * validators.quorum_power > 2 * validators.total_power >= 3 * (validators.quorum_power - 1)
    assert 3 * validators.skip_power > validators.total_power >= 3 * (validators.skip_power - 1)


@given(st.lists(st.integers(1, 30), min_size=1, max_size=9), st.integers(0, 10**9))
@settings(max_examples=60, deadline=None)
def test_turns_are_in_proportion_to_power(powers: list[int], height: int) -> None:
    validators, _ = make_validators(powers)
    turns = Counter(validators.pick_proposer(height + i, 0).address for i in range(validators.total_power))
    assert {v.address: v.power for v in validators.validators} == turns


def test_equal_powers_rotate_over_heights_and_rounds() -> None:
    validators, _ = make_validators((10, 10, 10, 10))
    by_height = [validators.pick_proposer(height, 0).address for height in range(4)]
    by_round = [validators.pick_proposer(0, round_).address for round_ in range(4)]
    assert len(set(by_height)) == 4
    assert by_height == by_round


def test_look_up_and_strangers() -> None:
    validators, keys = make_validators()
    for position, key in enumerate(keys):
        assert validators.index_of(key.address) == position
        assert validators.by_address(key.address) == validators.validators[position]
    stranger = make_key(99).address
    assert validators.index_of(stranger) is None and validators.by_address(stranger) is None


def test_round_trip_and_hash() -> None:
    validators, _ = make_validators((3, 2, 1))
    again = decode_validators(encode_validators(validators))
    assert again == validators and again.hash == validators.hash
    assert make_validators((3, 2, 2))[0].hash != validators.hash


def test_refused_sets() -> None:
    one = Validator(public=make_key(1).public, power=1, name="a")
    many = [Validator(public=make_key(n).public, power=1, name="a") for n in range(1, VALIDATORS_MAX + 2)]
    cases = [([], "expected 1 to"), ([one, one], "expected each key once"), (many, "got 129")]
    cases.append(([Validator(public=make_key(1).public, power=0, name="a")], "voting power of a"))
    for validators, message in cases:
        with pytest.raises(Malformed, match=message):
            ValidatorSet.of(validators)


def test_another_order_is_refused() -> None:
    value = validators_value(make_validators()[0])
    assert isinstance(value, tuple)
    with pytest.raises(Malformed, match="expected the order of addresses"):
        decode_validators(encode(value[::-1]))
