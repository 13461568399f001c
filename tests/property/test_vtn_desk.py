"""The simulated VTN meets any JSON: it answers, and what it stored can be listed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.simulators.vtn_quirks import Quirk
from gateway.simulators.vtn_topics import topics_of
from gateway.simulators.vtn_world import Kind, Operation, Verb
from support.vtn import REVISIONS, a_client, options

TEXTS = st.sampled_from(
    [
        "",
        "x",
        "program-0",
        "event-0",
        "ven-0",
        "EVENT",
        "PT1H",
        "2026-11-22T12:00:00Z",
        "https://x/",
    ]
)
LEAVES = st.one_of(st.none(), st.booleans(), st.integers(-2, 2**40), st.floats(-9, 9), TEXTS)
KEYS = [
    "id", "objectType", "programID", "programName", "eventID", "clientName", "venName", "venID",
    "resourceName", "resources", "targets", "attributes", "objectOperations", "objects",
    "operations", "callbackUrl", "intervals", "intervalPeriod", "start", "duration", "payloads",
    "type", "values", "payloadDescriptors", "reportDescriptors", "priority", "x", "y",
]  # fmt: skip
JSON = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5)
    ),
    max_leaves=12,
)
BODIES = st.dictionaries(st.sampled_from(KEYS), JSON, max_size=6)
LEAST = {
    "programs": {"programName": "p"},
    "events": {"programID": "program-0", "intervals": []},
    "reports": {"eventID": "event-0", "clientName": "g", "resources": []},
    "subscriptions": {"programID": "program-0", "clientName": "g", "objectOperations": []},
    "vens": {"venName": "g"},
    "resources": {"resourceName": "r", "venID": "ven-0"},
}


def settled(revision, strict, *quirks):
    ven = a_client(options(*quirks, revision=revision, strict=strict))
    program = ven.vtn.add_program("flex")
    ven.vtn.add_event(program)
    ven.vtn.add_resource(ven.vtn.add_ven("gateway"), "cs1")
    return ven


@pytest.mark.parametrize("revision", REVISIONS)
@given(name=st.sampled_from(sorted(LEAST)), body=BODIES, strict=st.booleans(), logic=st.booleans())
def test_any_body_is_stored_or_refused(revision, name, body, strict, logic):
    ven = settled(revision, strict)
    client = ven.other("bl_client") if logic else ven
    path = f"/vens/ven-0/{name}" if (revision, name) == ("3.0", "resources") else f"/{name}"
    given_ = {**LEAST[name], **body}
    reply = client.ask("POST", path, given_)
    assert reply.status in (201, 400, 403, 404, 409)
    if reply.status == 201:
        replaced = client.ask("PUT", f"{path}/{reply.body['id']}", given_)
        assert replaced.status in (200, 409)
        assert replaced.status == 200 or name in ("programs", "vens", "resources")
    assert client.ask("GET", path).status in (200, 403)


@pytest.mark.parametrize("revision", REVISIONS)
@given(body=BODIES)
def test_any_event_of_a_script_is_listed_and_published(revision, body):
    ven = settled(revision, False, Quirk.UNASKED_TARGETS)
    held = {**body, "programID": "program-0"}
    held.pop("id", None)
    event = ven.vtn.create(Kind.EVENT, held)
    for query in ({}, {"active": ["true"]}, {"targets": ["x"], "targetValues": ["x"]}):
        assert ven.ask("GET", "/events", query=query).status == 200
    assert ven.ask("GET", f"/events/{event.id}").status in (200, 404)
    assert topics_of(ven.vtn, Operation(Verb.CREATE, event))[0] == "events/create"
