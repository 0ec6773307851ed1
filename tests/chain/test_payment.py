"""Names of payments: short enough for a bank, and one for each attempt."""

from dataclasses import replace

from chain.payment import (
    END_TO_END_ID_CHARACTERS,
    BankAccount,
    compute_account_commitment,
    compute_end_to_end_id,
)


def test_a_bank_can_write_it() -> None:
    name = compute_end_to_end_id("terang-uji", 7, 1)
    assert name == compute_end_to_end_id("terang-uji", 7, 1)
    assert len(name) == END_TO_END_ID_CHARACTERS
    assert name.isascii() and name.isalnum() and name.startswith("TRG")


def test_chain_order_and_attempt_make_another() -> None:
    given = [("a", 1, 1), ("a", 1, 2), ("a", 2, 1), ("b", 1, 1), ("a", 11, 1), ("a", 1, 11)]
    assert len({compute_end_to_end_id(*one) for one in given}) == len(given)


def test_a_commitment_is_to_every_part_of_an_account() -> None:
    account = BankAccount(holder="PT Karya", bank="BRINIDJA", number="001", salt=bytes(32))
    others = [
        account,
        replace(account, holder="PT Karyа"),
        replace(account, bank="BMRIIDJA"),
        replace(account, number="0010"),
        replace(account, salt=b"\x01" * 32),
        replace(account, holder="PT KaryaB", bank="RINIDJA"),
    ]
    assert len({compute_account_commitment(one) for one in others}) == len(others)
