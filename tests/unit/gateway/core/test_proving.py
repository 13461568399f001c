"""A composite schedule that is of no use proves nothing: the profiles are read back in its place."""

import pytest

from gateway.core.effects import ReadBack
from gateway.core.events import ReplyStatus
from support.engine_bench import a_command, a_default, held_from, limit

BROKEN = {"status": "Accepted", "schedule": {"chargingSchedulePeriod": [{"startPeriod": 0.5}]}}


@pytest.fixture
def asked(ready):
    """A bench whose station holds a limit that is due and was asked for its composite schedule."""
    ready.command(a_command("M1", limit(), start=0))
    ready.reply(call=ready.calls("SetChargingProfile")[0])
    assert len(ready.calls("GetCompositeSchedule")) == 1
    return ready


def broken(bench):
    reason = "answer breaks its schema"
    bench.reply(ReplyStatus.CALL_ERROR, payload=BROKEN, reason=reason)


def told(bench):
    return [outcome.value for outcome in bench.told()]


def test_an_answer_that_breaks_its_schema_is_kept_and_no_success(asked):
    broken(asked)
    assert told(asked) == ["received"]
    (kept,) = asked.audited("answer.unusable")
    assert kept.details["payload"] == BROKEN
    assert kept.details["reason"] == "answer breaks its schema"
    assert asked.engine.world.stations["CS1"].reading == asked.last(ReadBack).request_id


def test_a_profile_that_is_read_back_is_believed(asked):
    broken(asked)
    asked.report([held_from(asked.calls("SetChargingProfile")[0])])
    assert told(asked) == ["received", "started"]
    assert asked.audited("control.started")[0].details["evidence"] == "profiles read back"
    assert len(asked.calls("SetChargingProfile")) == 1


def test_one_that_is_never_shown_is_refused_after_three_times(asked):
    for times in (2, 3):
        broken(asked)
        asked.report([])
        assert len(asked.calls("SetChargingProfile")) == times
        asked.reply(call=asked.calls("SetChargingProfile")[-1])
    broken(asked)
    asked.report([])
    assert len(asked.calls("SetChargingProfile")) == 3
    assert told(asked) == ["received", "not_applicable"]
    assert asked.audited("control.refused")[0].details["reason"].startswith("accepted, and nothing")
    assert asked.engine.quiet


def test_a_later_good_answer_ends_the_doubt(asked):
    broken(asked)
    asked.report([])
    asked.reply(call=asked.calls("SetChargingProfile")[-1])
    period = {"startPeriod": 0, "limit": 7000}
    schedule = {"chargingRateUnit": "W", "chargingSchedulePeriod": [period]}
    asked.reply(payload={"status": "Accepted", "schedule": schedule})
    assert told(asked) == ["received", "started"]
    assert asked.engine.world.stations["CS1"].doubted == {}


def test_what_was_withdrawn_meanwhile_is_doubted_no_more(asked):
    (probe,) = asked.outstanding()
    asked.withdraw()
    asked.reply(ReplyStatus.CALL_ERROR, call=probe, payload=BROKEN)
    asked.reply(call=asked.calls("ClearChargingProfile")[0])
    assert asked.engine.world.stations["CS1"].doubted == {}
    assert told(asked) == ["received", "cancelled"]


def shows(bench, limit_w):
    """Answer the last question with a composite schedule."""
    period = {"startPeriod": 0, "limit": limit_w}
    schedule = {"chargingRateUnit": "W", "chargingSchedulePeriod": [period]}
    bench.reply(payload={"status": "Accepted", "schedule": schedule})


def composites(bench):
    return len(bench.calls("GetCompositeSchedule"))


@pytest.mark.parametrize(
    ("shown", "kind"), [(7000, "control.shown"), (9000, "control.not_in_force")]
)
def test_a_default_is_asked_for_once_after_it_was_accepted(ready, shown, kind):
    ready.command(a_default("D1", limit()))
    ready.reply()
    assert composites(ready) == 1
    shows(ready, shown)
    assert len(ready.audited(kind)) == 1
    ready.at(5)
    assert composites(ready) == 1


def test_a_default_waits_for_the_end_of_what_is_above_it(ready):
    ready.command(a_command("M1", limit(watts=9000), start=0, minutes=10))
    ready.reply()
    shows(ready, 9000)
    ready.command(a_default("D1", limit()))
    ready.reply()
    assert composites(ready) == 1
    ready.at(10)
    ready.reply()
    assert composites(ready) == 2
    shows(ready, 7000)
    assert len(ready.audited("control.shown")) == 1


def test_a_default_that_is_read_back_in_place_is_shown_and_never_starts(ready):
    ready.command(a_default("D1", limit()))
    ready.reply()
    broken(ready)
    ready.report([held_from(ready.calls("SetChargingProfile")[0])])
    assert ready.audited("control.shown")[0].details["evidence"] == "profiles read back"
    assert ready.audited("control.started") == []
