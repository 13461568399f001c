"""DERControl and DefaultDERControl to one canonical command, through the book's rules.

A document is never an exception: what cannot be read is a refusal, and its neighbours go on. Elements that
real servers leave out do not matter here; elements that nobody knows are refused by name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from translators.canonical.commands import (
    DerCommand,
    Origin,
    Protocol,
    ResponseDuty,
    Revision,
    Target,
)
from translators.canonical.controls import DerControl, PowerLimit, function_of
from translators.canonical.swift import swift
from translators.canonical.telemetry import ControlOutcome
from translators.ieee2030_5.timing import EVENT, UNTIMED, Times, header, times_of
from translators.ieee2030_5.view import ResourceView
from translators.ieee2030_5.wire import Resource, is_known
from translators.rules.book import Book
from translators.rules.source import SourceRule
from translators.rules.trace import Loss, LossKind, Part, Refusal, Translation
from translators.rules.values import Trace, Unmet

_NO_CONTROL = frozenset({"rampTms"})
_HEADER = frozenset(
    {"mRID", "description", "version", "DERControlBase", "updatedTime", "creationTime"}
)


@swift
@dataclass(frozen=True, slots=True)
class ProgramContext:
    """Where a control was served, and what its reading depends on besides its bytes.

    `primacy` and `program` (mRID) are the DERProgram's; `server_time` is the utility's clock at receipt.
    """

    utility: str
    station: str
    revision: Revision
    program: str
    primacy: int
    server_time: datetime
    digest: str = ""


@dataclass(slots=True)
class _Reading:
    """What became of the controls of one document so far."""

    controls: list[DerControl]
    parts: list[Part]
    losses: list[Loss]
    refusals: list[Refusal]

    def take(self, control: DerControl, function: str, trace: Trace) -> None:
        """Note one control with its function, and how it came about."""
        self.controls.append(control)
        trace.serve(function)
        self.parts.append(trace.block())
        self.losses += trace.losses

    def refuse(self, outcome: str, where: str, problem: str, rule: str) -> None:
        """Note one control that cannot be read; its element's name stands for the function."""
        self.refusals.append(Refusal(ControlOutcome(outcome), where, where, problem, rule))
        self.losses.append(Loss(LossKind.UNSUPPORTED, rule, where, problem))


@swift
@dataclass(frozen=True, slots=True)
class Served:
    """A DERControl or DefaultDERControl as a program served it; `links` holds DERCurves by href."""

    control: Resource
    links: Mapping[str, Resource]
    context: ProgramContext

    @property
    def protocol(self) -> Protocol:
        """Return the protocol."""
        return Protocol.IEEE2030_5

    @property
    def revision(self) -> str:
        """Return the edition of the schema."""
        return self.context.revision.value

    @property
    def kind(self) -> str:
        """Return the name of the element."""
        return self.control.name

    @property
    def primacy(self) -> int:
        """Return the primacy of the program."""
        return self.context.primacy

    def read(self, book: Book) -> Translation[tuple[DerCommand, ...]]:
        """Return the one command that it is, or none."""
        read = to_command(book, self.control, self.links, self.context)
        commands = () if read.value is None else (read.value,)
        return Translation(commands, read.parts, read.losses, read.refusals)


def to_command(
    book: Book, control: Resource, links: Mapping[str, Resource], context: ProgramContext
) -> Translation[DerCommand | None]:
    """Return the command that a DERControl or DefaultDERControl is; None where nothing identifies it.

    `links` holds DERCurves by href. Controls that cannot be read are refusals (2030.5 response 253, or
    251 where no rule knows the element); the others stay in the command. An event that nothing times,
    or that asks for nothing, is refused as a whole: a command without controls, for its utility to be
    told 253. A default control that cannot be read is None: nobody is told, and the one before it stays.
    """
    reading = _Reading([], [], [], [])
    is_default = control.name == "DefaultDERControl"
    view = ResourceView(control)
    mrid = (view.raw("mRID") or "").upper()
    if is_default and not mrid:
        mrid = control.href or ""
    if not mrid:
        reading.refuse("invalid", f"{control.name}/mRID", "is missing", EVENT)
        return _result(None, reading)
    try:
        times = times_of(view, control.name, is_default=is_default)
    except Unmet as unmet:
        reading.refuse(unmet.outcome, unmet.where, unmet.problem, EVENT)
        untimed = None if is_default else _command(control, mrid, UNTIMED, context, ())
        return _result(untimed, reading)
    reading.parts.append(header(control.name, context.primacy, times))
    _read(book, control, links, context.revision, reading)
    if not (is_default or reading.controls or reading.refusals):
        reading.refuse("invalid", "DERControlBase", "asks for nothing", EVENT)
    command = _command(control, mrid, times, context, tuple(reading.controls))
    return _result(command, reading)


