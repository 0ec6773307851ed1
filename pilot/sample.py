"""The small made-up sample that the project ships, and how it is made: `python -m pilot.sample >
pilot/data/contoh.ocds.jsonl`.

Nobody in it exists. Its shape is that of real tenders: nearly all with two envelopes, two to some twenty bids
with a median of three, one bid in ten in the last hour, every seventh without a price, the lowest price
mostly winning; and one tender for each way in which a record differs from what the rule decides.
"""

import json
import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from importlib.resources import as_file, files
from pathlib import Path

SEED = 20_261_124
WIB = timezone(timedelta(hours=7))
_FIRST_DAY = datetime(2026, 2, 2, 9, 0, tzinfo=WIB)
_MILLION = 1_000_000

_OFFICES = (
    ("Dinas Pekerjaan Umum Kota Sukamaju", "Satuan Kerja Jalan dan Jembatan"),
    ("Dinas Kesehatan Kabupaten Mekarsari", "RSUD Mekarsari"),
    ("Dinas Pendidikan Kota Sukamaju", "Bidang Sarana Sekolah"),
    ("Badan Pengairan Provinsi Tanjungwangi", "Balai Irigasi Wilayah Timur"),
)
_SUPPLIERS = tuple(
    f"{form} {first} {second}"
    for form, first in (("PT", "Karya"), ("CV", "Mitra"), ("PT", "Bangun"), ("CV", "Sumber"))
    for second in ("Bahari", "Cendana", "Dwipa", "Gemilang", "Lestari", "Mandala", "Nusa", "Sentosa")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Recipe:
    """One tender of the sample: what it buys, its estimate in millions of rupiah, how many bid, and how it
    ends.
    """

    title: str
    estimate: int | None
    bids: int
    ending: str = "lowest"
    envelopes: int = 2
    places: int = 1


_RECIPES = (
    _Recipe(title="Rehabilitasi Jalan Lingkar Utara Tahap II", estimate=8_450, bids=5),
    _Recipe(title="Pengadaan Alat Laboratorium RSUD", estimate=2_180, bids=3),
    _Recipe(title="Pembangunan Ruang Kelas Baru SDN 4", estimate=1_325, bids=4, ending="tie of the first"),
    _Recipe(title="Normalisasi Saluran Irigasi Blok C", estimate=3_900, bids=3, ending="tie of another"),
    _Recipe(title="Pengadaan Meubelair Sekolah Dasar", estimate=640, bids=2),
    _Recipe(title="Pemeliharaan Jembatan Kali Bening", estimate=5_275, bids=3, ending="above estimate"),
    _Recipe(
        title="Kontrak Payung Bahan Makanan Pasien", estimate=4_700, bids=7, ending="framework", places=3
    ),
    _Recipe(title="Pengadaan Buku Perpustakaan Keliling", estimate=410, bids=2, ending="no valid price"),
    _Recipe(
        title="Pekerjaan Drainase Kawasan Pasar Lama", estimate=2_960, bids=16, ending="tie of the first"
    ),
    _Recipe(title="Pengadaan Pompa Air Wilayah Timur", estimate=None, bids=3, ending="several awards"),
    _Recipe(title="Jasa Kebersihan Gedung Dinas", estimate=985, bids=3, envelopes=1),
    _Recipe(title="Peningkatan Jaringan Listrik Puskesmas", estimate=1_760, bids=4, ending="lower rejected"),
)


def sample_path() -> Path:
    """Where the shipped sample lies."""
    with as_file(files("pilot") / "data" / "contoh.ocds.jsonl") as path:
        return path


def make_sample() -> Iterator[str]:
    """The lines of the sample; the same ones every time."""
    chance = random.Random(SEED)
    for number, recipe in enumerate(_RECIPES, start=1):
        yield json.dumps(_release(number, recipe, chance), ensure_ascii=False)


def _release(number: int, recipe: _Recipe, chance: random.Random) -> dict[str, object]:
    published = _FIRST_DAY + timedelta(days=3 * number, hours=chance.randrange(0, 6))
    closes = (published + timedelta(days=chance.randrange(12, 21))).replace(hour=14, minute=0)
    office, unit = _OFFICES[number % len(_OFFICES)]
    bids = _bids(number, recipe, published, closes, chance)
    decided = closes + timedelta(days=chance.randrange(9, 25))
    buyer = {"id": f"ID-{office}", "name": office}
    return {
        "ocid": f"ocds-xxxxxx-contoh-2026-{number:03d}",
        "id": f"contoh-2026-{number:03d}-compiled",
        "date": decided.isoformat(),
        "tag": ["compiled"],
        "initiationType": "tender",
        "language": "id",
        "buyer": buyer,
        "tender": _tender(number, recipe, unit, published, closes),
        "bids": {"details": bids},
        "awards": _awards(recipe, bids, decided),
    }


def _tender(
    number: int, recipe: _Recipe, unit: str, published: datetime, closes: datetime
) -> dict[str, object]:
    tender: dict[str, object] = {
        "id": f"contoh-2026-{number:03d}",
        "title": recipe.title,
        "status": "complete",
        "procuringEntity": {"id": f"ID-{unit}", "name": unit},
        "procurementMethod": "open",
        "submissionMethodDetails": "two envelopes" if recipe.envelopes == 2 else "one envelope",
        "tenderPeriod": {"startDate": published.isoformat(), "endDate": closes.isoformat()},
        "awardCriteria": "priceOnly",
        "numberOfTenderers": recipe.bids,
    }
    if recipe.estimate is not None:
        tender["value"] = {"amount": recipe.estimate * _MILLION, "currency": "IDR"}
    if recipe.places > 1:
        framework = {"maximumParticipants": recipe.places}
        tender["techniques"] = {"hasFrameworkAgreement": True, "frameworkAgreement": framework}
    return tender


def _bids(
    number: int, recipe: _Recipe, published: datetime, closes: datetime, chance: random.Random
) -> list[dict[str, object]]:
    suppliers = chance.sample(_SUPPLIERS, recipe.bids)
    seconds = int((closes - published).total_seconds())
    places = sorted(
        seconds - chance.randrange(60, 3_600) if chance.random() < 0.1 else chance.randrange(3_600, seconds)
        for _ in suppliers
    )
    return [
        _bid(f"{number:03d}-{place:02d}", supplier, published + timedelta(seconds=after), price)
        for place, (supplier, after, price) in enumerate(
            zip(suppliers, places, _prices(recipe, chance), strict=True), start=1
        )
    ]


def _bid(id_: str, supplier: str, submitted: datetime, price: int | None) -> dict[str, object]:
    bid: dict[str, object] = {
        "id": id_,
        "date": submitted.isoformat(),
        "status": "disqualified" if price is None else "valid",
        "statusDetails": "Gugur evaluasi teknis" if price is None else "Lulus evaluasi",
        "tenderers": [{"id": f"ID-{supplier}", "name": supplier}],
    }
    if price is not None:
        bid["value"] = {"amount": price, "currency": "IDR"}
    return bid


def _prices(recipe: _Recipe, chance: random.Random) -> list[int | None]:
    """Prices in order of submission; None where a bid fails before its price is opened."""
    top = (recipe.estimate or 720) * _MILLION
    least = 1_020 if recipe.ending == "above estimate" else 780
    prices: list[int | None] = [
        top // 1_000 * chance.randrange(least, least + 200) // 1_000 * 1_000 for _ in range(recipe.bids)
    ]
    if recipe.ending == "no valid price":
        return [None for _ in prices]
    if recipe.ending.startswith("tie"):
        lowest = min(price for price in prices if price is not None)
        prices[0] = prices[1] = lowest
    elif recipe.bids > 3:
        prices[prices.index(max(price for price in prices if price is not None))] = None
    return prices


def _awards(recipe: _Recipe, bids: list[dict[str, object]], decided: datetime) -> list[dict[str, object]]:
    winners = _winners(recipe, bids)
    return [
        {
            "id": f"A-{bid['id']}",
            "status": "active",
            "date": decided.isoformat(),
            "value": bid["value"],
            "suppliers": bid["tenderers"],
            "relatedBid": bid["id"],
        }
        for bid in winners
    ]


def _winners(recipe: _Recipe, bids: list[dict[str, object]]) -> list[dict[str, object]]:
    ranked = sorted((bid for bid in bids if "value" in bid), key=_price)
    match recipe.ending:
        case "no valid price":
            return []
        case "several awards":
            return ranked[:2]
        case "tie of another":
            return ranked[1:2]
        case "lower rejected":
            ranked[0]["statusDetails"] = "Gugur evaluasi harga (financial)"
            return ranked[1:2]
    return ranked[: recipe.places]


def _price(bid: dict[str, object]) -> int:
    value = bid["value"]
    assert isinstance(value, dict)
    return int(value["amount"])


if __name__ == "__main__":
    sys.stdout.writelines(line + "\n" for line in make_sample())
