"""DERControl and DefaultDERControl to one canonical command, through the book's rules.

A document is never an exception: what cannot be read is a refusal, and its neighbours go on. Elements that
real servers leave out do not matter here; elements that nobody knows are refused by name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fractions import Fraction

from translators.canonical.commands import (
    DerCommand,
    Interval,
    Origin,
    Protocol,
    Randomization,
    ResponseDuty,
    Revision,
    Target,
)
from translators.canonical.controls import DerControl, PowerLimit, function_of
from translators.canonical.telemetry import ControlOutcome
from translators.ieee2030_5.wire import Resource, is_known
from translators.rules.book import Book
from translators.rules.source import SourceRule
from translators.rules.trace import Loss, LossKind, Refusal, Step, Translation
from translators.rules.values import Trace, Unmet

_NO_CONTROL = frozenset({"rampTms"})
_HEADER = frozenset(
    {"mRID", "description", "version", "DERControlBase", "updatedTime", "creationTime"}
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EVENT = "ieee2030_5.event"
_CITES = ("IEEE 2030.5-2018 DERProgram.primacy", "IEEE 2030.5-2018 Event")


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


@dataclass(frozen=True, slots=True)
class _Times:
    """When a control holds, and which edition it is; a default control has no interval."""

    interval: Interval | None
    created: datetime = _EPOCH
    version: int = 0
    randomization: Randomization = field(default_factory=Randomization)
    ramp_time: Fraction | None = None


_UNTIMED = _Times(Interval(_EPOCH, None))
"""Of an event that cannot be timed: it asks for nothing, as long as its utility serves it."""


@dataclass(slots=True)
class _Reading:
    """What became of the controls of one document so far."""

    controls: list[DerControl]
    steps: list[Step]
    losses: list[Loss]
    refusals: list[Refusal]

    def take(self, control: DerControl, function: str, trace: Trace) -> None:
        """Note one control with its function, and how it came about."""
        self.controls.append(control)
        trace.serve(function)
        self.steps += trace.steps
        self.losses += trace.losses

    def refuse(self, outcome: str, where: str, problem: str, rule: str) -> None:
        """Note one control that cannot be read; its element's name stands for the function."""
        self.refusals.append(Refusal(ControlOutcome(outcome), where, where, problem, rule))
        self.losses.append(Loss(LossKind.UNSUPPORTED, rule, where, problem))


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
        return Translation(commands, read.steps, read.losses, read.refusals)


class _View:
    """A resource as rules read it."""

    __slots__ = ("_resource", "_texts")

    def __init__(self, resource: Resource) -> None:
        self._resource = resource
        # of several children of one name the first counts
        self._texts = {child.name: child.text for child in reversed(resource.children)}

    def raw(self, path: str) -> str | None:
        """Return the stripped text at `path`, None where the element is absent."""
        text = self._texts.get(path)
        if text is None and (path == "." or "/" in path):
            found = self._resource if path == "." else self._resource.first(path)
            text = None if found is None else found.text
        return None if text is None else text.strip()

    def every(self, path: str) -> Sequence[_View]:
        """Return the children called `path`."""
        return [_View(child) for child in self._resource.every(path)]


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
    view = _View(control)
    mrid = control.text_at("mRID").strip().upper() or (control.href or "" if is_default else "")
    if not mrid:
        reading.refuse("invalid", f"{control.name}/mRID", "is missing", _EVENT)
        return _result(None, reading)
    try:
        times = _times(view, control.name, is_default=is_default)
    except Unmet as unmet:
        reading.refuse(unmet.outcome, unmet.where, unmet.problem, _EVENT)
        untimed = None if is_default else _command(control, mrid, _UNTIMED, context, ())
        return _result(untimed, reading)
    reading.steps += _header(control, view, context, times.interval)
    functions: set[str] = set()
    for rule, view, where in _parts(book, control, links, context.revision, reading):
        try:
            made, trace = rule.apply(view, context.revision, where)
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
    if not (is_default or functions or reading.refusals):
        reading.refuse("invalid", "DERControlBase", "asks for nothing", _EVENT)
    command = _command(control, mrid, times, context, tuple(reading.controls))
    return _result(command, reading)


def _result(command: DerCommand | None, reading: _Reading) -> Translation[DerCommand | None]:
    return Translation(
        command, tuple(reading.steps), tuple(reading.losses), tuple(reading.refusals)
    )


