"""How messages compare: by value, instants as instants, key sets exactly, lists in order."""

import copy

import pytest

from translators.vectors.comparison import Comparison

ID = "11111111-2222-5333-8444-555555555555"


def message(payload=None, action="SetDERControl", ocpp="2.1"):
    return {"ocpp": ocpp, "action": action, "payload": payload if payload is not None else {}}


def differences(expected, got):
    comparison = Comparison(lambda control_type: ID if control_type == "VoltVar" else "another")
    return [str(item) for item in comparison.messages(expected, got)]


def compared(expected, got):
    """The differences of one value in a payload."""
    return differences([message({"v": expected})], [message({"v": got})])


@pytest.mark.parametrize(
    ("expected", "got"),
    [
        pytest.param(5, 5.0, id="whole and double"),
        pytest.param(0, -0.0, id="zero has no sign"),
        pytest.param(0.1, 0.1 + 1e-10, id="within a billionth"),
        pytest.param("2026-12-01T18:00:00Z", "2026-12-01T19:00:00.000+01:00", id="one instant"),
        pytest.param(None, None, id="null"),
        pytest.param([], [], id="empty lists"),
        pytest.param("A", "A", id="texts"),
    ],
)
def test_equal_values_do_not_differ(expected, got):
    assert compared(expected, got) == []


@pytest.mark.parametrize(
    ("expected", "got", "line"),
    [
        pytest.param(0.1, 0.1 + 2e-9, "expected 0.1, got 0.100000002", id="beyond a billionth"),
        pytest.param(1, True, "expected 1, got true", id="a boolean is no number"),
        pytest.param(5, "5", 'expected 5, got "5"', id="a text is no number"),
        pytest.param(False, None, "expected false, got null", id="null is no value"),
        pytest.param("A", "a", 'expected "A", got "a"', id="case counts"),
        pytest.param(
            "2026-12-01T18:00:00Z",
            "2026-12-01T18:00:01Z",
            'expected "2026-12-01T18:00:00Z", got "2026-12-01T18:00:01Z"',
            id="another instant",
        ),
        pytest.param(
            "2026-12-01T18:00:00",
            "2026-12-01T18:00:00Z",
            'expected "2026-12-01T18:00:00", got "2026-12-01T18:00:00Z"',
            id="no offset, no instant",
        ),
        pytest.param(
            "2026-99-01T18:00:00Z",
            "x",
            'expected "2026-99-01T18:00:00Z", got "x"',
            id="no such month",
        ),
        pytest.param({}, [], "expected {}, got []", id="an object is no list"),
    ],
)
def test_different_values_are_named(expected, got, line):
    assert compared(expected, got) == [f"messages[0].payload.v: {line}"]


def test_keys_are_compared_exactly():
    found = differences([message({"a": 0})], [message({"b": 0})])
    assert found == [
        "messages[0].payload.a: expected 0, got nothing",
        "messages[0].payload.b: expected nothing, got 0",
    ]


def test_lists_are_compared_in_order_and_length():
    found = differences([message({"p": [{"x": 1}, {"x": 2}]})], [message({"p": [{"x": 2}]})])
    assert found == [
        "messages[0].payload.p.length: expected 2, got 1",
        "messages[0].payload.p[0].x: expected 1, got 2",
    ]


def test_the_order_of_messages_is_free():
    one, two = message({"a": 1}), message({"a": 2})
    assert differences([one, two], [two, one]) == []


def test_a_message_is_held_against_the_one_most_like_it():
    found = differences(
        [message({"a": 1, "b": 1, "c": 1})],
        [message({"a": 9, "b": 9, "c": 9}), message({"a": 1, "b": 1, "c": 2})],
    )
    assert found[0] == "messages[0].payload.c: expected 1, got 2"
    assert found[1].startswith("messages: expected nothing, got")


def test_a_message_that_is_missing_is_shown_whole():
    (line,) = differences([message({"a": 1})], [])
    assert line.startswith("messages[0]: expected {")
    assert line.endswith("got nothing")


@pytest.mark.parametrize("other", [{"action": "ClearDERControl"}, {"ocpp": "2.0.1"}])
def test_another_action_or_version_is_another_message(other):
    assert len(differences([message()], [message(**other)])) == 2


def test_an_id_is_the_one_derived_for_its_control_type():
    expected = message({"controlId": "@ID", "controlType": "VoltVar"})
    assert differences([expected], [message({"controlId": ID, "controlType": "VoltVar"})]) == []
    other = message({"controlId": "1" * 36, "controlType": "VoltVar"})
    assert differences([expected], [other]) == [
        f'messages[0].payload.controlId: expected "{ID}", got "{"1" * 36}"'
    ]


@pytest.mark.parametrize(
    ("placeholder", "fits", "wrong"),
    [
        ("@PROFILE", [1_000_000_000, 1_999_999_999], [5, "1000000000", True, None]),
        ("@LEVEL", [0, 7], [-1, 1.5, False, "0"]),
        ("@SCHEDULE", [1, 99], ["1", True, None]),
        ("@OTHER", ["@OTHER"], ["x", 5]),
    ],
)
def test_a_placeholder_stands_for_what_is_legal(placeholder, fits, wrong):
    assert [compared(placeholder, value) for value in fits] == [[] for _ in fits]
    assert all(len(compared(placeholder, value)) == 1 for value in wrong)


def test_two_profiles_of_one_id_would_replace_each_other():
    profile = message({"chargingProfile": {"id": 1_000_000_001}}, action="SetChargingProfile")
    expected = copy.deepcopy(profile)
    expected["payload"]["chargingProfile"]["id"] = "@PROFILE"
    assert differences([expected], [profile]) == []
    found = differences([expected, expected], [profile, profile])
    assert found == ["messages: expected profiles with ids of their own, got 1000000001 twice"]
