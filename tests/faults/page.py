"""`make faults N=…` writes docs/faults.md: every campaign of faults, with what struck how often.

    python tests/faults/page.py N [SEED] [-o FILE] [--only NAME]...

A campaign that cannot run here (no PostgreSQL) is left out, and the page says so. Exit 1 where one found a
fault. `--only` leaves the others as an earlier page has them.
"""

import argparse
import random
import re
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from support import postgres
from support.places import ROOT

PAGE = ROOT / "docs" / "faults.md"
HEAD = """# Faults

Written by `make faults N=…` (`tests/faults/page.py`): what was done to the gateway, how often, and what \
became of it. Each life is compared with an undisturbed twin: what the station holds, what the utility was \
told, commands, ledger, outbox, audit with its checkpoints.
"""
_PROGRESS = re.compile(r"^ *\d+  ")


@dataclass(frozen=True)
class Campaign:
    """One campaign: its title on the page, its script, and how many of N it takes."""

    title: str
    script: str
    share: float
    least: int = 1

    def count(self, whole):
        return max(self.least, round(self.share * whole))


CAMPAIGNS = {
    "kills": Campaign("SIGKILL between two steps", "tests/faults/campaign.py", 1),
    "inprocess": Campaign("Faults inside the process", "tests/inprocess/campaign.py", 20),
    "disks": Campaign("The disk of the database", "tests/disks/campaign.py", 2, 20),
    "migrations": Campaign("Upgrades killed midway", "tests/migrations/campaign.py", 0.2),
    "failovers": Campaign("The leader of two gateways vanishes", "tests/failover/campaign.py", 0.2),
}


def ran(name, count, seed):
    """Run one campaign; return its section of the page and whether all was well."""
    campaign = CAMPAIGNS[name]
    command = (campaign.script, str(count), str(seed))
    if name == "failovers" and postgres.binaries() is None:
        return section(name, command, "Left out: no PostgreSQL was there."), True
    done = subprocess.run(
        [sys.executable, *command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode not in {0, 1} or "Traceback" in done.stderr:
        raise SystemExit(f"{' '.join(command)} broke:\n{done.stderr[-4000:]}")
    return section(name, command, told(done.stdout)), done.returncode == 0


def section(name, command, body):
    day = datetime.now(UTC).date().isoformat()
    return f"## {CAMPAIGNS[name].title}\n`python {' '.join(command)}`, {day}.\n\n{body}\n"


def told(output):
    """Return what a campaign printed, without its progress: its table, then its verdict."""
    lines = [line for line in output.splitlines() if line and not _PROGRESS.match(line)]
    table = [line for line in lines if line.startswith("|")]
    rest = [line for line in lines if not line.startswith("|")]
    return "\n".join([*table, *([""] if table else []), *(f"{line}  " for line in rest)]).rstrip()


def sections(page):
    """Return the sections of an earlier page by their titles."""
    parts = re.split(r"^## ", page, flags=re.MULTILINE)[1:]
    return {part.partition("\n")[0]: f"## {part.rstrip()}\n" for part in parts}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("count", type=int)
    parser.add_argument("seed", type=int, nargs="?", default=random.SystemRandom().randrange(10**6))
    parser.add_argument("-o", "--output", type=Path, default=PAGE)
    parser.add_argument("--only", action="append", choices=list(CAMPAIGNS))
    asked = parser.parse_args()
    known = sections(asked.output.read_text()) if asked.output.exists() else {}
    well = True
    for name in asked.only or CAMPAIGNS:
        campaign = CAMPAIGNS[name]
        known[campaign.title], good = ran(name, campaign.count(asked.count), asked.seed)
        sys.stdout.write(f"{known[campaign.title]}\n")
        sys.stdout.flush()
        well = well and good
        kept = [known[c.title] for c in CAMPAIGNS.values() if c.title in known]
        asked.output.write_text("\n".join([HEAD, *kept]))
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
