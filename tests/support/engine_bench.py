"""Builders and a bench for the engine: real mapping book, no I/O, time as a number."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import orjson

from gateway.core.effects import (
    Audit,
    Persist,
    ReadBack,
    RespondToUtility,
    SendToStation,
    Table,
)
from gateway.core.engine import Engine
from gateway.core.events import (
    CommandReceived,
    CommandWithdrawn,
    ControlsReported,
    HeldControl,
    NoticeReceived,
    Now,
    ReplyStatus,
    StationConnected,
    StationReplied,
    Tick,
    Withdrawal,
)
from gateway.core.station import StationRules
from gateway.settings.packs import shipped_book
from translators.canonical.capability import Current, Evse, Ratings, StationProfile
from translators.canonical.commands import (
    DerCommand,
    Interval,
    Origin,
    Protocol,
    ResponseDuty,
    Revision,
    Target,
)
from translators.canonical.controls import (
    Excitation,
    FixedPowerFactor,
    Flow,
    LimitOn,
    LimitScope,
    PowerLimit,
    Quantity,
)
from translators.canonical.telemetry import ControlNotice
from translators.units import parse_unit

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
DER_MODES = frozenset(
    {"FixedPFInject", "FixedPFAbsorb", "FixedVar", "VoltVar", "FreqDroop", "Gradients"}
    | {"LimitMaxDischarge", "VoltWatt", "WattVar", "EnterService"}
)


def the_book():
    """Return the book of the shipped mappings, one for the whole process."""
    return shipped_book()


def a_profile(name="CS1", *, version="2.1", der=True, nominal=60):
    ratings = Ratings(
        max_w=Fraction(22000),
        max_charge_rate_w=Fraction(22000),
        max_discharge_rate_w=Fraction(20000) if der else None,
        max_va=Fraction(25000),
        max_var=Fraction(11000),
        max_var_neg=Fraction(11000),
        v_nom=Fraction(240),
    )
    evse = Evse(
        1,
        Current.DC,
        3,
        ratings,
        der_modes=DER_MODES if der else frozenset(),
        v2x_operation_modes=frozenset({"ChargingOnly", "CentralSetpoint"}) if der else frozenset(),
        charging_rate_units=("W", "A"),
    )
    return StationProfile(name, version, Fraction(nominal), (evse,))


def pf(displacement="0.95", excitation=Excitation.UNDER, flow=Flow.INJECTING):
    return FixedPowerFactor(Fraction(displacement), excitation, flow)


def limit(on=LimitOn.IMPORT, watts=7000):
    return PowerLimit(on, Quantity(Fraction(watts), parse_unit("W")), LimitScope.CONNECTION_POINT)


def a_command(mrid="M1", *controls, start=10, minutes=60, utility="dso", **changes):
    """Return a command of a utility for CS1; `start` is in minutes after noon."""
    begin = NOON + timedelta(minutes=start)
    fields = {
        "mrid": mrid,
        "origin": Origin(utility, Protocol.IEEE2030_5, Revision.IEEE2030_5_2018),
        "target": Target("CS1"),
        "controls": controls or (pf(),),
        "primacy": 10,
        "created": NOON - timedelta(hours=1),
        "server_time": NOON,
        "interval": Interval(begin, begin + timedelta(minutes=minutes)),
        "response": ResponseDuty(received=True, specific=True, reply_to="/rsp"),
    }
    return DerCommand(**{**fields, **changes})


def a_default(mrid="D1", *controls, **changes):
    return a_command(mrid, *controls, interval=None, is_default=True, **changes)


@dataclass
class Bench:
    """The engine, a clock that tests move, and everything that came out."""

    engine: Engine
    now: datetime = NOON
    offset: timedelta | None = timedelta()
    """That of utility `dso`; None while it is not known."""
    others: dict = field(default_factory=dict)
    """Offsets of further utilities."""
    effects: list = field(default_factory=list)
    kept: dict = field(default_factory=lambda: {table: {} for table in Table})

    def hear(self, event):
        monotonic = (self.now - NOON).total_seconds()
        return self.take(self.engine.handle(event, Now(self.now, monotonic, self._offsets())))

    def _offsets(self):
        return self.others | ({} if self.offset is None else {"dso": self.offset})

    def take(self, effects):
        for effect in effects:
            if isinstance(effect, Persist) and effect.document is None:
                self.kept[effect.table].pop(effect.key, None)
            elif isinstance(effect, Persist):
                # as the store writes and reads it
                self.kept[effect.table][effect.key] = orjson.loads(orjson.dumps(effect.document))
        self.effects += effects
        return effects

    def at(self, minute):
        """Let time pass to `minute` after noon and tick."""
        self.now = NOON + timedelta(minutes=minute)
        return self.hear(Tick())

    def command(self, command, **event):
        return self.hear(CommandReceived(command, **event))

    def withdraw(self, mrid="M1", reason=Withdrawal.CANCELLED, utility="dso"):
        return self.hear(CommandWithdrawn(utility, "CS1", mrid, reason))

    def connect(self, profile=None, held=()):
        """Connect CS1 and answer its read-back."""
        self.hear(StationConnected("CS1", profile or a_profile()))
        return self.report(held)

    def report(self, held=(), *, complete=True):
        request = self.last(ReadBack).request_id
        return self.hear(ControlsReported("CS1", request, tuple(held), complete))

    def reply(self, status=ReplyStatus.ACCEPTED, *, call=None, payload=None, reason=""):
        """Answer `call`, or every call that is outstanding."""
        calls = [call] if call else self.outstanding()
        for sent in calls:
            event = StationReplied("CS1", sent.request_id, status, reason, payload or {})
            self.hear(event)
        return self.effects

    def outstanding(self):
        open_ids = self.engine.world.stations["CS1"].calls
        return [
            e for e in self.effects if isinstance(e, SendToStation) and e.request_id in open_ids
        ]

    def notice(self, control_id, *, started=True, superseded=()):
        notice = ControlNotice("CS1", control_id, started, self.now, tuple(superseded))
        return self.hear(NoticeReceived(notice))

    def last(self, kind):
        return [effect for effect in self.effects if isinstance(effect, kind)][-1]

    def calls(self, action=None):
        """Return the calls sent so far, oldest first."""
        sent = [e for e in self.effects if isinstance(e, SendToStation)]
        return [e for e in sent if action in {None, e.action}]

    def control_id(self, index=-1):
        return self.calls("SetDERControl")[index].payload["controlId"]

    def told(self, mrid="M1"):
        """Return the outcomes owed for an mRID so far, in order."""
        owed = [e for e in self.effects if isinstance(e, RespondToUtility)]
        return [e.outcome for e in owed if e.mrid == mrid]

    def audited(self, kind):
        return [e for e in self.effects if isinstance(e, Audit) and e.kind == kind]

    def restart(self, book, *utilities):
        """Return a bench with a new engine that continues from what was kept."""
        followed = utilities or self.engine.world.stations["CS1"].rules.utilities
        fresh = Bench(
            an_engine(book, *followed), self.now, self.offset, self.others, kept=self.kept
        )
        fresh.take(fresh.engine.restore(self.kept, Now(self.now, 0.0, self._offsets())))
        return fresh


def an_engine(book, *utilities):
    """Return an engine of two stations that follow these utilities, or `dso`."""
    followed = utilities or ("dso",)
    return Engine(book, [StationRules("CS1", followed), StationRules("CS2", followed)])


def held_from(call):
    """Return what a station reports after it took `call`."""
    payload = call.payload
    key = payload.get("controlId") or str(payload["chargingProfile"]["id"])
    return HeldControl(key, call.action, dict(payload))
