"""`python tests/nameplate/campaign.py N [SEED]`: nothing beyond a plate leaves.

What would leave is judged by `support.nameplate`, which shares no code with the guard of the engine.
"""

import random
import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from gateway.core.dispatch import Translator
from gateway.settings.packs import shipped_book
from support.nameplate import draw_from, leaving


def main():
    count = int(sys.argv[1])
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(10**6)
    translator, draw = Translator(shipped_book()), draw_from(seed)
    begin, sent, beyond = time.monotonic(), Counter(), []
    for _ in range(count):
        messages, bad = leaving(translator, draw)
        sent.update(message.payload.get("controlType", message.action) for message in messages)
        beyond += bad
    for message in beyond[:20]:
        print(message)
    kinds = ", ".join(f"{name} {number}" for name, number in sorted(sent.items()))
    print(f"{count} commands in {time.monotonic() - begin:.0f} s, {sent.total()} messages: {kinds}")
    print(f"{len(beyond)} beyond the nameplate (seed {seed})")
    return 1 if beyond else 0


if __name__ == "__main__":
    sys.exit(main())
