"""A ledger with something of everything, for whoever looks at pages: tenders in each stage, agreements, payments.

`alfa` is the supplier to look as: it has won, lost, delivered, and been paid and not paid. Names, numbers and texts are
as long as people's are.
"""

from chain.codec import Value
from chain.document import sign_receipt
from chain.keys import SigningKey
from chain.payment import BankAccount, compute_account_commitment
from documents.container import parse_container
from documents.readers import document_public, document_secret
from tests.contracts.agreeing import PAYMENT_OFFICER, PAYMENT_OFFICER_ROLE, TREASURY
from tests.contracts.ledger import CHAIN, address, key, operator
from tests.contracts.tendering import AUTHORITY, GROUP, OFFICER, SECOND_MEMBER, TECHNICAL, Tendering
from tests.contracts.tendering import QUALITY_AND_COST as QUALITY
from tests.documents.making import make_container

ALFA, BARRED, REPLACED, NEWCOMER = key("alfa"), key("eka"), key("delta"), key("newcomer")
AGENCY_DOCUMENTS = key("documents of barat")
LONG_NAMED, REGISTRAR, DEPUTY = key("long"), key("registrar of barat"), key("deputy of barat")
LONG_NAME = (
    "Persekutuan Komanditer Mitra Sejahtera Abadi Nusantara Bidang Konstruksi, Pengadaan dan Jasa Umum"
)
LONG_TITLE = (
    "Rehabilitasi dan pelebaran jembatan gantung penghubung Desa Sukamaju dan Desa Sukamulya beserta jalan "
    "pendekat, drainase dan penerangan jalan umum tenaga surya di Kecamatan Cikalongwetan, tahap kedua"
)
ACCOUNT = {"holder": "PT alfa", "bank": "BRINIDJA", "number": "0012345678"}
ACCOUNT_SALT = b"\x07" * 32
_STARTS_MS = 1_798_000_000_000  # 23 December 2026
_DAY_MS = 86_400_000
_SELECTION_GROUP, _REGISTRY_OFFICER, _REJECTED, _RE_SUBMISSION = 3, 9, 1, 3


