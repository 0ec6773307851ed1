"""The bank's page: accounts, payments and movements as they stand, and a form to make it misbehave. No script."""

from collections.abc import Sequence
from html import escape
from typing import Any

from payments.amounts import format_amount
from payments.bank.switches import CLOSED_ENDING, EXPLAINED

STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 72rem; margin: 0 auto; padding: 1rem; }
h2 { margin: 2rem 0 .5rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { padding: .3rem .6rem; text-align: left; border-bottom: 1px solid color-mix(in srgb, currentColor 20%, transparent); }
td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
code { font-size: .85em; }
form { display: flex; flex-wrap: wrap; gap: .8rem; align-items: end; margin: .5rem 0; }
label { display: grid; gap: .2rem; }
input, select, button { font: inherit; padding: .3rem .5rem; min-height: 2.2rem; }
"""

_STATES = {
    "pending": "menunggu / pending",
    "booked": "dibukukan / booked",
    "rejected": "ditolak / rejected",
    "returned": "dikembalikan / returned",
}
Rows = Sequence[dict[str, Any]]


def render_page(accounts: Rows, payments: Rows, movements: Rows, switches: Rows) -> str:
    """The whole page; every text from outside is escaped."""
    sum_ = sum(account["balance"] for account in accounts)
    parts = [
        '<!doctype html><html lang="id"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
        '<title>Terang: bank uji / sandbox bank</title><link rel="stylesheet" href="/style.css"></head><body><main>',
        "<h1>Bank uji <small>Sandbox bank</small></h1>",
        f"<p>Jumlah semua saldo / Sum of all balances: <strong>{sum_}</strong></p>",
        *_render_accounts(accounts),
        *_render_payments(payments),
        *_render_movements(movements),
        *_render_switches(switches),
        "</main></body></html>",
    ]
    return "\n".join(parts)


def _render_accounts(rows: Rows) -> list[str]:
    head = ("Bank", "Nomor / Number", "Pemilik / Holder", "Saldo / Balance")
    cells = [
        (one["bank"], one["number"], one["name"], _amount(one["balance"], one["currency"])) for one in rows
    ]
    return ["<h2>Rekening / Accounts</h2>", _table(head, cells)]


def _render_payments(rows: Rows) -> list[str]:
    head = ("End-to-end id", "Kepada / To", "Uraian / Text", "Jumlah / Amount", "Status")
    cells = [
        (
            one["end_to_end_id"],
            f"{one['name']}, {one['bank']} {one['number']}",
            one["text"],
            _amount(one["amount"], one["currency"]),
            f"{_STATES[one['state']]} {one['code']}",
        )
        for one in rows
    ]
    return ["<h2>Pembayaran / Payments</h2>", _table(head, cells)]


def _render_movements(rows: Rows) -> list[str]:
    head = ("No.", "Tanggal / Day", "Dari / From", "Ke / To", "Uraian / Text", "Jumlah / Amount")
    cells = [
        (
            str(one["number"]),
            one["day"],
            one["debtor"],
            one["creditor"],
            f"{one['text']} {one['code']}",
            _amount(one["amount"], one["currency"]),
        )
        for one in rows
    ]
    return ["<h2>Mutasi / Movements</h2>", _table(head, cells)]


def _render_switches(rows: Rows) -> list[str]:
    head = (
        "Jenis / Kind",
        "Sisa / Left",
        "Rekening / Account",
        "End-to-end id",
        "Detik / Seconds",
        "Kode / Code",
    )
    names = ("kind", "times", "account", "end_to_end_id", "seconds", "code")
    return [
        "<h2>Gangguan / Misbehaviour</h2>",
        f"<p>Rekening yang nomornya berakhir {CLOSED_ENDING} sudah ditutup. / An account whose number ends with {CLOSED_ENDING} "
        "is closed.</p>",
        _switch_form(),
        _table(head, [tuple(str(one[name]) for name in names) for one in rows]),
        '<form method="post" action="/switches/clear"><button>Hapus semua / Clear all</button></form>',
    ]


def _amount(amount: int, currency: str) -> str:
    sign = "−" if amount < 0 else ""
    return f"{sign}{currency} {format_amount(abs(amount), currency)}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return "<p>Belum ada. / None yet.</p>"
    cells = "".join(f'<th scope="col">{escape(text)}</th>' for text in head)
    body = "".join(
        "<tr>" + "".join(_cell(name, text) for name, text in zip(head, row, strict=True)) + "</tr>"
        for row in rows
    )
    return f'<div class="scroll" tabindex="0"><table><thead><tr>{cells}</tr></thead><tbody>{body}</tbody></table></div>'


def _cell(name: str, text: str) -> str:
    is_number = name.endswith(("Amount", "Balance"))
    inside = f"<code>{escape(text)}</code>" if name == "End-to-end id" else escape(text)
    return f'<td class="number">{inside}</td>' if is_number else f"<td>{inside}</td>"


def _switch_form() -> str:
    kinds = "".join(
        f'<option value="{kind}">{kind}: {escape(text)}</option>' for kind, text in EXPLAINED.items()
    )
    fields = "".join(
        f'<label>{label}<input name="{name}" value="{value}"></label>'
        for name, label, value in (
            ("times", "Berapa kali / How often", "1"),
            ("account", "Rekening / Account (kosong: semua / empty: any)", ""),
            ("end_to_end_id", "End-to-end id (kosong: semua / empty: any)", ""),
            ("seconds", "Detik / Seconds", "0"),
            ("code", "Kode / Code", ""),
        )
    )
    return (
        f'<form method="post" action="/switches"><label>Jenis / Kind<select name="kind">{kinds}</select></label>'
        f"{fields}<button>Pasang / Set</button></form>"
    )
