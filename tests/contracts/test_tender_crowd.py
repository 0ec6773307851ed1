"""A tender with as many bidders as there may be: the ledger evaluates it within one transaction's gas."""

from chain.codec import Value
from chain.parameters import Parameters
from chain.transaction import Call
from tests.contracts.ledger import key
from tests.contracts.tendering import GROUP, PRICE, Tendering, price_document

BIDDERS_MAX = 500
NAMES = [f"supplier {number}" for number in range(BIDDERS_MAX + 1)]


def crowd(ledger: Tendering) -> bytes:
    """A tender where everybody has registered, and all but the last have bid."""
    ledger.execute(
        [
            ledger.sign(
                key(name),
                Call(contract="registry", method="register", arguments=(name, bytes(32), bytes(32))),
            )
            for name in NAMES
        ]
    )
    tender = ledger.publish(winners=50)
    calls = [submission(ledger, tender, name, 1_000 + number % 97) for number, name in enumerate(NAMES[:-1])]
    signed = [ledger.sign(key(name), call) for name, call in zip(NAMES, calls, strict=False)]
    assert all(result.is_ok for result in ledger.execute(signed).results)
    return tender


def submission(ledger: Tendering, tender: bytes, name: str, price: int) -> Call:
    """A bid."""
    arguments = tuple(ledger.bid_arguments(tender, name, price_document(price)))
    return Call(contract="tender", method="submit", arguments=arguments)


def test_all_are_opened_evaluated_and_awarded() -> None:
    ledger = Tendering()
    tender = crowd(ledger)
    ledger.close(tender)
    reveals = [
        ledger.sign(
            key(name),
            Call(
                contract="tender",
                method="reveal_price",
                arguments=(tender, ledger.envelope_key(tender, name, 1, PRICE)),
            ),
        )
        for name in NAMES[:-1]
    ]
    assert all(result.is_ok for result in ledger.execute(reveals).results)
    assert evaluate(ledger, tender) == BIDDERS_MAX
    ledger.act("disqualify", tender, key(NAMES[0]).address, "jaminan palsu")
    assert evaluate(ledger, tender) == BIDDERS_MAX - 1
    ledger.act("award", tender)
    winners = ledger.view("tender", "winner_list", tender)
    assert isinstance(winners, tuple)
    assert len(winners) == 50
    expected = sorted((1_000 + number % 97, key(name).address) for number, name in enumerate(NAMES[1:-1], 1))
    assert [(row[1], row[0]) for row in winners] == expected[:50]  # type: ignore[index]  # rows are records


def evaluate(ledger: Tendering, tender: bytes) -> Value:
    """How many are ranked; with gas to spare, and the ranking whole."""
    result = ledger.send(GROUP, "tender", "evaluate", tender)
    assert result.is_ok
    assert result.gas_used < Parameters().transaction_gas_max // 2
    ranking = ledger.view("tender", "ranking_list", tender)
    assert isinstance(ranking, tuple)
    assert len(ranking) == result.data[0]
    return result.data[0]
