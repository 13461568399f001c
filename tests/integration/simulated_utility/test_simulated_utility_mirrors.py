"""Meter mirrors and their readings: recorded as plain values, or refused for the reason of the standard."""

from fractions import Fraction

import pytest

from gateway.simulators.utility_2030_5_xml import parse

NS = 'xmlns="urn:ieee:std:2030.5:ns"'


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
