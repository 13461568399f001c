"""Whether a request means this machine, by its Host header."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit


def names_us(host: str, configured: str) -> bool:
    """Say whether a Host header is an address, this machine's own name for itself, or what is configured."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
        if name in {"localhost", configured.lower()}:
            return True
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
