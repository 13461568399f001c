"""A station that reads a field in its own way shows it in the power that flows."""

import pytest

from gateway.simulators.station_dialect import TEXT, Dialect, as_meant
from gateway.simulators.station_options import Personality
from support.station_bench import Bench
from support.station_messages import BODIES, curve, set_control

STEP = curve((106, 100), (110, 0), unit="PctMaxW")


def meant(kind, body=None, v_nom=230, **dialect):
    given = BODIES[kind][1] if body is None else body
    return as_meant(kind, given, Dialect(**dialect), v_nom)


@pytest.mark.parametrize("kind", BODIES)
def test_the_text_changes_nothing(kind):
    assert as_meant(kind, BODIES[kind][1], TEXT, 230) == BODIES[kind][1]


def points(body):
    return [(point["x"], point["y"]) for point in body["curveData"]]


@pytest.mark.parametrize("kind", ["FixedPFInject", "FixedPFAbsorb"])
def test_inverted_excitation_turns_the_flag_round(kind):
    before = BODIES[kind][1]
    assert meant(kind, excitation="inverted") == before | {"excitation": not before["excitation"]}


def test_an_inverted_watt_pf_curve_has_the_other_sign():
    body = curve((20, 1), (100, 0.95), unit="Not_Applicable", priority=1)
    assert points(meant("WattPF", body, wattpf_y="inverted")) == [(20, -1), (100, -0.95)]


def test_a_droop_in_percent_is_a_hundredth():
    body = meant("FreqDroop", droop="percent")
    assert (body["overDroop"], body["underDroop"]) == (0.0005, 0.0005)
    assert body["overFreq"] == 50.036


def test_a_gradient_in_seconds_is_the_time_for_everything():
    body = meant("Gradients", {"gradient": 20, "softGradient": 0}, gradient="seconds_full_scale")
    assert body == {"gradient": 5, "softGradient": 0}


def test_enter_service_in_volts_and_per_cent_a_second():
    rule = {
        "highVoltage": 241.5,
        "lowVoltage": 211,
        "highFreq": 50.1,
        "lowFreq": 49.5,
        "rampRate": 2,
    }
    body = meant(
        "EnterService", rule, enter_service_voltage="volts", enter_service_ramp="pct_per_s"
    )
    assert body["highVoltage"] == pytest.approx(105)
    assert body["lowVoltage"] == pytest.approx(91.739, abs=0.001)
    assert (body["highFreq"], body["rampRate"]) == (50.1, 50)


def test_a_reference_voltage_can_be_ignored():
    body = curve((92, 100), (98, 0)) | {"reactivePowerParams": {"vRef": 95}}
    assert meant("VoltVar", body, vref="ignored") == curve((92, 100), (98, 0))


@pytest.mark.parametrize(
    ("kind", "given", "expected"),
    [
        ("HVMustTrip", [(0.16, 120), (13, 110)], [(110, 13), (120, 0.16)]),
        ("LFMustTrip", [(0.16, 45), (3, 48)], [(45, 0.16), (48, 3)]),
        ("HVMomCess", [(1, 115)], [(115, 1)]),
    ],
)
def test_a_curve_of_time_is_turned_on_its_side(kind, given, expected):
    body = curve(*given, unit="Not_Applicable")
    assert points(meant(kind, body, trip_axes="time_x")) == expected
    assert meant("VoltVar", body, trip_axes="time_x") == body


# In power


def after(dialect, *requests, seconds=5, voltage_pu=1.0, frequency_hz=50.0, **options):
    """Return P and Q of a station of this dialect that was told these controls."""
    bench = Bench(personality=Personality(dialect=dialect), **options)
    for number, request in enumerate(requests):
        request["controlId"] = f"c{number}"
        assert bench.ask("SetDERControl", request) == {"status": "Accepted"}
    bench.grid.set_voltage(voltage_pu)
    bench.grid.set_frequency(frequency_hz)
    bench.go(seconds)
    return bench.flow()


def test_inverted_excitation_injects_where_the_text_absorbs():
    absorb = set_control("FixedPFInject", default=True, displacement=0.9, excitation=True)
    assert after(TEXT, absorb)[1] == pytest.approx(-2906, abs=1)
    assert after(Dialect(excitation="inverted"), absorb)[1] == pytest.approx(2906, abs=1)


def test_a_droop_of_five_is_five_per_cent_to_one_and_five_hundred_to_the_other():
    droop = set_control(
        "FreqDroop", default=True, overDroop=5, underDroop=5, responseTime=0, overFreq=50.0
    )
    assert after(TEXT, droop, frequency_hz=50.5)[0] == pytest.approx(6000 - 44)
    assert after(Dialect(droop="percent"), droop, frequency_hz=50.5)[0] == pytest.approx(
        6000 - 4400
    )


def test_a_gradient_of_twenty_is_slow_to_who_reads_seconds():
    ramp = set_control("Gradients", gradient=20, softGradient=0)
    assert after(TEXT, ramp, seconds=1)[0] == pytest.approx(4400)
    seconds = Dialect(gradient="seconds_full_scale")
    assert after(seconds, ramp, seconds=1)[0] == pytest.approx(1100)


def test_a_trip_curve_of_the_wrong_axes_never_trips_or_trips_at_once():
    body = {"curveData": [{"x": 110, "y": 2}, {"x": 120, "y": 0.5}]}
    trip = set_control("HVMustTrip", default=True, **body)
    assert after(TEXT, trip, voltage_pu=1.15)[0] == 0
    wrong = after(Dialect(trip_axes="time_x"), trip, voltage_pu=1.15, seconds=100)
    assert wrong[0] == 6000  # y is read as per cent: beyond 0.5 % it would wait for 120 s


def test_the_reading_of_v_ref_shows_in_var():
    bent = set_control("VoltVar", default=True, reactivePowerParams={"vRef": 95})
    flows = {
        reading: after(Dialect(vref=reading), bent, voltage_pu=0.90)[1]
        for reading in ("multiplicative", "additive", "ignored")
    }
    assert flows["multiplicative"] == pytest.approx((98 - 90 / 0.95) / 6 * 11_000)
    assert flows["additive"] == pytest.approx((98 - 95) / 6 * 11_000)
    assert flows["ignored"] == pytest.approx(11_000)


def test_what_is_reported_back_is_what_was_sent():
    bench = Bench(personality=Personality(dialect=Dialect(excitation="inverted")))
    bench.ask("SetDERControl", set_control("FixedPFInject", default=True, excitation=True))
    bench.go(1)
    bench.ask("GetDERControl", {"requestId": 1})
    [(_, report)] = [call for call in bench.take() if call[0] == "ReportDERControl"]
    assert report["fixedPFInject"][0]["fixedPF"]["excitation"] is True
