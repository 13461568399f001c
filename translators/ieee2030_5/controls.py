"""Canonical commands as DERControls, DefaultDERControls and DERCurves: the source rules written backwards.

What is written here reads as the same controls again. A number that its field cannot hold exactly is
rounded (limits toward zero) and declared; a control that no element of the revision says is refused.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from translators.canonical.commands import DerCommand, Revision
from translators.canonical.controls import DerControl, function_of
from translators.canonical.telemetry import ControlOutcome
from translators.ieee2030_5.leaves import CURVE_DATA, Leaf, leaves
from translators.ieee2030_5.wire import SEP2, Resource
from translators.rules.book import Book
from translators.rules.source import SourceRule
from translators.rules.trace import Loss, LossKind, Refusal, Step, Translation
from translators.rules.values import Trace, Unmet

_RULE = "ieee2030_5.controls"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NO_BASE = "0"  # DERUnitRefType: not applicable
_SCHEDULED, _ACTIVE = 0, 1  # EventStatus.currentStatus
_CSIP_AUS_ORDER = (
    "opModImpLimW",
    "opModExpLimW",
    "opModGenLimW",
    "opModLoadLimW",
    "opModStorageTargetW",
)
_OF_CSIP_AUS = frozenset(_CSIP_AUS_ORDER)


@dataclass(frozen=True, slots=True)
class Document:
    """A DERControl or DefaultDERControl, and the DERCurves that it links to, by href."""

    control: Resource
    links: Mapping[str, Resource]


@dataclass(slots=True)
class _Draft:
    """A document on its way: modes of DERControlBase, members beside it, curves."""

    base: list[Resource] = field(default_factory=list)
    beside: list[Resource] = field(default_factory=list)
    links: dict[str, Resource] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)
    steps: list[Step] = field(default_factory=list)
    losses: list[Loss] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)


def to_document(
    book: Book, command: DerCommand, revision: Revision, csip_aus: str | None = None
) -> Translation[Document | None]:
    """Return a command as a document of a revision; None where nothing says when an event ends.

    `csip_aus` is the namespace of the Australian elements, None where the peer knows none. A control
    that nothing says is a refusal; the others are written.
    """
    draft = _Draft()
    if command.interval is not None and command.interval.duration is None:
        refusal = Refusal(
            ControlOutcome.INVALID, "", "interval", "an event needs an end (2030.5 10.2.3)", _RULE
        )
        return Translation(None, refusals=(refusal,))
    for control in command.controls:
        _write(book, command, control, revision, csip_aus, draft)
    document = Document(_control(command, draft), draft.links)
    steps, losses, refusals = tuple(draft.steps), tuple(draft.losses), tuple(draft.refusals)
    return Translation(document, steps, losses, refusals)


def _write(
    book: Book,
    command: DerCommand,
    control: DerControl,
    revision: Revision,
    csip_aus: str | None,
    draft: _Draft,
) -> None:
    """Write one control by the first rule that says it exactly, else by the first that says it at all."""
    attempts: list[tuple[SourceRule, list[Leaf], Trace]] = []
    problems: list[str] = []
    for rule in _candidates(book, control, revision, command, csip_aus is not None, draft):
        trace = Trace(rule.id, rule.cites, function_of(control))
        try:
            attempts.append((rule, leaves(rule, control, revision, trace), trace))
        except Unmet as unmet:
            problems.append(f"{rule.id}: {unmet.where} {unmet.problem}")
    if not attempts:
        problem = "; ".join(problems) or f"no element of {revision} says it"
        name = function_of(control)
        draft.refusals.append(Refusal(ControlOutcome.NOT_SUPPORTED, name, name, problem, _RULE))
        draft.losses.append(Loss(LossKind.UNSUPPORTED, _RULE, name, problem, control=name))
        return
    rule, found, trace = min(attempts, key=lambda attempt: len(attempt[2].losses))
    draft.steps += trace.steps
    draft.losses += trace.losses
    _place(rule, found, command, csip_aus, draft)


def _candidates(
    book: Book,
    control: DerControl,
    revision: Revision,
    command: DerCommand,
    australian: bool,
    draft: _Draft,
) -> Iterator[SourceRule]:
    """Yield the rules whose elements may say a control and are still free."""
    for rule in book.rules:
        if not isinstance(rule, SourceRule):
            continue
        source = rule.model.source
        fits = (
            source.protocol == "ieee2030_5"
            and revision in source.revisions
            and rule.model.canonical == type(control).__name__
            and (command.is_default or source.parent == "DERControlBase")
        )
        free = draft.taken.isdisjoint(source.elements)
        if fits and free and (australian or _OF_CSIP_AUS.isdisjoint(source.elements)):
            yield rule


def _place(
    rule: SourceRule,
    found: Sequence[Leaf],
    command: DerCommand,
    csip_aus: str | None,
    draft: _Draft,
) -> None:
    """Put the leaves of one control where its rule reads them."""
    source = rule.model.source
    draft.taken.update(source.elements)
    if source.parent == "DefaultDERControl":
        draft.beside += _tree(found)
        return
    (element,) = source.elements
    if rule.model.resolve is not None:
        href = f"/{command.mrid}/{element}"
        draft.links[href] = _curve(rule, found, command, element, href)
        draft.base.append(Resource(element, attributes={"href": href}))
        return
    namespace = str(csip_aus) if element in _OF_CSIP_AUS else SEP2
    text = next((leaf.text for leaf in found if leaf.path == "."), "")
    inside = _tree([leaf for leaf in found if leaf.path != "."])  # ActivePower is of 2030.5
    draft.base.append(Resource(element, namespace, text, children=inside))


def _curve(
    rule: SourceRule, found: Sequence[Leaf], command: DerCommand, element: str, href: str
) -> Resource:
    """Return the DERCurve: every member that the schema demands, and those that the rule reads."""
    expected = {} if rule.model.resolve is None else rule.model.resolve.expect
    members = {path: str(value) for path, value in expected.items()}
    members |= {"creationTime": _seconds(command.created), "yRefType": _NO_BASE}
    members |= {"xMultiplier": "0", "yMultiplier": "0"}
    given = {leaf.path for leaf in found}
    filled = [Leaf(path, text) for path, text in members.items() if path not in given]
    number = hashlib.sha256(f"{command.mrid}/{element}".encode()).hexdigest()[:32].upper()
    inside = _tree([*found, *filled])
    return Resource(
        "DERCurve", attributes={"href": href}, children=(_leaf("mRID", number), *inside)
    )


def _tree(found: Iterable[Leaf]) -> tuple[Resource, ...]:
    """Return the elements that paths make up, in the order of the schemas: by name, whatever the case."""
    heads: dict[str, list[Leaf]] = {}
    for leaf in found:
        head, _, rest = leaf.path.partition("/")
        heads.setdefault(head, []).append(Leaf(rest, leaf.text))
    made: list[Resource] = []
    for head, below in heads.items():
        if head == CURVE_DATA:
            made += [Resource(head, children=_tree(point)) for point in _points(below)]
        elif below[0].path:
            made.append(Resource(head, children=_tree(below)))
        else:
            made.append(_leaf(head, below[0].text))
    return tuple(sorted(made, key=lambda resource: resource.name.lower()))


def _points(found: Iterable[Leaf]) -> list[list[Leaf]]:
    """Return the leaves `number/name` of repeated elements by number."""
    points: dict[str, list[Leaf]] = {}
    for leaf in found:
        number, _, name = leaf.path.partition("/")
        points.setdefault(number, []).append(Leaf(name, leaf.text))
    return list(points.values())


def _control(command: DerCommand, draft: _Draft) -> Resource:
    """Return the document around the modes."""
    ramp = [] if command.ramp_time is None else [_leaf("rampTms", _whole(command, draft))]
    base = Resource("DERControlBase", children=tuple(sorted([*draft.base, *ramp], key=_rank)))
    head = [_leaf("mRID", command.mrid)]
    head += [_leaf("description", command.description)] if command.description else []
    head += [_leaf("version", str(command.version))]
    if command.interval is None:
        beside = sorted(draft.beside, key=lambda element: element.name.lower())
        return Resource("DefaultDERControl", children=(*head, base, *beside))
    duty, duration = command.response, command.interval.duration or timedelta()
    bits = duty.received | duty.specific << 1
    attributes = {"responseRequired": f"{bits:02X}"}
    attributes |= {"replyTo": duty.reply_to} if duty.reply_to else {}
    event = _event(command, command.interval.start, duration)
    children = (*head, *event, base)
    return Resource("DERControl", attributes=attributes, children=children)


def _rank(element: Resource) -> tuple[int, str]:
    """Return where an element stands in DERControlBase: by name, the Australian ones at the end."""
    if element.name in _OF_CSIP_AUS:
        return 1 + _CSIP_AUS_ORDER.index(element.name), ""
    return 0, element.name.lower()


def _whole(command: DerCommand, draft: _Draft) -> str:
    """Return the ramp time in hundredths of a second; what is cut is a loss."""
    exact = (command.ramp_time or 0) * 100
    if exact != int(exact):
        rest = str((exact - int(exact)) / 100)
        draft.losses.append(Loss(LossKind.ROUND, _RULE, "rampTms", "hundredths of a second", rest))
    return str(int(exact))


def _event(command: DerCommand, start: datetime, duration: timedelta) -> Iterator[Resource]:
    """Yield what makes an event of a control, in the order of the schema."""
    status = _ACTIVE if start <= command.server_time else _SCHEDULED
    yield _leaf("creationTime", _seconds(command.created))
    yield Resource(
        "EventStatus",
        children=(
            _leaf("currentStatus", str(status)),
            _leaf("dateTime", _seconds(command.server_time)),
            _leaf("potentiallySuperseded", "false"),
        ),
    )
    yield Resource(
        "interval",
        children=(
            _leaf("duration", str(duration // timedelta(seconds=1))),
            _leaf("start", _seconds(start)),
        ),
    )
    spans = command.randomization
    if spans.duration_s:
        yield _leaf("randomizeDuration", str(spans.duration_s))
    if spans.start_s:
        yield _leaf("randomizeStart", str(spans.start_s))


def _leaf(name: str, text: str) -> Resource:
    return Resource(name, text=text)


def _seconds(at: datetime) -> str:
    """Return a TimeType: whole seconds since 1970."""
    return str((at - _EPOCH) // timedelta(seconds=1))
