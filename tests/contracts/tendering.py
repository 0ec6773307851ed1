"""The contracts with an agency's officers and some suppliers in place, and the acts of a tender in few words."""

from functools import cache

from chain.codec import Value
from chain.hashing import sha256
from chain.keys import SigningKey
from documents.proposal import Proposal, encode_proposal
from sealed.envelope import seal
from tests.contracts.ledger import Ledger, Refusal, address, key, operator
from vm.overlay import MemoryState

COMMITMENT_OFFICER, SELECTION_GROUP, BUDGET_AUTHORITY = 2, 3, 4
SUPPLIERS = ("alfa", "beta", "citra", "delta", "eka")
GROUP, OFFICER, AUTHORITY = key("pokja of barat"), key("ppk of barat"), key("pa of barat")
SECOND_MEMBER, OTHER_GROUP = key("second pokja of barat"), key("pokja of timur")
TECHNICAL, PRICE = 1, 2
CLOSE_IN_MS = 10_000
PROPOSAL = encode_proposal(Proposal(hash=sha256(b"penawaran"), content_key=sha256(b"kunci")))
"""What technical envelopes hold."""

CEILING = (2**200).to_bytes(32, "big")
TENDER_CEPAT, DUA_FILE = 0, 1

LOWEST_PRICE, QUALITY_AND_COST = 0, 1
SEALED, TECHNICAL_OPENED, OPENED, WITHDRAWN, DISQUALIFIED, INVALID = range(6)
FLAWLESS, NOT_REVEALED, DOES_NOT_OPEN, NO_PRICE, ABOVE_ESTIMATE, LOW_QUALITY, BARRED = range(7)
ABOVE_CEILING = 7
AWARDED, FAILED = 4, 6

BID_FIELDS = "bidder version terms_version submitted_at state invalidity quality_bps price reason"


def price_document(price: int) -> bytes:
    """A document that states a price."""
    return b"\x01" + price.to_bytes(16, "big")


@cache
def _prepared() -> dict[bytes, bytes]:
    ledger = Ledger()
    for agency, officer, role in (
        ("barat", GROUP, SELECTION_GROUP),
        ("barat", SECOND_MEMBER, SELECTION_GROUP),
        ("barat", OFFICER, COMMITMENT_OFFICER),
        ("barat", AUTHORITY, BUDGET_AUTHORITY),
        ("timur", OTHER_GROUP, SELECTION_GROUP),
    ):
        ledger.do(operator(agency), "registry", "grant", officer.address, role)
    for name in SUPPLIERS:
        ledger.do(key(name), "registry", "register", f"PT {name}", bytes(32), bytes(32))
    return dict(ledger.state.rows)


