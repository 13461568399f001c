"""`make sites N=2000`: N drawn lives of a site, each growth of a station judged by what the stations hold."""

import random
import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.campaigns import asked
from support.site_lives import a_life, live_through


def campaign(lives, draws):
    """Return what happened how often, and the faults by the number of the life."""
    happened, faults = Counter(), {}
    for number in range(lives):
        life = a_life(draws.choice, draws.randint(2, 40))
        happened.update(type(step).__name__.lower() for step in life[3])
        try:
            live_through(*life)
        except AssertionError as fault:
            faults[number] = f"{fault} in {life}"
    return happened, faults


def main():
    begin = time.process_time()
    lives, seed = asked()
    print(f"{lives} lives, seed {seed}")
    happened, faults = campaign(lives, random.Random(seed))
    print(f"{sum(happened.values())} steps in {time.process_time() - begin:.0f} s of CPU time:")
    print(", ".join(f"{name} {count}" for name, count in sorted(happened.items())))
    for number, fault in faults.items():
        print(f"FAULT life {number}: {fault}")
    print(f"{len(faults)} lives in which the sum rose above what is allowed")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
