"""Whom a validator hears before it votes, and what of that keeps it silent."""

from chain.vote import Height
from node.hearing import Hearing
from tests.chain.making import make_key, make_validators

VALIDATORS, KEYS = make_validators()


def heard(*heights: int) -> Hearing:
    """The hearing of validator 0, after statuses of the ones that follow it."""
    hearing = Hearing(KEYS[0].address)
    for key, height in zip(KEYS[1:], heights, strict=False):
        hearing.on_status(key.address, Height(height), VALIDATORS)
    return hearing


def test_it_ends_at_more_than_two_thirds_with_ourselves() -> None:
    hearing = heard(5)
    hearing.on_status(make_key(99).address, Height(9), VALIDATORS)
    assert not hearing.is_over(VALIDATORS)
    assert hearing.compute_missing_power(VALIDATORS) == 7
    hearing.on_status(KEYS[1].address, Height(6), VALIDATORS)
    assert not hearing.is_over(VALIDATORS)
    hearing.on_status(KEYS[2].address, Height(1), VALIDATORS)
    assert hearing.is_over(VALIDATORS)
    assert hearing.compute_missing_power(VALIDATORS) == 0


def test_a_single_validator_hears_itself() -> None:
    validators, keys = make_validators((1,))
    assert Hearing(keys[0].address).is_over(validators)


def test_new_members_do_not_open_it_again() -> None:
    """Else a vote that lets in many would silence everybody at once, and no block would ever end that."""
    hearing = heard(5, 5)
    assert hearing.is_over(VALIDATORS)
    grown, _ = make_validators((10,) * 9)
    assert hearing.compute_missing_power(grown) > 0
    assert hearing.is_over(grown)


def test_a_height_is_passed_when_a_correct_validator_says_so() -> None:
    assert not heard(7, 6, 6).is_passed(Height(7), VALIDATORS)
    assert heard(7, 9, 6).is_passed(Height(7), VALIDATORS)
    assert not heard(7, 9, 6).is_passed(Height(8), VALIDATORS)
    assert not heard().is_passed(Height(1), VALIDATORS)


def test_an_older_status_takes_nothing_back() -> None:
    hearing = heard(7, 7)
    hearing.on_status(KEYS[1].address, Height(3), VALIDATORS)
    assert hearing.is_passed(Height(7), VALIDATORS)


def test_who_has_left_the_set_is_forgotten() -> None:
    hearing = heard(7, 7)
    smaller, _ = make_validators((10,))
    hearing.on_status(smaller.validators[0].address, Height(7), smaller)
    assert not hearing.is_passed(Height(7), VALIDATORS)
