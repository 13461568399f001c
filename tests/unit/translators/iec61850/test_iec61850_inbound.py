"""What a client operated, to one canonical command: names, times, modes, refusals."""

import struct
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import pytest

from support.operated import (
    CEI,
    ED2,
    MESA,
    NL,
    NOW,
    curve_values,
    in_node,
    operated,
    read,
    read_one,
    sent,
)
from support.translation import a_station, an_evse, book, kinds, q, refused, running, situation
from translators.canonical.commands import Interval, Protocol, Revision
from translators.canonical.controls import (
    Excitation,
    FixedVar,
    LimitScope,
    PowerLimit,
)
from translators.errors import ModelError

HALF = {"WMaxSptPct.ctlVal": "50"}
LATER = NOW + timedelta(hours=1)


def only(translation):
    (command,) = translation.value
    return command


def test_a_value_without_an_end_holds_as_a_default():
    command = only(read("DWMX1", HALF))
    assert command.is_default
    assert command.interval is None
    assert command.created == command.server_time == NOW


def test_a_set_point_that_is_operated_again_and_again_is_live():
    assert only(read("DAGC1", {"WSpt.ctlVal": "1000"})).live
    assert not only(read("DAGC1", {"WSpt.ctlVal": "1000"}, duration_s=900)).live
    dynamic = replace(an_evse(), dynamic_profiles=True)
    (payload,) = sent(
        "DAGC1",
        {"WSpt.ctlVal": "1000"},
        station=a_station(dynamic),
        situation=situation(running()),
    )
    assert payload["chargingProfile"]["chargingProfileKind"] == "Dynamic"


def test_a_start_with_a_duration_is_an_interval():
    command = only(read("DWMX1", HALF, oper_time=LATER, duration_s=900))
    assert command.interval == Interval(LATER, LATER + timedelta(seconds=900))
    assert not command.is_default


def test_a_duration_alone_counts_from_now():
    assert only(read("DWMX1", HALF, duration_s=900)).interval == Interval(
        NOW, NOW + timedelta(seconds=900)
    )


def test_a_start_that_lies_ahead_has_no_end_without_a_duration():
    assert only(read("DWMX1", HALF, oper_time=LATER)).interval == Interval(LATER, None)


def test_a_start_that_has_passed_is_now():
    assert only(read("DWMX1", HALF, oper_time=NOW - timedelta(hours=1))).interval is None


def test_the_reversion_time_of_the_node_is_a_duration():
    command = only(read("DWMX1", HALF, settings={"RvrtTms.setVal": 600}))
    assert command.interval == Interval(NOW, NOW + timedelta(seconds=600))


def test_a_reversion_time_of_zero_reverts_nothing():
    assert only(read("DWMX1", {**HALF, "RvrtTms.setVal": 0})).interval is None


def test_what_was_operated_counts_before_what_the_node_is_set_to():
    command = only(read("DWMX1", {**HALF, "RvrtTms.setVal": 60}, settings={"RvrtTms.setVal": 600}))
    assert command.interval.duration == timedelta(seconds=60)


def test_what_the_client_asks_for_counts_before_the_reversion_time():
    command = only(read("DWMX1", {**HALF, "RvrtTms.setVal": 60}, duration_s=30))
    assert command.interval.duration == timedelta(seconds=30)


def test_a_start_window_is_a_random_span_of_at_most_an_hour():
    assert only(read("DWMX1", {**HALF, "WinTms.setVal": 60})).randomization.start_s == 60
    assert only(read("DWMX1", {**HALF, "WinTms.setVal": 9000})).randomization.start_s == 3600


def test_a_ramp_is_one_of_the_command():
    assert only(read("DWMX1", {**HALF, "RmpTms.setVal": 30})).ramp_time == 30
    assert only(read("DWMX1", {**HALF, "RmpTms.setVal": 0})).ramp_time is None


@pytest.mark.parametrize("seconds", ["-1", "NaN", "4294967296"])
def test_seconds_that_are_none_refuse_the_whole(seconds):
    translation = read("DWMX1", {**HALF, "RvrtTms.setVal": seconds})
    assert translation.value == ()
    assert refused(translation) == [("invalid", "DWMX1/RvrtTms")]
    assert kinds(translation) == ["unsupported"]


