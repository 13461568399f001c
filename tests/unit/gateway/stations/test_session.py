"""One session over a station in memory: calls, faults, and its end."""

import asyncio

import pytest

from gateway.core.effects import ReadBack, SendToStation
from gateway.core.events import (
    ControlsReported,
    NoticeReceived,
    ReplyStatus,
    SamplesTaken,
    StationConnected,
    StationReplied,
)
from gateway.stations.deadlines import Deadlines
from gateway.stations.session import MAX_ODD
from support.stations import SILENT, a_session, announce

CONTROL = {
    "isDefault": True,
    "controlId": "c1",
    "controlType": "FixedVar",
    "fixedVar": {"priority": 1, "setpoint": 20, "unit": "PctMaxVar"},
}
METER = {
    "evseId": 1,
    "meterValue": [
        {
            "timestamp": "2026-12-01T12:00:00Z",
            "sampledValue": [{"value": 5000, "measurand": "Power.Active.Import"}],
        }
    ],
}


def an_order(request="r1", action="SetDERControl", payload=None, station="CS1"):
    return SendToStation(station, request, action, CONTROL if payload is None else payload)


async def test_a_call_of_the_engine_comes_back_with_its_request_id():
    async with a_session() as (station, session, posted):
        await announce(station, posted)
        session.submit(an_order("r7"))
        number, payload = await station.called("SetDERControl")
        assert payload == CONTROL
        station.say(3, number, {"status": "Accepted", "supersededIds": ["old"]})
        reply = await posted.next(StationReplied)
        assert reply == StationReplied(
            "CS1", "r7", ReplyStatus.ACCEPTED, "", {"status": "Accepted", "supersededIds": ["old"]}
        )


ANSWERS = [
    ("accepted", (3, {"status": "Accepted"}), ReplyStatus.ACCEPTED),
    ("rejected", (3, {"status": "Rejected"}), ReplyStatus.REJECTED),
    ("not supported", (3, {"status": "NotSupported"}), ReplyStatus.NOT_SUPPORTED),
    ("an error", (4, "InternalError", "", {}), ReplyStatus.CALL_ERROR),
    ("not implemented", (4, "NotImplemented", "", {}), ReplyStatus.NOT_SUPPORTED),
    ("an unknown status", (3, {"status": "Perhaps"}), ReplyStatus.CALL_ERROR),
    ("no status", (3, {}), ReplyStatus.CALL_ERROR),
    ("no payload", (3, []), ReplyStatus.CALL_ERROR),
]


@pytest.mark.parametrize(
    ("answer", "status"), [row[1:] for row in ANSWERS], ids=[row[0] for row in ANSWERS]
)
async def test_every_kind_of_answer_has_its_outcome(answer, status):
    async with a_session() as (station, session, posted):
        await announce(station, posted)
        session.submit(an_order())
        number, _ = await station.called("SetDERControl")
        station.say(answer[0], number, *answer[1:])
        assert (await posted.next(StationReplied)).status is status


ANSWERED = [
    ("the same text", '{"status":"Accepted"}', ReplyStatus.ACCEPTED),
    ("a refusal", '{"status":"Rejected"}', ReplyStatus.REJECTED),
    ("with spaces", '{ "status": "Accepted" }', ReplyStatus.ACCEPTED),
    ("an unknown status", '{"status":"Perhaps"}', ReplyStatus.CALL_ERROR),
    ("two payloads", '{"status":"Accepted"},{}', ReplyStatus.CALL_ERROR),
    ("a member twice", '{"status":"Accepted","status":"Accepted"}', None),
]


@pytest.mark.parametrize(
    ("text", "status"), [row[1:] for row in ANSWERED], ids=[row[0] for row in ANSWERED]
)
async def test_an_answer_means_the_same_the_second_and_the_third_time(text, status):
    async with a_session() as (station, session, posted):
        await announce(station, posted)
        for nth in (1, 2, 3):
            session.submit(an_order(f"r{nth}"))
            number, _ = await station.called("SetDERControl", nth)
            station.say(f'[3,"{number}",{text}]'.encode())
            if status is None:
                assert (await station.until(lambda frame: frame[0] == 4))[1] == "-1"
                return
            reply = await posted.next(StationReplied, nth)
            assert (reply.request_id, reply.status) == (f"r{nth}", status)


async def test_of_two_calls_in_the_queue_each_gets_its_own_answer_however_alike():
    async with a_session() as (station, session, posted):
        await announce(station, posted)
        for nth in range(1, 6):
            session.submit(an_order(f"r{nth}"))
        for nth in range(1, 6):
            number, _ = await station.called("SetDERControl", nth)
            station.say(f'[3,"{number}",{{"status":"Accepted"}}]'.encode())
            assert (await posted.next(StationReplied, nth)).request_id == f"r{nth}"
            station.say(f'[3,"{number}",{{"status":"Accepted"}}]'.encode())
        station.say(2, "after", "Heartbeat", {})
        await station.answered("after")
        assert len(posted.of(StationReplied)) == 5


