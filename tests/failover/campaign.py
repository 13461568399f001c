"""`python tests/failover/campaign.py N [SEED [LEASE]]`: in each of N events the leader vanishes.

It is killed, paused for longer than its lease, or told to end, at a random instant; it is started again as
the standby of the other. Prints how long nobody was ready, by kind, and what differed.
"""

import asyncio
import random
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from support import postgres
from support.campaigns import asked
from support.failover import Play

HOWS = ("kill", "kill", "pause", "end")
SPAN_S = 3.5
"""About how long one event lasts here."""


async def campaign(count, folder, url, draws, lease_s):
    """Play so many rounds on one site; return them with what differed."""
    play, found = Play(folder, url, lease_s=lease_s), {}
    async with play.running():
        for number in range(1, count + 1):
            one = await play.round(number, draws.choice(HOWS), draws.uniform(0, SPAN_S))
            print(f"{number:5d}  {one.how:6s} {one.away_s:6.2f} s  {one.faults()}", flush=True)
            if faults := one.faults():
                found[f"round {number}, {one.how}"] = faults
        owed, head, audits = await play.finish()
    found |= {
        f"audit of gateway {number}": [str(verdict.fault)]
        for number, verdict in enumerate(audits, 1)
        if verdict.fault is not None
    }
    if owed:
        found["outbox"] = [f"{len(owed)} answers are still owed"]
    if max(verdict.head.sequence for verdict in audits) != head.sequence:
        found["audits"] = [f"none reaches record {head.sequence}"]
    if play.balancer.after_all:
        found["after all"] = [str(said) for said in play.balancer.after_all]
    return play.rounds, found


def main():
    begin = time.monotonic()
    count, seed = asked()
    lease_s = float(sys.argv[3]) if len(sys.argv) > 3 else 6.0
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "site"
        place.mkdir()
        with (
            postgres.a_server() as server,
            postgres.a_database(server, "failovers") as url,
        ):
            rounds, found = asyncio.run(campaign(count, place, url, random.Random(seed), lease_s))
    away = defaultdict(list)
    for one in rounds:
        away[one.how].append(one.away_s)
    print("| how | times | median s | longest s |\n|---|---|---|---|")
    for how, times in sorted(away.items()):
        print(f"| {how} | {len(times)} | {statistics.median(times):.2f} | {max(times):.2f} |")
    for name, faults in found.items():
        print(f"DIFFERS {name}: {'; '.join(faults)}")
    print(f"{count} fail-overs, seed {seed}, lease {lease_s:g} s", end=", ")
    print(f"{time.monotonic() - begin:.0f} s: {len(found)} differ")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
