"""The tests that stand beside a target rule: a control for a station, and the members that it gets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Any

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
from translators.canonical.controls import DerControl, Quantity
from translators.errors import MappingError, ModelError, near
from translators.rules.canonical import CLASSES, ENUMS, Points, builder, enum_value, names
from translators.rules.schema import TargetTest, TrialStation
from translators.rules.target import TargetRule
from translators.rules.trace import Translation
from translators.units import Base, parse_unit

if TYPE_CHECKING:
    from translators.rules.book import Book

type Carry = Callable[["Book", DerCommand, StationProfile, Situation], Translation[Any]]
"""What makes a command a station's orders, whose `messages` have an `action` and a `payload`."""

_RATINGS = {
    Base.MAX_W.value: "max_w",
    Base.MAX_CHARGE_W.value: "max_charge_rate_w",
    Base.MAX_DISCHARGE_W.value: "max_discharge_rate_w",
    Base.MAX_VA.value: "max_va",
    Base.MAX_VAR.value: "max_var",
    Base.MAX_VAR_NEG.value: "max_var_neg",
    Base.V_NOM.value: "v_nom",
}
_USUAL = Ratings(
    max_w=Fraction(22000),
    max_charge_rate_w=Fraction(22000),
    max_discharge_rate_w=Fraction(20000),
    max_va=Fraction(25000),
    max_var=Fraction(11000),
    max_var_neg=Fraction(11000),
    v_nom=Fraction(240),
)
_START = datetime(2026, 1, 1, tzinfo=UTC)
_ENVELOPE = frozenset({"isDefault", "controlId", "controlType"})
_TIMES = frozenset({"priority", "startTime", "duration"})
_OFFLINE = ("maxOfflineDuration", "invalidAfterOfflineDuration")
_SCHEDULE = frozenset(
    {"id", "startSchedule", "duration", "chargingRateUnit", "chargingSchedulePeriod"}
)


def carried(
    book: Book, rule: TargetRule, test: TargetTest, carry: Carry
) -> Translation[list[dict[str, Any]]]:
    """Return what the test's station gets: of each message the members, and what tells it apart.

    `MappingError` where the test names what is not there, or where another rule takes its control.
    """
    control = _control(test.control, "control")
    version = test.version or rule.model.target.versions[0]
    if rule not in book.targets.get((version, type(control).__name__), ()) or not rule.serves(
        control
    ):
        raise MappingError("goes to another rule", where="control", value=type(control).__name__)
    profile = _profile(test.station, version, _modes(rule))
    command = _command(control, test)
    return carry(book, command, profile, _situation(test.station)).then(
        lambda orders: Translation([_members(m.action, m.payload) for m in orders.messages])
    )


def differences(expected: Any, got: list[dict[str, Any]]) -> Iterator[str]:
    """Yield a line for every message and member that is not as a test expects it."""
    wanted = expected if isinstance(expected, list) else [expected] if expected else []
    if len(wanted) != len(got):
        yield f"expected {len(wanted)} messages, got {len(got)}"
        return
    for number, (one, other) in enumerate(zip(wanted, got, strict=True)):
        place = f"message {number}: " if len(wanted) > 1 else ""
        for name in sorted(one.keys() | other["members"].keys()):
            value = other["members"].get(name, other["head"].get(name, "nothing"))
            if not _same(_points(one.get(name, "nothing")), value):
                yield f"{place}{name}: expected {one.get(name, 'nothing')}, got {value}"


