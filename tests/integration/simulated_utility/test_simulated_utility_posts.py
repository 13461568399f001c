"""What clients send: recorded as plain values, or refused for the reason of the standard."""

import asyncio
from fractions import Fraction

import pytest

from gateway.simulators import utility_2030_5_controls as make
from gateway.simulators.utility_2030_5 import Dialect, Options, SimulatedUtility, control
from gateway.simulators.utility_2030_5_xml import CSIP_AUS, parse

NS = 'xmlns="urn:ieee:std:2030.5:ns"'
POWER = "<{0}><multiplier>{2}</multiplier><value>{1}</value></{0}>"


def power(name, value, multiplier=0):
    return POWER.format(name, value, multiplier)


CAPABILITY = (
    f"<DERCapability {NS}><modesSupported>00000030</modesSupported>"
    f"{power('rtgMaxW', 4000, 1)}<type>82</type></DERCapability>"
)
SETTINGS = (
    f"<DERSettings {NS}><setGradW>100</setGradW>{power('setMaxW', 11000)}"
    f"<updatedTime>1800000000</updatedTime></DERSettings>"
)
STATUS = (
    f"<DERStatus {NS}><genConnectStatus><dateTime>1</dateTime><value>07</value>"
    f"</genConnectStatus><readingTime>1800000000</readingTime></DERStatus>"
)
AVAILABILITY = (
    f"<DERAvailability {NS}><readingTime>1</readingTime>{power('statWAvail', -5)}</DERAvailability>"
)


@pytest.mark.parametrize(
    ("word", "body", "kind", "path", "value"),
    [
        pytest.param("dercap", CAPABILITY, "DERCapability", "type", "82", id="capability"),
        pytest.param("derg", SETTINGS, "DERSettings", "setMaxW/value", "11000", id="settings"),
        pytest.param("ders", STATUS, "DERStatus", "genConnectStatus/value", "07", id="status"),
        pytest.param("dera", AVAILABILITY, "DERAvailability", "statWAvail/value", "-5", id="avail"),
    ],
)
async def test_a_document_of_a_der_is_kept_and_served(
    utility, client, mine, word, body, kind, path, value
):
    href = f"/edev/1/der/1/{word}"
    assert (await client.put(href, body)).status_code == 204
    (document,) = utility.documents
    assert (document.lfdi, document.kind, document.values[path]) == (mine.lfdi, kind, value)
    served = parse((await client.get(href)).content)
    assert (served.at(path), served.attributes["href"]) == (value, href)


async def test_a_scaled_rating_is_read_exactly(utility, client):
    await client.put("/edev/1/der/1/dercap", CAPABILITY)
    assert utility.documents[0].quantity("rtgMaxW") == 40000


async def test_a_document_that_is_sent_again_is_recorded_again(utility, client):
    for _ in range(2):
        await client.put("/edev/1/der/1/derg", SETTINGS)
    assert [item.kind for item in utility.documents] == ["DERSettings", "DERSettings"]


@pytest.mark.parametrize(
    ("body", "media_type", "status", "reason"),
    [
        pytest.param(SETTINGS, "application/sep+xml; level=-S1", 204, "", id="with a level"),
        pytest.param(SETTINGS, "APPLICATION/SEP+XML", 204, "", id="in capital letters"),
        pytest.param(SETTINGS, "application/xml", 415, "media type", id="another media type"),
        pytest.param(SETTINGS, "", 415, "media type", id="no media type"),
        pytest.param(CAPABILITY, "application/sep+xml", 400, "not expected", id="another document"),
        pytest.param("", "application/sep+xml", 400, "not well-formed", id="nothing"),
        pytest.param("<a>", "application/sep+xml", 400, "not well-formed", id="cut"),
        pytest.param(
            f"<!DOCTYPE DERSettings>{SETTINGS}",
            "application/sep+xml",
            400,
            "document type",
            id="a document type",
        ),
        pytest.param(
            SETTINGS.replace(NS, ""), "application/sep+xml", 400, "namespace", id="no namespace"
        ),
        pytest.param(
            SETTINGS.replace("100<", "-1<"), "application/sep+xml", 400, "setGradW", id="below zero"
        ),
    ],
)
async def test_a_body_is_taken_or_refused(utility, client, body, media_type, status, reason):
    reply = await client.put("/edev/1/der/1/derg", body, media_type)
    assert reply.status_code == status
    if reason:
        assert utility.documents == []
        assert reason in utility.refusals[-1].reason
        assert parse(reply.content).at("reasonCode") == "0"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        pytest.param("PUT", "/edev/1/der/1/nothing", 405, id="a document that no DER has"),
        pytest.param("POST", "/edev/1/der/1/derg", 405, id="the wrong method"),
        pytest.param("PUT", "/dcap", 405, id="a document of the utility"),
        pytest.param("DELETE", "/edev/1", 405, id="a device"),
        pytest.param("PUT", "/edev/1/cp", 405, id="a connection point without CSIP-AUS"),
        pytest.param("POST", "/nothing", 405, id="nowhere"),
        pytest.param("PUT", "/edev/9/der/1/derg", 404, id="a device that is not"),
        pytest.param("POST", "/mup/9", 404, id="a mirror that is not"),
    ],
)
async def test_elsewhere_nothing_can_be_sent(utility, client, method, path, status):
    assert (await client.send(method, path, SETTINGS)).status_code == status
    assert utility.documents == []


