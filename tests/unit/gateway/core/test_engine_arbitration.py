"""Several commands at one station."""

from datetime import timedelta

import pytest

from gateway.core.events import ReplyStatus, Withdrawal
from support.engine_bench import NOON, a_command, a_default, a_profile, limit, pf
from translators.canonical.commands import Origin, Protocol, Revision
from translators.canonical.controls import FixedVar, Quantity
from translators.canonical.telemetry import ControlOutcome as Told
from translators.units import Base, percent


def fixed_var(value=40):
    return FixedVar(Quantity(pf("1").displacement * value, percent(Base.MAX_VAR)))


def running(bench, mrid="M1", **changes):
    """Bring one command into force at the station."""
    bench.command(a_command(mrid, start=-10, minutes=120, **changes))
    bench.reply()
    bench.notice(bench.control_id())
    return bench.control_id()


def test_a_better_command_is_sent_early_and_the_running_one_is_left_to_the_station(ready):
    running(ready)
    ready.command(a_command("M2", pf("0.9"), primacy=5, start=30))
    assert [c.action for c in ready.calls()] == ["SetDERControl", "SetDERControl"]
    assert ready.calls()[-1].payload["fixedPFInject"]["priority"] == 5


def test_the_loser_is_told_superseded_when_the_better_one_starts(ready):
    first = running(ready)
    ready.command(a_command("M2", pf("0.9"), primacy=5, start=30))
    ready.reply()
    assert Told.SUPERSEDED not in ready.told("M1")
    ready.at(30)
    assert ready.told("M1")[-1] is Told.SUPERSEDED
    ready.notice(ready.control_id(), superseded=[first])
    assert ready.told("M2") == [Told.RECEIVED, Told.STARTED]
    assert [c.action for c in ready.calls()] == ["SetDERControl", "SetDERControl"]


def test_a_superseded_control_stays_until_its_successor_runs_then_is_cleared(ready):
    running(ready)
    ready.command(a_command("M2", pf("0.9"), primacy=5, start=30))
    ready.reply()
    ready.at(30)
    assert ready.calls()[-1].action == "SetDERControl"
    ready.notice(ready.control_id())
    assert ready.calls()[-1].action == "ClearDERControl"


def test_an_equal_primacy_is_never_left_to_the_station(ready):
    running(ready)
    ready.command(a_command("M2", pf("0.9"), start=30, created=NOON))
    cut, newcomer = ready.calls("SetDERControl")[1:]
    assert cut.payload["fixedPFInject"]["duration"] == 40 * 60
    assert newcomer.payload["fixedPFInject"]["startTime"] == "2026-12-01T12:30:00Z"


def test_a_cut_is_taken_back_when_the_newcomer_goes(ready):
    running(ready)
    ready.command(a_command("M2", pf("0.9"), start=30, created=NOON))
    ready.reply()
    ready.withdraw("M2")
    ready.reply()
    last = ready.calls("SetDERControl")[-1].payload["fixedPFInject"]
    assert (last["displacement"], last["duration"]) == (0.95, 7200)


def test_a_worse_command_waits_until_the_better_one_is_over(ready):
    running(ready, primacy=5)
    ready.command(a_command("M2", pf("0.9"), start=0, minutes=180))
    late = ready.calls()[-1].payload["fixedPFInject"]
    assert (late["startTime"], late["duration"]) == ("2026-12-01T13:50:00Z", 70 * 60)


def test_a_worse_command_that_is_covered_whole_is_never_sent_and_told_at_its_start(ready):
    running(ready, primacy=5)
    before = len(ready.calls())
    ready.command(a_command("M2", pf("0.9"), start=10, minutes=20))
    assert len(ready.calls()) == before
    assert ready.told("M2") == [Told.RECEIVED]
    ready.at(10)
    assert ready.told("M2") == [Told.RECEIVED, Told.SUPERSEDED]


def test_a_beaten_command_of_2018_does_not_resume(ready):
    running(ready)
    ready.command(a_command("M2", pf("0.9"), primacy=5, start=30, minutes=10))
    ready.reply()
    ready.at(30)
    ready.notice(ready.control_id())
    ready.reply()
    before = len(ready.calls("SetDERControl"))
    ready.at(41)
    assert len(ready.calls("SetDERControl")) == before
    assert ready.told("M1")[-1] is Told.SUPERSEDED


@pytest.mark.parametrize(
    ("protocol", "revision"),
    [
        (Protocol.IEEE2030_5, Revision.IEEE2030_5_2023),
        (Protocol.OPENADR, Revision.OPENADR_3_0),
        (Protocol.OPENADR, Revision.OPENADR_3_1),
    ],
)
def test_a_beaten_command_of_who_knows_a_resume_resumes(ready, protocol, revision):
    origin = Origin("dso", protocol, revision)
    running(ready, origin=origin)
    ready.command(a_command("M2", pf("0.9"), primacy=5, start=30, minutes=10, origin=origin))
    ready.reply()
    ready.at(30)
    ready.notice(ready.control_id())
    ready.at(41)
    resumed = ready.calls("SetDERControl")[-1].payload["fixedPFInject"]
    assert (resumed["displacement"], resumed["startTime"]) == (0.95, "2026-12-01T12:40:00Z")
    assert Told.SUPERSEDED not in ready.told("M1")