def test_an_end_after_the_last_year_refuses_the_whole():
    late = NOW.replace(year=9999, month=12, day=31)
    translation = read("DWMX1", HALF, oper_time=late, duration_s=4_000_000)
    assert refused(translation) == [("invalid", "DWMX1/operTm")]


def test_a_command_knows_where_it_comes_from():
    command = only(read("WlimDWMX1", HALF, CEI, digest="00ff"))
    origin = command.origin
    assert (origin.utility, origin.protocol) == ("dso", Protocol.IEC61850)
    assert origin.revision is Revision.IEC61850_7_420
    assert (origin.program, origin.href, origin.digest) == (CEI, "WlimDWMX1", "00ff")
    assert (command.target.station, command.primacy) == ("CS1", 7)


def test_all_that_is_operated_at_a_node_is_one_command_in_editions():
    first, second = only(read("DWMX1", HALF)), only(read("DWMX1", {"WMaxSpt.ctlVal": "1"}))
    assert first.mrid == second.mrid == "dso/LD0/DWMX1"


@pytest.mark.parametrize(
    ("node", "profile", "device", "mrid"),
    [
        ("DWMX2", ED2, "", "dso/LD0/DWMX2"),
        ("WlimDWMX1", CEI, "", "dso/LD_Plant/WlimDWMX1"),
        ("DWMX1", ED2, "LD7", "dso/LD7/DWMX1"),
        ("DLFW3", ED2, "", "dso/LD0/DHFW3"),
        ("DHFW3", ED2, "", "dso/LD0/DHFW3"),
    ],
)
def test_a_command_is_named_after_its_node(node, profile, device, mrid):
    assert operated(node, {}, profile, device=device).command_id(book()) == mrid


@pytest.mark.parametrize("name", ["", "DWM1", "dwmx1", "DWMX1.WMax", "DWMX123456789"])
def test_what_is_no_node_is_no_context(name):
    with pytest.raises(ModelError, match="is no logical node"):
        in_node(name)


def test_a_node_has_prefix_class_and_number():
    context = in_node("VArSdDVAR12")
    assert (context.node_class, context.instance) == ("DVAR", "12")


def test_a_document_says_what_it_is():
    document = operated("WlimDWMX1", HALF, CEI)
    told = (document.protocol, document.revision, document.kind, document.primacy)
    assert told == (Protocol.IEC61850, CEI, "DWMX", 7)


@pytest.mark.parametrize(
    ("profile", "off", "on"),
    [
        (ED2, {"Mod.ctlVal": 5}, {"Mod.ctlVal": 1}),
        (MESA, {"ModEna.ctlVal": False}, {"ModEna.ctlVal": True}),
    ],
)
def test_switching_off_releases_the_command(profile, off, on):
    document = operated("DWMX1", {**HALF, **off}, profile)
    translation = document.read(book())
    assert document.releases(book())
    assert (translation.value, translation.refusals) == ((), ())
    last = translation.steps[-1]
    assert (last.operation, last.after) == ("release", "dso/LD0/DWMX1")
    assert not operated("DWMX1", {**HALF, **on}, profile).releases(book())


def test_what_cannot_be_read_releases_nothing():
    assert not operated("DWMX1", {"Mod": 5}).releases(book())


def test_any_other_mode_is_not_carried_out():
    translation = read("DWMX1", {**HALF, "Mod.ctlVal": 3})
    assert refused(translation) == [("not_applicable", "DWMX1/Mod")]


def test_switching_on_alone_asks_for_nothing():
    translation = read("DWMX1", {"Mod.ctlVal": 1})
    assert refused(translation) == [("invalid", "DWMX1")]


def test_two_limits_of_one_node_hold_together():
    command = only(read("DWMX1", {**HALF, "WMaxSpt.ctlVal": "4000"}))
    assert [control.value for control in command.controls] == [q("50 pct[setMaxW]"), q("4000 W")]


