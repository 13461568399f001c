"""An interpolator of our own: what a curve makes of a voltage, a power or a frequency, in watts and var.

Written apart from the product and from OpenDER. A `Response` is a polyline with what its two axes are worth;
one is made of the utility's control, one of the message that left, and both are swept over the same axis:

    asked = response_of_control(control, ratings, dialect).held(*able(payload, ratings))
    sent = response_of_message(payload, ratings, dialect)
    largest_gap(asked, sent, within=Fraction(1, 10_000))
"""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from itertools import pairwise

from translators.canonical import controls as c
from translators.units import Kind

F = Fraction
ONE, ZERO = F(1), F(0)
SIDES = {"PctMaxW": ("setMaxW", "setMaxW"), "PctMaxVar": ("setMaxVarNeg", "setMaxVar")}
"""The settings that bound a y axis, below and above zero."""
WATTS_ON_X = {"WattVar", "WattPF"}


@dataclass(frozen=True)
class Axis:
    """What one number of an axis is worth: by side of zero, after an offset."""

    up: F = ONE
    down: F = ONE
    offset: F = ZERO

    def worth(self, number):
        if not number + self.offset:
            return ZERO  # of whatever, known or not
        return (number + self.offset) * (self.up if number >= 0 else self.down)

    def number(self, worth):
        return worth / (self.up if worth >= 0 else self.down) - self.offset


@dataclass(frozen=True)
class Response:
    """A polyline of (number, number) and what its axes are worth; beyond its ends it stays level."""

    points: tuple
    x: Axis = Axis()
    y: Axis = Axis()
    low: F | None = None
    high: F | None = None
    """What the device is able to: y is cut there, in worth."""

    def sides(self, at):
        """Return y just left and just right of a place on the x axis, in worth."""
        xs, ys = self._line
        first, last = bisect_left(xs, at), bisect_right(xs, at)
        if first < last:
            return self._cut(ys[first]), self._cut(ys[last - 1])
        if first in {0, len(xs)}:
            level = self._cut(ys[0 if first == 0 else -1])
            return level, level
        x0, y0, x1, y1 = xs[first - 1], ys[first - 1], xs[first], ys[first]
        height = self._cut(y0 + (at - x0) / (x1 - x0) * (y1 - y0))
        return height, height

    def held(self, low, high):
        """Return the response of a device that is able to no more."""
        return replace(self, low=low, high=high)

    @cached_property
    def _line(self):
        """The polyline in worth, with a vertex wherever a number crosses 0: an axis may bend there."""
        bent = list(self.points[:1])
        for left, right in pairwise(self.points):
            shares = {a / (a - b) for a, b in zip(left, right, strict=True) if a * b < 0}
            bent += [
                tuple(a + share * (b - a) for a, b in zip(left, right, strict=True))
                for share in sorted(shares)
            ]
            bent.append(right)
        return [self.x.worth(x) for x, _ in bent], [self.y.worth(y) for _, y in bent]

    def _cut(self, worth):
        worth = worth if self.high is None else min(worth, self.high)
        return worth if self.low is None else max(worth, self.low)

    def places(self):
        """Return where the polyline has its vertices on the x axis, in worth."""
        return sorted({self.x.worth(px) for px, _ in self.points})

    def band(self, at, within):
        """Return the least and largest y between `at - within` and `at + within`."""
        if not within:
            found = self.sides(at)
            return min(found), max(found)
        inside = [p for p in self.places() if at - within <= p <= at + within]
        found = [y for p in (at - within, *inside, at + within) for y in self.sides(p)]
        return min(found), max(found)


def sweep(*responses):
    """Return places worth looking at: all vertices, what lies between them, and both outsides."""
    at = sorted({place for response in responses for place in response.places()} | {F(0)})
    between = [left + (right - left) * F(n, 4) for left, right in pairwise(at) for n in (1, 2, 3)]
    return sorted({at[0] - 1, *at, *between, at[-1] + 1})


def largest_gap(asked, sent, *, within=ZERO):
    """Return by how much `sent` leaves the band of `asked`, and where: (worth, place).

    `within` is how far a vertex may have moved along x, in worth.
    """
    worst = (F(0), None)
    for at in sweep(asked, sent):
        low, high = asked.band(at, within)
        for y in sent.sides(at):
            gap = max(low - y, y - high, F(0))
            worst = max(worst, (gap, at), key=lambda found: found[0])
    return worst


# What numbers are worth ------------------------------------------------------------------------------------


def axis_of(unit, ratings, settings=None):
    """Return what one number of a canonical unit is worth: SI, but volts in per cent of nominal.

    A base that varies is worth its per cent.
    """
    if unit.kind is Kind.VOLTAGE:
        return Axis(unit.scale * 100 / ratings.v_nom, unit.scale * 100 / ratings.v_nom)
    up, down = (_hundredth(base, ratings, settings or {}) for base in (unit.of, unit.of_negative))
    return Axis(*(None if side is None else unit.scale * side for side in (up, down)))


