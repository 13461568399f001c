"""What stations need from time to time, carried out while they are connected, one thing at a time each.

Three sources: orders of an operator, stations that wait for a certificate, and what is due by itself: a
certificate that ends soon, a password whose change was never confirmed, a security profile that the
settings want and the station does not have. What fails is tried again after a pause.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Protocol, assert_never

import structlog

from gateway.core.events import SecurityNoticed
from gateway.errors import IdentityError
from gateway.ports import Post
from gateway.security.credentials import in_doubt
from gateway.security.issuing import StationAuthority
from gateway.security.vault import Vault
from gateway.stations import certificates_roots, network_profiles, password_change
from gateway.stations.admission_past import CERTIFICATE_PROFILE, Past
from gateway.stations.certificates import Certificates
from gateway.stations.context import Connected, Handler
from gateway.stations.errands import (
    ChangePassword,
    DeleteRoot,
    Errand,
    Forget,
    InstallRoot,
    ListRoots,
    Move,
    Outcome,
    Renew,
    kind_of,
)
from gateway.stations.orders import Orders
from gateway.stations.password_change import Keys
from gateway.stations.session import Clocks

log = structlog.get_logger()

_OURSELVES = "gateway"
_OUTCOMES = timedelta(days=7)
"""How long the outcome of an order waits for whoever placed it."""

type Work = Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Ward:
    """What the settings say of one station."""

    verifier: str = ""
    profile: int = 0
    """The security profile that it should have; 0: whatever it has."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How often one looks, and how long one waits."""

    interval_s: float = 2.0
    """Between two looks for orders."""
    sweep_s: float = 60.0
    """Between two looks for what is due by itself."""
    retry_s: float = 3600.0
    request_s: float = 120.0
    """How long a triggered station may take to ask for its certificate."""
    renew_days: int = 30
    at_once: int = 32
    """Stations that are looked after at a time."""


class Directory(Protocol):
    """Finds stations that are connected and were announced."""

    def __call__(self, station: str) -> Connected | None:
        """Return a station, None while it is away."""
        ...


@dataclass(frozen=True, slots=True)
class Means:
    """What one looks after stations with."""

    vault: Vault
    orders: Orders
    directory: Directory
    post: Post
    clocks: Clocks
    authority: StationAuthority | None = None
    operator: str = ""
    url: str = ""
    """Where stations are moved to that should have another profile."""
    pace: Pace = field(default_factory=Pace)
    closed: str = ""
    """Why no order of an operator is taken, empty where they are."""


