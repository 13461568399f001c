"""Explanations for people: one fact a line."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from translators.ocpp.wire import Json


def as_text(explanation: Json) -> str:
    """Return the explanation for people, one fact a line."""
    return "\n".join(_lines(explanation)) + "\n"


def _lines(told: Json) -> Iterator[str]:
    yield title(told)
    if "book" in told:
        yield f"rules  {told['book']}"
    for message in told["messages"]:
        yield ""
        yield f"{message['action']} (OCPP {message['ocpp']}) for {', '.join(message['functions'])}"
        for number in message["numbers"]:
            yield from _number_lines(number)
    for heading, key, line in (
        ("followed without a message", "followed", str),
        ("losses", "losses", loss_line),
        ("refused", "refused", refused_line),
    ):
        if told[key]:
            yield ""
            yield heading
            yield from (f"  {line(item)}" for item in told[key])
    if told["response_status"] is not None:
        yield ""
        yield f"response to the utility  {told['response_status']}"


def title(told: Json) -> str:
    """Return what is explained, for which station."""
    document, station = told["document"], told.get("station")
    name = " ".join(part for part in (document["kind"], document.get("mRID", "")) if part)
    if station is None:
        return f"{name} ({document['protocol']})"
    edition = f" as {document['edition']}" if document.get("edition") else ""
    origin = (
        f"{document['protocol']} {document['revision']}{edition}, primacy {document['primacy']}"
    )
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


def loss_line(loss: Json) -> str:
    """Return one loss as a line."""
    rest = f", rest {loss['residual']}" if loss["residual"] else ""
    return f"{loss['kind']:<12}{loss['where']}: {loss['detail']}{rest} (rule {loss['rule']})"


def refused_line(item: Json) -> str:
    """Return one refusal as a line."""
    rule = f" (rule {item['rule']})" if item["rule"] else ""
    where = f"{item['where']}: " if item["where"] else ""
    return f"{item['function']}  {item['outcome']}: {where}{item['problem']}{rule}"
