"""A VTN in the local network, by the name under which it announces itself (mDNS and DNS-SD, extra `mdns`).

An announcement says where to ask, and nothing more: anybody in the network can make one. Whoever answers
there has to show a certificate for the announced host that leads to the trust anchor of the settings.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from zeroconf import BadTypeInNameException, InterfaceChoice
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from gateway.errors import PeerError

SCHEME = "mdns://"
_SERVICE = "_openadr3._tcp.local."  # 3.1 Definition, Discovery and Configuration of Local VTNs
_PATH = re.compile(r"(/[\w.~-]+)*")


@dataclass(frozen=True, slots=True)
class Found:
    """Where a VTN is: the host that its certificate must name, an address of it, the base path."""

    host: str
    address: str
    port: int
    path: str = ""

    @property
    def origin(self) -> tuple[str, str]:
        """Return scheme and place as it announces them itself."""
        return "https", f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        """Return the base address, by number: `.local` names are not known to every resolver."""
        shown = f"[{self.address}]" if ":" in self.address else self.address
        return f"https://{shown}:{self.port}{self.path}"


async def find(
    name: str, timeout_s: float, interfaces: Sequence[str] | InterfaceChoice = InterfaceChoice.All
) -> Found:
    """Return where the VTN of this name is; `PeerError` where nobody says so in time, or oddly."""
    where = f"{SCHEME}{name}"
    try:
        info = AsyncServiceInfo(_SERVICE, f"{name}.{_SERVICE}")
        zeroconf = AsyncZeroconf(interfaces=interfaces)
    except (OSError, BadTypeInNameException) as exc:
        raise PeerError(f"cannot be looked for: {exc}", where=where) from exc
    try:
        there = await info.async_request(zeroconf.zeroconf, timeout_s * 1000)
    finally:
        await zeroconf.async_close()
    addresses = info.parsed_addresses()
    if not there or not addresses or not info.port or not info.server:
        raise PeerError("nobody in this network announces it", where=where)
    told = {key: value or b"" for key, value in info.properties.items()}
    path = told.get(b"base_path") or urlsplit(told.get(b"local_url", b"")).path
    base = f"/{path.decode(errors='replace').strip('/')}".rstrip("/")
    if not _PATH.fullmatch(base):
        raise PeerError(f"announces the odd path {base[:40]!r}", where=where)
    return Found(info.server.rstrip("."), addresses[0], info.port, base)
