"""An OpenADR interval keeps its name while it gives way, is changed in place, and resumes."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.core.events import DocumentRefused, ReplyStatus, StationDisconnected, Withdrawal
from support.engine_bench import NOON, a_command, limit
from translators.canonical.commands import Interval, Origin, Protocol, Revision
from translators.canonical.controls import LimitOn
from translators.canonical.telemetry import ControlOutcome
from translators.rules.trace import Refusal

VTN = Origin("dso", Protocol.OPENADR, Revision.OPENADR_3_1, program="1")


def a_limit(mrid="M1", watts=7000, *, version=0, start=0, **changes):
    fields = {"origin": VTN, "version": version, "start": start, **changes}
    return a_command(mrid, limit(LimitOn.IMPORT, watts), **fields)


def in_force(bench):
    """The limit that holds at the station: that of the highest stack level that it was told and still has."""
    held = {}
    for call in bench.calls():
        payload = call.payload
        if call.action == "SetChargingProfile":
            profile = payload["chargingProfile"]
            period = profile["chargingSchedule"][0]["chargingSchedulePeriod"][0]
            held[profile["id"]] = profile["stackLevel"], period["limit"]
        elif call.action == "ClearChargingProfile":
            held.pop(payload.get("chargingProfileId"), None)
    return max(held.values())[1] if held else None


def state(bench, mrid="M1"):
    return bench.engine.world.records["CS1"][f"dso/CS1/{mrid}"].state.value


def test_a_document_that_nobody_follows_is_audited_as_it_came(ready):
    refusal = Refusal(ControlOutcome.INVALID, "event", "intervals", "are none", "openadr.event")
    ready.hear(DocumentRefused("dso", "CS1", "/events/e1", (refusal,), (b"{}",)))
    (record,) = ready.audited("document.refused")
    assert (record.actor, record.subject, record.raw) == ("dso", "/events/e1", (b"{}",))
    assert record.details["station"] == "CS1"
    assert record.details["refusals"][0]["problem"] == "are none"


def test_what_was_withdrawn_begins_anew_with_a_new_edition(ready):
    ready.command(a_limit())
    ready.reply()
    ready.withdraw(reason=Withdrawal.VANISHED)
    ready.reply()
    assert (state(ready), in_force(ready)) == ("cancelled", None)
    ready.command(a_limit(version=1))
    ready.reply()
    assert in_force(ready) == 7000


def test_what_was_withdrawn_stays_so_in_the_same_edition(ready):
    ready.command(a_limit())
    ready.reply()
    ready.withdraw()
    ready.reply()
    ready.command(a_limit())
    assert (state(ready), in_force(ready)) == ("cancelled", None)


def test_what_the_station_is_still_letting_go_is_wanted_again(ready):
    ready.command(a_limit())
    ready.reply()
    ready.withdraw()
    assert state(ready) == "cancelling"
    ready.command(a_limit(version=1))
    for _ in range(3):
        ready.reply()
    assert in_force(ready) == 7000


@pytest.mark.parametrize(("days", "found"), [(6, "cancelling"), (9, "scheduled")])
def test_what_a_station_keeps_that_is_away_is_wanted_again_once_others_forgot_it(
    ready, days, found
):
    endless = replace(a_limit(version=3), interval=Interval(NOON, None))
    ready.command(endless)
    ready.reply()
    ready.hear(StationDisconnected("CS1"))
    ready.withdraw(reason=Withdrawal.VANISHED)
    ready.at(days * 1440)
    ready.command(replace(endless, version=0))
    assert state(ready) == found


@pytest.mark.parametrize("minutes", [30, 60, 90])
def test_what_gives_way_to_a_better_event_resumes_once_that_is_deleted(ready, minutes):
    ready.command(a_limit())
    ready.reply()
    ready.command(a_limit("W", 3000, primacy=1, minutes=minutes))
    for _ in range(3):
        ready.reply()
    assert in_force(ready) == 3000
    ready.at(5)
    ready.withdraw("W", reason=Withdrawal.VANISHED)
    for _ in range(3):
        ready.reply()
    assert in_force(ready) == 7000


def test_a_subscribed_capacity_is_back_when_the_limit_ends(ready):
    ready.command(a_limit("S", 5000, primacy=2**31 - 1, minutes=600))
    ready.command(a_limit("L", 7000, primacy=2, minutes=30))
    for _ in range(3):
        ready.reply()
    assert in_force(ready) == 7000
    ready.at(31)
    for _ in range(3):
        ready.reply()
    assert in_force(ready) == 5000
    assert state(ready, "S") in {"scheduled", "active"}


def test_an_event_that_was_refused_is_tried_again_when_it_is_changed(ready):
    ready.command(a_limit())
    ready.reply(ReplyStatus.REJECTED)
    for _ in range(3):
        ready.reply(ReplyStatus.REJECTED)
    assert state(ready) == "refused"
    ready.command(a_limit(watts=9000, version=1))
    ready.reply()
    assert in_force(ready) == 9000


def test_times_change_in_place(ready):
    ready.command(a_limit(minutes=60))
    ready.reply()
    later = Interval(NOON, NOON + timedelta(minutes=90))
    ready.command(replace(a_limit(version=1), interval=later))
    ready.reply()
    ready.at(70)
    assert in_force(ready) == 7000
    ready.at(91)
    ready.reply()
    assert state(ready) in {"completed", "unfollowed"}


@pytest.mark.parametrize("protocol", [Protocol.IEEE2030_5])
def test_other_protocols_know_no_return(ready, protocol):
    origin = replace(VTN, protocol=protocol, revision=Revision.IEEE2030_5_2018)
    ready.command(a_limit(origin=origin))
    ready.reply()
    ready.withdraw()
    ready.reply()
    ready.command(a_limit(version=1, origin=origin))
    assert state(ready) == "cancelled"
    assert ready.told().count(ControlOutcome.CANCELLED) == 1
