"""Target rules: order of operations on a number, members, declared losses, and what loading refuses."""

import pytest

from support.rulefiles import TARGET, edited, models
from support.translation import F, a_station, curve, droop, pf, q, situation
from translators.canonical.controls import EnterService, FixedVar, VoltVar
from translators.errors import MappingError
from translators.ocpp.dialect import CODECS
from translators.rules.bases import Bases
from translators.rules.emission import Draft
from translators.rules.target import TargetRule
from translators.rules.values import Unmet
from translators.units import parse_unit

EMIT = 'setpoint: {from: setpoint, unit: "pct[setMaxVar]"}'
VAR = FixedVar(q("-44 pct[setMaxVar]"))


def rule(*changes, text=TARGET):
    (model,) = models(edited(text, *changes))
    return TargetRule(model, CODECS)


def of(canonical, emit, rest=""):
    """Return a rule for a canonical class with these emitted members."""
    return rule(
        ("[FixedVar]", f"[{canonical}]"),
        (f"emit:\n  {EMIT}\n", f"emit:\n{emit}\n{rest}"),
    )


def emitted(made, control, *, settings=None, **dialect):
    bases = Bases(a_station(**dialect), situation(settings=settings))
    draft = Draft(control, bases, made.trace(control), "here", {})
    return made.members(draft), draft.trace


def losses(trace):
    return [(loss.kind.value, loss.where) for loss in trace.losses]


@pytest.mark.parametrize(
    ("spec", "setpoint", "expected", "lost"),
    [
        ("", "-44", -44, []),
        (", negate: true", "-44", 44, []),
        (", clip: [-40.0, 40.0]", "-44", -40, ["clip"]),
        (", clip: [-40.0, 40.0]", "44", 40, ["clip"]),
        (", clip: [-44.0, 44.0]", "-44", -44, []),
        (", negate: true, clip: [-50.0, 10.0]", "-44", 10, ["clip"]),
        (", round: {places: 1, mode: half_even}", "0.25", 0.2, ["round"]),
        (", round: {places: 1, mode: down}", "-0.29", -0.2, ["round"]),
        (", round: {places: 1, mode: down}", "-0.2", -0.2, []),
        (", add: nominal_frequency", "-1", 59, []),
        (", negate: true, add: nominal_frequency", "-1", 61, []),
        (", loss: dialect", "1", 1, ["dialect"]),
        (", codec: droop", "1", 1, []),
    ],
)
def test_a_number_passes_sign_offset_bounds_and_rounding_in_this_order(
    spec, setpoint, expected, lost
):
    made = rule((EMIT, EMIT.replace("}", spec + "}")))
    members, trace = emitted(made, FixedVar(q(f"{setpoint} pct[setMaxVar]")))
    assert members == {"setpoint": expected}
    assert [kind for kind, _ in losses(trace)] == lost


def test_a_codec_reads_what_the_schema_text_would_have():
    made = rule((EMIT, EMIT.replace("}", ", codec: droop, round: {places: 0, mode: half_even}}")))
    members, trace = emitted(made, FixedVar(q("0.5 pct[setMaxVar]")), droop="percent")
    assert members == {"setpoint": 50}
    assert "codec droop" in [step.operation for step in trace.steps]


def test_residuals_are_exact():
    made = rule((EMIT, EMIT.replace("}", ", round: {places: 4, mode: half_even}}")))
    members, trace = emitted(made, FixedVar(q("1/3 pct[setMaxVar]")))
    assert members == {"setpoint": 0.3333}
    assert F(trace.losses[0].residual) == F(1, 3) - F("0.3333")


def test_a_loss_of_digits_is_declared_once_per_control():
    emit = (
        "  a: {from: high_frequency, unit: Hz, round: {places: 0, mode: down}}\n"
        "  b: {from: low_frequency, unit: Hz, round: {places: 0, mode: down}}"
    )
    control = EnterService(high_frequency=F("60.5"), low_frequency=F("59.5"))
    members, trace = emitted(of("EnterService", emit), control)
    assert members == {"a": 60, "b": 59}
    assert losses(trace) == [("round", "here/a")]


