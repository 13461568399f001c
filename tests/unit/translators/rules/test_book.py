"""The book: rules linked and checked against each other at load, never at run time."""

import pytest

from support.rulefiles import SOURCE, TARGET, both, edited, linked
from support.translation import EVERY_CONTROL, book, limit, q, trip
from translators.canonical.controls import FixedVar
from translators.errors import MappingError
from translators.ocpp.dialect import CODECS
from translators.rules.book import link


def refused(source=SOURCE, target=TARGET, **more):
    with pytest.raises(MappingError) as caught:
        linked(source, target, **more)
    return str(caught.value)


def test_rules_are_found_by_revision_parent_and_element():
    made = linked()
    assert made.source("2018", "DERControlBase", "opModFixedVar").id == "t.source@1.0.0"
    for missing in [
        ("2023", "DERControlBase", "opModFixedVar"),
        ("2018", "DefaultDERControl", "opModFixedVar"),
        ("2018", "DERControlBase", "opModFixedW"),
    ]:
        assert made.source(*missing) is None


def test_rules_are_found_by_version_and_control():
    made = linked()
    control = FixedVar(q("1 pct[setMaxVar]"))
    assert made.target("2.1", control).id == "t.target@1.0.0"
    assert made.target("2.0.1", control) is None
    assert [rule.id for rule in made.rules] == ["t.source@1.0.0", "t.target@1.0.0"]


@pytest.mark.parametrize("version", ["2.1", "2.0.1"])
@pytest.mark.parametrize("control", EVERY_CONTROL, ids=lambda c: type(c).__name__)
def test_the_shipped_book_has_a_rule_for_every_control_and_version(control, version):
    assert book().target(version, control) is not None


@pytest.mark.parametrize(
    ("version", "control", "rule"),
    [
        ("2.1", limit("import", "1 W"), "ocpp21.import_limit@1.0.0"),
        ("2.1", limit("load", "1 W"), "ocpp21.import_limit@1.0.0"),
        ("2.1", limit("export", "1 W"), "ocpp21.export_limit@1.0.0"),
        ("2.1", limit("generation", "1 W"), "ocpp21.export_limit@1.0.0"),
        ("2.0.1", limit("generation", "1 W"), "ocpp201.export_limit@1.0.0"),
        (
            "2.1",
            trip("1 1", quantity="frequency", side="low", region="may_trip"),
            "ocpp21.trip@1.0.0",
        ),
    ],
)
def test_variants_choose_the_rule_and_the_first_stands_in_where_none_fits(version, control, rule):
    assert book().target(version, control).id == rule


def test_the_digest_names_every_byte_and_every_path():
    digest = linked().digest
    assert linked().digest == digest
    assert linked(source=SOURCE + "\n").digest != digest
    moved = {"a/other.yaml": SOURCE, "b/target.yaml": TARGET}
    assert link(moved, CODECS).digest != digest
    assert link(dict(reversed(both().items())), CODECS).digest == digest
    assert len(digest) == 64


@pytest.mark.parametrize(
    ("source_unit", "target_unit", "missing"),
    [
        ("pct100[setMaxW]", "pct[setMaxVar]", True),
        ("pct100[setMaxVA]", "pct[setMaxVar]", True),
        ("pct100[setMaxVar|setMaxVar]", "pct[setMaxVar]", True),
        ("pct[setMaxVarNeg]", "pct[setMaxVar]", True),
        ("pct100[statVarAvail]", "pct[setMaxVar]", True),
        ("pct100[setMaxVar]", "pct[setMaxVar]", False),
        ("pct[setMaxVar]", "pct100[setMaxVar]", False),
        ("pct100[setMaxVar]", "var", False),
        ("pct100[setMaxW]", "var", True),
    ],
)
def test_a_base_that_meets_another_without_a_declared_rebase_is_refused_at_load(
    source_unit, target_unit, missing
):
    source = edited(SOURCE, ("pct100[setMaxVar]", source_unit))
    target = edited(TARGET, ("pct[setMaxVar]", target_unit))
    if not missing:
        linked(source, target)
        return
    message = refused(source, target)
    assert "declare a re-base" in message
    assert "t.target@1.0.0.setpoint" in message
    assert "(from t.source@1.0.0)" in message


