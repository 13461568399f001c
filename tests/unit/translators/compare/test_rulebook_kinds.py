"""Changes of documents of every kind, each found by its id and told key by key."""

import json
import re

import pytest

from gateway.settings.mappings import mapping_files
from gateway.settings.packs import shipped_book
from support.rulefiles import SOURCE, TARGET, edited, linked
from translators.chain import load_book
from translators.compare import Edit, rule_changes

KINDS = {
    "SourceMapping": ("ieee2030_5/csip.yaml", "ieee2030_5.fixed_var"),
    "TargetMapping": ("ocpp/2.1.yaml", "ocpp21.fixed_var"),
    "Fallback": ("ocpp/fallback.yaml", "ocpp.fallback"),
    "Dialect": ("dialects/everest.yaml", "dialect.everest"),
    "Contract": ("openadr/contracts/doe.yaml", "openadr.doe"),
    "Profile": ("iec61850/nl-rti.yaml", "iec61850.profile_nl_rti"),
}


def reversioned(path, name):
    """Return the shipped rules with another version of one document."""
    files = mapping_files()
    head, found, tail = re.split(rf"(\bid: {re.escape(name)}\b)", files[path], maxsplit=1)
    assert "version: 1.0.0" in tail
    text = head + found + tail.replace("version: 1.0.0", "version: 1.0.1", 1)
    return load_book({**files, path: text})


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_version_of_a_document_is_a_change_of_it_alone(kind):
    path, name = KINDS[kind]
    (change,) = rule_changes(shipped_book(), reversioned(path, name))
    assert (change.id, change.change) == (name, "changed")
    assert (change.before, change.after) == ("1.0.0", "1.0.1")
    assert change.edits == (Edit("metadata.version", '"1.0.0"', '"1.0.1"'),)
    assert not change.unversioned


def test_a_new_version_of_the_pack_is_a_change():
    files = mapping_files()
    version = re.search(r"^version: (\S+)$", files["pack.yaml"], re.MULTILINE)[1]
    other = edited(files["pack.yaml"], (f"version: {version}", "version: 99.0.0"))
    (change,) = rule_changes(shipped_book(), load_book({**files, "pack.yaml": other}))
    assert (change.before, change.after) == (version, "99.0.0")
    assert [edit.path for edit in change.edits] == ["version"]


def test_a_renamed_rule_is_one_gone_and_one_new():
    other = edited(SOURCE, ("t.source", "t.other"))
    gone, came = sorted(rule_changes(linked(), linked(other)), key=lambda c: c.id, reverse=True)
    assert (gone.id, gone.change, gone.after) == ("t.source", "removed", None)
    assert (came.id, came.change, came.before) == ("t.other", "added", None)
    assert gone.edits == came.edits == ()
    assert not gone.unversioned
    assert not came.unversioned


def test_a_rule_that_moves_to_another_file_is_no_change():
    moved = linked(SOURCE, "# moved\n" + TARGET)
    assert rule_changes(linked(), moved) == ()


@pytest.mark.parametrize(
    ("changes", "edits"),
    [
        pytest.param(
            [("unit: ", "range: [0, 5], unit: ")],
            {"quantity.setpoint.range": (None, [0, 5])},
            id="a key more",
        ),
        pytest.param(
            [
                (
                    'quantity:\n  setpoint: {from: value, unit: "pct100',
                    'quantity:\n  setpoint: {unit: "pct100',
                )
            ],
            {"quantity.setpoint.from": ("value", None)},
            id="a key less",
        ),
        pytest.param(
            [('["2018"]', '["2018", "2023"]')],
            {"source.revisions": (["2018"], ["2018", "2023"])},
            id="a list as one value",
        ),
        pytest.param(
            [("{value: 1}", "{value: 2}")],
            {"tests[one].source.value": (1, 2)},
            id="a value of a test",
        ),
        pytest.param(
            [("{name: one, source: {value: 1}}", "{name: 'ä', source: {value: 1}}")],
            {
                "tests[one].name": ("one", None),
                "tests[one].source.value": (1, None),
                "tests[ä].name": (None, "ä"),
                "tests[ä].source.value": (None, 1),
            },
            id="a renamed test",
        ),
        pytest.param(
            [("source: {value: 1}}", "source: {value: 1}, expect: {}}")],
            {"tests[one].expect": (None, {})},
            id="what is empty is a value too",
        ),
        pytest.param(
            [("tests:\n", "ignored:\n  - {field: b, reason: a name}\ntests:\n")],
            {"ignored[b].field": (None, "b"), "ignored[b].reason": (None, "a name")},
            id="what is left out, by its field",
        ),
        pytest.param(
            [("tests:\n", "losses:\n  - {kind: semantic, reason: means less}\ntests:\n")],
            {
                "losses[semantic].kind": (None, "semantic"),
                "losses[semantic].reason": (None, "means less"),
            },
            id="a loss, by its kind",
        ),
    ],
)
def test_an_edit_names_key_and_both_values(changes, edits):
    (change,) = rule_changes(linked(), linked(edited(SOURCE, *changes)))
    found = {edit.path: (edit.before, edit.after) for edit in change.edits}
    plain = {
        path: tuple(None if value is None else json.loads(value) for value in values)
        for path, values in found.items()
    }
    assert plain == edits
    assert change.unversioned


def test_two_members_of_one_name_are_told_apart_by_their_place():
    twice = "losses:\n  - {kind: semantic, reason: a}\n  - {kind: semantic, reason: b}\ntests:\n"
    other = edited(twice, ("reason: b", "reason: c"))
    old, new = (linked(edited(SOURCE, ("tests:\n", text))) for text in (twice, other))
    (change,) = rule_changes(old, new)
    assert change.edits == (Edit("losses[1].reason", '"b"', '"c"'),)


def test_changes_stand_in_the_order_of_their_ids():
    changes = rule_changes(load_book({}), shipped_book())
    ids = [change.id for change in changes]
    assert ids == sorted(ids)
    assert len(ids) > 100
    assert {change.change for change in changes} == {"added"}
    assert {change.change for change in rule_changes(shipped_book(), load_book({}))} == {"removed"}