def test_functions_are_arbitrated_one_by_one(ready):
    ready.command(a_command("M1", pf(), fixed_var(), start=-10, minutes=120))
    ready.reply()
    for call in ready.calls():
        ready.notice(call.payload["controlId"])
    ready.command(a_command("M2", pf("0.9"), primacy=5, start=0, minutes=30))
    ready.reply()
    ready.at(1)
    ready.notice(ready.control_id())
    assert Told.SUPERSEDED not in ready.told("M1")
    ready.at(110)
    assert ready.told("M1")[-1] is Told.COMPLETED


def test_a_refused_newcomer_frees_its_function_for_the_loser(ready):
    first = running(ready)
    ready.command(a_command("M2", pf("0.9"), start=5, created=NOON))
    newcomer = ready.calls("SetDERControl")[-1]
    ready.reply(call=ready.calls("SetDERControl")[-2])
    ready.reply(ReplyStatus.REJECTED, call=newcomer)
    restored = ready.calls("SetDERControl")[-1].payload
    assert restored["controlId"] == first
    assert restored["fixedPFInject"]["duration"] == 7200


def test_a_superseded_mark_of_the_server_is_obeyed_at_once_without_a_known_successor(ready):
    running(ready)
    ready.withdraw("M1", Withdrawal.SUPERSEDED)
    assert ready.told("M1")[-1] is Told.SUPERSEDED
    assert ready.calls()[-1].action == "ClearDERControl"


def test_a_superseded_mark_waits_for_a_successor_that_we_know(ready):
    running(ready)
    ready.command(a_command("M2", pf("0.9"), start=30, created=NOON))
    ready.reply()
    ready.withdraw("M1", Withdrawal.SUPERSEDED)
    assert Told.SUPERSEDED not in ready.told("M1")
    ready.at(30)
    assert ready.told("M1")[-1] is Told.SUPERSEDED


def test_an_event_covers_the_default_and_leaves_it_in_its_slot(ready):
    ready.command(a_default("D1", pf("0.98")))
    ready.reply()
    running(ready)
    assert [c.payload["isDefault"] for c in ready.calls()] == [True, False]


def test_profiles_of_different_commands_use_different_stack_levels(ready):
    ready.command(a_command("M1", limit(watts=7000), start=10, minutes=60))
    ready.command(a_command("M2", limit(watts=5000), start=80, minutes=60))
    levels = [c.payload["chargingProfile"]["stackLevel"] for c in ready.calls()]
    assert levels == [1, 2]


def test_a_profile_is_cut_where_a_better_one_takes_over(ready):
    ready.command(a_command("M1", limit(watts=7000), start=10, minutes=60))
    ready.reply()
    ready.command(a_command("M2", limit(watts=5000), start=30, minutes=10, primacy=5))
    cut = ready.calls("SetChargingProfile")[1].payload["chargingProfile"]
    assert cut["chargingSchedule"][0]["duration"] == 20 * 60


def test_a_profile_starts_by_the_composite_schedule(ready):
    ready.command(a_command("M1", limit(watts=7000)))
    ready.reply()
    ready.at(10)
    question = ready.calls()[-1]
    assert (question.action, question.payload["evseId"]) == ("GetCompositeSchedule", 0)
    schedule = {
        "chargingRateUnit": "W",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 7000}],
    }
    ready.reply(payload={"status": "Accepted", "schedule": schedule})
    assert ready.told()[-1] is Told.STARTED


def test_a_composite_schedule_that_disagrees_is_no_start_and_is_asked_again(ready):
    ready.command(a_command("M1", limit(watts=7000)))
    ready.reply()
    ready.at(10)
    schedule = {
        "chargingRateUnit": "W",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 22000}],
    }
    ready.reply(payload={"status": "Accepted", "schedule": schedule})
    assert Told.STARTED not in ready.told()
    assert len(ready.audited("control.not_in_force")) == 1
    ready.at(10 + 1 / 12)
    assert len(ready.calls("GetCompositeSchedule")) == 1
    ready.at(11)
    assert len(ready.calls("GetCompositeSchedule")) == 2


def test_where_no_composite_schedule_exists_acceptance_and_the_start_count(ready):
    ready.command(a_command("M1", limit(watts=7000)))
    ready.reply()
    ready.at(10)
    ready.reply(ReplyStatus.NOT_SUPPORTED)
    assert ready.told()[-1] is Told.STARTED
    assert ready.audited("control.started")[0].details["evidence"] == "accepted, start reached"


def test_a_question_without_an_answer_is_asked_again(ready):
    ready.command(a_command("M1", limit(watts=7000)))
    ready.reply()
    ready.at(10)
    ready.reply(ReplyStatus.NO_ANSWER)
    ready.at(11)
    assert len(ready.calls("GetCompositeSchedule")) == 2


def test_an_ended_profile_is_cleared(ready):
    ready.command(a_command("M1", limit(watts=7000)))
    ready.reply()
    ready.at(71)
    assert ready.calls()[-1].action == "ClearChargingProfile"
    ready.reply(ReplyStatus.NOT_FOUND)
    assert ready.engine.world.stations["CS1"].ledger.entries == {}


def test_a_new_rating_translates_anew(ready):
    ready.command(a_command("M1", fixed_var(), start=10))
    ready.reply()
    ready.connect(a_profile(nominal=50), held=[])
    assert len(ready.calls("SetDERControl")) == 2


def test_waking_is_asked_for_at_the_next_change(ready):
    effects = ready.command(a_command(start=10, minutes=60))
    wakes = [e.utc for e in effects if type(e).__name__ == "WakeAt"]
    assert min(wakes) == NOON + timedelta(minutes=10)
