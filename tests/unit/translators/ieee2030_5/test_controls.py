"""Canonical commands as IEEE 2030.5 documents: which element says a control, and how exactly."""

from dataclasses import replace
from fractions import Fraction

import pytest

from gateway.settings.mappings import mapping_files
from support.translation import (
    NOON,
    F,
    a_command,
    a_default,
    book,
    curve,
    droop,
    enter_service,
    factors,
    in_program,
    limit,
    pf,
    q,
    trip,
)
from translators.canonical.commands import Interval, Randomization, ResponseDuty, Revision
from translators.canonical.controls import (
    ActiveSetpoint,
    Alert,
    Connect,
    FixedVar,
    Gradients,
    StorageTarget,
    VoltVar,
    VoltWatt,
    WattPowerFactor,
)
from translators.chain import load_book
from translators.ieee2030_5.controls import to_document
from translators.ieee2030_5.inbound import to_command
from translators.units import parse_unit

OLD, NEW = Revision.IEEE2030_5_2018, Revision.IEEE2030_5_2023
AUS = "https://csipaus.org/ns"


def made(*controls, revision=OLD, csip_aus=None, default=False, **changes):
    command = (a_default if default else a_command)(*controls, **changes)
    return to_document(book(), command, revision, csip_aus)


def base(translation):
    return translation.value.control.first("DERControlBase")


def names(resource):
    return [child.name for child in resource.children]


def losses(translation):
    return [(loss.kind.value, loss.where, loss.residual) for loss in translation.losses]


def test_a_constant_of_a_rule_chooses_the_element():
    document = made(pf(flow="absorbing"), pf(flow="injecting"))
    assert names(base(document)) == ["opModFixedPFAbsorbW", "opModFixedPFInjectW"]
    inject = base(document).first("opModFixedPFInjectW")
    assert [inject.text_at(name) for name in ("displacement", "excitation", "multiplier")] == [
        "95",
        "true",
        "-2",
    ]


def test_the_base_of_a_quantity_chooses_the_ref_type():
    var = base(made(FixedVar(q("-44 pct[setMaxVar]")))).first("opModFixedVar")
    assert (var.text_at("refType"), var.text_at("value")) == ("2", "-4400")


def test_the_unit_of_a_limit_chooses_the_element():
    assert names(base(made(limit("generation", "60 pct[setMaxW]")))) == ["opModMaxLimW"]
    watts = limit("generation", "5000 W")
    assert names(base(made(watts, revision=NEW))) == ["opModMaxLimWInject"]
    assert names(base(made(watts, csip_aus=AUS))) == ["opModGenLimW"]
    assert base(made(watts, csip_aus=AUS)).children[0].namespace == AUS


def test_who_knows_no_australian_element_is_told_none():
    refused = made(limit("import", "7000 W", "connection_point"))
    assert names(base(refused)) == []
    (refusal,) = refused.refusals
    assert refusal.function == "PowerLimit.import.connection_point"
    assert losses(refused)[0][0] == "unsupported"


def test_australian_elements_stand_at_the_end_in_their_order():
    document = made(
        StorageTarget(q("5 W")),
        limit("export", "1 W", "connection_point"),
        limit("import", "1 W", "connection_point"),
        Connect(connected=True),
        csip_aus=AUS,
        ramp_time=F(5),
    )
    assert names(base(document)) == [
        "opModConnect",
        "rampTms",
        "opModImpLimW",
        "opModExpLimW",
        "opModStorageTargetW",
    ]


def test_a_control_that_no_revision_says_is_refused_with_the_reason_of_each_rule():
    of_va = FixedVar(q("22 pct[setMaxVA]"))
    (refusal,) = made(of_va).refusals
    assert "which refType cannot name" in refusal.problem
    assert made(of_va, revision=NEW).refusals == ()
    (unknown,) = made(Alert("OTHER", "hello")).refusals
    assert unknown.problem == "no element of 2018 says it"


