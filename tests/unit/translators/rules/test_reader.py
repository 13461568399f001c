"""Mapping files are read strictly, and every fault says file, line and column."""

import pytest

from support.rulefiles import SOURCE, TARGET, edited, line_of, models
from translators.errors import MappingError
from translators.rules.reader import entries
from translators.rules.schema import SourceMapping, TargetMapping


def test_a_file_holds_rules_one_a_document_and_empty_documents_are_none():
    found = models(f"{SOURCE}---\n---\n{TARGET}")
    assert [type(model) for model in found] == [SourceMapping, TargetMapping]


def test_an_empty_file_holds_no_rule():
    assert models("# nothing\n") == []


@pytest.mark.parametrize(
    ("text", "old", "new", "place", "problem"),
    [
        (SOURCE, "canonical: FixedVar", "canonical: FixedVar\nrevison: 1", "revison", "is no key here"),
        (SOURCE, "unit: ", "unti: ", "unti", "did you mean 'unit'?"),
        (SOURCE, "{from: value,", "{form: value,", "form", "did you mean 'from'?"),
        (SOURCE, "version: 1.0.0", "version: '1'", "version", "three numbers, such as '1.2.0'"),
        (SOURCE, "version: 1.0.0", "version: 1.0", "version", "write it in quotes"),
        (SOURCE, "id: t.source", "id: T Source", "id: T", "string should match pattern"),
        (SOURCE, 'cites: ["clause 1"]', "cites: []", "cites", "at least 1 item"),
        (SOURCE, ', cites: ["clause 1"]', "", "metadata", "cites: field required"),
        (SOURCE, "elements: [opModFixedVar]", "elements: []", "elements", "at least 1 item"),
        (SOURCE, "protocol: ieee2030_5", "protocol: ieee", "protocol", "input should be 'ieee2030_5'"),
        (SOURCE, "protocol: ieee2030_5", "protocol: 7", "protocol", "input should be 'ieee2030_5'"),
        (SOURCE, 'revisions: ["2018"]', "revisions: [2018]", "2018", "valid string; write it in quotes"),
        (SOURCE, "parent: DERControlBase", "parent: DERControl", "parent", "parent should be DERControlBase"),
        (SOURCE, "      - {name: one, source: {value: 1}}".strip(), "[]", "tests", "at least 1 item"),
        (TARGET, "operator: der_control", "operator: magic", "operator", "input should be 'der_control'"),
        (TARGET, 'unit: "pct[setMaxVar]"', "round: {places: 4, mode: up}", "mode: up", "or 'down'"),
        (TARGET, 'unit: "pct[setMaxVar]"', "round: {places: -1, mode: down}", "round", "than or equal to 0"),
        (TARGET, 'unit: "pct[setMaxVar]"', "round: {places: 10, mode: down}", "round", "than or equal to 9"),
        (TARGET, 'unit: "pct[setMaxVar]"', "round: {places: 0.5, mode: down}", "round", "valid integer"),
        (TARGET, 'unit: "pct[setMaxVar]"', "clip: [0.0]", "clip", "at least 2 items"),
        (TARGET, 'unit: "pct[setMaxVar]"', "negate: 'yes'", "negate", "valid boolean"),
    ],
)  # fmt: skip
def test_a_fault_is_placed(text, old, new, place, problem):
    faulty = edited(text, (old, new))
    with pytest.raises(MappingError) as caught:
        models(faulty, "packs/x.yaml")
    message = str(caught.value)
    assert message.startswith(f"packs/x.yaml:{line_of(faulty, place)}:"), message
    assert problem in message
    assert message.endswith("(rule schema)")


def test_a_key_that_resembles_nothing_gets_no_suggestion():
    with pytest.raises(MappingError) as caught:
        models(edited(SOURCE, ("canonical:", "qqqq: 1\ncanonical:")))
    assert "did you mean" not in str(caught.value)


def test_suggestions_are_keys_of_the_same_kind_of_rule():
    with pytest.raises(MappingError) as caught:
        models(edited(SOURCE, ("canonical:", "comment: none\ncanonical:")))
    assert "comment: is no key here" in str(caught.value)
    assert "'components'" not in str(caught.value), "a key of CapabilityMapping"


