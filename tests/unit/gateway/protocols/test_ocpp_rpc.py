"""One session of OCPP-J, without sockets: calls, answers, errors, silence, and what nobody asked for."""

import json

import pytest

from gateway.protocols.ocpp_rpc import (
    Answered,
    Call,
    Called,
    Odd,
    Priority,
    Refused,
    Rpc,
    Sent,
    TimedOut,
)


def an_rpc(version="2.1", timeout_s=30.0):
    return Rpc("m", timeout_s, version)


def a_call(key="k", action="GetVariables", **payload):
    return Call(key, action, json.dumps(payload).encode())


def hear(rpc, *message):
    """Let the peer say one message; return the one output."""
    (output,) = rpc.receive(json.dumps(message).encode())
    return output


def written(rpc, now=0.0):
    """Return everything that may be written now."""
    frames = []
    while (frame := rpc.next_frame(now)) is not None:
        frames.append(json.loads(frame))
    return frames


def calling(rpc, call=None, now=0.0):
    """Make a call and return its message id."""
    rpc.call(call or a_call())
    (frame,) = written(rpc, now)
    return frame[1]


def test_a_call_is_written_with_a_fresh_id_and_its_answer_comes_back_under_its_name():
    rpc = an_rpc()
    rpc.call(a_call("first", "SetDERControl", isDefault=True))
    assert written(rpc) == [[2, "m-1", "SetDERControl", {"isDefault": True}]]
    output = hear(rpc, 3, "m-1", {"status": "Accepted"})
    assert output == Answered(
        a_call("first", "SetDERControl", isDefault=True), "m-1", {"status": "Accepted"}
    )


def test_a_call_that_was_taken_in_elsewhere_is_answered_with_nothing_before_our_own_calls():
    rpc = an_rpc()
    rpc.call(a_call())
    rpc.acknowledge(b"theirs")
    assert written(rpc) == [[3, "theirs", {}], [2, "m-1", "GetVariables", {}]]


PLAIN = [
    (b'[3,"m-1",{"status":"Accepted"}]', b'{"status":"Accepted"}'),
    (b'[3,"m-1",{},{}]', b"{},{}"),
    (b'[3,"m-1",{}] ', None),
    (b'[3,"m-1",{}', None),
    (b'[3, "m-1", {}]', None),
    (b'[3,"m-2",{}]', None),
    (b'[3,"m-11",{}]', None),
    (b'[4,"m-1","InternalError","",{}]', None),
    (b"", None),
]


@pytest.mark.parametrize(("frame", "text"), PLAIN)
def test_the_text_of_a_plain_answer_is_what_stands_behind_the_id(frame, text):
    rpc = an_rpc()
    calling(rpc)
    assert rpc.outstanding.answer(frame) == text


def test_a_call_that_was_taken_as_answered_lets_the_next_one_go_and_knows_no_second_answer():
    rpc = an_rpc()
    calling(rpc)
    rpc.call(a_call("next"))
    assert rpc.waiting
    rpc.outstanding = None
    assert [frame[1] for frame in written(rpc)] == ["m-2"]
    assert not rpc.waiting
    assert isinstance(hear(rpc, 3, "m-1", {}), Odd)


def test_one_call_at_a_time_and_the_next_one_after_the_answer():
    rpc = an_rpc()
    rpc.call(a_call("a"))
    rpc.call(a_call("b"))
    assert [frame[1] for frame in written(rpc)] == ["m-1"]
    hear(rpc, 3, "m-1", {})
    assert [frame[1] for frame in written(rpc)] == ["m-2"]


def test_the_grid_goes_before_housekeeping_and_otherwise_first_come_first_served():
    rpc = an_rpc()
    rpc.call(a_call("report", "GetBaseReport"), Priority.HOUSEKEEPING)
    rpc.call(a_call("one", "SetDERControl"))
    rpc.call(a_call("two", "ClearDERControl"))
    order = []
    while frames := written(rpc):
        order.append(frames[0][2])
        hear(rpc, 3, frames[0][1], {})
    assert order == ["SetDERControl", "ClearDERControl", "GetBaseReport"]