UNITS = 'units: {"pct[setMaxVar]": PctMaxVar, "pct[statVarAvail]": PctVarAvail}'


@pytest.mark.parametrize(
    ("setpoint", "expected", "unit"),
    [
        ("-44 pct[setMaxVar]", -44, "PctMaxVar"),
        ("44 pct[statVarAvail]", 44, "PctVarAvail"),
        ("10 pct[setMaxW]", 20, "PctMaxVar"),
    ],
)
def test_the_first_unit_of_the_same_base_is_taken_and_the_first_of_all_as_a_last_resort(
    setpoint, expected, unit
):
    made = rule((EMIT, f"setpoint: {{from: setpoint, {UNITS}}}\n  unit: {{unit_of: setpoint}}"))
    assert emitted(made, FixedVar(q(setpoint)))[0] == {"setpoint": expected, "unit": unit}


def test_members_may_be_nested_constant_conditional_or_left_out():
    emit = (
        "  a.b: {const: X}\n"
        '  a.c: {from: v_ref, unit: "pct[V_nom]", when: "dialect.vref == \'native\'"}\n'
        "  d: {from: response_time, unit: s, omit_if_absent: true}\n"
        "  e: {from: v_ref_auto}"
    )
    made, control = of("VoltVar", emit), VoltVar(curve("1 1"), None, F(97))
    assert emitted(made, control)[0] == {"a": {"b": "X", "c": 97}, "e": False}
    baked = emitted(made, control, vref="bake_additive")[0]
    assert baked == {"a": {"b": "X"}, "e": False}
    slow = VoltVar(curve("1 1"), F(5))
    assert emitted(made, slow)[0]["d"] == 5


@pytest.mark.parametrize(
    ("spec", "expected"), [("default: 7", 7), ("omit_if_absent: true", None), ("", Unmet)]
)
def test_an_absent_field_is_completed_left_out_or_refused(spec, expected):
    made = of("EnterService", f"  delay: {{from: delay, unit: s, {spec}}}")
    if expected is Unmet:
        with pytest.raises(Unmet, match="delay is not given and the target demands it") as caught:
            emitted(made, EnterService())
        assert (caught.value.outcome, caught.value.where) == ("not_applicable", "here/delay")
    else:
        assert emitted(made, EnterService())[0] == ({} if expected is None else {"delay": expected})
    assert emitted(made, EnterService(delay=F(0)))[0] == {"delay": 0}


FLOOR = (
    '  displacement: {from: displacement, unit: "1", '
    "floor: {over: setMinPFOverExcited, under: setMinPFUnderExcited}}\n"
    "  excitation: {from: excitation, cases: {under: true, over: false}, codec: excitation}"
)


@pytest.mark.parametrize(
    ("excitation", "settings", "expected", "lost"),
    [
        ("under", {"setMinPFUnderExcited": "0.9"}, 0.9, ["clip"]),
        ("over", {"setMinPFUnderExcited": "0.9"}, 0.8, []),
        ("over", {"setMinPFOverExcited": "0.85"}, 0.85, ["clip"]),
        ("under", {"setMinPFUnderExcited": "0.8"}, 0.8, []),
        ("under", {}, 0.8, []),
    ],
)
def test_a_power_factor_is_raised_to_the_floor_of_its_own_side(
    excitation, settings, expected, lost
):
    made = of("FixedPowerFactor", FLOOR)
    members, trace = emitted(made, pf("0.8", excitation), settings=settings)
    assert members["displacement"] == expected
    assert [kind for kind, _ in losses(trace)] == lost
    assert [F(loss.residual) for loss in trace.losses] == [
        F("0.8") - F(str(expected)) for _ in lost
    ]


