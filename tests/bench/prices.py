"""What a unit of gas takes this machine, for the worst contracts we know: `python -m tests.bench.prices`.

A unit is meant to be 10 ns of compiled execution, so the interpreter may take some ten times as long. A line far above the
others is work that somebody gets for nothing; what is charged for it stands in `vm.sizes` and `vm.opcodes`.
"""

import sys
import time

from chain.keys import SigningKey
from chain.result import ResultCode
from tests.vm.language.running import Ledger, Stopped, function

GAS = 3_000_000

_KEY = SigningKey.from_seed(bytes(32))
_BYTES = 'data = b"0123456789abcdef"\nfor _ in range(12):\n    data = data + data\n'
_TEXT = 'text = "éééééééé"\nfor _ in range(12):\n    text = text + text\n'
_FLAGS = "flags: List[bool, 1_000] = []\nfor _ in range(1_000):\n    flags.append(True)\n"
_TOP = """
class R(Record):
    text: str
    number: uint


flags_of: Map[uint, List[bool, 1_000]]
rows: Map[uint, uint]
blob: Var[bytes]
"""

# What is done once, then what is done as often as the gas allows.
CASES: dict[str, tuple[str, str]] = {
    "a turn of a loop": ("", "pass"),
    "a condition": ("x = 0", "if x == 1:\n    x = 2"),
    "a call": ("x = 0", "x = same(x)"),
    "a long text's length": (_TEXT + "x = 0", "x = len(text)"),
    "a long text compared": (_TEXT + "other = text[2:]\nx = False", "x = text < other"),
    "a part of a long text": (_TEXT + 'part = ""', "part = text[0:2]"),
    "long bytes joined": (_BYTES + 'data = data[1:]\nother = b""', 'other = data + b"a"'),
    "long bytes hashed": (_BYTES + 'other = b""', "other = sha256(data)"),
    "a signature": (
        f"key = {_KEY.public!r}\nsigned = {_KEY.sign(b'text')!r}\nx = False",
        'x = verify_signature(key, b"text", signed)',
    ),
    "an envelope": (
        _BYTES + 'data = data[0:32_784]\nkey = sha256(b"a")\nx = False',
        "x = envelope_opens(data, key, data)",
    ),
    "wide numbers": (
        "a: uint = 7\nfor _ in range(6):\n    a = a * a\nx = 0",
        "x = a * a * a * a * a * a * a * a % 1_000_007",
    ),
    "a sort by long texts": (
        _TEXT + "many: List[R, 1_000] = []\nfor i in range(1_000):\n    many.append(R(text=text, number=i))",
        "many = sort_by(many, R.text)",
    ),
    "a search in a list": (_FLAGS + "x = False", "x = False in flags"),
    "a list of a thousand written": (_FLAGS, "flags_of[1] = flags"),
    "a list of a thousand read": (_FLAGS + "flags_of[1] = flags", "flags = flags_of[1]"),
    "an entry written": ("", "rows[i % 1_000] = i"),
    "an entry read": ("rows[1] = 1\nx = 0", "x = rows[1]"),
    "an entry looked for": ("x = False", "x = i in rows"),
    "a thousand rows visited": (
        "for k in range(1_000):\n    rows[k] = k",
        "for key, value in rows.range(limit=1_000):\n    break",
    ),
    "a thousand removed rows passed over": (
        "for k in range(1_000):\n    rows[k] = k\nfor k in range(1_000):\n    del rows[k]",
        "for key, value in rows.range(limit=1):\n    break",
    ),
}


def source_of(name: str) -> str:
    """The contract of a case."""
    before, again = CASES[name]
    body = (
        f"{before}\nfor i in range(100_000):\n"
        + "\n".join("    " + line for line in again.split("\n"))
        + "\nreturn 0"
    )
    return function(body, top=_TOP) + "\n\ndef same(x: uint) -> uint:\n    return x\n"


def spend(name: str, gas: int) -> tuple[int, float]:
    """Runs a case to its end or until its gas is used up: gas and seconds of work. It must not stop otherwise."""
    ledger = Ledger()
    ledger.deploy("case", source_of(name))
    start = time.process_time()
    answer = ledger.call("case", "act", gas=gas)
    seconds = time.process_time() - start
    assert answer == 0 or (isinstance(answer, Stopped) and answer.code is ResultCode.OUT_OF_GAS), answer
    return ledger.gas_used, seconds


def main() -> None:
    """One line for each case."""
    for name in CASES:
        gas, seconds = spend(name, GAS)
        sys.stdout.write(f"{name:40}{seconds * 1e9 / gas:10.1f} ns a gas\n")


if __name__ == "__main__":
    main()
