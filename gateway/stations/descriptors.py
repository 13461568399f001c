"""Each station takes a file descriptor; a service is given fewer than it may have."""

from __future__ import annotations

import resource


def as_many_as_allowed() -> int:
    """Raise the limit of this process to what the system allows it; return it."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return most
