"""`python tests/rivals/campaign.py N [SEED]`: who holds what between utilities, against a second reckoning.

N stories through the whole engine and a station that decides by R04, and 50 N schedules through its
arbitration alone, are compared with `support.rivals`, which shares no code with the engine.
"""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.campaigns import asked
from support.rivals import arbitrated, played


def main():
    begin = time.monotonic()
    count, seed = asked(str)
    schedules = arbitrated(50 * count, seed)
    found, told = played(count, seed)
    for name, text in (schedules + found)[:20]:
        print(name, text)
    outcomes = ", ".join(f"{name} {number}" for name, number in sorted(told.items()))
    print(
        f"{50 * count} schedules and {count} stories in {time.monotonic() - begin:.0f} s: {outcomes}"
    )
    print(f"{len(schedules)} and {len(found)} differences (seed {seed})")
    return 1 if schedules or found else 0


if __name__ == "__main__":
    sys.exit(main())
