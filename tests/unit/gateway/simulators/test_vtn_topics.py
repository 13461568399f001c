"""What the simulated VTN says of its broker, and on which topics it publishes."""

import pytest

from gateway.simulators.vtn_broker import public_url
from gateway.simulators.vtn_options import Account
from gateway.simulators.vtn_quirks import Quirk
from gateway.simulators.vtn_topics import topics_of
from support.vtn import EVENT, a_client, a_report, options

BROKER = "mqtt://broker.example"


def topics(client, path):
    return client.ask("GET", f"/notifiers/mqtt/topics/{path}")


def published(client, move):
    """Return the topics of the changes that `move` makes."""
    found = []
    client.vtn.listeners[:] = [lambda it: found.append(topics_of(client.vtn, it))]
    move(client.vtn)
    return found


def test_webhooks_are_offered_always_and_a_broker_where_there_is_one():
    assert a_client().ask("GET", "/notifiers").body == {"WEBHOOK": True}
    auth = {"method": "OAUTH2_BEARER_TOKEN", "username": "{clientID}"}
    ven = a_client(broker=BROKER, broker_auth=auth)
    assert ven.ask("GET", "/notifiers").body == {
        "WEBHOOK": True,
        "MQTT": {"URIS": [BROKER], "serialization": "JSON", "authentication": auth},
    }


def test_the_password_of_the_vtn_is_told_to_nobody():
    assert public_url("mqtts://vtn:s%40t@broker:8883") == "mqtts://broker:8883"
    assert public_url("mqtt://[::1]:1883") == "mqtt://[::1]:1883"


@pytest.mark.parametrize(
    ("path", "place", "verbs"),
    [
        ("programs", "programs", "CREATE UPDATE DELETE"),
        ("programs/program-0", "programs/program-0", "UPDATE DELETE"),
        ("programs/program-0/events", "events/programs/program-0", "CREATE UPDATE DELETE"),
        ("vens/ven-0", "vens/ven-0", "UPDATE DELETE"),
        ("vens/ven-0/events", "events/vens/ven-0", "CREATE UPDATE DELETE"),
        ("vens/ven-0/programs", "programs/vens/ven-0", "CREATE UPDATE DELETE"),
        ("vens/ven-0/resources", "resources/vens/ven-0", "CREATE UPDATE DELETE"),
    ],
)
def test_a_ven_asks_for_the_topics_of_what_it_sees(path, place, verbs):
    ven = a_client(broker=BROKER)
    ven.vtn.add_program("flex")
    ven.vtn.add_ven("gateway")
    expected = {verb: f"{place}/{verb.lower()}" for verb in verbs.split()}
    assert topics(ven, path).body == {"topics": {**expected, "ALL": f"{place}/+"}}


@pytest.mark.parametrize("name", ["events", "reports", "subscriptions", "vens", "resources"])
def test_topics_of_all_objects_are_the_business_logic_s(name):
    ven = a_client(broker=BROKER)
    assert topics(ven, name).status == 403
    assert topics(ven.other("bl_client"), name).body["topics"]["ALL"] == f"{name}/+"


@pytest.mark.parametrize(
    "path", ["", "meters", "programs/nope", "vens/ven-1/events", "vens/ven-0/reports", "a/b/c/d"]
)
def test_there_are_no_topics_of_what_a_ven_does_not_see(path):
    ven = a_client(broker=BROKER)
    ven.vtn.add_ven("gateway")
    ven.vtn.add_ven("other", "ven_client2")
    assert topics(ven, path).status == 404


def test_topics_need_a_broker_the_new_edition_a_scope_and_a_get():
    assert topics(a_client(), "programs").status == 404
    old = a_client(revision="3.0", broker=BROKER)
    assert (topics(old, "programs").status, old.ask("GET", "/notifiers").status) == (404, 404)
    accounts = {"ven_client": Account("secret", scopes=("read_targets",))}
    poor = a_client(broker=BROKER, accounts=accounts)
    assert (topics(poor, "programs").status, poor.ask("GET", "/notifiers").status) == (403, 403)
    assert a_client(broker=BROKER).ask("POST", "/notifiers", {}).status == 405


def test_an_event_is_published_for_its_program_or_for_the_vens_that_it_targets():
    ven = a_client()
    ven.vtn.add_program("flex")
    ven.vtn.add_ven("gateway")
    ven.vtn.add_ven("other", "ven_client2")
    ven.vtn.grant("gateway", "feeder7")
    [opened] = published(ven, lambda vtn: vtn.add_event("flex", **EVENT))
    assert opened == ["events/create", "events/programs/program-0/create"]
    [targeted] = published(ven, lambda vtn: vtn.add_event("flex", targets=["feeder7"], **EVENT))
    assert targeted == ["events/create", "events/vens/ven-0/create"]
    [cancelled] = published(ven, lambda vtn: vtn.delete_event("event-0"))
    assert cancelled == ["events/delete", "events/programs/program-0/delete"]


def test_a_vtn_may_publish_what_is_targeted_for_all():
    ven = a_client(options(Quirk.MQTT_PUBLIC))
    ven.vtn.add_program("flex")
    ven.vtn.add_ven("gateway", targets=["feeder7"])
    [found] = published(ven, lambda vtn: vtn.add_event("flex", targets=["feeder7"], **EVENT))
    assert found == ["events/create", "events/programs/program-0/create"]


def test_other_objects_are_published_too():
    ven = a_client()
    assert published(ven, lambda vtn: vtn.add_program("flex")) == [["programs/create"]]
    [changed] = published(ven, lambda vtn: vtn.change_program("flex", targets=["feeder7"]))
    assert changed == ["programs/update", "programs/program-0/update"]
    assert published(ven, lambda vtn: vtn.add_ven("gateway")) == [["vens/create"]]
    [granted] = published(ven, lambda vtn: vtn.grant("gateway", "feeder7"))
    assert granted == ["vens/update", "vens/ven-0/update"]
    [resource] = published(ven, lambda vtn: vtn.add_resource("gateway", "cs1"))
    assert resource == ["resources/create", "resources/vens/ven-0/create"]
    event = ven.vtn.add_event("flex", **EVENT)
    [report] = published(ven, lambda vtn: ven.ask("POST", "/reports", a_report(event, vtn)))
    assert report == ["reports/create"]
