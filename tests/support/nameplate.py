"""Random stations and controls, plausible or not, from one seed: whether what leaves stays in bounds."""

import random
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction

from gateway.core.translating import Translator
from gateway.settings.packs import shipped_book
from translators.canonical import controls as c
from translators.canonical.capability import (
    Current,
    Dialect,
    Evse,
    Ratings,
    Situation,
    StationProfile,
    Transaction,
)
from translators.canonical.commands import (
    DerCommand,
    Interval,
    Origin,
    Protocol,
    Revision,
    Target,
)
from translators.canonical.curves import Curve, Vertex
from translators.units import parse_unit

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
MODES = frozenset(
    {"FixedPFInject", "FixedPFAbsorb", "FixedVar", "VoltVar", "VoltWatt", "WattVar", "WattPF"}
    | {"FreqDroop", "FreqWatt", "LimitMaxDischarge", "EnterService", "Gradients"}
    | {"HVMustTrip", "LVMustTrip", "HFMustTrip", "LFMustTrip"}
)
_POWERS = ("pct[setMaxW]", "pct[setMaxW|setMaxChargeRateW]", "W")
_VARS = ("pct[setMaxVar]", "pct[setMaxW]", "pct[setMaxVA]", "var")


@dataclass
class Draw:
    """Draws one station and one command after the other."""

    random: object

    def number(self, low, high):
        """Return an exact number, now and then one far outside."""
        places = self.random.choice([1, 10, 1000])
        wide = self.random.choice([1, 1, 1, 1, 50, 10**6])
        return Fraction(
            self.random.randint(int(low * wide * places), int(high * wide * places)), places
        )

    def factor(self):
        """Return a power factor as every source admits it: above 0, at most 1."""
        return Fraction(self.random.randint(1, 1000), 1000)

    def quantity(self, units, low=-120, high=120):
        return c.Quantity(self.number(low, high), parse_unit(self.random.choice(units)))

    def curve(self, x, x_range, y_units, y_range=(-150, 150)):
        count = self.random.randint(1, 12)
        xs = sorted(self.number(*x_range) for _ in range(count))
        points = tuple(Vertex(at, self.number(*y_range)) for at in xs)
        return Curve(points, parse_unit(x), parse_unit(self.random.choice(y_units)))

    def station(self):
        """Return a station with one or two EVSEs alike; some ratings may be unknown."""
        draw = self.random
        watts = Fraction(draw.choice([3700, 7400, 11000, 22080, 150000]))

        def rating(value):
            return None if draw.random() < 0.05 else Fraction(value)

        ratings = Ratings(
            max_w=rating(watts),
            max_charge_rate_w=rating(watts),
            max_discharge_rate_w=rating(watts * draw.choice([1, Fraction(1, 2)])),
            max_va=rating(watts * Fraction(11, 10)),
            max_var=rating(watts / 2),
            max_var_neg=rating(watts * draw.choice([Fraction(1, 4), Fraction(1, 2)])),
            v_nom=rating(230),
            max_a=rating(watts / 690),
            over_excited_pf=rating(Fraction(draw.choice([80, 90]), 100)),
            under_excited_pf=rating(Fraction(draw.choice([80, 95]), 100)),
        )
        evses = tuple(
            Evse(
                number,
                Current.DC,
                3,
                ratings,
                MODES,
                frozenset({"CentralSetpoint", "ChargingOnly", "Idle"}),
            )
            for number in range(1, draw.choice([2, 2, 3]))
        )
        dialect = Dialect(
            droop=draw.choice(["per_unit", "percent"]),
            excitation=draw.choice(["as_spec", "inverted"]),
        )
        return StationProfile(
            "S", draw.choice(["2.1", "2.1", "2.0.1"]), Fraction(50), evses, dialect=dialect
        )

    def control(self):
        """Return one control of any kind that may go to a station."""
        kinds = (
            lambda: c.FixedPowerFactor(
                self.factor(),
                self.random.choice(list(c.Excitation)),
                self.random.choice(list(c.Flow)),
            ),
            lambda: c.FixedVar(self.quantity(_VARS[:3])),
            lambda: c.VoltVar(
                self.curve("pct[V_ref]", (80, 120), _VARS[:3]), None, self.number(90, 110)
            ),
            lambda: c.VoltWatt(self.curve("pct[V_ref]", (80, 120), _POWERS[:2])),
            lambda: c.WattVar(self.curve("pct[setMaxW]", (-100, 100), _VARS[:3])),
            lambda: c.WattPowerFactor(
                tuple(
                    c.PowerFactorVertex(x, self.factor(), excitation)
                    for x in sorted(
                        abs(self.number(0, 100)) for _ in range(self.random.randint(1, 10))
                    )
                    for excitation in [self.random.choice(list(c.Excitation))]
                ),
                parse_unit("pct[setMaxW]"),
            ),
            lambda: c.FreqWatt(self.curve("Hz", (45, 55), _POWERS[:2])),
            lambda: c.FreqDroop(*(abs(self.number(0, 2)) for _ in range(5))),
            lambda: c.Gradients(self.number(-1, 100), self.number(-1, 100)),
            lambda: c.EnterService(*(self.number(0, 120) for _ in range(7))),
            lambda: c.PowerLimit(
                self.random.choice(list(c.LimitOn)),
                c.Quantity(abs(self.number(0, 30000)), parse_unit(self.random.choice(_POWERS))),
                self.random.choice(list(c.LimitScope)),
            ),
            lambda: c.ActiveSetpoint(self.quantity(_POWERS, -30000, 30000)),
            lambda: c.ReactiveSetpoint(self.quantity(_VARS[::3], -20000, 20000)),
            lambda: c.RelativeActiveSetpoint(self.quantity(("W",), -30000, 30000)),
            lambda: c.TripCurve(
                self.random.choice(list(c.TripQuantity)),
                self.random.choice(list(c.TripSide)),
                self.random.choice(list(c.TripRegion)),
                self.curve("pct[V_ref]", (0, 150), ("s",), (0, 100)).points,
                parse_unit("pct[V_ref]"),
            ),
        )
        return self.random.choice(kinds)()

    def command(self):
        """Return a command of one to three controls."""
        found = {
            c.function_of(one): one
            for one in (self.control() for _ in range(self.random.randint(1, 3)))
        }
        default = self.random.random() < 0.3
        span = None if default else Interval(NOON, NOON + timedelta(hours=1))
        return DerCommand(
            mrid="1",
            origin=Origin("u", Protocol.IEEE2030_5, Revision.IEEE2030_5_2018),
            target=Target("S"),
            controls=tuple(found.values()),
            primacy=self.random.randint(0, 255),
            created=NOON,
            server_time=NOON,
            interval=span,
            is_default=default,
        )

    def situation(self, station):
        running = tuple(Transaction(evse.id, f"T{evse.id}") for evse in station.evses)
        return Situation(
            transactions=running,
            baseline_w=self.number(-11000, 11000),
            baseline_var=Fraction(0),
        )