class Showing(Tendering):
    """The ledger; `ids` are tenders, agreements and documents by what they show, `containers` what nodes keep."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: dict[str, str] = {}
        self.containers: list[bytes] = []
        self._count, self._title = 0, ""
        self.wait(_STARTS_MS - self.now_ms)
        self._make_people()
        self._make_ended()
        self._make_agreements()
        self._make_under_way()
        self._make_open()
        self._make_governed()
        self._make_documents()

    def fill(self, path: str) -> str:
        """A path with the ids that it names: `/tenders/{standstill}`."""
        return path.format(**self.ids)

    def plan(self, reference: str = "T-1", **changes: Value) -> bytes:
        """An approved plan with a ceiling as agencies have them."""
        usual: dict[str, Value] = {"ceiling": 1_500_000_000, "title": self._title}
        return super().plan(reference, **(usual | changes))

    def _make_people(self) -> None:
        for who, role in ((PAYMENT_OFFICER, PAYMENT_OFFICER_ROLE), (REGISTRAR, _REGISTRY_OFFICER)):
            self.do(operator("barat"), "registry", "grant", who.address, role)
        self.do(operator("barat"), "registry", "appoint_treasury", TREASURY.address)
        public = document_public(document_secret(AGENCY_DOCUMENTS.seed))
        self.do(operator("barat"), "registry", "set_document_key", public)
        self.do(LONG_NAMED, "registry", "register", LONG_NAME, bytes(32), bytes(32))
        self.do(ALFA, "registry", "set_account", compute_account_commitment(_account()))
        reason = "Tidak melaksanakan kontrak 14/PJN/2026 dan menghilang dengan uang muka."
        self.do(AUTHORITY, "registry", "bar", BARRED.address, self.now_ms + 700 * _DAY_MS, reason)
        reason = "Surat kehilangan dari kepolisian nomor STPL/118/XII/2026."
        self.do(REGISTRAR, "registry", "request_replacement", REPLACED.address, address("new delta"), reason)

    def _make_governed(self) -> None:
        """A deputy, an officer's lost key, a holiday, and proposals that are carried, rejected and open."""
        until = self.now_ms + _DAY_MS
        self.do(GROUP, "registry", "delegate", DEPUTY.address, _SELECTION_GROUP, until)
        reason = "Laptop dinas hilang di perjalanan; laporan polisi terlampir."
        lost = (SECOND_MEMBER.address, address("new member"), reason)
        self.do(operator("barat"), "registry", "request_replacement", *lost)
        day = self.now_ms // _DAY_MS + 40
        for number, (method, arguments, votes) in enumerate(
            (
                ("propose_holiday", (day, "Hari Suci Nyepi, Tahun Baru Saka 1949"), (True, True)),
                ("propose_removal", ("timur",), (False, False)),
                ("propose_rule", ("standstill_days", 5), (True,)),
                ("propose_power", ("utara", 12), ()),
            ),
            1,
        ):
            self.do(operator("barat"), "governance", method, *arguments)
            for voter, approve in zip(("selatan", "timur"), votes, strict=False):
                self.do(operator(voter), "governance", "vote", number, approve)
        self.ids["holiday"] = str(day)

    # --- Tenders ----------------------------------------------------------------------------------------------------

    def _publish(
        self,
        what: str,
        title: str,
        changes: dict[str, Value] | None = None,
        *,
        envelopes: int = 1,
        estimate: int = 1_250_000_000,
    ) -> bytes:
        self._count, self._title = self._count + 1, title
        usual: dict[str, Value] = {"title": title, "envelopes": envelopes, "criteria": _CRITERIA}
        reference = f"{self._count:02d}/PBJ/PUPR-JABAR/XII/2026"
        tender = self.publish_with(usual | (changes or {}), reference, estimate)
        self.ids[what] = tender.hex()
        return tender

    def _rank(self, tender: bytes, *names: str, price: int = 1_102_350_000) -> None:
        """From the opening to the evaluation of a tender of one envelope; the first named bids lowest."""
        for name in names:
            self.reveal(tender, name)
        self.act("evaluate", tender)

    def _bid_all(self, tender: bytes, *names: str, envelopes: int = 1, price: int = 1_102_350_000) -> None:
        for place, name in enumerate(names):
            self.bid(tender, name, price + place * 23_417_500, envelopes=envelopes)

    def _make_ended(self) -> None:
        """What is over, well or not; alfa has won five times."""
        won = [self._publish(f"won-{number}", title) for number, title in enumerate(_WON, 1)]
        awarded = self._publish("awarded", "Pengadaan alat kesehatan puskesmas")
        failed = self._publish("failed", "Pengadaan bibit padi", estimate=900)
        again = self._publish("resubmission", "Jasa kebersihan gedung kantor")
        cancelled = self._publish("cancelled", "Pengadaan kendaraan dinas")
        for tender in (*won, awarded, failed, again):
            self._bid_all(tender, "alfa", "beta", "citra")
        self.act("cancel", cancelled, "Anggaran dialihkan untuk penanganan bencana.")
        self.close(awarded)
        for tender in (*won, awarded, again, failed):
            self._rank(tender, "alfa", "beta", "citra")
            self.act("award", tender)
        self.do(key("beta"), "tender", "object", again, _OBJECTION, bytes(32))
        self.act("answer_objection", again, 1, _RE_SUBMISSION, "Dokumen pemilihan tidak menyebut masa kerja.")
        self.wait(10_000)
        for tender in won:
            self.act("finalise", tender)

    def _make_under_way(self) -> None:
        """What is between the close and the award, all within the time of the opening."""
        opening = self._publish("opening", "Pembangunan ruang kelas SDN 3", envelopes=2)
        prices = self._publish("prices", "Jasa konsultansi pengawasan jalan", _BY_QUALITY, envelopes=2)
        evaluation = self._publish("evaluation", "Pengadaan seragam sekolah")
        standstill = self._publish("standstill", "Peningkatan jaringan irigasi", _BY_QUALITY, envelopes=2)
        lost = self._publish("lost", "Pengadaan obat generik")
        for tender in (opening, prices, standstill):
            self._bid_all(tender, "alfa", "beta", "citra", envelopes=2)
        for tender in (evaluation, lost):
            self._bid_all(tender, "alfa", "beta")
        self.bid(evaluation, "long", 1_098_000_000)
        self.close(lost)
        for tender in (prices, standstill):
            self._open_technical_scored(tender)
        self._rank(evaluation, "alfa", "beta", "long")
        for name in ("alfa", "beta"):
            self.reveal(standstill, name)
        self.act("evaluate", standstill)
        self.act("award", standstill)
        self.do(key("beta"), "tender", "object", standstill, _OBJECTION, bytes(32))
        self._rank(lost, "beta", "alfa")
        self.act(
            "disqualify", lost, address("alfa"), "Jaminan penawaran tidak berlaku sampai akhir masa sanggah."
        )
        self.act("evaluate", lost)
        self.act("award", lost)

    def _open_technical_scored(self, tender: bytes) -> None:
        for name in ("alfa", "beta", "citra"):
            self.reveal(tender, name, TECHNICAL)
        for name, points in (("alfa", 82_50), ("beta", 91_00), ("citra", 41_00)):
            for member in (None, SECOND_MEMBER):
                signer = {} if member is None else {"signer": member}
                self.act("score", tender, address(name), points, "Metode kerja jelas dan lengkap.", **signer)
        self.act("open_prices", tender)

    def _make_open(self) -> None:
        """What takes bids, is only planned, or not even approved."""
        closes_at = self.now_ms + 16 * _DAY_MS
        bidden = self._publish("bidden", LONG_TITLE, _BY_QUALITY | {"closes_at": closes_at}, envelopes=2)
        self.do(ALFA, "tender", "ask", bidden, "Apakah pekerjaan boleh disubkontrakkan sebagian?")
        self.act("answer", bidden, 1, "Boleh, paling banyak dua puluh persen, kepada usaha kecil.")
        self.do(LONG_NAMED, "tender", "ask", bidden, "Apakah tersedia uang muka,\ndan berapa besarnya?")
        self._bid_all(bidden, "alfa", "beta", envelopes=2)
        changed = self.terms(
            title=LONG_TITLE, envelopes=2, criteria=_CRITERIA, closes_at=closes_at + _DAY_MS, **_BY_QUALITY
        )
        self.act("publish_addendum", bidden, changed)
        self._publish("submission", "Pengadaan komputer sekolah", {"closes_at": closes_at})
        self.ids["planned"] = self.plan(
            "90/PBJ/2027", title="Pembangunan pasar rakyat", ceiling=75_000_000_000
        ).hex()
        draft = self.do(OFFICER, "tender", "plan", "91/PBJ/2027", "IDR", self.package(title="Taman kota"))
        assert isinstance(draft, bytes)
        self.ids["draft"] = draft.hex()

    # --- Documents --------------------------------------------------------------------------------------------------

    def _make_documents(self) -> None:
        """One that everybody reads, and one of alfa's that the agency reads."""
        for what, owner, readers in (
            ("document-public", GROUP, ()),
            ("document-closed", ALFA, (AGENCY_DOCUMENTS, ALFA)),
        ):
            raw = make_container(owner=owner.address, readers=readers, is_public=not readers)
            facts = parse_container(raw).facts
            receipts = []
            for agency in ("barat", "selatan"):
                given = sign_receipt(key(f"node {agency}"), CHAIN, facts, self.now_ms)
                receipts.append((agency, given.signature, given.at_ms))
            arguments = (facts.hash, facts.size, facts.agency, facts.is_public, tuple(receipts))
            self.do(owner, "documents", "record", *arguments)
            self.ids[what] = facts.hash.hex()
            self.containers.append(raw)

    # --- Agreements -------------------------------------------------------------------------------------------------

    def _make_agreements(self) -> None:
        for number, what in enumerate(("delivering", "drafted", "closed", "terminated"), 1):
            tender = bytes.fromhex(self.ids[f"won-{number}"])
            milestones = self._milestones(440_940_000, 661_410_000)
            made = self.do(OFFICER, "agreement", "draft", tender, ALFA.address, milestones)
            assert isinstance(made, bytes)
            self.ids[what] = made.hex()
            if what != "drafted":
                self._sign(made, 1)
        self._deliver_and_pay(bytes.fromhex(self.ids["delivering"]))
        closed, terminated = bytes.fromhex(self.ids["closed"]), bytes.fromhex(self.ids["terminated"])
        for milestone, amount in ((1, 440_940_000), (2, 661_410_000)):
            self._accept(closed, milestone, amount)
        self.do(OFFICER, "agreement", "close", closed, 5, "Tepat waktu dan rapi.")
        reason = "Lokasi pekerjaan terkena bencana; para pihak sepakat."
        self.do(OFFICER, "agreement", "terminate", terminated, reason)

    def _milestones(self, *amounts: int) -> tuple[Value, ...]:
        titles = ("Pekerjaan pondasi dan struktur bawah", "Pekerjaan struktur atas dan penyelesaian akhir")
        return tuple(
            (title, amount, self.now_ms + 30 * place * _DAY_MS)
            for place, (title, amount) in enumerate(zip(titles, amounts, strict=True), 1)
        )

    def _sign(self, agreement: bytes, version: int, *signers: SigningKey) -> None:
        for signer in signers or (ALFA, OFFICER):
            self.do(signer, "agreement", "sign", agreement, version)

    def _accept(self, agreement: bytes, milestone: int, amount: int) -> int:
        note = "Sesuai gambar kerja."
        delivery = self.do(ALFA, "agreement", "report_delivery", agreement, milestone, amount, note, b"")
        order = self.do(OFFICER, "agreement", "accept", agreement, delivery, "Diterima tanpa catatan.")
        assert isinstance(order, int)
        return order

    def _deliver_and_pay(self, agreement: bytes) -> None:
        """Payments in each state, a part that came late, one that was rejected, one that waits, and an amendment."""
        settled, returned, sent = (self._accept(agreement, 1, 60_000_000) for _ in range(3))
        self.wait(33 * _DAY_MS)
        approved, declined, _ = (self._accept(agreement, 1, 60_000_000) for _ in range(3))
        self.ids["order"] = str(returned)
        for order in (settled, returned, sent, approved):
            self.do(PAYMENT_OFFICER, "payment", "approve", order, 1_250_000, 6_600_000)
        for order in (settled, returned, sent):
            self.do(TREASURY, "payment", "report_sent", order, 1, f"TRG-20270124-{order:04d}")
        self.do(TREASURY, "payment", "settle", settled, 1, "SP2D-0091827364")
        self.do(
            TREASURY, "payment", "report_returned", returned, 1, "AC04", "Rekening penerima sudah ditutup"
        )
        self.do(PAYMENT_OFFICER, "payment", "decline", declined, "Faktur pajak belum dilampirkan.")
        for amount, note in ((100_000_000, "Rangka baja terpasang"), (25_000_000, "Pengecatan tahap satu")):
            self.do(ALFA, "agreement", "report_delivery", agreement, 2, amount, note, b"")
        reason = "Sambungan las pada bentang kedua belum diuji."
        self.do(OFFICER, "agreement", "reject", agreement, 7, reason)
        reason = "Tambahan dinding penahan tanah di sisi hilir."
        self.do(
            OFFICER,
            "agreement",
            "propose_amendment",
            agreement,
            self._milestones(440_940_000, 710_410_000),
            reason,
        )
        self._sign(agreement, 2, OFFICER)


def _account() -> BankAccount:
    return BankAccount(salt=ACCOUNT_SALT, **ACCOUNT)


_CRITERIA = (
    "Tenaga ahli: 2 orang bersertifikat.\nPengalaman: pekerjaan sejenis dalam lima tahun terakhir.\n"
    "Harga: termurah di bawah HPS."
)
_OBJECTION = (
    "Pemenang tidak memiliki sertifikat badan usaha yang masih berlaku pada saat pemasukan penawaran, "
    "sebagaimana dipersyaratkan dalam dokumen pemilihan."
)
_WON = (
    LONG_TITLE,
    "Pembangunan gedung perpustakaan daerah",
    "Pengadaan meja dan kursi sekolah",
    "Normalisasi sungai",
    "Pengadaan ambulans",
)
_BY_QUALITY: dict[str, Value] = {
    "award_rule": QUALITY,
    "quality_weight_bps": 60_00,
    "quality_min_bps": 50_00,
}