def _members(action: str, payload: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members of slot or period, and apart (`head`) what a test may name besides."""
    if action == "SetDERControl":
        slot = next(name for name in payload if name not in _ENVELOPE)
        head = {"controlType": payload["controlType"]}
        return {"head": head, "members": _without(payload[slot], _TIMES)}
    profile = payload["chargingProfile"]
    (schedule,) = profile["chargingSchedule"]
    period, *later = schedule["chargingSchedulePeriod"]
    head = {
        "kind": profile["chargingProfileKind"],
        "purpose": profile["chargingProfilePurpose"],
        "unit": schedule["chargingRateUnit"],
        "evseId": payload["evseId"],
    }
    members = _without(period, frozenset({"startPeriod"})) | _without(schedule, _SCHEDULE)
    members |= {name: profile[name] for name in _OFFLINE if name in profile}
    if later:
        members = {"periods": [period, *later]}
    return {"head": head, "members": members}


def _without(members: Mapping[str, Any], names: frozenset[str]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if name not in names}


def _points(value: Any) -> Any:
    """Return points as the wire has them: a test may write them as pairs."""
    if isinstance(value, list) and value and all(isinstance(item, list) for item in value):
        return [{"x": x, "y": y} for x, y in value]
    return value


def _same(wanted: Any, got: Any) -> bool:
    """Say whether two values are equal; a boolean is no number."""
    if isinstance(wanted, dict) and isinstance(got, dict):
        return wanted.keys() == got.keys() and all(_same(v, got[k]) for k, v in wanted.items())
    if isinstance(wanted, list) and isinstance(got, list):
        return len(wanted) == len(got) and all(map(_same, wanted, got))
    return isinstance(wanted, bool) is isinstance(got, bool) and bool(wanted == got)


def _control(written: Mapping[str, Any], where: str) -> DerControl:
    """Return the control that a test writes: its class, and its fields as a source test expects them."""
    values = dict(written)
    name = values.pop("class", None)
    if name not in CLASSES:
        problem = f"is no canonical control{near(name, CLASSES)}"
        raise MappingError(problem, where=f"{where}.class", value=name or "")
    points = None
    if "points" in values:
        rows = values.pop("points")
        points = Points(
            tuple((_number(row[0]), _number(row[1]), _excitation(row[2:])) for row in rows),
            parse_unit(values.pop("x_unit", None) or values.pop("unit", "")),
            parse_unit(values.pop("y_unit", "1")),
        )
    unknown = sorted(values.keys() - names(CLASSES[name]))
    if unknown:
        problem = f"is no field of the control{near(unknown[0], names(CLASSES[name]))}"
        raise MappingError(problem, where=where, value=unknown[0])
    kinds = {item.name: str(item.type) for item in fields(CLASSES[name])}
    try:
        made = {key: _value(key, kinds[key], value) for key, value in values.items()}
        return builder(name)(made, points)
    except (ModelError, TypeError, ValueError) as exc:
        raise MappingError(f"makes no {name}: {exc}", where=where) from exc


def _value(name: str, kind: str, value: Any) -> Any:
    if kind.startswith("Quantity"):
        number, _, unit = str(value).partition(" ")
        return Quantity(_number(number), parse_unit(unit))
    if kind.startswith("Fraction"):
        return _number(value)
    return enum_value(name, value, "test")


def _excitation(rest: list[Any]) -> Any:
    return ENUMS["excitation"](rest[0]) if rest else None


def _number(value: Any) -> Fraction:
    return Fraction(str(value))


def _perhaps(value: Any) -> Fraction | None:
    return None if value is None else _number(value)


def _modes(rule: TargetRule) -> list[str]:
    return [variant.control_type for variant in rule.model.variants if variant.control_type]


def _profile(station: TrialStation, version: str, modes: list[str]) -> StationProfile:
    known = {item.name for item in fields(Dialect)}
    for key in station.dialect:
        if key not in known:
            problem = f"is no key of a dialect{near(key, known)}"
            raise MappingError(problem, where="station.dialect", value=key)
    evses = []
    for number, own in enumerate(station.evses, start=1):
        ratings = {item.name: getattr(_USUAL, item.name) for item in fields(Ratings)}
        for name, value in (station.ratings | own).items():
            if name not in _RATINGS:
                problem = f"is no rating{near(name, _RATINGS)}"
                raise MappingError(problem, where="station.ratings", value=name)
            ratings[_RATINGS[name]] = None if value is None else _number(value)
        evses.append(
            Evse(
                id=number,
                current=Current(station.current),
                phases=station.phases,
                ratings=Ratings(**ratings),
                der_modes=frozenset(modes if station.modes is None else station.modes),
                v2x_operation_modes=frozenset(station.v2x),
                charging_rate_units=tuple(station.rate_units),
                **dict.fromkeys(station.able, True),
            )
        )
    return StationProfile(
        id="TEST",
        ocpp_version=version,
        nominal_frequency_hz=_number(station.frequency),
        evses=tuple(evses),
        dialect=Dialect(**station.dialect),
    )


def _situation(station: TrialStation) -> Situation:
    return Situation(
        transactions=tuple(
            Transaction(t.evse, t.id, None if t.running is None else _number(t.running))
            for t in station.transactions
        ),
        settings={name: _number(value) for name, value in station.settings.items()},
        policy=dict(station.policy),
        reported=tuple(_control(written, "station.reported") for written in station.reported),
        baseline_w=_perhaps(station.baseline_w),
        baseline_var=_perhaps(station.baseline_var),
    )


def _command(control: DerControl, test: TargetTest) -> DerCommand:
    """Return the command of one control, for an hour or as a default."""
    origin = Origin("test", Protocol.IEEE2030_5, Revision.IEEE2030_5_2018)
    return DerCommand(
        mrid="TEST",
        origin=origin,
        target=Target("TEST", test.evse),
        controls=(control,),
        primacy=0,
        created=_START,
        server_time=_START,
        interval=None if test.default else Interval(_START, _START + timedelta(hours=1)),
        is_default=test.default,
        live=test.live,
        ramp_time=_perhaps(test.ramp_time),
    )
