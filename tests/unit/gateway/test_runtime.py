"""The runtime over a real database: what happens in which order, and what it survives."""

import asyncio
import random
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from gateway import runtime as module
from gateway.clock import SystemClock
from gateway.core.effects import PostSamples, Table
from gateway.core.events import (
    AlarmReceived,
    CommandReceived,
    CommandWithdrawn,
    NoticeReceived,
    SamplesTaken,
    StationDisconnected,
    Withdrawal,
)
from gateway.core.orders import DrainMode
from gateway.errors import GatewayError, PeerError, ResponseRefusedError, StoreError
from gateway.runtime import Runtime
from gateway.security.signing import signer_at
from gateway.store.checkpoints import FILE, Notary, read
from gateway.store.sqlite import stored_head
from gateway.store.verification import verify
from support.engine_bench import the_book
from support.runtime_bench import (
    KEY,
    Site,
    UtilityInMemory,
    a_command_now,
    received,
    until,
)
from translators.canonical.commands import Randomization
from translators.canonical.telemetry import Alarm, ControlNotice, GridFault
from translators.canonical.telemetry import ControlOutcome as Told


@pytest.fixture(scope="session")
def book():
    return the_book()


@pytest.fixture
def site(tmp_path, book):
    return Site(tmp_path, book)


def outcomes(site):
    return [response.outcome for response in site.utility.responses]


def whole(site):
    """Say whether all that the database chained is in the audit segments."""
    return verify(site.folder / "audit", head=stored_head(site.folder / "state.db")).fault is None


async def test_a_command_reaches_the_station_and_its_receipt_the_utility(site):
    async with site.at_work(*received(a_command_now())):
        await until(lambda: site.stations.sent and site.utility.responses)
        assert [call.action for call in site.stations.sent] == ["SetDERControl"]
        assert outcomes(site) == [Told.RECEIVED]


async def test_what_is_acknowledged_or_sent_is_durable_and_audited_before(site):
    seen = []

    def witness(kind, effect):
        if kind == "send":
            key = f"CS1/{effect.payload['controlId']}"
            assert site.documents(Table.LEDGER)[key]["state"] == "setting"
            assert "control.dispatched" in site.kinds()
        else:
            assert effect.key in site.documents(Table.RESPONSES)
            assert "response.owed" in site.kinds()
        seen.append(kind)

    site.stations.witness = site.utility.witness = witness
    async with site.at_work(*received(a_command_now())):
        await until(lambda: site.stations.sent and site.utility.responses)
    assert sorted(seen) == ["respond", "send"]


async def test_a_delivered_answer_is_forgotten_for_good(site):
    async with site.at_work(*received(a_command_now())):
        await until(lambda: site.utility.responses)
        await until(lambda: not site.documents(Table.RESPONSES))
        assert "response.posted" in site.kinds()


async def test_an_answer_is_posted_again_until_the_utility_takes_it(site):
    site.utility.refusals.extend([PeerError("away"), PeerError("away"), None])
    site.settings["retry_s"] = (0.0, 0.001)
    async with site.at_work(*received(a_command_now()), StationDisconnected("CS1")):
        await until(lambda: site.utility.responses)
        await until(lambda: "response.posted" in site.kinds())
    assert outcomes(site) == [Told.RECEIVED]


async def test_an_answer_refused_for_good_is_audited_and_not_posted_again(site):
    refused = ResponseRefusedError("answers 400")
    tries = []

    def witness(kind, effect):
        tries.append(effect.outcome)
        site.utility.refusals.append(refused)

    site.utility.witness = witness
    async with site.at_work(*received(a_command_now())):
        await until(lambda: "response.refused" in site.kinds())
        assert site.documents(Table.RESPONSES) == {}
    assert tries == [Told.RECEIVED]


