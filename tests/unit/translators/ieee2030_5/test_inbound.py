"""DERControl and DefaultDERControl to one command: what is read, what is refused, what lives on."""

from datetime import UTC, datetime

import pytest

from support.translation import (
    NOON,
    START,
    F,
    a_default_control,
    a_dercontrol,
    a_dercurve,
    droop,
    el,
    fields,
    kinds,
    limit,
    pf,
    q,
    read,
    read_one,
    refused,
)
from translators.canonical.commands import (
    Interval,
    Origin,
    Protocol,
    Randomization,
    ResponseDuty,
    Revision,
    Target,
)
from translators.canonical.controls import (
    ActiveSetpoint,
    Connect,
    Energize,
    EnterService,
    FixedVar,
    Gradients,
    GridConnectPermit,
    IslandPermit,
    ReactiveSetpoint,
    RelativeActiveSetpoint,
    RelativeReactiveSetpoint,
    StorageTarget,
    VoltageSetpoint,
)

PF = fields("opModFixedPFInjectW", displacement=950, excitation="true", multiplier=-3)


def factor(displacement, excitation="true", multiplier=-3):
    values = {"displacement": displacement, "excitation": excitation, "multiplier": multiplier}
    return fields("opModFixedPFAbsorbW", **values)


def span(**values):
    return fields("interval", **values)


def power(name, value, multiplier=0, **attributes):
    return el(name, el("multiplier", multiplier), el("value", value), **attributes)


@pytest.mark.parametrize(
    ("element", "control"),
    [
        (PF, pf("0.95", "under", "injecting")),
        (factor(9, "false", -1), pf("0.9", "over", "absorbing")),
        (fields("opModFixedVar", refType=2, value=-4400), FixedVar(q("-44 pct[setMaxVar]"))),
        (fields("opModFixedVar", refType=1, value=-2000), FixedVar(q("-20 pct[setMaxW]"))),
        (fields("opModFixedVar", refType=3, value=2000), FixedVar(q("20 pct[statVarAvail]"))),
        (el("opModFixedW", "-5000"), ActiveSetpoint(q("-50 pct[setMaxW|setMaxChargeRateW]"))),
        (power("opModTargetW", -5, 3), ActiveSetpoint(q("-5000 W"))),
        (power("opModTargetVar", 2000), ReactiveSetpoint(q("2000 var"))),
        (el("opModMaxLimW", "6000"), limit("generation", "60 pct[setMaxW]")),
        (fields("opModFreqDroop", dBOF=36, dBUF=40, kOF=50, kUF=30, openLoopTms=500), droop()),
        (el("opModConnect", "false"), Connect(connected=False)),
        (el("opModEnergize", "1"), Energize(energized=True)),
        (power("opModImpLimW", 70, 2), limit("import", "7000 W", "connection_point")),
        (power("opModExpLimW", 70, 2), limit("export", "7000 W", "connection_point")),
        (power("opModGenLimW", 70, 2), limit("generation", "7000 W")),
        (power("opModLoadLimW", 70, 2), limit("load", "7000 W")),
        (power("opModStorageTargetW", -5), StorageTarget(q("-5 W"))),
    ],
    ids=lambda v: getattr(v, "name", None),
)  # fmt: skip
def test_each_mode_becomes_the_control_that_it_means(element, control):
    made, translation = read_one(element)
    assert made == control
    assert translation.losses == ()


