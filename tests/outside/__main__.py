"""`make outside`: our proofs before verifiers that are not ours, from the npm registry: a line for each kind of proof.

Existence in the state goes to `@confio/ics23`, transactions and results with their events to the RFC 6962 code of
`@sigstore/verify`. Absence is not among them: of the ICS-23 libraries none of that registry knows the empty-child rule, so
`ics23.js` beside this does it, from the published rules. Needs node and npm, which nothing else of the tests does.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.outside.cases import Case, make_cases

_HERE = Path(__file__).parent
_INSTALL = ("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent")
_INSTALL_S, _VERIFY_S = 300, 120


def install() -> None:
    """The exact packages of the lock file, once."""
    if not (_HERE / "node_modules" / ".package-lock.json").exists():
        subprocess.run(_INSTALL, cwd=_HERE, check=True, timeout=_INSTALL_S)


def verify(cases: Sequence[Case]) -> list[str]:
    """What the verifiers say of each: nothing of a proof that holds, and else why not."""
    given = json.dumps([case.document() for case in cases])
    ran = subprocess.run(
        ("node", "verify.js"),
        cwd=_HERE,
        input=given,
        capture_output=True,
        text=True,
        check=True,
        timeout=_VERIFY_S,
    )
    said: list[str] = json.loads(ran.stdout)
    return said


def find_wrong(cases: Sequence[Case], said: Sequence[str]) -> list[str]:
    """Where a verifier says another thing than the case."""
    return [
        f"{case.what}: expected {'a proof that holds' if case.holds else 'a refusal'}, got {words or 'none'!r}"
        for case, words in zip(cases, said, strict=True)
        if case.holds != (words == "")
    ]


def main() -> None:
    """Installs, verifies, tells; exit code 1 where anything is wrong."""
    missing = [tool for tool in ("node", "npm") if shutil.which(tool) is None]
    if missing:
        sys.exit(
            f"make outside needs {' and '.join(missing)}, version 20 or newer of node. On Debian: apt-get install npm"
        )
    install()
    cases = list(make_cases())
    wrong = find_wrong(cases, verify(cases))
    for what in dict.fromkeys(case.what for case in cases):
        held = sum(case.holds for case in cases if case.what == what)
        refused = sum(not case.holds for case in cases if case.what == what)
        sys.stdout.write(f"{what:28}{held:6,} proofs hold{refused:8,} altered ones refused\n")
    if wrong:
        sys.exit("\n".join((f"{len(wrong)} of these are otherwise:", *wrong[:20])))


if __name__ == "__main__":
    main()
