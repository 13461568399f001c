"""A VEN and its resources at the VTN, without I/O: looked up by name, made where absent, kept up to date.

Theory of operation. One round looks the ven up by its name, makes it where it is absent, then does the
same for each resource, and puts attributes right that were given here. Every step can be repeated: 409
means that a name is taken, so it is looked up again and used. Rounds are made anew from time to time, for
a VTN may forget everything when it restarts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import assert_never
from urllib.parse import quote

from gateway.protocols.openadr_access import Resource, VenAccess
from gateway.protocols.openadr_http import Answer, Json, Request, Role
from gateway.protocols.openadr_listing import Listing
from gateway.protocols.openadr_problem import parsed, problem_of
from gateway.protocols.pacing import backoff, spread
from translators.canonical.commands import Revision
from translators.errors import DocumentError

_ROUND_S = 900.0
_REFUSED_S = 300.0
_CONFLICT = 409
_OF_THE_MOMENT = frozenset({0, 408, 425, 429, 500, 502, 503, 504})


class _Stage(Enum):
    """How far a round is."""

    VEN = "the ven is looked up"
    NO_VEN = "it is absent"
    RESOURCES = "its resources are looked up"
    LISTED = "they are known"


@dataclass(slots=True)
class Enrolment:
    """The registration of one VEN; nothing is done where it has no name."""

    access: VenAccess
    due: float = 0.0
    ven_id: str = ""
    resource_ids: dict[str, str] = field(default_factory=dict)
    """Ids at the VTN by name of the resource."""
    problem: str = ""
    _wanted: dict[str, list[Json]] = field(default_factory=dict)
    _sent: dict[str, list[Json]] = field(default_factory=dict)
    _there: dict[str, Json] = field(default_factory=dict)
    """Resources as the VTN had them last, by name."""
    _list: Listing | None = None
    _stage: _Stage = _Stage.VEN
    _failures: int = 0
    _conflicts: frozenset[str] = frozenset()

    def describe(self, subject: str, attributes: Sequence[Json], now: float) -> None:
        """Know the attributes of a subject's resource; what changed is put right at once."""
        for resource in self.access.resources:
            if resource.subject == subject and self._wanted.get(resource.name) != list(attributes):
                self._wanted[resource.name] = list(attributes)
                self.due = min(self.due, now) if self._failures == 0 else self.due

    def request(self, revision: Revision) -> Request | None:
        """Return what the round asks next, None where it is over."""
        if not self.access.ven:
            return None
        match self._stage:
            case _Stage.VEN:
                query = (("venName", self.access.ven),)
                self._list = self._list or Listing(Role.VENS, "/vens", query)
                return self._list.request()
            case _Stage.NO_VEN:
                return self._new_ven(revision)
            case _Stage.RESOURCES:
                self._list = self._list or _listing(revision, self.ven_id)
                return self._list.request()
            case _Stage.LISTED:
                return self._next(revision)
            case _:
                assert_never(self._stage)

    def _next(self, revision: Revision) -> Request | None:
        for resource in self.access.resources:
            asked = self._resource_request(revision, resource)
            if asked is not None:
                return asked
        return None

    def answered(self, request: Request, answer: Answer, now: float, draw: float) -> None:
        """Take an answer; know when to go on."""
        try:
            self._take(request, answer)
        except DocumentError as error:
            self.problem = f"registration: {error}"
            self._list, self._stage = None, _Stage.VEN
            self._failures += 1
            moment = answer.status in _OF_THE_MOMENT
            pause = backoff(self.access.poll_s, self._failures, draw)
            self.due = now + (pause if moment else spread(_REFUSED_S, draw))
            return
        self._failures = 0

    def over(self, now: float, draw: float) -> None:
        """Begin a new round in its time."""
        self.problem, self._conflicts = "", frozenset()
        self.due = now + spread(_ROUND_S, draw)
        self._stage = _Stage.VEN

    def _take(self, request: Request, answer: Answer) -> None:
        if request.method == "GET":
            self._listed(request, answer)
        elif answer.status == _CONFLICT:
            self._taken(request)
        elif not answer.ok or answer.problem:
            raise DocumentError(problem_of(answer), where=f"{request.method} {request.path}")
        elif request.role is Role.VENS:
            self.ven_id, self._stage = _id(answer, request), _Stage.RESOURCES
        else:
            name = request.body["resourceName"]
            if request.method == "POST":
                self.resource_ids[name] = _id(answer, request)
                self._there[name] = dict(request.body)
            self._sent[name] = list(self._wanted.get(name, []))

    def _taken(self, request: Request) -> None:
        """Look up a name that is taken; twice so means that it is someone else's."""
        name = request.body.get("resourceName") or request.body["venName"]
        if name in self._conflicts:
            self._conflicts -= {name}
            raise DocumentError(f"the name {name!r} is taken, and no such object is listed")
        self._conflicts |= {name}
        self._stage = _Stage.VEN if request.role is Role.VENS else _Stage.RESOURCES

    def _listed(self, request: Request, answer: Answer) -> None:
        if self._list is None or not self._list.answered(answer):
            return
        found = [value for value in map(_object, self._list.items) if value is not None]
        if request.role is Role.VENS:
            mine = [item for item in found if item.get("venName") == self.access.ven]
            self._found_ven(str(mine[0]["id"]) if mine else "")
            return
        owned = [item for item in found if str(item.get("venID", self.ven_id)) == self.ven_id]
        self._there = {str(item.get("resourceName")): item for item in owned}
        self.resource_ids = {name: str(item["id"]) for name, item in self._there.items()}
        self._stage, self._list = _Stage.LISTED, None

    def _found_ven(self, ven_id: str) -> None:
        if ven_id != self.ven_id:  # the VTN forgot what it was told
            self._sent, self._there, self.resource_ids = {}, {}, {}
        self.ven_id, self._list = ven_id, None
        self._stage = _Stage.RESOURCES if ven_id else _Stage.NO_VEN

    def _resource_request(self, revision: Revision, resource: Resource) -> Request | None:
        name, wanted = resource.name, self._wanted.get(resource.name)
        plain = revision is Revision.OPENADR_3_0
        path = f"/vens/{_segment(self.ven_id)}/resources" if plain else "/resources"
        body: dict[str, Json] = {"resourceName": name}
        if not plain:
            body = {"objectType": "VEN_RESOURCE_REQUEST", **body, "venID": self.ven_id}
        there = self._there.get(name)
        if there is None:
            if plain and resource.targets:
                body["targets"] = _groups(sorted(resource.targets))
            return Request(Role.RESOURCES, "POST", path, body=_with(body, wanted))
        if (
            wanted is None
            or _same(there.get("attributes"), wanted)
            or self._sent.get(name) == wanted
        ):
            return None
        if plain:  # a PUT replaces the whole object
            body["venID"] = self.ven_id
            if there.get("targets") is not None:
                body["targets"] = there["targets"]
        others = _others(there.get("attributes"), wanted)
        target = f"{path}/{_segment(self.resource_ids[name])}"
        return Request(Role.RESOURCES, "PUT", target, body=_with(body, [*others, *wanted]))

    def _new_ven(self, revision: Revision) -> Request:
        body: dict[str, Json] = {"venName": self.access.ven}
        if revision is Revision.OPENADR_3_0:
            if self.access.targets:
                body["targets"] = _groups(self.access.targets)
        else:  # 3.1: business logic alone writes targets
            body = {"objectType": "VEN_VEN_REQUEST", **body}
        return Request(Role.VENS, "POST", "/vens", body=body)