@pytest.mark.parametrize(
    ("element", "control"),
    [
        (fields("opModFixedVar", refType=8, value=2000), FixedVar(q("20 pct[setMaxVA]"))),
        (power("opModMaxLimWInject", 5, 3), limit("generation", "5000 W")),
        (power("opModMaxLimWAbsorb", 5, 3), limit("load", "5000 W")),
        (el("opModMaxLimPctWAbsorb", "5000"), limit("load", "50 pct[setMaxChargeRateW]")),
        (power("opModDeltaW", -500), RelativeActiveSetpoint(q("-500 W"))),
        (power("opModDeltaVar", 500), RelativeReactiveSetpoint(q("500 var"))),
        (power("opModTargetV", 240), VoltageSetpoint(q("240 V"))),
        (el("opModGridConnectPermit", "false"), GridConnectPermit(permitted=False)),
        (el("opModIslandPermit", "true"), IslandPermit(permitted=True)),
    ],
    ids=lambda v: getattr(v, "name", None),
)  # fmt: skip
def test_modes_of_2023_are_read_there_and_known_nowhere_else(element, control):
    assert read_one(element, revision="2023")[0] == control
    older = read(a_dercontrol(element))
    assert older.value.controls == ()
    (refusal,) = older.refusals
    assert refusal.where.startswith(f"DERControlBase/{element.name}")


def test_the_same_bytes_have_another_base_in_2023():
    element = fields("opModFixedVar", refType=1, value=-2000)
    assert read_one(element)[0] == FixedVar(q("-20 pct[setMaxW]"))
    assert read_one(element, revision="2023")[0] == FixedVar(
        q("-20 pct[setMaxW|setMaxChargeRateW]")
    )


def test_a_command_carries_all_that_its_document_says():
    extra = (
        el("description", "peak"),
        el("version", 3),
        el("randomizeStart", -60),
        el("randomizeDuration", 30),
    )
    base = (PF, el("rampTms", 550))
    document = a_dercontrol(*base, extra=extra, replyTo="/rsp", responseRequired="03")
    command = read(document, primacy=4, digest="00ff").value
    begin = datetime.fromtimestamp(START, UTC)
    assert command.mrid == "0A"
    assert command.origin == Origin(
        "dso", Protocol.IEEE2030_5, Revision.IEEE2030_5_2018, "P1", "/derc/1", "00ff"
    )
    assert command.target == Target("CS1")
    assert command.controls == (pf(),)
    assert (command.primacy, command.version, command.description) == (4, 3, "peak")
    assert command.created == datetime.fromtimestamp(START - 3600, UTC)
    assert command.server_time == NOON
    assert command.interval == Interval(begin, datetime.fromtimestamp(START + 3600, UTC))
    assert command.randomization == Randomization(-60, 30)
    assert command.ramp_time == F("5.5")
    assert command.response == ResponseDuty(received=True, specific=True, reply_to="/rsp")
    assert not command.is_default


@pytest.mark.parametrize(
    ("text", "received", "specific"),
    [("00", False, False), ("01", True, False), ("02", False, True), ("03", True, True), ("ff", True, True),
     ("zz", False, False), ("", False, False), (None, False, False)],
)  # fmt: skip
def test_the_bits_of_response_required_say_which_answers_are_owed(text, received, specific):
    attributes = {} if text is None else {"responseRequired": text}
    response = read(a_dercontrol(PF, **attributes)).value.response
    assert (response.received, response.specific) == (received, specific)


@pytest.mark.parametrize(
    ("seconds", "kept"), [(3600, 3600), (3601, 3600), (-3601, -3600), (0, 0), (-7, -7)]
)
def test_random_spans_are_an_hour_at_most_either_way(seconds, kept):
    document = a_dercontrol(
        PF, extra=(el("randomizeStart", seconds), el("randomizeDuration", seconds))
    )
    assert read(document).value.randomization == Randomization(kept, kept)


RAMP = "DERControlBase/rampTms"


def a_ramp(hundredths):
    return el("DERControlBase", PF, el("rampTms", hundredths))


def test_the_longest_ramp_is_taken_exactly():
    longest = read(replaced("DERControlBase", a_ramp(2**32 - 1))).value
    assert longest.ramp_time == F(2**32 - 1) / 100


