"""Who sees which object of a simulated VTN: queries, targets and object privacy of both editions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gateway.simulators.vtn_http import Query
from gateway.simulators.vtn_quirks import Quirk
from gateway.simulators.vtn_times import lifetime, moment
from gateway.simulators.vtn_world import NAMES, Body, Entry, Kind, World, named

_OWN = (Kind.VEN, Kind.RESOURCE, Kind.REPORT, Kind.SUBSCRIPTION)
_FILTERS = ("eventID", "clientName", "venID", "venName", "resourceName")


@dataclass(frozen=True, slots=True)
class Viewer:
    """A client, and whether it is the business logic."""

    client: str
    business: bool


def listed(world: World, viewer: Viewer, kind: Kind, query: Query) -> list[Entry]:
    """Return the objects of a list before it is cut into pages."""
    found = [item for item in world.entries(kind) if _asked(world, item, query)]
    if viewer.business:
        return found
    if kind in _OWN:
        return [item for item in found if readable(world, viewer, item)]
    open_ones = [item for item in found if not item.body.get("targets")]
    held = granted(world, viewer.client)
    if kind is Kind.EVENT and world.options.has(Quirk.DUPLICATE_EVENTS) and not held:
        return open_ones + found
    wanted = _wanted(query)
    if wanted and not world.options.has(Quirk.IGNORE_TARGETS):
        asked = wanted if world.options.revision == "3.0" else wanted & held
        return [item for item in found if asked & targets_of(item)]
    if world.options.revision == "3.0":
        return found
    if world.options.has(Quirk.UNASKED_TARGETS):
        return open_ones + [item for item in found if held & targets_of(item)]
    return open_ones


def readable(world: World, viewer: Viewer, entry: Entry) -> bool:
    """Say whether a client may read this object by its id (3.1: object privacy)."""
    if viewer.business or world.options.revision == "3.0":
        return True
    if entry.kind in _OWN:
        return entry.client == viewer.client
    if not entry.body.get("targets") or world.options.has(Quirk.READABLE_BY_ID):
        return True
    return bool(granted(world, viewer.client) & targets_of(entry))


def granted(world: World, client: str) -> set[str]:
    """Return the targets that the ven of a client and its resources carry (3.1)."""
    own = [item for item in world.entries(Kind.VEN) if item.client == client]
    parts = own + [res for ven in own for res in world.resources_of(ven.id)]
    return {name for part in parts for name in targets_of(part)}


def targets_of(entry: Entry) -> set[str]:
    """Return the targets of an object: names (3.1), or the values of its groups (3.0.1)."""
    found = set[str]()
    for item in _items(entry.body.get("targets")):
        found.update(map(str, _items(item.get("values")) if isinstance(item, dict) else [item]))
    return found


def rendered(world: World, entry: Entry) -> Body:
    """Return an object as it is served, with its metadata."""
    body: Body = dict(entry.body)
    if entry.kind is Kind.PROGRAM and world.options.has(Quirk.DROP_DESCRIPTORS):
        body.pop("payloadDescriptors", None)
    if entry.kind is Kind.VEN and world.options.revision == "3.0":
        body["resources"] = [rendered(world, item) for item in world.resources_of(entry.id)]
    if entry.kind in _OWN and world.options.revision == "3.1":
        body["clientID"] = entry.client
    changed: float | None = entry.created if entry.modified is None else entry.modified
    if entry.modified is None and world.options.has(Quirk.NULL_MODIFIED):
        changed = None
    body["id"], body["objectType"] = entry.id, str(entry.kind)
    body["createdDateTime"] = _time(world, entry.created)
    body["modificationDateTime"] = None if changed is None else _time(world, changed)
    return body


def conflict(world: World, kind: Kind, body: Body, own: Entry | None = None) -> bool:
    """Say whether an object of that name exists besides `own`, where names are unique."""
    if kind not in NAMES:
        return False
    return any(
        named(item) == body.get(NAMES[kind]) and item.body.get("venID") == body.get("venID")
        for item in world.entries(kind)
        if item is not own
    )


def _asked(world: World, entry: Entry, query: Query) -> bool:
    for key in _FILTERS:
        wanted = query.get(key, ())
        if key in entry.body and wanted and entry.body[key] != wanted[0]:
            return False
    programs = query.get("programID", ())
    heeded = bool(programs) and not world.options.has(Quirk.IGNORE_PROGRAM)
    if heeded and _program_of(world, entry) not in (None, programs[0]):
        return False
    if query.get("active") == ["true"] and not world.options.has(Quirk.IGNORE_ACTIVE):
        return entry.kind is not Kind.EVENT or lifetime(entry.body, entry.created)[1] > world.now()
    return True


def _program_of(world: World, entry: Entry) -> Any:
    if entry.kind is Kind.REPORT:
        event = world.find(Kind.EVENT, str(entry.body.get("eventID")))
        return event.body.get("programID") if event else ""
    return entry.body.get("programID")


def _wanted(query: Query) -> set[str]:
    return set(query.get("targets", ())) | set(query.get("targetValues", ()))


def _items(value: Any) -> list[Any]:
    """Return a list as it is; none of what a script wrote in its place."""
    return value if isinstance(value, list) else []


def _time(world: World, seconds: float) -> str:
    text = moment(seconds)
    if world.options.has(Quirk.TIME_ONLY):
        return text[11:19]
    return text[:19].replace("T", " ") if world.options.has(Quirk.SPACE_TIMES) else text