def _hundredth(base, ratings, settings):
    if base is None or str(base) in {"V_ref", "V_nom", "statWAvail", "statVarAvail"}:
        return F(1)
    rating = settings.get(base, ratings.base(base))
    return None if rating is None else rating / 100


def signed_distance(displacement, excitation):
    """Return a power factor as its signed distance from unity, absorbing positive: it never jumps."""
    return (1 - displacement) * (1 if excitation is c.Excitation.UNDER else -1)


def response_of_control(control, ratings, dialect=None, settings=None):
    """Return the response that a canonical curve asks for, in watts, var, Hz, % of nominal or seconds.

    A boundary has the axes that the dialect wants on the wire.
    """
    if isinstance(control, c.TripCurve):
        turned = dialect is not None and dialect.trip_axes == "time_x"
        points = [(p.y, p.x) if turned else (p.x, p.y) for p in control.points]
        return Response(_rising(points))
    if isinstance(control, c.WattPowerFactor):
        points = [(p.x, signed_distance(p.displacement, p.excitation)) for p in control.points]
        return Response(tuple(points), axis_of(control.x_unit, ratings, settings))
    curve = control.curve
    x, y = (axis_of(unit, ratings, settings) for unit in (curve.x_unit, curve.y_unit))
    if isinstance(control, c.VoltVar) and curve.x_unit.kind is Kind.PERCENT:
        x = _of_v_ref(control.v_ref, dialect)
    points = tuple((p.x, p.y) for p in curve.points)
    return Response(points, x, y)


def _rising(points):
    """Return a boundary in the order of its values, whichever way it was drawn."""
    falls = points[0][0] > points[-1][0]
    return tuple(points[::-1] if falls else points)


def _of_v_ref(v_ref, dialect):
    if dialect is not None and dialect.vref == "bake_additive":
        return Axis(offset=v_ref - 100)
    return Axis(v_ref / 100, v_ref / 100)


def able(payload, ratings, settings=None):
    """Return what a station may do on the y axis of a curve: 100 % either way, or less by settings."""
    unit = payload["curve"]["yUnit"]
    if unit == "Not_Applicable":
        return None, None
    y, bases = _worth_of_y(unit, ratings), SIDES.get(unit, (None, None))
    low, high = (
        min(F(100), 100 * abs((settings or {}).get(base, F(10**9))) / (100 * worth))
        for base, worth in zip(bases, (y.down, y.up), strict=True)
    )
    return y.worth(-low), y.worth(high)


def response_of_message(payload, ratings, dialect):
    """Return the response of a station that carries a SetDERControl with a curve out to the letter.

    Of a boundary the axes are those of the wire: the one that never falls may be the seconds.
    """
    kind, curve = payload["controlType"], payload["curve"]
    points = [(exact(p["x"]), exact(p["y"])) for p in curve["curveData"]]
    if kind == "WattPF":
        flip = -1 if dialect.wattpf_y == "inverted" else 1
        points = [(x, (1 - abs(y)) * (1 if y * flip > 0 else -1)) for x, y in points]
        return Response(tuple(points), _watts(ratings))
    if kind.endswith(("Trip", "Cess")):
        return Response(_rising(points))
    x = _watts(ratings) if kind in WATTS_ON_X else Axis()
    if kind == "VoltVar":
        v_ref = exact(curve.get("reactivePowerParams", {}).get("vRef", 100))
        x = Axis(v_ref / 100, v_ref / 100)
    return Response(tuple(points), x, _worth_of_y(curve["yUnit"], ratings))


def response_of_profile(payload):
    """Return the power over frequency, exports positive, of a station that carries LocalFrequency out."""
    (period,) = payload["chargingProfile"]["chargingSchedule"][0]["chargingSchedulePeriod"]
    baseline, points = exact(period["v2xBaseline"]), period["v2xFreqWattCurve"]
    return Response(tuple((exact(p["frequency"]), -baseline - exact(p["power"])) for p in points))


def able_in_watts(ratings, settings=None):
    """Return what a station may charge (negative) and feed in, in watts."""
    known = {"setMaxChargeRateW": ratings.max_charge_rate_w}
    known |= {"setMaxW": ratings.max_w, "setMaxDischargeRateW": ratings.max_discharge_rate_w}
    least = {name: min(value, (settings or {}).get(name, value)) for name, value in known.items()}
    return -least["setMaxChargeRateW"], min(least["setMaxW"], least["setMaxDischargeRateW"])


def _watts(ratings):
    return Axis(ratings.max_w / 100, ratings.max_w / 100)


def _worth_of_y(unit, ratings):
    if unit == "PctMaxVar":
        return Axis(ratings.max_var / 100, (ratings.max_var_neg or ratings.max_var) / 100)
    return _watts(ratings) if unit == "PctMaxW" else Axis()


def exact(number):
    """Return a JSON number as the fraction that its shortest text says."""
    return F(str(number))
