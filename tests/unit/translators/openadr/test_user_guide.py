"""What the OpenADR 3 User Guide asks for (7.5 to 8.13), in both editions: mapped, or refused by name.

The events have the shape of the guide's samples, its broken ones too; the station is a 22 kW one that
discharges 16 kW, with one transaction running.
"""

from datetime import timedelta

import pytest

from support.openadr import (
    ENDLESS,
    a_payload,
    an_event,
    an_interval,
    commands,
    one,
    prices,
    read,
    spans,
    told,
)
from support.openadr import line as line_of
from translators.errors import DocumentError
from translators.openadr.wire import Descriptor, Program, parse

HOUR = timedelta(hours=1)
NOW = "0001-01-01"
BEGUN = {"start": NOW, "duration": "PT0H"}
"""The guide's period of an event that has no time of its own (8.6, 8.10.2)."""
CEASED = "ChargingStationMaxProfile limit 0:0 until 3600; TxProfile operationMode 0:Idle until 3600"
REPORTS = [{"payloadType": "USAGE", "readingType": "DIRECT_READ"}]


def test_7_5_an_event_of_reports_alone_moves_nothing(context):
    for silent in ([], ..., [an_interval(a_payload("X")) | {"payloads": []}]):
        event = an_event(intervals=silent, reportDescriptors=REPORTS, payloadDescriptors=...)
        assert told(event, context()) == ("nothing to do", "")


def test_7_6_a_descriptor_of_the_event_wins_over_its_program(context):
    event = one("PRICE", 0.17, payloadDescriptors=...)
    program = Program("flex", "", {"PRICE": Descriptor("KWH", "USD")})
    assert told(event, context(program=program)) == ("Price.import.USD/KWH", "")
    own = [{"payloadType": "PRICE", "units": "KWH", "currency": "EUR"}]
    priced = {**event, "payloadDescriptors": own}
    assert told(priced, context(program=program)) == ("Price.import.EUR/KWH", "")


def test_7_7_a_report_descriptor_with_a_misspelt_key_costs_no_price(context):
    event = prices(0.17, reportDescriptors=[{"payLoadType": "USAGE", "aggregate": True}])
    assert told(event, context()) == ("Price.import.USD/KWH", "drop")


def test_7_9_year_one_and_no_time_take_a_known_event_back(context):
    event = an_event(intervalPeriod={"start": NOW, "duration": "PT0S"})
    assert told(event, context(known=True)) == ("nothing to do", "")
    assert told(event, context())[0] == "ChargingStationMaxProfile limit 0:10000"


def test_8_1_an_alert_is_logged_unless_a_policy_says_more(context):
    event = one("ALERT_GRID_EMERGENCY", "The grid is in an emergency", payloadDescriptors=...)
    assert told(event, context()) == ("Alert.GRID_EMERGENCY", "")
    policy = {"alert_grid_emergency": "zero_envelope"}
    assert told(event, context(policy=policy)) == (
        CEASED,
        "approximate policy",
    )


def test_8_2_a_level_is_what_the_site_makes_of_it(context):
    event = one("SIMPLE", 1, payloadDescriptors=[{"payloadType": "SIMPLE"}])
    assert told(event, context()) == ("Alert.SIMPLE", "")
    policy = {"simple_1": "zero_envelope"}
    assert told(event, context(policy=policy))[0] == CEASED
    assert told(one("SIMPLE", 2), context(policy=policy))[0] == "Alert.SIMPLE"


def test_8_3_prices_of_a_day_move_no_power(context):
    event = prices(*[0.17, 0.03] * 12, reportDescriptors=REPORTS)
    assert told(event, context()) == ("Price.import.USD/KWH", "")


POINTS = [{"x": 0.92, "y": 0.44}, {"x": 0.98, "y": 0}, {"x": 1.06, "y": -0.44}]
VOLT_VAR = {"curve": "volt_var", "x": "pu_of_VNom", "y": "pu_of_setMaxVA"}


def test_8_4_a_curve_names_nothing_and_its_contract_does(context):
    event = one("CURVE", *POINTS, payloadDescriptors=...)
    refused = ("refused: CURVE names no curve, axis, base or sign", "unsupported")
    assert told(event, context()) == refused
    bound = told(event, context({**VOLT_VAR, "y_sign": "inject_positive"}))
    assert bound[0] == "VoltVar 92:100 92.5455:100 98:0 103.8182:-100 106:-100"


def test_8_4_points_without_keys_are_no_json():
    with pytest.raises(DocumentError, match="is no JSON"):
        parse('{"type": "CURVE", "values": [{0.9, 0.4}, {0.94, 0.4}]}')


def test_8_4_points_as_pairs_of_numbers_are_refused(context):
    event = one("CURVE", [0.9, 0.4], [1.06, -0.44], payloadDescriptors=...)
    said, _ = told(event, context({**VOLT_VAR, "y_sign": "inject_positive"}))
    assert said.startswith("refused: ")


