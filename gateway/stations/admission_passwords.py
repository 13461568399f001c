"""Passwords against their verifiers: off the event loop, few at once, alike for ids that do not exist."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import os
from dataclasses import dataclass, field

from gateway.security.credentials import verify

_DEPTH = 32
"""Checks that may wait; each derivation holds some 16 MiB and tens of milliseconds of a core."""


class CrowdedError(Exception):
    """More passwords wait than can be checked in time."""


def _width() -> int:
    """Return how many cores may derive: one is left for the stations that are served."""
    return max(1, (os.cpu_count() or 1) - 1)


@dataclass(slots=True)
class Passwords:
    """Checks passwords.

    One that was proven before is recognised by a keyed digest, so that thousands of stations come
    back without a derivation each. Every other one costs a derivation, whether its station exists
    or not: how long a refusal takes tells nothing.
    """

    decoy: str = field(repr=False)
    """A verifier that costs what the real ones cost."""
    width: int = field(default_factory=_width)
    depth: int = _DEPTH
    _secret: bytes = field(default_factory=lambda: os.urandom(32), repr=False)
    _proven: dict[str, bytes] = field(default_factory=dict, repr=False)
    """By verifier: the digest of the password that opened it."""
    _lanes: asyncio.Semaphore | None = None
    _waiting: int = 0

    def remembered(self, password: str, verifier: str) -> bool:
        """Say whether this very password was proven before."""
        return hmac.compare_digest(self._proven.get(verifier, b""), self._digest(password))

    async def proves(self, password: str, verifier: str | None) -> bool:
        """Derive and compare; without a verifier the work is done all the same, and False.

        `CrowdedError` where too many wait already.
        """
        if self._waiting >= self.depth:
            raise CrowdedError
        if self._lanes is None:
            self._lanes = asyncio.Semaphore(self.width)
        self._waiting += 1
        try:
            async with self._lanes:
                sound = await asyncio.to_thread(verify, password, verifier or self.decoy)
        finally:
            self._waiting -= 1
        if not sound or verifier is None:
            return False
        self._proven[verifier] = self._digest(password)
        return True

    def _digest(self, password: str) -> bytes:
        text = password.encode(errors="surrogatepass")
        return hmac.digest(self._secret, text, hashlib.sha256)