def test_a_fault_of_a_document_names_its_rule():
    with pytest.raises(MappingError, match=r"m\.yaml:\d+:\d+: t\.source: metadata\.version: "):
        models(edited(SOURCE, ("version: 1.0.0", "version: x")))
    with pytest.raises(MappingError, match=r"m\.yaml:3:1: metadata\.id: field required"):
        models(edited(SOURCE, ("id: t.source, ", "")))


def test_a_fault_of_a_whole_document_needs_no_path():
    with pytest.raises(
        MappingError, match=r"m\.yaml:1:1: d\.x: droop deviates .* without evidence"
    ):
        models(
            "apiVersion: dergate/mapping.v1\nkind: Dialect\n"
            "metadata: {id: d.x, version: 1.0.0, cites: [a]}\nmatch: {}\nkeys: {droop: percent}\n"
        )


def test_every_fault_of_a_document_is_named_at_once():
    faulty = edited(SOURCE, ("version: 1.0.0", "version: x"), ('cites: ["clause 1"]', "cites: []"))
    with pytest.raises(MappingError, match=r"metadata\.version.*metadata\.cites"):
        models(faulty)


@pytest.mark.parametrize("version", ["v2", "dergate/mapping.v2", "1"])
def test_another_version_of_the_language_is_refused(version):
    with pytest.raises(MappingError, match=r"apiVersion: input should be 'dergate/mapping\.v1'"):
        models(edited(SOURCE, ("dergate/mapping.v1", version)))


@pytest.mark.parametrize("kind", ["OtherMapping", "sourcemapping"])
def test_another_kind_of_rule_is_refused(kind):
    with pytest.raises(MappingError, match=r"m\.yaml:2:1: kind = .*is no kind of rule"):
        models(edited(SOURCE, ("SourceMapping", kind)))


@pytest.mark.parametrize(
    ("text", "where", "problem"),
    [
        ("a: 1\na: 2\n", r"m\.yaml:2:1", "duplicate key"),
        ("a: [1\nb: 2\n", r"m\.yaml:\d", "expected"),
        ("a: \x01\n", r"m\.yaml", "is no text that YAML knows"),
        ("- a\n- b\n", r"m\.yaml", "is no mapping rule"),
        ("just words\n", r"m\.yaml", "is no mapping rule"),
    ],
)
def test_a_file_that_is_no_rule_is_refused(text, where, problem):
    with pytest.raises(MappingError, match=f"^{where}.*{problem}"):
        models(text)


def test_quoted_words_stay_texts():
    model = models(edited(TARGET, ("- {controlType", '- {match: {"on": "no"}, controlType')))[0]
    assert model.variants[0].match == {"on": "no"}


@pytest.mark.parametrize("kind", ["7", "[a]", "null"])
def test_a_kind_is_a_text(kind):
    with pytest.raises(MappingError, match=r"^m\.yaml:2:1: kind.*it is one of SourceMapping, "):
        models(edited(SOURCE, ("kind: SourceMapping", f"kind: {kind}")))


def test_a_document_of_one_file_that_is_wrong_leaves_the_others_in_peace():
    wrong = edited(SOURCE, ("canonical:", "canonic:"))
    found = list(entries("m.yaml", f"{SOURCE}---\n{wrong}---\n{TARGET}---\na: [\n"))
    assert [type(entry.model).__name__ for entry in found] == [
        "SourceMapping", "NoneType", "TargetMapping", "NoneType",
    ]  # fmt: skip
    assert [len(entry.faults) for entry in found] == [0, 2, 0, 1]
    assert all(fault.startswith("m.yaml:") for entry in found for fault in entry.faults)


def test_a_fault_inside_a_list_is_placed_at_its_item():
    faulty = edited(TARGET, ("canonical: [FixedVar]", "canonical:\n  - FixedVar\n  - 7"))
    with pytest.raises(
        MappingError, match=rf"m\.yaml:{line_of(faulty, '- 7')}:5: t\.target: canonical\.1: "
    ):
        models(faulty)


def test_a_curve_thins_to_two_points_at_least():
    with pytest.raises(
        MappingError, match=r"points\.max: input should be greater than or equal to 2"
    ):
        models(f'{TARGET}points: {{x: {{unit: Hz}}, y: {{unit: "1"}}, max: 1}}\n')


@pytest.mark.parametrize("value", ["null", "0x1F", "1.5e3"])
def test_a_value_of_another_type_is_no_text(value):
    with pytest.raises(MappingError, match="canonical: input should be a valid string"):
        models(edited(SOURCE, ("canonical: FixedVar", f"canonical: {value}")))
