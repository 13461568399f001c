"""One session over a station in memory: boot, calls, read-backs, faults, and its end."""

import asyncio
from dataclasses import replace
from fractions import Fraction

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
from support.stations import (
    BOOT,
    PATIENT,
    SILENT,
    UNBOOTED,
    a_report,
    a_session,
    an_entry,
    an_evse,
    announce,
)

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


@pytest.mark.parametrize("version", ["2.1", "2.0.1"])
async def test_a_station_boots_and_is_announced_once(version):
    async with a_session(version) as (station, session, posted):
        found = await announce(station, posted)
        assert found.profile.ocpp_version == version
        assert (found.profile.vendor, found.profile.model) == ("ACME", "M1")
        assert session.announced
        answer = await station.answered("boot")
        assert answer[2] == {
            "currentTime": "2026-12-01T12:00:00.000Z",
            "interval": 60,
            "status": "Accepted",
        }
        assert posted.of(StationConnected) == [found]


async def test_a_station_that_does_not_boot_is_announced_all_the_same():
    async with a_session(rhythm=UNBOOTED) as (station, _, posted):
        number, _ = await station.called("GetBaseReport")
        station.say(3, number, {"status": "NotSupported"})
        await posted.next(StationConnected)


async def test_a_reboot_announces_again():
    async with a_session() as (station, _, posted):
        await announce(station, posted)
        await announce(station, posted)
        assert len(posted.of(StationConnected)) == 2


async def test_a_boot_during_discovery_asks_again_and_announces_once():
    async with a_session(rhythm=UNBOOTED) as (station, _, posted):
        first, _ = await station.called("GetBaseReport")
        station.say(3, first, {"status": "Accepted"})
        station.say(2, "boot", "BootNotification", BOOT)
        second, request = await station.called("GetBaseReport", 2)
        station.say(3, second, {"status": "Accepted"})
        modes = [(1, "DCDERCtrlr", "ModesSupported", "FixedVar")]
        station.say(2, "n", "NotifyReport", a_report(request["requestId"], modes))
        found = await posted.next(StationConnected)
        assert found.profile.evses[0].der_modes == {"FixedVar"}
        assert len(posted.of(StationConnected)) == 1


MODES = [
    (1, "DCDERCtrlr", "ModesSupported", "FixedPFInject,VoltVar"),
    (1, "DCDERCtrlr", "MaxVar", "11000"),
    (1, "V2XChargingCtrlr", "SupportedOperationModes", "ChargingOnly,CentralSetpoint"),
    ("SmartChargingCtrlr", "RateUnit", "A,W"),
]


async def test_the_base_report_tells_the_der_capability():
    async with a_session() as (station, _, posted):
        found = await announce(station, posted, MODES)
        (evse,) = found.profile.evses
        assert evse.der_modes == {"FixedPFInject", "VoltVar"}
        assert evse.v2x_operation_modes == {"ChargingOnly", "CentralSetpoint"}
        assert evse.ratings.max_var == 11000
        assert evse.charging_rate_units == ("W", "A")


async def test_in_2_0_1_there_is_no_der_whatever_is_reported_or_set():
    entry = an_entry(evses=(an_evse(der_modes=frozenset({"VoltVar"})),))
    async with a_session("2.0.1", entry=entry) as (station, _, posted):
        found = await announce(station, posted, MODES)
        assert found.profile.evses[0].der_modes == frozenset()
        assert found.profile.evses[0].v2x_operation_modes == frozenset()


async def test_settings_win_over_what_a_station_reports():
    third = Fraction(22000, 3)
    entry = an_entry(overrides={1: {"MaxVar": third}}, vendor="Ours", model="Ours too")
    async with a_session(entry=entry) as (station, _, posted):
        found = await announce(station, posted, MODES)
        assert found.profile.evses[0].ratings.max_var == third
        assert found.profile.vendor == "Ours"


