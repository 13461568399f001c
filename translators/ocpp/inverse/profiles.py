"""Charging profiles read backwards: from the load's frame to the generator's, period by period."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

from translators.canonical.capability import Evse
from translators.canonical.commands import Interval
from translators.canonical.controls import (
    ActiveSetpoint,
    ChargeStateTarget,
    DerControl,
    Energize,
    LimitOn,
    PowerLimit,
    Quantity,
    ReactiveSetpoint,
    function_of,
)
from translators.ocpp.inverse.numbers import Reading, exact, undone
from translators.ocpp.wire import Json
from translators.rules.bases import Bases
from translators.rules.book import Book
from translators.rules.target import PERIOD, TargetRule
from translators.rules.trace import LossKind
from translators.rules.values import Trace, Unmet, text
from translators.units import Kind, Unit

_WATT, _VAR = Unit(Kind.POWER), Unit(Kind.REACTIVE)
_FRAME = frozenset({"startPeriod", "operationMode", "customData"})
_OURS = frozenset({"TxProfile", "TxDefaultProfile"})


@dataclass(frozen=True, slots=True)
class Span:
    """One period of a schedule: what it asks for, and when."""

    controls: tuple[DerControl, ...]
    interval: Interval
    traces: tuple[Trace, ...]


@dataclass(frozen=True, slots=True)
class _Period:
    """One period with what stands around it."""

    book: Book
    bases: Bases
    evse: Evse | None
    schedule: Json
    body: Json

    def reading(self, operator: str) -> Reading:
        """Return a reading by the rule of an operator; `Unmet` where the version has none."""
        version = self.bases.profile.ocpp_version
        for rule in self.book.rules:
            if isinstance(rule, TargetRule) and _composes(rule, operator, version):
                trace = Trace(rule.id, rule.cites)
                return Reading(rule, self.body, self.bases, trace, PERIOD)
        raise Unmet("not_supported", PERIOD, f"no rule of {operator} for OCPP {version}")


def _composes(rule: TargetRule, operator: str, version: str) -> bool:
    target = rule.model.target
    return target.operator == operator and version in target.versions


type _Read = Callable[[_Period], Iterator[tuple[DerControl, Trace]]]


def profile_spans(book: Book, payload: Json, bases: Bases) -> tuple[Span, ...]:
    """Return what a SetChargingProfile asks for, a span for each period.

    `Unmet` where the profile is of a form that no rule sends.
    """
    profile = payload["chargingProfile"]
    kind, schedules = profile["chargingProfileKind"], profile["chargingSchedule"]
    if kind != "Absolute" or len(schedules) != 1:
        problem = f"{kind} with {len(schedules)} schedules has no canonical reading"
        raise Unmet("not_supported", "chargingProfile/chargingProfileKind", problem)
    (schedule,) = schedules
    evse = next((e for e in bases.profile.evses if e.id == payload["evseId"]), None)
    spans = []
    for body, interval in _timed(schedule):
        period = _Period(book, bases, evse, schedule, body)
        read = list(_reader(profile["chargingProfilePurpose"], period)(period))
        controls, traces = (tuple(part) for part in zip(*read, strict=True))
        spans.append(Span(controls, interval, traces))
    return tuple(spans)


def _timed(schedule: Json) -> Iterator[tuple[Json, Interval]]:
    """Yield each period with its interval; the last lasts as long as the schedule does."""
    start, length = schedule.get("startSchedule"), schedule.get("duration")
    if start is None:
        raise Unmet("invalid", "chargingSchedule[0]/startSchedule", "is missing")
    begin = datetime.fromisoformat(start)
    periods = schedule["chargingSchedulePeriod"]
    ends = [period["startPeriod"] for period in periods[1:]] + [length]
    for period, end in zip(periods, ends, strict=True):
        since = begin + timedelta(seconds=period["startPeriod"])
        until = None if end is None else begin + timedelta(seconds=end)
        yield period, Interval(since, until)


def _reader(purpose: str, period: _Period) -> _Read:
    """Return what reads a period of a purpose in a mode (Table 95)."""
    mode = period.body.get("operationMode", "ChargingOnly")
    if purpose == "ChargingStationMaxProfile" and mode == "ChargingOnly":
        return _import_limit
    if purpose in _OURS and mode == "CentralSetpoint":
        return _setpoints
    if purpose in _OURS and mode == "Idle":
        return _idle
    if purpose in _OURS and mode == "ChargingOnly":
        return _charge_state if "limitAtSoC" in period.schedule else _ceiling
    problem = f"{purpose} with {mode} has no canonical reading"
    raise Unmet("not_supported", f"{PERIOD}/operationMode", problem)


def _import_limit(period: _Period) -> Iterator[tuple[DerControl, Trace]]:
    reading = period.reading("import_limit")
    watts = _limit(period, reading)
    if watts == 0:
        detail = "no charge at all: a limit of 0, or ceasing to energize"
        reading.trace.lose(LossKind.AMBIGUOUS, f"{PERIOD}/limit", detail)
    yield _done(PowerLimit(LimitOn.IMPORT, Quantity(watts, _WATT)), reading)
    _rest(reading, {"limit", "numberPhases"})


def _ceiling(period: _Period) -> Iterator[tuple[DerControl, Trace]]:
    """Read a limit of a transaction as the setpoint that it stands for where there is no V2X."""
    reading = period.reading("setpoint")
    watts = -_limit(period, reading)
    detail = "a limit in place of a setpoint: the car may take less"
    reading.trace.lose(LossKind.APPROXIMATE, f"{PERIOD}/limit", detail)
    _note_rating(period, watts, reading)
    yield _done(ActiveSetpoint(Quantity(watts, _WATT)), reading)
    _rest(reading, {"limit", "numberPhases"})


def _setpoints(period: _Period) -> Iterator[tuple[DerControl, Trace]]:
    reading = period.reading("setpoint")
    watts = _signed(reading, "setpoint")
    _note_rating(period, watts, reading)
    yield _done(ActiveSetpoint(Quantity(watts, _WATT)), reading)
    _rest(reading, {"setpoint", "setpointReactive"})
    if "setpointReactive" in period.body:
        other = period.reading("setpoint")
        var = _signed(other, "setpointReactive")
        _note_rating(period, var, other, "max_var", "max_var_neg")
        yield _done(ReactiveSetpoint(Quantity(var, _VAR)), other)


def _idle(period: _Period) -> Iterator[tuple[DerControl, Trace]]:
    reading = period.reading("cease")
    yield _done(Energize(energized=False), reading)
    _rest(reading, set())


def _charge_state(period: _Period) -> Iterator[tuple[DerControl, Trace]]:
    reading = period.reading("charge_state")
    where = "chargingProfile/chargingSchedule[0]/limitAtSoC/soc"
    soc = exact(period.schedule["limitAtSoC"].get("soc"), where) / 100
    reading.trace.step("take", where, soc, "soc", soc)
    reading.trace.lose(LossKind.APPROXIMATE, where, "a ceiling in place of a target")
    yield _done(ChargeStateTarget(soc), reading)
    _rest(reading, {"limit"})


def _done(control: DerControl, reading: Reading) -> tuple[DerControl, Trace]:
    reading.trace.control = function_of(control)
    return control, reading.trace


def _signed(reading: Reading, name: str) -> Fraction:
    """Return a setpoint in the generator's frame."""
    where = reading.at(name)
    value = exact(reading.member(name), where)
    reading.trace.step("take", where, value, "value", value)
    return undone(reading.rule.numbers[name], value, reading, where)