async def test_an_answer_that_breaks_its_schema_is_sent_back_in_2_1():
    async with a_session() as (station, session, posted):
        await announce(station, posted)
        session.submit(an_order())
        number, _ = await station.called("SetDERControl")
        station.say(3, number, {"status": "Perhaps"})
        error = await station.until(lambda frame: frame[0] == 5)
        assert error[1:3] == [number, "PropertyConstraintViolation"]


async def test_a_payload_that_no_station_could_take_never_leaves():
    async with a_session() as (station, session, posted):
        await announce(station, posted)
        session.submit(an_order(payload=CONTROL | {"isDefault": False}))
        reply = posted.of(StationReplied)[0]
        assert reply.status is ReplyStatus.NOT_SUPPORTED
        assert "R04.FR.13" in reply.reason
        assert not station.calls("SetDERControl")


async def test_a_silent_station_ends_the_call_as_unanswered_and_the_next_one_goes_out():
    async with a_session(rhythm=SILENT) as (station, session, posted):
        await posted.next(StationConnected)
        session.submit(an_order("r1"))
        session.submit(an_order("r2"))
        assert (await posted.next(StationReplied)).status is ReplyStatus.NO_ANSWER
        number, _ = await station.called("SetDERControl", 2)
        station.say(3, number, {"status": "Accepted"})
        assert (await posted.next(StationReplied, 2)).request_id == "r2"


async def test_a_late_answer_changes_nothing_any_more():
    async with a_session(rhythm=SILENT) as (station, session, posted):
        await posted.next(StationConnected)
        session.submit(an_order("r1"))
        number, _ = await station.called("SetDERControl")
        await posted.next(StationReplied)
        station.say(3, number, {"status": "Accepted"})
        station.say(4, number, "InternalError", "", {})
        station.say(2, "after", "Heartbeat", {})
        await station.answered("after")
        assert len(posted.of(StationReplied)) == 1


async def test_grid_commands_overtake_what_only_asks():
    async with a_session() as (station, session, posted):
        await announce(station, posted)
        schedule = {"evseId": 1, "duration": 60, "chargingRateUnit": "W"}
        for request in ("q1", "q2"):
            session.submit(an_order(request, "GetCompositeSchedule", schedule))
        session.submit(an_order("r1"))
        order = []
        for action, answer in (("SetDERControl", "Accepted"), ("GetCompositeSchedule", "Rejected")):
            number, _ = await station.called(action)
            station.say(3, number, {"status": answer})
            order.append((await posted.next(StationReplied, len(order) + 1)).request_id)
        assert order[0] == "r1"


FAULTY = [
    ("an unknown action", "Teleport", {}, "NotImplemented"),
    ("an action that stations take", "SetDERControl", {}, "NotSupported"),
    ("an action that is not done here", "SignCertificate", {"csr": "x"}, "NotSupported"),
    (
        "a missing member",
        "BootNotification",
        {"reason": "PowerUp"},
        "OccurrenceConstraintViolation",
    ),
    ("an unknown member", "Heartbeat", {"beat": 1}, "FormatViolation"),
    ("a digit string", "MeterValues", METER | {"evseId": "1"}, "TypeConstraintViolation"),
    (
        "an instant that no calendar has",
        "NotifyDERStartStop",
        {"controlId": "c", "started": True, "timestamp": "0001-01-01T00:00:00+14:00"},
        "PropertyConstraintViolation",
    ),
]


@pytest.mark.parametrize(
    ("action", "payload", "code"), [row[1:] for row in FAULTY], ids=[row[0] for row in FAULTY]
)
async def test_a_faulty_call_gets_an_error_and_the_session_goes_on(action, payload, code):
    async with a_session() as (station, _, posted):
        station.say(2, "bad", action, payload)
        assert (await station.answered("bad"))[2] == code
        station.say(2, "good", "MeterValues", METER)
        assert await station.answered("good") == [3, "good", {}]
        await posted.next(SamplesTaken)
        assert not posted.of(NoticeReceived)


async def test_der_messages_do_not_exist_in_2_0_1():
    async with a_session("2.0.1") as (station, _, _posted):
        notice = {"controlId": "c", "started": True, "timestamp": "2026-12-01T12:00:00Z"}
        station.say(2, "n", "NotifyDERStartStop", notice)
        assert (await station.answered("n"))[2] == "NotImplemented"


