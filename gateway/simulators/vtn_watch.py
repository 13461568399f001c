"""What a simulated VTN notices about its clients: each complaint once, with how often it came."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from gateway.simulators.vtn_http import Request
from gateway.simulators.vtn_world import METADATA, Body, Entry, Kind, World

_MOST_TOKENS = 4
"""Good tokens of one client at once: those of as many starts of it."""
_JSON = frozenset({"application/json", "application/*", "*/*"})
_QUERIES = {
    "3.0": frozenset({"targetType", "targetValues"}),
    "3.1": frozenset({"targets", "active", "venID", "clientID"}),
}
_LISTED = frozenset(
    ["skip", "limit", "programID", "eventID", "clientName", "venName", "resourceName", "objects"]
)


@dataclass(slots=True)
class Watch:
    """Remembers what each client sent and was shown."""

    world: World
    counted: Counter[str] = field(default_factory=Counter)
    """Every complaint, in the order in which they came first."""
    _polled: dict[tuple[str, str, str], float] = field(default_factory=dict)
    _not_before: dict[str, float] = field(default_factory=dict)
    _shown: dict[tuple[str, Kind, str], int] = field(default_factory=dict)
    _conflicts: set[tuple[str, Kind, str]] = field(default_factory=set)

    def complain(self, client: str, request: Request, text: str) -> None:
        """Note what a client did against the specification."""
        who = client or "somebody"
        self.counted[f"{who} {request.method} {request.path}: {text}"] += 1

    def changed(self) -> None:
        """Excuse the polls that come next: clients may have been told of a change."""
        self._polled.clear()

    def request(self, client: str, request: Request) -> None:
        """Look at what every request has: how soon it comes, Accept, its query."""
        self._accept(client, request)
        now = self.world.now()
        if now < self._not_before.get(client, now):
            self.complain(client, request, "comes before Retry-After is over")
        if request.method != "GET":
            return
        for name in sorted(set(request.query) - _LISTED - _QUERIES[self.world.options.revision]):
            self.complain(client, request, f"the edition knows no query {name}")
        key = (client, request.path, repr(sorted(request.query.items())))
        least, last = self.world.options.shortest_poll_s, self._polled.get(key)
        if last is not None and least and now - last < least:
            self.complain(client, request, f"polls faster than every {least:g} s")
        self._polled[key] = now

    def retry_after(self, client: str, seconds: float) -> None:
        """Remember that a client was told to wait."""
        self._not_before[client] = self.world.now() + seconds

    def token_given(self, client: str, request: Request, good: int) -> None:
        """Complain of a client that never uses a token again; `good` is how many it has."""
        if good >= _MOST_TOKENS:
            self.complain(client, request, f"has {good} good tokens and uses none of them again")

    def created(self, client: str, request: Request, kind: Kind, body: Body) -> None:
        """Look at an object that is going to be stored."""
        if kind is Kind.REPORT:
            self._report(client, request, body)
        if kind is Kind.SUBSCRIPTION and _without_metadata(body) in self._stored(kind, client):
            self.complain(client, request, "the same subscription is made twice")

    def conflict(self, client: str, request: Request, kind: Kind, name: str) -> None:
        """Note that a name was taken; the first time is how a client finds out."""
        key = (client, kind, name)
        if key in self._conflicts:
            self.complain(client, request, f"creates {name} again after a conflict")
        self._conflicts.add(key)

    def shown(self, client: str, entries: Sequence[Entry]) -> None:
        """Remember which edition of an object a client has seen."""
        for entry in entries:
            self._shown[client, entry.kind, entry.id] = entry.edition

    def replaced(self, client: str, request: Request, entry: Entry, body: Body) -> None:
        """Look at an object that is going to be replaced."""
        seen = self._shown.get((client, entry.kind, entry.id))
        if entry.author != client and seen != entry.edition:
            self.complain(client, request, "replaces what it has not read since it was changed")
        if body.get("id") not in (None, entry.id):
            self.complain(client, request, "the id in the body is another than in the path")

    def _accept(self, client: str, request: Request) -> None:
        accepted = request.headers.get("accept")
        if accepted is None:
            self.complain(client, request, "no Accept")
        elif not admits_json(accepted):
            self.complain(client, request, f"Accept has no application/json: {accepted}")

    def _report(self, client: str, request: Request, body: Body) -> None:
        stored, sent = self._stored(Kind.REPORT, client), _without_metadata(body)
        names = ("eventID", "clientName", "reportName")
        if sent in stored:
            self.complain(client, request, "the same report is filed twice")
        elif body.get("reportName") and any(
            all(item.get(name) == body.get(name) for name in names) for item in stored
        ):
            name = f"{body['reportName']} of event {body['eventID']}"
            self.complain(client, request, f"report {name} is there already")
        resources = self.world.entries(Kind.RESOURCE)
        own = {str(it.body["resourceName"]) for it in resources if it.client == client}
        for item in body["resources"]:
            if own and item.get("resourceName") not in own | {"AGGREGATED_REPORT"}:
                name = item.get("resourceName")
                self.complain(client, request, f"{name} is no resource of this VEN")

    def _stored(self, kind: Kind, client: str) -> list[Body]:
        return [item.body for item in self.world.entries(kind) if item.client == client]


def admits_json(accepted: str) -> bool:
    """Say whether a header Accept lets JSON be sent."""
    return any(part.split(";")[0].strip() in _JSON for part in accepted.split(","))


def _without_metadata(body: Body) -> Body:
    return {key: value for key, value in body.items() if key not in METADATA}