@pytest.mark.parametrize(
    ("excitation", "dialect", "wire", "operation"),
    [
        ("under", "as_spec", True, "cases"),
        ("over", "as_spec", False, "cases"),
        ("under", "inverted", False, "cases inverted"),
        ("over", "inverted", True, "cases inverted"),
    ],
)
def test_true_absorbs_unless_the_station_reads_it_inverted(excitation, dialect, wire, operation):
    members, trace = emitted(
        of("FixedPowerFactor", FLOOR), pf("0.9", excitation), excitation=dialect
    )
    assert members["excitation"] is wire
    assert [step.operation for step in trace.steps if step.source == "excitation"] == [operation]
    assert losses(trace) == []


DECLARED = (
    "losses:\n"
    "  - {kind: semantic, reason: always}\n"
    '  - {kind: unit, reason: sometimes, when: "p_min != null"}\n'
    "ignored:\n"
    "  - {field: p_min, loss: drop, reason: no field}\n"
    "  - {field: response_time, reason: known}\n"
)


@pytest.mark.parametrize(
    ("p_min", "expected"),
    [(None, ["semantic"]), (F(0), ["semantic", "unit", "drop"])],
)
def test_losses_are_declared_where_they_hold(p_min, expected):
    made = of("FreqDroop", "  a: {from: over_droop, unit: pu}", DECLARED)
    _, trace = emitted(made, droop(p_min=p_min))
    assert [kind for kind, _ in losses(trace)] == expected


def test_each_kind_is_declared_once():
    made = of("FreqDroop", "  a: {from: over_droop, unit: pu, loss: semantic}", DECLARED)
    _, trace = emitted(made, droop())
    assert [kind for kind, _ in losses(trace)] == ["semantic"]


VARIANTS = (
    "  - {match: {flow: injecting, excitation: over}, controlType: A, slot: a}\n"
    "  - {match: {flow: injecting}, controlType: B, slot: b}"
)


def test_a_variant_is_chosen_by_the_fields_that_it_matches():
    made = rule(
        ("[FixedVar]", "[FixedPowerFactor]"),
        (
            "  - {controlType: FixedVar, slot: fixedVar}",
            VARIANTS,
        ),
        (f"  {EMIT}\n", "  x: {const: 1}\n"),
    )
    assert made.variant(pf(excitation="over")).control_type == "A"
    assert made.variant(pf(excitation="under")).control_type == "B"
    assert made.variant(pf(flow="absorbing")) is None
    assert [made.serves(pf(flow=flow)) for flow in ("injecting", "absorbing")] == [True, False]


def test_a_rule_without_variants_serves_every_control_of_its_classes():
    made = rule(("variants:\n  - {controlType: FixedVar, slot: fixedVar}\n", ""))
    assert made.serves(VAR)
    assert made.variant(VAR) is None


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("[FixedVar]", "[FixedVars]", "is no canonical control"),
        ("from: setpoint", "from: value", "is no field of the control"),
        ("from: setpoint, ", "", "is no field of the control"),
        ("pct[setMaxVar]", "pct[setMaxVars]", "unknown base"),
        (', unit: "pct[setMaxVar]"', "", "needs a unit"),
        ('unit: "pct[setMaxVar]"', "unit: s, codec: magic", "is no codec"),
        ('unit: "pct[setMaxVar]"', "unit: s, loss: magic", "is no kind of loss"),
        ('unit: "pct[setMaxVar]"', 'unit: "pct[setMaxVar]", clip: [1.0, 0.0]', "an empty range"),
        ('unit: "pct[setMaxVar]"', "unit: s, when: 'speed > 1'", "names speed"),
        (EMIT, f"unit: {{unit_of: setpoint}}\n  {EMIT}", "is no number before this one"),
        ("emit:", "losses:\n  - {kind: magic, reason: x}\nemit:", "is no kind of loss"),
        ("emit:", "losses:\n  - {kind: drop, reason: x, when: 'a > 1'}\nemit:", "names a"),
        ("emit:", "ignored:\n  - {field: speed, reason: x}\nemit:", "is no field of the control"),
        (
            "- {controlType",
            "- {match: {flow: injecting}, controlType",
            "is no field of the control",
        ),
    ],
)
def test_a_rule_that_cannot_work_is_refused_at_load(old, new, problem):
    with pytest.raises(MappingError, match=problem):
        rule((old, new))