@pytest.mark.parametrize("path", ["/edev/1/der/1/derg", "/edev/1/lel"])
async def test_nothing_is_taken_about_the_device_of_somebody_else(utility, stranger, path):
    method = "POST" if path.endswith("lel") else "PUT"
    assert (await stranger.send(method, path, SETTINGS)).status_code == 403
    assert utility.documents == []


ALARM = f"""<LogEvent {NS}><createdDateTime>1800000000</createdDateTime>
<functionSet>11</functionSet><logEventCode>4</logEventCode><logEventID>1</logEventID><logEventPEN>32473</logEventPEN>
<profileID>2</profileID></LogEvent>"""


async def test_a_log_event_is_recorded_and_gets_an_address(utility, client):
    reply = await client.post("/edev/1/lel", ALARM)
    assert (reply.status_code, reply.headers["location"]) == (201, "/edev/1/lel/1")
    assert utility.documents[0].values["logEventCode"] == "4"


DOE = f'<doeModesSupported xmlns="{CSIP_AUS}">03</doeModesSupported></DERCapability>'
CONNECTION_POINT = (
    f'<ConnectionPoint xmlns="{CSIP_AUS}"><connectionPointId>NMI7</connectionPointId>'
    "</ConnectionPoint>"
)


@pytest.mark.parametrize("options", [Options(Dialect(csip_aus=CSIP_AUS))])
async def test_csip_aus_demands_its_modes_and_takes_a_connection_point(utility, client, options):
    assert (await client.put("/edev/1/der/1/dercap", CAPABILITY)).status_code == 400
    extended = CAPABILITY.replace("</DERCapability>", DOE)
    assert (await client.put("/edev/1/der/1/dercap", extended)).status_code == 204
    assert (await client.put("/edev/1/cp", CONNECTION_POINT)).status_code == 204
    assert utility.documents[-1].values == {"connectionPointId": "NMI7"}
    assert (await client.get("/edev/1/cp")).status_code == 200


# --- responses


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


# --- meter mirrors


def reading_type(uom, multiplier=0, flow=1):
    return (
        f"<ReadingType><dataQualifier>2</dataQualifier><flowDirection>{flow}</flowDirection>"
        f"<kind>37</kind><powerOfTenMultiplier>{multiplier}</powerOfTenMultiplier>"
        f"<uom>{uom}</uom></ReadingType>"
    )


def a_reading(value, start=1800000000):
    period = f"<timePeriod><duration>300</duration><start>{start}</start></timePeriod>"
    return f"<Reading>{period}<value>{value}</value></Reading>"


def a_meter(mrid, *parts, root=False):
    opening = f"<MirrorMeterReading {NS if root else ''}>"
    return f"{opening}<mRID>{mrid}</mRID>{''.join(parts)}</MirrorMeterReading>"


def a_mirror(lfdi, *meters, mrid="AA01"):
    return (
        f"<MirrorUsagePoint {NS}><mRID>{mrid}</mRID><roleFlags>0049</roleFlags>"
        f"<serviceCategoryKind>0</serviceCategoryKind><status>1</status>"
        f"<deviceLFDI>{lfdi}</deviceLFDI>{''.join(meters)}</MirrorUsagePoint>"
    )


WATTS = a_meter("BB01", reading_type(38, 1))
VOLTS = a_meter("BB02", reading_type(29, -1, 0))


@pytest.fixture
async def mirror(client, mine):
    reply = await client.post("/mup", a_mirror(mine.lfdi, WATTS, VOLTS))
    assert reply.status_code == 201
    return reply.headers["location"]


async def test_a_mirror_is_listed_with_the_rate_of_the_utility_and_without_readings(client, mirror):
    (listed,) = parse((await client.get("/mup")).content).children
    assert listed.attributes["href"] == mirror
    assert listed.at("postRate") == "1"
    assert listed.at("MirrorMeterReading") is None


async def test_a_reading_is_scaled_by_the_type_told_before(utility, client, mine, mirror):
    reply = await client.post(mirror, a_meter("BB01", a_reading(-736), root=True))
    assert reply.status_code == 201
    (reading,) = utility.readings
    assert (reading.uom, reading.value, reading.injected) == (38, -7360, 7360)
    assert (reading.start, reading.duration) == (1800000000, 300)
    assert (reading.lfdi, reading.mirror, reading.mrid) == (mine.lfdi, "AA01", "BB01")


async def test_several_readings_may_come_in_a_list(utility, client, mirror):
    meters = a_meter("BB01", a_reading(1)) + a_meter("BB02", a_reading(2305))
    body = f'<MirrorMeterReadingList {NS} all="2" results="2">{meters}</MirrorMeterReadingList>'
    assert (await client.post(mirror, body)).status_code == 201
    assert [(item.uom, item.value) for item in utility.readings] == [
        (38, 10),
        (29, Fraction("230.5")),
    ]


