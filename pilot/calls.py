"""Calls to the contracts as the pilot makes them: arguments in their order, sealed bids, and the few answers
it reads.
"""

from collections.abc import Sequence

from chain.codec import Value, as_array, as_uint
from chain.hashing import sha256, tagged_hash
from chain.keys import Address
from chain.transaction import Call
from pilot.keyring import Keyring, Person, supplier_named
from pilot.plan import PlannedBid, TenderPlan
from sealed.envelope import seal

ROLE_COMMITMENT_OFFICER = 2
ROLE_SELECTION_GROUP = 3
ROLE_BUDGET_AUTHORITY = 4
ROLE_PAYMENT_OFFICER = 5
STAGE_FAILED = 6
TECHNICAL = 1
PRICE = 2

_LOWEST_PRICE = 0
_TENDER_CEPAT = 0
_DUA_FILE = 1
_STANDSTILL_UNTIL = 12  # place of the field in the contract's record of a tender
_PRICE_BYTES = 16
_BEHIND_MS = 60_000
_DAY_MS = 86_400_000


def tender_id(agency: str, reference: str) -> bytes:
    """Clause 1.1 of the tender contract."""
    return sha256(agency.encode() + b"\x00" + reference.encode())


def envelope_context(chain_id: str, tender: bytes, bidder: Address, version: int, number: int) -> bytes:
    """What an envelope under the first version of the terms is sealed for, as the contract computes it."""
    parts = (sha256(chain_id.encode()), tender, _word(1), bidder, _word(version), _word(number))
    return sha256(b"".join(parts))


def price_document(price: int | None) -> bytes:
    """What a price envelope holds: version, price in minor units; or a document that states none."""
    return b"\x00" if price is None else b"\x01" + price.to_bytes(_PRICE_BYTES, "big")


def technical_document(plan: TenderPlan, bidder: str) -> bytes:
    """What a technical envelope holds: the hash of the proposal's documents."""
    return b"\x01" + tagged_hash("pilot proposal", f"{plan.reference}\x00{bidder}".encode())


def number_commitments(keyring: Keyring, supplier: Person) -> tuple[bytes, bytes]:
    """Salted commitments that stand for a supplier's NIB and NPWP; the record has neither."""
    seed = keyring.key_of(supplier).seed
    return tagged_hash("pilot nib", seed), tagged_hash("pilot npwp", seed)


def grant(officer: Address, role: int) -> Call:
    """Clause 1.1 of the registry, by an agency's operator."""
    return Call(contract="registry", method="grant", arguments=(officer, role))


def appoint_treasury(treasury: Address) -> Call:
    """Clause 6.1 of the registry, by an agency's operator."""
    return Call(contract="registry", method="appoint_treasury", arguments=(treasury,))


def register(name: str, nib_commitment: bytes, npwp_commitment: bytes) -> Call:
    """Clause 2.1 of the registry, by the supplier itself."""
    return Call(contract="registry", method="register", arguments=(name, nib_commitment, npwp_commitment))


def plan_tender(reference: str, plan: TenderPlan, now_ms: int) -> Call:
    """Clause 1.4 of the tender contract: publication within a day from now, by block times that may be a little behind."""
    procedure = _DUA_FILE if plan.envelopes == 2 else _TENDER_CEPAT
    package = (plan.title, procedure, to_abi(plan.ceiling), now_ms - _BEHIND_MS, now_ms + _DAY_MS)
    return Call(contract="tender", method="plan", arguments=(reference, plan.currency, package))


def approve_plan(tender: bytes) -> Call:
    """Clause 1.5 of the tender contract."""
    return Call(contract="tender", method="approve_plan", arguments=(tender, True, "sesuai anggaran"))


def set_estimate(reference: str, amount: int, currency: str) -> Call:
    """Clause 2.2 of the tender, by a commitment officer; the amount in minor units."""
    return Call(contract="tender", method="set_estimate", arguments=(reference, to_abi(amount), currency))


def publish(reference: str, plan: TenderPlan, closes_at: int) -> Call:
    """Clause 2.1, by the selection group: one lot at the lowest price, closing at a time in milliseconds."""
    terms = (
        plan.title,
        plan.documents,
        plan.criteria,
        _LOWEST_PRICE,
        0,
        0,
        plan.envelopes,
        1,
        plan.winners,
        closes_at,
    )
    return Call(contract="tender", method="publish", arguments=(reference, plan.currency, terms))


def submit(tender: bytes, plan: TenderPlan, bid: PlannedBid, keyring: Keyring, chain_id: str) -> Call:
    """A sealed bid: every envelope under its own key."""
    technical: tuple[bytes, bytes] = (b"", b"")
    if plan.envelopes == 2:
        document = technical_document(plan, bid.bidder)
        technical = _sealed(tender, bid, keyring, chain_id, TECHNICAL, document)
    price = _sealed(tender, bid, keyring, chain_id, PRICE, price_document(bid.price))
    return Call(contract="tender", method="submit", arguments=(tender, bid.version, 1, *technical, *price))


