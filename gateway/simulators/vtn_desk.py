"""A simulated VTN without its socket: a request in, an answer out, by the specification."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import NoReturn

from gateway.simulators.vtn_access import Viewer, conflict, listed, readable, rendered
from gateway.simulators.vtn_http import RefusedError, Reply, Request, number
from gateway.simulators.vtn_options import Options
from gateway.simulators.vtn_quirks import Quirk
from gateway.simulators.vtn_schema import CRUD_VERBS, HTTP_VERBS, Edition, faults
from gateway.simulators.vtn_tokens import Holder, Tokens
from gateway.simulators.vtn_topics import named_topics, notifiers
from gateway.simulators.vtn_watch import Watch, admits_json
from gateway.simulators.vtn_world import NAMES, Body, Entry, Kind, World

KINDS: Mapping[str, Kind] = {f"{kind.lower()}s": kind for kind in Kind}
_REFERENCES: Mapping[Kind, tuple[tuple[str, Kind], ...]] = {
    Kind.EVENT: (("programID", Kind.PROGRAM),),
    Kind.REPORT: (("eventID", Kind.EVENT), ("programID", Kind.PROGRAM)),
    Kind.SUBSCRIPTION: (("programID", Kind.PROGRAM),),
    Kind.RESOURCE: (("venID", Kind.VEN),),
}
_VEN_OBJECTS = (Kind.VEN, Kind.RESOURCE)
"""What 3.1 tells apart by who writes it; only the business logic writes their targets."""
_ID = re.compile(r"[a-zA-Z0-9_-]{1,128}")


class Desk:
    """Answers requests on a world."""

    def __init__(self, world: World) -> None:
        """Know no client yet."""
        self.world = world
        self.watch = Watch(world)
        self.tokens = Tokens(world, self.watch)

    def answer(self, request: Request) -> tuple[Reply, str, str]:
        """Return the answer, the client, and why it was refused (empty where it was not)."""
        client = ""
        try:
            if request.path == "/auth/token" and request.method == "POST":
                return self.tokens.answer(request), "", ""
            if request.path == "/auth/server" and self._options.revision == "3.1":
                return self._server(request), "", ""
            holder = self.tokens.holder(request)
            client = holder.client
            self.watch.request(client, request)
            if request.path.startswith("/notifiers") and self._options.revision == "3.1":
                return self._notifiers(request, holder), client, ""
            return self._carried_out(request, holder), client, ""
        except RefusedError as exc:
            if exc.status in (400, 406, 415):
                self.watch.complain(client, request, exc.detail)
            return self.problem(exc), client, exc.detail

    def told_to_wait(self, request: Request, seconds: float) -> None:
        """Remember that whoever asks got Retry-After instead of an answer."""
        with suppress(RefusedError):
            self.watch.retry_after(self.tokens.holder(request).client, seconds)

    @property
    def _options(self) -> Options:
        return self.world.options

    @property
    def _edition(self) -> Edition:
        verbs = CRUD_VERBS if self._options.crud_verbs else HTTP_VERBS
        return Edition(self._options.revision == "3.1", verbs)

    def _server(self, request: Request) -> Reply:
        host = request.headers.get("host", "")
        return Reply(200, {"tokenURL": f"{request.scheme}://{host}{self._options.base}/auth/token"})

    def _notifiers(self, request: Request, holder: Holder) -> Reply:
        if request.method != "GET":
            raise RefusedError(405, "Method Not Allowed")
        match [part for part in request.path.split("/") if part]:
            case ["notifiers"]:
                if not {"read_all", "read_bl"} & holder.scopes:
                    raise RefusedError(403, "Forbidden", "the token has no scope read_all")
                return Reply(200, notifiers(self.world))
            case ["notifiers", "mqtt", "topics", *parts] if self._options.broker:
                return Reply(200, named_topics(self.world, holder, parts))
            case _:
                raise RefusedError(404, "Not Found")

    def _carried_out(self, request: Request, holder: Holder) -> Reply:
        strict = self._options.strict
        if strict and not admits_json(request.headers.get("accept", "*/*")):
            raise RefusedError(406, "Not Acceptable", "only application/json is served")
        kind, owner, identity = self._place(request.path)
        self._allow(request, holder, kind)
        viewer = Viewer(holder.client, holder.business)
        if not identity:
            return self._collection(request, viewer, kind, owner)
        if strict and _ID.fullmatch(identity) is None:
            raise RefusedError(400, "Bad Request", f"{identity!r} is no objectID")
        entry = self._entry(viewer, kind, identity)
        if owner and entry.body.get("venID") != owner:
            raise RefusedError(404, "Not Found")
        return self._single(request, viewer, entry, owner)

    def _place(self, path: str) -> tuple[Kind, str, str]:
        """Return what a path names: a kind, the ven that it hangs on (3.0.1), an id; the rest empty."""
        old = self._options.revision == "3.0"
        match [part for part in path.split("/") if part]:
            case ["vens", owner, "resources", *rest] if old and self.world.find(Kind.VEN, owner):
                kind = Kind.RESOURCE
            case [name, *rest] if name in KINDS and not (old and name == "resources"):
                kind, owner = KINDS[name], ""
            case _:
                raise RefusedError(404, "Not Found")
        if len(rest) > 1:
            raise RefusedError(404, "Not Found")
        return kind, owner, rest[0] if rest else ""

    def _allow(self, request: Request, holder: Holder, kind: Kind) -> None:
        """Refuse what the scopes of a token do not cover."""
        needed = {_writing(kind)}
        if request.method == "GET":
            needed = {"read_all"}
            if self._options.revision == "3.1":
                shared = kind in (Kind.PROGRAM, Kind.EVENT)
                needed |= {"read_bl", "read_targets" if shared else "read_ven_objects"}
        if not needed & holder.scopes:
            text = f"the token has no scope {' or '.join(sorted(needed))}"
            raise RefusedError(403, "Forbidden", text)

    def _collection(self, request: Request, viewer: Viewer, kind: Kind, owner: str) -> Reply:
        if request.method == "POST":
            return self._create(request, viewer, kind, owner)
        if request.method != "GET":
            raise RefusedError(405, "Method Not Allowed")
        query = {**request.query, **({"venID": [owner]} if owner else {})}
        skip, limit = number(query, "skip", 0), number(query, "limit", self._options.page_size)
        if limit > 50:
            raise RefusedError(400, "Bad Request", f"{limit} is greater than the maximum of 50")
        found = listed(self.world, viewer, kind, query)
        page = found[skip : skip + min(limit, self._options.page_size)]
        self.watch.shown(viewer.client, page)
        return Reply(200, [rendered(self.world, item) for item in page])

    def _create(self, request: Request, viewer: Viewer, kind: Kind, owner: str) -> Reply:
        body = self._body(request, viewer, kind)
        if owner:
            body["venID"] = owner
        if conflict(self.world, kind, body):
            self.watch.conflict(viewer.client, request, kind, body[NAMES[kind]])
            raise RefusedError(409, "Conflict", f"the name of this {kind} is taken")
        self.watch.created(viewer.client, request, kind, body)
        client = str(body.get("clientID", "")) if viewer.business else viewer.client
        if self._grants(viewer, kind):
            body = {key: value for key, value in body.items() if key != "targets"}
        embedded = body.pop("resources", None) if kind is Kind.VEN else None
        entry = self.world.create(kind, body, client)
        for resource in (not self._edition.new and embedded) or ():
            self.world.create(Kind.RESOURCE, {**resource, "venID": entry.id}, client)
        self.watch.shown(viewer.client, [entry])
        return Reply(201, rendered(self.world, entry))

    def _single(self, request: Request, viewer: Viewer, entry: Entry, owner: str) -> Reply:
        if request.method not in ("GET", "PUT", "DELETE"):
            raise RefusedError(405, "Method Not Allowed")
        if request.method != "GET" and not viewer.business and entry.client != viewer.client:
            raise RefusedError(403, "Forbidden", "the object belongs to another client")
        if request.method == "PUT":
            self._replace(request, viewer, entry, owner)
        elif request.method == "DELETE":
            self.world.remove(entry)
        self.watch.shown(viewer.client, [entry])
        return Reply(200, rendered(self.world, entry))

    def _replace(self, request: Request, viewer: Viewer, entry: Entry, owner: str) -> None:
        body = self._body(request, viewer, entry.kind)
        if owner:
            body["venID"] = owner
        if conflict(self.world, entry.kind, body, entry):
            raise RefusedError(409, "Conflict", f"the name of this {entry.kind} is taken")
        self.watch.replaced(viewer.client, request, entry, body)
        if entry.kind is Kind.VEN:
            body.pop("resources", None)  # 3.0.1: they are replaced each for itself
        if self._grants(viewer, entry.kind):
            body |= {"targets": entry.body.get("targets", [])}
        self.world.replace(entry, body, viewer.client)

    def _grants(self, viewer: Viewer, kind: Kind) -> bool:
        """Say whether targets are not this client's to write."""
        return self._options.revision == "3.1" and not viewer.business and kind in _VEN_OBJECTS

    def _entry(self, viewer: Viewer, kind: Kind, identity: str) -> Entry:
        entry = self.world.find(kind, identity)
        if entry is None or not readable(self.world, viewer, entry):
            raise RefusedError(404, "Not Found")
        return entry

    def _body(self, request: Request, viewer: Viewer, kind: Kind) -> Body:
        """Return the body of a write that keeps the schema; RefusedError where it does not."""
        media = request.headers.get("content-type", "").partition(";")[0].strip()
        if media != "application/json":
            self._tolerate(viewer, request, "Content-Type is not application/json", 415)
        body = _object(request)
        for fault in faults(kind, body, self._edition):
            if fault.grave:
                raise RefusedError(400, "Bad Request", fault.text)
            self._tolerate(viewer, request, fault.text)
        self._object_type(request, viewer, kind, body)
        for key, other in _REFERENCES.get(kind, ()):
            foreign = kind is Kind.REPORT and key == "programID" and self._edition.new
            if body.get(key) is None or foreign:
                continue
            if self.world.find(other, body[key]) is None:
                raise RefusedError(400, "Bad Request", f"{key} does not refer to an object")
        return body

    def _object_type(self, request: Request, viewer: Viewer, kind: Kind, body: Body) -> None:
        """Check who an object says that it comes from, and the members that this opens."""
        told = body.get("objectType")
        if not self._grants(viewer, kind):
            business = self._options.revision == "3.1" and kind in _VEN_OBJECTS
            wanted = f"BL_{kind}_REQUEST" if business else str(kind)
            if told != wanted and (business or told is not None):
                self._tolerate(viewer, request, f"objectType is not {wanted}")
            return
        if told != f"VEN_{kind}_REQUEST":
            self._tolerate(viewer, request, f"objectType is not VEN_{kind}_REQUEST")
        if body.get("targets"):
            self._tolerate(viewer, request, "only the business logic writes targets")

    def _tolerate(self, viewer: Viewer, request: Request, text: str, status: int = 400) -> None:
        """Complain of what a strict VTN refuses, and refuse it where this one is."""
        if self._options.strict:
            title = "Bad Request" if status == 400 else "Unsupported Media Type"
            raise RefusedError(status, title, text)
        self.watch.complain(viewer.client, request, text)

    def problem(self, exc: RefusedError) -> Reply:
        """Return how a refusal is said."""
        if exc.status == 409 and self._options.has(Quirk.EMPTY_CONFLICT):
            return Reply(409, [])
        body: Body = {"title": exc.title, "status": exc.status}
        if self._options.has(Quirk.BARE_PROBLEMS):
            return Reply(exc.status, body)
        body |= {"type": "about:blank", "detail": exc.detail}
        return Reply(exc.status, body, "application/problem+json")


def _writing(kind: Kind) -> str:
    """Return the scope that a write of such an object needs."""
    return "write_vens" if kind is Kind.RESOURCE else f"write_{kind.lower()}s"


def _object(request: Request) -> Body:
    try:
        body = json.loads(request.body, parse_constant=_no_number)
    except ValueError as exc:
        raise RefusedError(400, "Bad Request", "the body is no JSON") from exc
    if not isinstance(body, dict):
        raise RefusedError(400, "Bad Request", "the body is no object")
    return body


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number of JSON")