def test_a_control_that_says_more_than_the_element_is_refused():
    curve_of_2018 = VoltWatt(curve("106 100, 110 0", "pct[setMaxW]"), generation_only=True)
    assert made(curve_of_2018).refusals == ()
    here = replace(curve_of_2018, curve=curve("106 100, 110 0", "pct[setMaxW|setMaxChargeRateW]"))
    (refusal,) = made(here, revision=NEW).refusals
    assert "generation_only is not among what the element says" in refusal.problem


def test_what_is_twice_finds_no_second_element():
    document = made(limit("generation", "60 pct[setMaxW]"), limit("generation", "50 pct[setMaxW]"))
    assert base(document).text_at("opModMaxLimW") == "6000"
    assert len(document.refusals) == 1


def test_a_number_goes_out_under_the_plainest_power_of_ten():
    for watts, value, multiplier in (
        ("5000", "5000", "0"),
        ("70000", "7000", "1"),
        ("0", "0", "0"),
    ):
        target = base(made(ActiveSetpoint(q(f"{watts} W")))).first("opModTargetW")
        assert (target.text_at("value"), target.text_at("multiplier")) == (value, multiplier)
    quarter = base(made(ActiveSetpoint(q("0.25 W")))).first("opModTargetW")
    assert (quarter.text_at("value"), quarter.text_at("multiplier")) == ("25", "-2")


def test_what_does_not_fit_is_rounded_and_declared_exactly():
    document = made(ActiveSetpoint(q("12345.67 W")))
    assert base(document).first("opModTargetW").text_at("value") == "12346"
    assert losses(document) == [("round", "value", "-0.33")]


def test_a_limit_is_rounded_toward_zero():
    document = made(limit("generation", "12345.67 W"), csip_aus=AUS)
    assert base(document).first("opModGenLimW").text_at("value") == "12345"
    assert losses(document) == [("round", "value", "0.67")]


def test_what_no_power_of_ten_holds_is_refused():
    (refusal,) = made(ActiveSetpoint(q("100000000000000 W"))).refusals
    assert "does not fit -32768..32767" in refusal.problem
    (percent,) = made(limit("generation", "101 pct[setMaxW]")).refusals
    assert "10100 does not fit 0..10000" in percent.problem


def test_a_curve_is_linked_and_complete():
    asked = VoltVar(curve("95.5 30, 104 -30"), F(10), F(97), v_ref_auto=True)
    document = made(asked)
    (element,) = base(document).children
    href = element.attributes["href"]
    drawn = document.value.links[href]
    assert names(drawn) == [
        "mRID",
        "autonomousVRefEnable",
        "creationTime",
        "CurveData",
        "CurveData",
        "curveType",
        "openLoopTms",
        "vRef",
        "xMultiplier",
        "yMultiplier",
        "yRefType",
    ]
    texts = [(p.text_at("xvalue"), p.text_at("yvalue")) for p in drawn.every("CurveData")]
    assert texts == [("955", "30"), ("1040", "-30")]
    assert (drawn.text_at("xMultiplier"), drawn.text_at("curveType")) == ("-1", "11")
    assert len(drawn.text_at("mRID")) == 32


def test_what_a_missing_element_means_is_left_out():
    drawn = next(iter(made(VoltVar(curve("95 30, 104 -30"))).value.links.values()))
    assert {"vRef", "autonomousVRefEnable", "openLoopTms"}.isdisjoint(names(drawn))


def test_excitation_stands_in_the_points():
    asked = WattPowerFactor(factors("50 1 over, 100 0.95 under"), parse_unit("pct[setMaxW]"))
    drawn = next(iter(made(asked).value.links.values()))
    assert [p.text_at("excitation") for p in drawn.every("CurveData")] == ["false", "true"]
    assert drawn.text_at("yRefType") == "0"


@pytest.mark.parametrize(
    "asked",
    [
        droop(p_min=None),
        trip("60.5 300", quantity="frequency"),
        trip("50 0.16, 88 2", side="low"),
        Connect(connected=False),
    ],
    ids=["droop", "trip", "low trip", "connect"],
)
def test_what_is_written_reads_the_same(asked):
    document = made(asked).value
    again = to_command(book(), document.control, document.links, in_program())
    assert again.value.controls == (asked,)
    assert again.refusals == ()


