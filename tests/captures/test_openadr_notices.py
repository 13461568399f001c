"""Every notification of the recorded VTNs is understood as it came, and their offers are read as they are."""

import json
from collections import Counter

import pytest

from gateway.protocols.openadr_http import Answer
from gateway.protocols.openadr_notice import notice_of
from gateway.protocols.openadr_notifiers import Broker, Place, offer_of, topics_of
from translators.errors import DocumentError

NOTICES = {
    # folder: (by webhook, of which about events, by MQTT)
    "vtn-reference-3.1.0-mqtt": (25, 25, 100),
    "vtn-reference-3.1.0-main": (25, 25, 0),
    "vtn-reference-3.0.1": (24, 24, 0),
}
TOPICS = {
    "programs": ("programs/+",),
    "programs/0": ("programs/0/+",),
    "programs/0/events": ("events/programs/0/+",),
    "vens/0/events": ("events/vens/0/+",),
    "vens/0/programs": ("programs/vens/0/+",),
    "vens/0/resources": ("resources/vens/0/+",),
}


@pytest.fixture
def folder(captures):
    return captures / "openadr"


def bodies(folder, name, kind, member):
    for item in json.loads((folder / name / "index.json").read_text())["exchanges"]:
        if item["kind"] == kind and item.get(member):
            yield item, (folder / name / item[member]).read_bytes()


@pytest.mark.parametrize("name", NOTICES)
def test_every_notification_says_what_it_is_about(folder, name):
    called = [
        notice_of(body) for _, body in bodies(folder, name, "webhook_received", "request_body")
    ]
    heard = [
        notice_of(body) for _, body in bodies(folder, name, "mqtt_message_received", "payload")
    ]
    events = Counter(it.kind for it in called)["EVENT"]
    assert (len(called), events, len(heard)) == NOTICES[name]
    assert {it.verb for it in called + heard} == {"CREATE", "UPDATE", "DELETE"}
    assert all(it.id and it.program for it in called)
    assert all(it.concerns(None) for it in called)


def offered(folder, name):
    for item, body in bodies(folder, name, "ven_request", "response_body"):
        path = item["path"].partition("/notifiers")[2]
        if "/notifiers" in item["path"] and item["status"] == 200:
            yield path.removeprefix("/mqtt/topics/"), Answer(200, body=body)


def test_the_broker_and_its_topics_are_those_that_were_named(folder):
    found = dict(offered(folder, "vtn-reference-3.1.0-mqtt"))
    offer = offer_of(found.pop(""), "ven_client", plain=True)
    assert offer.broker == Broker((Place("127.0.0.1", 1883, tls=False),))
    assert {path: topics_of(answer) for path, answer in found.items()} == TOPICS


def test_a_vtn_without_a_broker_names_none_whatever_else_it_says(folder):
    found = dict(offered(folder, "vtn-reference-3.1.0-main"))
    assert offer_of(found.pop(""), "ven_client", plain=True).broker is None
    assert set(found) == {"vens/0/events", "vens/0/programs"}
    for answer in found.values():
        with pytest.raises(DocumentError, match="names no topics"):
            topics_of(answer)