@pytest.mark.parametrize(
    ("canonical", "name", "unit"),
    [("FreqDroop", "over_deadband", "s"), ("EnterService", "delay", "Hz"), ("VoltVar", "v_ref", "pct[V_ref]"),
     ("Gradients", "normal", "pct[setMaxW]")],
)  # fmt: skip
def test_a_plain_field_leaves_in_its_own_base_or_not_at_all(canonical, name, unit):
    with pytest.raises(MappingError, match="stands in"):
        of(canonical, f'  x: {{from: {name}, unit: "{unit}"}}')


def test_axes_may_be_named_by_a_unit_before_they_are_drawn():
    points = 'points:\n  x: {unit: "pct[V_ref]"}\n  y: {unit: "pct[setMaxVar]"}\n'
    made = of("VoltVar", "  yUnit: {unit_of: y}", points)
    assert set(made.numbers) == {"x", "y"}


def test_a_plain_field_is_cut_to_its_range_too():
    made = of("FreqDroop", "  a: {from: over_droop, unit: pu, clip: [0.0, 0.04]}")
    members, trace = emitted(made, droop())
    assert members == {"a": 0.04}
    assert [F(loss.residual) for loss in trace.losses] == [F("0.01")]
    assert emitted(made, droop(), settings={"setMaxW": 1})[0] == members


@pytest.mark.parametrize(
    ("settings", "sent"), [({}, -44), ({"setMaxVarNeg": -2000}, -11), ({"setMaxVar": 1}, -44)]
)
def test_settings_narrow_the_range_on_their_own_side(settings, sent):
    made = rule((EMIT, EMIT.replace("}", ", clip: [-100.0, 100.0]}")))
    assert emitted(made, VAR, settings=settings)[0] == {"setpoint": sent}
    cut = emitted(made, FixedVar(q("-400 pct[setMaxVar]")), settings=settings)[0]["setpoint"]
    assert cut == (-25 if "setMaxVarNeg" in settings else -100)


@pytest.mark.parametrize(
    ("units", "unit", "settings", "kept"),
    [
        ('{"pct[setMaxVar]": V}', "pct[setMaxVar]", {}, "V"),
        ('{"pct[setMaxW]": W, "pct[setMaxVar]": V}', "pct[setMaxVar]", {}, "V"),
        ('{"pct[setMaxVar]": V}', "pct[setMaxW]", {}, None),
        ('{"pct[setMaxVar]": V}', "pct[setMaxVar|setMaxW]", {}, None),
        ('{"pct[setMaxVar]": V}', "pct[setMaxW|setMaxVarNeg]", {}, None),
        ('{"pct[setMaxVar]": V}', "pct100[setMaxVar]", {}, None),
        ('{"pct[setMaxVar]": V}', "pct[setMaxVar]", {"setMaxVar": 5000}, None),
        ('{"pct[setMaxVar]": V}', "pct[setMaxVar]", {"setMaxVarNeg": 5000}, None),
        ('{"pct[setMaxVar]": V}', "pct[setMaxVar]", {"setMaxW": 5000}, "V"),
    ],
)
def test_numbers_of_either_sign_are_kept_in_the_targets_own_bases_alone(
    units, unit, settings, kept
):
    made = of("FixedVar", f"  setpoint: {{from: setpoint, units: {units}, rebase: [setMaxW]}}")
    bases = Bases(a_station(), situation(settings=settings))
    draft = Draft(VAR, bases, made.trace(VAR), "here", {})
    assert made.numbers["setpoint"].keeps(parse_unit(unit), draft) is (kept is not None)
    assert draft.units.get("setpoint") == kept