def _read(
    book: Book,
    control: Resource,
    links: Mapping[str, Resource],
    revision: str,
    reading: _Reading,
) -> None:
    """Note what the rules make of each part of the document, or why they make nothing."""
    functions: set[str] = set()
    for rule, view, where in _parts(book, control, links, revision, reading):
        try:
            made, trace = rule.apply(view, revision, where)
        except Unmet as unmet:
            reading.refuse(unmet.outcome, unmet.where, unmet.problem, rule.id)
            continue
        # Bounds of one kind hold together (opModMaxLimW beside opModGenLimW): the tightest counts.
        function = function_of(made)
        if function in functions and not isinstance(made, PowerLimit):
            reading.refuse("invalid", where, "the document asks for this twice", rule.id)
            continue
        functions.add(function)
        reading.take(made, function, trace)


def _result(command: DerCommand | None, reading: _Reading) -> Translation[DerCommand | None]:
    return Translation(
        command, tuple(reading.parts), tuple(reading.losses), tuple(reading.refusals)
    )


def _parts(
    book: Book,
    control: Resource,
    links: Mapping[str, Resource],
    revision: str,
    reading: _Reading,
) -> Iterator[tuple[SourceRule, ResourceView, str]]:
    """Yield each rule that reads a part of the document, with what it reads and where that stands."""
    base = control.first("DERControlBase")
    for element in () if base is None else base.children:
        if element.name in _NO_CONTROL:
            continue
        where = f"DERControlBase/{element.name}"
        rule = _rule(book, "DERControlBase", element, revision, (reading, where))
        if rule is None:
            continue
        if revision == Revision.IEEE2030_5_2023 and _disabled(element):
            problem = "switches the mode off for a time, and no station can be told that"
            reading.refuse("not_applicable", where, problem, rule.id)
            continue
        resolved = _resolved(rule, element, links)
        if resolved is None:
            href = element.attributes.get("href")
            reading.refuse("invalid", where, f"the link {href!r} leads to no document", rule.id)
            continue
        yield rule, ResourceView(resolved), where
    if control.name == "DefaultDERControl":
        yield from _defaults(book, control, revision, reading)


def _defaults(
    book: Book, control: Resource, revision: str, reading: _Reading
) -> Iterator[tuple[SourceRule, ResourceView, str]]:
    """Yield the rules for the set* members that stand beside DERControlBase, each once."""
    seen: set[str] = set()
    for element in control.children:
        if element.name in _HEADER:
            continue
        rule = _rule(book, "DefaultDERControl", element, revision, (reading, element.name))
        if rule is not None and rule.id not in seen:
            seen.add(rule.id)
            yield rule, ResourceView(control), "DefaultDERControl"


def _rule(
    book: Book, parent: str, element: Resource, revision: str, here: tuple[_Reading, str]
) -> SourceRule | None:
    """Return the rule for an element, None where there is none: then it is refused by name.

    An element of another namespace is another element, however it is called.
    """
    reading, where = here
    if not is_known(element.namespace):
        problem = f"is of {element.namespace}, which is neither IEEE 2030.5 nor CSIP-AUS"
        reading.refuse("not_supported", where, problem, "ieee2030_5")
        return None
    rule = book.source(revision, parent, element.name)
    if rule is None:
        problem = f"no rule for this element in revision {revision}"
        reading.refuse("not_supported", where, problem, "ieee2030_5")
    return rule


def _disabled(element: Resource) -> bool:
    """Say whether the mode is disabled: then its value is for older clients (2030.5-2023)."""
    return element.attributes.get("disabled", "false").strip() in {"true", "1"}


def _resolved(
    rule: SourceRule, element: Resource, links: Mapping[str, Resource]
) -> Resource | None:
    """Return the document that the rule reads: the element itself, or the one behind its link."""
    if rule.model.resolve is None:
        return element
    return links.get(element.attributes.get("href", ""))


def _command(
    control: Resource,
    mrid: str,
    times: Times,
    context: ProgramContext,
    controls: tuple[DerControl, ...],
) -> DerCommand:
    """Return the command of these controls."""
    origin = Origin(
        utility=context.utility,
        protocol=Protocol.IEEE2030_5,
        revision=context.revision,
        program=context.program,
        href=control.href or "",
        digest=context.digest,
    )
    return DerCommand(
        mrid=mrid,
        origin=origin,
        target=Target(context.station),
        controls=controls,
        primacy=context.primacy,
        created=times.created,
        server_time=context.server_time,
        interval=times.interval,
        version=times.version,
        description=control.text_at("description"),
        is_default=times.interval is None,
        randomization=times.randomization,
        ramp_time=times.ramp_time,
        response=_duty(control),
    )


def _duty(control: Resource) -> ResponseDuty:
    """Return which answers are asked for: responseRequired bit 0 received, bit 1 specific."""
    text = control.attributes.get("responseRequired", "00")
    try:
        bits = int(text, 16)
    except ValueError:
        bits = 0
    reply_to = control.attributes.get("replyTo", "")
    return ResponseDuty(received=bool(bits & 1), specific=bool(bits & 2), reply_to=reply_to)
