"""`python tests/inprocess/campaign.py N [SEED]`: N faults inside the process, each life beside its twin.

Prints a Markdown table of what struck where. A drawn fault that a life never meets does not count.
"""

import asyncio
import logging
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import structlog

from support.campaigns import asked
from support.engine_bench import the_book
from support.inprocess import played


async def campaign(count, folder, draws):
    """Return how often each place of each kind struck, the births anew, and what differed."""
    struck, births, found = Counter(), 0, {}
    async for fault, born, hit, differences in played(folder, the_book(), count, draws):
        births += born
        struck[fault.kind, fault.place] += hit
        if differences:
            found[f"{fault}, after {struck.total()} faults"] = differences
    return +struck, births, found


def main():
    begin = time.monotonic()
    count, seed = asked()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with tempfile.TemporaryDirectory() as folder:
        struck, births, found = asyncio.run(campaign(count, Path(folder), random.Random(seed)))
    print("| kind | place | faults |\n|---|---|---|")
    for (kind, place), number in sorted(struck.items()):
        print(f"| {kind} | {place} | {number} |")
    for name, differences in found.items():
        print(f"DIFFERS {name}: {'; '.join(differences)}")
    print(f"{struck.total()} faults, {births} gateways born anew, seed {seed}", end=", ")
    print(f"{time.monotonic() - begin:.0f} s: {len(found)} lives differ from the twin")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
