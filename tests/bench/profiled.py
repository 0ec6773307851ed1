"""A node under the sampler: `python -m tests.bench.profiled HOME`, started like `cli.tethered`.

Counting begins when the file `measured-from-here` appears in its home; what was counted is in `profile.json` after its end.
"""

import json
import sys
from pathlib import Path

from cli.tethered import run_tethered
from tests.bench.sampling import Sampler

BEGIN = "measured-from-here"
RESULT = "profile.json"


def run_profiled(home: Path) -> int:
    """Runs the node; its exit code."""
    sampler = Sampler(home / BEGIN)
    sampler.start()
    try:
        return run_tethered([str(home)])
    finally:
        sampler.stop()
        found = sampler.profile
        document = {"by_place": found.by_place, "with_callees": found.with_callees}
        (home / RESULT).write_text(json.dumps(document))


if __name__ == "__main__":
    sys.exit(run_profiled(Path(sys.argv[1])))
