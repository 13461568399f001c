"""The models of envoy-schema read the v1.3 forms that our client writes and our utility serves.

The models drop in silence what they do not know, so what they write again is compared as well.
"""

from datetime import UTC, datetime
from fractions import Fraction

import httpx
import pytest
from lxml import etree

from gateway.security.tls import utility_client_context
from gateway.simulators import utility_2030_5_controls as parts
from gateway.simulators.utility_2030_5 import Dialect, Options, SimulatedUtility, control
from gateway.simulators.utility_2030_5_world import PIN, sfdi_of
from support.upward import (
    der_capability,
    der_settings,
    der_status,
    end_device,
    reading,
    response,
    usage_point,
)
from translators.canonical.averages import Average
from translators.canonical.capability import Current, Evse, Ratings, StationProfile
from translators.canonical.commands import Revision
from translators.canonical.telemetry import ControlOutcome, GridFault, Quality
from translators.ieee2030_5.mirror import point_mrid
from translators.ieee2030_5.xml import render
from translators.units import Kind

V1_3 = "https://csipaus.org/ns/v1.3"
LFDI = "3E4F45AB31EDFE5B67E343E5E4562E31984E23E5"
REVISION = Revision.IEEE2030_5_2018
AT = datetime(2026, 12, 1, 18, 0, tzinfo=UTC)
EPOCH_S = 1796148000
UNKNOWN_TO_THE_PEER = {"{urn:ieee:std:2030.5:ns}Time@pollRate"}
RATINGS = Ratings(
    max_w=Fraction(22000),
    max_charge_rate_w=Fraction(150000),
    max_discharge_rate_w=Fraction("3210.5"),
    max_va=Fraction(25000),
    max_var=Fraction(11000),
    max_var_neg=Fraction(9000),
    v_nom=Fraction(230),
    over_excited_pf=Fraction("0.9"),
)


def profile(*modes, ratings=RATINGS):
    evse = Evse(1, Current.DC, 3, ratings, frozenset(modes))
    return StationProfile("s1", "2.1", Fraction(50), (evse,))


def leaves(xml):
    """Return every text and attribute of a document with its path, as the peer's script does."""
    found = []

    def walk(element, path):
        found.extend((f"{path}@{name}", value) for name, value in sorted(element.attrib.items()))
        if not len(element) and (text := (element.text or "").strip()):
            found.append((path, text))
        for child in element:
            walk(child, f"{path}/{child.tag}")

    root = etree.fromstring(xml)
    walk(root, root.tag)
    return sorted(found)


@pytest.fixture
def read(service):
    """Return the values that the peer read of each document, having dropped and changed nothing."""
    models = service("envoy_schema", "read.py")

    async def read_one(xml):
        (told,) = await models.ask(xml=xml.decode())
        assert "problem" not in told
        known = [leaf for leaf in leaves(xml) if leaf[0] not in UNKNOWN_TO_THE_PEER]
        assert sorted(map(tuple, told["leaves"])) == known
        return told["values"]

    async def read(*documents):
        return [await read_one(xml) for xml in documents]

    return read


def scaled(value):
    return value["value"] * Fraction(10) ** value["multiplier"]


async def test_the_check_sees_what_the_peer_drops_and_what_it_refuses(read):
    unknown = "https://csipaus.org/ns/v9"
    settings = der_settings(profile(), REVISION, AT, csip_aus=unknown).value
    with pytest.raises(AssertionError, match="doeModesEnabled"):
        await read(render(settings))
    nameplate = der_capability(profile(), REVISION, unknown).value
    with pytest.raises(AssertionError, match="doeModesSupported"):
        await read(render(nameplate))


async def test_a_nameplate_keeps_its_ratings_and_modes(read):
    station = profile("FixedPFInject", "VoltVar", "FreqDroop")
    made = der_capability(station, REVISION, V1_3).value
    (values,) = await read(render(made))
    assert scaled(values["rtgMaxW"]) == 22000
    assert scaled(values["rtgMaxChargeRateW"]) == 150000
    assert scaled(values["rtgMaxDischargeRateW"]) == Fraction("3210.5")
    assert scaled(values["rtgMaxVA"]) == 25000
    assert scaled(values["rtgMaxVar"]) == 11000
    assert scaled(values["rtgMaxVarNeg"]) == -9000
    assert scaled(values["rtgVNom"]) == 230
    assert values["type_"] == 82
    assert values["doeModesSupported"] == "0F"