async def test_readings_may_come_in_sets(utility, client, mirror):
    blocks = (
        "<MirrorReadingSet><mRID>CC</mRID><timePeriod><duration>600</duration><start>0</start>"
        f"</timePeriod>{a_reading(1)}{a_reading(2)}</MirrorReadingSet>"
    )
    assert (await client.post(mirror, a_meter("BB01", blocks, root=True))).status_code == 201
    assert [item.value for item in utility.readings] == [10, 20]


async def test_readings_may_come_with_the_mirror(utility, client, mine):
    meter = a_meter("BB09", a_reading(5), reading_type(63))
    assert (await client.post("/mup", a_mirror(mine.lfdi, meter))).status_code == 201
    assert [(item.uom, item.value) for item in utility.readings] == [(63, 5)]


async def test_a_reading_without_any_type_is_refused_whole(utility, client, mirror):
    meters = a_meter("BB01", a_reading(1)) + a_meter("BB99", a_reading(2))
    body = f'<MirrorMeterReadingList {NS} all="2" results="2">{meters}</MirrorMeterReadingList>'
    assert (await client.post(mirror, body)).status_code == 400
    assert utility.readings == []


async def test_a_mirror_that_is_posted_again_keeps_its_address(utility, client, mine, mirror):
    reply = await client.post("/mup", a_mirror(mine.lfdi, WATTS))
    assert (reply.status_code, reply.headers["location"]) == (204, mirror)
    assert len(utility.mirrors) == 1


@pytest.mark.parametrize("lfdi", ["AB" * 20, ""])
async def test_a_mirror_for_somebody_else_is_forbidden(utility, client, lfdi):
    assert (await client.post("/mup", a_mirror(lfdi))).status_code == 403
    assert utility.mirrors == []


async def test_the_mrid_of_a_foreign_mirror_is_forbidden(stranger, theirs, mirror):
    assert (await stranger.post("/mup", a_mirror(theirs.lfdi))).status_code == 403


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
async def test_the_mirror_of_somebody_else_is_forbidden(utility, stranger, mirror, method):
    body = a_meter("BB01", a_reading(1), root=True)
    assert (await stranger.send(method, mirror, body)).status_code == 403
    assert utility.readings == []


async def test_two_mirrors_lie_apart(utility, client, mine, mirror):
    reply = await client.post("/mup", a_mirror(mine.lfdi, WATTS, mrid="AA02"))
    second = reply.headers["location"]
    assert second != mirror
    await client.post(second, a_meter("BB01", a_reading(1), root=True))
    assert [item.mirror for item in utility.readings] == ["AA02"]


async def test_a_deleted_mirror_is_gone_and_its_number_may_come_again(client, mine, mirror):
    assert (await client.send("DELETE", mirror, b"")).status_code == 204
    assert (await client.post(mirror, a_meter("BB01", a_reading(1), root=True))).status_code == 404
    assert (await client.post("/mup", a_mirror(mine.lfdi, WATTS))).status_code == 201


async def test_a_certificate_without_device_keeps_no_mirror(utility, theirs, connect):
    async with connect(utility, theirs) as unknown:
        assert (await unknown.post("/mup", a_mirror(theirs.lfdi))).status_code == 403


# --- registration


def an_end_device(lfdi, sfdi, category=""):
    return (
        f"<EndDevice {NS}>{category}<lFDI>{lfdi}</lFDI><sFDI>{sfdi}</sFDI>"
        "<changedTime>1</changedTime></EndDevice>"
    )


@pytest.fixture
async def newcomer(files, options, mine, connect):
    """A client that nobody registered, at a utility of its own."""
    async with SimulatedUtility(files, options) as utility, connect(utility, mine) as client:
        client.utility = utility
        yield client


OPEN = pytest.mark.parametrize("options", [Options(open_registration=True)])


@OPEN
async def test_a_device_can_register_itself_once(newcomer, mine, options):
    category = "<deviceCategory>00020000</deviceCategory>"
    body = an_end_device(mine.lfdi.lower(), mine.sfdi, category)
    reply = await newcomer.post("/edev", body)
    assert (reply.status_code, reply.headers["location"]) == (201, "/edev/1")
    assert newcomer.utility.devices[0].category == "00020000"
    assert (await newcomer.get("/edev/1")).status_code == 200
    assert (await newcomer.post("/edev", body)).status_code == 409


@OPEN
@pytest.mark.parametrize(
    ("lfdi", "sfdi", "status"),
    [
        pytest.param("AB" * 20, None, 403, id="under another name"),
        pytest.param(None, 1, 400, id="with another short name"),
    ],
)
async def test_a_registration_names_the_device_of_the_certificate(
    newcomer, mine, options, lfdi, sfdi, status
):
    body = an_end_device(lfdi or mine.lfdi, sfdi or mine.sfdi)
    assert (await newcomer.post("/edev", body)).status_code == status
    assert newcomer.utility.devices == []


async def test_registration_is_out_of_band_unless_opened(newcomer, mine):
    reply = await newcomer.post("/edev", an_end_device(mine.lfdi, mine.sfdi))
    assert reply.status_code == 403


# --- waiting


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
