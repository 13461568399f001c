"""The desk of the simulated VTN: what it stores, what it refuses, what only a strict one refuses."""

import pytest

from gateway.simulators.vtn_options import Account, Options
from support.vtn import EVENT, REVISIONS, a_client, a_registration, a_report

both = pytest.mark.parametrize("revision", REVISIONS)
CALLBACK = {"objects": ["EVENT"], "operations": ["DELETE"], "callbackUrl": "https://gw/cb"}


def an_event(client, **members):
    program = client.vtn.add_program("flex")
    return client.vtn.add_event(program, **{**EVENT, **members})


def a_ven(client, name="gateway"):
    return client.ask("POST", "/vens", a_registration(client.vtn, "VEN", venName=name)).body["id"]


def resource_request(client, ven, name="cs1", **members):
    """Return path and body with which a resource is made."""
    body = a_registration(client.vtn, "RESOURCE", resourceName=name, **members)
    if client.vtn.options.revision == "3.0":
        return f"/vens/{ven}/resources", body
    return "/resources", {**body, "venID": ven}


@both
@pytest.mark.parametrize("strict", [False, True])
def test_a_careful_ven_is_told_nothing(revision, strict):
    ven = a_client(revision=revision, strict=strict)
    event = an_event(ven)
    owner = a_ven(ven)
    path, body = resource_request(ven, owner, attributes=[{"type": "LOCATION", "values": ["x"]}])
    made = ven.ask("POST", path, body).body
    at = f"{path}/{made['id']}"
    assert ven.ask("PUT", at, {**body, "attributes": []}).status == 200
    assert ven.ask("GET", path).body[0]["attributes"] == []
    report = ven.ask("POST", "/reports", a_report(event, ven.vtn)).body
    changed = a_report(event, ven.vtn, reportName="other")
    assert ven.ask("PUT", f"/reports/{report['id']}", changed).body["reportName"] == "other"
    assert ven.ask("DELETE", f"/reports/{report['id']}").status == 200
    assert ven.complaints == []


@both
@pytest.mark.parametrize(
    ("members", "problem"),
    [
        ({"clientName": None}, "clientName: null is not of type 'string'"),
        ({"eventID": "nope"}, "eventID does not refer to an object"),
        ({"eventID": ["nope"]}, "is not of type 'string'"),
        ({"resources": "none"}, "is not of type 'array'"),
    ],
)
def test_a_report_of_the_wrong_shape_is_refused_when_it_is_made_and_when_it_is_replaced(
    revision, members, problem
):
    ven = a_client(revision=revision)
    good = a_report(an_event(ven), ven.vtn)
    stored = ven.ask("POST", "/reports", good).body
    for method, path in (("POST", "/reports"), ("PUT", f"/reports/{stored['id']}")):
        reply = ven.ask(method, path, {**good, **members})
        assert reply.status == 400
        assert problem in reply.body["detail"]
    assert ven.ask("GET", f"/reports/{stored['id']}").body == stored


@pytest.mark.parametrize("program", ["nope", [], 7])
def test_a_program_that_3_1_does_not_ask_of_a_report_is_no_reference(program):
    ven = a_client()
    report = a_report(an_event(ven), ven.vtn, programID=program)
    assert ven.ask("POST", "/reports", report).status == 201
    [complaint] = ven.complaints
    assert "'programID' was unexpected" in complaint


@both
@pytest.mark.parametrize(
    "operations", [None, {}, "all", [1], [{}], [{**CALLBACK, "operations": "DELETE"}]]
)
def test_a_subscription_to_no_list_of_operations_is_refused(revision, operations):
    ven = a_client(revision=revision)
    program = ven.vtn.add_program("flex")
    body = {"clientName": "g", "programID": program, "objectOperations": operations}
    assert ven.ask("POST", "/subscriptions", body).status == 400
    assert ven.ask("GET", "/subscriptions").body == []


@both
@pytest.mark.parametrize(
    ("members", "problem"),
    [
        ({"venNane": "x"}, "('venNane' was unexpected)"),
        ({"venName": ""}, "venName: '' is shorter than 1 character"),
        ({"objectType": "RESOURCE"}, "objectType is not"),
        ({"id": "a/b"}, "id: 'a/b' does not match"),
    ],
)
def test_what_only_a_strict_vtn_refuses(revision, members, problem):
    for strict, status in ((True, 400), (False, 201)):
        ven = a_client(revision=revision, strict=strict)
        body = {**a_registration(ven.vtn, "VEN", venName="gateway"), **members}
        assert ven.ask("POST", "/vens", body).status == status
        [complaint] = ven.complaints
        assert problem in complaint