async def test_settings_repeat_the_nameplate_and_say_when(read):
    made = der_settings(profile(), REVISION, AT, gradient=2778, csip_aus=V1_3).value
    (values,) = await read(render(made))
    assert scaled(values["setMaxW"]) == 22000
    assert scaled(values["setMaxChargeRateW"]) == 150000
    assert values["setGradW"] == 2778
    assert values["updatedTime"] == EPOCH_S
    assert values["doeModesEnabled"] == "0F"


async def test_a_status_tells_connection_and_alarms(read):
    alarms = frozenset({GridFault.OVER_VOLTAGE, GridFault.PHASE_ROTATION})
    present = der_status(REVISION, connected=True, alarms=alarms, at=AT)
    silent = der_status(REVISION, connected=False, alarms=frozenset(), at=AT)
    there, away = await read(render(present), render(silent))
    assert int(there["alarmStatus"], 16) == 1 << 1 | 1 << 10
    assert int(there["genConnectStatus"]["value"], 16) == 0b11
    assert there["operationalModeStatus"] == {"dateTime": EPOCH_S, "value": 2}
    assert there["readingTime"] == EPOCH_S
    assert "genConnectStatus" not in away
    assert away["operationalModeStatus"]["value"] == 0


async def test_a_registration_names_the_device(read):
    (values,) = await read(render(end_device(REVISION, LFDI, AT)))
    assert values["lFDI"] == LFDI
    assert values["sFDI"] == 167261211391 == sfdi_of(LFDI)
    assert values["deviceCategory"] == "00020000"
    assert values["changedTime"] == EPOCH_S


async def test_a_mirror_announces_power_var_voltage_and_frequency(read):
    (values,) = await read(render(usage_point(REVISION, LFDI, 300, 60)))
    assert values["mRID"] == point_mrid(LFDI)
    assert values["deviceLFDI"] == LFDI
    assert values["roleFlags"] == "0049"
    assert values["postRate"] == 60
    types = [meter["readingType"] for meter in values["mirrorMeterReadings"]]
    assert [kind["uom"] for kind in types] == [38, 63, 29, 33]
    assert {kind["dataQualifier"] for kind in types} == {2}
    assert {kind["intervalLength"] for kind in types} == {300}
    assert [kind.get("flowDirection") for kind in types] == [19, 19, None, None]


READINGS = [
    (Kind.POWER, "-7360.4", -7360, 0),
    (Kind.POWER, "150000", 150000, 0),
    (Kind.REACTIVE, "-3287", -3287, 0),
    (Kind.VOLTAGE, "230.15", 2302, -1),
    (Kind.FREQUENCY, "49.985", 49985, -3),
]


async def test_readings_keep_their_values_under_the_multipliers_announced(read):
    made = [
        reading(REVISION, LFDI, Average(kind, Fraction(value), Quality.GOOD), AT, 300)
        for kind, value, _, _ in READINGS
    ]
    point, *posted = await read(render(usage_point(REVISION, LFDI, 300)), *map(render, made))
    multipliers = {
        meter["mRID"]: meter["readingType"]["powerOfTenMultiplier"]
        for meter in point["mirrorMeterReadings"]
    }
    told = [(it["reading"]["value"], multipliers[it["mRID"]]) for it in posted]
    assert told == [(value, multiplier) for _, _, value, multiplier in READINGS]
    periods = [it["reading"]["timePeriod"] for it in posted]
    assert periods == [{"duration": 300, "start": EPOCH_S}] * len(READINGS)


