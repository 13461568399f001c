"""The subscriptions of one VEN, without I/O: listed, taken back where they are none of today's, made.

    LIST ──> TAKE BACK ──> MAKE ──> over
     ^                      │
     └── 409, other form ───┘

Each step can be repeated: what may or may not have been done is looked up first. A subscription of an
earlier run is made anew, for its bearer token was that run's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from urllib.parse import quote

from gateway.protocols.openadr_http import Answer, Json, Request, Role
from gateway.protocols.openadr_listing import Listing
from gateway.protocols.openadr_problem import parsed, problem_of, trouble_of
from translators.canonical.commands import Revision
from translators.errors import DocumentError

_MOST = 100
_GONE = frozenset({404, 410})
_BAD_REQUEST, _CONFLICT = 400, 409
_OBJECTS = ("EVENT", "PROGRAM")
_CRUD = ("CREATE", "UPDATE", "DELETE")
_HTTP = ("POST", "PUT", "DELETE")


@dataclass(frozen=True, slots=True)
class Callback:
    """Where a VTN says that something changed, with the token that it shows; no address for nowhere."""

    url: str = ""
    token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Watched:
    """What is to be told: changes of these programs, all where `every`, and what names these targets."""

    revision: Revision
    programs: tuple[str, ...]
    every: bool
    targets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Key:
    """One subscription: a program, empty for all, and a target, empty for what is not targeted."""

    program: str
    target: str


@dataclass(frozen=True, slots=True)
class _Form:
    """How subscriptions are written: which verbs, and whether each names a program."""

    verbs: tuple[str, ...]
    each: bool


_FORMS: Mapping[Revision, tuple[_Form, ...]] = {
    # Two editions of the 3.0.1 definition are about, with either verbs.
    Revision.OPENADR_3_0: (_Form(_HTTP, each=True), _Form(_CRUD, each=True)),
    Revision.OPENADR_3_1: (
        _Form(_CRUD, each=False),
        _Form(_CRUD, each=True),
        _Form(_HTTP, each=True),
    ),
}


class _Stage(Enum):
    """How far a round is."""

    LIST = "what there is"
    TAKE_BACK = "what is none of today's"
    MAKE = "what is missing"


class Subscriptions:
    """The subscriptions that bear `name` and lead to our callback, or to the one of an earlier run."""

    def __init__(self, name: str, callback: Callback, earlier: str = "") -> None:
        """Ask nothing before `begin`."""
        self._name, self._callback, self._earlier = name, callback, earlier
        self._list = Listing(Role.SUBSCRIPTIONS, "/subscriptions", (("clientName", name),))
        self._watched: Watched | None = None
        self._stage = _Stage.LIST
        self._made: dict[_Key, str] = {}
        self._form = 0
        self._old: list[str] = []
        self._conflicts: set[_Key] = set()
        self._over = False
        self.notes: list[str] = []
        """What of the round does not work, for people."""

    @property
    def callback(self) -> str:
        """Return the address that subscriptions may lead to; it has to be known to the next run."""
        return self._callback.url or self._earlier

    def begin(self, watched: Watched | None) -> None:
        """Begin a round; None takes back whatever is there."""
        self._watched, self.notes, self._conflicts, self._over = watched, [], set(), False
        self._form = min(self._form, max(len(self._forms()) - 1, 0))
        self.again()

    def again(self) -> None:
        """Look again at what there is, and go on from there."""
        self._list.begin()
        self._stage, self._old = _Stage.LIST, []

    def request(self) -> Request | None:
        """Return what the round asks next, None where it is over."""
        if self._over:
            return None
        if self._stage is _Stage.LIST:
            asked = self._earlier or self._desired() or self._made
            return self._list.request() if asked else None
        if self._old:
            path = f"/subscriptions/{quote(self._old[0], safe='')}"
            return Request(Role.SUBSCRIPTIONS, "DELETE", path)
        missing = self._missing()
        if missing:
            return Request(
                Role.SUBSCRIPTIONS, "POST", "/subscriptions", body=self._body(missing[0])
            )
        return None

    def take(self, request: Request, answer: Answer) -> None:
        """Go on with the round by what came; `DocumentError` where it has to be tried again."""
        match request.method:
            case "GET":
                self._listed(answer)
            case "DELETE":
                self._taken_back(answer)
            case _:
                self._was_made(answer)

    def unlisted(self, problem: str) -> None:
        """Go on without the list: what this run made is taken to be there."""
        self.notes.append(f"subscriptions cannot be listed: {problem}")
        wanted = self._desired()
        self._made = {key: id_ for key, id_ in self._made.items() if key in wanted}
        self._stage = _Stage.TAKE_BACK

    def _listed(self, answer: Answer) -> None:
        if answer.status != _BAD_REQUEST and not answer.ok:
            trouble_of(answer, "/subscriptions")
            self.unlisted(problem_of(answer))
            return
        if not self._list.answered(answer):
            return
        found = {id_: body for item in self._list.items for id_, body in self._mine(item)}
        wanted = self._desired()
        self._made = {
            key: id_
            for key, id_ in self._made.items()
            if key in wanted and id_ in found and self._fits(key, found[id_])
        }
        current = set(self._made.values())
        self._old = [id_ for id_ in found if id_ not in current]
        self._stage = _Stage.TAKE_BACK
        if not found:
            self._earlier = ""

    def _mine(self, item: bytes) -> list[tuple[str, dict[str, Json]]]:
        """Return an item of the list with its id where it is a subscription of ours."""
        try:
            value = parsed(item)
        except DocumentError:
            return []
        if not isinstance(value, dict) or value.get("clientName") != self._name:
            return []
        known = {self._callback.url, self._earlier} - {""}
        id_ = _id(value)
        return [(id_, value)] if id_ and known.intersection(_callbacks(value)) else []

    def _fits(self, key: _Key, body: dict[str, Json]) -> bool:
        """Say whether a subscription that was made is there still: a VTN may give its id to another."""
        same = self._callback.url in _callbacks(body)
        return same and (body.get("programID") or "") == key.program

    def _taken_back(self, answer: Answer) -> None:
        path = f"/subscriptions/{self._old[0][:40]}"
        trouble_of(answer, path)
        self._old.pop(0)
        if not (answer.ok or answer.status in _GONE):
            self.notes.append(f"{path} stays: {problem_of(answer)}")
        elif not self._old:
            self._earlier = ""

    def _was_made(self, answer: Answer) -> None:
        trouble_of(answer, "POST /subscriptions")
        key = self._missing()[0]
        if answer.ok:
            made = _id(parsed(answer.body))
            if not made:
                raise DocumentError("was made, and the answer holds no id", where="/subscriptions")
            self._made[key] = made
        elif answer.status == _CONFLICT and key not in self._conflicts:
            self._conflicts.add(key)
            self.again()
        elif answer.status == _BAD_REQUEST and self._form + 1 < len(self._forms()):
            self._form += 1
            self.again()
        else:
            self.notes.append(f"no subscription: {problem_of(answer)}")
            self._form, self._over = 0, True

    def _forms(self) -> tuple[_Form, ...]:
        if self._watched is None:
            return ()
        forms = _FORMS[self._watched.revision]
        return forms if self._watched.every else tuple(one for one in forms if one.each)

    def _desired(self) -> list[_Key]:
        """Return the subscriptions that are wanted now."""
        if self._watched is None or not self._callback.url:
            return []
        programs = self._watched.programs if self._forms()[self._form].each else ("",)
        targets = ("", *self._watched.targets)
        return [_Key(one, target) for one in programs for target in targets][:_MOST]

    def _missing(self) -> list[_Key]:
        return [key for key in self._desired() if key not in self._made]

    def _body(self, key: _Key) -> dict[str, Json]:
        if self._watched is None:
            return {}
        operations = {
            "objects": list(_OBJECTS),
            "operations": list(self._forms()[self._form].verbs),
            "callbackUrl": self._callback.url,
            "bearerToken": self._callback.token,
        }
        body: dict[str, Json] = {"clientName": self._name, "objectOperations": [operations]}
        if key.program:
            body["programID"] = key.program
        if key.target:
            old = self._watched.revision is Revision.OPENADR_3_0
            group = {"type": "GROUP", "values": [key.target]}
            body["targets"] = [group] if old else [key.target]
        return body


def _id(value: Json) -> str:
    """Return the id of an object, "" where it has none."""
    id_ = value.get("id") if isinstance(value, dict) else None
    return str(id_) if isinstance(id_, str | int) and not isinstance(id_, bool) else ""


def _callbacks(value: dict[str, Json]) -> list[str]:
    listed = value.get("objectOperations")
    parts = [part for part in listed if isinstance(part, dict)] if isinstance(listed, list) else []
    return [url for part in parts if isinstance(url := part.get("callbackUrl"), str)]
