"""Lives of one command inside this process, each with a fault of its own, beside an undisturbed twin.

Everything durable is real (SQLite, segments, checkpoints); utility and station live in memory, and keep
what they have while the gateway is born again. A fault is a crash at a failpoint, an error or a delay of
the database, the segments, the utility or the station.
"""

import asyncio
import re
import shutil
from collections import Counter
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from gateway.clock import SystemClock
from gateway.core.effects import Table
from gateway.core.events import (
    CommandReceived,
    CommandWithdrawn,
    NoticeReceived,
    ReplyStatus,
    StationConnected,
    StationReplied,
    Withdrawal,
)
from gateway.errors import PeerError, StoreError
from gateway.failpoints import NAMES, Failpoints
from gateway.runtime import Runtime
from gateway.security.signing import signer_at
from gateway.store.audit import AuditSegments
from gateway.store.checkpoints import FILE, Notary, Seals, read
from gateway.store.sqlite import SqliteStore
from gateway.store.verification import verify
from support.engine_bench import a_profile, pf
from support.runtime_bench import Site, StationsInMemory, UtilityInMemory, a_command_now
from translators.canonical.telemetry import ControlNotice, ControlOutcome

PATIENCE_S = 60.0
_DELAY_S = 0.02
_DYING_S = 0.01
"""How long a gateway whose last step crashed may take to be gone."""
_INSTANT = re.compile(r"20\d\d-\d\d-\d\dT[0-9:.]+(Z|\+00:00)")


class Crash(BaseException):
    """The process is gone: nobody may catch it, nothing more is written."""


@dataclass(frozen=True)
class Fault:
    """What happens, where, and the how-manieth time that the place is passed."""

    kind: str
    place: str
    nth: int = 1

    def __str__(self):
        return f"{self.kind} {self.place}:{self.nth}"


FAULTS = {
    "crash": NAMES[NAMES.index("received") :],  # those before are the connector's
    "error": (
        "commit",
        "drain",
        "seal",
        "respond",
        "respond done",
        "call",
        "call done",
        "call unsent",
    ),
    "delay": ("commit", "respond", "call"),
}
"""The places of each kind; `done` is what happened all the same while its answer was lost."""


def drawn(draws):
    """Return a fault at random."""
    kind = draws.choice(list(FAULTS))
    return Fault(kind, draws.choice(FAULTS[kind]), draws.randint(1, 12))


class Fate:
    """Strikes once, when its place is passed for the nth time."""

    def __init__(self, fault=None):
        self.fault, self.struck, self._seen = fault, False, Counter()

    def strikes(self, kind, place):
        """Count a pass; say whether the fault happens now."""
        self._seen[kind, place] += 1
        due = self.fault is not None and not self.struck
        if due and (kind, place, self._seen[kind, place]) == (
            self.fault.kind,
            self.fault.place,
            self.fault.nth,
        ):
            self.struck = True
            return True
        return False


class Places(Failpoints):
    """Failpoints that raise in place of killing."""

    def __init__(self, fate):
        super().__init__()
        self._fate = fate

    def reach(self, name):
        if self._fate.strikes("crash", name):
            raise Crash(name)


class Store:
    """The real store with faults before it: an error writes nothing."""

    def __init__(self, inner, fate):
        self._inner, self._fate = inner, fate

    def __getattr__(self, name):
        return getattr(self._inner, name)

    def commit(self, effects, at):
        if self._fate.strikes("error", "commit"):
            raise StoreError("is full", where="state.db")
        self._fate.strikes("delay", "commit")
        return self._inner.commit(effects, at)


class Failing:
    """Segments or checkpoints whose disk refuses once."""

    def __init__(self, inner, fate, method):
        self._inner, self._fate, self._method = inner, fate, method

    def __getattr__(self, name):
        real = getattr(self._inner, name)
        if name != self._method:
            return real

        def call(*arguments, **options):
            if self._fate.strikes("error", name):
                raise StoreError("is full", where="audit")
            return real(*arguments, **options)

        return call


class Utility(UtilityInMemory):
    """Serves what it wants now, at each beginning anew, as a poll would show it."""

    fate = Fate()

    async def respond(self, response):
        if self.fate.strikes("error", "respond"):
            raise PeerError("is away", where="utility")
        if self.fate.strikes("delay", "respond"):
            await asyncio.sleep(_DELAY_S)
        await super().respond(response)
        if self.fate.strikes("error", "respond done"):
            raise PeerError("took it, and its answer is lost", where="utility")


class Stations(StationsInMemory):
    """Takes controls and tells their start; tells it again whenever a gateway comes."""

    fate = Fate()

    def send(self, effect):
        if self.fate.strikes("error", "call unsent"):
            self.post(StationReplied(effect.station, effect.request_id, ReplyStatus.NOT_SENT))
            return
        if self.fate.strikes("error", "call"):
            self.post(StationReplied(effect.station, effect.request_id, ReplyStatus.NO_ANSWER))
            return
        late = self.fate.strikes("delay", "call")
        lost = self.fate.strikes("error", "call done")
        self.mute = late or lost
        super().send(effect)
        self.mute = False
        if lost:
            self.post(StationReplied(effect.station, effect.request_id, ReplyStatus.NO_ANSWER))
        elif late:
            self._later(StationReplied(effect.station, effect.request_id, ReplyStatus.ACCEPTED))
        self.tell()

    def tell(self):
        """Say of each control of an event that it runs."""
        for control in self.held.values():
            if control.action == "SetDERControl" and not control.payload["isDefault"]:
                notice = ControlNotice("CS1", control.id, started=True, at=datetime.now(UTC))
                self.post(NoticeReceived(notice))

    def _later(self, event):
        asyncio.get_running_loop().call_later(_DELAY_S, self.post, event)


