"""What rules read and emit, as paths below the types that coverage counts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from translators.rules.book import Book
from translators.rules.capability_schema import CapabilityMapping
from translators.rules.paths import places
from translators.rules.profile_schema import Profile
from translators.rules.report_schema import ReportMapping
from translators.rules.schema import (
    SourceField,
    SourceMapping,
    TargetField,
    TargetMapping,
    UnitSwitch,
)
from translators.rules.target import PERIOD

EVERY_NODE = "every node"
"""The type that stands for data objects which any logical node may have."""
_PERIOD = PERIOD.replace("[0]", "")
_PLACES = {"charge_state": "chargingProfile/chargingSchedule/limitAtSoC"}
"""Where an operator puts its members, if not into the period of the schedule."""
_POINTS = {"local_frequency": ("v2xFreqWattCurve/frequency", "v2xFreqWattCurve/power")}
"""Where an operator puts the points of a curve, if not into curveData."""


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
    sure: bool = True
    """Whether a schema must have the leaf."""


def models_of(book: Book) -> list[Any]:
    """Return the models of all rules, and of documents of further kinds, in the order of the book."""
    return [getattr(item, "model", item) for item in (*book.rules, *book.others)]


def claims(models: Iterable[Any]) -> Iterator[Claim]:
    """Yield what each rule reads, emits, or says that it lets go."""
    for model in models:
        match model:
            case SourceMapping():
                yield from _read(model)
            case ReportMapping():
                yield from _told(model)
            case TargetMapping():
                yield from _emitted(model)
            case CapabilityMapping():
                yield from _heard(model)
            case Profile():
                yield from _profiled(model)
            case _:
                pass


def name_of(model: Any) -> str:
    """Return `id@version`."""
    return f"{model.metadata.id}@{model.metadata.version}"


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
    paths = (field.from_ or ".", field.scale10, unit)
    return [place for path in paths if isinstance(path, str) for place in places(path)]


def _read(model: SourceMapping) -> Iterator[Claim]:
    source = model.source
    for revision in source.revisions:
        subject = Subject(source.protocol, revision, source.parent, "source")
        if source.protocol == "ieee2030_5":
            yield from _elements(model, subject)
        else:
            yield from _objects(model, subject)


def _elements(model: SourceMapping, subject: Subject) -> Iterator[Claim]:
    """Yield the leaves below the elements of a rule, by the schema."""
    rule, elements = name_of(model), model.source.elements
    for paths in paths_read(model):
        for element in elements:
            yield Claim(subject, _below(element, paths, elements), rule)
    for ignored in model.ignored:
        for element in elements:
            paths = _below(element, (ignored.field,), elements)
            yield Claim(subject, paths, rule, ignored.reason, ignored.loss or "none")


def _objects(model: SourceMapping, subject: Subject) -> Iterator[Claim]:
    """Yield the payload types or data objects of a rule, and those beside them that it reads.

    `CURVE.volt_var` is a reading of CURVE. What is no data object is a word of the protocol's own view.
    """
    rule = name_of(model)
    for element in model.source.elements:
        yield Claim(subject, (element.partition(".")[0],), rule)
    for paths in paths_read(model):
        yield Claim(subject, (paths[0].partition("/")[0],), rule, sure=False)
    for ignored in model.ignored:
        loss = ignored.loss or "none"
        yield Claim(subject, (ignored.field,), rule, ignored.reason, loss, sure=False)


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
            axes = _POINTS.get(model.target.operator, ("curveData/x", "curveData/y"))
            yield from ((f"{slot}/{axis}",) for axis in axes)
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


def _emitted(model: TargetMapping) -> Iterator[Claim]:
    target = model.target
    if target.message == "none":
        return
    for version in target.versions:
        subject = Subject("ocpp", version, f"{target.message}Request", "target")
        for paths in emitted(model):
            yield Claim(subject, paths, name_of(model))


def _told(model: ReportMapping) -> Iterator[Claim]:
    report, rule = model.report, name_of(model)
    if report.protocol == "openadr" and report.document != "resource":
        for revision in report.revisions:  # a report's leaves are its payload types
            yield Claim(Subject("openadr", revision, "report", "target"), (report.document,), rule)
        return
    if report.protocol == "iec61850":
        yield from _attributes(model)
        return
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


def _attributes(model: ReportMapping) -> Iterator[Claim]:
    """Yield the data objects whose attributes a rule tells: TotW of `TotW.mag.f`."""
    report, rule = model.report, name_of(model)
    for revision in report.revisions:
        subject = Subject(report.protocol, revision, report.document.partition(".")[0], "target")
        for name in dict.fromkeys(path.partition(".")[0] for path in model.emit):
            yield Claim(subject, (name,), rule)
        for name, reason in model.never.items():
            member, _, value = name.partition(" = ")
            if not value:
                yield Claim(subject, (member.partition(".")[0],), rule, reason, sure=False)


def _heard(model: CapabilityMapping) -> Iterator[Claim]:
    """Yield the variables, or the members of a message, that say what a station is."""
    message, rule = model.message, name_of(model)
    within = "chargingNeeds/" if message.action == "NotifyEVChargingNeeds" else ""
    for version in message.versions:
        for kind in message.components or [f"{message.action}Request"]:
            subject = Subject("ocpp", version, kind, "source")
            for field in model.evse.values():
                names = field.from_ if isinstance(field.from_, list) else [field.from_]
                for name in names:
                    yield Claim(subject, (f"{within}{name}",), rule, sure=bool(within))
            for name, reason in model.ignored.items():
                yield Claim(subject, (f"{within}{name}",), rule, reason, sure=bool(within))


def _profiled(model: Profile) -> Iterator[Claim]:
    """Yield the data objects that a profile has by another name, beside all nodes, or not carried."""
    rule = name_of(model)

    def subject(node: str) -> Subject:
        return Subject("iec61850", model.profile, EVERY_NODE if node == "*" else node, "source")

    for node, aliases in model.aliases.items():
        yield from (Claim(subject(node), (alias,), rule, sure=False) for alias in aliases)
    for node, settings in model.settings.items():
        yield from (Claim(subject(node), (name,), rule, sure=False) for name in settings)
    times = model.times.model_dump(exclude_none=True).values() if model.times else ()
    modes = [model.mode.object] if model.mode else []
    for name in (*modes, *times):
        yield Claim(subject("*"), (str(name),), rule, sure=False)
    for beside in model.beside:
        loss = beside.loss or "none"
        yield Claim(subject("*"), (beside.object,), rule, beside.reason, loss, sure=False)
    for refused in model.refused:
        for name in refused.objects:
            yield Claim(subject(refused.node), (name,), rule, refused.reason, sure=False)
