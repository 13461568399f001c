"""What a TLS connection holds for reading: a large buffer of which a station at rest touches next to nothing.

From the heap it often comes out of memory that others have written to, and all of it is resident: how much a
station takes then depends on how many shook hands at once. From the system it is fresh, page by page.
"""

from __future__ import annotations

import ctypes

_M_MMAP_THRESHOLD = -3
"""mallopt(3) of the GNU C library."""
LARGE = 64 * 1024
"""Octets that uvloop allots to each TLS connection, and from which on memory is fresh."""


def fresh_where_large() -> bool:
    """Have large memory come from the system from now on; False where the C library does not know how."""
    set_option = getattr(ctypes.CDLL(None), "mallopt", None)
    return set_option is not None and set_option(_M_MMAP_THRESHOLD, LARGE) == 1