async def test_every_response_of_2018_is_one_that_the_peer_knows(read):
    outcomes = list(ControlOutcome)
    made = [
        render(response(it, REVISION, mrid="AB" * 16, lfdi=LFDI, created=AT)) for it in outcomes
    ]
    values = await read(*made)
    told = {str(name): item["status"] for name, item in zip(outcomes, values, strict=True)}
    assert told == {
        "received": 1,
        "started": 2,
        "completed": 3,
        "opted_out": 4,
        "opted_in": 5,
        "completed_opted_out": 8,
        "completed_opted_in": 9,
        "cancelled": 6,
        "superseded": 7,
        "outranked": 7,
        "overruled": 13,
        "no_participation": 10,
        "not_supported": 252,
        "not_applicable": 252,
        "invalid": 253,
        "late": 254,
    }
    assert {item["subject"] for item in values} == {"AB" * 16}
    assert {item["createdDateTime"] for item in values} == {EPOCH_S}


@pytest.fixture
async def utility(files):
    async with SimulatedUtility(files, Options(Dialect("2018", V1_3), page_size=20)) as opened:
        yield opened


@pytest.fixture
async def get(authorities, utility, device):
    """Fetch documents of the utility over mutual TLS."""
    context = utility_client_context(
        device.certificate_path, device.key_path, authorities.trust_anchor
    )
    base = utility.url.removesuffix("/dcap")
    async with httpx.AsyncClient(verify=context, timeout=10, trust_env=False) as http:

        async def get(path):
            answer = await http.get(base + path)
            assert answer.status_code == 200, path
            return answer.content

        yield get


async def test_the_peer_reads_the_whole_tree_that_we_serve(read, get, utility, device):
    program = utility.add_program(3, description="feeder")
    utility.add_device(device.lfdi, program)
    utility.set_default(program, parts.export_limit(1500, V1_3), settings={"setGradW": 28})
    paths = ["/dcap", "/tm", "/edev", "/edev/1/rg", "/edev/1/fsa", "/edev/1/fsa/1/derp"]
    paths += ["/edev/1/der", "/derp/1/dderc"]
    dcap, time, devices, registration, fsa, programs, ders, default = await read(
        *[await get(path) for path in paths]
    )
    assert dcap["EndDeviceListLink"] == {"href": "/edev", "all_": 1}
    assert abs(time["currentTime"] - utility.now()) < 30
    (found,) = devices["EndDevice"]
    assert (found["lFDI"], found["sFDI"]) == (device.lfdi.upper(), sfdi_of(device.lfdi))
    assert found["ConnectionPointLink"]["href"] == "/edev/1/cp"
    assert registration["pIN"] == PIN
    assert fsa["FunctionSetAssignments"][0]["DERProgramListLink"]["href"] == "/edev/1/fsa/1/derp"
    assert programs["DERProgram"][0]["primacy"] == 3
    assert ders["DER_"][0]["DERCapabilityLink"]["href"] == "/edev/1/der/1/dercap"
    assert default["setGradW"] == 28
    assert default["DERControlBase_"]["opModExpLimW"] == {"multiplier": 0, "value": 1500}


async def test_the_peer_reads_the_limits_of_csip_aus_beside_standard_modes(
    read, get, utility, device
):
    program = utility.add_program(1)
    utility.add_device(device.lfdi, program)
    start = int(utility.now()) + 60
    base = (
        parts.import_limit(7000, V1_3),
        parts.export_limit(150000, V1_3),
        parts.generation_limit("3210.5", V1_3),
        parts.load_limit(0, V1_3),
        parts.fixed_pf("0.95", absorbing_var=True),
        parts.ramp(1000),
    )
    held = utility.add_control(program, control(start, 3600, *base, randomize=(-60, 120)))
    (values,) = await read(await get("/derp/1/derc"))
    (found,) = values["DERControl"]
    assert found["mRID"] == held.mrid
    assert found["interval"] == {"duration": 3600, "start": start}
    assert (found["randomizeStart"], found["randomizeDuration"]) == (-60, 120)
    assert found["responseRequired"] == "03"
    modes = found["DERControlBase_"]
    assert scaled(modes["opModImpLimW"]) == 7000
    assert scaled(modes["opModExpLimW"]) == 150000
    assert scaled(modes["opModGenLimW"]) == Fraction("3210.5")
    assert scaled(modes["opModLoadLimW"]) == 0
    assert modes["opModFixedPFInjectW"] == {
        "displacement": 95,
        "excitation": True,
        "multiplier": -2,
    }
    assert modes["rampTms"] == 1000
