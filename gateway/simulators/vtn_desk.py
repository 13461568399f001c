"""A simulated VTN without its socket: a request in, an answer out, by the specification."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from gateway.simulators.vtn_access import Query, Viewer, conflict, listed, readable, rendered
from gateway.simulators.vtn_options import BL_SCOPES, VEN_SCOPES, Options
from gateway.simulators.vtn_quirks import Quirk
from gateway.simulators.vtn_world import METADATA, Body, Entry, Kind, World

KINDS: Mapping[str, Kind] = {
    "programs": Kind.PROGRAM,
    "events": Kind.EVENT,
    "reports": Kind.REPORT,
    "subscriptions": Kind.SUBSCRIPTION,
    "vens": Kind.VEN,
    "resources": Kind.RESOURCE,
}
_REQUIRED: Mapping[Kind, tuple[str, ...]] = {
    Kind.PROGRAM: ("programName",),
    Kind.EVENT: ("programID",),
    Kind.REPORT: ("eventID", "clientName", "resources"),
    Kind.SUBSCRIPTION: ("clientName", "objectOperations"),
    Kind.VEN: ("venName",),
    Kind.RESOURCE: ("resourceName", "venID"),
}
_SCOPES = {Kind.RESOURCE: "write_vens"}
_GRANTED = (Kind.VEN, Kind.RESOURCE)  # 3.1: only the business logic writes their targets


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asks; `path` without the base path, names of headers in lower case."""

    method: str
    path: str
    query: Query
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Reply:
    """What it gets."""

    status: int
    body: Any = None
    media: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)


class RefusedError(Exception):
    """The specification has this request refused."""

    def __init__(self, status: int, title: str, detail: str = "") -> None:
        """Keep the parts of the problem."""
        super().__init__(detail or title)
        self.status, self.title, self.detail = status, title, detail or title


