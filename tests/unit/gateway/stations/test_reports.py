"""Reports of a form that is known: what is read of them is what the long way reads, and nothing slips by."""

import itertools
import json

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.protocols.ocpp_frames import parse
from gateway.stations.reports import KEPT, Reports
from gateway.stations.validators import read_violation
from translators.ocpp.metering import made, samples

AT = "2026-12-01T12:00:00Z"


def a_value(value=7360.5, measurand="Power.Active.Import", **changes):
    members = {"value": value, "context": "Sample.Periodic", "measurand": measurand}
    return members | {"unitOfMeasure": {"unit": "W"}} | changes


def a_report(*values, at=AT, evse=1, **changes):
    values = values or (
        a_value(1, phase="L1"),
        a_value(2.5, phase="L2"),
        a_value(50, "Power.Offered"),
    )
    entry = {"timestamp": at, "sampledValue": list(values)}
    return {"evseId": evse, "meterValue": [entry]} | changes


def a_frame(payload=None, number="m1", action="MeterValues"):
    return orjson.dumps([2, number, action, payload or a_report()])


def knowing(*frames, version="2.1", times=2):
    """Return reports that know these frames."""
    reports = Reports()
    for frame in itertools.chain.from_iterable([frames] * times):
        assert reports.read(version, frame) is None
    return reports


def the_long_way(frame, version="2.1"):
    """Return id, EVSE and samples of a sound MeterValues as a session reads it without knowing forms."""
    kind, number, action, payload = parse(frame)
    assert (kind, action) == (2, "MeterValues")
    assert read_violation(version, action, payload, request=True) is None
    found = samples("CS1", payload["evseId"], payload["meterValue"])
    assert (found.problems, found.signed) == ((), ())
    return number, payload["evseId"], found.samples


def the_short_way(report):
    number, evse, at, plan, numbers = report
    return number.decode(), evse, tuple(made("CS1", evse, at, plan, numbers))


def test_a_form_is_known_when_it_comes_for_the_third_time():
    reports = knowing(a_frame())
    assert len(reports) == 1
    assert the_short_way(reports.read("2.1", a_frame())) == the_long_way(a_frame())


LIKE = [
    ("another id", a_frame(number="0f8fad5b-d9cd-469f-a165-70867728950e")),
    ("an id of one character", a_frame(number="~")),
    ("another instant", a_frame(a_report(at="2027-02-28T23:59:59.123456789Z"))),
    ("another zone", a_frame(a_report(at="2026-12-01T13:00:00+01:30"))),
    ("numbers of 15 digits", a_frame(a_report(
        a_value(999999999.999999, phase="L1"), a_value(-0.123456, phase="L2"), a_value(0, "Power.Offered")))),
    ("whole numbers with a point", a_frame().replace(b"2.5", b"2.0")),
    ("a negative zero", a_frame().replace(b"2.5", b"-0")),
    ("zeros at the end", a_frame().replace(b"2.5", b"2.500000")),
]  # fmt: skip


@pytest.mark.parametrize("frame", [row[1] for row in LIKE], ids=[row[0] for row in LIKE])
def test_a_frame_of_a_known_form_says_what_the_long_way_reads(frame):
    found = knowing(a_frame()).read("2.1", frame)
    assert the_short_way(found) == the_long_way(frame)


