"""A session against what three real VTNs answered: every list, in the order in which it was served."""

import json
from datetime import UTC, datetime

import pytest

from gateway.protocols.openadr_access import Auth, Client
from gateway.protocols.openadr_changes import EventServed
from gateway.protocols.openadr_http import Answer, Role
from gateway.protocols.openadr_problem import items_of, problem_of
from gateway.protocols.openadr_token import Tokens
from gateway.protocols.openadr_ven import Ven
from support.openadr_ven import an_access, removed, served, states
from translators.errors import DocumentError

FOLDERS = {
    # folder: (base path, events in the first full list, events in the last, removed on the way)
    "vtn-reference-3.0.1": ("/openadr3/3.0.1", 15, 23, ["0"]),
    "vtn-reference-3.1.0-main": ("/openadr3/3.1.0", 14, 23, ["0"]),
    "vtn-reference-3.1.0-mqtt": ("/openadr3/3.1.0", 14, 23, ["0"]),
}


@pytest.fixture
def folder(captures):
    return captures / "openadr"


def exchanges(folder, name):
    for item in json.loads((folder / name / "index.json").read_text())["exchanges"]:
        if item["kind"] == "ven_request":
            yield item, answer_of(folder / name, item)


def answer_of(folder, item):
    body = (folder / item["response_body"]).read_bytes() if item.get("response_body") else b""
    headers = {key.lower(): value for key, value in item["response_headers"].items()}
    return Answer(item["status"], headers, body)


def replayed(folder, name, base):
    """Yield what each list of events changed that a VEN was given whole."""
    ven = Ven(an_access(url=f"https://vtn.example{base}", revision=None))
    programs, now = b"[]", 0.0
    for item, answer in exchanges(folder, name):
        if item["path"] == f"{base}/programs" and answer.ok and item["client"] == "VEN":
            programs = answer.body
        if item["path"] != f"{base}/events" or item["client"] != "VEN" or not answer.ok:
            continue
        now, found = now + 400, []
        while (request := ven.due(now)) is not None:
            listed = programs if request.role is Role.PROGRAMS else answer.body
            skip = int(dict(request.query)["skip"])
            page = [item.raw for item in items_of(listed)[skip : skip + 50]]
            body = b"[" + b",".join(page) + b"]"
            utc = datetime.fromtimestamp(item["t"], UTC)
            found += ven.answered(request, Answer(200, answer.headers, body), now, utc, 0.5)
        yield found, ven


@pytest.mark.parametrize("name", FOLDERS)
def test_a_session_follows_what_was_served(folder, name):
    base, first, last, gone = FOLDERS[name]
    empty, full, end = [(found, ven) for found, ven in replayed(folder, name, base)]
    assert served(empty[0]) == []
    assert states(empty[0]) == [(True, "")]
    assert len(served(full[0])) == first
    assert removed(end[0]) == gone
    assert len(end[1].held) == last
    held = [it.held for it in full[0] if isinstance(it, EventServed)]
    assert not [it for it in held if isinstance(it.event, DocumentError)]


def test_a_ven_without_targets_gets_each_event_once(folder):
    name, base = "vtn-reference-3.1.0-mqtt", "/openadr3/3.1.0"
    body = next(
        answer.body
        for item, answer in exchanges(folder, name)
        if item["client"] == "VEN2" and item["path"] == f"{base}/events"
    )
    ven = Ven(an_access(url=f"https://vtn.example{base}"))
    found = []
    for _ in range(4):
        request = ven.due(0.0)
        if request is None:
            break
        some = body if request.role is Role.EVENTS and ("skip", "0") in request.query else b"[]"
        found += ven.answered(
            request, Answer(200, {}, some), 0.0, datetime(2026, 11, 22, tzinfo=UTC), 0.5
        )
    assert sorted(map(int, served(found))) == list(range(15))


@pytest.mark.parametrize("name", FOLDERS)
def test_every_problem_has_its_words(folder, name):
    said = {problem_of(answer) for _, answer in exchanges(folder, name) if not answer.ok}
    assert "HTTP 404: object Storage issue" in said
    assert "HTTP 403: Forbidden: Provided token is invalid" in said
    assert "HTTP 409" in said
    assert all(words.startswith("HTTP 4") for words in said)


@pytest.mark.parametrize("name", FOLDERS)
def test_tokens_are_taken_as_they_were_given(folder, name):
    base = FOLDERS[name][0]
    tokens = Tokens(Client(Auth.POST, "ven_client", "s"), f"http://127.0.0.1{base}")
    recorded = [(item["path"], answer) for item, answer in exchanges(folder, name)]
    while (request := tokens.request(0.0)) is not None:
        wanted = "/auth/server" if request.role is Role.DISCOVERY else "/auth/token"
        answer = next((it for path, it in recorded if path == base + wanted), Answer(404))
        tokens.answered(request, answer, 0.0)
    assert tokens.bearer == "<ACCESS_TOKEN>"
    assert "read_all" in tokens.scopes
    assert tokens.request(1e9) is None  # no expires_in: until it is refused
