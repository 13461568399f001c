"""Where things lie: the repository, and the recorded documents of foreign programs."""

import os
from pathlib import Path

ROOT = Path(__file__).parents[2]


def shared_folder() -> Path:
    """Return the folder of recorded documents; it may be absent."""
    return Path(os.environ.get("DERGATE_SHARED", ROOT.parent / "shared"))
