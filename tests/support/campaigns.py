"""What a campaign is asked for: `campaign.py N [SEED]`."""

import random
import sys


def asked(kind=int):
    """Return N and the seed, a drawn one where none is given."""
    seed = sys.argv[2] if len(sys.argv) > 2 else random.SystemRandom().randrange(10**6)
    return int(sys.argv[1]), kind(seed)