def test_answers_go_out_while_a_call_is_outstanding():
    rpc = an_rpc()
    calling(rpc)
    called = hear(rpc, 2, "p1", "Heartbeat", {})
    assert called == Called("p1", "Heartbeat", {})
    rpc.answer("p1", {"currentTime": "now"})
    assert rpc.waiting
    assert written(rpc) == [[3, "p1", {"currentTime": "now"}]]


def test_a_refusal_is_a_callerror_with_at_most_255_characters():
    rpc = an_rpc()
    hear(rpc, 2, "p1", "Reset", {})
    rpc.refuse("p1", "NotImplemented", "w" * 300)
    assert written(rpc) == [[4, "p1", "NotImplemented", "w" * 255, {}]]


def test_a_call_of_the_peer_is_answered_once():
    rpc = an_rpc()
    hear(rpc, 2, "p1", "Heartbeat", {})
    rpc.answer("p1", {})
    rpc.answer("p1", {})
    rpc.refuse("p1", "InternalError", "")
    assert written(rpc) == [[3, "p1", {}]]


def test_silence_ends_a_call_at_its_deadline_and_not_before():
    rpc = an_rpc(timeout_s=30.0)
    calling(rpc, a_call("mute"), now=100.0)
    assert rpc.outstanding.deadline == 130.0
    assert rpc.expire(129.9) == []
    assert rpc.expire(130.0) == [TimedOut(a_call("mute"))]
    assert rpc.outstanding is None
    assert rpc.expire(999.0) == []


def test_after_silence_the_next_call_goes_out():
    rpc = an_rpc()
    calling(rpc, a_call("mute"))
    rpc.call(a_call("next"))
    rpc.expire(30.0)
    assert [frame[1] for frame in written(rpc, 30.0)] == ["m-2"]


def test_an_answer_after_the_deadline_is_late_and_belongs_to_its_own_call():
    rpc = an_rpc()
    calling(rpc, a_call("old"))
    rpc.expire(30.0)
    calling(rpc, a_call("new"), now=30.0)
    assert hear(rpc, 3, "m-1", {"status": "Accepted"}) == Answered(
        a_call("old"), "m-1", {"status": "Accepted"}, late=True
    )
    assert hear(rpc, 3, "m-2", {}) == Answered(a_call("new"), "m-2", {})


def test_a_late_callerror_is_late_too():
    rpc = an_rpc()
    calling(rpc, a_call("old"))
    rpc.expire(30.0)
    assert hear(rpc, 4, "m-1", "InternalError", "sorry", {}) == Refused(
        a_call("old"), "InternalError", "sorry", late=True
    )


def test_a_second_answer_is_odd_whether_the_first_was_late_or_not():
    rpc = an_rpc()
    calling(rpc)
    hear(rpc, 3, "m-1", {})
    assert isinstance(hear(rpc, 3, "m-1", {}), Odd)
    calling(rpc)
    rpc.expire(30.0)
    hear(rpc, 3, "m-2", {})
    assert isinstance(hear(rpc, 3, "m-2", {}), Odd)
    assert rpc.odd == 2


def test_only_so_many_ended_calls_are_remembered():
    rpc = an_rpc()
    for number in range(65):
        calling(rpc, a_call(str(number)), now=100.0 * number)
        rpc.expire(100.0 * number + 30)
    assert isinstance(hear(rpc, 3, "m-1", {}), Odd)
    assert hear(rpc, 3, "m-2", {}) == Answered(a_call("1"), "m-2", {}, late=True)


@pytest.mark.parametrize("message", [(3, "nobody", {}), (4, "nobody", "InternalError", "", {})])
def test_an_answer_to_a_call_never_made_is_odd_and_gets_no_reply(message):
    rpc = an_rpc()
    output = hear(rpc, *message)
    assert output.message_id == "nobody"
    assert "never made" in output.problem
    assert written(rpc) == []