def replaced(name, child):
    """Return a DERControl with one of its children exchanged or, for None, left out."""
    document = a_dercontrol(PF, extra=(el("version", 1),), replyTo="/rsp")
    children = tuple(child if c.name == name else c for c in document.children)
    return type(document)(
        document.name,
        children=tuple(c for c in children if c is not None),
        attributes=document.attributes,
    )


@pytest.mark.parametrize(
    ("name", "child", "where", "problem"),
    [
        ("interval", None, "DERControl/interval", "needs start and duration"),
        ("interval", span(start=1), "DERControl/interval", "needs start and duration"),
        ("interval", span(start=1, duration=-1), "DERControl/interval/duration", "not UInt32"),
        ("interval", span(start=1, duration=2**32), "DERControl/interval/duration", "not UInt32"),
        ("interval", span(start="soon", duration=1), "DERControl/interval/start", "no whole number"),
        ("interval", span(start=10**12, duration=1), "DERControl/interval/start", "is no instant"),
        ("interval", span(start=10**30, duration=1), "DERControl/interval/start", "is no instant"),
        ("interval", span(start=253402300799, duration=1), "DERControl/interval", "the year 9999"),
        ("creationTime", el("creationTime", "9" * 30), "DERControl/creationTime", "is no instant"),
        ("creationTime", el("creationTime", "now"), "DERControl/creationTime", "no whole number"),
        ("DERControlBase", a_ramp(2**32), f"DERControl/{RAMP}", "not UInt32"),
        ("DERControlBase", a_ramp(-1), f"DERControl/{RAMP}", "not UInt32"),
        ("version", el("version", "new"), "DERControl/version", "no whole number"),
        ("version", el("version", 2**63), "DERControl/version", "no edition"),
        ("version", el("version", -(2**63)), "DERControl/version", "no edition"),
        ("version", el("version", "1" * 50), "DERControl/version", "no whole number"),
        ("version", el("version", "1_0"), "DERControl/version", "no whole number"),
        ("version", el("version", "\u0661"), "DERControl/version", "no whole number"),
    ],
)  # fmt: skip
def test_an_event_that_nothing_times_asks_for_nothing_and_is_to_be_told_so(
    name, child, where, problem
):
    translation = read(replaced(name, child))
    command = translation.value
    assert (command.mrid, command.controls) == ("0A", ())
    assert command.interval == Interval(datetime(1970, 1, 1, tzinfo=UTC), None)
    assert command.response.reply_to == "/rsp"
    (refusal,) = translation.refusals
    assert (refusal.outcome.value, refusal.where) == ("invalid", where)
    assert problem in refusal.problem
    assert kinds(translation) == ["unsupported"]


@pytest.mark.parametrize("mrid", [None, el("mRID", "  ")], ids=["missing", "empty"])
def test_an_event_that_nothing_identifies_is_no_command(mrid):
    translation = read(replaced("mRID", mrid))
    assert translation.value is None
    (refusal,) = translation.refusals
    assert (refusal.outcome.value, refusal.where) == ("invalid", "DERControl/mRID")


def test_a_default_control_that_cannot_be_read_is_no_command():
    assert read(a_default_control(el("version", "new"), el("setGradW", 1))).value is None


def test_an_event_without_creation_time_is_the_oldest_of_all():
    assert read(replaced("creationTime", None)).value.created == datetime(1970, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "base",
    [
        pytest.param(None, id="no base"),
        pytest.param(el("DERControlBase"), id="an empty one"),
        pytest.param(el("DERControlBase", el("rampTms", 100)), id="a ramp to nothing"),
    ],
)
def test_an_event_that_asks_for_nothing_is_invalid(base):
    translation = read(replaced("DERControlBase", base))
    assert translation.value.controls == ()
    (refusal,) = translation.refusals
    assert (refusal.outcome.value, refusal.where) == ("invalid", "DERControlBase")


def test_a_default_control_may_ask_for_nothing():
    translation = read(a_default_control())
    assert (translation.value.controls, translation.refusals) == ((), ())