async def test_while_the_database_refuses_nothing_is_acknowledged_and_then_it_resumes(site):
    async with site.at_work() as runtime:
        await until(lambda: "station.connected" in site.kinds())
        with closing(sqlite3.connect(site.folder / "state.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with capture_logs() as logs:
                runtime.post(CommandReceived(a_command_now()))
                await until(lambda: any(e["event"] == "store.refused" for e in logs))
            await asyncio.sleep(0.02)
            assert (site.stations.sent, site.utility.responses) == ([], [])
            other.execute("ROLLBACK")
        await until(lambda: site.stations.sent and site.utility.responses)
    assert whole(site)


async def test_an_audit_disk_that_refuses_is_waited_out(site, tmp_path):
    async with site.at_work() as runtime:
        await until(lambda: list((tmp_path / "audit").glob("*.jsonl")))
        await until(lambda: whole(site))
        runtime.parts.audit.close()
        (tmp_path / "audit").rename(tmp_path / "away")
        (tmp_path / "audit").write_text("in the way")
        with capture_logs() as logs:
            runtime.post(CommandReceived(a_command_now()))
            await until(lambda: any(e["event"] == "store.refused" for e in logs))
        assert "DG-1311" in logs[-1]["problem"]
        (tmp_path / "audit").unlink()
        (tmp_path / "away").rename(tmp_path / "audit")
        await until(lambda: site.utility.responses and whole(site))


async def test_the_end_leaves_everything_audited(site):
    site.settings["group_s"] = 60.0
    async with site.at_work(*received(a_command_now())):
        await until(lambda: site.stations.sent)
    assert whole(site)


async def test_a_start_that_is_due_wakes_the_engine(site):
    command = a_command_now(start_s=0.1, seconds=0.2)
    async with site.at_work(*received(command)) as runtime:
        await until(lambda: site.stations.sent)
        control = site.stations.sent[0].payload["controlId"]
        now = runtime.parts.clock.now().utc
        runtime.post(NoticeReceived(ControlNotice("CS1", control, started=True, at=now)))
        await until(lambda: len(site.utility.responses) == 3)
    assert outcomes(site) == [Told.RECEIVED, Told.STARTED, Told.COMPLETED]


async def test_without_anything_due_a_heartbeat_notices_a_stepped_clock(site, monkeypatch):
    monkeypatch.setattr(module, "_HEARTBEAT_S", 0.01)
    async with site.at_work(*received(a_command_now())) as runtime:
        await until(lambda: site.stations.sent)
        first = site.stations.sent[0].payload["fixedPFInject"]["startTime"]
        runtime.parts.clock.set_offset("dso", -5)
        await until(lambda: len(site.stations.sent) == 2)
        assert site.stations.sent[1].payload["fixedPFInject"]["startTime"] > first
    assert "clock.stepped" in site.kinds()


async def test_random_numbers_come_from_the_runtime_and_are_kept(site):
    site.settings["draw"] = random.Random(7)  # noqa: S311 - a seed that repeats
    expected = random.Random(7)  # noqa: S311
    spans = Randomization(start_s=1000, duration_s=-1000)
    async with site.at_work(*received(a_command_now(randomization=spans))):
        await until(lambda: site.stations.sent)
        (kept,) = site.documents(Table.COMMANDS).values()
    draws = kept["command"]["randomization"]
    assert draws["start_draw_s"] == round(1000 * expected.random())
    assert draws["duration_draw_s"] == round(-1000 * expected.random())


async def test_a_restart_continues_and_sends_nothing_twice(site):
    command = a_command_now()
    async with site.at_work(*received(command)):
        await until(lambda: "control.accepted" in site.kinds())
        await until(lambda: not site.documents(Table.RESPONSES))
    async with site.at_work(*received(command)):
        await until(lambda: site.kinds().count("station.connected") == 2)
        await asyncio.sleep(0.05)
    assert len(site.stations.sent) == 1
    assert outcomes(site) == [Told.RECEIVED]
    assert whole(site)


async def test_after_a_restart_an_unknown_call_is_read_back_and_not_repeated(site):
    site.stations.mute = True
    async with site.at_work(*received(a_command_now())):
        await until(lambda: site.stations.sent)
    site.stations.mute = False
    async with site.at_work():
        await until(lambda: "control.read_back" in site.kinds())
        ((_, entry),) = site.documents(Table.LEDGER).items()
    assert entry["state"] == "held"
    assert len(site.stations.sent) == 1


async def test_after_a_restart_what_never_arrived_is_sent(site):
    site.stations.mute = True
    async with site.at_work(*received(a_command_now())):
        await until(lambda: site.stations.sent)
    site.stations.mute, site.stations.held = False, {}
    async with site.at_work():
        await until(lambda: len(site.stations.sent) == 2)
    assert site.stations.sent[0].payload == site.stations.sent[1].payload


async def test_after_a_restart_an_answer_that_was_not_delivered_is_posted(site):
    site.utility.refusals.extend([PeerError("away")] * 1000)
    async with site.at_work(*received(a_command_now())):
        await until(lambda: site.documents(Table.RESPONSES))
    site.utility.refusals.clear()
    async with site.at_work():
        await until(lambda: site.utility.responses)
    assert outcomes(site) == [Told.RECEIVED]


async def test_an_answer_to_a_utility_that_left_the_settings_stays_in_the_database(site):
    site.utility.refusals.extend([PeerError("away")] * 1000)
    async with site.at_work(*received(a_command_now())):
        await until(lambda: site.documents(Table.RESPONSES))
    site.settings["utilities"] = {}
    with capture_logs() as logs:
        async with site.at_work(SamplesTaken("CS1", ())):
            await until(lambda: site.kinds().count("station.connected") == 2)
    assert {entry["event"] for entry in logs} == {"link.unknown"}
    assert len(site.documents(Table.RESPONSES)) == 1


DRAINS = {DrainMode.KEEP: 1, DrainMode.DEFAULT: 0, DrainMode.CLEAR: 0}


@pytest.mark.parametrize(("mode", "left"), DRAINS.items(), ids=str)
async def test_a_drain_takes_back_what_its_mode_says_before_the_end(site, mode, left):
    async with site.at_work(*received(a_command_now())) as runtime:
        await until(lambda: "control.accepted" in site.kinds())
        with capture_logs() as logs:
            await runtime.drain(mode, patience_s=2.0)
        assert len(site.stations.held) == left
    assert logs == []
    assert "gateway.draining" in site.kinds()
    assert whole(site)


async def test_a_drain_does_not_wait_for_ever(site):
    async with site.at_work(*received(a_command_now())) as runtime:
        await until(lambda: "control.accepted" in site.kinds())
        site.stations.mute = True
        with capture_logs() as logs:
            await runtime.drain(DrainMode.CLEAR, patience_s=0.1)
    assert logs == [{"event": "drain.unfinished", "log_level": "warning", "mode": "clear"}]


async def test_samples_give_way_when_the_queue_is_long_and_nothing_else_does(site, monkeypatch):
    monkeypatch.setattr(module, "SAMPLES_WAITING", 3)
    runtime = Runtime(site.parts())
    with capture_logs() as logs:
        for _ in range(5):
            runtime.post(SamplesTaken("CS1", ()))
        runtime.post(CommandReceived(a_command_now()))
        assert runtime._events.qsize() == 4
        while not runtime._events.empty():
            runtime._events.get_nowait()
        runtime.post(SamplesTaken("CS1", ()))
    assert [(e["event"], e.get("count")) for e in logs] == [
        ("samples.dropping", None),
        ("samples.dropped", 2),
    ]
    site.store.close()


async def test_samples_and_status_reach_the_utility(site):
    async with site.at_work(SamplesTaken("CS1", ())):
        await until(lambda: site.utility.samples and site.utility.reports)
    assert site.utility.samples[0] == PostSamples("dso", "CS1", ())
    assert site.utility.reports[-1].connected


async def test_status_is_repeated_until_the_utility_takes_it(site):
    site.utility.refusals.extend([PeerError("away"), PeerError("away")])
    async with site.at_work():
        await until(lambda: site.utility.reports)
    assert site.utility.reports[-1].connected


async def test_status_that_is_refused_for_good_is_not_repeated(site):
    site.utility.refusals.append(ResponseRefusedError("answers 403"))
    with capture_logs() as logs:
        async with site.at_work():
            await until(lambda: any(e["event"] == "status.refused" for e in logs))
            await asyncio.sleep(0.03)
    assert site.utility.reports == []


async def test_samples_that_do_not_arrive_are_let_go(site):
    site.utility.refusals.extend([None, PeerError("away")])
    with capture_logs() as logs:
        async with site.at_work() as runtime:
            await until(lambda: site.utility.reports)
            runtime.post(SamplesTaken("CS1", ()))
            await until(lambda: any(e["event"] == "samples.delayed" for e in logs))
            runtime.post(SamplesTaken("CS1", ()))
            await until(lambda: site.utility.samples)
    assert len(site.utility.samples) == 1


async def test_of_many_waiting_samples_the_oldest_give_way(site):
    outbox = Runtime(site.parts())._outboxes[KEY]
    for number in range(1_005):
        outbox.measure(PostSamples(str(number), "CS1", ()))
    assert outbox._samples.qsize() == 1_000
    assert outbox._samples.get_nowait().utility == "5"
    site.store.close()


class LinkBugError(Exception):
    """What no link should raise."""


async def test_a_bug_in_a_link_ends_the_gateway_loudly_with_everything_audited(site):
    site.utility.failure = LinkBugError("bug")
    runtime = Runtime(site.parts())
    with pytest.raises(ExceptionGroup) as ended:
        await runtime.run()
    assert ended.group_contains(LinkBugError)
    site.store.close()


async def test_a_bug_in_a_response_ends_the_gateway_loudly(site):
    site.utility.refusals.append(LinkBugError("bug"))
    with pytest.raises(ExceptionGroup) as ended:
        async with site.at_work(*received(a_command_now())):
            await until(site.task.done)
    assert ended.group_contains(LinkBugError)
    assert whole(site)


async def test_a_link_that_ends_by_itself_is_missed(site):
    site.utility.ends = True
    runtime = Runtime(site.parts())
    with pytest.raises(ExceptionGroup) as ended:
        await runtime.run()
    assert ended.group_contains(GatewayError, match="dso/CS1 DG-1900 the link ended by itself")
    site.store.close()


async def test_a_database_that_cannot_be_read_stops_the_start(site):
    parts = site.parts()
    parts.store._db.execute("DROP TABLE documents")
    with pytest.raises(StoreError):
        await Runtime(parts).run()
    parts.store.close()


async def test_two_utilities_do_not_wait_for_each_other(site):
    other = UtilityInMemory(refusals=[PeerError("away")] * 1000)
    site.settings["utilities"] = {KEY: site.utility, ("dso", "CS2"): other}
    command = a_command_now("M2")
    elsewhere = CommandReceived(
        a_command_now("M3", target=type(command.target)("CS2")),
    )
    async with site.at_work(elsewhere, *received(command)):
        await until(lambda: outcomes(site) == [Told.RECEIVED])
    assert other.responses == []


async def test_an_alarm_of_a_station_is_logged_for_people(site):
    alarm = Alarm("CS1", "HVMustTrip", GridFault.OVER_VOLTAGE, datetime.now(UTC))
    with capture_logs() as logs:
        async with site.at_work(AlarmReceived(alarm)):
            await until(lambda: [e for e in logs if e["event"] == "station.alarm"])
    (told,) = [e for e in logs if e["event"] == "station.alarm"]
    assert (told["log_level"], told["actor"], told["fault"]) == ("warning", "CS1", "OverVoltage")


async def test_a_withdrawal_travels_to_the_station_and_back(site):
    async with site.at_work(*received(a_command_now())) as runtime:
        await until(lambda: "control.accepted" in site.kinds())
        runtime.post(CommandWithdrawn("dso", "CS1", "M1", Withdrawal.CANCELLED))
        await until(lambda: outcomes(site)[-1:] == [Told.CANCELLED])
    assert site.stations.held == {}


def test_the_system_clock_says_what_the_connectors_measured():
    clock = SystemClock()
    assert clock.now().offsets == {}
    clock.set_offset("dso", 1.5)
    assert clock.now().offsets["dso"].total_seconds() == pytest.approx(1.5, abs=0.2)


NOW, BEGINNING = datetime(2026, 12, 1, 12, tzinfo=UTC), datetime(1970, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("jump", [timedelta(hours=1), timedelta(days=-1), BEGINNING - NOW])
def test_a_utilitys_time_goes_on_where_our_clock_is_set(jump):
    ours, steady = [NOW], [1000.0]
    clock = SystemClock(lambda: ours[0], lambda: steady[0])
    clock.set_offset("dso", 90)
    ours[0], steady[0] = NOW + timedelta(seconds=5) + jump, 1005.0
    told = clock.now()
    assert told.utc + told.offsets["dso"] == NOW + timedelta(seconds=95)


@pytest.mark.parametrize("counts_sleep", [True, False])
def test_seconds_that_nobody_sets_are_those_of_the_machine(monkeypatch, counts_sleep):
    if not counts_sleep:
        monkeypatch.delattr("time.CLOCK_BOOTTIME", raising=False)
    clock = SystemClock()
    clock.set_offset("dso", 0)
    assert abs(clock.now().offsets["dso"]) < timedelta(seconds=0.5)


async def test_documents_are_pruned_by_their_day(site):
    site.settings["keep_documents"] = timedelta(days=1)
    with capture_logs() as logs:
        async with site.at_work():
            await until(lambda: [e for e in logs if e["event"] == "documents.pruned"])


async def test_documents_stay_where_the_database_refuses(site, monkeypatch):
    monkeypatch.setattr(module, "_PRUNE_S", 0.05)
    site.settings["keep_documents"] = timedelta(days=1)
    with capture_logs() as logs:
        async with site.at_work():
            await until(lambda: [e for e in logs if e["event"] == "documents.pruned"])
            with closing(sqlite3.connect(site.folder / "state.db", isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                await until(lambda: [e for e in logs if e["event"] == "documents.kept"])
                other.execute("ROLLBACK")


async def test_checkpoints_are_signed_at_the_end(site):
    folder = site.folder / "audit"
    site.settings["seal"] = Notary(folder, signer_at(site.folder / "audit.key"))
    async with site.at_work(*received(a_command_now())):
        await until(lambda: site.stations.sent)
    sealed = read(folder / FILE)
    assert sealed[-1].checkpoint.last == stored_head(site.folder / "state.db").sequence
