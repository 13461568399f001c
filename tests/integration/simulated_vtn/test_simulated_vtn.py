"""The simulated VTN over real HTTP, both editions: lists, pages, registration, reports, complaints."""

import httpx
import pytest

from gateway.simulators.vtn import Options, Quirk, SimulatedVtn
from support.vtn import EVENT, REVISIONS, a_registration, a_report, a_ven, options

both = pytest.mark.parametrize("revision", REVISIONS)


@both
async def test_an_event_is_listed_until_it_is_deleted(revision):
    async with SimulatedVtn(Options(revision=revision)) as vtn, a_ven(vtn) as ven:
        event = vtn.add_event(vtn.add_program("flex"), **EVENT)
        [served] = (await ven.get("events")).json()
        assert (served["id"], served["intervals"]) == (event, EVENT["intervals"])
        vtn.delete_event(event)
        assert (await ven.get("events")).json() == []


@both
async def test_a_revoked_token_is_refused(revision):
    async with SimulatedVtn(Options(revision=revision)) as vtn, a_ven(vtn) as ven:
        vtn.revoke_tokens()
        assert (await ven.get("programs")).status_code == {"3.0": 403, "3.1": 401}[revision]


@both
async def test_a_second_registration_is_a_conflict(revision):
    how = options(Quirk.EMPTY_CONFLICT, revision=revision)
    async with SimulatedVtn(how) as vtn, a_ven(vtn) as ven:
        body = a_registration(vtn, "VEN", venName="gateway")
        first, second = await ven.post("vens", json=body), await ven.post("vens", json=body)
        assert (first.status_code, second.status_code, second.json()) == (201, 409, [])


@both
async def test_a_report_is_kept_with_its_client(revision):
    async with SimulatedVtn(Options(revision=revision)) as vtn, a_ven(vtn) as ven:
        body = a_report(vtn.add_event(vtn.add_program("flex"), **EVENT), vtn)
        assert (await ven.post("reports", json=body)).status_code == 201
        assert [(item.client, item.body) for item in vtn.reports] == [("ven_client", body)]


@both
async def test_pages_follow_skip_and_limit_and_no_page_is_longer_than_fifty(revision):
    async with SimulatedVtn(Options(revision=revision)) as vtn, a_ven(vtn) as ven:
        program = vtn.add_program("flex")
        ids = [vtn.add_event(program, **EVENT) for _ in range(7)]
        page = (await ven.get("events?skip=5&limit=5")).json()
        assert [item["id"] for item in page] == ids[5:]
        assert (await ven.get("events?limit=51")).status_code == 400


@both
async def test_it_comes_back_on_its_port_and_fails_on_order(revision):
    async with SimulatedVtn(Options(revision=revision)) as vtn, a_ven(vtn) as ven:
        await vtn.down()
        with pytest.raises(httpx.ConnectError):
            await ven.get("events")
        await vtn.up()
        vtn.fail("/events*", 500)
        assert [(await ven.get("events")).status_code for _ in "ab"] == [500, 200]


@both
async def test_an_unchanged_list_is_not_served_twice_where_there_are_etags(revision):
    how = Options(revision=revision, etags=True)
    async with SimulatedVtn(how) as vtn, a_ven(vtn) as ven:
        first = await ven.get("events")
        known = {"If-None-Match": first.headers["etag"]}
        assert (await ven.get("events", headers=known)).status_code == 304
        vtn.add_event(vtn.add_program("flex"), **EVENT)
        assert (await ven.get("events", headers=known)).status_code == 200


@both
async def test_a_report_whose_answer_is_lost_is_stored(revision):
    async with SimulatedVtn(Options(revision=revision)) as vtn, a_ven(vtn) as ven:
        body = a_report(vtn.add_event(vtn.add_program("flex"), **EVENT), vtn)
        vtn.lose_answers("/reports")
        with pytest.raises(httpx.TransportError):
            await ven.post("reports", json=body)
        assert len(vtn.reports) == 1
        assert (await ven.get("reports")).json()[0]["reportName"] == "r"


@both
async def test_what_a_ven_does_amiss_is_listed_beside_the_interface(revision):
    async with SimulatedVtn(Options(revision=revision)) as vtn, a_ven(vtn) as ven:
        report = a_report(vtn.add_event(vtn.add_program("flex"), **EVENT), vtn)
        for body in (report, report, report, {"eventID": report["eventID"]}):
            await ven.post("reports", json=body)
        listed = await ven.get(str(httpx.URL(vtn.url).join("/complaints")))
        missing = {"3.0": "programID", "3.1": "clientName"}[revision]
        assert listed.json() == {
            "complaints": {
                "ven_client POST /reports: the same report is filed twice": 2,
                f"ven_client POST /reports: '{missing}' is a required property": 1,
            }
        }
        assert vtn.complaints == list(listed.json()["complaints"])


async def test_a_ven_grants_itself_no_targets():
    async with SimulatedVtn() as vtn, a_ven(vtn) as ven:
        vtn.add_event(vtn.add_program("flex"), targets=["feeder7"], **EVENT)
        body = a_registration(vtn, "VEN", venName="gateway", targets=["feeder7"])
        answer = await ven.post("vens", json={**body, "clientID": "ven_client2"})
        assert answer.json()["clientID"] == "ven_client"
        await ven.put(f"vens/{answer.json()['id']}", json=body)
        assert (await ven.get("events?targets=feeder7")).json() == []


async def test_nothing_is_served_beside_the_base_path():
    async with SimulatedVtn(Options(base_path="/openadr/")) as vtn, a_ven(vtn) as ven:
        assert vtn.url.endswith("/openadr")
        assert (await ven.get(str(httpx.URL(vtn.url).join("/events")))).status_code == 404
        assert (await ven.get("events")).status_code == 200
