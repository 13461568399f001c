"""Attack the endpoint in the numbers that docs state, and print a table; run by hand.

    .venv/bin/python tests/security/campaign.py [--picows] [--small] [NAME ...]

Names are foreign, pairs, races, slow and slow-tls; all are played where none is given.

`--small` takes about a hundredth of the numbers, to see that all of it runs.

Client and gateway share one process and one core, so times and memory are upper bounds. The loop is
uvloop, as in the service: the TLS of asyncio alone takes 256 KiB for each connection.
"""

import asyncio
import logging
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import structlog
import uvloop

sys.path.insert(0, str(Path(__file__).parent.parent))

from gateway.core.events import SecurityNoticed
from gateway.security.credentials import make_verifier
from support.security_campaign import campaign_entries, foreign, pairs, races, slow
from support.station_tls import Makers
from support.stations import DEFAULTS, a_site, an_entry


@dataclass(frozen=True)
class Size:
    """How many of each; by default as many as docs state."""

    foreign: int = 10_000
    passwords: int = 50
    races: int = 1_000
    slow: int = 4_000
    good: int = 200
    """Stations that are served beside the slow connections."""


SMALL = Size(foreign=100, passwords=4, races=20, slow=40, good=4)
NEWCOMERS = 3
"""Stations that come while slow connections hold their places."""


async def run_foreign(size):
    async with a_site(*campaign_entries()) as site:
        found = await foreign(site, size.foreign)
        site.endpoint.tell_counted()
        noticed = site.posted.of(SecurityNoticed)
    told = {"audit records": len(noticed), "refusals in them": sum(e.count for e in noticed)}
    return found | told


async def run_pairs(size):
    names = [f"S{number}" for number in range(size.passwords)]
    entries = [an_entry(name, password_verifier=make_verifier(f"of {name}")) for name in names]
    async with a_site(*entries) as site:
        opened, answers = await pairs(site, names)
    diagonal = [(name, name) for name in names]
    return {
        "pairs": len(names) ** 2,
        "opened": len(opened),
        "diagonal": opened == diagonal,
        "answers": answers,
    }


async def run_races(size):
    async with a_site() as site:
        return await races(site, size.races)


async def run_slow_tls(size):
    with tempfile.TemporaryDirectory() as folder:
        makers = Makers.of(Path(folder))
        return await run_slow(size, makers.client(), **makers.config())


async def run_slow(size, tls=None, **config):
    names = [f"G{number}" for number in range(size.good)]
    others = [f"N{number}" for number in range(NEWCOMERS)]
    async with a_site(*(an_entry(name) for name in names + others), **config) as site:
        return await slow(site, size.slow, names, seconds=3, tls=tls)


CAMPAIGNS = {
    "foreign": run_foreign,
    "pairs": run_pairs,
    "races": run_races,
    "slow": run_slow,
    "slow-tls": run_slow_tls,
}


HOLDS = {
    "foreign": lambda found: found["accepted"] == found["announced"] == 0,
    "pairs": lambda found: found["diagonal"],
    "races": lambda found: (
        set(found["answers"]) == {409}
        and found["frames to another"] == 0
        and found["answered by the station"] == found["commands"]
    ),
    "slow": lambda found: (
        (found["lost"], found["newcomers in"]) == (0, NEWCOMERS)
        and found["closed by us"] == found["slow"]
    ),
}
HOLDS["slow-tls"] = HOLDS["slow"]


def main(names):
    """Run the named campaigns, all by default; return 1 where one found what may not be."""
    if "--picows" in names:
        names.remove("--picows")
        DEFAULTS["transport"] = "picows"
    size = Size()
    if "--small" in names:
        names.remove("--small")
        size = SMALL
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    broken = []
    for name in names or CAMPAIGNS:
        began = time.perf_counter()
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            found = runner.run(CAMPAIGNS[name](size))
        print(f"\n{name} ({time.perf_counter() - began:.1f} s)")
        for key, value in found.items():
            print(f"  {key:<26} {value}")
        if not HOLDS[name](found):
            broken.append(name)
    print(f"\nbroken: {', '.join(broken) or 'none'}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
