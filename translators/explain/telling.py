"""A translation as a JSON value: documents, commands, messages, and how each emitted number came about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from translators.canonical.commands import DerCommand, Protocol, Revision
from translators.canonical.controls import DerControl, function_of
from translators.canonical.telemetry import ControlOutcome
from translators.chain import Case, Journey, outcomes
from translators.ieee2030_5.outbound import status_code
from translators.ocpp.wire import Json, StationMessage, leaves
from translators.rules.book import Book
from translators.rules.document import Document
from translators.rules.examples import described
from translators.rules.scopes import name_in
from translators.rules.trace import Loss, Step, Translation

_NO_TEXTS: Mapping[str, str] = MappingProxyType({})


def explain(
    case: Case,
    gone: Translation[Journey],
    book: Book,
    texts: Mapping[str, str] = _NO_TEXTS,
) -> Json:
    """Return what became of a document as a JSON value, by the rules of `book`.

    `texts` are the document and all that it links to, by name or address.
    """
    document, commands, refusals = case.document, gone.value.commands, gone.refusals
    statuses = outcomes(gone) if refusals else ()
    return {
        "document": {
            "kind": document.kind,
            "mRID": commands[0].mrid if commands else "",
            "protocol": document.protocol.value,
            "revision": document.revision,
            "primacy": document.primacy,
        },
        "station": {"id": case.profile.id, "ocpp": case.profile.ocpp_version},
        "book": book.digest,
        "texts": [{"name": name, "text": text} for name, text in texts.items()],
        "commands": [_command(command) for command in commands],
        "messages": [_message(message, gone) for message in gone.value.orders.messages],
        "followed": list(gone.value.orders.vacuous),
        "refused": [
            _refused(item.function, item.where, item.problem, item.rule, item.outcome.value)
            for item in refusals
        ],
        "losses": [_loss(loss) for loss in gone.losses],
        "outcome": statuses[0].value if statuses else None,
        "response_status": _status(book, document, statuses),
    }


def unmapped(kind: str, protocol: str, where: str, problem: str, rule: str = "") -> Json:
    """Return the explanation of a document that becomes no command: where and why it ends."""
    return {
        "document": {"kind": kind, "protocol": protocol},
        "texts": [],
        "commands": [],
        "messages": [],
        "followed": [],
        "refused": [_refused(kind, where, problem, rule, "not_mapped")],
        "losses": [],
        "outcome": None,
        "response_status": None,
    }


def _status(book: Book, document: Document, statuses: Sequence[ControlOutcome]) -> int | None:
    """Return the IEEE 2030.5 status owed for a refusal; other protocols say it otherwise."""
    if not statuses or document.protocol is not Protocol.IEEE2030_5:
        return None
    return status_code(book, statuses[0], Revision(document.revision))


def mapped(explanation: Json) -> bool:
    """Say whether all that the document asks for is carried out."""
    return not explanation["refused"]


def _command(command: DerCommand) -> Json:
    """Return a command as the canonical model has it, numbers as exact texts."""
    interval = command.interval
    lasts = None if interval is None else interval.duration
    return {
        "mRID": command.mrid,
        "primacy": command.primacy,
        "interval": None
        if interval is None
        else {
            "start": interval.start.isoformat(),
            "duration": None if lasts is None else int(lasts.total_seconds()),
        },
        "controls": {function_of(control): _fields(control) for control in command.controls},
    }


def _fields(control: DerControl) -> Json:
    """Return a control's fields; a vertex names its numbers, as steps do."""
    made = {name: value for name, value in described(control).items() if value is not None}
    if "points" in made:
        names = ("x", "y", "excitation")
        made["points"] = [dict(zip(names, row, strict=False)) for row in made["points"]]
    return made


def _refused(function: str, where: str, problem: str, rule: str, outcome: str) -> Json:
    return {
        "function": function,
        "where": where,
        "problem": problem,
        "rule": rule,
        "outcome": outcome,
    }


def _loss(loss: Loss) -> Json:
    return {
        "kind": loss.kind.value,
        "where": loss.where,
        "detail": loss.detail,
        "rule": loss.rule,
        "residual": loss.residual,
        "function": loss.control,
    }


def _message(message: StationMessage, gone: Translation[Journey]) -> Json:
    steps = [step for step in gone.steps if step.control in {"", *message.functions}]
    losses = [loss for loss in gone.losses if loss.control in {"", *message.functions}]
    made = {step.target for step in steps}
    return {
        "ocpp": message.ocpp,
        "action": message.action,
        "functions": list(message.functions),
        "payload": message.payload,
        "numbers": [
            _number(path, value, _chain(name_in(message.interval, path), steps), losses)
            for path, value in leaves(message.payload)
            if _is_number(value) or name_in(message.interval, path) in made
        ],
    }


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _number(path: str, value: Any, chain: Sequence[Step], losses: Sequence[Loss]) -> Json:
    """Return one emitted value: the steps on it, behind those on the canonical fields it comes from."""
    places = {step.target for step in chain} | {path}
    return {
        "target": path,
        "value": value,
        "sources": _sources(chain),
        "canonical": _canonical(chain),
        "steps": [_step(step) for step in chain],
        "losses": [_loss(loss) for loss in losses if _touches(loss, path, places, chain)],
    }


def _chain(path: str, steps: Sequence[Step]) -> list[Step]:
    """Return the steps that lead to a path, of the same control; `a..b` as a source means both."""
    leading: set[tuple[str, str]] = set()
    chain = []
    for step in reversed(steps):
        if step.target == path or (step.control, step.target) in leading:
            chain.append(step)
            leading |= {(c, name) for name in step.source.split("..") for c in {step.control, ""}}
    return chain[::-1]


def _touches(loss: Loss, path: str, places: set[str], chain: Sequence[Step]) -> bool:
    """Say whether a loss is one of this number: at a place of it, or of all that stands with it."""
    if loss.where in places:
        return True
    inside = path.startswith((f"{loss.where}/", f"{loss.where}["))
    return inside and bool(chain) and all(step.control for step in chain)


def _sources(chain: Sequence[Step]) -> list[Json]:
    """Return what a chain starts from, each with its raw text: fields of the document, and of the site.

    Last stand the multipliers of the document that scaled it.
    """
    made = {step.target for step in chain}
    found: dict[str, str] = {}
    for step in chain:
        if step.source not in made and ".." not in step.source:
            found.setdefault(step.source, step.before)
    for step in chain:
        if step.base and step.operation.startswith(("scale10", "take")):
            multiplier, _, power = step.base.partition(" = ")
            found.setdefault(multiplier, power)
    return [{"field": name, "raw": raw} for name, raw in found.items()]


def _canonical(chain: Sequence[Step]) -> list[Json]:
    """Return the canonical fields that a chain passes: what one step made and another took."""
    sent = {chain[-1].target} if chain else set()
    taken = {name for step in chain for name in step.source.split("..")} - sent
    found = dict.fromkeys((step.control, step.target) for step in chain if step.target in taken)
    return [{"function": function, "field": name} for function, name in found]


def _step(step: Step) -> Json:
    return {
        "rule": step.rule,
        "cites": list(step.cites),
        "operation": step.operation,
        "source": step.source,
        "before": step.before,
        "target": step.target,
        "after": step.after,
        "base": step.base,
        "function": step.control,
    }