class Upkeep:
    """Looks after all stations of a site."""

    def __init__(self, wards: Mapping[str, Ward], means: Means) -> None:
        """Start nothing."""
        self._wards, self._means, self._pace = wards, means, means.pace
        wanted = {name: ward.profile for name, ward in wards.items()}
        self.past = Past(means.vault, wanted, self.tell)
        self.use: Callable[[str, str], None] = lambda _station, _verifier: None
        """Puts a verifier in force at the door."""
        self._due = asyncio.Event()
        self._certificates = Certificates(
            means.authority, means.operator, means.clocks, self.tell, self._due.set
        )
        self.past.seen = self._certificates.used
        self.past.doubtful = lambda station: in_doubt(self._keys(station).current)
        self._queue: dict[str, list[tuple[str, Errand]]] = {}
        self._busy: set[str] = set()
        self._pauses: dict[tuple[str, str], float] = {}
        self._places = asyncio.Semaphore(self._pace.at_once)
        self._swept = -math.inf

    def handlers(self) -> Mapping[str, Handler]:
        """Return what is answered here."""
        return {"SignCertificate": self._certificates.sign_certificate}

    def reload(self) -> None:
        """Sign certificates with what the files hold now; IdentityError changes nothing."""
        self._certificates.reload()

    def tell(self, kind: str, station: str, problem: str = "") -> None:
        """Log something and have it audited."""
        log.warning("security.noticed", kind=kind, station=station, problem=problem)
        self._means.post(SecurityNoticed(kind, station, _OURSELVES, problem))

    async def run(self) -> None:
        """Work until cancelled, first on what an earlier process was ordered and did not begin."""
        if not self._means.closed:
            self._line_up(self._means.orders.left())
        async with asyncio.TaskGroup() as group:
            while True:
                self._due.clear()
                self.look(group)
                try:
                    async with asyncio.timeout(self._pace.interval_s):
                        await self._due.wait()
                except TimeoutError:
                    continue

    def look(self, group: asyncio.TaskGroup) -> None:
        """Begin what can be begun now."""
        self._line_up(self._means.orders.take())
        for station, work in self._wanted():
            if station not in self._busy:
                self._busy.add(station)
                group.create_task(self._carry_out(station, work))

    def _line_up(self, orders: Iterable[tuple[str, Errand]]) -> None:
        for name, errand in orders:
            if self._means.closed:
                self._means.orders.report(name, Outcome(done=False, words=self._means.closed))
            elif errand.station in self._wards:
                self._queue.setdefault(errand.station, []).append((name, errand))
            else:
                words = f"{errand.station} is no station of the settings"
                self._means.orders.report(name, Outcome(done=False, words=words))

    def _wanted(self) -> Iterator[tuple[str, Work]]:
        """Yield stations with what is to be done at each, orders first.

        Before any of it the password counts that a station has shown: after the next change it says nothing.
        """
        for station in list(self.past.shown):
            if station not in self._busy:
                yield station, partial(self._settled, station, self.past.shown.pop(station))
        for station, orders in list(self._queue.items()):
            here = self._means.directory(station)
            if here is not None or isinstance(orders[0][1], Forget):
                yield station, partial(self._ordered, station, here)
        for station in self._certificates.waiting:
            here = self._means.directory(station)
            if here is not None:
                yield station, partial(self._certificates.deliver, station, here.call)
        now = self._means.clocks.monotonic()
        if now >= self._swept + self._pace.sweep_s:
            self._swept = now
            self._means.orders.prune(self._means.clocks.utc() - _OUTCOMES)
            yield from self._due_by_itself(self._wards, now)
        came = {station for station in self.past.arrived if self._means.directory(station)}
        self.past.arrived -= came
        yield from self._due_by_itself(came & self._wards.keys(), now)

    def _due_by_itself(self, stations: Iterable[str], now: float) -> Iterator[tuple[str, Work]]:
        for station in stations:
            errand = None if station in self._busy else self._due_at(station)
            here = None if errand is None else self._means.directory(station)
            if errand is None or here is None:
                continue
            pause = station, kind_of(errand)
            if now >= self._pauses.get(pause, -math.inf):
                self._pauses[pause] = now + self._pace.retry_s
                yield station, partial(self.do, errand, here)

    async def _carry_out(self, station: str, work: Work) -> None:
        try:
            async with self._places:
                await work()
        finally:
            self._busy.discard(station)

    async def _ordered(self, station: str, here: Connected | None) -> None:
        name, errand = self._queue[station].pop(0)
        if not self._queue[station]:
            del self._queue[station]
        if self._means.orders.begin(name):
            outcome = await self.do(errand, here)
        else:
            outcome = Outcome(done=False, words="the order is gone, or cannot be removed")
        self._means.orders.report(name, outcome)
        self._due.set()

    async def _settled(self, station: str, password: str) -> None:
        """Let the password count that a station came with; on a disk that refuses all of them do."""
        try:
            await password_change.settle(self._keys(station), password)
        except IdentityError as error:
            log.warning("password.unsettled", station=station, problem=str(error))

    def _due_at(self, station: str) -> Errand | None:
        """Return what a station needs by itself."""
        kept, profile = self._means.vault.of(station), self.past.profiles.get(station, 0)
        soon = self._means.clocks.utc() + timedelta(days=self._pace.renew_days)
        if profile == CERTIFICATE_PROFILE and kept.ends is not None and kept.ends <= soon:
            return Renew(station)
        keys = self._keys(station)
        if keys.moving:
            return None
        if in_doubt(keys.current) and profile >= self.past.target(station):
            return ChangePassword(station)
        wanted = self._wards[station].profile
        if profile < wanted and self._means.url:
            return Move(station, wanted, self._means.url)
        return None

    async def do(self, errand: Errand, here: Connected | None) -> Outcome:
        """Carry one errand out and have its outcome audited."""
        try:
            outcome = await self._done(errand, here)
        except IdentityError as error:
            outcome = Outcome(done=False, words=str(error))
        kind = f"errand.{kind_of(errand)}"
        self.tell(kind if outcome.done else f"{kind}.failed", errand.station, outcome.words)
        return outcome

    async def _done(self, errand: Errand, here: Connected | None) -> Outcome:
        if isinstance(errand, Forget):
            return self._forget(errand.station)
        if here is None:
            return Outcome(done=False, words="it is away")
        match errand:
            case Renew(station=station):
                return await self._certificates.renew(station, here.call, self._pace.request_s)
            case InstallRoot(certificate=pem):
                return await certificates_roots.install_root(
                    here.call, pem, self._means.clocks.utc()
                )
            case DeleteRoot(serial=serial):
                return await certificates_roots.delete_root(here.call, serial)
            case ListRoots():
                return await certificates_roots.list_roots(here.call)
            case ChangePassword(station=station):
                return await password_change.change(here.call, self._keys(station))
            case Move():
                return await self._move(errand, here)
            case _:
                assert_never(errand)

    def _keys(self, station: str) -> Keys:
        verifier, means = self._wards[station].verifier, self._means
        return Keys(station, verifier, means.vault, self.use, means.clocks.utc)

    def _forget(self, station: str) -> Outcome:
        self._means.vault.forget(station)
        self.use(station, self._wards[station].verifier)
        return Outcome(done=True, words="only the settings count")

    async def _move(self, move: Move, here: Connected) -> Outcome:
        """Move a station; one that needs a certificate or a password for it gets that first."""
        problem = network_profiles.unfit(move)
        found = None if problem else await network_profiles.present(here.call)
        if found is None:
            return Outcome(done=False, words=problem or "it does not say how it connects")
        problem = network_profiles.downgrade(move, found, here.version)
        if problem:
            return Outcome(done=False, words=problem)
        if move.profile == CERTIFICATE_PROFILE and self._means.vault.of(move.station).ends is None:
            given = await self._certificates.renew(move.station, here.call, self._pace.request_s)
            if not given.done:
                return given
        return await self._moved(move, here, found)

    async def _moved(self, move: Move, here: Connected, found: network_profiles.Present) -> Outcome:
        """Open the door of the new profile before the station is told.

        It is closed again where the station will not come by it.
        """
        keys, before = self._keys(move.station), self._means.vault.of(move.station)
        old, password = keys.current, ""
        if here.version == "2.1" and move.profile < CERTIFICATE_PROFILE and old:
            password = await password_change.for_slot(keys)  # each slot of 2.1 has its own
            if not password:
                return Outcome(done=False, words=password_change.TOO_MANY)
        self._means.vault.keep(move.station, target=move.profile)
        profile = network_profiles.connection(move, here.version, password)
        moved = await network_profiles.move_to(here.call, move, found, profile)
        if not moved.may_come:
            self._means.vault.keep(move.station, target=before.target)
            if password:
                keys.put(old, before.moved_at)
        return moved.outcome
