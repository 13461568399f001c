"""Responses to events, recorded or refused for the reason of the standard, and how a test waits for them."""

import asyncio

import pytest

from gateway.simulators import utility_2030_5_controls as make
from gateway.simulators.utility_2030_5 import Dialect, Options, control

NS = 'xmlns="urn:ieee:std:2030.5:ns"'


def a_response(lfdi, subject, status=1, kind="DERControlResponse", extra=""):
    told = "" if status is None else f"<status>{status}</status>"
    return (
        f"<{kind} {NS}><createdDateTime>1800000000</createdDateTime>"
        f"<endDeviceLFDI>{lfdi}</endDeviceLFDI>{told}<subject>{subject}</subject>{extra}</{kind}>"
    )


@pytest.fixture
async def event(utility, client, program):
    """An event that the client has seen."""
    held = utility.add_control(program, control(int(utility.now()), 60, make.max_lim_w(50)))
    await client.get("/derp/1/derc")
    return held


@pytest.mark.parametrize(
    "status", [pytest.param(code, id=str(code)) for code in (*range(1, 15), 252, 253, 254)]
)
async def test_a_response_is_recorded(utility, client, mine, event, status):
    reply = await client.post("/rsp", a_response(mine.lfdi, event.mrid, status))
    assert (reply.status_code, reply.headers["location"]) == (201, "/rsp/1")
    (response,) = utility.responses
    assert (response.subject, response.status) == (event.mrid, status)
    assert (response.lfdi, response.created) == (mine.lfdi, 1800000000)
    assert response.kind == "DERControlResponse"
    assert utility.statuses(event.mrid) == [status]


@pytest.mark.parametrize("status", [0, 15, 17, 251, 255, None])
async def test_a_status_that_2018_does_not_know_is_refused(utility, client, mine, event, status):
    reply = await client.post("/rsp", a_response(mine.lfdi, event.mrid, status))
    assert reply.status_code == 400
    assert utility.responses == []
    assert "none of this revision" in utility.refusals[-1].reason


@pytest.mark.parametrize("options", [Options(Dialect("2023"))])
@pytest.mark.parametrize("status", [15, 251])
async def test_2023_knows_two_more_and_the_modes(utility, client, mine, event, options, status):
    modes = "<modesResponded>00100000</modesResponded>"
    body = a_response(mine.lfdi, event.mrid, status, extra=modes)
    assert (await client.post("/rsp", body)).status_code == 201
    assert utility.responses[0].modes == "00100000"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param(
            f"<DERControlResponse {NS}><endDeviceLFDI>{{lfdi}}</endDeviceLFDI><status>1</status>"
            "</DERControlResponse>",
            400,
            id="without subject",
        ),
        pytest.param(
            f"<DERControlResponse {NS}><status>1</status><subject>{{mrid}}</subject>"
            "</DERControlResponse>",
            400,
            id="without LFDI",
        ),
        pytest.param(a_response("AB" * 20, "{mrid}"), 403, id="for somebody else"),
        pytest.param(a_response("{lfdi}", "AB" * 16), 400, id="about an event that never was"),
        pytest.param(a_response("{lfdi}", "{mrid}", "one"), 400, id="a status in words"),
        pytest.param(
            a_response("{lfdi}", "{mrid}", extra="<modesResponded>00</modesResponded>"),
            400,
            id="modes, which 2018 does not know",
        ),
    ],
)
async def test_a_wrong_response_is_refused(utility, client, mine, event, body, status):
    filled = body.format(lfdi=mine.lfdi, mrid=event.mrid)
    assert (await client.post("/rsp", filled)).status_code == status
    assert utility.responses == []


async def test_hexadecimal_text_may_have_either_case(utility, client, mine, event):
    body = a_response(mine.lfdi.lower(), event.mrid.lower(), kind="Response")
    assert (await client.post("/rsp", body)).status_code == 201
    assert utility.responses[0].kind == "Response"
    assert utility.statuses(event.mrid.lower(), mine.lfdi) == [1]


async def test_an_event_that_was_never_served_to_the_device_cannot_be_answered(
    utility, stranger, theirs, event
):
    reply = await stranger.post("/rsp", a_response(theirs.lfdi, event.mrid))
    assert reply.status_code == 400
    assert "ever served to this device" in utility.refusals[-1].reason


async def test_a_certificate_without_device_cannot_answer(utility, theirs, connect):
    async with connect(utility, theirs) as unknown:
        assert (await unknown.post("/rsp", a_response(theirs.lfdi, "AB" * 16))).status_code == 403


async def test_a_removed_event_can_still_be_answered(utility, client, mine, event):
    utility.remove(event.mrid)
    assert (await client.post("/rsp", a_response(mine.lfdi, event.mrid, 6))).status_code == 201


async def test_the_same_response_twice_is_recorded_twice(utility, client, mine, event):
    for _ in range(2):
        await client.post("/rsp", a_response(mine.lfdi, event.mrid, 2))
    assert utility.statuses(event.mrid) == [2, 2]


@pytest.mark.parametrize(
    ("required", "requested"),
    [
        pytest.param("00", set(), id="nothing"),
        pytest.param("01", {1}, id="received"),
        pytest.param("02", {2, 254}, id="specific"),
        pytest.param("03", {1, 2, 254}, id="received and specific"),
        pytest.param("04", {4, 5}, id="the user's choice"),
        pytest.param("07", {1, 2, 4, 5, 254}, id="all"),
        pytest.param(None, set(), id="not stated"),
    ],
)
async def test_what_was_asked_for_is_told_apart(
    utility, client, program, mine, required, requested
):
    now = int(utility.now())
    event = make.Control(now, 60, (make.max_lim_w(1),), response_required=required)
    held = utility.add_control(program, event)
    await client.get("/derp/1/derc")
    for status in (1, 2, 4, 5, 254):
        await client.post("/rsp", a_response(mine.lfdi, held.mrid, status))
    assert {item.status for item in utility.responses if item.requested} == requested


async def test_waiting_ends_with_the_request_that_fulfils_it(utility, client, mine, event):
    waiting = asyncio.create_task(
        utility.wait_for(lambda: utility.statuses(event.mrid) == [1, 2], timeout_s=10)
    )
    for status in (1, 2):
        await asyncio.sleep(0)
        assert not waiting.done()
        await client.post("/rsp", a_response(mine.lfdi, event.mrid, status))
    await waiting


async def test_waiting_in_vain_says_what_came_instead(utility, client):
    await client.get("/nothing")
    with pytest.raises(TimeoutError, match="GET /nothing 404 nothing lies here"):
        await utility.wait_for(lambda: utility.responses, timeout_s=0.01)


async def test_waiting_in_vain_with_nobody_there_says_so(utility):
    with pytest.raises(TimeoutError, match="last requests: none"):
        await utility.wait_for(lambda: utility.responses, timeout_s=0.01)
