"""Who sees which object of the simulated VTN: filters, targets, object privacy."""

import pytest

from gateway.simulators.vtn_quirks import Quirk
from gateway.simulators.vtn_world import Kind
from support.vtn import EVENT, NOON, REVISIONS, a_client, a_report, options

both = pytest.mark.parametrize("revision", REVISIONS)


def names(client, path="/events", **query):
    asked = {key: list(value) for key, value in query.items()}
    return [item["eventName"] for item in client.ask("GET", path, query=asked).body]


def a_day(client):
    """Let the VTN have an open event, and one for feeder7 that the VEN was granted."""
    new = client.vtn.options.revision == "3.1"
    feeder = ["feeder7"] if new else [{"type": "GROUP", "values": ["feeder7", 9]}]
    program = client.vtn.add_program("flex")
    client.vtn.add_event(program, eventName="open", **EVENT)
    client.vtn.add_event(program, eventName="feeder", targets=feeder, **EVENT)
    return client.vtn.add_ven("gateway")


def test_on_3_0_all_is_listed_and_a_query_picks_by_value():
    ven = a_client(revision="3.0")
    a_day(ven)
    assert names(ven) == ["open", "feeder"]
    assert names(ven, targetType=["GROUP"], targetValues=["feeder7"]) == ["feeder"]
    assert names(ven, targetValues=["9"]) == ["feeder"]
    assert names(ven, targetValues=["feeder8"]) == []


def test_on_3_1_targets_are_seen_by_whom_they_were_granted_and_who_asks():
    ven = a_client()
    gateway = a_day(ven)
    assert names(ven, targets=["feeder7"]) == []
    ven.vtn.add_resource(gateway, "cs1")
    ven.vtn.grant("gateway", "feeder7", resource="cs1")
    assert names(ven) == ["open"]
    assert names(ven, targets=["feeder7", "feeder8"]) == ["feeder"]
    assert names(ven.other("ven_client2"), targets=["feeder7"]) == []
    assert names(ven.other("bl_client")) == ["open", "feeder"]
    with pytest.raises(KeyError, match="cs2"):
        ven.vtn.grant("gateway", "feeder7", resource="cs2")


@both
def test_what_ignores_targets_lists_as_if_none_were_asked_for(revision):
    ven = a_client(options(Quirk.IGNORE_TARGETS, revision=revision))
    a_day(ven)
    expected = {"3.0": ["open", "feeder"], "3.1": ["open"]}[revision]
    assert names(ven, targets=["x"], targetValues=["x"]) == expected


@both
@pytest.mark.parametrize("targets", [["x", {"type": "GROUP", "values": ["x"]}], [{}], [7], None])
def test_odd_targets_of_a_script_are_listed_too(revision, targets):
    ven = a_client(options(Quirk.UNASKED_TARGETS, revision=revision))
    a_day(ven)
    ven.vtn.add_event("flex", eventName="odd", targets=targets, **EVENT)
    ven.vtn.grant("gateway", "x", 7)
    seen = set(names(ven)) | set(names(ven, targets=["x"], targetValues=["7"]))
    assert ("odd" in seen) == (revision == "3.0" or targets != [{}])


def test_a_stranger_with_targets_gets_no_events_twice():
    ven = a_client(options(Quirk.DUPLICATE_EVENTS))
    a_day(ven)
    assert names(ven) == ["open", "open", "feeder"]
    ven.vtn.grant("gateway", "feeder8")
    assert names(ven) == ["open"]


@both
def test_own_objects_are_listed_for_their_client(revision):
    ven = a_client(revision=revision)
    a_day(ven)
    ven.vtn.add_ven("other", "ven_client2")
    event = ven.vtn.entries(Kind.EVENT)[0].id
    ven.ask("POST", "/reports", a_report(event, ven.vtn))
    seen = {"3.0": ["gateway", "other"], "3.1": ["gateway"]}[revision]
    assert [item["venName"] for item in ven.ask("GET", "/vens").body] == seen
    asked = {"eventID": [event], "clientName": ["gateway"]}
    assert len(ven.ask("GET", "/reports", query=asked).body) == 1
    assert ven.ask("GET", "/reports", query={**asked, "eventID": ["event-1"]}).body == []
    program = {"programID": [ven.vtn.program("flex").id]}
    assert len(ven.ask("GET", "/reports", query=program).body) == 1
    assert ven.ask("GET", "/reports", query={"programID": ["program-7"]}).body == []
    if revision == "3.0":
        resources = [item["resources"] for item in ven.ask("GET", "/vens").body]
        assert resources == [[], []]
    else:
        assert ven.ask("GET", "/reports").body[0]["clientID"] == "ven_client"


def test_reports_of_an_event_that_is_gone_are_of_no_program():
    ven = a_client()
    a_day(ven)
    event = ven.vtn.entries(Kind.EVENT)[0].id
    ven.ask("POST", "/reports", a_report(event, ven.vtn))
    ven.vtn.delete_event(event)
    program = {"programID": [ven.vtn.program("flex").id]}
    assert ven.ask("GET", "/reports", query=program).body == []
    assert len(ven.ask("GET", "/reports").body) == 1


def test_active_events_are_those_that_have_not_ended():
    ven = a_client()
    a_day(ven)
    ven.clock.now = NOON + 899
    assert names(ven, active=["true"]) == ["open"]
    ven.clock.now = NOON + 900
    assert names(ven, active=["true"]) == []
    assert names(ven) == ["open"]


@both
def test_a_change_shows_in_the_metadata(revision):
    ven = a_client(options(Quirk.NULL_MODIFIED, revision=revision))
    program = ven.vtn.add_program("flex")
    ven.clock.now += 60
    ven.vtn.change_program("flex", programDescriptions=None)
    body = ven.ask("GET", f"/programs/{program}").body
    assert body["createdDateTime"] == "2026-11-22T12:00:00Z"
    assert body["modificationDateTime"] == "2026-11-22T12:01:00Z"
