"""`python tests/silences/campaign.py N [SEED]`: a utility falls silent N times, at random, and comes back.

What has to hold when is judged by `support.silences`, which shares no code with the engine.
"""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.campaigns import asked
from support.engine_bench import the_book
from support.silences import played


def main():
    begin = time.monotonic()
    count, seed = asked()
    told, problems = played(the_book(), count, seed)
    for problem in problems[:20]:
        print(problem)
    for kind in ("entered", "limited", "left"):
        print(f"{kind}: {told[kind + ' in time']} of {told[kind + ' due']} within a second")
    print(f"{told['lives']} lives in {time.monotonic() - begin:.0f} s (seed {seed})", end=": ")
    print(f"{len(problems)} times something else was told or held")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
