"""`make tampers N=10000`: so many random tamperings with the audit, and as many times none at all."""

import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.campaigns import asked
from support.tampers import played


def main():
    begin = time.monotonic()
    count, seed = asked()
    done, missed, misplaced, false = Counter(), 0, 0, 0
    with tempfile.TemporaryDirectory() as folder:
        for kind, first, fault in played(Path(folder), count, seed):
            done[kind] += 1
            if kind == "untouched":
                false += fault is not None
            elif fault is None:
                missed += 1
                print(f"MISSED {kind} at {first}")
            elif fault.sequence != first:
                misplaced += 1
                print(f"MISPLACED {kind} at {first}: {fault}")
    kinds = ", ".join(f"{kind} {number}" for kind, number in sorted(done.items()))
    print(f"{kinds} in {time.monotonic() - begin:.0f} s (seed {seed})")
    print(f"{missed} missed, {misplaced} named at another record, {false} false alarms")
    return 1 if missed or misplaced or false else 0


if __name__ == "__main__":
    sys.exit(main())