@dataclass(slots=True)
class Desk:
    """Answers requests on a world; `tokens` maps each good token to its client and its end."""

    world: World
    tokens: dict[str, tuple[str, float]] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)
    """What VENs sent against the specification, or twice."""

    def answer(self, request: Request) -> tuple[Reply, str, str]:
        """Return the answer, the client, and why it was refused (empty where it was not)."""
        client = ""
        try:
            if request.path == "/auth/token" and request.method == "POST":
                return self._token(request), "", ""
            if request.path == "/auth/server" and self._options.revision == "3.1":
                host = request.headers.get("host", "")
                scheme = request.headers.get("x-scheme", "http")
                return (
                    Reply(200, {"tokenURL": f"{scheme}://{host}{self._options.base}/auth/token"}),
                    "",
                    "",
                )
            client = self._client(request)
            return self._carried_out(request, client), client, ""
        except RefusedError as exc:
            if exc.status == 400:
                self._complain(client, request, exc.detail)
            return self._problem(exc), client, exc.detail

    @property
    def _options(self) -> Options:
        return self.world.options

    def _token(self, request: Request) -> Reply:
        form = {key: values[0] for key, values in parse_qs(request.body.decode()).items()}
        if form.get("grant_type") != "client_credentials":
            return Reply(400, {"error": "unsupported_grant_type"})
        header = request.headers.get("authorization", "")
        name, secret = form.get("client_id", ""), form.get("client_secret", "")
        basic = header.startswith("Basic ")
        if (basic and self._options.has(Quirk.POST_ONLY)) or (
            not basic and self._options.has(Quirk.BASIC_ONLY)
        ):
            return Reply(400, {"error": "invalid_request"})
        if basic:
            try:
                name, _, secret = base64.b64decode(header[6:]).decode().partition(":")
            except ValueError:
                return Reply(400, {"error": "invalid_request"})
        account = self._options.accounts.get(name)
        if account is None or account.secret != secret:
            return Reply(401, {"error": "invalid_client"})
        token = secrets.token_hex(16)
        self.tokens[token] = (name, self.world.now() + self._options.token_s)
        scopes = self._scopes(name)
        body: Body = {"access_token": token, "token_type": "Bearer"}
        body["scope"] = list(scopes) if self._options.has(Quirk.SCOPE_LIST) else " ".join(scopes)
        if not self._options.has(Quirk.NO_EXPIRES_IN):
            body["expires_in"] = int(self._options.token_s)
        return Reply(200, body)

    def _scopes(self, client: str) -> tuple[str, ...]:
        account = self._options.accounts.get(client)
        if account is None:
            return VEN_SCOPES[self._options.revision]
        own = BL_SCOPES if account.business else VEN_SCOPES[self._options.revision]
        return account.scopes or own

    def _client(self, request: Request) -> str:
        if self._options.open:
            return ""
        header = request.headers.get("authorization", "")
        old = self._options.revision == "3.0" or self._options.has(Quirk.BAD_TOKEN_403)
        if not header:
            raise RefusedError(401, "Unauthorized", "no token")
        client, end = self.tokens.get(header.removeprefix("Bearer "), ("", 0.0))
        if end <= self.world.now():
            raise RefusedError(403 if old else 401, "Forbidden", "the token is not good")
        return client

    def _carried_out(self, request: Request, client: str) -> Reply:
        parts = [part for part in request.path.split("/") if part]
        owner = ""
        if len(parts) > 2 and parts[0] == "vens" and parts[2] == "resources":
            if self._options.revision == "3.1":
                raise RefusedError(404, "Not Found")
            owner, parts = parts[1], parts[2:]
        if not parts or parts[0] not in KINDS or len(parts) > 2:
            raise RefusedError(404, "Not Found")
        kind = KINDS[parts[0]]
        if request.method != "GET":
            scope = _SCOPES.get(kind, f"write_{parts[0]}")
            if scope not in self._scopes(client):
                raise RefusedError(403, "Forbidden", f"the token has no scope {scope}")
        account = self._options.accounts.get(client)
        viewer = Viewer(client, business=account is not None and account.business)
        if len(parts) == 1:
            return self._collection(request, viewer, kind, owner)
        return self._single(request, viewer, self._entry(viewer, kind, parts[1]))

    def _collection(self, request: Request, viewer: Viewer, kind: Kind, owner: str) -> Reply:
        if request.method == "POST":
            body = _object(request)
            self._look(request, viewer, kind, body)
            return self._create(viewer, kind, body, owner)
        if request.method != "GET":
            raise RefusedError(405, "Method Not Allowed")
        query = {**request.query, **({"venID": [owner]} if owner else {})}
        skip, limit = _number(query, "skip", 0), _number(query, "limit", self._options.page_size)
        if limit > 50:
            raise RefusedError(400, "Bad Request", f"{limit} is greater than the maximum of 50")
        found = listed(self.world, viewer, kind, query)
        page = found[skip : skip + min(limit, self._options.page_size)]
        return Reply(200, [rendered(self.world, item) for item in page])

    def _create(self, viewer: Viewer, kind: Kind, body: Body, owner: str) -> Reply:
        if owner:
            body["venID"] = owner
        self._check(kind, body)
        if conflict(self.world, kind, body):
            raise RefusedError(409, "Conflict", f"the name of this {kind} is taken")
        client = str(body.get("clientID", "")) if viewer.business else viewer.client
        if self._options.revision == "3.1" and not viewer.business and kind in _GRANTED:
            body = {key: value for key, value in body.items() if key != "targets"}
        entry = self.world.create(kind, body, client)
        return Reply(201, rendered(self.world, entry))

    def _look(self, request: Request, viewer: Viewer, kind: Kind, body: Body) -> None:
        """Complain of what is stored all the same."""
        sent = {key: value for key, value in body.items() if key not in METADATA}
        stored = [it.body for it in self.world.entries(kind) if it.client == viewer.client]
        if kind is Kind.REPORT and sent in stored:
            self._complain(viewer.client, request, "the same report is filed twice")
        new = self._options.revision == "3.1" and not viewer.business
        if new and kind in _GRANTED:
            if body.get("objectType") != f"VEN_{kind}_REQUEST":
                self._complain(viewer.client, request, f"objectType is not VEN_{kind}_REQUEST")
            if body.get("targets"):
                self._complain(viewer.client, request, "only the business logic writes targets")

    def _complain(self, client: str, request: Request, text: str) -> None:
        self.complaints.append(f"{client} {request.method} {request.path}: {text}")

    def _single(self, request: Request, viewer: Viewer, entry: Entry) -> Reply:
        if request.method == "PUT":
            body = _object(request)
            self._check(entry.kind, body)
            if not viewer.business and self._options.revision == "3.1" and entry.kind in _GRANTED:
                body = {**body, "targets": entry.body.get("targets", [])}
            self.world.replace(entry, body)
        elif request.method == "DELETE":
            self.world.remove(entry)
        elif request.method != "GET":
            raise RefusedError(405, "Method Not Allowed")
        return Reply(200, rendered(self.world, entry))

    def _entry(self, viewer: Viewer, kind: Kind, identity: str) -> Entry:
        entry = self.world.find(kind, identity)
        if entry is None or not readable(self.world, viewer, entry):
            raise RefusedError(404, "Not Found")
        return entry

    def _check(self, kind: Kind, body: Body) -> None:
        required = _REQUIRED[kind]
        if self._options.revision == "3.0" and kind in (Kind.REPORT, Kind.SUBSCRIPTION):
            required = ("programID", *required)
        for key in required:
            if key not in body:
                raise RefusedError(400, "Bad Request", f"'{key}' is a required property")
        links = ((Kind.EVENT, "programID", Kind.PROGRAM), (Kind.REPORT, "eventID", Kind.EVENT))
        for held, key, other in (*links, (Kind.RESOURCE, "venID", Kind.VEN)):
            if kind is held and self.world.find(other, str(body[key])) is None:
                raise RefusedError(400, "Bad Request", f"{key} does not refer to an object")

    def _problem(self, exc: RefusedError) -> Reply:
        if exc.status == 409 and self._options.has(Quirk.EMPTY_CONFLICT):
            return Reply(409, [])
        body: Body = {"title": exc.title, "status": exc.status}
        if self._options.has(Quirk.BARE_PROBLEMS):
            return Reply(exc.status, body)
        body |= {"type": "about:blank", "detail": exc.detail}
        return Reply(exc.status, body, "application/problem+json")


def _object(request: Request) -> Body:
    try:
        body = json.loads(request.body)
    except ValueError as exc:
        raise RefusedError(400, "Bad Request", "the body is no JSON") from exc
    if not isinstance(body, dict):
        raise RefusedError(400, "Bad Request", "the body is no object")
    return body


def _number(query: Query, name: str, absent: int) -> int:
    text = query.get(name, (str(absent),))[0]
    if not text.isdecimal():
        raise RefusedError(400, "Bad Request", f"{name} is no number")
    return int(text)
