"""Who may connect: the id in the path, its password, and how often one may guess."""

from __future__ import annotations

import asyncio
import base64
import binascii
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import unquote, urlsplit

from gateway.security.credentials import verify
from gateway.stations.context import StationEntry

PREFIX = "/ocpp/"
_BURST = 5
"""Wrong passwords in a row before the rate counts."""
_RATE_PER_S = 1.0


@dataclass(frozen=True, slots=True)
class Denied:
    """Why a handshake is refused."""

    status: HTTPStatus
    problem: str
    retry_after_s: int | None = None


@dataclass(slots=True)
class _Bucket:
    """Guesses that are left; one more comes back each second."""

    at: float
    tokens: float = _BURST

    def fill(self, now: float) -> None:
        """Give back what time has given back."""
        self.tokens = min(_BURST, self.tokens + (now - self.at) * _RATE_PER_S)
        self.at = now


@dataclass(slots=True)
class Admission:
    """The enrolled stations and what was tried in their names."""

    entries: dict[str, StationEntry]
    monotonic: Callable[[], float]
    _buckets: dict[tuple[str, str], _Bucket] = field(default_factory=dict)
    _known: dict[str, str] = field(default_factory=dict)
    """By station: the address from which it last came in."""

    @classmethod
    def of(cls, entries: Iterable[StationEntry], monotonic: Callable[[], float]) -> Admission:
        """Return the admission of these stations."""
        return cls({entry.id: entry for entry in entries}, monotonic)

    async def admit(
        self, path: str, authorizations: list[str], address: str
    ) -> StationEntry | Denied:
        """Return who this is, or why it may not connect; nobody is enrolled by asking."""
        station = _station(path)
        if station is None:
            return Denied(HTTPStatus.NOT_FOUND, f"stations live under {PREFIX}")
        entry, given = self.entries.get(station), _basic(authorizations)
        if entry is None or given is None or given[0] != station:  # A00.FR.324
            return Denied(HTTPStatus.UNAUTHORIZED, "the id in the path and its password are needed")
        return await self._tried(entry, given[1], address)

    async def _tried(
        self, entry: StationEntry, password: str, address: str
    ) -> StationEntry | Denied:
        """Check a password off the event loop; a guess is paid for before it is checked.

        The address that the station itself came from has its own purse: strangers who guess cannot
        lock it out.
        """
        purse = address if self._known.get(entry.id) == address else ""
        now = self.monotonic()
        bucket = self._buckets.setdefault((entry.id, purse), _Bucket(now))
        bucket.fill(now)
        if bucket.tokens < 1:
            wait = math.ceil((1 - bucket.tokens) / _RATE_PER_S)
            return Denied(HTTPStatus.TOO_MANY_REQUESTS, "too many wrong passwords", wait)
        bucket.tokens -= 1
        if not await asyncio.to_thread(verify, password, entry.password_verifier):
            return Denied(HTTPStatus.UNAUTHORIZED, "the password is wrong")
        bucket.tokens += 1
        self._forget(entry.id)
        self._known[entry.id] = address
        return entry

    def _forget(self, station: str) -> None:
        """Keep at most two purses for a station: the strangers' and that of its address."""
        for key in [key for key in self._buckets if key[0] == station and key[1]]:
            del self._buckets[key]


def _station(path: str) -> str | None:
    """Return the id that a path ends with, None where it is no path of a station."""
    plain = urlsplit(path).path
    if not plain.startswith(PREFIX):
        return None
    name = plain.removeprefix(PREFIX)
    return unquote(name) if name and "/" not in name else None


def _basic(authorizations: list[str]) -> tuple[str, str] | None:
    """Return user and password of the one Authorization header, None where there is none such."""
    if len(authorizations) != 1:
        return None
    scheme, _, credentials = authorizations[0].partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        text = base64.b64decode(credentials.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
    user, colon, password = text.partition(":")
    return (user, password) if colon else None