def test_8_4_a_list_of_points_within_the_list_is_the_same_curve(context):
    bound = context({**VOLT_VAR, "y_sign": "inject_positive"})
    flat, nested = (one("CURVE", *values) for values in (POINTS, [POINTS]))
    assert told(nested, bound) == told(flat, bound)


def test_8_5_load_is_dispatched_in_its_own_frame(context):
    assert told(one("DISPATCH_SETPOINT", 0), context())[0] == "TxProfile setpoint 0:0 until 3600"
    assert (
        told(one("DISPATCH_SETPOINT", 7.4), context())[0] == "TxProfile setpoint 0:7400 until 3600"
    )


def test_8_6_a_request_for_the_state_of_charge_moves_nothing(context):
    kinds = ("STORAGE_USABLE_CAPACITY", "STORAGE_CHARGE_LEVEL", "STORAGE_MAX_CHARGE_POWER")
    wanted = [{"payloadType": kind, "frequency": 0} for kind in kinds]
    event = an_event(
        intervals=..., payloadDescriptors=..., intervalPeriod=BEGUN, reportDescriptors=wanted
    )
    assert told(event, context()) == ("nothing to do", "")


@pytest.mark.parametrize(
    ("value", "units", "said"),
    [
        pytest.param(
            0.8, "PERCENT", "TxProfile limit 0:22000 until 3600, 0 above 80 %", id="share"
        ),
        pytest.param(33, "PERCENT", "refused: is 33, not in 0..1", id="hundredfold"),
        pytest.param(
            33,
            "PERCENTAGE",
            "refused: CHARGE_STATE_SETPOINT in units 'PERCENTAGE' is not known",
            id="a unit that is none",
        ),
    ],
)
def test_8_6_a_state_of_charge_is_a_share(context, value, units, said):
    assert told(one("CHARGE_STATE_SETPOINT", value, units=units), context())[0] == said


@pytest.mark.parametrize("kind", ["LOAD_SHED_DELTA_AVAILABLE", "USAGE"], ids=["8.7", "8.8"])
def test_8_7_and_8_8_implied_intervals_of_a_forecast_move_nothing(context, kind):
    rolling = {"startInterval": 0, "numIntervals": 48, "historical": False, "repeat": -1}
    event = an_event(
        intervals=..., payloadDescriptors=..., reportDescriptors=[{"payloadType": kind, **rolling}]
    )
    assert told(event, context()) == ("nothing to do", "")


def test_8_9_1_critical_peak_pricing_is_levels_and_prices(context):
    event = an_event(an_interval(a_payload("SIMPLE", 2), a_payload("PRICE", 0.9)))
    assert told(event, context())[0] == "Alert.SIMPLE; Price.import.?/KW"


def test_8_9_2_thermostats_are_no_stations(context):
    refused = told(one("CONTROL_SETPOINT", 2, units="CELSIUS"), context())[0]
    assert refused == "refused: CONTROL_SETPOINT says neither what it controls nor in which unit"


def test_8_9_3_fast_dispatch_holds_without_end(context):
    endless = {"start": "2027-03-09T14:30:00Z", "duration": ENDLESS}
    event = one("DISPATCH_SETPOINT", 0.5, intervalPeriod=endless)
    assert told(event, context())[0] == "TxProfile setpoint 0:500"


def test_8_9_3_a_relative_setpoint_goes_down_by_contract_alone(context):
    down = one("DISPATCH_SETPOINT_RELATIVE", -0.15)
    assert told(down, context())[0].startswith("refused: is -0.15, not in 0..")
    contract = {"payload": "DISPATCH_SETPOINT_RELATIVE", "negative": "discharge"}
    (found,) = commands(down, context(contract))
    assert [control.delta.value for control in found.controls] == [150]


@pytest.mark.parametrize("case", ["8.9.4 tariff", "8.9.5 real time", "8.9.6 DER"])
def test_8_9_4_to_8_9_6_prices_for_cars_move_no_power(context, case):
    day = prices(*[0.1] * 24, eventName=case)
    assert told(day, context()) == ("Price.import.USD/KWH", "")


def test_8_10_1_an_envelope_bounds_both_ways_for_its_half_hours(context):
    halves = [
        an_interval(
            a_payload("IMPORT_CAPACITY_LIMIT", most), a_payload("EXPORT_CAPACITY_LIMIT", out)
        )
        for most, out in ((10.0, 4.0), (8.0, 6.0))
    ]
    volts = [{"payloadType": "READING", "units": "VOLTS"}]
    half = {"start": "2027-03-09T14:30:00Z", "duration": "PT30M"}
    event = an_event(*halves, intervalPeriod=half, reportDescriptors=volts)
    assert told(event, context())[0] == (
        "ChargingStationMaxProfile limit 0:10000 1800:8000 until 3600; "
        "LimitMaxDischarge 25 %; LimitMaxDischarge 37.5 %"
    )


