"""What rules read and emit, as paths below the types that coverage counts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from translators.rules.report import ReportRule
from translators.rules.report_schema import ReportMapping
from translators.rules.schema import (
    SourceField,
    SourceMapping,
    TargetField,
    TargetMapping,
    UnitSwitch,
)
from translators.rules.source import SourceRule
from translators.rules.target import PERIOD, TargetRule

type Rule = SourceRule | TargetRule | ReportRule

_PERIOD = PERIOD.replace("[0]", "")
_PLACES = {"charge_state": "chargingProfile/chargingSchedule/limitAtSoC"}
"""Where an operator puts its members, if not into the period of the schedule."""


@dataclass(frozen=True, slots=True, order=True)
class Subject:
    """One type of one revision of a protocol, as a source that is read or a target that is filled."""

    protocol: str
    revision: str
    type: str
    direction: str


@dataclass(frozen=True, slots=True)
class Claim:
    """A leaf that a rule names; it is one of `paths`, which say where it may stand.

    `reason` and `loss` are those of a leaf that the rule lets go.
    """

    subject: Subject
    paths: tuple[str, ...]
    rule: str
    reason: str = ""
    loss: str = "none"


def claims(rules: Iterable[Rule]) -> Iterator[Claim]:
    """Yield what each rule reads, emits, or says that it lets go."""
    for rule in rules:
        match rule:
            case SourceRule():
                yield from _read(rule.model, rule.id)
            case ReportRule():
                yield from _told(rule.model, rule.id)
            case TargetRule():
                yield from _emitted(rule.model, rule.id)


def paths_read(model: SourceMapping) -> Iterator[tuple[str, ...]]:
    """Yield the paths below the element that a source rule reads, each with where it may stand."""
    if model.resolve is not None:
        yield (f"@{model.resolve.follow}",)
        yield from ((path,) for path in model.resolve.expect)
    for field in (*model.fields.values(), *model.quantity.values()):
        yield from ((path,) for path in _paths(field))
    points = model.points
    if points is None:
        return
    for axis in (points.x, points.y, points.excitation):
        # a point's scale may stand with the curve
        names = () if axis is None else _paths(axis)
        yield from ((f"{points.each}/{path}", path) for path in names)


def _paths(field: SourceField) -> list[str]:
    """Return the paths that a field reads: its own, of its power of ten, of its unit."""
    if field.const is not None:
        return []
    unit = field.unit.switch if isinstance(field.unit, UnitSwitch) else None
    return [path for path in (field.from_ or ".", field.scale10, unit) if isinstance(path, str)]


def _read(model: SourceMapping, rule: str) -> Iterator[Claim]:
    source = model.source
    for revision in source.revisions:
        subject = Subject(source.protocol, revision, source.parent, "source")
        if source.protocol != "ieee2030_5":  # no schema of theirs says what stands below
            yield from (Claim(subject, (element,), rule) for element in source.elements)
            continue
        for paths in paths_read(model):
            for element in source.elements:
                yield Claim(subject, _below(element, paths, source.elements), rule)
        for ignored in model.ignored:
            for element in source.elements:
                paths = _below(element, (ignored.field,), source.elements)
                yield Claim(subject, paths, rule, ignored.reason, ignored.loss or "none")


def _below(element: str, paths: Iterable[str], elements: list[str]) -> tuple[str, ...]:
    """Return full paths: below the element, or beside it where a rule reads several together."""
    full: list[str] = []
    for path in paths:
        beside = path.partition("/")[0] in elements
        full.append(element if path == "." else path if beside else f"{element}/{path}")
    return tuple(full)


def emitted(model: TargetMapping) -> Iterator[tuple[str, ...]]:
    """Yield the paths in the payload that a target rule fills; a value comes with its member.

    Values are those that a rule picks by name: `controlType=VoltVar`, `curve/yUnit=PctMaxVar`.
    """
    slots = {variant.slot for variant in model.variants if variant.slot is not None}
    place = _PLACES.get(model.target.operator, _PERIOD)
    for slot in sorted(slots or {place}):
        if model.points is not None:
            yield from ((f"{slot}/curveData/{axis}",) for axis in ("x", "y"))
        for name, field in model.emit.items():
            path = f"{slot}/{name.replace('.', '/')}"
            yield (path,)
            yield from ((f"{path}={value}", path) for value in _values(model, field))
    for variant in model.variants:
        if variant.control_type is not None:
            yield (f"controlType={variant.control_type}", "controlType")


def _values(model: TargetMapping, field: TargetField) -> list[str]:
    """Return the values of a wire enumeration that a field may get."""
    if field.unit_of is not None:
        axis = None if model.points is None else getattr(model.points, field.unit_of, None)
        number = axis or model.emit.get(field.unit_of) or TargetField()
        return [wire for wire in (number.units or {}).values() if wire]
    picked = [field.const, *(field.cases or {}).values()]
    return [value for value in picked if isinstance(value, str)]


def _emitted(model: TargetMapping, rule: str) -> Iterator[Claim]:
    target = model.target
    if target.message == "none":
        return
    for version in target.versions:
        subject = Subject("ocpp", version, f"{target.message}Request", "target")
        for paths in emitted(model):
            yield Claim(subject, paths, rule)


def _told(model: ReportMapping, rule: str) -> Iterator[Claim]:
    report = model.report
    for revision in report.revisions:
        subject = Subject(report.protocol, revision, report.document, "target")
        for name, field in model.emit.items():
            if field.revisions and revision not in field.revisions:
                continue
            scaled = field.scaled
            if scaled is None:
                yield Claim(subject, (name,), rule)
                continue
            yield Claim(subject, (f"{name}/{scaled.value}",), rule)
            yield Claim(subject, (f"{name}/{scaled.multiplier}",), rule)
        for name, reason in model.never.items():
            member, _, value = name.partition(" = ")
            paths = (f"{member}={value}", member) if value else (name,)
            yield Claim(subject, paths, rule, "" if value else reason)