@pytest.mark.parametrize(
    ("seconds", "value", "multiplier", "lost"),
    [
        (2147483647, "2147483647", "0", []),
        (2147483648, "214748365", "1", [("round", "xvalue", "-2")]),
        (-2147483648, "-2147483648", "0", []),
        (-2147483649, "-214748365", "1", [("round", "xvalue", "1")]),
    ],
)
def test_a_number_without_a_range_is_an_int32(seconds, value, multiplier, lost):
    document = made(trip(f"110 {seconds}"))
    (link,) = document.value.links.values()
    told = link.text_at("CurveData/xvalue"), link.text_at("xMultiplier")
    assert told == (value, multiplier)
    assert losses(document) == lost


def test_a_boundary_whose_seconds_fall_is_drawn_from_its_other_end():
    document = made(trip("110 13, 120 0.16")).value
    again = to_command(book(), document.control, document.links, in_program()).value
    assert again.controls == (trip("120 0.16, 110 13"),)


def test_a_choice_that_the_rule_does_not_know_is_refused():
    files = {
        path: text.replace('cases: {"true": under, "false": over}', 'cases: {"false": over}')
        for path, text in mapping_files().items()
    }
    document = to_document(load_book(files), a_command(pf(excitation="under")), OLD)
    assert "is under, which the element cannot say" in document.refusals[0].problem


def test_a_droop_of_2023_brings_its_least_power():
    element = base(made(droop(p_min=F(-3000)), revision=NEW)).first("opModFreqDroop")
    assert (element.text_at("pMin/value"), element.text_at("pMin/multiplier")) == ("-3000", "0")


def test_the_event_around_the_controls_reads_the_same():
    asked = a_command(
        Connect(connected=False),
        mrid="0A" * 16,
        version=3,
        description="storm",
        randomization=Randomization(start_s=60, duration_s=-30),
        ramp_time=F("2.5"),
        response=ResponseDuty(received=True, specific=True, reply_to="/rsp"),
    )
    document = to_document(book(), asked, OLD).value
    again = to_command(book(), document.control, document.links, in_program()).value
    same = ("mrid", "version", "description", "interval", "created", "ramp_time", "response")
    assert [getattr(again, name) for name in same] == [getattr(asked, name) for name in same]
    assert again.randomization == asked.randomization
    assert document.control.text_at("EventStatus/currentStatus") == "1"


def test_an_event_ahead_is_scheduled():
    later = Interval(NOON.replace(hour=13), NOON.replace(hour=14))
    document = made(Connect(connected=False), interval=later)
    assert document.value.control.text_at("EventStatus/currentStatus") == "0"


def test_a_ramp_finer_than_the_field_is_cut_and_declared():
    document = made(Connect(connected=False), ramp_time=F("0.0175"))
    assert base(document).text_at("rampTms") == "1"
    assert losses(document) == [("round", "rampTms", str(Fraction(3, 400)))]


def test_an_event_without_end_is_refused():
    document = made(Connect(connected=False), interval=Interval(NOON, None))
    assert document.value is None
    assert document.refusals[0].where == "interval"


def test_defaults_stand_beside_the_modes():
    document = made(
        Gradients(F("0.27"), None), enter_service(), Connect(connected=True), default=True
    ).value.control
    assert document.name == "DefaultDERControl"
    assert names(document)[:3] == ["mRID", "version", "DERControlBase"]
    assert document.text_at("setGradW") == "27"
    assert "setSoftGradW" not in names(document)
    beside = names(document)[3:]
    assert beside == sorted(beside, key=str.lower)


def test_what_only_defaults_say_is_refused_in_an_event():
    (refusal,) = made(Gradients(F(1), F(1))).refusals
    assert refusal.function == "Gradients"


def test_every_step_names_its_function():
    document = made(FixedVar(q("1 pct[setMaxVar]")), pf())
    assert {step.control for step in document.steps} == {"FixedVar", "FixedPowerFactor.injecting"}
