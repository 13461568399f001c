"""What one frame may be: everything else is refused with its reason, before any meaning is read."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.protocols.ocpp_frames import MAX_DEPTH, MAX_FRAME, parse
from gateway.protocols.ocpp_rpc import Rpc


def nested(levels):
    """Return a CALL whose payload brings the whole frame to `levels`."""
    return b'[2,"1","X",' + b'{"a":' * (levels - 1) + b"1" + b"}" * (levels - 1) + b"]"


def deep(levels):
    """Return many values, one of them lists and objects in each other."""
    pairs = levels // 2
    inside = b'[{"a":' * pairs + (b"[1]" if levels % 2 else b"1")
    return b"[],{}," * 50 + inside + b"}]" * pairs


REFUSED = [
    ("nothing", b"", "is no JSON"),
    ("words", b"hello", "is no JSON"),
    ("truncated", b'[2,"1","X"', "is no JSON"),
    ("bytes that are no UTF-8", b'[2,"\xff","X",{}]', "is no JSON"),
    ("half a surrogate pair", b'[2,"1","X",{"a":"\\ud800"}]', "is no JSON"),
    ("UTF-16", '[2,"1","X",{}]'.encode("utf-16"), "is no JSON"),
    ("a byte order mark", '\ufeff[2,"1","X",{}]'.encode(), "is no JSON"),
    ("NaN", b'[2,"1","X",{"a":NaN}]', "is no JSON"),
    ("infinity", b'[2,"1","X",{"a":Infinity}]', "is no JSON"),
    ("a number beyond every double", b'[2,"1","X",{"a":1e999}]', "is no JSON"),
    ("two documents", b'[2,"1","X",{}][2,"1","X",{}]', "is no JSON"),
    ("an object", b'{"2":"1"}', "array of at least three"),
    ("a number", b"42", "array of at least three"),
    ("an empty array", b"[]", "array of at least three"),
    ("two elements", b'[3,"1"]', "array of at least three"),
    ("a type in quotes", b'["2","1","X",{}]', "type is no number"),
    ("a type that is true", b'[true,"1","X",{}]', "type is no number"),
    ("a type with a fraction", b'[2.0,"1","X",{}]', "type is no number"),
    ("a type beyond every register", b'[%d,"1","X",{}]' % (10**30), "type is no number"),
    ("an id that is a number", b'[2,1,"X",{}]', "id is no text"),
    ("an id that is a list", b'[2,["1"],"X",{}]', "id is no text"),
    ("an empty id", b'[2,"","X",{}]', "id is no text"),
    ("an id of 37 characters", b'[2,"%s","X",{}]' % (b"i" * 37), "id is no text"),
    ("a key twice", b'[2,"1","X",{"a":1,"a":2}]', "key twice"),
    ("a key twice, deep inside", b'[2,"1","X",{"a":[{"b":1,"b":1}]}]', "key twice"),
    ("a key twice in two spellings", b'[2,"1","X",{"a":1,"\\u0061":2}]', "key twice"),
    ("a key twice, with spaces", b'[2, "1", "X", {"a": 1, "a": 1}]', "key twice"),
    ("a key twice with colons in its texts", b'[2,"1","X",{"a":":","a":"::"}]', "key twice"),
    ("a key twice beside an escape", b'[2,"1","X",{"a":1,"a":"\\n"}]', "key twice"),
    ("a level too much", nested(MAX_DEPTH + 1), "nests deeper"),
    (
        "a level too much in a wide frame",
        b'[2,"1","X",{"a":[%s]}]' % deep(MAX_DEPTH - 2),
        "nests deeper",
    ),
    ("a hundred thousand brackets", b"[" * 100_000, "is no JSON"),
    ("as many, closed", b"[" * 100_000 + b"]" * 100_000, "is no JSON"),
    ("a byte too much", b'[2,"1","X",{}]' + b" " * (MAX_FRAME - 13), "more than 262144"),
]

ACCEPTED = [
    ("as deep as allowed", nested(MAX_DEPTH)),
    ("as long as allowed", b'[2,"1","X",{}]' + b" " * (MAX_FRAME - 14)),
    ("an id of 36 characters", b'[2,"%s","X",{}]' % (b"i" * 36)),
    ("one key in two objects", b'[2,"1","X",{"a":{"b":1},"c":{"b":1}}]'),
    ("colons and brackets in texts", b'[2,"1","X",{"a":"{[:\\"}]:\\\\"}]'),
    ("wide, and as deep as allowed", b'[2,"1","X",{"a":[%s]}]' % deep(MAX_DEPTH - 3)),
    ("spaces, and numbers spelt otherwise", b'[2, "1", "X", {"a": 1.50, "b": 1e2}]'),
    ("wide but flat", b'[2,"1","X",{"a":[' + b",".join([b"{}"] * 500) + b"]}]"),
    ("letters of any script", '[2,"1","X",{"a":"Ladesäule 充電 ⚡"}]'.encode()),
    ("escaped surrogate pairs", b'[2,"1","X",{"a":"\\ud83d\\ude00"}]'),
]


@pytest.mark.parametrize(
    ("frame", "problem"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
def test_what_is_no_message_is_refused_with_its_reason(frame, problem):
    with pytest.raises(ValueError, match=problem):
        parse(frame)


@pytest.mark.parametrize("frame", [row[1] for row in ACCEPTED], ids=[row[0] for row in ACCEPTED])
def test_what_is_a_message_is_read_as_json_has_it(frame):
    assert parse(frame) == json.loads(frame)


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_no_bytes_whatever_raise_anything_else(frame):
    rpc = Rpc("m")
    rpc.receive(frame)
    assert rpc.odd == 1
    assert json.loads(rpc.next_frame(0))[:3] == [4, "-1", "RpcFrameworkError"]


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(
    st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"]), max_size=5), VALUES, max_size=5
    )
)
def test_every_payload_of_a_sound_peer_arrives_as_it_was_sent(payload):
    frame = json.dumps([2, "id", "Action", payload]).encode()
    assert parse(frame) == [2, "id", "Action", payload]