def test_8_10_1_a_subscription_holds_while_no_limit_does(context):
    years = {"start": "2027-03-09T14:30:00Z", "duration": ENDLESS}
    subscribed = one("IMPORT_CAPACITY_SUBSCRIPTION", 12, intervalPeriod=years)
    (fallback,) = commands(subscribed, context())
    (limit,) = commands(one("IMPORT_CAPACITY_LIMIT", 20, priority=None), context())
    assert fallback.primacy > limit.primacy
    assert told(subscribed, context())[0] == "ChargingStationMaxProfile limit 0:12000"


def test_8_10_2_a_subscription_without_prefix_is_flagged(context):
    event = one("CAPACITY_SUBSCRIPTION", 240)
    said, losses = told(event, context())
    assert said == "ChargingStationMaxProfile limit 0:240000 until 3600"
    assert "ambiguous" in losses


def test_8_10_2_reservations_and_what_is_available_are_told_and_move_nothing(context):
    period = {"start": "2027-03-09T14:30:00Z", "duration": "PT1H"}
    kinds = ("CAPACITY_RESERVATION", "CAPACITY_AVAILABLE")
    for kind in kinds:
        event = one(kind, 242, intervalPeriod=BEGUN, targets=["VEN-99"])
        assert told(event, context()) == (f"Alert.{kind}", "")
        inside = an_interval(a_payload(kind, 242), **period)
        assert told(an_event(inside, intervalPeriod=BEGUN), context())[0] == f"Alert.{kind}"


def test_8_10_2_year_one_and_no_time_in_an_interval_of_its_own_hold_until_taken_back(context):
    inside = an_interval(a_payload("IMPORT_CAPACITY_SUBSCRIPTION", 12), **BEGUN)
    event = an_event(inside, intervalPeriod=...)
    assert told(event, context())[0] == "ChargingStationMaxProfile limit 0:12000"
    assert told(event, context(known=True))[0] == "nothing to do"


def test_8_10_2_a_fee_without_prefix_is_no_type(context):
    said, _ = told(one("CAPACITY_RESERVATION_FEE", 0.11), context())
    assert said.startswith("refused: CAPACITY_RESERVATION_FEE is no payload type")
    assert told(one("CAPACITY_AVAILABLE_FEE", 0.11), context())[0] == "Price.import.?/KW"


def test_8_10_2_a_request_for_reservations_moves_nothing(context):
    wanted = [{"payloadType": "CAPACITY_RESERVATION", "reportIntervals": "OPEN_INTERVALS"}]
    event = an_event(
        intervals=..., payloadDescriptors=..., intervalPeriod=BEGUN, reportDescriptors=wanted
    )
    assert told(event, context()) == ("nothing to do", "")


@pytest.mark.parametrize("kind", ["CTA2045_REBOOT", "CTA2045_SET_OVERRIDE_STATUS"])
def test_8_11_stations_are_no_devices_of_cta_2045(context, kind):
    said, _ = told(one(kind, 1), context())
    assert said.startswith(f"refused: {kind} stations are no CTA-2045 devices")


def instructed(*intervals, **changes):
    described = [{"payloadType": "DISPATCH_INSTRUCTION"}]
    return an_event(*intervals, intervalPeriod=..., payloadDescriptors=described, **changes)


def test_8_12_instructions_are_refused_with_their_name(context):
    words = a_payload("DISPATCH_INSTRUCTION", "load_reduction", "combustion_gen_standby")
    first = an_interval(words, start="2027-03-09T19:00:00.000Z", duration="PT2H")
    said, _ = told(instructed(first), context())
    assert said == "refused: DISPATCH_INSTRUCTION a named action, and no contract says what it is"


def test_8_12_a_date_with_a_space_is_read(edition):
    spaced = an_interval(start="2027-03-09 15:30:00.000Z", duration="PT2H")
    assert spans(line_of(instructed(spaced), edition)) == [(3600, 7200)]


def test_8_12_an_update_keeps_the_name_of_what_it_changes(context):
    before = instructed(an_interval(start="2027-03-09T19:00:00Z", duration="PT2H"))
    first = an_interval(start="2027-03-09T19:00:00Z", duration="PT1H")
    after = instructed(first, an_interval(a_payload("IMPORT_CAPACITY_LIMIT", 5), duration="PT2H"))
    units = [{"payloadType": "IMPORT_CAPACITY_LIMIT", "units": "KW"}]
    old, new = (
        commands({**event, "payloadDescriptors": units}, context()) for event in (before, after)
    )
    assert [command.mrid for command in old] == [command.mrid for command in new[:1]]
    assert [command.interval.duration / HOUR for command in new] == [1, 2]


def test_8_13_an_event_with_targets_and_nothing_else_moves_nothing(context):
    event = {
        "createdDateTime": "12:22:12",
        "eventName": "EVENT_0999",
        "id": "0",
        "objectType": "EVENT",
        "programID": "0",
        "targets": ["ven_0999"],
    }
    assert told(event, context()) == ("nothing to do", "")
    assert read(event, context()).refusals == ()
