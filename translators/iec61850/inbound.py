"""What a client operated at a logical node, to canonical commands, through the book's rules.

A group of values that is committed together (an operate, or a curve with its numPts) is one document. A
value with an end, or a start that lies ahead, is an event; one without either holds until it is operated
again, as a default does. Switching the function off is no command: `Operated.releases` says so, and
whoever has the command of that id takes it back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction

from translators.canonical.commands import (
    DerCommand,
    Interval,
    Origin,
    Protocol,
    Randomization,
    Revision,
    Target,
)
from translators.canonical.controls import DerControl, PowerLimit, function_of
from translators.canonical.telemetry import ControlOutcome
from translators.iec61850.context import OPERATE, OperateContext
from translators.iec61850.lineage import Lineage, lineage_of
from translators.iec61850.node import NodeView, Surroundings
from translators.iec61850.timing import Seconds, interval_of
from translators.iec61850.values import Objects, Value, object_path, objects_of, shortest
from translators.rules.book import Book
from translators.rules.paths import places
from translators.rules.source import SourceRule
from translators.rules.trace import Block, Loss, LossKind, Part, Refusal, Translation
from translators.rules.values import Trace, Unmet

_CITES = ("IEC 61850-7-2 Control", "IEC 61850-7-420:2019A DER operational functions")
_FLOAT = ("IEC 61850-7-2 FLOAT32", "IEEE 754-2019 5.12.2")
_HOUR = 3600


@dataclass(slots=True)
class _Reading:
    """What became of the data objects of one document so far."""

    node: str
    where: str
    around: Surroundings
    controls: list[DerControl] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    losses: list[Loss] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)

    def refuse(self, outcome: str, where: str, problem: str, rule: str) -> None:
        """Note one data object that is not carried out; its name stands for the function."""
        self.refusals.append(Refusal(ControlOutcome(outcome), where, where, problem, rule))
        self.losses.append(Loss(LossKind.UNSUPPORTED, rule, where, problem))

    def apply(self, rule: SourceRule, values: Objects) -> None:
        """Note what a rule makes of the node, or why it makes nothing."""
        derived = Trace(OPERATE, _CITES)
        view = NodeView(self.node, self.where, values, self.around, derived)
        revision = next(n for n in self.around.lineage.names if n in rule.model.source.revisions)
        try:
            made, trace = rule.apply(view, revision, self.where)
        except Unmet as unmet:
            self.refuse(unmet.outcome, unmet.where, unmet.problem, rule.id)
            return
        function = function_of(made)
        # Bounds of one kind hold together: the tightest counts.
        twice = function in map(function_of, self.controls) and not isinstance(made, PowerLimit)
        if twice:
            self.refuse("invalid", self.where, "the group asks for this twice", rule.id)
            return
        self.controls.append(made)
        for part in (derived, trace):
            part.serve(function)
            self.parts.append(part.block())
            self.losses += part.losses


@dataclass(frozen=True, slots=True)
class Operated:
    """A committed group of values of one node, by reference below it (`WMaxSptPct.ctlVal`)."""

    values: Mapping[str, Value]
    context: OperateContext

    @property
    def protocol(self) -> Protocol:
        """Return the protocol."""
        return Protocol.IEC61850

    @property
    def revision(self) -> str:
        """Return the name of the profile."""
        return self.context.profile

    @property
    def kind(self) -> str:
        """Return the class of the node."""
        return self.context.node_class

    @property
    def primacy(self) -> int:
        """Return the primacy of the client."""
        return self.context.primacy

    def command_id(self, book: Book) -> str:
        """Return the id of the command that this node holds: the same for all that is operated there."""
        return _command_id(self.context, lineage_of(book, self.context.profile))

    def releases(self, book: Book) -> bool:
        """Say whether the function is switched off: the command of this id is to be taken back."""
        lineage = lineage_of(book, self.context.profile)
        try:
            values = _named(objects_of(self.values, self.context.node), lineage, self.kind)
        except Unmet:
            return False
        return values.scalars.get(lineage.mode.object) == lineage.mode.off

    def read(self, book: Book) -> Translation[tuple[DerCommand, ...]]:
        """Return the one command that it is; none where it switches off, or nothing times it."""
        context, lineage = self.context, lineage_of(book, self.context.profile)
        try:
            values, reading = _prepared(self.values, context, lineage)
            command = _command(values, context, lineage, reading)
        except Unmet as unmet:
            return _refused(unmet)
        if values.scalars.get(lineage.mode.object) == lineage.mode.off:
            return Translation((), (*reading.parts, _release(lineage, context, command.mrid)))
        for rule in _rules(book, values, lineage, reading):
            reading.apply(rule, values)
        if not (reading.controls or reading.refusals):
            reading.refuse("invalid", context.node, "asks for nothing", OPERATE)
        made = replace(command, controls=tuple(reading.controls))
        return Translation(
            (made,), tuple(reading.parts), tuple(reading.losses), tuple(reading.refusals)
        )


def _refused(unmet: Unmet) -> Translation[tuple[DerCommand, ...]]:
    refusal = Refusal(
        ControlOutcome(unmet.outcome), unmet.where, unmet.where, unmet.problem, OPERATE
    )
    loss = Loss(LossKind.UNSUPPORTED, OPERATE, unmet.where, unmet.problem)
    return Translation((), (), (loss,), (refusal,))


def _prepared(
    values: Mapping[str, Value], context: OperateContext, lineage: Lineage
) -> tuple[Objects, _Reading]:
    """Return the operated data objects under the names of rules, and the reading of them."""
    made = _named(objects_of(values, context.node), lineage, context.node_class)
    around = Surroundings(
        lineage=lineage,
        settings=_named(objects_of(context.settings, context.node), lineage, context.node_class),
        beside={
            node: _named(objects_of(given, node), lineage, node)
            for node, given in context.beside.items()
        },
        site=context.site,
        nominal_frequency_hz=context.nominal_frequency_hz,
    )
    reading = _Reading(context.node_class, context.node, around)
    reading.parts.append(_floats(values, context.node))
    return made, reading


def _named(objects: Objects, lineage: Lineage, node: str) -> Objects:
    """Return data objects under the names that rules use."""
    return Objects(
        {lineage.alias(node, name): value for name, value in objects.scalars.items()},
        {lineage.alias(node, name): points for name, points in objects.curves.items()},
    )


def _floats(values: Mapping[str, Value], node: str) -> Block:
    """Return what each FLOAT32 is taken for."""
    trace = Trace("iec61850.float32", _FLOAT)
    for reference, value in values.items():
        if isinstance(value, float):
            place = f"{node}/{object_path(reference)}"
            before = f"{node}.{reference}"
            trace.step("FLOAT32 shortest decimal", before, repr(value), place, shortest(value))
    return trace.block()


def _rules(
    book: Book, values: Objects, lineage: Lineage, reading: _Reading
) -> Iterator[SourceRule]:
    """Yield the rules that data objects call for, each once; note what nobody reads."""
    called: dict[str, SourceRule] = {}
    left: list[str] = []
    for name in values.names():
        rule = lineage.rule(book, reading.node, name)
        if rule is not None:
            called[rule.id] = rule
        elif not _header(name, lineage, reading):
            left.append(name)
    rules = called.values() if left else ()
    read = {name for rule in rules for name in _objects_read(rule, lineage)}
    for name in left:
        if name not in read:
            _unread(name, lineage, reading)
    yield from called.values()


def _header(name: str, lineage: Lineage, reading: _Reading) -> bool:
    """Say whether a data object is one that any node may have; declare it where that loses something."""
    times, beside = lineage.times, lineage.beside(name)
    if beside is not None and beside.loss is not None:
        place = f"{reading.where}/{name}"
        reading.losses.append(Loss(LossKind.DROP, OPERATE, place, beside.reason))
    known = {lineage.mode.object, times.duration, times.start_window, times.ramp}
    return beside is not None or name in known


def _unread(name: str, lineage: Lineage, reading: _Reading) -> None:
    """Refuse a data object that no rule reads, for the reason that the profile gives."""
    place, found = f"{reading.where}/{name}", lineage.refused(reading.node, name)
    if found is None:
        problem = f"no rule for this data object in profile {lineage.name}"
        reading.refuse("not_supported", place, problem, "iec61850")
    else:
        item, by = found
        reading.refuse(item.outcome, place, item.reason, by)


def _objects_read(rule: SourceRule, lineage: Lineage) -> Iterator[str]:
    """Yield the data objects of its own node that a rule reads or ignores."""
    model = rule.model
    paths = [ignored.field for ignored in model.ignored]
    points = model.points
    fields = [*model.fields.values(), *model.quantity.values()]
    if points is not None:
        paths.append(points.each)
        fields += [item for item in (points.x, points.y, points.excitation) if item is not None]
    for item in fields:
        paths += [] if item.from_ is None else [item.from_]
        paths += [] if item.unit is None or isinstance(item.unit, str) else [item.unit.switch]
    for place in (place for path in paths for place in places(path)):
        name = place.partition("/")[0]
        yield name
        lettered = lineage.lettered(model.source.parent, name)
        if lettered is not None:
            yield from (f"{m}{letter}" for m in lettered.members for letter in lettered.letters)


def _command_id(context: OperateContext, lineage: Lineage) -> str:
    held, node = lineage.command_node(context.node_class), context.node
    if held != context.node_class:
        node = f"{lineage.prefix(held)}{held}{context.instance}"
    return f"{context.utility}/{context.device or lineage.device}/{node}"


def _command(
    values: Objects, context: OperateContext, lineage: Lineage, reading: _Reading
) -> DerCommand:
    """Return the command, still without its controls; `Unmet` where its times or mode cannot be."""
    mode = values.scalars.get(lineage.mode.object, lineage.mode.on)
    if mode not in {lineage.mode.on, lineage.mode.off}:
        problem = f"is {mode}: a station can be told on and off only"
        raise Unmet("not_applicable", f"{context.node}/{lineage.mode.object}", problem)
    seconds, times = Seconds(context.node, values, reading.around.settings), lineage.times
    window, ramp = seconds.read(times.start_window), seconds.read(times.ramp)
    duration = seconds.read(times.duration)
    if context.duration_s is not None:
        duration = Fraction(context.duration_s)
    interval = interval_of(context.server_time, context.oper_time, duration, context.node)
    reading.parts.append(_header_steps(context, interval))
    return DerCommand(
        mrid=_command_id(context, lineage),
        origin=Origin(
            utility=context.utility,
            protocol=Protocol.IEC61850,
            revision=Revision.IEC61850_7_420,
            program=context.profile,
            href=context.node,
            digest=context.digest,
        ),
        target=Target(context.station),
        controls=(),
        primacy=context.primacy,
        created=context.server_time,
        server_time=context.server_time,
        interval=interval,
        is_default=interval is None,
        randomization=Randomization(start_s=min(_HOUR, int(window or 0))),
        ramp_time=ramp or None,
        live=interval is None,
    )


def _header_steps(context: OperateContext, interval: Interval | None) -> Block:
    """Return how the command's own numbers came about."""
    trace, node = Trace(OPERATE, _CITES), context.node
    trace.step("take", f"{node}/primacy", context.primacy, "primacy", context.primacy)
    if interval is not None:
        begin = interval.start.isoformat()
        trace.step("instant", f"{node}/operTm", begin, "interval.start", begin)
    if interval is not None and interval.duration is not None:
        held = int(interval.duration.total_seconds())
        trace.step("take", f"{node}/duration", held, "interval.duration", held)
    return trace.block()


def _release(lineage: Lineage, context: OperateContext, mrid: str) -> Block:
    trace, mode = Trace(OPERATE, _CITES), lineage.mode
    trace.step("release", f"{context.node}/{mode.object}", mode.off, "command", mrid)
    return trace.block()
