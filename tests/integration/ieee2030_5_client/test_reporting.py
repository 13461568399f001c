"""What goes up: readings, nameplate and status, as the simulated utility takes them."""

from datetime import UTC, datetime
from fractions import Fraction

import pytest

from gateway.core.effects import PostSamples
from gateway.errors import PeerError
from gateway.simulators import utility_2030_5_controls as make
from gateway.simulators import utility_2030_5_faults as fault
from gateway.simulators.utility_2030_5 import Dialect, Options, control
from support.engine_bench import a_profile
from support.utility_bench import a_report, a_response
from translators.canonical.commands import Revision
from translators.canonical.telemetry import ControlOutcome, GridFault, Sample
from translators.ieee2030_5.mirror import point_mrid
from translators.units import Kind

HOUR = 3600
VALUES = {Kind.POWER: -7000, Kind.REACTIVE: 1200, Kind.VOLTAGE: 231, Kind.FREQUENCY: 50}


def samples(values=VALUES, **changes):
    at = datetime.now(UTC)
    return tuple(
        Sample("CS1", 1, kind, Fraction(value), at, **changes) for kind, value in values.items()
    )


async def measured(bench, *several):
    for each in several or (samples(),):
        await bench.link.post_samples(PostSamples("dso", "CS1", each))


async def test_samples_become_one_mirror_with_averages(utility, bench, mine):
    await bench.up()
    await measured(bench, samples(), samples({Kind.POWER: -8000}))
    await utility.wait_for(lambda: len(utility.readings) == 4, 60)
    told = {reading.uom: (reading.value, reading.flow_direction) for reading in utility.readings}
    assert told == {38: (-7500, 19), 63: (1200, 19), 29: (231, 0), 33: (50, 0)}
    (mirror,) = utility.mirrors
    assert (mirror.mrid, mirror.lfdi) == (point_mrid(mine.lfdi), mine.lfdi)
    assert mirror.node.at("roleFlags") == "0049"


async def test_a_mirror_that_the_utility_forgot_is_made_again(utility, bench):
    await bench.up()
    await measured(bench)
    await utility.wait_for(lambda: len(utility.readings) == 4, 60)
    utility.mirrors.clear()
    await measured(bench)
    await utility.wait_for(lambda: len(utility.readings) == 8, 60)
    assert len(utility.mirrors) == 1


async def test_a_mirror_of_an_earlier_run_is_used_again(utility, started):
    for total in (4, 8):
        async with started() as bench:
            await bench.up()
            await measured(bench)
            await utility.wait_for(lambda total=total: len(utility.readings) == total, 60)
    assert len(utility.mirrors) == 1
    posts = [it for it in utility.exchanges if (it.method, it.path) == ("POST", "/mup")]
    assert len(posts) == 1


@pytest.mark.parametrize("options", [Options(post_rate_s=1)])
async def test_the_utility_says_how_often(utility, started):
    async with started(post_interval_s=None) as bench:
        await bench.up()
        await measured(bench)
        await utility.wait_for(lambda: len(utility.readings) == 4, 60)
        assert {reading.duration for reading in utility.readings} == {1}


async def test_readings_that_are_refused_stop_nothing(utility, program, bench, capsys):
    await bench.up()
    utility.fail("/mup", fault.status(403), method="POST")
    await measured(bench)
    await utility.wait_for(lambda: [it for it in utility.exchanges if it.path == "/mup"], 60)
    utility.heal()
    await measured(bench)
    await utility.wait_for(lambda: utility.readings, 60)
    assert capsys.readouterr().out.count("readings.delayed") <= 1


async def test_a_mirror_without_location_is_an_error(utility, bench, capsys):
    await bench.up()
    utility.fail("/mup", fault.status(201), method="POST", times=1)
    await measured(bench)
    await utility.wait_for(
        lambda: [i for i in utility.exchanges if (i.method, i.path) == ("POST", "/mup")], 10
    )
    await measured(bench)
    await utility.wait_for(lambda: utility.readings, 60)
    assert "has no Location" in capsys.readouterr().out


def newest(utility, kind):
    return next(reversed([doc.values for doc in utility.documents if doc.kind == kind]), {})


async def test_nameplate_settings_and_status_are_put_once(utility, bench):
    await bench.up()
    for _ in range(3):
        await bench.link.report_station(a_report(a_profile()))
    assert [doc.kind for doc in utility.documents] == ["DERCapability", "DERSettings", "DERStatus"]
    assert newest(utility, "DERCapability")["type"] == "82"
    assert newest(utility, "DERSettings")["setMaxW/value"] == "22000"
    assert newest(utility, "DERStatus")["genConnectStatus/value"] == "03"