def draw_from(seed):
    """Return what draws stations and commands from a seed."""
    return Draw(random.Random(seed))  # noqa: S311 - to be drawn again


def leaving(translator, draw):
    """Return the messages of one draw that would leave, and those that ask for more than the nameplate."""
    station, command = draw.station(), draw.command()
    made = translator.orders(command.mrid, command, station, draw.situation(station))
    translator.forget(command.mrid)
    messages = made.value.messages
    return messages, [message for message in messages if exceeds(station, message)]


def played(count, seed):
    """Return what so many draws would send, counted by kind, and the messages beyond a nameplate."""
    translator, draw = Translator(shipped_book()), draw_from(seed)
    sent, beyond = Counter(), []
    for _ in range(count):
        messages, bad = leaving(translator, draw)
        sent.update(message.payload.get("controlType", message.action) for message in messages)
        beyond += bad
    return sent, beyond


def exceeds(station, message):
    """Say whether a message could make a station go beyond what its plate says, by physics alone."""
    plate = [evse.ratings for evse in station.evses]
    if message.action == "SetChargingProfile":
        return _profile_exceeds(plate, message.payload)
    body = message.payload.get("curve")
    match message.payload["controlType"]:
        case "FixedVar":
            return _var_exceeds(message.payload["fixedVar"]["setpoint"])
        case "VoltVar" | "WattVar":
            return any(_var_exceeds(point["y"]) for point in body["curveData"])
        case "VoltWatt" | "FreqWatt":
            return any(_watts_exceed(plate, point["y"]) for point in body["curveData"])
        case "FixedPFInject" | "FixedPFAbsorb" as kind:
            asked = message.payload["fixedPF" + kind.removeprefix("FixedPF")]
            over = asked["excitation"] is (station.dialect.excitation == "inverted")
            return _angle_exceeds(plate, asked["displacement"], over=over)
        case "WattPF":
            return any(
                _angle_exceeds(plate, abs(point["y"]), over=point["y"] < 0)
                for point in body["curveData"]
            )
        case "FreqDroop":
            asked = message.payload["freqDroop"]
            return min(asked["overDroop"], asked["underDroop"]) <= 0
        case "Gradients":
            return (
                min(message.payload["gradient"].get(n, 0) for n in ("gradient", "softGradient")) < 0
            )
        case kind:
            return _protection_exceeds(kind, message.payload)


