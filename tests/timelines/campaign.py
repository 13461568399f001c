"""`python tests/timelines/campaign.py N [SEED]`: N random sets of events against brute force."""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.campaigns import asked
from support.timelines import fault


def main():
    begin = time.process_time()
    count, seed = asked(str)
    wrong = 0
    for number in range(count):
        if said := fault(f"{seed}/{number}"):
            wrong += 1
            print(f"FAULT {seed}/{number}: {said}")
    print(
        f"{count} sets of events in {time.process_time() - begin:.0f} s of CPU time (seed {seed})"
    )
    print(f"{wrong} of them otherwise than by brute force")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
