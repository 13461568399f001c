"""`make report-faults`: a kill at each request of an OpenADR report, in both editions, against a twin."""

import asyncio
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.openadr_kills import KILLS, REVISIONS, lives, reports_of


async def main():
    """Play all lives."""
    otherwise = 0
    with tempfile.TemporaryDirectory() as folder:
        async with lives() as process:
            for revision in REVISIONS:
                twin = await reports_of(process, Path(folder) / revision, revision)
                for failpoint in KILLS:
                    place = Path(folder) / f"{revision} {failpoint}"
                    found = await reports_of(process, place, revision, failpoint)
                    otherwise += found != twin
                    print(revision, failpoint, "alike" if found == twin else found, flush=True)  # noqa: T201 - its result
    print(f"{len(KILLS) * len(REVISIONS)} kills, {otherwise} ended otherwise")  # noqa: T201 - its result
    return otherwise


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