def _limit(period: _Period, reading: Reading) -> Fraction:
    """Return a charging limit in watts; amps by phases and nominal voltage."""
    where = f"{PERIOD}/limit"
    value = exact(reading.member("limit"), where)
    reading.trace.step("take", where, value, "value", value)
    if value < 0:
        raise Unmet("invalid", where, f"is {text(value)}, below 0")
    if period.schedule["chargingRateUnit"] == "W":
        return value
    evses = [period.evse] if period.evse else list(period.bases.profile.evses)
    volts = {evse.ratings.v_nom for evse in evses}
    phases = {exact(reading.body.get("numberPhases", evse.phases), where) for evse in evses}
    if len(volts) != 1 or len(phases) != 1 or None in volts:
        raise Unmet("not_applicable", where, "amps need one nominal voltage and number of phases")
    per_amp = phases.pop() * (volts.pop() or 0)
    reading.trace.step("watts of amps", where, value, "value", value * per_amp)
    reading.trace.lose(LossKind.APPROXIMATE, where, "watts at nominal voltage")
    return value * per_amp


def _note_rating(
    period: _Period,
    value: Fraction,
    reading: Reading,
    up: str = "max_w max_discharge_rate_w",
    down: str = "max_charge_rate_w",
) -> None:
    """Declare that a setpoint at a rating may have been cut to it."""
    if period.evse is not None and value != 0:
        rated = {getattr(period.evse.ratings, name) for name in (up if value > 0 else down).split()}
        if abs(value) in rated:
            detail = "at a rating: more may have been asked"
            reading.trace.lose(LossKind.CLIP, PERIOD, detail)


def _rest(reading: Reading, read: set[str]) -> None:
    for name in sorted(reading.body.keys() - read - _FRAME):
        reading.trace.lose(LossKind.DROP, f"{PERIOD}/{name}", "no canonical field takes it")