async def test_a_report_in_parts_is_one_report():
    async with a_session(rhythm=UNBOOTED) as (station, _, posted):
        number, request = await station.called("GetBaseReport")
        station.say(3, number, {"status": "Accepted"})
        for part, row in enumerate(MODES):
            more = part < len(MODES) - 1
            report = a_report(request["requestId"], [row], number=part, more=more)
            station.say(2, f"part{part}", "NotifyReport", report)
        found = await posted.next(StationConnected)
        assert found.profile.evses[0].ratings.max_var == 11000
        assert "VoltVar" in found.profile.evses[0].der_modes


async def test_parts_of_a_report_that_nobody_asked_for_are_answered_and_dropped():
    async with a_session() as (station, _, posted):
        station.say(2, "stray", "NotifyReport", a_report(1, MODES))
        assert await station.answered("stray") == [3, "stray", {}]
        found = await announce(station, posted)
        assert found.profile.evses[0].der_modes == frozenset()


async def test_a_report_with_a_part_that_cannot_be_used_is_not_waited_for():
    async with a_session() as (station, _, posted):
        station.say(2, "boot", "BootNotification", BOOT)
        number, request = await station.called("GetBaseReport")
        station.say(3, number, {"status": "Accepted"})
        report = a_report(request["requestId"], MODES[:1], more=True)
        station.say(2, "part", "NotifyReport", report)
        station.say(2, "other", "NotifyReport", {"requestId": -1})
        empty = a_report(request["requestId"], (), number=1) | {"reportData": []}
        station.say(2, "empty", "NotifyReport", empty)
        assert (await station.answered("empty"))[2] == "OccurrenceConstraintViolation"
        found = await posted.next(StationConnected)
        assert found.profile.evses[0].der_modes == {"FixedPFInject", "VoltVar"}


async def test_a_part_of_another_kind_of_report_is_no_part_of_this_one():
    async with a_session() as (station, _, posted):
        station.say(2, "boot", "BootNotification", BOOT)
        number, request = await station.called("GetBaseReport")
        station.say(3, number, {"status": "Accepted"})
        station.say(2, "other", "ReportDERControl", {"requestId": request["requestId"]})
        assert await station.answered("other") == [3, "other", {}]
        assert posted.of(StationConnected) == []
        report = a_report(request["requestId"], [(1, "DCDERCtrlr", "ModesSupported", "VoltVar")])
        station.say(2, "report", "NotifyReport", report)
        (evse,) = (await posted.next(StationConnected)).profile.evses
        assert evse.der_modes == {"VoltVar"}


async def test_a_report_that_stops_midway_counts_as_far_as_it_came():
    async with a_session(rhythm=replace(UNBOOTED, report_timeout_s=0.1)) as (station, _, posted):
        number, request = await station.called("GetBaseReport")
        station.say(3, number, {"status": "Accepted"})
        report = a_report(request["requestId"], MODES[:1], more=True)
        station.say(2, "part", "NotifyReport", report)
        found = await posted.next(StationConnected)
        assert found.profile.evses[0].der_modes == {"FixedPFInject", "VoltVar"}


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


HELD_DER = {
    "curve": [
        {
            "id": "c1",
            "curveType": "VoltVar",
            "isDefault": False,
            "isSuperseded": True,
            "curve": {"priority": 1, "yUnit": "PctMaxVar", "curveData": [{"x": 90, "y": 10}]},
        }
    ]
}
HELD_PROFILE = {
    "id": 5,
    "stackLevel": 1,
    "chargingProfilePurpose": "TxDefaultProfile",
    "chargingProfileKind": "Absolute",
    "chargingSchedule": [
        {
            "id": 1,
            "chargingRateUnit": "W",
            "startSchedule": "2026-12-01T12:00:00Z",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 5000}],
        }
    ],
}