def _listing(revision: Revision, ven_id: str) -> Listing:
    if revision is Revision.OPENADR_3_0:
        return Listing(Role.RESOURCES, f"/vens/{_segment(ven_id)}/resources")
    return Listing(Role.RESOURCES, "/resources", (("venID", ven_id),))


def _object(item: bytes) -> dict[str, Json] | None:
    """Return an object that has an id, None where an item of a list is none."""
    try:
        value = parsed(item)
    except DocumentError:
        return None
    named = isinstance(value, dict) and isinstance(value.get("id"), str | int) and value["id"] != ""
    return value if named else None


def _id(answer: Answer, request: Request) -> str:
    made = _object(answer.body)
    if made is None:
        where = f"{request.method} {request.path}"
        raise DocumentError("was done, and the answer holds no id", where=where)
    return str(made["id"])


def _segment(text: str) -> str:
    """Return an id as part of a path, whatever it holds."""
    return quote(text, safe="")


def _groups(targets: Sequence[str]) -> list[Json]:
    return [{"type": "GROUP", "values": list(targets)}]


def _with(body: dict[str, Json], attributes: Sequence[Json] | None) -> dict[str, Json]:
    return body if attributes is None else {**body, "attributes": list(attributes)}


def _by_type(attributes: Json) -> dict[Json, Json]:
    listed = attributes if isinstance(attributes, list) else []
    return {
        item["type"]: item
        for item in listed
        if isinstance(item, dict) and isinstance(item.get("type"), str)
    }


def _same(there: Json, wanted: Sequence[Mapping[str, Json]]) -> bool:
    """Say whether the attributes that are wanted are there, with these values."""
    known = _by_type(there)
    return all(known.get(item["type"], {}).get("values") == item.get("values") for item in wanted)


def _others(there: Json, wanted: Sequence[Mapping[str, Json]]) -> list[Json]:
    """Return the attributes that somebody else gave."""
    mine = {item["type"] for item in wanted}
    return [item for kind, item in _by_type(there).items() if kind not in mine]
