"""What clients put and post of their devices: recorded as plain values, or refused by the standard."""

import pytest

from gateway.simulators.utility_2030_5 import Dialect, Options, SimulatedUtility
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
