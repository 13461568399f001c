"""`python tests/disks/campaign.py N [SEED]`: N commands come while the disk of the database has trouble.

Where it may (as root on Linux), the state lies on a file system of 8 MB that really is full at times.
"""

import asyncio
import logging
import random
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import structlog

from support.campaigns import asked
from support.disks import played
from support.engine_bench import the_book


@contextmanager
def a_small_disk(folder):
    """Yield whether a small file system lies in a folder."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", folder]
    small = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    try:
        yield small
    finally:
        if small:
            subprocess.run(["umount", folder], check=True)


def main():
    begin = time.monotonic()
    count, seed = asked()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with tempfile.TemporaryDirectory() as folder, a_small_disk(folder) as small:
        place, draws = Path(folder), random.Random(seed)
        result = asyncio.run(played(place, the_book(), count, draws, small=small))
    print("| trouble | times that it was told |\n|---|---|")
    for kind, number in sorted(result.struck.items()):
        print(f"| {kind} | {number} |")
    for said in result.early:
        print(f"EARLY {said}")
    print(
        f"{result.commands} commands, {'a small disk' if small else 'a bound of pages'}, seed {seed}"
    )
    print(f"{result.judged} acknowledgements and calls, {time.monotonic() - begin:.0f} s", end=": ")
    print(f"{len(result.early)} without a durable row")
    return 1 if result.early else 0


if __name__ == "__main__":
    sys.exit(main())
