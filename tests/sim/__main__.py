"""Runs seeds of the simulation: `python -m tests.sim --layer 1 --seeds 500 [--from 1000]`, or one with its story: `--seed 42`.

Ends with 1 and the number of the first seed that broke a rule.
"""

import argparse
import sys
import time
from random import Random

from tests.sim.checkers import Violation
from tests.sim.world import Scenario, World


def pick_scenario(seed: int) -> Scenario:
    """What a seed plays: mostly four nodes, often one of them Byzantine."""
    random = Random(f"scenario {seed}")
    nodes = random.choice([4, 4, 4, 5, 7])
    byzantine = random.choice([0, (nodes - 1) // 3])
    return Scenario(nodes=nodes, byzantine=byzantine)


def run_seed(seed: int, *, told: bool = False) -> None:
    """Plays one seed; raises `Violation`."""
    World(seed, pick_scenario(seed), trace=print if told else None).run()


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.sim", description=__doc__)
    parser.add_argument("--layer", type=int, choices=[1], default=1, help="1: consensus engines only")
    parser.add_argument("--seed", type=int, help="play this seed and print every event")
    parser.add_argument("--seeds", type=int, default=100, help="how many seeds to play")
    parser.add_argument("--from", dest="first", type=int, default=0, help="the first of them")
    arguments = parser.parse_args()
    told = arguments.seed is not None
    seeds = [arguments.seed] if told else range(arguments.first, arguments.first + arguments.seeds)
    begin = time.monotonic()
    for seed in seeds:
        try:
            run_seed(seed, told=told)
        except Violation as violation:
            print(f"seed {seed}: {violation}")
            return 1
    print(f"{len(seeds)} seeds without a violation in {time.monotonic() - begin:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
