"""Each reason for which a transaction is not let in, and that honest ones are."""

from dataclasses import dataclass, field, replace

import pytest

from chain.errors import BadSignature, Malformed, WrongChain
from chain.limits import TRANSACTION_BYTES_MAX
from chain.parameters import Parameters
from chain.transaction import (
    Call,
    CheckedTransaction,
    TxId,
    compute_transaction_id,
    decode_transaction,
    encode_transaction,
    sign_transaction,
)
from node.admission import Admission, NotAdmitted, Rules, check_batch
from node.head import Head
from node.mempool import Mempool, MempoolLimits
from rpc.values import AdmissionCode
from tests.chain.making import CHAIN, make_key, make_transaction
from tests.node.making import make_genesis

NOW_MS = 400_000
PARAMETERS = Parameters()
RULES = Rules(chain_id=CHAIN, parameters=PARAMETERS, now_ms=NOW_MS)


def make_raw(
    number: int = 1,
    *,
    chain_id: str = CHAIN,
    valid_ms: int = 1_000,
    gas_limit: int = 100_000,
    size: int = 1,
) -> bytes:
    transaction = sign_transaction(
        make_key(number),
        chain_id=chain_id,
        nonce=number.to_bytes(16, "big"),
        valid_until_ms=NOW_MS + valid_ms,
        gas_limit=gas_limit,
        calls=[Call(contract="tender", method="bid", arguments=(bytes(size),))],
    )
    return encode_transaction(transaction)


def break_signature(raw: bytes) -> bytes:
    return raw[:-1] + bytes([raw[-1] ^ 1])


WINDOW_MS = PARAMETERS.window_ms + PARAMETERS.precision_ms
REFUSED = {
    "nothing": (b"", Malformed, AdmissionCode.MALFORMED),
    "garbage": (b"\xff" * 50, Malformed, AdmissionCode.MALFORMED),
    "one byte more": (make_raw() + b"\x00", Malformed, AdmissionCode.MALFORMED),
    "other chain": (make_raw(chain_id="other"), WrongChain, AdmissionCode.WRONG_CHAIN),
    "signature": (break_signature(make_raw()), BadSignature, AdmissionCode.BAD_SIGNATURE),
    "expired": (make_raw(valid_ms=0), NotAdmitted, AdmissionCode.EXPIRED),
    "too far": (make_raw(valid_ms=WINDOW_MS + 1), NotAdmitted, AdmissionCode.NOT_YET),
    "gas": (
        make_raw(gas_limit=PARAMETERS.transaction_gas_max + 1),
        NotAdmitted,
        AdmissionCode.TOO_MUCH_GAS,
    ),
}


class TestCheckBatch:
    """The pure verdict on bytes."""

    @pytest.mark.parametrize("valid_ms", [1, WINDOW_MS])
    def test_valid_within_the_window(self, valid_ms: int) -> None:
        raw = make_raw(valid_ms=valid_ms)
        (verdict,) = check_batch([raw], RULES)
        assert verdict == CheckedTransaction(
            raw=raw, id=compute_transaction_id(raw), transaction=decode_transaction(raw)
        )

    @pytest.mark.parametrize("name", REFUSED)
    def test_refused(self, name: str) -> None:
        raw, reason, _ = REFUSED[name]
        (verdict,) = check_batch([raw], RULES)
        assert type(verdict) is reason

    @pytest.mark.parametrize(
        ("parameters", "code"),
        [
            (Parameters(account_gas_max=99_999), AdmissionCode.TOO_MUCH_GAS),
            (Parameters(block_gas_max=100_000), None),
            (Parameters(block_bytes_max=64 * 1024), AdmissionCode.TOO_LARGE),
        ],
        ids=["account", "fits exactly", "larger than a block"],
    )
    def test_what_no_block_holds_does_not_wait(
        self, parameters: Parameters, code: AdmissionCode | None
    ) -> None:
        """It would keep the network making empty blocks until it expires."""
        raw = make_raw(size=64 * 1024) if code is AdmissionCode.TOO_LARGE else make_raw()
        (verdict,) = check_batch([raw], replace(RULES, parameters=parameters))
        assert (verdict.code if isinstance(verdict, NotAdmitted) else None) == code

    def test_bad_ones_do_not_spoil_good_ones(self) -> None:
        verdicts = check_batch([make_raw(1), b"", make_raw(2), break_signature(make_raw(3))], RULES)
        assert [isinstance(verdict, CheckedTransaction) for verdict in verdicts] == [True, False, True, False]


