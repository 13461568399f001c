"""Where a frame ends: the same whole frames however the stream is cut, and nothing read that is odd."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode

from gateway.protocols.ocpp_frames import MAX_FRAME
from gateway.stations.frames import Kind, is_text, next_frame, text_begin


def a_frame(payload=b"[2]", opcode=Opcode.TEXT, *, fin=True, mask=True):
    return Frame(opcode, payload, fin).serialize(mask=mask)


SIZES = [0, 1, 125, 126, 127, 65_535, 65_536, MAX_FRAME]


@pytest.mark.parametrize("size", SIZES)
def test_a_text_of_any_size_is_found_whole(size):
    frame = a_frame(b"x" * size)
    found = next_frame(b"before" + frame + b"after", 6)
    assert (found.kind, found.end) == (Kind.TEXT, 6 + len(frame))
    assert found.end - found.begin == size


@pytest.mark.parametrize("size", SIZES)
def test_a_part_of_it_is_waited_for(size):
    frame = a_frame(b"x" * size)
    for cut in {0, 1, 2, 3, 5, 9, len(frame) - 1}:
        assert next_frame(frame[: min(cut, len(frame) - 1)], 0) is None


@pytest.mark.parametrize("opcode", [Opcode.PING, Opcode.PONG, Opcode.CLOSE])
def test_a_control_frame_is_told_from_a_text(opcode):
    frame = a_frame(b"\x03\xe8", opcode)
    found = next_frame(frame, 0)
    assert (found.kind, found.end) == (Kind.CONTROL, len(frame))


ODD = [
    ("the beginning of fragments", a_frame(fin=False)),
    ("the end of fragments", a_frame(opcode=Opcode.CONT)),
    ("a binary frame", a_frame(opcode=Opcode.BINARY)),
    ("a packed frame", b"\xc1\x80\0\0\0\0"),
    ("an unmasked frame", a_frame(mask=False)),
    ("an opcode that nobody knows", b"\x83\x80\0\0\0\0"),
    ("a ping in pieces", b"\x09\x80\0\0\0\0"),
    ("a ping of 126 octets", b"\x89\xfe\x00\x7e\0\0\0\0" + b"x" * 126),
    ("a text one octet too long", a_frame(b"x" * (MAX_FRAME + 1))),
    ("a text of 2^63 octets, of which none is here", b"\x81\xff\x80" + bytes(7)),
]


@pytest.mark.parametrize("frame", [row[1] for row in ODD], ids=[row[0] for row in ODD])
def test_what_is_odd_is_left_to_the_library(frame):
    assert next_frame(frame, 0).kind is Kind.OTHER


@pytest.mark.parametrize("size", SIZES)
def test_a_text_alone_is_seen_at_a_glance_and_as_the_long_look_sees_it(size):
    frame = a_frame(b"x" * size)
    begin = text_begin(frame)
    assert begin == (next_frame(frame, 0).begin if size < 65_536 else 0)


@pytest.mark.parametrize("frame", [row[1] for row in ODD], ids=[row[0] for row in ODD])
def test_at_a_glance_nothing_odd_is_a_text(frame):
    assert text_begin(frame) == 0


@given(st.binary(max_size=300), st.binary(min_size=1, max_size=20), st.data())
def test_at_a_glance_more_or_less_than_one_text_is_none(payload, more, data):
    frame = a_frame(payload)
    cut = data.draw(st.integers(0, len(frame) - 1))
    assert text_begin(frame[:cut]) == text_begin(frame + more) == 0


@given(st.lists(st.binary(max_size=300), max_size=6), st.data())
def test_frames_are_the_same_however_the_stream_is_cut(payloads, data):
    stream = b"".join(map(a_frame, payloads))
    cut = data.draw(st.integers(0, len(stream)))
    sizes, rest = [], b""
    for part in (stream[:cut], stream[cut:]):
        rest += part
        while (found := next_frame(rest, 0)) is not None:
            sizes.append(found.end - found.begin)
            rest = rest[found.end :]
    assert sizes == [len(payload) for payload in payloads]
    assert rest == b""


@pytest.mark.parametrize(
    ("payload", "text"),
    [(b"", True), ("Säule".encode(), True), ("Säule".encode("latin-1"), False), (b"\xed\xa0\x80", False)],
    ids=["nothing", "UTF-8", "Latin-1", "half a pair"],
)  # fmt: skip
def test_a_text_is_utf_8(payload, text):
    assert is_text(payload) is text
