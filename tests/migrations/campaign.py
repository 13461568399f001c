"""`python tests/migrations/campaign.py N [SEED]`: N upgrades of earlier schemas, each killed midway.

A process that upgrades is killed by SIGKILL at a random step of the database's machine. What it leaves has
the old schema or the new one, never something between, and the next start holds all that was there.
"""

import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.campaigns import asked
from support.migrations import lives


def main():
    begin = time.monotonic()
    kills, seed = asked()
    count, found = Counter(), []
    with tempfile.TemporaryDirectory() as folder:
        for schema, chances, faults in lives(folder, random.Random(seed), kills):
            count[schema] += 1
            found += [f"schema {schema}, chance {chances}: {fault}" for fault in faults]
    for fault in found:
        print(f"DIFFERS {fault}")
    killed = ", ".join(f"{count[schema]} from schema {schema}" for schema in sorted(count))
    print(f"{count.total()} killed upgrades ({killed}), seed {seed}", end=", ")
    print(f"{time.monotonic() - begin:.0f} s: {len(found)} differ")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
