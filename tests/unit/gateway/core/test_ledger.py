"""The difference between what a station should hold and what it is believed to hold."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gateway.core.events import HeldControl
from gateway.core.ledger import (
    MAX_ATTEMPTS,
    SWEEP,
    Desired,
    Entry,
    EntryState,
    Evidence,
    Ledger,
    gives_up,
    lengthens,
    plan,
    reconcile,
)

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def a_wish(control_id="c1", *, duration=3600, action="SetDERControl", **changes):
    payload = {"isDefault": False, "controlId": control_id, "fixedPFInject": {"duration": duration}}
    if action == "SetChargingProfile":
        payload = {"evseId": 0, "chargingProfile": {"id": 7, "duration": duration}}
    wish = Desired(control_id, "u/s/m", action, payload, ("F",), NOW, NOW + duration * HOUR / 3600)
    return replace(wish, **changes)


def an_entry(state=EntryState.HELD, **changes):
    wish = changes.pop("wish", None) or a_wish()
    return Entry(wish, state, **changes)


def a_ledger(*entries):
    return Ledger({entry.desired.id: entry for entry in entries})


def ids(entries):
    return [entry.desired.id for entry in entries]


def test_what_is_wanted_and_unknown_to_the_ledger_is_set():
    todo = plan(Ledger(), {"c1": a_wish()}, NOW)
    assert (ids(todo.set), todo.clear, todo.forget) == (["c1"], (), ())


def test_what_is_held_as_wanted_needs_nothing():
    assert plan(a_ledger(an_entry()), {"c1": a_wish()}, NOW) == plan(Ledger(), {}, NOW)


def test_what_is_held_otherwise_is_set_again_under_the_same_id():
    todo = plan(a_ledger(an_entry()), {"c1": a_wish(duration=60)}, NOW)
    assert todo.set[0].desired.payload["fixedPFInject"] == {"duration": 60}


def test_what_nobody_wants_any_more_is_cleared():
    assert ids(plan(a_ledger(an_entry()), {}, NOW).clear) == ["c1"]


def test_what_may_stay_for_now_is_not_cleared():
    assert plan(a_ledger(an_entry()), {}, NOW, frozenset({"c1"})).clear == ()


@pytest.mark.parametrize("state", [EntryState.WANTED, EntryState.REFUSED])
def test_what_was_never_held_is_forgotten_without_a_call(state):
    todo = plan(a_ledger(an_entry(state)), {}, NOW)
    assert (ids(todo.forget), todo.clear) == (["c1"], ())


def test_a_der_control_that_ran_out_is_forgotten_because_the_station_deletes_it():
    assert ids(plan(a_ledger(an_entry()), {}, NOW + 2 * HOUR).forget) == ["c1"]


def test_a_profile_that_ran_out_is_cleared_because_stations_keep_it():
    entry = an_entry(wish=a_wish(action="SetChargingProfile"))
    assert ids(plan(a_ledger(entry), {}, NOW + 2 * HOUR).clear) == ["c1"]


@pytest.mark.parametrize(
    "state", [EntryState.SETTING, EntryState.CLEARING, EntryState.CLEAR_FAILED]
)
def test_what_is_under_way_or_failed_is_not_cleared_again(state):
    assert plan(a_ledger(an_entry(state)), {}, NOW).clear == ()


@pytest.mark.parametrize("state", [EntryState.SETTING, EntryState.CLEARING])
def test_what_is_under_way_is_not_set_again(state):
    assert plan(a_ledger(an_entry(state)), {"c1": a_wish(duration=60)}, NOW).set == ()


def test_an_unknown_entry_is_read_back_before_anything_is_sent():
    todo = plan(a_ledger(an_entry(EntryState.UNKNOWN)), {"c2": a_wish("c2")}, NOW)
    assert todo.read_back
    assert todo.set == ()


@pytest.mark.parametrize("state", [EntryState.REFUSED, EntryState.CLEAR_FAILED])
def test_the_same_payload_is_not_sent_again_after_a_refusal(state):
    assert plan(a_ledger(an_entry(state)), {"c1": a_wish()}, NOW).set == ()


def test_another_payload_is_sent_after_a_refusal():
    todo = plan(a_ledger(an_entry(EntryState.REFUSED)), {"c1": a_wish(duration=60)}, NOW)
    assert ids(todo.set) == ["c1"]


def test_a_station_that_never_answers_is_not_asked_for_ever():
    entry = an_entry(EntryState.WANTED, attempts=MAX_ATTEMPTS)
    assert plan(a_ledger(entry), {"c1": a_wish()}, NOW).set == ()


def test_a_changed_payload_is_tried_anew():
    entry = an_entry(EntryState.WANTED, attempts=MAX_ATTEMPTS)
    assert plan(a_ledger(entry), {"c1": a_wish(duration=60)}, NOW).set[0].attempts == 0


def test_an_update_with_the_same_start_keeps_the_evidence():
    entry = an_entry(evidence=Evidence.STARTED)
    assert (
        plan(a_ledger(entry), {"c1": a_wish(duration=60)}, NOW).set[0].evidence is Evidence.STARTED
    )


def test_an_update_with_another_start_needs_new_evidence():
    entry = an_entry(evidence=Evidence.STARTED)
    later = a_wish(duration=60, start=NOW + HOUR)
    assert plan(a_ledger(entry), {"c1": later}, NOW).set[0].evidence is Evidence.NONE


def test_a_longer_control_serves_where_the_station_itself_will_yield():
    shorter = a_wish(duration=60, yields=True)
    runs = an_entry(evidence=Evidence.STARTED)
    assert plan(a_ledger(runs), {"c1": shorter}, NOW).set == ()


def test_a_control_that_waits_is_cut_because_a_better_one_would_end_it_before_it_ran():
    shorter = a_wish(duration=60, yields=True)
    assert ids(plan(a_ledger(an_entry()), {"c1": shorter}, NOW).set) == ["c1"]


def test_a_longer_control_is_cut_where_nobody_yields():
    assert ids(plan(a_ledger(an_entry()), {"c1": a_wish(duration=60)}, NOW).set) == ["c1"]


def test_a_shorter_control_is_extended():
    entry = an_entry(wish=a_wish(duration=60))
    assert ids(plan(a_ledger(entry), {"c1": a_wish(yields=True)}, NOW).set) == ["c1"]


def test_a_profile_is_always_cut_because_it_has_no_priority():
    entry = an_entry(wish=a_wish(action="SetChargingProfile"))
    shorter = a_wish(action="SetChargingProfile", duration=60, yields=True)
    assert ids(plan(a_ledger(entry), {"c1": shorter}, NOW).set) == ["c1"]


def test_entries_can_be_found_by_command_and_dropped():
    ledger = a_ledger(an_entry()).put(an_entry(wish=a_wish("c2", command="other")))
    assert ids(ledger.of_command("other")) == ["c2"]
    assert list(ledger.drop("c1").entries) == ["c2"]


def held(control_id="c1", duration=3600):
    payload = a_wish(control_id, duration=duration).payload
    return HeldControl(control_id, "SetDERControl", dict(payload))


READ_BACK = {
    "unknown, reported": (EntryState.UNKNOWN, held(), True, EntryState.HELD),
    "unknown, not reported": (EntryState.UNKNOWN, None, True, EntryState.WANTED),
    "unknown, reported otherwise": (EntryState.UNKNOWN, held(duration=60), True, EntryState.WANTED),
    "held, forgotten by the station": (EntryState.HELD, None, True, EntryState.WANTED),
    "held, report incomplete": (EntryState.HELD, None, False, EntryState.HELD),
    "unknown, report incomplete": (EntryState.UNKNOWN, None, False, EntryState.WANTED),
    "wanted, held after all": (EntryState.WANTED, held(), True, EntryState.HELD),
    "refused, still refused": (EntryState.REFUSED, None, True, EntryState.REFUSED),
}


@pytest.mark.parametrize(
    ("state", "report", "complete", "after"), READ_BACK.values(), ids=READ_BACK
)
def test_a_read_back_decides_what_is_believed(state, report, complete, after):
    reported = () if report is None else (report,)
    ledger = reconcile(a_ledger(an_entry(state)), reported, complete=complete, now=NOW)
    assert ledger.entries["c1"].state is after


def test_a_control_that_ran_out_may_be_missing_from_the_report():
    ledger = reconcile(a_ledger(an_entry()), (), complete=True, now=NOW + 2 * HOUR)
    assert ledger.entries["c1"].state is EntryState.HELD


def test_a_forgotten_control_needs_new_evidence():
    before = a_ledger(an_entry(evidence=Evidence.STARTED))
    assert reconcile(before, (), complete=True, now=NOW).entries["c1"].evidence is Evidence.NONE


OLDER = {
    "shown in another form": (an_entry(EntryState.UNKNOWN), held(duration=60), True, True),
    "shown as sent": (an_entry(EntryState.UNKNOWN, older=True), held(), True, False),
    "not shown": (an_entry(EntryState.UNKNOWN, older=True), None, True, False),
    "not shown, report incomplete": (an_entry(EntryState.UNKNOWN), None, False, True),
    "never sent, report incomplete": (an_entry(EntryState.WANTED), None, False, False),
    "refused and shown": (an_entry(EntryState.REFUSED), held(), True, True),
    "refused, not shown": (an_entry(EntryState.REFUSED, older=True), None, True, False),
    "refused, report incomplete": (
        an_entry(EntryState.REFUSED, older=True),
        None,
        False,
        True,
    ),
}


@pytest.mark.parametrize(("entry", "report", "complete", "older"), OLDER.values(), ids=OLDER)
def test_a_read_back_tells_whether_an_earlier_form_may_be_held(entry, report, complete, older):
    reported = () if report is None else (report,)
    after = reconcile(a_ledger(entry), reported, complete=complete, now=NOW).entries["c1"]
    assert (after.older, after.may_be_held) == (older, older or after.state is EntryState.HELD)


def test_what_the_station_shows_as_superseded_lies_aside():
    shown = replace(held(), superseded=True)
    after = reconcile(a_ledger(an_entry()), (shown,), complete=True, now=NOW).entries["c1"]
    assert after.state is EntryState.ASIDE
    assert plan(a_ledger(after), {"c1": a_wish()}, NOW).set == ()
    assert ids(plan(a_ledger(after), {}, NOW).forget) == ["c1"]


@pytest.mark.parametrize("state", [EntryState.WANTED, EntryState.REFUSED])
def test_an_earlier_form_that_nobody_wants_is_cleared(state):
    assert ids(plan(a_ledger(an_entry(state, older=True)), {}, NOW).clear) == ["c1"]


def test_a_control_that_just_ran_out_is_neither_cleared_nor_forgotten_yet():
    todo = plan(a_ledger(an_entry()), {}, NOW + HOUR + SWEEP / 2)
    assert (todo.clear, todo.forget) == ((), ())


def test_an_update_remembers_that_the_old_form_is_held():
    (update,) = plan(a_ledger(an_entry()), {"c1": a_wish(duration=60)}, NOW).set
    assert update.older


def test_another_call_for_the_same_id_is_another_control():
    profile = a_wish(action="SetChargingProfile")
    assert ids(plan(a_ledger(an_entry()), {"c1": profile}, NOW).set) == ["c1"]


RUNS = {"evidence": Evidence.STARTED}
LONGER = {
    "what runs, to a later end": (an_entry(**RUNS), a_wish(duration=7200), True),
    "a profile": (
        an_entry(wish=a_wish(action="SetChargingProfile"), **RUNS),
        a_wish(duration=7200, action="SetChargingProfile"),
        True,
    ),
    "without an end": (an_entry(**RUNS), a_wish(end=None), True),
    "to the same end": (an_entry(**RUNS), a_wish(), False),
    "to an earlier end": (an_entry(**RUNS), a_wish(duration=60), False),
    "what has no end": (an_entry(wish=a_wish(end=None), **RUNS), a_wish(duration=7200), False),
    "what waits": (an_entry(), a_wish(duration=7200), False),
    "what is not known": (an_entry(EntryState.UNKNOWN, **RUNS), a_wish(duration=7200), False),
    "what is over": (an_entry(wish=a_wish(duration=0), **RUNS), a_wish(), False),
    "with other values": (
        an_entry(**RUNS),
        a_wish(duration=7200, payload={"controlId": "c1", "fixedVar": {"duration": 7200}}),
        False,
    ),
    "by another message": (
        an_entry(**RUNS),
        a_wish(duration=7200, action="SetChargingProfile"),
        False,
    ),
}


@pytest.mark.parametrize(("entry", "wanted", "longer"), LONGER.values(), ids=LONGER)
def test_what_runs_is_lengthened_where_only_its_end_is_later(entry, wanted, longer):
    assert lengthens(entry, wanted, NOW) is longer


def test_what_is_to_begin_earlier_gives_nothing_up_whenever_it_ends():
    ahead, end = NOW + HOUR, NOW + 3 * HOUR
    held = an_entry(wish=a_wish(start=ahead, end=end))
    assert not gives_up(held, a_wish(start=NOW, end=end - HOUR), NOW)
    assert gives_up(held, a_wish(start=ahead, end=end - HOUR), NOW)
    assert gives_up(held, a_wish(start=ahead + HOUR, end=end), NOW)