@pytest.mark.parametrize(
    ("bad", "outcome", "problem"),
    [
        (factor(0), "invalid", "guard domain"),
        (factor(1001), "invalid", "guard domain"),
        (factor(65536), "invalid", "not a whole number"),
        (fields("opModFixedPFAbsorbW", excitation="true", multiplier=0), "invalid", "is missing"),
        (el("opModMaxLimW", "10001"), "invalid", "not a whole number in 0..10000"),
        (el("opModMaxLimW", "-1"), "invalid", "not a whole number in 0..10000"),
        (el("opModMaxLimW", "NaN"), "invalid", "not a whole number"),
        (fields("opModFixedVar", refType=8, value=1), "invalid", "base 8 does not fit here"),
        (power("opModImpLimW", -1), "invalid", "guard magnitude"),
        (power("opModImpLimW", 32768), "invalid", "not a whole number"),
        (el("opModVoltVar", href="/gone"), "invalid", "the link '/gone' leads to no document"),
        (el("opModVoltVar"), "invalid", "the link None leads to no document"),
        (el("opModUnheardOf", "1"), "not_supported", "no rule for this element in revision 2018"),
    ],
)  # fmt: skip
def test_a_mode_that_cannot_be_read_is_refused_and_its_neighbours_live_on(bad, outcome, problem):
    translation = read(a_dercontrol(bad, PF))
    assert translation.value.controls == (pf(),)
    ((found, where),) = refused(translation)
    assert (found, where.split("/")[:2]) == (outcome, ["DERControlBase", bad.name])
    assert problem in translation.refusals[0].problem
    assert kinds(translation) == ["unsupported"]


def test_the_same_question_twice_is_asked_once():
    other = fields("opModFixedPFInjectW", displacement=900, excitation="true", multiplier=-3)
    translation = read(a_dercontrol(PF, other))
    assert translation.value.controls == (pf("0.95"),)
    assert [r.problem for r in translation.refusals] == ["the document asks for this twice"]


def test_bounds_of_one_kind_hold_together():
    translation = read(a_dercontrol(power("opModGenLimW", 9), el("opModMaxLimW", "6000")))
    assert translation.value.controls == (
        limit("generation", "9 W"),
        limit("generation", "60 pct[setMaxW]"),
    )
    assert translation.refusals == ()


@pytest.mark.parametrize(
    ("disabled", "revision", "read_at_all"),
    [
        ("true", "2023", False),
        ("1", "2023", False),
        ("false", "2023", True),
        ("true", "2018", True),
    ],
)
def test_the_value_of_a_disabled_mode_is_for_older_clients(disabled, revision, read_at_all):
    translation = read(
        a_dercontrol(el("opModConnect", "false", disabled=disabled)), revision=revision
    )
    assert bool(translation.value.controls) is read_at_all
    assert [o for o, _ in refused(translation)] == ([] if read_at_all else ["not_applicable"])


def test_a_curve_is_followed_by_its_link():
    curve = a_dercurve(11, "920 44, 1080 -44", xMultiplier=-1, openLoopTms=500, vRef=9700)
    control, _ = read_one(el("opModVoltVar", href="/c/1"), links={"/c/1": curve})
    assert [(p.x, p.y) for p in control.curve.points] == [(92, 44), (108, -44)]
    assert (control.response_time, control.v_ref) == (5, 97)


@pytest.mark.parametrize(
    ("points", "problem"),
    [
        ("", "guard n_points fails"),
        (", ".join(f"{n} 0" for n in range(11)), "guard n_points fails"),
        ("95 0, 94 0", "x falls along the curve"),
        ("95 1001", "guard y_domain fails"),
    ],
)
def test_a_curve_that_is_none_is_invalid(points, problem):
    translation = read(a_dercontrol(el("opModVoltVar", href="/c")), {"/c": a_dercurve(11, points)})
    assert [(r.outcome.value, r.problem) for r in translation.refusals] == [("invalid", problem)]


