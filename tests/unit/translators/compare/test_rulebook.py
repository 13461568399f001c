"""Which rules changed: by id, key by key."""

import pytest

from gateway.settings.mappings import mapping_files
from gateway.settings.packs import shipped_book
from support.rulefiles import SOURCE, TARGET, edited, linked
from translators.chain import load_book
from translators.compare import Edit, rule_changes


def changes(source=SOURCE, target=TARGET, **more):
    return rule_changes(linked(), linked(source, target, **more))


def test_equal_books_have_no_change():
    assert changes() == ()


def test_comments_and_layout_are_no_change():
    assert changes("# why\n" + edited(SOURCE, ("{value: 1}", "{ value:   1 }"))) == ()


def test_a_rule_that_came_is_added_and_one_that_went_is_removed():
    other = edited(TARGET, ("t.target", "t.other"), ("FixedVar", "Connect"))
    other = edited(other, ('emit:\n  setpoint: {from: setpoint, unit: "pct[setMaxVar]"}\n', ""))
    more = {"c.yaml": other}
    (added,) = changes(**more)
    assert (added.id, added.change, added.before, added.after) == (
        "t.other",
        "added",
        None,
        "1.0.0",
    )
    (removed,) = rule_changes(linked(**more), linked())
    assert (removed.change, removed.before, removed.after) == ("removed", "1.0.0", None)


def test_a_changed_key_shows_its_values():
    (change,) = changes(edited(SOURCE, ("1.0.0", "1.1.0"), ("pct100[setMaxVar]", "pct[setMaxVar]")))
    assert change.id == "t.source"
    assert (change.before, change.after) == ("1.0.0", "1.1.0")
    assert change.edits == (
        Edit("metadata.version", '"1.0.0"', '"1.1.0"'),
        Edit("quantity.setpoint.unit", '"pct100[setMaxVar]"', '"pct[setMaxVar]"'),
    )
    assert not change.unversioned


def test_a_change_under_the_same_version_is_told():
    (change,) = changes(target=edited(TARGET, ("clause 2", "clause 3")))
    assert change.unversioned


@pytest.mark.parametrize(
    ("old", "new", "edit"),
    [
        pytest.param(
            "tests:\n",
            "tests:\n  - {name: two, source: {value: 2}}\n",
            Edit("tests[two].name", None, '"two"'),
            id="a test by its name, not by its place",
        ),
        pytest.param(
            "tests:\n",
            'guards:\n  - {id: g, expr: "setpoint < 5.0"}\ntests:\n',
            Edit("guards[g].id", None, '"g"'),
            id="a guard by its id",
        ),
        pytest.param(
            'cites: ["clause 1"]',
            'cites: ["clause 1", "clause 9"]',
            Edit("metadata.cites", '["clause 1"]', '["clause 1", "clause 9"]'),
            id="plain values together",
        ),
    ],
)
def test_members_of_lists_are_known_by_name(old, new, edit):
    (change,) = changes(edited(SOURCE, (old, new)))
    assert edit in change.edits
    assert not any(e.path.startswith("tests[one]") for e in change.edits)


def test_members_without_a_name_of_their_own_are_known_by_place():
    twice = edited(
        TARGET,
        (
            "  - {controlType: FixedVar, slot: fixedVar}\n",
            "  - {match: {}, controlType: FixedVar, slot: other}\n",
        ),
    )
    (change,) = changes(target=twice)
    assert Edit("variants[0].slot", '"fixedVar"', '"other"') in change.edits


def test_documents_of_other_kinds_count_too():
    files = mapping_files()
    pack = files["dialects/default.yaml"]
    other = edited(pack, ("version: 1.0.0", "version: 1.0.1"))
    (change,) = rule_changes(shipped_book(), load_book({**files, "dialects/default.yaml": other}))
    assert (change.before, change.after) == ("1.0.0", "1.0.1")
