"""Arms, guards, conditions and forms that no document can come to, and guards that cost too much."""

import pytest

from support.lintbench import (
    CURVE_SOURCE,
    CURVE_TARGET,
    LIMIT_SOURCE,
    LIMIT_TARGET,
    SOURCE,
    TARGET,
    found,
    lines,
    the_one,
)


def test_a_case_whose_base_no_revision_has_is_an_error():
    line = the_one(
        found(
            SOURCE,
            TARGET,
            ('2: "pct100[setMaxVar]"}', '2: "pct100[setMaxVar]", 8: "pct100[setMaxW]"}'),
        )
    )
    assert line == (
        "source.yaml:10: error: ieee2030_5.fixed_var@1.0.0: refType is 8 in none of its revisions: "
        "nothing reaches the case; drop the case, or the rule is for another edition"
    )


def test_a_case_of_other_revisions_is_an_error():
    late = ('"pct100[setMaxVar]"}', '"pct100[setMaxVar]"}, since: {2: ["2023"]}')
    assert "case 2 is of revisions that the rule is not for" in the_one(found(SOURCE, TARGET, late))


def test_an_expected_code_that_no_revision_has_is_an_error():
    line = the_one(
        found(CURVE_SOURCE, CURVE_TARGET, ("expect: {curveType: 12}", "expect: {curveType: 15}"))
    )
    assert line == (
        "source.yaml:6: error: ieee2030_5.volt_watt@1.0.0: curveType is 15 in none of its revisions"
    )


@pytest.mark.parametrize(
    ("expr", "level", "problem"),
    [
        pytest.param(
            "size(points) >= 0", "warning", "always holds: ranges and cases imply it", id="size"
        ),
        pytest.param("generation_only", "warning", "always holds", id="a constant"),
        pytest.param(
            "response_time <= 655.35", "warning", "always holds", id="the range implies it"
        ),
        pytest.param(
            "response_time > 655.35", "error", "never holds: every document is refused", id="never"
        ),
        pytest.param("!generation_only", "error", "never holds", id="never a constant"),
        pytest.param("response_time.foo > 0.0", "error", "never holds", id="nothing to evaluate"),
    ],
)
def test_a_guard_that_says_nothing_is_found(expr, level, problem):
    changed = ("size(points) >= 1 && size(points) <= 10", expr)
    line = the_one(found(CURVE_SOURCE, CURVE_TARGET, changed))
    assert line.startswith(
        f"source.yaml:15: {level}: ieee2030_5.volt_watt@1.0.0: guard n_points {problem}"
    )


@pytest.mark.parametrize(
    "expr",
    [
        "size(points) <= 10",
        "points.all(p, p.y >= 0.0 && p.y <= 100.0)",
        "response_time == null || response_time > 0.0",
        "response_time == null",
    ],
)
def test_a_guard_that_says_something_is_no_finding(expr):
    assert (
        found(CURVE_SOURCE, CURVE_TARGET, ("size(points) >= 1 && size(points) <= 10", expr)) == ()
    )


def test_a_loss_of_a_source_that_never_changes_is_a_warning():
    losses = "losses:\n  - {kind: ambiguous, reason: no use, when: generation_only}\nguards:"
    line = the_one(found(CURVE_SOURCE, CURVE_TARGET, ("guards:", losses)))
    assert line == (
        "source.yaml:15: warning: ieee2030_5.volt_watt@1.0.0: the condition of this loss never changes: "
        "generation_only"
    )


def test_a_loss_of_a_source_that_changes_is_no_finding():
    losses = (
        'losses:\n  - {kind: ambiguous, reason: no use, when: "response_time == null"}\nguards:'
    )
    assert found(CURVE_SOURCE, CURVE_TARGET, ("guards:", losses)) == ()


@pytest.mark.parametrize(
    ("when", "word"),
    [
        pytest.param("on == 'exports'", "never", id="no such value"),
        pytest.param("on != 'exports'", "always", id="all but no such value"),
    ],
)
def test_a_condition_of_a_target_that_names_no_value_is_an_error(when, word):
    changed = (
        "tests:\n  - name: half\n    control",
        f'losses:\n  - {{kind: scope, reason: no use, when: "{when}"}}\ntests:\n  - name: half\n    control',
    )
    line = the_one(found(LIMIT_SOURCE, LIMIT_TARGET, changed))
    assert line == f"target.yaml:12: error: ocpp21.limit@1.0.0: the condition {word} holds: {when}"


