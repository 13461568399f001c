"""Every fault of the simulated utility, seen from the client's end of the wire."""

import time
from contextlib import suppress

import httpx
import pytest
from lxml import etree

from gateway.simulators import utility_2030_5_controls as make
from gateway.simulators import utility_2030_5_faults as faults
from gateway.simulators.utility_2030_5 import control
from gateway.simulators.utility_2030_5_xml import MalformedError, parse


@pytest.mark.parametrize(
    ("fault", "status", "headers"),
    [
        pytest.param(faults.status(500), 500, {}, id="500"),
        pytest.param(faults.status(404), 404, {}, id="404 on a known address"),
        pytest.param(faults.status(599), 599, {}, id="a number that nobody defined"),
        pytest.param(
            faults.status(503, retry_after_s=7), 503, {"retry-after": "7"}, id="503 with a delay"
        ),
        pytest.param(
            faults.status(429, retry_after_s=1), 429, {"retry-after": "1"}, id="429 with a delay"
        ),
        pytest.param(
            faults.status(302, location="https://elsewhere.example/dcap"),
            302,
            {"location": "https://elsewhere.example/dcap"},
            id="a redirect to somebody else",
        ),
    ],
)
async def test_a_bare_status_is_sent(utility, client, fault, status, headers):
    utility.fail("/dcap", fault)
    reply = await client.get("/dcap")
    assert (reply.status_code, reply.content) == (status, b"")
    for name, value in headers.items():
        assert reply.headers[name] == value
    assert [item.status for item in utility.exchanges] == [status]


@pytest.mark.parametrize("code", [200, 500])
async def test_a_page_for_people_is_sent(utility, client, code):
    utility.fail("/dcap", faults.html(code))
    reply = await client.get("/dcap")
    assert (reply.status_code, reply.headers["content-type"]) == (code, "text/html")
    assert b"<html>" in reply.content


async def test_the_bomb_is_small_and_would_grow(utility, client):
    utility.fail("/dcap", faults.doctype_bomb())
    body = (await client.get("/dcap")).content
    assert len(body) < 1000
    with pytest.raises(MalformedError, match="document type"):
        parse(body)
    grown = etree.fromstring(body, etree.XMLParser(resolve_entities=True, huge_tree=True))
    assert len(grown.text) == 100_000


async def test_the_huge_body_is_as_huge_as_promised_and_well_formed(utility, client):
    utility.fail("/dcap", faults.huge_body())
    body = (await client.get("/dcap")).content
    assert len(body) == 10 << 20
    assert etree.QName(etree.fromstring(body)).localname == "DeviceCapability"


async def test_cut_xml_arrives_whole_and_cannot_be_read(utility, client):
    whole = (await client.get("/dcap")).content
    utility.fail("/dcap", faults.cut_xml())
    reply = await client.get("/dcap")
    assert int(reply.headers["content-length"]) == len(reply.content) == len(whole) // 2
    with pytest.raises(etree.XMLSyntaxError):
        etree.fromstring(reply.content)


async def test_a_short_body_is_noticed_by_the_transport(utility, client):
    utility.fail("/dcap", faults.short_body(), times=1)
    with pytest.raises(httpx.RemoteProtocolError, match="complete message body"):
        await client.get("/dcap")
    assert (await client.get("/dcap")).status_code == 200


async def test_a_slow_body_arrives_late_and_whole(utility, client):
    utility.fail("/dcap", faults.slow_body(0.01))
    begin = time.monotonic()
    reply = await client.get("/dcap")
    assert parse(reply.content).name == "DeviceCapability"
    assert time.monotonic() - begin >= 0.2


async def test_a_reset_breaks_the_connection_and_the_next_one_serves(utility, client):
    utility.fail("/dcap", faults.reset(), times=1)
    with pytest.raises(httpx.TransportError):
        await client.get("/dcap")
    assert (await client.get("/dcap")).status_code == 200


RESPONSE = (
    '<Response xmlns="urn:ieee:std:2030.5:ns"><endDeviceLFDI>{lfdi}</endDeviceLFDI>'
    "<status>1</status><subject>{mrid}</subject></Response>"
)


