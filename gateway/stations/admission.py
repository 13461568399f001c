"""Who may connect: the id in the path, its password or certificate, and how often one may fail.

    network ──> bucket of the address ──> path, id ──> bucket of the id ──> queue ──> password
      403                429              404, 401           429             503         401

Which security profile a station has follows from its entry and from the listener: TLS with a
password is profile 2, TLS without one is 3 (a certificate), plain with a password is 1, plain
without is 0. The plain ones exist on this machine and in networks that the settings name.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import ipaddress
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import unquote, urlsplit

from gateway.protocols.rates import Bucket, Buckets, Rate
from gateway.security.peers import naming_fault
from gateway.security.vault import Vault
from gateway.stations.admission_passwords import CrowdedError, Passwords
from gateway.stations.admission_past import Past
from gateway.stations.admission_queue import AdmissionQueue, Later
from gateway.stations.context import StationEntry

PREFIX = "/ocpp/"
LONGEST_PATH = 512
_GUESSES = Rate(per_s=1.0, burst=5)
"""Wrong passwords for one id."""
_FAILURES = Rate(per_s=1.0, burst=20)
"""Refusals of one address, whatever it asks for."""
_ADDRESSES = 4096
_STRANGERS = 4096

type Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class Knock:
    """What is known of one who wants to come in; `certificate` (DER) has been verified by TLS."""

    path: str
    authorizations: tuple[str, ...]
    address: str
    encrypted: bool = False
    certificate: bytes | None = None


@dataclass(frozen=True, slots=True)
class Denied:
    """Why a handshake is refused; `station` is the id that was claimed."""

    status: HTTPStatus
    problem: str
    retry_after_s: int | None = None
    station: str = ""
    kind: str = "access.denied"
    """What the audit calls it; A00.FR.408 has a name of its own."""


@dataclass(frozen=True, slots=True)
class Doors:
    """What holds for all stations of a site."""

    operator: str = ""
    """O of every station certificate (A00.FR.404)."""
    plain_from: tuple[Network, ...] = ()
    """Networks from which connections without TLS are taken, besides this machine."""
    unauthenticated: bool = False
    """Whether security profile 0 exists."""


@dataclass(slots=True)
class Admission:
    """The enrolled stations and what was tried in their names."""

    entries: dict[str, StationEntry]
    monotonic: Callable[[], float]
    passwords: Passwords
    doors: Doors = field(default_factory=Doors)
    queue: AdmissionQueue = field(default_factory=AdmissionQueue)
    past: Past = field(default_factory=lambda: Past(Vault()))
    """What stations have shown before; whoever lets one in has it remembered."""
    _addresses: Buckets[str] = field(default_factory=lambda: Buckets(_FAILURES, _ADDRESSES))
    _enrolled: dict[tuple[str, bool], Bucket] = field(default_factory=dict)
    """Guesses by station: True those from the address that it last came from, False all others."""
    _strangers: Buckets[str] = field(default_factory=lambda: Buckets(_GUESSES, _STRANGERS))
    """Guesses for ids that do not exist: nobody can tell them from those that do."""
    _known: dict[str, str] = field(default_factory=dict)
    """By station: the address from which it last came in."""

    @classmethod
    def of(
        cls,
        entries: Iterable[StationEntry],
        monotonic: Callable[[], float],
        doors: Doors | None = None,
        past: Past | None = None,
    ) -> Admission:
        """Return the admission of these stations."""
        known = {entry.id: entry for entry in entries}
        verifiers = (entry.password_verifier for entry in known.values())
        passwords = Passwords(next(filter(None, verifiers), ""))
        return cls(known, monotonic, passwords, doors or Doors(), past=past or Past(Vault()))

    async def admit(self, knock: Knock) -> StationEntry | Denied:
        """Return who this is, or why it may not connect; nobody is enrolled by asking."""
        if not knock.encrypted and not self._plain_allowed(knock.address):
            return Denied(HTTPStatus.FORBIDDEN, "plain connections are not taken from there")
        station = _station(knock.path)
        home = station is not None and self._known.get(station) == knock.address
        purse = self._addresses.of(neighbourhood(knock.address), now := self.monotonic())
        wait = purse.wait(now)
        if wait > 0 and not home:
            return _throttled("too many refusals", wait, station or "")
        found = await self._examined(knock, station, home=home)
        if isinstance(found, Denied):
            if found.status is not HTTPStatus.SERVICE_UNAVAILABLE:
                purse.take()
            return found
        self._known[found.id] = knock.address
        return found

    async def _examined(
        self, knock: Knock, station: str | None, *, home: bool
    ) -> StationEntry | Denied:
        if station is None:
            return Denied(HTTPStatus.NOT_FOUND, f"stations live under {PREFIX}")
        entry = self.entries.get(station)
        by_password = entry is None or self.past.needs_password(
            station, entry.password_verifier, knock
        )
        fault = self._certificate_fault(knock, station, entry)
        if fault is not None:
            return fault
        over = None if entry is None else self.past.fault(station, knock)
        if over is not None:
            return Denied(HTTPStatus.UNAUTHORIZED, over, station=station)
        given = _basic(knock.authorizations) if by_password else None
        if by_password and (given is None or given[0] != station):  # A00.FR.324
            problem = "the id in the path and its password are needed"
            return Denied(HTTPStatus.UNAUTHORIZED, problem, station=station)
        if entry is not None and given is None:
            return await self._turn(station) or entry
        return await self._guessed(station, entry, "" if given is None else given[1], home=home)

    async def _turn(self, station: str) -> Denied | None:
        """Wait for the turn of a newcomer; denied where that takes too long."""
        place = self.queue.place(self.monotonic())
        if isinstance(place, Later):
            return _full(place.retry_after_s, station)
        if place > 0:
            await asyncio.sleep(place)
        return None

    def _certificate_fault(
        self, knock: Knock, station: str, entry: StationEntry | None
    ) -> Denied | None:
        """Judge what a station shows, and what it must show where it has no password."""
        if entry is None:
            return None
        problem = None
        if knock.certificate is not None:
            names = {entry.id, entry.serial_number} - {""}
            problem = naming_fault(knock.certificate, self.doors.operator, names)
        elif not entry.password_verifier and (knock.encrypted or not self.doors.unauthenticated):
            problem = "a certificate is needed"  # A00.FR.407
        if problem is None:
            return None
        kind = "InvalidChargingStationCertificate"  # A00.FR.408
        return Denied(HTTPStatus.UNAUTHORIZED, problem, station=station, kind=kind)

    async def _guessed(
        self, station: str, entry: StationEntry | None, password: str, *, home: bool
    ) -> StationEntry | Denied:
        """Check a password; a guess is paid for before it is checked.

        The address that the station itself came from has its own purse: strangers who guess cannot
        lock it out.
        """
        now = self.monotonic()
        if entry is None:
            bucket = self._strangers.of(station, now)
        else:
            bucket = self._enrolled.setdefault((station, home), Bucket(_GUESSES, now))
        wait = bucket.wait(now)
        if wait > 0:
            return _throttled("too many wrong passwords", wait, station)
        verifier = None if entry is None else entry.password_verifier
        if entry is not None and self.passwords.remembered(password, entry.password_verifier):
            return await self._turn(station) or entry
        bucket.take()
        full = await self._turn(station)
        try:
            sound = full is None and await self.passwords.proves(password, verifier)
        except CrowdedError:
            full = _full(math.ceil(self.queue.patience_s), station)
        if full is not None:
            bucket.give_back()
            return full
        if entry is None or not sound:
            return Denied(HTTPStatus.UNAUTHORIZED, "the password is wrong", station=station)
        bucket.give_back()
        self._enrolled.pop((station, True), None)
        self.past.opened(station, password)
        return entry

    def _plain_allowed(self, address: str) -> bool:
        """Say whether an address is of this machine or of a network that the settings name."""
        try:
            found = ipaddress.ip_address(address)
        except ValueError:
            return False
        plain = getattr(found, "ipv4_mapped", None) or found
        return plain.is_loopback or any(plain in network for network in self.doors.plain_from)


def neighbourhood(address: str) -> str:
    """Return whom an address stands for: a host of IPv6 has a whole /64 to itself."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address) or found.ipv4_mapped:
        return address
    return str(ipaddress.ip_network((found, 64), strict=False))


def _throttled(problem: str, wait: float, station: str) -> Denied:
    status, kind = HTTPStatus.TOO_MANY_REQUESTS, "access.throttled"
    return Denied(status, problem, math.ceil(wait), station, kind)


def _full(retry_after_s: int, station: str) -> Denied:
    status, kind = HTTPStatus.SERVICE_UNAVAILABLE, "access.deferred"
    return Denied(status, "too many come at once", retry_after_s, station, kind)


def _station(path: str) -> str | None:
    """Return the id that a path ends with, None where it is no path of a station."""
    if len(path) > LONGEST_PATH:
        return None
    plain = urlsplit(path).path
    if not plain.startswith(PREFIX):
        return None
    name = plain.removeprefix(PREFIX)
    return unquote(name) if name and "/" not in name else None


def _basic(authorizations: tuple[str, ...]) -> tuple[str, str] | None:
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