def _parts(
    book: Book,
    control: Resource,
    links: Mapping[str, Resource],
    revision: str,
    reading: _Reading,
) -> Iterator[tuple[SourceRule, _View, str]]:
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
        yield rule, _View(resolved), where
    if control.name == "DefaultDERControl":
        yield from _defaults(book, control, revision, reading)


def _defaults(
    book: Book, control: Resource, revision: str, reading: _Reading
) -> Iterator[tuple[SourceRule, _View, str]]:
    """Yield the rules for the set* members that stand beside DERControlBase, each once."""
    seen: set[str] = set()
    for element in control.children:
        if element.name in _HEADER:
            continue
        rule = _rule(book, "DefaultDERControl", element, revision, (reading, element.name))
        if rule is not None and rule.id not in seen:
            seen.add(rule.id)
            yield rule, _View(control), "DefaultDERControl"


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


def _times(control: _View, name: str, *, is_default: bool) -> _Times:
    """Return when a control holds and which edition it is; `Unmet` where that cannot be told."""
    creation = _optional(control, "creationTime", name)
    ramp = _optional(control, "DERControlBase/rampTms", name)
    return _Times(
        interval=None if is_default else _interval(control, name),
        created=_EPOCH if creation is None else _instant(creation, "creationTime"),
        version=_optional(control, "version", name) or 0,
        randomization=_randomization(control, name),
        ramp_time=None if ramp is None else Fraction(ramp, 100),
    )


def _command(
    control: Resource,
    mrid: str,
    times: _Times,
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


def _interval(control: _View, name: str) -> Interval:
    """Return start and end of the event in the utility's time."""
    start = _optional(control, "interval/start", name)
    duration = _optional(control, "interval/duration", name)
    if start is None or duration is None:
        raise Unmet("invalid", "DERControl/interval", "needs start and duration")
    if not 0 <= duration < 2**32:
        raise Unmet("invalid", "DERControl/interval/duration", f"is {duration}, not UInt32")
    begin = _instant(start, "interval/start")
    try:
        return Interval(begin, begin + timedelta(seconds=duration))
    except OverflowError as exc:
        raise Unmet("invalid", "DERControl/interval", "ends after the year 9999") from exc


def _instant(seconds: int, where: str) -> datetime:
    try:
        return _EPOCH + timedelta(seconds=seconds)
    except OverflowError as exc:
        raise Unmet("invalid", f"DERControl/{where}", f"{seconds} is no instant") from exc


def _header(
    control: Resource, view: _View, context: ProgramContext, interval: Interval | None
) -> list[Step]:
    """Return how the command's own numbers came about."""
    trace = Trace(_EVENT, _CITES)
    trace.step("take", "DERProgram/primacy", context.primacy, "primacy", context.primacy)
    if interval is not None:
        where = f"{control.name}/interval"
        start, taken = view.raw("interval/start"), view.raw("interval/duration")
        begin = interval.start.isoformat()
        trace.step("instant", f"{where}/start", start, "interval.start", begin)
        trace.step("take", f"{where}/duration", taken, "interval.duration", taken)
    return trace.steps


def _optional(control: _View, path: str, name: str) -> int | None:
    """Return the whole number at `path`, None where absent."""
    text = control.raw(path)
    if not text:
        return None
    try:
        return int(text)
    except ValueError as exc:
        raise Unmet("invalid", f"{name}/{path}", f"is {text!r}, no whole number") from exc


def _randomization(control: _View, name: str) -> Randomization:
    """Return the random spans; Int16, limited to an hour either way (OneHourRangeType)."""
    paths = ("randomizeStart", "randomizeDuration")
    start, duration = (max(-3600, min(3600, _optional(control, path, name) or 0)) for path in paths)
    return Randomization(start_s=start, duration_s=duration)


def _duty(control: Resource) -> ResponseDuty:
    """Return which answers are asked for: responseRequired bit 0 received, bit 1 specific."""
    text = control.attributes.get("responseRequired", "00")
    try:
        bits = int(text, 16)
    except ValueError:
        bits = 0
    reply_to = control.attributes.get("replyTo", "")
    return ResponseDuty(received=bool(bits & 1), specific=bool(bits & 2), reply_to=reply_to)
