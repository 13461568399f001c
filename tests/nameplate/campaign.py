"""`python tests/nameplate/campaign.py N [SEED]`: nothing beyond a plate leaves.

What would leave is judged by `support.nameplate`, which shares no code with the guard of the engine.
"""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.campaigns import asked
from support.nameplate import played


def main():
    begin = time.monotonic()
    count, seed = asked()
    sent, beyond = played(count, seed)
    for message in beyond[:20]:
        print(message)
    kinds = ", ".join(f"{name} {number}" for name, number in sorted(sent.items()))
    print(f"{count} commands in {time.monotonic() - begin:.0f} s, {sent.total()} messages: {kinds}")
    print(f"{len(beyond)} beyond the nameplate (seed {seed})")
    return 1 if beyond else 0


if __name__ == "__main__":
    sys.exit(main())