@pytest.mark.parametrize(
    "body",
    [
        {"venName": "gateway"},
        {"objectType": "BL_VEN_REQUEST", "venName": "gateway"},
        {"objectType": "VEN_VEN_REQUEST", "venName": "gateway", "targets": ["feeder7"]},
    ],
)
def test_a_ven_says_on_3_1_that_it_writes_itself_and_no_targets(body):
    for strict, status in ((True, 400), (False, 201)):
        ven = a_client(strict=strict)
        reply = ven.ask("POST", "/vens", body)
        assert (reply.status, len(ven.complaints)) == (status, 1)
        assert "targets" not in reply.body


def test_the_business_logic_writes_vens_with_targets_for_their_clients():
    ven = a_client(strict=True)
    logic = ven.other("bl_client")
    body = {"objectType": "BL_VEN_REQUEST", "clientID": "ven_client", "venName": "gateway"}
    made = logic.ask("POST", "/vens", {**body, "targets": ["feeder7"]})
    assert (made.status, made.body["clientID"]) == (201, "ven_client")
    assert logic.ask("POST", "/vens", {"venName": "other"}).status == 400
    [seen] = ven.ask("GET", "/vens").body
    assert seen["targets"] == ["feeder7"]


@both
def test_bodies_and_answers_are_json(revision):
    ven = a_client(revision=revision, strict=True)
    body = a_registration(ven.vtn, "VEN", venName="gateway")
    assert ven.ask("POST", "/vens", body, content_type="text/plain").status == 415
    assert ven.ask("GET", "/vens", accept="text/html").status == 406
    assert ven.ask("GET", "/vens", accept="text/html, application/*;q=0.5").status == 200
    for text in (b"{", b"[]", b'{"venName": NaN}'):
        assert ven.ask("POST", "/vens", text).status == 400


@both
def test_an_id_of_the_wrong_form_is_no_id(revision):
    ven = a_client(revision=revision, strict=True)
    assert ven.ask("GET", "/events/a%20b").status == 400
    assert ven.ask("GET", "/events/nope").status == 404
    assert a_client(revision=revision).ask("GET", "/events/a%20b").status == 404


@both
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/meters", 404),
        ("GET", "/vens/nope/resources/x/y", 404),
        ("PATCH", "/events", 403),
        ("PATCH", "/vens", 405),
        ("PATCH", "/vens/ven-0", 405),
        ("GET", "/events?", 404),
    ],
)
def test_what_is_not_there_cannot_be_asked(revision, method, path, status):
    ven = a_client(revision=revision)
    ven.vtn.add_ven("gateway")
    assert ven.ask(method, path).status == status


@pytest.mark.parametrize("limit", ["51", "-1", "x", "\N{SUPERSCRIPT TWO}", ""])
def test_a_page_that_cannot_be_is_refused(limit):
    assert a_client().ask("GET", "/events", query={"limit": [limit]}).status == 400


def test_each_edition_has_its_own_place_for_resources():
    old, new = a_client(revision="3.0"), a_client(revision="3.1")
    first, second = old.vtn.add_ven("gateway"), old.vtn.add_ven("other")
    resource = old.vtn.add_resource(first, "cs1")
    assert old.ask("GET", f"/vens/{first}/resources/{resource}").status == 200
    assert old.ask("GET", f"/vens/{second}/resources/{resource}").status == 404
    assert old.ask("GET", "/vens/nope/resources").status == 404
    assert old.ask("GET", f"/vens/{first}/reports").status == 404
    assert old.ask("GET", "/resources").status == 404
    assert new.ask("GET", f"/vens/{new.vtn.add_ven('gateway')}/resources").status == 404
    server = new.ask("GET", "/auth/server", host="vtn.example")
    assert server.body == {"tokenURL": "http://vtn.example/openadr3/3.1.0/auth/token"}