@pytest.mark.parametrize(
    ("fault", "recorded"),
    [
        pytest.param(faults.reset(), [1], id="a reset has no effect"),
        pytest.param(faults.status(500), [1], id="neither has a status"),
        pytest.param(faults.lost_answer(), [1, 1], id="a lost answer has its effect"),
    ],
)
async def test_what_a_spoiled_post_does(utility, client, program, mine, fault, recorded):
    held = utility.add_control(program, control(int(utility.now()), 60, make.max_lim_w(1)))
    await client.get("/derp/1/derc")
    body = RESPONSE.format(lfdi=mine.lfdi, mrid=held.mrid)
    utility.fail("/rsp", fault, times=1)
    with suppress(httpx.TransportError):
        assert (await client.post("/rsp", body)).status_code == 500
    assert (await client.post("/rsp", body)).status_code == 201
    assert utility.statuses(held.mrid) == recorded


async def test_a_link_can_be_missing(utility, client):
    utility.fail("/edev/*", faults.omit("FunctionSetAssignmentsListLink"))
    utility.fail("/edev", faults.omit("FunctionSetAssignmentsListLink"))
    for path in ("/edev", "/edev/1"):
        body = (await client.get(path)).content
        assert b"FunctionSetAssignmentsListLink" not in body
        assert b"RegistrationLink" in body


async def test_an_mrid_can_be_wrong(utility, client, program):
    held = utility.add_control(program, control(int(utility.now()), 60, make.max_lim_w(1)))
    utility.fail("/derp/*/derc", faults.say("mRID", "00"), times=1)
    wrong, right = [parse((await client.get("/derp/1/derc")).content) for _ in range(2)]
    assert wrong.at("DERControl/mRID") == "00"
    assert right.at("DERControl/mRID") == held.mrid


async def test_an_answer_without_body_has_nothing_to_rewrite(utility, client, program, mine):
    held = utility.add_control(program, control(int(utility.now()), 60, make.max_lim_w(1)))
    await client.get("/derp/1/derc")
    utility.fail("/rsp", faults.omit("mRID"))
    body = RESPONSE.format(lfdi=mine.lfdi, mrid=held.mrid)
    assert (await client.post("/rsp", body)).status_code == 201


async def test_a_curve_link_can_dangle(utility, client, program):
    dangling = make.volt_var("/derp/1/dc/99")
    utility.add_control(program, control(int(utility.now()), 60, dangling))
    served = etree.fromstring((await client.get("/derp/1/derc")).content)
    (link,) = served.iter("{*}opModVoltVar")
    assert (await client.get(link.get("href"))).status_code == 404


@pytest.mark.parametrize("pin", [999999, None])
async def test_a_pin_can_be_wrong_or_missing(client, device, pin):
    device.pin = pin
    reply = await client.get("/edev/1/rg")
    assert (reply.status_code == 404) is (pin is None)
    assert (b"<pIN>999999</pIN>" in reply.content) is (pin is not None)


async def test_a_fault_waits_at_its_address_for_its_method_and_its_number(utility, client):
    utility.fail("/edev*", faults.status(500), method="GET", times=2)
    statuses = [
        (await client.send(method, path, b"")).status_code
        for method, path in (
            ("GET", "/dcap"),
            ("POST", "/edev"),
            ("GET", "/edev"),
            ("GET", "/edev/1"),
            ("GET", "/edev"),
        )
    ]
    assert statuses == [200, 403, 500, 500, 200]


async def test_healing_takes_every_fault_away(utility, client):
    utility.fail("*", faults.status(500))
    assert (await client.get("/dcap")).status_code == 500
    utility.heal()
    assert (await client.get("/dcap")).status_code == 200


async def test_a_spoiled_answer_is_recorded_once(utility, client):
    utility.fail("/dcap", faults.cut_xml())
    utility.fail("/tm", faults.html())
    await client.get("/dcap")
    await client.get("/tm")
    assert [(item.path, item.status) for item in utility.exchanges] == [
        ("/dcap", 200),
        ("/tm", 200),
    ]
