"""Single variables of a station, asked and set one by one (B05, B06)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gateway.core.events import ReplyStatus
from gateway.protocols.ocpp_rpc import Priority
from gateway.stations.context import Caller, Json, Reply

type Variable = tuple[str, str]
"""Component and variable."""


async def ask(call: Caller, *wanted: Variable) -> list[str | None]:
    """Return the values of variables in this order, None for each that the station does not give."""
    request = {"getVariableData": [_named(*variable) for variable in wanted]}
    reply = await call("GetVariables", request, Priority.HOUSEKEEPING)
    if reply.status is not ReplyStatus.ACCEPTED:
        return [None] * len(wanted)
    found = {
        (item["component"]["name"], item["variable"]["name"]): item.get("attributeValue")
        for item in reply.payload["getVariableResult"]
        if item["attributeStatus"] == "Accepted"
    }
    return [found.get(variable) for variable in wanted]


async def put(
    call: Caller, variable: Variable, value: str, instance: str = ""
) -> tuple[str, Reply]:
    """Set a variable; return what the station said of it, and the whole answer.

    Nothing (an empty status) where there was no usable answer; one that is not about the variable is none.
    """
    item = {**_named(*variable, instance=instance), "attributeValue": value}
    reply = await call("SetVariables", {"setVariableData": [item]}, Priority.HOUSEKEEPING)
    results: Sequence[Json] = reply.payload.get("setVariableResult", [])
    if reply.status is not ReplyStatus.ACCEPTED:
        return "", reply
    if len(results) != 1:
        reason = f"{len(results)} results for one variable"
        return "", replace(reply, status=ReplyStatus.CALL_ERROR, reason=reason)
    return str(results[0]["attributeStatus"]), reply


def _named(component: str, variable: str, *, instance: str = "") -> Json:
    place: Json = {"name": component}
    if instance:
        place["instance"] = instance
    return {"component": place, "variable": {"name": variable}}