async def test_only_what_changed_is_put_again(utility, bench):
    await bench.up()
    await bench.link.report_station(a_report(a_profile()))
    await bench.link.report_station(
        a_report(a_profile(), connected=False, alarms=frozenset({GridFault.OVER_VOLTAGE}))
    )
    assert [doc.kind for doc in utility.documents][3:] == ["DERStatus"]
    assert newest(utility, "DERStatus")["alarmStatus"] == "00000002"
    assert "genConnectStatus/value" not in newest(utility, "DERStatus")


async def test_a_station_without_profile_tells_its_status_alone(utility, bench):
    await bench.up()
    await bench.link.report_station(a_report())
    assert [doc.kind for doc in utility.documents] == ["DERStatus"]


async def test_the_default_gradient_becomes_a_setting(utility, program, bench):
    await bench.up()
    await bench.link.report_station(a_report(a_profile()))
    assert newest(utility, "DERSettings")["setGradW"] == "0"
    utility.set_default(program, make.max_lim_w(80), settings={"setGradW": 100})
    await utility.wait_for(lambda: newest(utility, "DERSettings")["setGradW"] == "100", 60)


async def test_a_setting_that_cannot_be_told_now_is_told_later(utility, program, started, capsys):
    async with started() as bench:
        await bench.up()
        await bench.link.report_station(a_report(a_profile()))
        bench.link._report_retry_s = 0.1
        utility.fail("/edev/1/der/1/derg", fault.status(500), method="PUT", times=1)
        utility.set_default(program, make.max_lim_w(80), settings={"setGradW": 100})
        await utility.wait_for(lambda: newest(utility, "DERSettings")["setGradW"] == "100", 60)
    assert "report.delayed" in capsys.readouterr().out


@pytest.mark.parametrize(
    "options", [Options(Dialect("2018", "https://csipaus.org/ns"), post_rate_s=1)]
)
async def test_a_utility_of_csip_aus_is_told_the_limits(utility, bench):
    await bench.up()
    await bench.link.report_station(a_report(a_profile()))
    assert newest(utility, "DERCapability")["doeModesSupported"] == "0F"
    assert utility.refusals == []


@pytest.mark.parametrize("options", [Options(Dialect("2023"))])
async def test_a_utility_of_2023_is_told_in_its_own_words(utility, program, started):
    held = utility.add_control(
        program, control(int(utility.now()) + 60, HOUR, make.max_lim_pct_w_absorb(50))
    )
    async with started(revision=Revision.IEEE2030_5_2023) as bench:
        await bench.until(lambda: held.mrid in bench.received)
        await bench.link.respond(a_response(held.mrid, ControlOutcome.NOT_SUPPORTED))
        await bench.link.report_station(a_report(a_profile()))
        assert utility.responses[0].status == 251
        assert newest(utility, "DERStatus")["connectStatus/value"] == "03"
        assert "genConnectStatus/value" not in newest(utility, "DERStatus")
        assert newest(utility, "DERCapability")["modesSupported2"] == "00000190"
        assert utility.refusals == []


async def test_before_the_device_is_known_a_report_has_to_wait(bench_of):
    with pytest.raises(PeerError, match="not open"):
        await bench_of().link.report_station(a_report(a_profile()))


async def test_a_report_that_failed_is_repeated(utility, bench):
    await bench.up()
    utility.fail("/edev/1/der/1/ders", fault.status(500), method="PUT", times=1)
    with pytest.raises(PeerError, match="HTTP 500"):
        await bench.link.report_station(a_report(a_profile()))
    await bench.link.report_station(a_report(a_profile()))
    assert [doc.kind for doc in utility.documents] == ["DERCapability", "DERSettings", "DERStatus"]


async def test_a_report_that_is_refused_is_said_and_not_repeated(utility, bench, capsys):
    await bench.up()
    utility.fail("/edev/1/der/1/dercap", fault.status(400), method="PUT")
    for _ in range(2):
        await bench.link.report_station(a_report(a_profile()))
    puts = [it for it in utility.exchanges if it.path.endswith("/dercap")]
    assert len(puts) == 1
    assert capsys.readouterr().out.count("report.refused") == 1


async def test_a_der_that_moved_is_looked_for_again(utility, bench):
    await bench.up()
    utility.fail("/edev/1/der/1/dercap", fault.status(404), method="PUT", times=1)
    with pytest.raises(PeerError, match="HTTP 404"):
        await bench.link.report_station(a_report(a_profile()))
    await bench.link.report_station(a_report(a_profile()))
    assert newest(utility, "DERCapability")


async def test_a_utility_without_ders_wants_no_report(utility, device, started):
    utility.fail("*", fault.omit("DERListLink"))
    async with started() as bench:
        await bench.up()
        await bench.link.report_station(a_report(a_profile()))
        assert utility.documents == []