@dataclass
class FakeLedger:
    """A head and the ids that young blocks hold."""

    head: Head
    ids: set[TxId] = field(default_factory=set)

    def has_transaction(self, transaction_id: TxId) -> bool:
        return transaction_id in self.ids


class FixedClock:
    """Always `NOW_MS`."""

    def now_ms(self) -> int:
        return NOW_MS


class Place:
    """An admission with what surrounds it."""

    def __init__(self, *, transactions_max: int = 100, sender_transactions_max: int = 100) -> None:
        limits = MempoolLimits(
            transactions_max=transactions_max,
            bytes_max=10**6,
            sender_transactions_max=sender_transactions_max,
        )
        self.mempool = Mempool(limits)
        self.ledger = FakeLedger(make_genesis()[0])
        self.admission = Admission(self.mempool, self.ledger, FixedClock(), threads=2)

    async def admit(self, *raws: bytes) -> list[AdmissionCode]:
        return [outcome.code for outcome in await self.admission.admit(raws)]


@pytest.mark.trio
async def test_good_ones_wait_for_a_block() -> None:
    place, raws = Place(), [make_raw(number) for number in range(100)]
    outcomes = await place.admission.admit(raws)
    assert [outcome.id for outcome in outcomes] == [compute_transaction_id(raw) for raw in raws]
    assert all(outcome.is_ok for outcome in outcomes)
    assert place.mempool.ids() == [outcome.id for outcome in outcomes]
    place.admission.close()


@pytest.mark.trio
@pytest.mark.parametrize("name", REFUSED)
async def test_every_refusal_has_its_code_and_words(name: str) -> None:
    place = Place()
    raw, _, code = REFUSED[name]
    (outcome,) = await place.admission.admit([raw])
    assert outcome.code is code
    assert outcome.message
    assert not outcome.is_ok
    assert len(place.mempool) == 0


@pytest.mark.trio
async def test_too_large_is_not_even_decoded() -> None:
    assert await Place().admit(bytes(TRANSACTION_BYTES_MAX + 1)) == [AdmissionCode.TOO_LARGE]


@pytest.mark.trio
async def test_second_time_is_told_apart() -> None:
    place, raw = Place(), make_raw()
    assert await place.admit(raw, raw) == [AdmissionCode.OK, AdmissionCode.WAITING]
    assert await place.admit(raw) == [AdmissionCode.WAITING]
    place.mempool.remove([compute_transaction_id(raw)])
    place.ledger.ids.add(compute_transaction_id(raw))
    assert await place.admit(raw) == [AdmissionCode.COMMITTED]


@pytest.mark.trio
async def test_refused_one_may_come_again_when_its_time_has_come() -> None:
    place, raw = Place(), make_raw()
    place.ledger.ids.add(compute_transaction_id(raw))
    assert await place.admit(raw) == [AdmissionCode.COMMITTED]
    place.ledger.ids.clear()
    assert await place.admit(raw) == [AdmissionCode.OK]


@pytest.mark.trio
async def test_full_mempool_and_full_sender() -> None:
    place = Place(transactions_max=2)
    assert await place.admit(*(make_raw(number) for number in (1, 2, 3))) == [
        AdmissionCode.OK,
        AdmissionCode.OK,
        AdmissionCode.FULL,
    ]
    place = Place(sender_transactions_max=1)
    raws = [make_raw(1, valid_ms=valid_ms) for valid_ms in (1_000, 2_000)]
    assert await place.admit(*raws) == [AdmissionCode.OK, AdmissionCode.SENDER_FULL]


@pytest.mark.trio
async def test_other_makers_transaction_is_admitted_too() -> None:
    assert await Place().admit(make_transaction(1)) == [AdmissionCode.OK]