@dataclass
class Life:
    """One command from receipt to cancellation, over as many gateways as it takes."""

    folder: Path
    book: object
    fault: Fault | None = None
    births: int = 0
    utility: Utility = field(default_factory=Utility)
    stations: Stations = field(default_factory=Stations)

    def __post_init__(self):
        self.fate = self.utility.fate = self.stations.fate = Fate(self.fault)
        self.clock = SystemClock()
        self.clock.set_offset("dso", 0.0)
        self.signer = signer_at(self.folder / "audit.key")
        self.command = a_command_now("M1", pf(), start_s=-60.0)

    async def play(self):
        """Live through all of it; return what is left."""
        self.utility.events = [CommandReceived(self.command)]
        await self._until(lambda: ControlOutcome.STARTED in self._told())
        withdrawn = CommandWithdrawn("dso", "CS1", "M1", Withdrawal.CANCELLED)
        self.utility.events.append(withdrawn)
        await self._until(
            lambda: ControlOutcome.CANCELLED in self._told() and not self.stations.held
        )
        return self._left()

    def _told(self):
        return [response.outcome for response in self.utility.responses]

    async def _until(self, condition):
        """Let gateways live until the condition holds and nothing is owed any more."""
        async with asyncio.timeout(PATIENCE_S):
            while not await self._one(condition):
                self.births += 1

    async def _one(self, condition):
        """Let one gateway live; say whether it reached the condition before it died."""
        store = SqliteStore(self.folder / "state.db")
        audit = AuditSegments(self.folder / "audit")
        parts = Site(self.folder, self.book, self.utility, self.stations, clock=self.clock)
        made = replace(
            parts.parts_over(store, audit),
            store=Store(store, self.fate),
            audit=Failing(audit, self.fate, "drain"),
            seal=Failing(Notary(self.folder / "audit", self.signer), self.fate, "seal"),
            failpoints=Places(self.fate),
        )
        runtime = Runtime(made)
        self.stations.post = runtime.post
        runtime.post(StationConnected("CS1", a_profile()))
        self.stations.tell()
        task = asyncio.create_task(runtime.run())
        try:
            while not task.done():
                at_rest = condition() and _at_rest(runtime)
                await asyncio.sleep(_DYING_S if at_rest else 0.001)
                if at_rest and not task.done():
                    return True
            task.result()
        except BaseExceptionGroup as group:
            if group.subgroup(Crash) is None:
                raise
        except (Crash, StoreError):
            pass  # killed, or its disk refused at the start: somebody starts it again
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError, Crash, StoreError, BaseExceptionGroup):
                await task
            audit.close()
            store.close()
        return False

    def _left(self):
        with (
            closing(SqliteStore(self.folder / "state.db")) as store,
            closing(AuditSegments(self.folder / "audit")) as audit,
        ):
            audit.drain(store)
            Notary(self.folder / "audit", self.signer).seal(self.clock.now().utc, final=True)
            kept = {table: store.load(table) for table in Table}
        seals = Seals(read(self.folder / "audit" / FILE), self.signer.public)
        sent = {}
        for call in self.stations.sent:
            if call.action.startswith("Set"):
                body = _INSTANT.sub("T", repr(call.payload))
                sent.setdefault(call.payload.get("controlId", call.action), set()).add(body)
        return Left(
            commands={key: document["state"] for key, document in kept[Table.COMMANDS].items()},
            ledger={key: document["state"] for key, document in kept[Table.LEDGER].items()},
            owed=sorted(kept[Table.RESPONSES]),
            held=sorted(self.stations.held),
            told=[outcome.value for outcome in self._told()],
            sent=sent,
            fault=verify(self.folder / "audit", seals=seals).fault,
        )


def _at_rest(runtime):
    """Say whether nobody owes an answer, and all that was decided is durable."""
    engine = runtime.parts.engine
    return engine.quiet and not engine.world.owed and not runtime.refusal


@dataclass
class Left:
    """What is in force, told and kept after a life."""

    commands: dict
    ledger: dict
    owed: list
    held: list
    told: list
    sent: dict
    fault: object

    def differences(self, twin, repeats):
        """Return in words what was lost, doubled or changed; each answer may come `repeats` times more."""
        found = [
            f"{part}: {mine} where the twin has {due}"
            for part in ("commands", "ledger", "owed", "held", "fault")
            if (mine := getattr(self, part)) != (due := getattr(twin, part))
        ]
        once = sorted(set(self.told))
        if once != sorted(twin.told):
            found.append(f"told {self.told} where the twin told {twin.told}")
        if any(number > 1 + repeats for number in Counter(self.told).values()):
            found.append(f"told {self.told}: one more than {repeats} times anew")
        if self.sent != twin.sent:
            found.append(f"sent {self.sent} where the twin sent {twin.sent}")
        return found


async def lived(folder, book, fault=None):
    """Return what one life left, how often it began anew, and whether its fault struck."""
    folder.mkdir()
    life = Life(folder, book, fault)
    left = await life.play()
    return left, life.births, life.fate.struck


async def played(folder, book, count, draws):
    """Play lives until so many faults struck; yield fault, births anew, whether it struck, differences."""
    twin, _, _ = await lived(folder / "twin", book)
    left_to_strike = count
    while left_to_strike > 0:
        fault, place = drawn(draws), folder / "life"
        left, births, struck = await lived(place, book, fault)
        shutil.rmtree(place)
        left_to_strike -= struck
        yield fault, births, struck, left.differences(twin, repeats=1)
