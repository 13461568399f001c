"""MQTT topics of a simulated VTN of 3.1: which a client may ask for, and where a change is published."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gateway.simulators.vtn_access import Viewer, granted, readable, targets_of
from gateway.simulators.vtn_http import RefusedError
from gateway.simulators.vtn_quirks import Quirk
from gateway.simulators.vtn_tokens import Holder
from gateway.simulators.vtn_world import Body, Entry, Kind, Operation, Verb, World

_SINGLE = ("UPDATE", "DELETE")
_ALL = ("CREATE", *_SINGLE)
_LISTS = frozenset({"events", "reports", "subscriptions", "vens", "resources"})
_OF_VEN = {"events": "read_targets", "programs": "read_targets", "resources": "read_ven_objects"}


def notifiers(world: World) -> Body:
    """Return what a VTN says of its ways to notify (3.1 `/notifiers`)."""
    found: Body = {"WEBHOOK": True}
    if world.options.broker:
        found["MQTT"] = {
            "URIS": [world.options.broker],
            "serialization": "JSON",
            "authentication": dict(world.options.broker_auth),
        }
    return found


def named_topics(world: World, holder: Holder, parts: Sequence[str]) -> Body:
    """Return the topics below `/notifiers/mqtt/topics/`; RefusedError where there are none for it."""
    match parts:
        case ["programs"]:
            return _topics(holder, "programs", _ALL, "read_all")
        case ["programs", program]:
            _known(world, holder, Kind.PROGRAM, program)
            return _topics(holder, f"programs/{program}", _SINGLE, "read_all")
        case ["programs", program, "events"]:
            _known(world, holder, Kind.PROGRAM, program)
            return _topics(holder, f"events/programs/{program}", _ALL, "read_all")
        case [name] if name in _LISTS:
            return _topics(holder, name, _ALL, "read_bl")
        case ["vens", ven]:
            _known(world, holder, Kind.VEN, ven)
            return _topics(holder, f"vens/{ven}", _SINGLE, "read_ven_objects")
        case ["vens", ven, name] if name in _OF_VEN:
            _known(world, holder, Kind.VEN, ven)
            return _topics(holder, f"{name}/vens/{ven}", _ALL, _OF_VEN[name])
        case _:
            raise RefusedError(404, "Not Found")


def topics_of(world: World, operation: Operation) -> list[str]:
    """Return the topics on which a change is published."""
    return [f"{place}/{operation.verb.lower()}" for place in _places(world, operation)]


def _places(world: World, operation: Operation) -> Iterator[str]:
    entry = operation.entry
    yield f"{entry.kind.lower()}s"
    match entry.kind:
        case Kind.PROGRAM | Kind.VEN:
            if operation.verb is not Verb.CREATE:
                yield f"{entry.kind.lower()}s/{entry.id}"
        case Kind.RESOURCE:
            yield f"resources/vens/{entry.body.get('venID')}"
        case Kind.EVENT:
            if not entry.body.get("targets") or world.options.has(Quirk.MQTT_PUBLIC):
                yield f"events/programs/{entry.body.get('programID')}"
    if entry.kind in (Kind.PROGRAM, Kind.EVENT) and not world.options.has(Quirk.MQTT_PUBLIC):
        yield from (f"{entry.kind.lower()}s/vens/{ven}" for ven in _targeted(world, entry))


def _targeted(world: World, entry: Entry) -> Iterator[str]:
    """Yield the ids of the vens whose targets an object names."""
    for ven in world.entries(Kind.VEN):
        if targets_of(entry) & granted(world, ven.client):
            yield ven.id


def _topics(holder: Holder, place: str, verbs: Sequence[str], scope: str) -> Body:
    if not {scope, "read_bl"} & holder.scopes:
        raise RefusedError(403, "Forbidden", f"the token has no scope {scope}")
    named = {verb: f"{place}/{verb.lower()}" for verb in verbs}
    return {"topics": {**named, "ALL": f"{place}/+"}}


def _known(world: World, holder: Holder, kind: Kind, identity: str) -> None:
    entry = world.find(kind, identity)
    viewer = Viewer(holder.client, holder.business)
    if entry is None or not readable(world, viewer, entry):
        raise RefusedError(404, "Not Found")