@pytest.mark.parametrize(
    ("source_unit", "declared", "fits"),
    [
        ("pct100[setMaxW]", "[setMaxW]", True),
        ("pct100[setMaxW|setMaxChargeRateW]", "[setMaxW]", False),
        ("pct100[setMaxW|setMaxChargeRateW]", "[setMaxW, setMaxChargeRateW]", True),
        ("pct100[setMaxVA]", "[setMaxW]", False),
    ],
)
def test_a_rebase_is_declared_for_each_side(source_unit, declared, fits):
    source = edited(SOURCE, ("pct100[setMaxVar]", source_unit))
    target = edited(
        TARGET, ('unit: "pct[setMaxVar]"', f'unit: "pct[setMaxVar]", rebase: {declared}')
    )
    if fits:
        linked(source, target)
    else:
        assert "declare a re-base, rebase: [setMax" in refused(source, target)


def test_one_of_several_target_units_is_enough():
    units = 'units: {"pct[setMaxVar]": PctMaxVar, "pct[statVarAvail]": PctVarAvail}'
    target = edited(TARGET, ('unit: "pct[setMaxVar]"', units))
    linked(edited(SOURCE, ("setMaxVar", "statVarAvail")), target)


def test_a_base_is_checked_where_a_switch_may_bring_it():
    switched = "unit: {switch: refType, cases: {1: 'pct[setMaxW]', 2: 'pct[setMaxVar]'}}"
    source = edited(SOURCE, ('unit: "pct100[setMaxVar]"', switched))
    assert "may arrive as pct[setMaxW]" in refused(source)


def test_rules_that_cannot_meet_are_not_held_against_each_other():
    source = edited(
        SOURCE,
        ("FixedVar\n", "PowerLimit\nfields:\n  'on': {const: export}\n"),
        ("setpoint:", "value:"),
        ("pct100[setMaxVar]", "pct100[setMaxW]"),
    )
    target = edited(
        TARGET,
        ("[FixedVar]", "[PowerLimit]"),
        ("- {controlType", '- {match: {"on": import}, controlType'),
        ("from: setpoint", "from: value"),
        ("pct[setMaxVar]", "V"),
    )
    linked(source, target)
    meeting = edited(target, ('"on": import', '"on": export'))
    assert "may arrive as pct[setMaxW], the target is V" in refused(source, meeting)


WATT_VAR = (
    "canonical: WattVar\npoints:\n  each: CurveData\n  x: {from: xvalue, unit: 'pct[setMaxW]'}\n"
    "  y: {from: yvalue, unit: 'pct[setMaxVar]'}"
)


def test_curve_axes_are_linked_too():
    source = edited(
        SOURCE,
        ('canonical: FixedVar\nquantity:\n  setpoint: {from: value, unit: "pct100[setMaxVar]"}',
         WATT_VAR),
    )  # fmt: skip
    target = edited(
        TARGET,
        ("[FixedVar]", "[WattVar]"),
        ('emit:\n  setpoint: {from: setpoint, unit: "pct[setMaxVar]"}',
         'points:\n  x: {unit: "pct[V_ref]"}\n  y: {unit: "pct[setMaxVar]"}'),
    )  # fmt: skip
    message = refused(source, target)
    assert "t.target@1.0.0.x" in message
    assert "t.target@1.0.0.y" not in message
    linked(source, edited(target, ("pct[V_ref]", "pct[setMaxW]")))


@pytest.mark.parametrize(
    ("second", "taken"),
    [
        (edited(SOURCE, ("opModFixedVar", "opModOther")), "t.source is taken by t.source@1.0.0"),
        (
            edited(SOURCE, ("t.source", "t.again")),
            "DERControlBase.opModFixedVar of ieee2030_5 2018 is taken by t.source@1.0.0",
        ),
        (
            edited(TARGET, ("t.target", "t.again")),
            "FixedVar by der_control of OCPP 2.1 is taken by t.target@1.0.0",
        ),
    ],
)
def test_an_id_an_element_and_a_control_belong_to_one_rule(second, taken):
    second = edited(second, ("version: 1.0.0", "version: 1.0.1"))
    assert taken in refused(**{"c.yaml": second})


def test_a_rule_claims_nothing_twice():
    doubled = edited(SOURCE, ("[opModFixedVar]", "[opModFixedVar, opModFixedVar]"))
    assert "is taken by t.source@1.0.0" in refused(doubled)


def test_faults_of_several_files_are_named_together_each_with_its_file():
    message = refused(
        edited(SOURCE, ("canonical: FixedVar", "canonical: Fixed")),
        edited(TARGET, ("operator: der_control", "operator: x")),
    )
    assert "a/source.yaml:5:12: t.source@1.0.0 = 'Fixed': is no canonical control" in message
    assert "b/target.yaml:4:" in message
    assert message.endswith("(rule load)")


def test_every_shipped_rule_cites_what_demands_it():
    assert [rule.id for rule in book().rules if not all(rule.cites)] == []
    assert len(book().rules) > 60
