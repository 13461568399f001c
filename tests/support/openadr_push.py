"""The pushes of a VEN, driven against the desk of a simulated VTN with time as a number."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from gateway.protocols.openadr_http import Answer
from gateway.protocols.openadr_push import Push, Wanted
from gateway.protocols.openadr_subscriptions import Callback
from gateway.simulators.vtn_world import Kind
from support.openadr_ven import an_access
from support.vtn import a_client
from translators.canonical.commands import Revision

HOOK = "https://depot.example/hooks/vtn"
TOKEN = "t0ken"
EPOCH = datetime(2027, 3, 9, 12, tzinfo=UTC)


@dataclass
class APush:
    """`round` asks all that is due; `faults` are answers in place of the VTN's, by path."""

    client: object
    push: Push
    now: float = 0.0
    requests: list = field(default_factory=list)
    faults: dict = field(default_factory=dict)
    kept: list = field(default_factory=list)

    def step(self):
        request = self.push.due(self.now)
        if request is None:
            return False
        self.requests.append(request)
        utc = EPOCH + timedelta(seconds=self.now)
        answer = self.answer(request)
        self.kept += self.push.answered(request, answer, self.now, utc, 0.5)
        return True

    def answer(self, request):
        faults = self.faults.get(f"{request.method} {request.path}")
        fault = faults.pop(0) if faults else None
        if fault is not None:
            return fault if isinstance(fault, Answer) else Answer(fault)
        query = {}
        for name, value in request.query:
            query.setdefault(name, []).append(value)
        reply = self.client.ask(request.method, request.path, request.body, query)
        return Answer(reply.status, body=json.dumps(reply.body).encode())

    def round(self):
        """Ask what is due; return it, each as method and path, pages of one list once."""
        begun = len(self.requests)
        while self.step():
            assert len(self.requests) - begun < 200
        said = [f"{it.method} {it.path}" for it in self.requests[begun:]]
        return [
            it
            for n, it in enumerate(said)
            if it.startswith(("POST", "DELETE")) or it != said[n - 1] or not n
        ]

    def later(self):
        """Pass time until something is due, and ask it."""
        self.now = max(self.now, self.push.wake_at())
        return self.round()

    def subscriptions(self):
        return [entry.body for entry in self.client.vtn.entries(Kind.SUBSCRIPTION)]

    def know(self, *programs, ven_id=""):
        self.push.know(self.revision, programs, ven_id, self.now)

    @property
    def revision(self):
        return Revision(self.client.vtn.options.revision)


def a_push(revision="3.1", *, hook=HOOK, token=TOKEN, kept=None, client=None, how=None, **changes):
    """Return the pushes of a VEN at a VTN, its programs known."""
    wanted = {name: changes.pop(name) for name in ("mqtt", "plain") if name in changes}
    client = client or a_client(how, **({} if how else {"revision": revision}))
    push = Push(an_access(ven="depot", **changes), Wanted(Callback(hook, token), **wanted), kept)
    return APush(client, push)