ERRORS = [
    ("code and words", ("NotSupported", "not here", {}), ("NotSupported", "not here")),
    ("no words", ("NotSupported",), ("NotSupported", "")),
    ("words that are no text", ("NotSupported", 7, {}), ("NotSupported", "")),
    ("details that are a text", ("FormatViolation", "bad", "details"), ("FormatViolation", "bad")),
    ("a code that is no text", (17, "what", {}), ("GenericError", "what")),
]


@pytest.mark.parametrize(
    ("rest", "read"), [row[1:] for row in ERRORS], ids=[row[0] for row in ERRORS]
)
def test_a_callerror_is_read_as_far_as_it_can_be(rest, read):
    rpc = an_rpc()
    calling(rpc)
    assert hear(rpc, 4, "m-1", *rest) == Refused(a_call(), *read)


@pytest.mark.parametrize("rest", [([],), ("Accepted",), ({}, {})], ids=["list", "text", "two"])
def test_an_answer_that_is_no_callresult_ends_the_call_and_is_sent_back(rest):
    rpc = an_rpc()
    calling(rpc)
    output = hear(rpc, 3, "m-1", *rest)
    assert output == Refused(a_call(), "FormatViolation", "the answer is no CALLRESULT")
    assert written(rpc) == [[5, "m-1", "FormatViolation", "a CALLRESULT is [3, id, payload]", {}]]


def test_an_unusable_answer_is_not_sent_back_in_2_0_1_which_knows_no_such_message():
    rpc = an_rpc("2.0.1")
    calling(rpc)
    rpc.reject_result("m-1", "FormatViolation", "")
    assert written(rpc) == []


@pytest.mark.parametrize(
    "rest",
    [({},), ("X",), ("X", []), (7, {}), ("X", {}, {})],
    ids=["no action", "no payload", "a list", "a number", "one too many"],
)
def test_a_call_of_the_wrong_shape_is_answered_with_a_format_violation(rest):
    rpc = an_rpc()
    output = hear(rpc, 2, "p1", *rest)
    assert output == Odd("a CALL is [2, id, action, payload]", "p1")
    assert [frame[:3] for frame in written(rpc)] == [[4, "p1", "FormatViolation"]]


def test_what_is_sent_needs_no_answer():
    rpc = an_rpc()
    assert hear(rpc, 6, "s1", "NotifyPeriodicEventStream", {"id": 1}) == Sent(
        "NotifyPeriodicEventStream", {"id": 1}
    )
    assert isinstance(hear(rpc, 6, "s2", "NotifyPeriodicEventStream", []), Odd)
    assert written(rpc) == []


def test_a_peer_that_could_not_use_our_answer_is_noted():
    rpc = an_rpc()
    output = hear(rpc, 5, "p1", "FormatViolation", "", {})
    assert output == Odd("the peer could not use our answer", "p1")
    assert written(rpc) == []


@pytest.mark.parametrize(
    ("version", "kind"), [("2.1", 1), ("2.1", 7), ("2.1", -2), ("2.0.1", 5), ("2.0.1", 6)]
)
def test_an_unknown_message_type_is_answered_as_such(version, kind):
    rpc = an_rpc(version)
    output = hear(rpc, kind, "p1", "X", {})
    assert output == Odd(f"message type {kind} is unknown", "p1")
    assert [frame[:3] for frame in written(rpc)] == [[4, "p1", "MessageTypeNotSupported"]]


def test_what_has_no_readable_id_is_answered_under_minus_one():
    rpc = an_rpc()
    rpc.receive(b"not json")
    assert [frame[:3] for frame in written(rpc)] == [[4, "-1", "RpcFrameworkError"]]
    assert rpc.odd == 1


def test_a_lost_connection_tells_what_was_outstanding_from_what_never_left():
    rpc = an_rpc()
    calling(rpc, a_call("out"))
    rpc.call(a_call("later"), Priority.HOUSEKEEPING)
    rpc.call(a_call("first"))
    hear(rpc, 2, "p1", "Heartbeat", {})
    rpc.answer("p1", {})
    outstanding, unsent = rpc.abandon()
    assert outstanding == a_call("out")
    assert unsent == [a_call("first"), a_call("later")]
    assert written(rpc) == []
    assert rpc.abandon() == (None, [])