async def test_a_read_back_collects_profiles_and_controls_of_both_flags():
    async with a_session() as (station, session, posted):
        await announce(station, posted)
        session.read_back(ReadBack("CS1", "b1"))
        number, request = await station.called("GetChargingProfiles")
        assert request["chargingProfile"] == {"chargingLimitSource": ["CSO"]}
        station.say(3, number, {"status": "Accepted"})
        report = {"chargingLimitSource": "CSO", "evseId": 1, "chargingProfile": [HELD_PROFILE]}
        station.say(2, "p", "ReportChargingProfiles", report | {"requestId": request["requestId"]})
        number, request = await station.called("GetDERControl")
        assert request["isDefault"] is True
        station.say(3, number, {"status": "NotFound"})
        number, request = await station.called("GetDERControl", 2)
        assert request["isDefault"] is False
        # the report may come before the answer that promises it
        station.say(2, "d", "ReportDERControl", HELD_DER | {"requestId": request["requestId"]})
        station.say(3, number, {"status": "Accepted"})
        found = await posted.next(ControlsReported)
        assert (found.request_id, found.complete) == ("b1", True)
        assert [(held.id, held.action, held.superseded) for held in found.held] == [
            ("5", "SetChargingProfile", False),
            ("c1", "SetDERControl", True),
        ]


async def test_in_2_0_1_only_profiles_are_read_back():
    async with a_session("2.0.1") as (station, session, posted):
        await announce(station, posted)
        session.read_back(ReadBack("CS1", "b1"))
        number, _ = await station.called("GetChargingProfiles")
        station.say(3, number, {"status": "NoProfiles"})
        assert await posted.next(ControlsReported) == ControlsReported("CS1", "b1", (), True)
        assert not station.calls("GetDERControl")


async def test_a_station_that_knows_no_such_controls_holds_none():
    async with a_session() as (station, session, posted):
        await announce(station, posted)
        session.read_back(ReadBack("CS1", "b1"))
        number, _ = await station.called("GetChargingProfiles")
        station.say(4, number, "NotImplemented", "", {})
        for nth in (1, 2):
            number, _ = await station.called("GetDERControl", nth)
            station.say(3, number, {"status": "NotSupported"})
        assert (await posted.next(ControlsReported)).complete


async def test_a_report_that_was_promised_and_does_not_come_is_incomplete():
    async with a_session("2.0.1", rhythm=replace(PATIENT, report_timeout_s=0.1)) as (
        station,
        session,
        posted,
    ):
        await announce(station, posted)
        session.read_back(ReadBack("CS1", "b1"))
        number, _ = await station.called("GetChargingProfiles")
        station.say(3, number, {"status": "Accepted"})
        assert not (await posted.next(ControlsReported)).complete


async def test_a_reboot_cuts_a_read_back_short_and_the_next_one_is_whole():
    async with a_session("2.0.1") as (station, session, posted):
        await announce(station, posted)
        session.read_back(ReadBack("CS1", "b1"))
        number, _ = await station.called("GetChargingProfiles")
        station.say(3, number, {"status": "Accepted"})
        await announce(station, posted)
        assert not (await posted.next(ControlsReported)).complete
        session.read_back(ReadBack("CS1", "b2"))
        number, _ = await station.called("GetChargingProfiles", 2)
        station.say(3, number, {"status": "NoProfiles"})
        assert await posted.next(ControlsReported, 2) == ControlsReported("CS1", "b2", (), True)


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


async def test_an_end_during_discovery_announces_nothing():
    async with a_session(rhythm=UNBOOTED) as (station, session, posted):
        await station.called("GetBaseReport")
        session.end()
        await asyncio.sleep(0)
        assert not posted.of(StationConnected)
        assert not session.announced


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


async def test_a_reading_back_begins_anew_when_one_is_done():
    async with a_session("2.0.1") as (station, session, posted):
        await announce(station, posted)
        for nth in (1, 2):
            session.read_back(ReadBack("CS1", f"b{nth}"))
            number, _ = await station.called("GetChargingProfiles", nth)
            station.say(3, number, {"status": "NoProfiles"})
            assert (await posted.next(ControlsReported, nth)).request_id == f"b{nth}"


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
