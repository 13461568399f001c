"""Each function's page holds what an auditor asks for: rule, clause, unit, loss, test, curve."""

from functools import cache

import pytest

from gateway.settings.mappings import mapping_files
from gateway.settings.packs import shipped_book
from support.pages import tree, words
from translators.chain import examples
from translators.documentation import Material, site
from translators.documentation.pages import COLUMNS, PROTOCOLS
from translators.rules.canonical import CLASSES
from translators.rules.fallback_schema import Fallback
from translators.rules.schema import UnitSwitch
from translators.rules.source import SourceRule
from translators.rules.target import TargetRule

BOOK = shipped_book()
CURVES = {"VoltVar", "VoltWatt", "WattVar", "WattPowerFactor", "FreqWatt", "TripCurve"} | {
    "PowerMonitoring"
}


@cache
def texts():
    return site(Material(BOOK, mapping_files(), tuple(examples(BOOK))))


@cache
def page(name):
    return tree(texts()[f"{name}.html"])


def sources(function):
    rules = (rule for rule in BOOK.rules if isinstance(rule, SourceRule))
    return [rule for rule in rules if rule.model.canonical == function]


def targets(function):
    rules = (rule for rule in BOOK.rules if isinstance(rule, TargetRule))
    return [rule for rule in rules if function in rule.model.canonical]


def section(function, rule):
    (found,) = page(function).xpath(f"//section[h3/@id = 'rule-{rule.model.metadata.id}']")
    return found


def rows(part):
    return [[words(cell) for cell in row] for row in part.xpath(".//tbody/tr")]


def table_with(part, *names):
    """Return the rows of the table with these columns."""
    for table in part.xpath(".//table"):
        if [words(cell) for cell in table.xpath(".//th")] == [*names]:
            return rows(table)
    raise AssertionError(f"no table {names}")


def units_of(unit):
    """Return the names of a unit as a rule has it."""
    if isinstance(unit, UnitSwitch):
        return [*unit.cases.values()]
    return [unit] if unit else []


@pytest.mark.parametrize("function", CLASSES)
def test_every_function_has_a_page_with_all_its_rules_once(function):
    wanted = [rule.model.metadata.id for rule in (*sources(function), *targets(function))]
    shown = page(function).xpath("//section[@class = 'rule']/h3/@id")
    assert sorted(shown) == sorted(f"rule-{name}" for name in wanted)
    assert wanted


@pytest.mark.parametrize("function", CLASSES)
def test_rules_stand_under_the_protocol_that_they_read(function):
    headings = [words(one) for one in page(function).xpath("//h2")]
    spoken = {rule.model.source.protocol for rule in sources(function)}
    assert {one for one in headings if one.startswith("From ")} == {
        f"From {PROTOCOLS[protocol]}" for protocol in spoken
    }
    for rule in sources(function):
        above = section(function, rule).xpath("string(preceding-sibling::h2[1])")
        assert above == f"From {PROTOCOLS[rule.model.source.protocol]}"
    for rule in targets(function):
        assert section(function, rule).xpath("string(preceding-sibling::h2[1])") == "To stations"


@pytest.mark.parametrize("function", CLASSES)
def test_each_rule_names_version_clauses_and_lines_of_its_file(function):
    for rule in (*sources(function), *targets(function)):
        told = section(function, rule)
        assert words(told.find("h3")) == rule.id
        (clauses,) = told.xpath("p[starts-with(., 'Clauses: ')]")
        assert words(clauses) == "Clauses: " + "; ".join(" ".join(c.split()) for c in rule.cites)
        summary = told.xpath("string(details/summary)")
        path, _, span = summary.rpartition(":")
        first, last = map(int, span.split("-"))
        lines = mapping_files()[path].splitlines()[first - 1 : last]
        assert f"  id: {rule.model.metadata.id}" in lines
        assert told.xpath("string(details/pre)").count("\n") == len(lines)