def test_two_set_points_of_one_node_contradict_each_other():
    translation = read("DAGC1", {"WSpt.ctlVal": "1000", "WSptPct.ctlVal": "10"})
    assert len(only(translation).controls) == 1
    assert refused(translation) == [("invalid", "DAGC1")]


def test_a_value_that_is_no_number_is_refused_and_its_neighbour_goes_on():
    translation = read("DFPF1", {"PFGnTgtSpt.ctlVal": "NaN", "PFLodTgtSpt.ctlVal": "1"})
    (control,) = only(translation).controls
    assert control.displacement == 1
    assert refused(translation) == [("invalid", "DFPF1/PFGnTgtSpt")]


def test_an_object_that_nobody_reads_is_refused_by_name():
    translation = read("DWMX1", {"WAvlPct.ctlVal": "5"})
    assert refused(translation) == [("not_supported", "DWMX1/WAvlPct")]
    assert "profile iec-7-420-ed2" in translation.refusals[0].problem


@pytest.mark.parametrize(
    ("node", "values"),
    [
        ("DWMN1", {"WMinSptPct.ctlVal": "5"}),
        ("DHVT1", {"TrZnSt.setVal": "x"}),
        ("DPFW1", {"WSetA.setMag": "0.2"}),
        ("DPCC1", {"WRtg.setMag": "5"}),
        ("DSTO1", {"ChaWMax.setMag": "5"}),
        ("FSCH1", {"EvtRef.setVal": "x"}),
        ("DGEN1", {"WMaxRtg.setMag": "5"}),
        ("DWMX1", {"ReqWMax.ctlVal": "5"}),
    ],
)
def test_what_a_profile_refuses_it_refuses_with_a_reason(node, values):
    translation = read(node, values)
    (refusal,) = translation.refusals
    assert refusal.outcome.value == "not_supported"
    assert refusal.rule == "iec61850.profile_ed2@1.0.0"
    assert len(refusal.problem) > 8


def test_a_node_of_another_class_is_not_what_a_profile_refuses():
    assert read("DGEN1", {"WRmp.setMag": "0.5"}).refusals == ()


def test_what_every_node_has_changes_nothing_and_says_so():
    translation = read("DWMX1", {**HALF, "InEcpRef.setVal": "x", "RmpRteUse.setVal": "1"})
    assert kinds(translation) == ["drop"]
    assert translation.losses[0].where == "DWMX1/RmpRteUse"


def test_a_member_that_a_rule_reads_is_no_stranger():
    translation = read(
        "DVVR1", {**curve_values("VVArCrv", "95 10, 105 -10"), "OplTmsMax.setVal": 5}
    )
    assert translation.refusals == ()


def test_a_float32_is_what_its_sender_meant_and_the_trace_says_so():
    wire = struct.unpack(">f", struct.pack(">f", 50.1))[0]
    translation = read("DWMX1", {"WMaxSptPct.ctlVal": wire})
    assert only(translation).controls[0].value == q("50.1 pct[setMaxW]")
    (step,) = (s for s in translation.steps if s.rule == "iec61850.float32")
    assert (step.source, step.target) == ("DWMX1.WMaxSptPct.ctlVal", "DWMX1/WMaxSptPct")
    assert (step.before, step.after) == (repr(wire), "50.1")


@pytest.mark.parametrize(
    ("values", "profile", "expected"),
    [
        ({"WMaxSptPct.ctlVal": "40"}, ED2, PowerLimit("export", q("40 pct[setMaxW]"))),
        (
            {"WMaxSptPct.ctlVal": "40"},
            CEI,
            PowerLimit("export", q("40 pct[setMaxVA]"), LimitScope.CONNECTION_POINT),
        ),
        (
            {"WMaxSet.setMag": "40", "WMaxFto.setVal": 900},
            NL,
            PowerLimit("export", q("40 W"), LimitScope.CONNECTION_POINT),
        ),
        ({"LimW.ctlVal": "40"}, MESA, PowerLimit("export", q("40 W"))),
        ({"WMaxSpt.ctlVal": "40"}, NL, PowerLimit("export", q("40 W"))),
    ],
)
def test_a_profile_reads_by_its_own_rules_and_else_by_those_that_it_extends(
    values, profile, expected
):
    assert read_one("DWMX1", values, profile) == expected