@pytest.mark.parametrize(
    "when", ["on == 'export'", "scope == 'device'", "value > 0.0", "dialect.vref == 'native'"]
)
def test_a_condition_of_a_target_that_can_change_is_no_finding(when):
    changed = (
        "pctMaxDischargePower: {from: value,",
        f'pctMaxDischargePower: {{from: value, when: "{when}",',
    )
    assert found(LIMIT_SOURCE, LIMIT_TARGET, changed) == ()


@pytest.mark.parametrize(
    ("when", "word"),
    [
        pytest.param("size(points) > 10", "", id="size"),
        pytest.param("points.exists(p, p.y < 0.0)", "", id="values"),
        pytest.param("size(points) >= 0", "always", id="always"),
        pytest.param("response_time == null", "", id="left out"),
        pytest.param("response_time == 'soon'", "never", id="another type"),
    ],
)
def test_conditions_of_a_curve_are_tried_on_curves(when, word):
    changed = (
        "when: generation_only}",
        f'when: generation_only}}\n  - {{kind: drop, reason: no use, when: "{when}"}}',
    )
    said = lines(found(CURVE_SOURCE, CURVE_TARGET, changed))
    assert said == (
        [f"target.yaml:16: error: ocpp21.volt_watt@1.0.0: the condition {word} holds: {when}"]
        if word
        else []
    )


_UP_TO_ONE, _POSITIVE = "response_time <= 1.0", "response_time > 0.0"


@pytest.mark.parametrize(
    ("spec", "expr", "level"),
    [
        ("decimal: true, reciprocal: true, range: [1, 4], unit: s", _UP_TO_ONE, "warning"),
        ("decimal: true, negate: true, range: [1, 4], unit: s", "response_time < 0.0", "warning"),
        ("range: [0, 100], scale10: -2, unit: s", _UP_TO_ONE, "warning"),
        ("range: [0, 100], scale10: xMultiplier, unit: s", _UP_TO_ONE, ""),
        ("range: [5, 100], unit: s, absent: 0", _POSITIVE, ""),
        ("range: [5, 100], unit: s", _POSITIVE, "warning"),
    ],
    ids=[
        "reciprocal",
        "negated",
        "a power of ten",
        "a field's power",
        "what stands in",
        "without it",
    ],
)
def test_a_guard_is_tried_on_what_the_operations_make(spec, expr, level):
    changes = [
        (
            "{from: openLoopTms, range: [0, 65535], unit: cs, optional: true}",
            f"{{from: openLoopTms, {spec}}}",
        ),
        ("size(points) >= 1 && size(points) <= 10", expr),
    ]
    said = lines(found(CURVE_SOURCE, CURVE_TARGET, *changes))
    assert [line.split(": ")[1] for line in said] == ([level] if level else [])


def test_a_guard_is_tried_on_every_case():
    cases = (
        "generation_only: {const: true}",
        'generation_only: {from: vRef, cases: {"1": true, "2": false}}',
    )
    guard = ("size(points) >= 1 && size(points) <= 10", "generation_only")
    assert found(CURVE_SOURCE, CURVE_TARGET, cases, guard) == ()


def test_a_loss_that_is_always_there_is_no_finding():
    always = ("when: generation_only}", "when: generation_only}\n  - {kind: drop, reason: no use}")
    assert found(CURVE_SOURCE, CURVE_TARGET, always) == ()


def test_a_form_for_a_value_that_there_is_not_is_an_error():
    line = the_one(found(LIMIT_SOURCE, LIMIT_TARGET, ('{"on": export}', '{"on": exports}')))
    assert line == (
        "target.yaml:7: error: ocpp21.limit@1.0.0: no control has on = exports; "
        "one of export, generation, import, load"
    )


def test_a_form_behind_one_that_takes_everything_is_an_error():
    said = lines(found(LIMIT_SOURCE, LIMIT_TARGET, ('{match: {"on": export}, ', "{")))
    assert said == [
        "target.yaml:8: error: ocpp21.limit@1.0.0: an earlier form takes all that this one matches"
    ]


def test_a_guard_with_a_long_list_is_an_error():
    numbers = ", ".join(f"{number}.0" for number in range(21))
    changed = ("size(points) >= 1 && size(points) <= 10", f"points.all(p, p.x in [{numbers}])")
    line = the_one(found(CURVE_SOURCE, CURVE_TARGET, changed))
    assert line == (
        "source.yaml:15: error: ieee2030_5.volt_watt@1.0.0: a condition has a list of 21; "
        "at most 20; use cases: or range:"
    )
