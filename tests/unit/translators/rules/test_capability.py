"""What a capability rule may say, and what it makes of values."""

import pytest

from support.translation import F
from translators.chain import examples, load_book
from translators.errors import MappingError
from translators.rules.capability import CapabilityRule

RULE = """
apiVersion: dergate/mapping.v1
kind: CapabilityMapping
metadata: {id: t.capability, version: 1.0.0, cites: [here]}
message: {protocol: ocpp, versions: ["2.1"], action: NotifyReport, components: [C]}
evse:
  %s
ignored: {Skipped: because}
tests:
  - %s
"""
TEST = '{name: t, given: {A: "1"}}'


def rule(fact, test=TEST):
    (found,) = load_book({"t.yaml": RULE % (fact, test)}).of(CapabilityRule)
    return found


@pytest.mark.parametrize(
    ("fact", "problem"),
    [
        ("max_w: {from: A, unit: VA}", "is VA, the fact W"),
        ("max_w: {from: A}", "takes a unit"),
        ("max_w: {from: A, unit: W, join: add}", "takes a unit and no `join`"),
        ("der_modes: {from: A}", "takes `join` and no unit"),
        ("der_modes: {from: A, unit: W, join: add}", "takes `join` and no unit"),
        ("max_power: {from: A, unit: W}", "is no fact about an EVSE"),
        ("dynamic_profiles: {from: A, join: add}", "takes no unit and no `join`"),
        ("periods_per_schedule: {from: A, unit: W}", "takes no unit and no `join`"),
        ("max_w: {from: Skipped, unit: W}", "is read and ignored"),
        ("max_w: {from: A, unit: Watt}", "unknown unit"),
    ],
)
def test_a_rule_that_cannot_work_is_refused_at_load(fact, problem):
    with pytest.raises(MappingError, match=problem):
        rule(fact)


@pytest.mark.parametrize(
    ("fact", "given", "value"),
    [
        ("max_w: {from: A, unit: kW}", {"A": "7.5"}, F(7500)),
        ("max_w: {from: [A, B], unit: W}", {"B": "2"}, F(2)),
        ("max_w: {from: [A, B], unit: W}", {"A": "1", "B": "2"}, F(1)),
        ("max_w: {from: [A, B], combine: sum, unit: W}", {"A": "1", "B": "2"}, F(3)),
        ("max_w: {from: [A, B], combine: sum, unit: W}", {"B": "2"}, F(2)),
        ("max_w: {from: A, sign: positive, unit: W}", {"A": "-2"}, F(2)),
        ("max_w: {from: A, unit: W}", {}, None),
        ("max_w: {from: A, unit: W}", {"A": None}, None),
    ],
)
def test_a_number_is_read_exactly_in_the_unit_of_its_fact(fact, given, value):
    assert rule(fact).read(given).values.get("max_w") == value


@pytest.mark.parametrize("value", ["-1", "x", "1e100", "1e9999", "NaN", True, [], "0x1", "1" * 41])
def test_what_is_no_rating_is_named_and_left_out(value):
    told = rule("max_w: {from: A, unit: W}").read({"A": value})
    assert "max_w" not in told.values
    assert len(told.problems) == 1


@pytest.mark.parametrize(
    ("fact", "value", "read"),
    [
        ("dynamic_profiles: {from: A}", "true", True),
        ("dynamic_profiles: {from: A}", " False", False),
        ("max_offline_duration: {from: A}", True, True),
        ("max_offline_duration: {from: A}", "yes", None),
        ("periods_per_schedule: {from: A}", "24", 24),
        ("periods_per_schedule: {from: A}", "-1", None),
        ("periods_per_schedule: {from: A}", "1" * 10, None),
        ("periods_per_schedule: {from: A}", "²", None),
    ],
)
def test_flags_and_counts_are_read_or_named(fact, value, read):
    told = rule(fact).read({"A": value})
    assert told.values.get(fact.partition(":")[0]) == read
    assert len(told.problems) == (read is None)


def test_each_fact_leaves_a_step():
    told = rule("max_w: {from: [A, B], combine: sum, unit: kW}").read({"A": "1", "B": 2})
    (step,) = told.steps
    assert (step.rule, step.source, step.before) == ("t.capability@1.0.0", "A + B", "1, 2")
    assert (step.target, step.after, step.cites) == ("max_w", "3000", ("here",))


@pytest.mark.parametrize(
    ("test", "faults"),
    [
        ('{name: t, given: {A: "1"}, expect: {max_w: 1}}', ()),
        ("{name: t, given: {}, absent: [max_w]}", ()),
        ('{name: t, given: {A: "1"}, expect: {max_w: 2}}', ("max_w: expected 2, got 1",)),
        ('{name: t, given: {A: "1"}, absent: [max_w]}', ("max_w: expected nothing",)),
        ("{name: t, given: {}, expect: {max_w: 1}}", ("max_w: expected 1, got None",)),
        (
            "{name: t, given: {A: x}}",
            ("problems: expected 0, got A = 'x': is no number",),
        ),
        ("{name: t, given: {A: 1}, problems: 1}", ("problems: expected 1, got none",)),
    ],
)
def test_the_test_beside_a_rule_says_what_does_not_hold(test, faults):
    text = RULE % ("max_w: {from: A, unit: W}", test)
    (example,) = examples(load_book({"t.yaml": text}))
    assert (example.rule, example.name, example.faults) == ("t.capability@1.0.0", "t", faults)


def test_lists_are_compared_as_sets():
    test = '{name: t, given: {A: "b, a"}, expect: {der_modes: [a, b]}}'
    (example,) = examples(load_book({"t.yaml": RULE % ("der_modes: {from: A, join: add}", test)}))
    assert example.faults == ()
