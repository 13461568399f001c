"""`python tests/whole/campaign.py N [SEED]`: N stories of a gateway in which everything happens at once."""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.campaigns import asked
from support.whole_stories import played

STEPS = 40


def main():
    begin = time.process_time()
    count, seed = asked(str)
    wrong, tally = played([f"{seed}/{number}" for number in range(count)], STEPS)
    for name, text in wrong.items():
        print(f"FAULT {name}: {text}")
    print(", ".join(f"{kind} {number}" for kind, number in sorted(tally.items())))
    print(f"{count} stories in {time.process_time() - begin:.0f} s of CPU time (seed {seed})")
    print(f"{len(wrong)} stories in which something was wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