async def test_what_is_sent_without_wanting_an_answer_gets_none():
    async with a_session() as (station, _, _posted):
        station.say(6, "s", "NotifyPeriodicEventStream", {"id": 1})
        station.say(2, "after", "Heartbeat", {})
        await station.answered("after")
        assert all(frame[1] != "s" for frame in station.sent)


async def test_a_peer_that_talks_nonsense_is_closed_after_a_while():
    async with a_session() as (station, _, _posted):
        for _ in range(MAX_ODD + 1):
            station.say(b"nonsense")
        await station.gone()
        assert station.closed[0] == 1002


async def test_a_little_nonsense_is_forgiven():
    async with a_session() as (station, _, _posted):
        for _ in range(MAX_ODD):
            station.say(b"nonsense")
        station.say(2, "after", "Heartbeat", {})
        await station.answered("after")
        assert station.closed is None


async def test_an_end_tells_what_had_no_answer_and_what_never_left():
    async with a_session() as (station, session, posted):
        await announce(station, posted)
        session.submit(an_order("out"))
        session.submit(an_order("queued"))
        await station.called("SetDERControl")
        session.read_back(ReadBack("CS1", "b1"))
        session.end()
        session.end()
        assert [(r.request_id, r.status) for r in posted.of(StationReplied)] == [
            ("out", ReplyStatus.NO_ANSWER),
            ("queued", ReplyStatus.NOT_SENT),
        ]
        assert posted.of(ControlsReported) == [ControlsReported("CS1", "b1", (), complete=False)]


async def test_after_its_end_a_session_neither_hears_nor_sends():
    async with a_session() as (station, session, posted):
        await announce(station, posted)
        session.end()
        session.take(b'[2,"m","MeterValues",{}]')
        session.submit(an_order("late"))
        session.read_back(ReadBack("CS1", "b9"))
        assert posted.of(StationReplied)[-1].status is ReplyStatus.NOT_SENT
        assert posted.of(ControlsReported)[-1].complete is False
        assert not station.calls("SetDERControl")
        assert all(frame[1] != "m" for frame in station.sent)


async def test_a_connection_that_breaks_while_writing_ends_the_session():
    async with a_session() as (station, session, posted):
        await announce(station, posted)
        station.closed = (1006, "")
        session.submit(an_order())
        await station.gone()
        assert station.aborted


async def test_what_a_station_says_is_answered_before_the_next_frame_is_taken():
    async with a_session() as (station, session, _posted):
        for number in range(200):
            session.take(b'[2,"%d","Heartbeat",{}]' % number)
            assert station.sent[-1][:2] == [3, str(number)]


async def test_a_station_that_takes_nothing_any_more_is_dropped_and_not_waited_for():
    async with a_session() as (station, session, posted):
        await announce(station, posted)
        station.closed = (1006, "")
        session.take(b'[2,"m","Heartbeat",{}]')
        assert station.aborted


async def test_message_ids_differ_over_connections_and_fit_the_field():
    ids = set()
    for generation in (1, 2_000_000_000):
        async with a_session(generation=generation) as (station, _, posted):
            await announce(station, posted)
            number, _ = await station.called("GetBaseReport")
            ids.add(number)
            assert len(number) <= 36
    assert len(ids) == 2


async def test_a_session_at_rest_runs_no_task_of_its_own():
    before = len(asyncio.all_tasks())
    async with a_session() as (station, _, posted):
        await announce(station, posted)
        await asyncio.sleep(0)
        assert len(asyncio.all_tasks()) == before + 1


async def test_one_task_reads_back_however_often_it_is_asked():
    async with a_session() as (station, session, posted):
        await announce(station, posted)
        await asyncio.sleep(0)
        before = len(asyncio.all_tasks())
        for number in range(50):
            session.submit(an_order(f"r{number}"))
            session.read_back(ReadBack("CS1", f"b{number}"))
        assert len(asyncio.all_tasks()) == before + 1


async def test_the_ends_of_calls_lie_on_one_heap_that_sessions_share():
    deadlines = Deadlines()
    async with (
        a_session(deadlines=deadlines) as (first, one, posted),
        a_session(deadlines=deadlines) as (second, two, heard),
    ):
        await announce(first, posted)
        await announce(second, heard)
        for number in range(20):
            one.submit(an_order(f"a{number}"))
            two.submit(an_order(f"b{number}"))
        assert len(deadlines) <= 2 * 2  # of each session: its boot that may be missed, and a call


async def test_what_cannot_be_sent_again_and_again_is_refused_again_and_again():
    async with a_session() as (station, session, posted):
        await announce(station, posted)
        for number in range(3):
            session.submit(an_order(f"r{number}", payload=CONTROL | {"isDefault": False}))
        assert {reply.status for reply in posted.of(StationReplied)} == {ReplyStatus.NOT_SUPPORTED}
        assert not station.calls("SetDERControl")