UNLIKE = [
    ("a digit string", a_frame().replace(b"2.5", b'"2.5"')),
    ("an exponent", a_frame().replace(b"2.5", b"25e-1")),
    ("a leading zero", a_frame().replace(b"2.5", b"02.5")),
    ("a plus sign", a_frame().replace(b"2.5", b"+2.5")),
    ("no digit before the point", a_frame().replace(b"2.5", b".5")),
    ("no digit after the point", a_frame().replace(b"2.5", b"2.")),
    ("two points", a_frame().replace(b"2.5", b"2.5.5")),
    ("not a number", a_frame().replace(b"2.5", b"NaN")),
    ("true", a_frame().replace(b"2.5", b"true")),
    ("ten digits", a_frame().replace(b"2.5", b"1234567890")),
    ("seven decimals", a_frame().replace(b"2.5", b"0.1234567")),
    ("a value twice", a_frame().replace(b"2.5", b'2.5,"value":2.5')),
    ("no value", a_frame().replace(b'"value":2.5,', b"")),
    ("another EVSE", a_frame(a_report(evse=2))),
    ("an EVSE in quotes", a_frame().replace(b'"evseId":1', b'"evseId":"1"')),
    ("another unit", a_frame().replace(b'"W"', b'"kW"', 1)),
    ("another member", a_frame(a_report(customData={"vendorId": "x"}))),
    ("a month too many", a_frame(a_report(at="2026-13-01T12:00:00Z"))),
    ("a day too many", a_frame(a_report(at="2026-02-29T12:00:00Z"))),
    ("a leap second", a_frame(a_report(at="2026-12-31T23:59:60Z"))),
    ("the hour 24", a_frame(a_report(at="2026-12-31T24:00:00Z"))),
    ("a zone beyond a day", a_frame(a_report(at="2026-12-01T12:00:00+24:00"))),
    ("a zone of 60 minutes", a_frame(a_report(at="2026-12-01T12:00:00+01:60"))),
    ("an instant before all time", a_frame(a_report(at="0001-01-01T00:00:00+14:00"))),
    ("no zone", a_frame(a_report(at="2026-12-01T12:00:00"))),
    ("a zero octet", a_frame().replace(b"2.5", b"2.5\0")),
    ("an id of 37 characters", a_frame(number="i" * 37)),
    ("an id of none", a_frame(number="")),
    ("an id with an escape", a_frame(number="a\\b")),
    ("an id beyond ASCII", a_frame(number="ü")),
    ("an id that is a number", a_frame(number=7)),
    ("another action", a_frame(action="TransactionEvent")),
    ("an answer", orjson.dumps([3, "m1", a_report()])),
    ("an element too many", a_frame()[:-1] + b",1]"),
    ("a bracket too many", a_frame() + b"]"),
    ("half a frame", a_frame()[: len(a_frame()) // 2]),
    ("nothing", b""),
]


@pytest.mark.parametrize("frame", [row[1] for row in UNLIKE], ids=[row[0] for row in UNLIKE])
def test_whatever_else_differs_goes_the_long_way(frame):
    assert frame != a_frame()
    assert knowing(a_frame()).read("2.1", frame) is None


UNKNOWABLE = [
    ("what breaks the schema", a_frame(a_report(a_value(phase="L9")))),
    ("what is missing", a_frame({"evseId": 1, "meterValue": [{"timestamp": AT}]})),
    ("a key twice", a_frame().replace(b'"evseId":1', b'"evseId":1,"evseId":1')),
    ("a unit that is none", a_frame(a_report(a_value(unitOfMeasure={"unit": "kV"})))),
    ("two instants", a_frame(a_report(meterValue=a_report()["meterValue"] * 2))),
    ("what a meter signed", a_frame(a_report(a_value(
        signedMeterValue={"signedMeterData": "x", "encodingMethod": "OCMF"})))),
    ("what a vendor adds", a_frame(a_report(customData={"vendorId": "x", "value": 5}))),
    ("an escape", a_frame().replace(b"Sample", b"S\\u0061mple")),
    ("65 values", a_frame(a_report(*[a_value(location="Inlet")] * 65))),
    ("more than 8 KiB", a_frame() + b" " * 8192),
    ("an element too many", a_frame()[:-1] + b",1]"),
    ("a payload that is a list", a_frame([a_report()])),
    ("a number of another spelling", a_frame().replace(b"2.5", b"25e-1")),
]  # fmt: skip


@pytest.mark.parametrize(
    "frame", [row[1] for row in UNKNOWABLE], ids=[row[0] for row in UNKNOWABLE]
)
def test_what_is_not_sound_or_not_plain_is_never_known(frame):
    reports = knowing(frame, times=5)
    assert len(reports) == 0


def test_an_instant_that_is_none_does_not_spoil_its_form():
    reports = Reports()
    for _ in range(5):
        assert reports.read("2.1", a_frame(a_report(at="2026-02-30T12:00:00Z"))) is None
    for _ in range(2):
        assert reports.read("2.1", a_frame()) is None
    assert reports.read("2.1", a_frame()) is not None


def test_a_form_is_known_of_the_version_that_it_was_checked_for():
    upstream = a_frame(a_report(a_value(location="Upstream")))  # is a place of 2.1 alone
    reports = knowing(upstream)
    assert reports.read("2.1", upstream) is not None
    for _ in range(4):
        assert reports.read("2.0.1", upstream) is None
    assert len(reports) == 1


SPELLINGS = [
    ("with spaces", json.dumps([2, "m1", "MeterValues", a_report()]).encode()),
    ("with the instant at its end", a_frame({"meterValue": [
        {"sampledValue": [a_value(1), a_value(2, "Voltage", unitOfMeasure={"unit": "V"})],
         "timestamp": AT}], "evseId": 3})),
    ("of nothing that is followed", a_frame(a_report(a_value(1, "Power.Offered")))),
    ("without an EVSE", a_frame(a_report(evse=0))),
    ("with letters of any script", a_frame(a_report(a_value(
        1, "Power.Offered", unitOfMeasure={"unit": "Wärme ☀"})))),
]  # fmt: skip


@pytest.mark.parametrize("frame", [row[1] for row in SPELLINGS], ids=[row[0] for row in SPELLINGS])
def test_a_form_of_any_spelling_is_known(frame):
    assert the_short_way(knowing(frame).read("2.1", frame)) == the_long_way(frame)


def test_of_many_forms_the_oldest_is_forgotten():
    frames = [a_frame(a_report(evse=number)) for number in range(KEPT + 1)]
    reports = knowing(*frames)
    assert len(reports) == KEPT
    assert reports.read("2.1", frames[0]) is None
    assert reports.read("2.1", frames[-1]) is not None


def test_forms_that_come_but_once_leave_nothing_behind():
    reports = knowing(*[a_frame(a_report(evse=number)) for number in range(1500)], times=1)
    assert len(reports) == 0
    assert reports.read("2.1", a_frame(a_report(evse=0))) is None
    assert len(reports) == 0  # it was forgotten since


KNOWN = [a_frame(), SPELLINGS[0][1], SPELLINGS[1][1]]
WORDS = b'" , : { } [ ] 0 1 9 . - e T Z null 2026 -1.5 +01:00 "m2" "value": "value":5, "evseId":1,'
PIECES = st.sampled_from([b" ", b"\\", b"\0", b"\n", "ü".encode(), b'"value": 5', *WORDS.split()])


@st.composite
def spoilt(draw):
    """Return a sound frame with a few pieces cut out, put in or said twice, anywhere."""
    frame = draw(st.sampled_from(KNOWN))
    for _ in range(draw(st.integers(1, 3))):
        begin = draw(st.integers(0, len(frame)))
        end = min(len(frame), begin + draw(st.integers(0, 3) | st.integers(0, 60)))
        into = draw(st.lists(PIECES, max_size=2).map(b"".join) | st.just(frame[begin:end] * 2))
        frame = frame[:begin] + into + frame[end:]
    return frame


REPORTS = knowing(*KNOWN)


@given(spoilt())
@example(KNOWN[0].replace(b"2.5", b"3.25"))
def test_nothing_that_is_recognised_would_be_refused_or_read_otherwise(frame):
    found = REPORTS.read("2.1", frame)
    if found is not None:
        assert the_short_way(found) == the_long_way(frame)