@pytest.mark.parametrize("function", CLASSES)
def test_each_field_of_a_source_rule_has_a_row_with_its_units(function):
    for rule in sources(function):
        fields = {**rule.model.fields, **rule.model.quantity}
        shown = table_with(section(function, rule), "Field", "From", "Unit", "Operations")
        by_name = {row[0]: row for row in shown}
        for name, field in fields.items():
            _, taken, unit, _ = by_name[name]
            assert (field.from_ or "") in taken
            assert all(each in unit for each in units_of(field.unit))
        points = [row for row in shown if row[0].startswith("points of ")]
        assert bool(points) is (rule.model.points is not None)


@pytest.mark.parametrize("function", CLASSES)
def test_each_member_of_a_target_rule_has_a_row_with_its_units(function):
    for rule in targets(function):
        if not rule.model.emit:
            continue
        shown = table_with(section(function, rule), "Member", "From", "Unit", "Operations")
        by_name = {row[0]: row for row in shown}
        for name, field in rule.model.emit.items():
            unit = by_name[name][2]
            assert all(each in unit for each in (*(field.units or ()), field.unit or ""))


@pytest.mark.parametrize("function", CLASSES)
def test_each_loss_and_each_omission_has_its_reason(function):
    for rule in (*sources(function), *targets(function)):
        wanted = [(loss.kind, loss.reason) for loss in rule.model.losses]
        wanted += [(item.loss or "none", item.reason) for item in rule.model.ignored]
        if not wanted:
            continue
        shown = table_with(section(function, rule), "Loss", "What", "When")
        assert len(shown) == len(wanted)
        for row, (kind, reason) in zip(shown, wanted, strict=True):
            assert row[0] == kind
            assert " ".join(reason.split()) in row[1]


@pytest.mark.parametrize("function", CLASSES)
def test_each_test_has_a_row_and_holds(function):
    for rule in (*sources(function), *targets(function)):
        if not rule.model.tests:
            continue
        columns = ("Test", "Given", "Expected", "Losses", "Result")
        shown = table_with(section(function, rule), *columns)
        assert [row[0] for row in shown] == [test.name for test in rule.model.tests]
        assert {row[4] for row in shown} == {"holds"}
        for row, test in zip(shown, rule.model.tests, strict=True):
            assert row[3] == ", ".join(test.losses or ())
            assert row[2].startswith("refused: ") is (test.refused is not None)


@pytest.mark.parametrize("function", CLASSES)
def test_curves_are_drawn_where_a_function_is_one(function):
    figures = page(function).xpath("//figure")
    assert bool(figures) is (function in CURVES)
    for figure in figures:
        asked, sent = (rows(table) for table in figure.xpath(".//details//table"))
        marks = "count(.//*[local-name() = '{}'][@class = '{}'])"
        assert figure.xpath(marks.format("circle", "asked")) == len(asked)
        assert figure.xpath(marks.format("rect", "sent")) == len(sent)
        assert len(asked) > 1 or len(sent) > 1
        assert figure.xpath("boolean(.//div[@class = 'scroll']/*[local-name() = 'svg'])")


@pytest.mark.parametrize("function", CLASSES)
def test_stations_of_each_kind_stand_beside_each_other(function):
    (table,) = BOOK.of(Fallback)
    wanted = [row.name for row in table.rows if row.control == function]
    if not wanted:
        return
    shown = table_with(page(function), "Function", *COLUMNS.values())
    assert [row[0] for row in shown] == wanted
    assert all(all(row) for row in shown)


def test_the_index_counts_what_stands_on_each_page():
    shown = rows(page("index"))
    assert {row[0] for row in shown} == set(CLASSES)
    for row in shown:
        name, _, *counts, stations, tests = row
        assert [int(count) for count in counts] == [
            sum(rule.model.source.protocol == protocol for rule in sources(name))
            for protocol in PROTOCOLS
        ]
        assert int(stations) == len(targets(name))
        both = (*sources(name), *targets(name))
        assert int(tests) == sum(len(rule.model.tests) for rule in both)


def test_one_document_is_one_and_several_are_several():
    links = [words(one) for one in page("index").xpath("//ul/li/a")]
    assert "Pack: 1 document" in links
    assert any(one.startswith("ReportMapping: ") and one.endswith(" documents") for one in links)