class Tendering(Ledger):
    """A ledger on which `GROUP` publishes, `OFFICER` sets estimates and `SUPPLIERS` bid."""

    def __init__(self) -> None:
        super().__init__()
        self.state = MemoryState(_prepared())
        self.height = len(SUPPLIERS) + 5

    def terms(self, **changes: Value) -> tuple[Value, ...]:
        """Terms for one envelope and the lowest price that close in a while, but for `changes`."""
        usual: dict[str, Value] = {
            "title": "Jembatan",
            "documents": bytes(32),
            "criteria": "Harga terendah",
            "award_rule": LOWEST_PRICE,
            "quality_weight_bps": 0,
            "quality_min_bps": 0,
            "envelopes": 1,
            "bids_min": 1,
            "winners": 1,
            "closes_at": self.now_ms + CLOSE_IN_MS,
        }
        assert changes.keys() <= usual.keys(), changes
        return tuple((usual | changes).values())

    def package(self, **changes: Value) -> tuple[Value, ...]:
        """A package for one envelope that may be published for an hour, but for `changes`."""
        usual: dict[str, Value] = {
            "title": "Jembatan",
            "procedure": TENDER_CEPAT,
            "ceiling": CEILING,
            "publish_from": self.now_ms,
            "publish_by": self.now_ms + 3_600_000,
        }
        assert changes.keys() <= usual.keys(), changes
        return tuple((usual | changes).values())

    def plan(self, reference: str = "T-1", **changes: Value) -> bytes:
        """An approved plan."""
        tender = self.do(OFFICER, "tender", "plan", reference, "IDR", self.package(**changes))
        assert isinstance(tender, bytes)
        self.do(AUTHORITY, "tender", "approve_plan", tender, True, "sesuai")
        return tender

    def publish(self, reference: str = "T-1", estimate: int | None = None, **changes: Value) -> bytes:
        """A planned and published tender, with an owner estimate if one is given."""
        return self.publish_with(changes, reference, estimate)

    def publish_with(
        self, changes: dict[str, Value], reference: str = "T-1", estimate: int | None = None
    ) -> bytes:
        """The same, with the changes of its terms in one piece."""
        self.plan(reference, procedure=DUA_FILE if changes.get("envelopes") == 2 else TENDER_CEPAT)
        if estimate is not None:
            self.do(OFFICER, "tender", "set_estimate", reference, estimate, "IDR")
        tender = self.do(GROUP, "tender", "publish", reference, "IDR", self.terms(**changes))
        assert isinstance(tender, bytes)
        return tender

    def envelope_key(self, tender: bytes, who: str, version: int, number: int) -> bytes:
        """The key of one envelope."""
        return sha256(tender + address(who) + bytes([version, number]))

    def envelope(
        self, tender: bytes, who: str, version: int, number: int, document: bytes
    ) -> tuple[bytes, bytes]:
        """A sealed document and the commitment to its key, for the terms in force."""
        terms_version = self.record(tender)["version"]
        context = self.view(
            "tender", "envelope_context", tender, terms_version, address(who), version, number
        )
        assert isinstance(context, bytes)
        secret = self.envelope_key(tender, who, version, number)
        return seal(document, secret, context), sha256(secret)

    def bid_arguments(
        self, tender: bytes, who: str, document: bytes, version: int = 1, envelopes: int = 1
    ) -> list[Value]:
        """What `submit` takes."""
        technical: tuple[bytes, bytes] = (b"", b"")
        if envelopes == 2:
            technical = self.envelope(tender, who, version, TECHNICAL, PROPOSAL)
        price = self.envelope(tender, who, version, PRICE, document)
        return [tender, version, self.record(tender)["version"], *technical, *price]

    def bid(self, tender: bytes, who: str, price: int, version: int = 1, envelopes: int = 1) -> None:
        """Submits a bid."""
        arguments = self.bid_arguments(tender, who, price_document(price), version, envelopes)
        self.do(key(who), "tender", "submit", *arguments)

    def close(self, tender: bytes) -> None:
        """Lets time pass until the close."""
        opening_from = self.record(tender)["opening_from"]
        assert isinstance(opening_from, int)
        self.wait(max(0, opening_from - self.now_ms))

    def reveal(self, tender: bytes, who: str, number: int = PRICE, version: int = 1) -> Value:
        """The bidder opens an envelope; the bid's new state."""
        method = "reveal_price" if number == PRICE else "reveal_technical"
        return self.do(key(who), "tender", method, tender, self.envelope_key(tender, who, version, number))

    def award(self, *names: str, reference: str = "T-1", **changes: Value) -> bytes:
        """A tender awarded by price: the first named (alfa alone, unless given) bids lowest."""
        tender = self.publish_with(changes, reference)
        bidders = names or ("alfa",)
        for price, name in enumerate(bidders, 5):
            self.bid(tender, name, price)
        self.close(tender)
        for name in bidders:
            self.reveal(tender, name)
        self.act("evaluate", tender)
        self.act("award", tender)
        return tender

    def open_technical(self, tender: bytes, *names: str) -> None:
        """From the close to prices, where everybody opens and passes."""
        self.close(tender)
        for name in names:
            self.reveal(tender, name, TECHNICAL)
        self.act("open_prices", tender)

    def act(self, method: str, *arguments: Value, signer: SigningKey = GROUP) -> Value:
        """The selection group acts."""
        return self.do(signer, "tender", method, *arguments)

    def refused_act(self, method: str, *arguments: Value, signer: SigningKey = GROUP) -> Refusal:
        """An act of the selection group that must be refused; the message."""
        return self.refused(signer, "tender", method, *arguments)

    def record(self, tender: bytes) -> dict[str, Value]:
        """The tender's record by field."""
        row = self.view("tender", "tender_record", tender)
        assert isinstance(row, tuple)
        names = (
            "agency reference currency stage version published_by published_at bidders unopened opening_from "
            "ranked awarded_at standstill_until reason book round is_reevaluated questions objections "
            "open_objections previous"
        )
        return dict(zip(names.split(), row, strict=True))

    def stage(self, tender: bytes) -> Value:
        """The stage in one word."""
        return self.view("tender", "stage", tender)

    def bid_of(self, tender: bytes, who: str) -> dict[str, Value]:
        """A bid's record by field."""
        row = self.view("tender", "bid_of", tender, address(who))
        assert isinstance(row, tuple)
        return dict(zip(BID_FIELDS.split(), row, strict=True))

    def flaw(self, tender: bytes, who: str) -> tuple[Value, Value]:
        """State and invalidity of a bid."""
        bid = self.bid_of(tender, who)
        return bid["state"], bid["invalidity"]

    def ranks(self, tender: bytes, view: str = "ranking_list") -> list[str]:
        """The ranking, or another list of ranked bids, by name."""
        names = {address(name): name for name in SUPPLIERS}
        rows = self.view("tender", view, tender)
        assert isinstance(rows, tuple)
        return [names[row[0]] for row in rows]  # type: ignore[index]  # rows are records
