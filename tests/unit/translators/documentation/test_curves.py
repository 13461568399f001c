"""The curves on the pages are those of the tests: what was asked for, and what is sent."""

from functools import cache

import pytest

from gateway.settings.mappings import mapping_files
from gateway.settings.packs import shipped_book
from translators.chain import load_book
from translators.documentation.curves import asked_for, carried_out
from translators.rules.source import SourceRule
from translators.rules.target import TargetRule


def rule_of(book, name):
    return next(rule for rule in book.rules if rule.model.metadata.id == name)


@cache
def with_test(path, name, text):
    """Return the shipped rules with one more test beside a rule."""
    files = mapping_files()
    documents = files[path].split("---\n")
    (number,) = [n for n, part in enumerate(documents) if f"  id: {name}\n" in part]
    rule = documents[number]
    if "\ntests:\n" in rule:
        rule = rule.replace("\ntests:\n", f"\ntests:\n{text}", 1)
    else:
        rule += f"tests:\n{text}"
    documents[number] = rule
    return load_book({**files, path: "---\n".join(documents)})


def source(points, kind=11, unit=1):
    data = ", ".join(f"{{xvalue: {x}, yvalue: {y}}}" for x, y in points)
    return (
        f"  - {{name: drawn, source: {{curveType: {kind}, xMultiplier: 0, yMultiplier: 0, "
        f"yRefType: {unit}, CurveData: [{data}]}}, expect: {{}}}}\n"
    )


def picture(points, **more):
    book = with_test("ieee2030_5/csip.yaml", "ieee2030_5.volt_var", source(points, **more))
    drawn = asked_for(book, rule_of(book, "ieee2030_5.volt_var"))
    return next(item for item in drawn if item.name == "ieee2030_5.volt_var@1.0.0 drawn")


def test_what_fits_is_sent_as_asked_for():
    drawn = picture(((92, 44), (108, -44)), unit=2)
    assert drawn.asked == drawn.sent == [(92, 44), (108, -44)]
    assert drawn.bounds is None
    assert (drawn.x_label, drawn.y_label) == ("pct[V_ref]", "PctMaxVar")


def test_where_the_wire_names_no_unit_the_rule_does():
    book = shipped_book()
    drawn = next(asked_for(book, rule_of(book, "ieee2030_5.watt_pf")))
    assert drawn.y_label == "1 (Not_Applicable)"


def test_a_cut_curve_shows_what_was_asked_for_in_the_unit_of_the_message():
    drawn = picture(((92, 60), (98, 0), (102, 0), (108, -44)))
    assert drawn.asked == [(92, 120), (98, 0), (102, 0), (108, -88)]
    assert drawn.sent[:3] == [(92, 100), (93, 100), (98, 0)]
    assert drawn.bounds == (-100, 100)


def test_a_vertex_that_thinning_took_away_is_still_asked_for():
    points = tuple((90 + n, -60 if n % 2 else 60) for n in range(10))
    drawn = picture(points)
    assert [x for x, _ in drawn.asked] == [90 + n for n in range(10)]
    assert {y for _, y in drawn.asked} == {120, -120}
    assert len(drawn.sent) == 10


def test_tests_of_what_is_refused_have_no_picture():
    book = shipped_book()
    rule = rule_of(book, "ieee2030_5.volt_var")
    names = {drawn.name for drawn in asked_for(book, rule)}
    refused = {f"{rule.id} {test.name}" for test in rule.model.tests if test.refused}
    assert refused
    assert not names & refused


def test_a_rule_without_points_has_no_picture():
    book = shipped_book()
    assert list(asked_for(book, rule_of(book, "ieee2030_5.fixed_var"))) == []
    assert list(carried_out(book, rule_of(book, "ocpp21.fixed_var"), "FixedVar")) == []


TARGET_TEST = (
    '  - {name: drawn, control: {class: VoltVar, points: [["92", "60"], ["108", "-60"]], '
    'x_unit: "pct[V_ref]", y_unit: "pct[setMaxW]", v_ref: "100", v_ref_auto: false}, '
    "expect: {}}\n"
)


def test_a_test_beside_a_target_rule_is_drawn_for_its_function_only():
    book = with_test("ocpp/2.1.yaml", "ocpp21.volt_var", TARGET_TEST)
    rule = rule_of(book, "ocpp21.volt_var")
    drawn = next(item for item in carried_out(book, rule, "VoltVar") if "drawn" in item.name)
    assert drawn.asked[0] == (92, 120)
    assert drawn.sent[0] == (92, 100)
    assert drawn.bounds == (-100, 100)
    assert list(carried_out(book, rule, "VoltWatt")) == []


@pytest.mark.parametrize("kind", [SourceRule, TargetRule])
def test_every_curve_of_the_shipped_tests_can_be_drawn(kind):
    book, count = shipped_book(), 0
    for rule in (rule for rule in book.rules if isinstance(rule, kind)):
        names = rule.model.canonical if kind is TargetRule else ()
        drawn = (
            [item for name in names for item in carried_out(book, rule, name)]
            if kind is TargetRule
            else list(asked_for(book, rule))
        )
        for item in drawn:
            assert item.asked, item.name
            assert item.sent, item.name
            count += 1
    assert count