def reveal_technical(tender: bytes, bid: PlannedBid, keyring: Keyring, chain_id: str) -> Call:
    """Clause 5.2, by the bidder: the key of its technical envelope."""
    key, _ = _envelope_key(tender, bid, keyring, chain_id, TECHNICAL)
    return Call(contract="tender", method="reveal_technical", arguments=(tender, key))


def reveal_price(tender: bytes, bid: PlannedBid, keyring: Keyring, chain_id: str) -> Call:
    """Clause 5.1, by the bidder: the key of its price envelope."""
    key, _ = _envelope_key(tender, bid, keyring, chain_id, PRICE)
    return Call(contract="tender", method="reveal_price", arguments=(tender, key))


def disqualify(tender: bytes, bidder: Address, reason: str) -> Call:
    """Clause 6.1, by the selection group."""
    return Call(contract="tender", method="disqualify", arguments=(tender, bidder, reason))


def open_prices(tender: bytes) -> Call:
    """Clause 5.2, by the selection group: from here on who passed may open its price."""
    return Call(contract="tender", method="open_prices", arguments=(tender,))


def evaluate(tender: bytes) -> Call:
    """Clause 6, by the selection group: the contract ranks."""
    return Call(contract="tender", method="evaluate", arguments=(tender,))


def award(tender: bytes) -> Call:
    """Clause 7.1, by the selection group: by the ranking that the contract made."""
    return Call(contract="tender", method="award", arguments=(tender,))


def finalise(tender: bytes) -> Call:
    """Clause 7.3: the standstill is over."""
    return Call(contract="tender", method="finalise", arguments=(tender,))


def cancel(tender: bytes, reason: str) -> Call:
    """Clause 7.4, by the selection group."""
    return Call(contract="tender", method="cancel", arguments=(tender, reason))


# --- After the award ----------------------------------------------------------------------------------------


def agreement_id(tender: bytes, supplier: Address) -> bytes:
    """The id of the agreement of a tender with a supplier, as the agreement contract computes it."""
    return sha256(tender + supplier)


def set_account(commitment: bytes) -> Call:
    """Clause 2.3 of the registry."""
    return Call(contract="registry", method="set_account", arguments=(commitment,))


def draft_agreement(tender: bytes, supplier: Address, amounts: Sequence[int], due_ms: int) -> Call:
    """Clause 1.1 of the agreement contract: a milestone for each amount, all due at one time."""
    wanted = tuple((f"Termin {number}", to_abi(amount), due_ms) for number, amount in enumerate(amounts, 1))
    return Call(contract="agreement", method="draft", arguments=(tender, supplier, wanted))


def sign_agreement(agreement: bytes) -> Call:
    """Clause 2.1 of the agreement contract: the first version."""
    return Call(contract="agreement", method="sign", arguments=(agreement, 1))


def report_delivery(agreement: bytes, milestone: int, amount: int) -> Call:
    """Clause 4.1 of the agreement contract."""
    arguments = (agreement, milestone, to_abi(amount), "selesai", b"")
    return Call(contract="agreement", method="report_delivery", arguments=arguments)


def accept_delivery(agreement: bytes, delivery: int) -> Call:
    """Clause 4.3 of the agreement contract."""
    return Call(contract="agreement", method="accept", arguments=(agreement, delivery, "sesuai"))


def close_agreement(agreement: bytes) -> Call:
    """Clause 5.1 of the agreement contract, with the best rating."""
    return Call(contract="agreement", method="close", arguments=(agreement, 5, "selesai tepat waktu"))


def approve_payment(order: int, tax: int) -> Call:
    """Clause 2.1 of the payment contract: without deductions."""
    return Call(contract="payment", method="approve", arguments=(order, 0, to_abi(tax)))


def decline_payment(order: int, reason: str) -> Call:
    """Clause 2.3 of the payment contract."""
    return Call(contract="payment", method="decline", arguments=(order, reason))


def standstill_until(record: Value) -> int:
    """When the standstill of a tender's record ends, in milliseconds."""
    return as_uint(as_array(record, "tender")[_STANDSTILL_UNTIL], "end of the standstill")


def to_abi(number: int) -> int | bytes:
    """A uint as contracts take it: beyond 64 bits as 32 bytes."""
    return number if number < 2**64 else _word(number)


def _word(number: int) -> bytes:
    return number.to_bytes(32, "big")


def _envelope_key(
    tender: bytes, bid: PlannedBid, keyring: Keyring, chain_id: str, number: int
) -> tuple[bytes, bytes]:
    supplier = supplier_named(bid.bidder)
    context = envelope_context(chain_id, tender, keyring.address_of(supplier), bid.version, number)
    return keyring.envelope_key(supplier, context), context


def _sealed(
    tender: bytes, bid: PlannedBid, keyring: Keyring, chain_id: str, number: int, document: bytes
) -> tuple[bytes, bytes]:
    """Ciphertext, and the commitment to its key."""
    key, context = _envelope_key(tender, bid, keyring, chain_id, number)
    return seal(document, key, context), sha256(key)
