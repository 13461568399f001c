"""What the simulated VTN complains of: how its clients behave over many requests."""

import pytest

from support.vtn import EVENT, REVISIONS, a_client, a_registration, a_report

both = pytest.mark.parametrize("revision", REVISIONS)


def an_event(client):
    return client.vtn.add_event(client.vtn.add_program("flex"), **EVENT)


@both
def test_the_same_report_is_filed_once(revision):
    ven = a_client(revision=revision)
    report = a_report(an_event(ven), ven.vtn)
    ven.ask("POST", "/reports", report)
    assert ven.complaints == []
    ven.ask("POST", "/reports", report)
    assert ven.complaints == ["the same report is filed twice"]
    ven.ask("POST", "/reports", {**report, "payloadDescriptors": []})
    assert ven.complaints[1:] == [f"report r of event {report['eventID']} is there already"]


@both
def test_reports_of_other_names_and_of_other_clients_are_no_repetition(revision):
    ven = a_client(revision=revision)
    report = a_report(an_event(ven), ven.vtn)
    for client, body in (
        (ven, report),
        (ven, {**report, "reportName": "s"}),
        (ven.other("ven_client2"), report),
        (ven, {**report, "reportName": None}),
        (ven, {**report, "reportName": None, "payloadDescriptors": []}),
    ):
        assert client.ask("POST", "/reports", body).status == 201
    assert ven.complaints == []


@both
def test_a_report_names_resources_of_its_ven(revision):
    ven = a_client(revision=revision)
    event = an_event(ven)
    entry = {"intervals": []}

    def file(resource, name):
        resources = [{**entry, "resourceName": resource}]
        ven.ask("POST", "/reports", a_report(event, ven.vtn, reportName=name, resources=resources))

    file("cs9", "before anything is registered")
    ven.vtn.add_resource(ven.vtn.add_ven("gateway"), "cs1")
    file("cs1", "a")
    file("AGGREGATED_REPORT", "b")
    assert ven.complaints == []
    file("cs9", "c")
    assert ven.complaints == ["cs9 is no resource of this VEN"]


@both
def test_a_name_that_is_taken_is_not_asked_for_again_and_again(revision):
    ven = a_client(revision=revision)
    body = a_registration(ven.vtn, "VEN", venName="gateway")
    for _ in range(2):
        ven.ask("POST", "/vens", body)
    assert ven.complaints == []
    ven.ask("POST", "/vens", body)
    assert ven.complaints == ["creates gateway again after a conflict"]


@both
def test_a_subscription_is_made_once(revision):
    ven = a_client(revision=revision)
    body = {"clientName": "g", "programID": ven.vtn.add_program("flex"), "objectOperations": []}
    ven.ask("POST", "/subscriptions", body)
    assert ven.complaints == []
    ven.ask("POST", "/subscriptions", body)
    assert ven.complaints == ["the same subscription is made twice"]


@both
def test_a_list_is_polled_no_faster_than_asked(revision):
    ven = a_client(revision=revision, shortest_poll_s=10)
    pages = ({"skip": ["0"]}, {"skip": ["50"]})
    for query in pages:
        ven.ask("GET", "/events", query=query)
    ven.clock.now += 10
    ven.ask("GET", "/events", query=pages[0])
    assert ven.complaints == []
    ven.clock.now += 9.5
    ven.ask("GET", "/events", query=pages[0])
    assert ven.complaints == ["polls faster than every 10 s"]


@both
def test_who_forgets_its_token_is_noticed_and_who_starts_anew_is_not(revision):
    ven = a_client(revision=revision, token_s=100)
    for _ in range(3):
        ven.sign_in()
    assert ven.complaints == []
    ven.sign_in()
    assert ven.complaints == ["has 4 good tokens and uses none of them again"]
    ven.desk.watch.counted.clear()
    ven.clock.now += 100
    ven.sign_in()
    for _ in range(4):
        ven.desk.tokens.revoke()
        ven.sign_in()
    assert ven.complaints == []


@both
@pytest.mark.parametrize(
    ("accept", "complaints"),
    [
        ("application/json", []),
        ("*/*", []),
        ("text/plain, application/json;q=0.9", []),
        (None, ["no Accept"]),
        ("text/plain", ["Accept has no application/json: text/plain"]),
    ],
)
def test_json_has_to_be_accepted(revision, accept, complaints):
    ven = a_client(revision=revision)
    assert ven.ask("GET", "/events", accept=accept).status == 200
    assert ven.complaints == complaints


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("active", True, False),
        ("targets", True, False),
        ("targetType", False, True),
        ("page", True, True),
        ("programID", False, False),
    ],
)
def test_queries_are_those_of_the_edition(name, old, new):
    for revision, odd in (("3.0", old), ("3.1", new)):
        ven = a_client(revision=revision)
        ven.ask("GET", "/events", query={name: ["x"]})
        assert ven.complaints == [f"the edition knows no query {name}"] * odd


def test_what_the_business_logic_changed_is_read_before_it_is_replaced():
    ven = a_client()
    body = a_registration(ven.vtn, "VEN", venName="gateway")
    made = ven.ask("POST", "/vens", body).body
    path = f"/vens/{made['id']}"
    ven.ask("PUT", path, {**body, "attributes": []})
    ven.vtn.grant("gateway", "feeder7")
    ven.ask("PUT", path, body)
    assert ven.complaints == ["replaces what it has not read since it was changed"]
    ven.vtn.grant("gateway", "feeder8")
    ven.ask("GET", "/vens")
    ven.ask("PUT", path, {**body, "attributes": None})
    assert len(ven.complaints) == 1


@both
def test_an_object_is_replaced_under_its_own_id(revision):
    ven = a_client(revision=revision)
    body = a_report(an_event(ven), ven.vtn)
    path = f"/reports/{ven.ask('POST', '/reports', body).body['id']}"
    ven.ask("PUT", path, {**body, "id": "report-9", "reportName": "s"})
    assert ven.complaints == ["the id in the body is another than in the path"]


def test_a_complaint_is_listed_once_with_its_number():
    ven = a_client()
    for _ in range(3):
        ven.ask("GET", "/events", accept=None)
    assert ven.desk.watch.counted == {"ven_client GET /events: no Accept": 3}


def test_a_clock_that_is_set_back_makes_no_poll_too_fast():
    ven = a_client()
    for step_s in (0, -60):
        ven.clock.now += step_s
        ven.ask("GET", "/events")
    assert ven.complaints == []
