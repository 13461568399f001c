"""A translation told: each emitted number's source, operations with rule and clause, and losses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from translators.canonical.commands import Protocol, Revision
from translators.canonical.telemetry import ControlOutcome
from translators.chain import Case, Journey, outcomes
from translators.ieee2030_5.outbound import status_code
from translators.ocpp.wire import Json, StationMessage
from translators.rules.document import Document
from translators.rules.trace import Loss, Step, Translation


def explain(case: Case, gone: Translation[Journey], digest: str) -> Json:
    """Return what became of a document as a JSON value; `digest` names the book of rules."""
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
        "book": digest,
        "messages": [_message(message, gone) for message in gone.value.orders.messages],
        "followed": list(gone.value.orders.vacuous),
        "refused": [
            _refused(item.function, item.where, item.problem, item.rule, item.outcome.value)
            for item in refusals
        ],
        "losses": [_loss(loss) for loss in gone.losses],
        "outcome": statuses[0].value if statuses else None,
        "response_status": _status(document, statuses),
    }


def unmapped(kind: str, protocol: str, where: str, problem: str, rule: str = "") -> Json:
    """Return the explanation of a document that becomes no command: where and why it ends."""
    return {
        "document": {"kind": kind, "protocol": protocol},
        "messages": [],
        "followed": [],
        "refused": [_refused(kind, where, problem, rule, "not_mapped")],
        "losses": [],
        "outcome": None,
        "response_status": None,
    }


def _status(document: Document, statuses: Sequence[ControlOutcome]) -> int | None:
    """Return the IEEE 2030.5 status owed for a refusal; other protocols say it otherwise."""
    if not statuses or document.protocol is not Protocol.IEEE2030_5:
        return None
    return status_code(statuses[0], Revision(document.revision))


def mapped(explanation: Json) -> bool:
    """Say whether all that the document asks for is carried out."""
    return not explanation["refused"]


def as_text(explanation: Json) -> str:
    """Return the explanation for people, one fact a line."""
    return "\n".join(_lines(explanation)) + "\n"


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
    return {
        "ocpp": message.ocpp,
        "action": message.action,
        "functions": list(message.functions),
        "payload": message.payload,
        "numbers": [
            _number(path, value, steps, losses)
            for path, value in _leaves(message.payload, "")
            if _is_number(value) or any(step.target == path for step in steps)
        ],
    }


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Yield each leaf of a payload with its path, `a/b[0]/c`."""
    match value:
        case dict():
            for key, item in value.items():
                yield from _leaves(item, f"{path}/{key}" if path else key)
        case list():
            for number, item in enumerate(value):
                yield from _leaves(item, f"{path}[{number}]")
        case _:
            yield path, value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _number(path: str, value: Any, steps: Sequence[Step], losses: Sequence[Loss]) -> Json:
    """Return one emitted value: the steps on it, behind those on the canonical fields it comes from."""
    chain = _chain(path, steps)
    places = {step.target for step in chain} | {path}
    return {
        "target": path,
        "value": value,
        "sources": _sources(chain),
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
    """Return what a chain starts from, each with its raw text: fields of the document, and of the site."""
    made = {step.target for step in chain}
    found: dict[str, str] = {}
    for step in chain:
        if step.source not in made and ".." not in step.source:
            found.setdefault(step.source, step.before)
    return [{"field": name, "raw": raw} for name, raw in found.items()]


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
    }


def _lines(told: Json) -> Iterator[str]:
    yield _title(told)
    if "book" in told:
        yield f"rules  {told['book']}"
    for message in told["messages"]:
        yield ""
        yield f"{message['action']} (OCPP {message['ocpp']}) for {', '.join(message['functions'])}"
        for number in message["numbers"]:
            yield from _number_lines(number)
    for title, key, line in (
        ("followed without a message", "followed", str),
        ("losses", "losses", _loss_line),
        ("refused", "refused", _refused_line),
    ):
        if told[key]:
            yield ""
            yield title
            yield from (f"  {line(item)}" for item in told[key])
    if told["response_status"] is not None:
        yield ""
        yield f"response to the utility  {told['response_status']}"


def _title(told: Json) -> str:
    document, station = told["document"], told.get("station")
    name = " ".join(part for part in (document["kind"], document.get("mRID", "")) if part)
    if station is None:
        return f"{name} ({document['protocol']})"
    origin = f"{document['protocol']} {document['revision']}, primacy {document['primacy']}"
    return f"{name} ({origin}) for station {station['id']} over OCPP {station['ocpp']}"


def _number_lines(number: Json) -> Iterator[str]:
    yield f"  {number['target']} = {number['value']}"
    for source in number["sources"]:
        yield f"    source  {source['field']} = {source['raw']}"
    if not number["steps"]:
        yield "    source  the gateway's own"
    for rule, group in groupby(number["steps"], key=lambda step: (step["rule"], step["cites"])):
        yield f"    rule    {rule[0]}  [{'; '.join(rule[1])}]"
        for step in group:
            base = f"  ({step['base']})" if step["base"] else ""
            yield f"            {step['operation']:<44}  {step['before']} -> {step['after']}{base}"
    for loss in number["losses"]:
        yield f"    loss    {loss['kind']}: {loss['detail']}"


def _loss_line(loss: Json) -> str:
    rest = f", rest {loss['residual']}" if loss["residual"] else ""
    return f"{loss['kind']:<12}{loss['where']}: {loss['detail']}{rest} (rule {loss['rule']})"


def _refused_line(item: Json) -> str:
    rule = f" (rule {item['rule']})" if item["rule"] else ""
    where = f"{item['where']}: " if item["where"] else ""
    return f"{item['function']}  {item['outcome']}: {where}{item['problem']}{rule}"
