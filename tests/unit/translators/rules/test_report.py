"""Report rules: what may be written, what is refused at load, and what facts become."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from support.translation import F
from translators.chain import examples, load_book
from translators.errors import MappingError
from translators.rules.facts import CATALOGUE, Facts
from translators.rules.report import Member
from translators.rules.report_examples import read_facts

RULE = """
apiVersion: dergate/mapping.v1
kind: ReportMapping
metadata: {id: t.report, version: 1.0.0, cites: [here]}
report: {protocol: %(protocol)s, revisions: ["1", "2"], document: Doc}
facts: %(facts)s
%(extra)s
emit:
  %(emit)s
tests:
  - %(test)s
"""


def text(emit, *, facts="status", protocol="openadr", extra="", test="{name: t, given: {}}"):
    return RULE % {
        "emit": emit,
        "facts": facts,
        "protocol": protocol,
        "extra": extra,
        "test": test,
    }


def rule(emit, **changes):
    (found,) = load_book({"t.yaml": text(emit, **changes)}).rules
    return found


def told(emit, known, *, revision="1", **changes):
    made = rule(emit, **changes)
    return made.tell(read_facts(made.model.facts, known), revision)


def members(emit, known, **changes):
    return {m.path: m.value for m in told(emit, known, **changes).value}


W = "unit: W, round: {places: 0, mode: half_even}"


@pytest.mark.parametrize(
    ("emit", "changes", "problem"),
    [
        ("a: {from: powr, unit: W}", {}, "did you mean 'power'"),
        ("a: {from: alien, unit: W}", {}, "is no fact of status"),
        ("a: {from: power, unit: VA}", {}, "power is W, the member VA"),
        ("a: {from: power, unit: Watt}", {}, "unknown unit"),
        ("a: {from: power}", {}, "needs a unit"),
        ("a: {from: power, combine: sum, unit: W}", {}, "power is one"),
        ("a: {from: max_w, unit: W}", {"facts": "nameplate"}, "say how to combine"),
        ("a: {const: 1}", {"facts": "weather"}, "is no subject of facts"),
        ("a: {}", {}, "exactly one of from, const, choose and bits"),
        ("a: {const: 1, from: power}", {}, "exactly one of from, const, choose and bits"),
        ("a: {const: 1.5}", {}, "an integer or a text"),
        ("a: {const: 1, revisions: ['3']}", {}, "is no revision of the document"),
        ("a: {const: 1, when: 'powr > 0.0'}", {}, "names powr"),
        ("a: {const: 1, when: 'power > 0.0'}", {}, "cannot be evaluated"),
        ("a: {const: 1, when: 'connected'}", {}, "is not boolean"),
        ("a: {const: 1}", {"extra": "match: {kin: W}"}, "is no fact of status"),
        ("a: {const: 1}", {"extra": "never: {a: because}"}, "is emitted and never emitted"),
        ("a: {const: 1}", {"extra": "losses: [{kind: lost, reason: r}]"}, "is no kind of loss"),
        (
            "a: {const: 1}",
            {"extra": "guards: [{id: g, expr: 'power > 0.0'}]"},
            "cannot be evaluated",
        ),
        ("a: {from: alarms}", {}, "one fact that is a number, flag, text or instant"),
        ("a: {from: [connected, faulted]}", {}, "one fact that is a number"),
        ("a: {from: at}", {}, "needs a time form"),
        ("a: {from: connected, cases: {'true': 1}}", {}, "cases do not match the values: false"),
        (
            "a: {from: frame, cases: {load: 1, generator: 2, other: 3}}",
            {},
            "cases do not match the values: other",
        ),
        ("a: {choose: [{const: 1}, {const: 2}]}", {}, "an arm without condition hides the next"),
        ("a: {from: power, unit: W}", {"protocol": "ieee2030_5"}, "needs `scaled`, or `round`"),
        (
            "a: {from: power, unit: W, scale10: b}",
            {},
            "is no constant member of the rule",
        ),
        (
            "a: {from: mean, unit: W}",
            {"facts": "measurement"},
            "needs `match: {kind: …}`",
        ),
        ("a: {bits: [{bit: 0, name: x}]}", {}, "exactly one of const, from, when and never"),
        (
            "a: {bits: [{bit: 0, name: x, const: true}, {bit: 0, name: y, const: true}]}",
            {},
            "stands twice",
        ),
        ("a: {octets: 1, bits: [{bit: 8, name: x, const: true}]}", {}, "does not fit"),
        ("a: {from: power, unit: W, round: {places: -1, mode: up}}", {}, "greater than or equal"),
        ("a: {from: power, unit: W, round: {places: 10, mode: up}}", {}, "less than or equal"),
        ("a: {bits: [{bit: 0, name: x, from: power}]}", {}, "is no member of these facts"),
        ("a: {bits: [{bit: 0, name: x, from: alarms}]}", {}, "is no member of these facts"),
        (
            "a: {bits: [{bit: 0, name: OverCurrent, from: alarms}]}",
            {},
            "has no bit for CurrentImbalance",
        ),
        (
            "a: {bits: [{bit: 0, name: x, const: true, revisions: ['3']}]}",
            {},
            "is no revision",
        ),
    ],
)
def test_a_rule_that_cannot_work_is_refused_at_load(emit, changes, problem):
    with pytest.raises(MappingError, match=problem):
        rule(emit, **changes)


@pytest.mark.parametrize(
    ("emit", "known", "value"),
    [
        ("a: {from: power, unit: kW}", {"power": "-1500"}, F("-1.5")),
        ("a: {from: power, unit: W}", {"power": "3"}, 3),
        ("a: {from: power, unit: W, negate: true}", {"power": "3"}, -3),
        ("a: {from: power, unit: W, negate: \"frame == 'load'\"}", {"power": 3, "frame": "load"}, -3),
        ("a: {from: power, unit: W, negate: \"frame == 'load'\"}", {"power": 3}, 3),
        ("a: {from: power, unit: W, sign: negative}", {"power": "3"}, -3),
        ("a: {from: power, unit: W, sign: positive}", {"power": "-3"}, 3),
        ("a: {from: power, unit: W, scale10: 2}", {"power": "300"}, 3),
        ("a: {from: power, unit: W, scale10: -1}", {"power": "0.25"}, F("2.5")),
        ("a: {from: power, unit: W, round: {places: 1, mode: half_even}}", {"power": "0.25"}, F("0.2")),
        ("a: {from: power, unit: W, round: {places: 1, mode: down}}", {"power": "-0.29"}, F("-0.2")),
        ("a: {from: power, unit: W, round: {places: 1, mode: up}}", {"power": "-0.21"}, F("-0.3")),
        ("a: {from: power, unit: W, round: {places: 1, mode: up}}", {"power": "0.21"}, F("0.3")),
        ("a: {from: power, unit: W, clip: [-1.5, 2]}", {"power": "-7"}, F("-1.5")),
        ("a: {from: [power, setpoint], unit: W}", {"setpoint": "7"}, 7),
        ("a: {from: [power, setpoint], unit: W}", {"power": "0", "setpoint": "7"}, 7),
        ("a: {from: [power, setpoint], unit: W}", {"power": "5", "setpoint": "7"}, 5),
        ("a: {from: power, unit: W, absent: 0.5}", {}, F(1, 2)),
        ("a: {from: connected}", {"connected": True}, True),
        ("a: {from: connected, cases: {'true': 0.5, 'false': 2}}", {"connected": True}, F(1, 2)),
        ("a: {from: connected, absent: unknown}", {}, "unknown"),
        ("a: {from: frame}", {"frame": "load"}, "load"),
        ("a: {from: at, time: epoch_s}", {"at": "1970-01-01T01:00:01.9Z"}, 3601),
        ("a: {from: at, time: iso8601}", {"at": "2026-12-01T13:00:00+01:00"}, "2026-12-01T12:00:00Z"),
        ("a: {choose: [{when: 'connected == true', const: 1}, {const: 2}]}", {"connected": True}, 1),
        ("a: {choose: [{when: 'connected == true', const: 1}, {const: 0.5}]}", {}, F(1, 2)),
        ("a: {choose: [{when: 'connected == true', const: 1}], absent: 9}", {}, 9),
        ("a: {const: x}", {}, "x"),
    ],
)  # fmt: skip
def test_a_fact_becomes_a_member(emit, known, value):
    assert members(emit, known) == {"a": value}


@pytest.mark.parametrize(
    ("how", "values", "value"),
    [
        ("sum", [1, 2, 2], 5),
        ("largest", [1, 2, 2], 2),
        ("smallest", [1, 2, 2], 1),
        ("common", [2, 2], 2),
        ("common", [1, 2], None),
        ("sum", [1, None], None),
        ("sum", [], None),
    ],
)
def test_several_evses_make_one_number_where_each_is_known(how, values, value):
    emit = f"a: {{from: max_w, combine: {how}, unit: W, omit_if_absent: true}}"
    made = members(emit, {"max_w": values}, facts="nameplate")
    assert made == ({} if value is None else {"a": value})


@pytest.mark.parametrize(
    ("emit", "known"),
    [
        ("a: {from: power, unit: W, omit_if_absent: true}", {}),
        ("a: {from: frame, omit_if_absent: true}", {}),
        ("a: {choose: [{when: 'connected == true', const: 1}], omit_if_absent: true}", {}),
        ("a: {const: 1, when: 'connected == true'}", {"connected": False}),
        ("a: {const: 1, revisions: ['2']}", {}),
    ],
)
def test_what_does_not_hold_is_left_out(emit, known):
    assert members(emit, known) == {}


@pytest.mark.parametrize(
    ("emit", "problem"),
    [
        ("a: {from: power, unit: W}", "power is not known and the document needs it"),
        ("a: {from: [power, setpoint], unit: W}", "power or setpoint is not known"),
        ("a: {from: frame}", "frame is not known"),
        ("a: {choose: [{when: 'connected == true', const: 1}]}", "no condition holds"),
    ],
)
def test_without_what_it_needs_a_document_stays_untold(emit, problem):
    made = told(emit, {})
    assert made.value is None
    (loss,) = made.losses
    assert (loss.kind, loss.where, loss.rule) == ("drop", "Doc/a", "t.report@1.0.0")
    assert problem in loss.detail


def test_a_guard_that_fails_refuses_the_document():
    extra = "guards: [{id: g, expr: 'power == null || power <= 0.0', on_fail: not_applicable}]"
    made = told("a: {const: 1}", {"power": 1}, extra=extra)
    (refusal,) = made.refusals
    assert (made.value, refusal.outcome, refusal.function) == (None, "not_applicable", "Doc")
    assert refusal.problem == "guard g fails"
    assert told("a: {const: 1}", {"power": 0}, extra=extra).value == (Member("a", 1),)


def test_a_scaled_number_is_two_members_in_the_order_of_the_alphabet():
    emit = "a: {from: power, unit: W, scaled: {range: [-9, 9], value: digits, multiplier: power}}"
    made = told(emit, {"power": "-123.45"})
    assert [(m.path, m.value) for m in made.value] == [("a/digits", -1), ("a/power", 2)]
    (loss,) = made.losses
    assert (loss.kind, loss.where, loss.residual) == ("round", "Doc/a", "-23.45")
    assert {step.target for step in made.steps} == {"Doc/a", "Doc/a/digits", "Doc/a/power"}


BITS = """a:
    octets: 2
    bits:
      - {bit: 0, name: Always, const: true}
      - {bit: 3, name: VoltVar, from: der_modes}
      - {bit: 4, name: Watts, from: der_modes, has: VoltWatt}
      - {bit: 5, name: Any, when: "discharges.exists(d, d)"}
      - {bit: 6, name: Later, const: true, revisions: ["2"]}
      - {bit: 15, name: Never, never: because}"""


@pytest.mark.parametrize(
    ("known", "revision", "word"),
    [
        ({}, "1", "0001"),
        ({}, "2", "0041"),
        ({"der_modes": ["VoltVar", "VoltWatt"]}, "1", "0019"),
        ({"der_modes": [["VoltVar", "VoltWatt"], ["VoltVar"]]}, "1", "0009"),
        ({"der_modes": []}, "1", "0001"),
        ({"discharges": [False, True]}, "1", "0021"),
        ({"discharges": [False, False]}, "1", "0001"),
    ],
)
def test_a_bitmap_sets_what_every_evse_has(known, revision, word):
    assert members(BITS, known, revision=revision, facts="nameplate") == {"a": word}


def test_every_operation_on_a_number_leaves_a_step_and_what_it_gives_up_a_loss():
    emit = (
        "b: {const: -1}\n  "
        "a: {from: power, unit: kW, negate: true, scale10: b, "
        "round: {places: 0, mode: half_even}, clip: [-9, 9]}"
    )
    made = told(emit, {"power": "-1234.5"})
    assert [(s.operation, s.before, s.after) for s in made.steps] == [
        ("take", "-1234.5", "-1234.5"),
        ("unit W -> kW", "-1234.5", "-1.2345"),
        ("sign", "-1.2345", "1.2345"),
        ("scale10 1", "1.2345", "12.345"),
        ("round 0 half_even", "12.345", "12"),
        ("clip -9..9", "12", "9"),
    ]
    assert {(s.rule, s.cites, s.target) for s in made.steps} == {
        ("t.report@1.0.0", ("here",), "Doc/a")
    }
    assert [(loss.kind, loss.residual) for loss in made.losses] == [
        ("round", "0.345"),
        ("clip", "3"),
    ]
    assert made.value[1] == Member("a", 9)


def test_a_fact_that_stands_in_for_another_is_a_loss():
    made = told("a: {from: [power, setpoint], unit: W}", {"setpoint": "7"})
    assert [(loss.kind, loss.detail) for loss in made.losses] == [
        ("semantic", "setpoint stands in for power")
    ]


def test_a_declared_loss_holds_always_or_by_a_condition():
    extra = """losses:
  - {kind: approximate, reason: always}
  - {kind: semantic, reason: sometimes, when: "connected == true"}"""
    made = [told("a: {const: 1}", {"connected": up}, extra=extra) for up in (True, False)]
    assert [[loss.kind for loss in one.losses] for one in made] == [
        ["approximate", "semantic"],
        ["approximate"],
    ]


def test_a_namespace_goes_with_its_member():
    (member,) = told("a: {const: 1, namespace: other}", {}).value
    assert member == Member("a", 1, "other")


def test_rules_of_one_document_are_selected_by_their_match():
    one = text("a: {const: 1}", facts="measurement", extra="match: {kind: W}")
    other = text("a: {const: 2}", facts="measurement", extra="match: {kind: var}")
    book = load_book({"1.yaml": one, "2.yaml": other.replace("t.report", "t.other")})
    for kind, rule_id in (("W", "t.report@1.0.0"), ("var", "t.other@1.0.0")):
        facts = Facts("measurement", {"kind": kind})
        assert book.report("openadr", "1", "Doc", facts).id == rule_id
    assert book.report("openadr", "1", "Doc", Facts("measurement", {"kind": "Hz"})) is None
    assert book.report("openadr", "3", "Doc", facts) is None


def test_two_rules_for_one_document_are_refused():
    files = {
        "1.yaml": text("a: {const: 1}"),
        "2.yaml": text("a: {const: 1}").replace("t.rep", "u.rep"),
    }
    with pytest.raises(MappingError, match="is taken by"):
        load_book(files)


@pytest.mark.parametrize(
    ("test", "faults"),
    [
        ("{name: t, given: {power: 1}, expect: {a: 1}}", ()),
        ("{name: t, given: {power: 1.5}, expect: {a: 1.5}}", ()),
        ("{name: t, given: {power: 1}, expect: {a: 2}}", ("a: expected 2, got 1",)),
        ("{name: t, given: {power: 1}, expect: {a: '1'}}", ("a: expected 1, got 1",)),
        ("{name: t, given: {power: 1}, expect: {b: 1}}", ("b: expected 1, got nothing",)),
        ("{name: t, given: {power: 1}, absent: [a]}", ("a: expected nothing, got a member",)),
        ("{name: t, given: {power: 1}, absent: [b]}", ()),
        ("{name: t, given: {power: 1}, losses: [clip]}", ("losses: expected clip, got none",)),
        ("{name: t, given: {power: 9}, expect: {a: 5}}", ("losses: expected none, got clip",)),
        ("{name: t, given: {}, refused: untold}", ()),
        ("{name: t, given: {}}", ("expected a document, got untold",)),
        ("{name: t, given: {power: 1}, refused: untold}", ("expected untold, got a document",)),
        ("{name: t, given: {power: 10}, refused: invalid}", ()),
        ("{name: t, given: {power: 10}, refused: untold}", ("expected untold, got invalid",)),
    ],
)
def test_the_test_beside_a_rule_says_what_does_not_hold(test, faults):
    extra = "guards: [{id: g, expr: 'power == null || power < 10.0'}]"
    files = {"t.yaml": text("a: {from: power, unit: W, clip: [0, 5]}", extra=extra, test=test)}
    (example,) = examples(load_book(files))
    assert (example.rule, example.name, example.faults) == ("t.report@1.0.0", "t", faults)


@pytest.mark.parametrize(
    ("subject", "given", "problem"),
    [
        ("status", {"powr": 1}, "is no fact of status"),
        ("status", {"power": "much"}, "is no number"),
        ("status", {"at": "noon"}, "is no instant"),
        ("status", {"at": 5}, "is no instant"),
        ("status", {"alarms": 5}, "is no members"),
    ],
)
def test_facts_that_a_test_may_not_give_are_named(subject, given, problem):
    with pytest.raises(MappingError, match=problem):
        read_facts(subject, given)


def test_facts_of_tests_are_typed_by_the_catalogue():
    known = read_facts(
        "settings",
        {"max_w": 5, "at": "2026-12-01T13:00:00+01:00", "csip_aus": True, "v_nom": [230, None]},
    )
    assert known.values == {
        "max_w": (F(5),),
        "at": datetime(2026, 12, 1, 12, tzinfo=UTC),
        "csip_aus": True,
        "v_nom": (F(230), None),
    }


def test_an_instant_of_another_zone_is_the_same_instant():
    there = datetime(2026, 12, 1, 12, tzinfo=timezone(timedelta(hours=1)))
    made = rule("a: {from: at, time: epoch_s}").tell(Facts("status", {"at": there}), "1")
    assert made.value == (Member("a", int(there.timestamp())),)


def test_every_fact_of_the_catalogue_can_be_seen_by_conditions():
    for subject, names in CATALOGUE.items():
        values = {name: read_one(fact) for name, fact in names.items()}
        emit = "a: {const: 1, when: 'true'}"
        known = Facts(subject, values)
        assert rule(emit, facts=subject).tell(known, "1").value == (Member("a", 1),)


def read_one(fact):
    values = {
        "number": F(1),
        "flag": True,
        "members": frozenset("a"),
        "instant": datetime(2026, 1, 1, tzinfo=UTC),
    }
    value = values.get(fact.sort, "a")
    return (value, None) if fact.each else value
