"""What a VTN of 3.1 offers: brokers that can be used, and topics that can be asked for."""

import json

import pytest

from gateway.protocols.openadr_http import Answer
from gateway.protocols.openadr_notifiers import (
    Broker,
    BrokerAuth,
    Offer,
    Place,
    offer_of,
    topic_paths,
    topics_of,
)
from translators.errors import DocumentError

TLS = Place("broker.example", 8883, tls=True)


def an_offer(plain=False, client="ven_client", **binding):
    told = {"WEBHOOK": True, "MQTT": {"URIS": ["mqtts://broker.example"], "serialization": "JSON"}}
    told["MQTT"] |= binding
    return offer_of(answer(told), client, plain=plain)


def answer(value):
    return Answer(200, body=json.dumps(value).encode())


@pytest.mark.parametrize(
    ("uri", "place"),
    [
        ("mqtts://broker.example", TLS),
        ("ssl://broker.example:9", Place("broker.example", 9, tls=True)),
        ("mqtt://broker.example", Place("broker.example", 1883, tls=False)),
        ("tcp://[::1]:7", Place("::1", 7, tls=False)),
        ("mqtts://user:secret@broker.example/path", TLS),
    ],
)
def test_a_broker_is_named_by_an_address(uri, place):
    assert an_offer(plain=True, URIS=[uri]).broker == Broker((place,))


def test_places_with_tls_come_first():
    uris = ["mqtt://broker.example:1", "mqtts://broker.example:2", "mqtt://broker.example:3"]
    found = an_offer(plain=True, URIS=uris).broker
    assert [place.port for place in found.places] == [2, 1, 3]


@pytest.mark.parametrize(
    ("login", "broker"),
    [
        ({"method": "ANONYMOUS"}, Broker((TLS,))),
        (None, Broker((TLS,))),
        (
            {"method": "OAUTH2_BEARER_TOKEN", "username": "{clientID}"},
            Broker((TLS,), BrokerAuth.BEARER, "ven_client"),
        ),
        (
            {"method": "OAUTH2_BEARER_TOKEN", "username": "oauth2"},
            Broker((TLS,), BrokerAuth.BEARER, "oauth2"),
        ),
        (
            {"method": "CERTIFICATE", "caCert": "a\n", "clientCert": "b\r\n", "clientKey": "c\n"},
            Broker((TLS,), BrokerAuth.CERTIFICATE, "", "a\n", "b\r\n", "c\n"),
        ),
        (
            {"method": "CERTIFICATE", "caCert": 7, "clientCert": "b\0", "clientKey": "c" * 40_000},
            Broker((TLS,), BrokerAuth.CERTIFICATE),
        ),
    ],
)
def test_how_to_log_in_is_told(login, broker):
    assert an_offer(authentication=login).broker == broker


def test_a_key_is_not_shown():
    login = {"method": "CERTIFICATE", "clientKey": "very secret"}
    assert "very secret" not in repr(an_offer(authentication=login))


@pytest.mark.parametrize(
    ("binding", "problem"),
    [
        ({"URIS": ["mqtt://broker.example"]}, "is named without TLS only"),
        (
            {"URIS": ["wss://broker.example", "mqtts://", "mqtts://b:x", "mqtts://[", 7]},
            "no address",
        ),
        ({"URIS": "mqtts://broker.example"}, "no address"),
        ({"serialization": "CBOR"}, "does not speak JSON"),
        ({"authentication": {"method": "KERBEROS"}}, "'KERBEROS', which is not known"),
        ({"authentication": {"method": ["x"]}}, "is not known"),
    ],
)
def test_a_broker_that_cannot_be_used_is_a_problem_of_the_offer(binding, problem):
    offer = an_offer(**binding)
    assert (offer.webhook, offer.broker) == (True, None)
    assert problem in offer.problem


@pytest.mark.parametrize(
    ("value", "offer"),
    [
        ({"WEBHOOK": True}, Offer()),
        ({"WEBHOOK": True, "MQTT": None}, Offer()),
        ({"WEBHOOK": False}, Offer(webhook=False)),
        ({}, Offer()),
    ],
)
def test_webhooks_are_offered_unless_a_vtn_says_no(value, offer):
    assert offer_of(answer(value), "me", plain=False) == offer


def test_an_mqtt_binding_that_is_no_object_is_a_problem():
    told = answer({"MQTT": True})
    assert "is no object" in offer_of(told, "me", plain=False).problem


def test_an_answer_that_is_no_object_is_refused():
    with pytest.raises(DocumentError, match="is no object"):
        offer_of(answer("do some magic!"), "me", plain=False)


@pytest.mark.parametrize(
    ("topics", "found"),
    [
        (
            {"CREATE": "a/create", "UPDATE": "a/update", "DELETE": "a/delete", "ALL": "a/+"},
            ("a/+",),
        ),
        ({"UPDATE": "a/update", "DELETE": "a/delete"}, ("a/update", "a/delete")),
        ({"UPDATE": "a/#", "DELETE": None, "CREATE": ""}, ("a/#",)),
        ({"UPDATE": "ümlaut/änderung"}, ("ümlaut/änderung",)),
        ({"UPDATE": "+/a/+"}, ("+/a/+",)),
    ],
)
def test_topics_are_those_that_the_vtn_names(topics, found):
    assert topics_of(answer({"topics": topics})) == found


@pytest.mark.parametrize(
    "value",
    [
        "do some magic!",
        {"topics": None},
        {"topics": {}},
        {"topics": {"ALL": "a/#/b"}},
        {"topics": {"ALL": "a/b+"}},
        {"topics": {"ALL": "a#"}},
        {"topics": {"ALL": "a\0b"}},
        {"topics": {"ALL": "\ud800"}},
        {"topics": {"ALL": "x" * 2000}},
        {"topics": {"ALL": 7}},
    ],
)
def test_what_cannot_be_asked_for_is_no_topic(value):
    with pytest.raises(DocumentError, match="names no topic"):
        topics_of(answer(value))


def test_topics_of_programs_and_of_the_ven_itself_are_asked_for():
    root = "/notifiers/mqtt/topics"
    assert topic_paths(["a/b"], "", all_programs=True) == [
        f"{root}/programs",
        f"{root}/programs/a%2Fb/events",
    ]
    assert topic_paths(["7"], "v 1", all_programs=False) == [
        f"{root}/programs/7",
        f"{root}/programs/7/events",
        f"{root}/vens/v%201/events",
        f"{root}/vens/v%201/programs",
    ]