def _protection_exceeds(kind, payload):
    """Judge what limits, trips and returns; a kind that nobody knows is no sound message."""
    match kind:
        case "LimitMaxDischarge":
            asked = payload["limitMaxDischarge"]
            trips = asked.get("powerMonitoringMustTrip", {}).get("curveData", [])
            return not 0 <= asked.get("pctMaxDischargePower", 0) <= 100 or _trips_wrongly(trips)
        case "EnterService":
            return _returns_wrongly(payload["enterService"])
        case _ if kind.endswith(("MustTrip", "MayTrip", "MomCess")):
            return _trips_wrongly(payload["curve"]["curveData"])
        case _:
            raise ValueError(f"nobody judges {kind}")


def _trips_wrongly(points):
    """A time, voltage, frequency or power below nothing is in no station's power."""
    return any(point["x"] < 0 or point["y"] < 0 for point in points)


def _returns_wrongly(asked):
    """A range that holds nothing would keep a station off for ever; times do not run backwards."""
    inside = all(0 <= asked["low" + of] <= asked["high" + of] for of in ("Voltage", "Freq"))
    waits = (asked.get(name, 0) for name in ("delay", "randomDelay", "rampRate"))
    return not inside or min(waits) < 0


def _sum(plate, name):
    values = [getattr(ratings, name) for ratings in plate]
    return None if None in values else float(sum(values))


def _var_exceeds(percent):
    """Var beyond those that the side can give: PctMaxVar is of the rating of its own side."""
    return abs(percent) > 100.01


def _watts_exceed(plate, percent):
    whole, charge = _sum(plate, "max_w"), _sum(plate, "max_charge_rate_w")
    if not whole:
        return percent > 100.01
    watts = percent / 100 * whole
    return watts > whole * 1.0001 or (charge is not None and watts < -max(charge, whole) * 1.0001)


def _angle_exceeds(plate, displacement, *, over):
    known = [r.over_excited_pf if over else r.under_excited_pf for r in plate]
    return displacement > 1.0001 or any(
        pf is not None and displacement < float(pf) - 0.0002 for pf in known
    )


def _profile_exceeds(plate, payload):
    """Charging is positive in a profile."""
    if payload["evseId"]:
        plate = plate[payload["evseId"] - 1 : payload["evseId"]]
    charge, discharge = _sum(plate, "max_charge_rate_w"), _sum(plate, "max_discharge_rate_w")
    absorb, inject = _sum(plate, "max_var_neg"), _sum(plate, "max_var")
    for schedule in payload["chargingProfile"]["chargingSchedule"]:
        for period in schedule["chargingSchedulePeriod"]:
            watts, var = period.get("setpoint", 0), period.get("setpointReactive", 0)
            outside = (
                (charge is not None and watts > charge + 1)
                or (discharge is not None and watts < -discharge - 1)
                or (absorb is not None and var > absorb + 1)
                or (inject is not None and var < -inject - 1)
            )
            if outside or period.get("limit", 0) < 0 or period.get("dischargeLimit", 0) > 0:
                return True
    return False
