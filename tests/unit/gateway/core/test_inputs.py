"""What decided, as JSON and back, and the digest of what came of it."""

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

import orjson
import pytest

from gateway.core.effects import Audit, Persist, PostSamples, ReportStation, SendToStation, Table
from gateway.core.events import (
    AlarmReceived,
    CarSuspended,
    CommandReceived,
    ControlsReported,
    DeviceReported,
    DocumentRefused,
    HeldControl,
    LimitNoticed,
    Now,
    ReplyStatus,
    SamplesTaken,
    SessionKept,
    StationConnected,
    StationReplied,
    Tick,
)
from gateway.core.failsafe import FailSafe, UtilityRules
from gateway.core.inputs import (
    Setup,
    digest,
    event_document,
    event_from,
    now_document,
    now_from,
    setup_document,
    setup_from,
    written,
)
from gateway.core.orders import DrainMode, DrainRequested, ParticipationChanged, RulesReplaced
from gateway.core.station import StationRules
from support.engine_bench import NOON, a_command, a_profile, limit, pf
from translators.canonical.telemetry import Alarm, ControlOutcome, GridFault, Sample
from translators.errors import ModelError
from translators.ocpp.foreign import ForeignLimit, Rate
from translators.rules.trace import Loss, LossKind, Refusal, Step
from translators.units import Kind

A_SAMPLE = Sample("CS1", 1, Kind.POWER, 7400, NOON)
A_CALL = SendToStation("CS1", "CS1#1", "SetDERControl", {"controlId": "a", "x": 1})
EVENTS = [
    CommandReceived(
        a_command(),
        steps=(Step("r", ("c",), "take", "a", "1", "b", "2"),),
        losses=(Loss(LossKind.ROUND, "r", "a", "rounded", "1/3"),),
        refusals=(Refusal(ControlOutcome.INVALID, "VoltVar", "a", "is none", "r"),),
        raw=(b"<DERControl/>",),
        draws=(0.1, 0.9),
    ),
    DocumentRefused(
        "dso",
        "CS1",
        "e1",
        (Refusal(ControlOutcome.INVALID, "event", "", "is none", "r"),),
        (b"{}",),
    ),
    StationConnected("CS1", a_profile()),
    StationReplied("CS1", "CS1#1", ReplyStatus.REJECTED, "why", {"status": "Rejected", "n": [1.5]}),
    ControlsReported("CS1", "CS1#2", (HeldControl("a", "SetDERControl", {"b": [1]}),), False),
    SamplesTaken("CS1", (A_SAMPLE,)),
    DeviceReported("CS1", {"version": "2.1", "model": {"values": [["C", "V", 1, "", None, "9"]]}}),
    SessionKept("dso", "ven", {"seed": 7, "events": {"e1": {"received": "2026-12-01T12:00:00Z"}}}),
    CarSuspended("CS1", 1, suspended=True),
    AlarmReceived(Alarm("CS1", "VoltVar", GridFault.OVER_VOLTAGE, NOON)),
    LimitNoticed("CS1", ForeignLimit("EMS", None, (Rate(Fraction(1, 3)),))),
    ParticipationChanged("M1", True, "why", "who", stations=frozenset({"CS2", "CS1"})),
    DrainRequested(DrainMode.DEFAULT),
    Tick(),
]


def through_json(document):
    return orjson.loads(orjson.dumps(document))


def no_books(digest_of_rules):
    raise AssertionError(digest_of_rules)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_an_event_comes_back_as_it_went(event):
    assert event_from(through_json(event_document(event)), no_books) == event


def test_replaced_rules_are_found_by_their_digest(book):
    document = through_json(event_document(RulesReplaced(book)))
    assert document["book"] == book.digest
    books = {book.digest: book}.__getitem__
    assert event_from(document, books) == RulesReplaced(book)
    assert event_from(document | {"at_once": True}, books) == RulesReplaced(book, at_once=True)
    older = {name: value for name, value in document.items() if name != "at_once"}
    assert event_from(older, books) == RulesReplaced(book)


@pytest.mark.parametrize("document", [{}, {"$type": "Nobody"}])
def test_what_is_no_event_says_so(document):
    with pytest.raises(ModelError, match="is no event"):
        event_from(document, no_books)


def test_an_instant_comes_back_with_its_offsets_or_with_those_that_hold():
    now = Now(NOON, 12.5, {"dso": timedelta(seconds=-3)})
    document = through_json(now_document(now))
    assert now_from(document) == now
    assert now_from(document[:2], now.offsets) == now
    assert now_from(document[:2]) == replace(now, offsets={})


def test_a_setup_comes_back_as_it_went_and_makes_the_engine(book):
    rules = StationRules(
        "CS1",
        ("dso",),
        {"setMinPFOverExcited": Fraction(9, 10)},
        {"a": "b"},
        FailSafe((limit(), pf())),
    )
    setup = Setup(book.digest, (rules,), {"dso": UtilityRules(silent_s=60.0)})
    assert setup_from(through_json(setup_document(setup))) == setup
    assert list(setup.engine(book).world.stations) == ["CS1"]


def test_nothing_done_has_no_digest():
    assert digest([]) == ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (A_CALL, replace(A_CALL, payload={"controlId": "a", "x": 2})),
        (A_CALL, replace(A_CALL, payload={"x": 1, "controlId": "a"})),
        (A_CALL, replace(A_CALL, request_id="CS1#2")),
        (Persist(Table.SITE, "a", None), Persist(Table.SITE, "a", {})),
        (Audit("k", "a", "s"), Audit("k", "a", "s", raw=(b"x",))),
        (
            PostSamples("dso", "CS1", (A_SAMPLE,)),
            PostSamples("dso", "CS1", (Sample("CS1", 1, Kind.POWER, 7400, NOON, divisor=3),)),
        ),
    ],
)
def test_the_digest_differs_where_a_byte_of_an_effect_does(one, other):
    assert digest([one]) == digest([replace(one)])
    assert digest([one]) != digest([other])
    assert digest([one, other]) != digest([other, one])


def test_every_kind_of_value_is_written_the_same_in_every_process():
    report = ReportStation(
        "dso",
        "CS1",
        a_profile(),
        connected=True,
        alarms=frozenset({GridFault.OVER_VOLTAGE, GridFault.OVER_CURRENT}),
        at=NOON,
    )
    text = written([report]).decode()
    assert '["OverCurrent","OverVoltage"]' in text
    assert '"max_w":"22000"' in text


def test_an_integer_beyond_64_bits_has_a_digest_too():
    huge = [Audit("k", "a", "s", {"n": 2**70, "b": b"x", "at": NOON, "f": frozenset({"a"})})]
    assert digest(huge) == digest(list(huge)) != digest([Audit("k", "a", "s", {"n": 2**70 + 1})])
    profiled = [Audit("k", "a", "s", {"n": 2**70}), StationConnected("CS1", a_profile())]
    assert b"22000" in written(profiled)
