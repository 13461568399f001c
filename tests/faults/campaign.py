"""`make faults N=200`: N lives with a real kill each, each compared with an undisturbed twin.

A drawn failpoint that the life never reaches kills nobody; another one is drawn for it.
"""

import asyncio
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.campaigns import asked
from support.faults import live_through

REACHED = {
    "fetched": 20,
    "parsed": 2,
    "mapped": 2,
    "received": 24,
    "decided": 24,
    "begun": 20,
    "committed": 20,
    "audited": 12,
    "sealed": 12,
    "acknowledged": 3,
    "sent": 3,
    "answered": 3,
    "responded": 3,
}
"""About how often one life passes each place."""
AT_ONCE = 3


async def campaign(kills, folder, draws, report):
    """Return how many lives were killed where, and the faults by failpoint."""
    twin = await _in_own_folder(folder / "twin", "")
    done, faults, running = Counter(), {}, set()
    numbers = iter(range(10 * kills))

    async def one():
        name = draws.choice(list(REACHED))
        failpoint = f"{name}:{draws.randint(1, REACHED[name])}"
        place = folder / str(next(numbers))
        outcome = await _in_own_folder(place, failpoint)
        done[name] += outcome.kills
        if outcome.kills and (found := outcome.faults(twin)):
            faults[f"{place.name} {failpoint}"] = found
        report(done, failpoint, outcome)

    while done.total() + len(running) < kills or running:
        while len(running) < min(AT_ONCE, kills - done.total()):
            running.add(asyncio.create_task(one()))
        ended, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
        for task in ended:
            task.result()
    return done, faults


async def _in_own_folder(place, failpoint):
    place.mkdir()
    return await live_through(place, failpoint)


def main():
    begin = time.monotonic()
    kills, seed = asked()
    print(f"{kills} kills, seed {seed}")

    def report(done, failpoint, outcome):
        print(f"{done.total():5d}  {failpoint:16s} kills {outcome.kills}", flush=True)

    with tempfile.TemporaryDirectory() as folder:
        draws = random.Random(seed)
        done, faults = asyncio.run(campaign(kills, Path(folder), draws, report))
    print("| killed where | times |\n|---|---|")
    for name in REACHED:
        print(f"| {name} | {done[name]} |")
    print(f"{done.total()} kills, seed {seed}, {time.monotonic() - begin:.0f} s")
    for place, found in faults.items():
        print(f"FAULT {place}: {'; '.join(found)}")
    print(f"{len(faults)} lives differ from the twin")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