def test_a_settings_of_the_node_decides_the_base():
    by_base = {
        base: read_one("DVAR1", {"VArTgtSptPct.ctlVal": "5"}, settings={"VArSetRef.setVal": base})
        for base in (1, 2, 3)
    }
    assert by_base == {
        1: FixedVar(q("5 pct[setMaxW]")),
        2: FixedVar(q("5 pct[setMaxVar]")),
        3: FixedVar(q("5 pct[statVarAvail]")),
    }


def test_the_profile_fills_in_what_the_node_does_not_say():
    assert read_one("DVAR1", {"VArTgtSptPct.ctlVal": "5"}) == FixedVar(q("5 pct[setMaxVar]"))


def test_the_site_may_know_the_excitation():
    control = read_one("DFPF1", {"PFGnTgtSpt.ctlVal": "-0.9"}, site={"excitation": "under"})
    assert control.excitation is Excitation.UNDER


def test_a_droop_is_exact():
    beside = {"DLFW": {"HzStr.setMag": Decimal("59.7"), "WGra.setMag": Decimal(-70)}}
    values = {"HzStr.setMag": "60.036", "WGra.setMag": "35", "OplTmsMax.setVal": 5}
    control = read_one("DHFW1", values, beside=beside)
    assert control.over_deadband == Fraction("0.036")
    assert control.over_droop == Fraction(100, 35 * 60)
    assert control.under_droop == Fraction(100, 70 * 60)


def test_a_droop_needs_the_nominal_frequency():
    translation = read(
        "DHFW1",
        {"HzStr.setMag": "60.036", "WGra.setMag": "35", "OplTmsMax.setVal": 5},
        nominal_frequency_hz=None,
    )
    assert refused(translation) == [("not_applicable", "DHFW1/HzStr")]


def test_the_curves_of_two_nodes_are_one():
    low = {"DLFW": curve_values("HzWCrv", "59.5 100, 59.8 50")}
    control = read_one("DHFW1", curve_values("HzWCrv", "60.2 50, 61 0"), beside=low)
    assert [point.x for point in control.curve.points] == [
        Fraction(x) for x in ("59.5", "59.8", "60.2", "61")
    ]


def test_a_setting_that_cannot_be_read_refuses_the_whole():
    translation = read("DWMX1", HALF, settings={"RvrtTms": 1})
    assert refused(translation) == [("invalid", "DWMX1.RvrtTms")]


def test_three_letters_are_three_points():
    values = {
        "WSetA.setMag": "0.2",
        "PFSetA.setMag": "1",
        "WSetB.setMag": "1",
        "PFSetB.setMag": "-0.9",
    }
    control = read_one("PFWDPFW1", values, CEI)
    assert [(point.x, point.displacement) for point in control.points] == [
        (20, 1),
        (100, Fraction("0.9")),
    ]
    assert control.points[1].excitation is Excitation.UNDER


def test_what_a_list_spells_out_is_read_and_what_stands_beside_it_is_not():
    values = {
        "WSetA.setMag": "0.2",
        "PFSetA.setMag": "1",
        "WSetB.setMag": "1",
        "PFSetB.setMag": "-0.9",
        "WSetZ.setMag": "1",
    }
    translation = read("PFWDPFW1", values, CEI)
    assert refused(translation) == [("not_supported", "PFWDPFW1/WSetZ")]


def test_a_point_that_is_half_told_is_refused():
    translation = read("PFWDPFW1", {"WSetA.setMag": "0.2"}, CEI)
    assert [outcome for outcome, _ in refused(translation)] == ["invalid"]


def test_an_attribute_that_is_none_refuses_the_whole():
    translation = read("DWMX1", {"WMaxSptPct": "5"})
    assert translation.value == ()
    assert refused(translation) == [("invalid", "DWMX1.WMaxSptPct")]
