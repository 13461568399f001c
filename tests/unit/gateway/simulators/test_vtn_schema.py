"""The schemas of the simulated VTN: where its editions differ, and what is odd."""

import pytest

from gateway.simulators.vtn_schema import CRUD_VERBS, HTTP_VERBS, Edition, faults
from gateway.simulators.vtn_world import Kind

OLD, NEW = Edition(new=False, verbs=HTTP_VERBS), Edition(new=True, verbs=CRUD_VERBS)
GROUP = {"type": "GROUP", "values": ["feeder7"]}
SERIES = {"id": 0, "payloads": [{"type": "USAGE", "values": [1.5]}]}
BODIES = {
    Kind.PROGRAM: {"programName": "flex"},
    Kind.EVENT: {"programID": "p-1", "intervals": []},
    Kind.REPORT: {"programID": "p-1", "eventID": "e-1", "clientName": "g", "resources": []},
    Kind.SUBSCRIPTION: {"programID": "p-1", "clientName": "g", "objectOperations": []},
    Kind.VEN: {"venName": "g"},
    Kind.RESOURCE: {"venID": "v-1", "resourceName": "cs1"},
}


def body(kind, edition, **members):
    """Return the least body of a kind, with these members; None takes one away."""
    least = dict(BODIES[kind])
    if kind is Kind.REPORT and edition is NEW:
        del least["programID"]
    return {name: it for name, it in {**least, **members}.items() if it is not ...}


def told(kind, edition, **members):
    return [fault.text for fault in faults(kind, body(kind, edition, **members), edition)]


@pytest.mark.parametrize("edition", [OLD, NEW], ids=["3.0", "3.1"])
@pytest.mark.parametrize("kind", Kind)
def test_the_least_body_of_each_kind_is_enough(kind, edition):
    assert told(kind, edition) == []


@pytest.mark.parametrize(
    ("kind", "members", "old", "new"),
    [
        (Kind.EVENT, {"intervals": ...}, "'intervals' is a required property", None),
        (Kind.EVENT, {"duration": "PT1H"}, "'duration' was unexpected", None),
        (Kind.EVENT, {"targets": [GROUP]}, None, "is not of type 'string'"),
        (Kind.EVENT, {"targets": ["feeder7"]}, "is not of type 'object'", None),
        (Kind.EVENT, {"intervalPeriod": {"duration": "PT1H"}}, "'start' is a required", None),
        (Kind.PROGRAM, {"retailerName": "ACME"}, None, "'retailerName' was unexpected"),
        (Kind.PROGRAM, {"attributes": [GROUP]}, "'attributes' was unexpected", None),
        (
            Kind.PROGRAM,
            {"payloadDescriptors": [{"payloadType": "PRICE"}]},
            None,
            "'objectType' is a required property",
        ),
        (Kind.REPORT, {"programID": "p-1"}, None, "'programID' was unexpected"),
        (Kind.REPORT, {"programID": ...}, "'programID' is a required property", None),
        (Kind.SUBSCRIPTION, {"programID": ...}, "'programID' is a required property", None),
        (Kind.VEN, {"resources": []}, None, "'resources' was unexpected"),
        (Kind.VEN, {"clientID": "c"}, "'clientID' was unexpected", None),
        (Kind.RESOURCE, {"venID": ...}, None, "'venID' is a required property"),
    ],
)
def test_where_the_editions_differ(kind, members, old, new):
    for edition, problem in ((OLD, old), (NEW, new)):
        found = told(kind, edition, **members)
        assert len(found) == (problem is not None)
        assert all(problem in text for text in found)


@pytest.mark.parametrize("edition", [OLD, NEW], ids=["3.0", "3.1"])
@pytest.mark.parametrize(
    ("kind", "members", "problem", "grave"),
    [
        (Kind.VEN, {"venName": ""}, "venName: '' is shorter than 1 character", False),
        (Kind.VEN, {"venNane": "g"}, "'venNane' was unexpected", False),
        (Kind.VEN, {"venName": 7}, "venName: 7 is not of type 'string'", True),
        (Kind.REPORT, {"eventID": "a b"}, "eventID: 'a b' does not match", False),
        (Kind.REPORT, {"resources": {}}, "resources: {} is not of type 'array'", True),
        (
            Kind.REPORT,
            {"resources": [{"resourceName": "cs1"}]},
            "resources/0: 'intervals' is a required property",
            True,
        ),
        (Kind.EVENT, {"intervals": [{**SERIES, "id": "1"}]}, "is not of type 'integer'", True),
        (
            Kind.EVENT,
            {"intervals": [{"id": 0, "payloads": [{"type": "CURVE", "values": [[1, 2]]}]}]},
            "payloads/0/values/0: [1,2] is not valid",
            True,
        ),
        (Kind.EVENT, {"priority": -1}, "priority: -1 is less than the minimum of 0", False),
        (
            Kind.EVENT,
            {"intervalPeriod": {"start": "2026-11-22 12:00:00", "duration": "PT1H"}},
            "intervalPeriod/start: '2026-11-22 12:00:00' is not a 'date-time'",
            False,
        ),
        (
            Kind.EVENT,
            {"intervalPeriod": {"start": "2026-11-22T12:00:00Z", "duration": "1 h"}},
            "intervalPeriod/duration: '1 h' does not match",
            False,
        ),
        (Kind.SUBSCRIPTION, {"objectOperations": {}}, "is not of type 'array'", True),
        (
            Kind.SUBSCRIPTION,
            {"objectOperations": [{"objects": ["EVENT"], "operations": ["DELETE"]}]},
            "'callbackUrl' is a required property",
            True,
        ),
        (
            Kind.SUBSCRIPTION,
            {
                "objectOperations": [
                    {"objects": ["EVENTS"], "operations": [], "callbackUrl": "https://gw/cb"}
                ]
            },
            "objectOperations/0/objects/0: 'EVENTS' is not one of",
            True,
        ),
    ],
)
def test_what_breaks_either_edition(edition, kind, members, problem, grave):
    [fault] = faults(kind, body(kind, edition, **members), edition)
    assert problem in fault.text
    assert fault.grave is grave


@pytest.mark.parametrize(("edition", "verb"), [(OLD, "CREATE"), (NEW, "POST")])
def test_a_subscription_speaks_the_verbs_of_its_edition(edition, verb):
    wanted = {"objects": ["EVENT"], "operations": [verb], "callbackUrl": "https://gw/cb"}
    [text] = told(Kind.SUBSCRIPTION, edition, objectOperations=[wanted])
    assert f"operations/0: '{verb}' is not one of" in text


@pytest.mark.parametrize("edition", [OLD, NEW], ids=["3.0", "3.1"])
def test_points_texts_and_flags_are_values(edition):
    values = [1, 2.5, "x", True, {"x": 1, "y": -2.5}]
    payloads = [{"type": "X", "values": values}]
    assert told(Kind.EVENT, edition, intervals=[{"id": 0, "payloads": payloads}]) == []
