"""A comparison as text and as JSON."""

import json

import pytest

from translators.compare import (
    Comparison,
    Direction,
    Edit,
    Effect,
    MessageChange,
    NumberChange,
    RuleChange,
    as_json,
    as_text,
)

NUMBER = NumberChange(
    "SetDERControl FixedVar", "fixedVar/setpoint", -1.5, -2, "-0.5", Direction.OTHER
)
GONE = MessageChange("SetDERControl VoltVar", ("VoltVar",), sent=False, direction=Direction.OTHER)
CAME = MessageChange("SetChargingProfile", ("Connect",), sent=True, direction=Direction.SAFER)
RULES = (
    RuleChange("a.b", "changed", "1.0.0", "1.0.0", (Edit("emit.x.unit", '"W"', None),)),
    RuleChange("a.c", "added", None, "2.0.0"),
)


def a_comparison(**changes):
    effect = Effect(
        "v.json",
        "0A",
        "S1",
        numbers=(NUMBER, NumberChange("m", "unit", None, "W", "", Direction.OTHER)),
        messages=(GONE, CAME),
        lost=("clip a: b",),
        kept=("round a: b",),
        refused=("X invalid: no",),
        accepted=("Y invalid: no",),
        outcomes=((), ("invalid",)),
    )
    values = {"rules": RULES, "effects": (effect, Effect("w.json", "", "S1")), "corpus": True}
    return Comparison("00ff", "11ee", **{**values, **changes})


def test_the_text_says_one_fact_a_line_and_sums_up():
    assert as_text(a_comparison(unread=(("x.xml", "is no XML"),))).splitlines() == [
        "old  00ff",
        "new  11ee",
        "",
        "rule a.b 1.0.0 -> 1.0.0  changed, under the same version",
        '  emit.x.unit: "W" -> nothing',
        "",
        "rule a.c 2.0.0  added",
        "",
        "v.json 0A for station S1",
        "  no longer sent  SetDERControl VoltVar for VoltVar  other",
        "  sent now        SetChargingProfile for Connect  safer",
        "  SetDERControl FixedVar  fixedVar/setpoint: -1.5 -> -2  by -0.5  other",
        '  m  unit: nothing -> "W"  other',
        "  loss new      clip a: b",
        "  loss gone     round a: b",
        "  refused now   X invalid: no",
        "  not refused   Y invalid: no",
        "  outcome       the station's answer -> invalid",
        "",
        "x.xml: not compared: is no XML",
        "2 rules differ",
        "1 of 2 documents differ: 1 safer, 0 looser, 3 other; 1 not compared",
    ]


def test_without_a_corpus_the_text_says_so():
    text = as_text(Comparison("0", "1", ()))
    assert text.endswith("0 rules differ\nno documents were compared (--corpus DIR)\n")


def test_the_json_holds_every_change_and_a_summary():
    told = json.loads(json.dumps(as_json(a_comparison(unread=(("x", "y"),)))))
    assert told["rules"][0]["edits"] == [{"path": "emit.x.unit", "before": '"W"', "after": None}]
    assert [rule["unversioned"] for rule in told["rules"]] == [True, False]
    (document,) = told["documents"]
    assert document["mRID"] == "0A"
    assert document["numbers"][0]["by"] == "-0.5"
    assert document["messages"][1]["direction"] == "safer"
    assert document["losses"] == {"added": ["clip a: b"], "removed": ["round a: b"]}
    assert document["outcomes"] == {"before": [], "after": ["invalid"]}
    assert told["unread"] == [{"document": "x", "problem": "y"}]
    assert told["summary"] == {
        "rules": 2,
        "documents": 2,
        "changed": 1,
        "unread": 1,
        "safer": 1,
        "looser": 0,
        "other": 3,
    }


def test_only_what_differs_counts_as_different():
    assert a_comparison().differs
    assert Comparison("0", "1", RULES).differs
    assert not Comparison("0", "1", (), (Effect("w", "", "S"),), corpus=True).differs


def lines_of(effect):
    """Return what is told of one document, without what stands around it."""
    text = as_text(Comparison("0", "1", (), (effect,), corpus=True)).splitlines()
    return text[4:-3]


@pytest.mark.parametrize(
    ("changes", "lines"),
    [
        pytest.param({"numbers": (NUMBER,)}, ["-1.5 -> -2  by -0.5  other"], id="a number"),
        pytest.param({"lost": ("clip a: b",)}, ["  loss new      clip a: b"], id="a loss"),
        pytest.param({"kept": ("clip a: b",)}, ["  loss gone     clip a: b"], id="a loss less"),
        pytest.param({"refused": ("X: no",)}, ["  refused now   X: no"], id="a refusal"),
        pytest.param({"accepted": ("X: no",)}, ["  not refused   X: no"], id="a refusal less"),
        pytest.param({"messages": (CAME,)}, ["SetChargingProfile for Connect  safer"], id="came"),
        pytest.param({"messages": (GONE,)}, ["SetDERControl VoltVar for VoltVar"], id="gone"),
        pytest.param(
            {"outcomes": (("received", "completed"), ("invalid",))},
            ["  outcome       received completed -> invalid"],
            id="another outcome",
        ),
        pytest.param(
            {"outcomes": (("invalid",), ())},
            ["  outcome       invalid -> the station's answer"],
            id="the station decides now",
        ),
    ],
)
def test_each_kind_of_change_is_a_line_of_its_own(changes, lines):
    told = lines_of(Effect("v", "0A", "S", **changes))
    assert len(told) == len(lines)
    assert all(wanted in line for wanted, line in zip(lines, told, strict=True))


def test_an_outcome_that_stays_is_not_told():
    same = (("invalid",), ("invalid",))
    assert lines_of(Effect("v", "", "S", lost=("a",), outcomes=same)) == ["  loss new      a"]


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (None, 5, "nothing -> 5"),
        (5, None, "5 -> nothing"),
        (True, False, "true -> false"),
        ("a", "b", '"a" -> "b"'),
        (0, 0.0, "0 -> 0.0"),
        (1e-7, -2, "1e-07 -> -2"),
    ],
)
def test_values_stand_as_the_wire_has_them(before, after, told):
    number = NumberChange("m", "p", before, after, "", Direction.OTHER)
    assert lines_of(Effect("v", "", "S", numbers=(number,))) == [f"  m  p: {told}  other"]


def test_directions_are_counted_over_numbers_and_messages():
    numbers = tuple(NumberChange("m", "p", 1, 2, "+1", way) for way in Direction)
    effects = (Effect("v", "", "S", numbers=numbers, messages=(CAME,)),) * 2
    told = as_json(Comparison("0", "1", (), effects, corpus=True))["summary"]
    assert {way: told[way] for way in ("safer", "looser", "other")} == {
        "safer": 4,
        "looser": 2,
        "other": 2,
    }


def test_what_was_not_compared_is_no_difference():
    comparison = Comparison("0", "1", (), unread=(("x.xml", "is no XML"),), corpus=True)
    assert not comparison.differs
    assert "x.xml: not compared: is no XML" in as_text(comparison)
    assert as_text(comparison).endswith(
        "0 of 0 documents differ: 0 safer, 0 looser, 0 other; 1 not compared\n"
    )