@pytest.mark.parametrize(
    ("mode", "curve_type", "name"),
    [
        ("opModHFRTMayTrip", 1, "frequency.high.may_trip"),
        ("opModHFRTMustTrip", 2, "frequency.high.must_trip"),
        ("opModHVRTMayTrip", 3, "voltage.high.may_trip"),
        ("opModHVRTMomentaryCessation", 4, "voltage.high.momentary_cessation"),
        ("opModHVRTMustTrip", 5, "voltage.high.must_trip"),
        ("opModLFRTMayTrip", 6, "frequency.low.may_trip"),
        ("opModLFRTMustTrip", 7, "frequency.low.must_trip"),
        ("opModLVRTMayTrip", 8, "voltage.low.may_trip"),
        ("opModLVRTMomentaryCessation", 9, "voltage.low.momentary_cessation"),
        ("opModLVRTMustTrip", 10, "voltage.low.must_trip"),
    ],
)
def test_trip_curves_change_their_axes_once(mode, curve_type, name):
    curve = a_dercurve(curve_type, "16 5650, 30000 5850", xMultiplier=-2, yMultiplier=-2)
    control, _ = read_one(el(mode, href="/c"), links={"/c": curve})
    assert f"{control.quantity}.{control.side}.{control.region}" == name
    assert [(p.x, p.y) for p in control.points] == [(F("56.5"), F("0.16")), (F("58.5"), F(300))]
    wrong = read(a_dercontrol(el(mode, href="/c")), {"/c": a_dercurve(11, "1 1")})
    assert [o for o, _ in refused(wrong)] == ["invalid"]


def test_seconds_of_a_trip_curve_never_fall():
    curve = a_dercurve(5, "200 110, 16 120")
    translation = read(a_dercontrol(el("opModHVRTMustTrip", href="/c")), {"/c": curve})
    assert [r.problem for r in translation.refusals] == ["x falls along the curve"]


def test_a_default_control_is_a_floor_with_ramps_and_enter_service():
    document = a_default_control(
        el("setESDelay", 30000), el("setESHighFreq", 6010), el("setESHighVolt", 10500),
        el("setGradW", 27), el("setSoftGradW", 33), base=(PF,),
    )  # fmt: skip
    command = read(document).value
    assert (command.is_default, command.interval, command.mrid) == (True, None, "0D")
    assert set(command.controls) == {
        pf(),
        EnterService(high_voltage=F(105), high_frequency=F("60.1"), delay=F(300)),
        Gradients(F("0.27"), F("0.33")),
    }


def test_a_default_control_may_be_known_by_its_address():
    document = el("DefaultDERControl", el("setGradW", 1), href="/dderc")
    assert read(document).value.mrid == "/dderc"
    assert read(el("DefaultDERControl", el("setGradW", 1))).value is None
    assert read(el("DERControl", href="/derc")).value is None


def test_an_interval_means_nothing_to_a_default_control():
    command = read(a_default_control(fields("interval", start="x"), el("setGradW", 1))).value
    assert command.controls == (Gradients(F("0.01")),)


def test_an_unknown_member_of_a_default_control_is_refused_by_name():
    translation = read(a_default_control(el("setGradW", 1), el("setMagic", 1)))
    assert translation.value.controls == (Gradients(F("0.01")),)
    assert refused(translation) == [("not_supported", "setMagic")]


def test_steps_and_losses_say_which_control_they_belong_to():
    curve = a_dercurve(11, "95 0", rampIncTms=5)
    translation = read(a_dercontrol(el("opModVoltVar", href="/c"), PF), {"/c": curve})
    assert {step.control for step in translation.steps} == {
        "",
        "VoltVar",
        "FixedPowerFactor.injecting",
    }
    assert [(loss.kind.value, loss.control) for loss in translation.losses] == [("drop", "VoltVar")]
