"""The curves of the tests beside rules: what was asked for, and what is sent."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from typing import cast

from translators.canonical.capability import Current, Evse, Ratings, Situation, StationProfile
from translators.canonical.commands import DerCommand, Origin, Protocol, Revision, Target
from translators.canonical.controls import (
    DerControl,
    FreqWatt,
    PowerMonitoring,
    VoltVar,
    VoltWatt,
    WattVar,
)
from translators.chain import to_station
from translators.documentation.drawing import Picture
from translators.ocpp.wire import Json
from translators.rules.book import Book
from translators.rules.examples import Written
from translators.rules.schema import TargetField, TargetPoints
from translators.rules.source import SourceRule
from translators.rules.target import TargetRule
from translators.rules.trace import Step
from translators.rules.trials import carried
from translators.rules.values import Unmet

STATION = (
    "OCPP 2.1, DC, 60 Hz, setMaxW 22000, setMaxChargeRateW 22000, setMaxDischargeRateW 20000, "
    "setMaxVA 25000, setMaxVar 11000, setMaxVarNeg 11000, V_nom 240"
)
"""The station of tests that name none, in words."""
_RATINGS = Ratings(
    max_w=Fraction(22000),
    max_charge_rate_w=Fraction(22000),
    max_discharge_rate_w=Fraction(20000),
    max_va=Fraction(25000),
    max_var=Fraction(11000),
    max_var_neg=Fraction(11000),
    v_nom=Fraction(240),
)
_START = datetime(2026, 1, 1, tzinfo=UTC)

_UNSTATED = "Not_Applicable"
_VERTEX = re.compile(r"points\[(\d+)\]\.[xy]")
_MEMBER = re.compile(r"(.*curveData\[\d+\])/([xy])")

type Points = list[tuple[float, float]]


def asked_for(book: Book, rule: SourceRule) -> Iterator[Picture]:
    """Yield a picture for each test of a rule whose control goes out as a curve to `STATION`."""
    for test in rule.model.tests if rule.model.points is not None else ():
        revision = test.revision or rule.model.source.revisions[0]
        try:
            control, _ = rule.apply(Written(test.source), revision, "source")
        except Unmet:
            continue  # a test of what is refused
        made = to_station(book, _command(control), _profile(book), Situation())
        payloads = (message.payload for message in made.value.messages)
        curve = next((found["curve"] for found in payloads if "curve" in found), None)
        target = book.target("2.1", control)
        if curve is not None and target is not None:
            name, dropped = f"{rule.id} {test.name}", _dropped(control, made.steps)
            yield _labelled(_picture(name, curve, made.steps, dropped), target)


def carried_out(book: Book, rule: TargetRule, function: str) -> Iterator[Picture]:
    """Yield a picture for each test of a rule that carries a curve out, for the station of the test."""
    for test in rule.model.tests if rule.model.points is not None else ():
        if test.control["class"] == function:
            made = carried(book, rule, test, to_station)
            for message in made.value:
                if "curveData" in message["members"]:
                    picture = _picture(f"{rule.id} {test.name}", message["members"], made.steps, {})
                    yield _labelled(picture, rule)


def _labelled(picture: Picture, rule: TargetRule) -> Picture:
    """Name the axes by the units that a rule writes, where the wire names none by those of y too."""
    points = cast("TargetPoints", rule.model.points)  # a rule that writes curves
    stated = picture.y_label != _UNSTATED
    y_label = picture.y_label if stated else f"{_units(points.y)} ({_UNSTATED})"
    return replace(picture, x_label=_units(points.x), y_label=y_label)


def _units(field: TargetField) -> str:
    return field.unit or " or ".join(field.units or ())


def _picture(
    name: str, curve: Json, steps: Sequence[Step], dropped: Mapping[int, tuple[float, float]]
) -> Picture:
    asked = [*_vertices(steps), *dropped.items()]
    return Picture(
        name=name,
        asked=[point for _, point in sorted(asked, key=lambda item: item[0])],
        sent=[(float(point["x"]), float(point["y"])) for point in curve["curveData"]],
        y_label=str(curve["yUnit"]),
        bounds=_bounds(steps),
    )


def _vertices(steps: Sequence[Step]) -> Iterator[tuple[int, tuple[float, float]]]:
    """Yield the vertices of the source in the units of the wire: re-based, not yet cut."""
    rows: dict[tuple[int, str], dict[str, float]] = {}
    for step in steps:
        vertex, member = _VERTEX.fullmatch(step.source), _MEMBER.fullmatch(step.target)
        if step.operation == "emit" and vertex and member:
            row = rows.setdefault((int(vertex[1]), member[1]), {})
            row[member[2]] = float(Fraction(step.before))
    for (number, _), row in rows.items():
        yield number, (row["x"], row["y"])


def _dropped(control: DerControl, steps: Sequence[Step]) -> dict[int, tuple[float, float]]:
    """Return the vertices that thinning took away, in the units of the wire."""
    if not isinstance(control, VoltVar | VoltWatt | WattVar | FreqWatt | PowerMonitoring):
        return {}
    moved = {step.target: Fraction(step.after) for step in steps if _VERTEX.fullmatch(step.target)}
    kept = {number for number, _ in _vertices(steps)}
    return {
        n: (
            float(moved.get(f"points[{n}].x", point.x)),
            float(moved.get(f"points[{n}].y", point.y)),
        )
        for n, point in enumerate(control.curve.points)
        if n not in kept
    }


def _command(control: DerControl) -> DerCommand:
    return DerCommand(
        mrid="0A",
        origin=Origin("example", Protocol.IEEE2030_5, Revision.IEEE2030_5_2018),
        target=Target("example"),
        controls=(control,),
        primacy=0,
        created=_START,
        server_time=_START,
        interval=None,
        is_default=True,
    )


def _profile(book: Book) -> StationProfile:
    """Return the station of the pictures: every DER control that a rule can write."""
    variants = [
        v for rule in book.rules if isinstance(rule, TargetRule) for v in rule.model.variants
    ]
    modes = frozenset(v.control_type for v in variants if v.control_type)
    evse = Evse(1, Current.DC, 3, _RATINGS, modes, frozenset({"CentralSetpoint"}), ("W",))
    return StationProfile("example", "2.1", Fraction(60), (evse,))


def _bounds(steps: Sequence[Step]) -> tuple[float, float] | None:
    """Return what a curve was cut to, None where nothing was cut."""
    for step in steps:
        word, _, bounds = step.operation.rpartition(" ")
        if word == "clip geometric":
            low, _, high = bounds.partition("..")
            return float(Fraction(low)), float(Fraction(high))
    return None