def test_a_ven_of_3_0_may_bring_its_resources():
    ven = a_client(revision="3.0", strict=True)
    body = {"venName": "gateway", "resources": [{"resourceName": "cs1"}, {"resourceName": "cs2"}]}
    made = ven.ask("POST", "/vens", body).body
    assert [item["resourceName"] for item in made["resources"]] == ["cs1", "cs2"]
    assert [item["venID"] for item in made["resources"]] == [made["id"]] * 2
    changed = ven.ask("PUT", f"/vens/{made['id']}", {"venName": "other", "resources": []}).body
    assert (changed["venName"], len(changed["resources"])) == ("other", 2)


@both
def test_what_belongs_to_another_client_is_not_changed(revision):
    ven = a_client(revision=revision)
    mine = a_ven(ven)
    other = ven.other("ven_client2")
    status = {"3.0": 403, "3.1": 404}[revision]
    body = a_registration(ven.vtn, "VEN", venName="stolen")
    assert other.ask("PUT", f"/vens/{mine}", body).status == status
    assert other.ask("DELETE", f"/vens/{mine}").status == status
    assert ven.ask("GET", f"/vens/{mine}").body["venName"] == "gateway"


@both
def test_a_name_is_taken_once(revision):
    ven = a_client(revision=revision)
    owner = a_ven(ven)
    path, body = resource_request(ven, owner)
    assert ven.ask("POST", path, body).status == 201
    assert ven.ask("POST", path, body).status == 409
    at = ven.ask("POST", path, {**body, "resourceName": "cs2"}).body["id"]
    assert ven.ask("PUT", f"{path}/{at}", body).status == 409
    assert ven.ask("PUT", f"{path}/{at}", {**body, "resourceName": "cs2"}).status == 200


@pytest.mark.parametrize(
    ("revision", "scopes", "status"),
    [
        ("3.0", ("read_all",), (200, 200, 403)),
        ("3.0", ("write_reports",), (403, 403, 400)),
        ("3.1", ("read_targets",), (200, 403, 403)),
        ("3.1", ("read_ven_objects", "write_reports"), (403, 200, 400)),
    ],
)
def test_a_token_lets_its_client_do_what_its_scopes_say(revision, scopes, status):
    accounts = {"ven_client": Account("secret", scopes=scopes)}
    ven = a_client(Options(revision=revision, accounts=accounts))
    asked = (("GET", "/events"), ("GET", "/reports"), ("POST", "/reports"))
    assert tuple(ven.ask(*it, {} if it[0] == "POST" else None).status for it in asked) == status


@both
def test_a_strict_vtn_grants_what_is_asked_for_and_nothing_beyond_the_role(revision):
    ven = a_client(revision=revision, strict=True)
    assert ven.sign_in(scope="write_events").body == {"error": "invalid_scope"}
    assert ven.sign_in(scope="read_all write_reports").body["scope"] == "read_all write_reports"
    assert ven.ask("POST", "/vens", {}).status == 403
    assert ven.complaints == ["scopes beyond its role: write_events"]
    easy = a_client(revision=revision)
    assert "write_vens" in easy.sign_in(scope="write_events").body["scope"]


@both
@pytest.mark.parametrize(
    ("more", "answer"),
    [
        ({"grant_type": "password"}, (400, "unsupported_grant_type")),
        ({"client_secret": "wrong"}, (401, "invalid_client")),
        ({"client_id": "nobody"}, (401, "invalid_client")),
    ],
)
def test_wrong_credentials_get_no_token(revision, more, answer):
    reply = a_client(revision=revision).sign_in(**more)
    assert (reply.status, reply.body["error"]) == answer


@both
def test_a_token_ends_and_no_token_is_no_good(revision):
    ven = a_client(revision=revision, token_s=60)
    status = {"3.0": 403, "3.1": 401}[revision]
    assert ven.ask("GET", "/events").status == 200
    assert ven.ask("GET", "/events", authorization=None).status == 401
    assert ven.ask("GET", "/events", authorization="Bearer x").status == status
    ven.clock.now += 60
    assert ven.ask("GET", "/events").status == status


@both
def test_an_open_vtn_asks_for_no_token(revision):
    ven = a_client(revision=revision, open=True)
    event = an_event(ven)
    [served] = ven.ask("GET", "/events", authorization=None).body
    assert served["id"] == event
