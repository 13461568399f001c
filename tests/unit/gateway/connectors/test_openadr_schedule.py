"""Events of a VTN to commands of stations and sites, as they come, change, go, and as time passes."""

import pytest

from gateway.protocols.openadr_access import Resource
from support.openadr import LIMIT, START, a_payload, an_event, an_interval
from support.openadr_schedule import FLEX, Planned, held, over
from support.otherbooks import coarse, without_limits
from support.translation import book
from translators.canonical.telemetry import ControlOutcome
from translators.openadr.binding import binding_of

DEPOT = (Resource("CS1", "cs-1"), Resource("CS2", "cs-2", frozenset({"feeder7"})))


def a_limit(id_="e1", kw=7, minutes=60, **changes):
    return over(minutes, **{"id": id_, "intervals": [an_interval(a_payload(LIMIT, kw))], **changes})


def at(event, time):
    """Return an event that starts at a time of that day."""
    return {
        **event,
        "intervalPeriod": {**event["intervalPeriod"], "start": f"2027-03-09T{time}:00Z"},
    }


def test_an_event_is_a_command_of_whom_it_addresses():
    planned = Planned()
    assert planned.serve(a_limit()) == [{"CS1"}]
    assert planned.plan() == [("e1", 0)]
    assert planned.line() == [("e1", 0, 60, 7000)]


def test_nothing_is_due_while_nothing_changes():
    planned = Planned()
    planned.serve(a_limit())
    planned.plan()
    assert planned.schedule.due(START) == []
    planned.serve(a_limit())
    assert planned.plan() == []


def test_a_command_carries_the_event_as_it_came_and_the_rules_that_read_it():
    planned = Planned()
    event = a_limit()
    planned.serve(event)
    planned.plan()
    (received,) = planned.commands.values()
    assert received.raw == (held(event).raw,)
    assert received.steps
    assert received.book == book().digest


def test_a_deleted_event_is_withdrawn():
    planned = Planned()
    planned.serve(a_limit())
    planned.plan()
    planned.remove(a_limit())
    assert planned.plan() == ["e1"]


def test_the_loser_is_split_around_the_winner_and_resumes():
    planned = Planned()
    planned.serve(a_limit("e1", 7, 60, priority=5))
    planned.plan()
    winner = at(a_limit("w", 3, 20, priority=1), "14:40")
    planned.serve(winner)
    assert planned.plan(5) == [("e1", 1), ("w", 0), ("e1~1", 0)]
    assert planned.line() == [("e1", 0, 10, 7000), ("w", 10, 30, 3000), ("e1~1", 30, 60, 7000)]
    assert planned.plan(15) == []
    planned.remove(winner)
    assert "w" in planned.plan(20)
    assert [(begin <= 20, end, watts) for _, begin, end, watts in planned.line()] == [
        (True, 60, 7000)
    ]


def test_a_winner_that_is_deleted_before_its_time_leaves_the_loser_whole():
    planned = Planned()
    winner = at(a_limit("w", 3, 20, priority=1), "14:40")
    planned.serve(a_limit("e1", 7, 60, priority=5), winner)
    planned.plan()
    planned.remove(winner)
    planned.plan(5)
    assert planned.line() == [("e1", 0, 60, 7000)]


def test_a_refused_event_beats_nothing():
    planned = Planned()
    refused = over(60, id="w", priority=0, intervals=[an_interval(a_payload("CURVE", 1))])
    planned.serve(a_limit(priority=5), refused)
    planned.plan()
    assert planned.line() == [("e1", 0, 60, 7000)]
    assert [it.outcome for it in planned.refused] == [ControlOutcome.NOT_SUPPORTED]


@pytest.mark.parametrize(
    "odd",
    [
        {"payloadDescriptors": []},
        {"intervals": [an_interval(a_payload(LIMIT, -1))]},
        {"intervalPeriod": {"start": "soon", "duration": "PT1H"}},
        {"intervals": "all day"},
    ],
)
def test_an_edition_that_nobody_can_follow_ends_the_one_before_and_is_told(odd):
    planned = Planned()
    planned.serve(a_limit("e1"))
    planned.plan()
    planned.serve({**a_limit("e1"), **odd}, known=True)
    assert planned.plan(10) == ["e1"]
    assert [it.outcome for it in planned.refused] == [ControlOutcome.INVALID]
    planned.serve(a_limit("e1"), known=True)
    assert planned.plan(20) == [("e1", 1)]


def test_what_cannot_be_read_hides_no_neighbour_and_is_told_once():
    planned = Planned()
    broken = {**a_limit("b"), "intervals": "none"}
    planned.serve(broken, a_limit())
    assert planned.plan() == [("e1", 0)]
    (refused,) = planned.refused
    assert refused.outcome is ControlOutcome.INVALID
    assert (refused.event.station, refused.event.document) == (
        "CS1",
        "/events/b/2027-03-09T09:00:00Z",
    )
    assert refused.event.raw == (held(broken).raw,)
    planned.serve(a_limit("e2"))
    planned.plan()
    assert len(planned.refused) == 1
    planned.serve({**broken, "intervals": "nothing"})
    planned.plan()
    assert len(planned.refused) == 2


def test_a_flood_of_events_that_cannot_be_read_is_told_bit_by_bit():
    planned = Planned()
    planned.serve(*({**a_limit(f"b{number}"), "intervals": 7} for number in range(250)))
    planned.plan()
    assert len(planned.refused) == 200
    planned.serve(a_limit())
    planned.plan()
    assert len({it.key for it in planned.refused}) == len(planned.refused) == 250


@pytest.mark.parametrize("value", [None, 7, "text", [], {}, {"id": 3}])
def test_what_is_no_event_is_set_aside(value):
    planned = Planned()
    planned.serve(value)
    assert planned.plan() == []
    assert [it.event.refusals[0].function for it in planned.refused] == ["event"]


def test_a_part_that_is_refused_is_told_with_the_command_of_its_interval():
    planned = Planned()
    both = an_interval(a_payload(LIMIT, 7), a_payload("CURVE", 1))
    planned.serve(over(60, intervals=[both]))
    planned.plan()
    (received,) = planned.commands.values()
    assert [refusal.function for refusal in received.refusals] == ["CURVE"]
    assert planned.refused == []


def test_what_an_event_cannot_be_timed_by_is_refused():
    planned = Planned()
    planned.serve(an_event(intervalPeriod={"start": "2027-03-09T14:30:00Z", "duration": "-PT1H"}))
    assert planned.plan() == []
    assert [it.outcome for it in planned.refused] == [ControlOutcome.INVALID]


def test_an_event_that_breaks_its_contract_is_refused_by_the_rule_of_it():
    planned = Planned(contract="gac_2_2")
    planned.serve(a_limit(priority=3))
    assert planned.plan() == []
    assert planned.refused[0].event.refusals[0].rule.startswith("gac_2_2.")


@pytest.mark.parametrize(
    ("targets", "addressed"),
    [
        pytest.param(None, {"CS1", "CS2"}, id="nobody is named"),
        pytest.param(["cs-1"], {"CS1"}, id="by name"),
        pytest.param(["feeder7"], {"CS2"}, id="by a target"),
        pytest.param([{"type": "RESOURCE_NAME", "values": ["cs-2"]}], {"CS2"}, id="3.0"),
        pytest.param(["depot"], {"CS1", "CS2"}, id="the VEN"),
        pytest.param(["elsewhere"], set(), id="others"),
    ],
)
def test_targets_say_whose_command_it_is(targets, addressed):
    planned = Planned(*DEPOT)
    event = a_limit() if targets is None else a_limit(targets=targets)
    assert planned.serve(event) == [addressed]
    planned.plan()
    assert {subject for subject, _ in planned.commands} == addressed


def test_a_target_that_is_asked_for_names_the_resource_alone_that_has_it():
    planned = Planned(*DEPOT, targets=("cs-1", "feeder7", "city"))
    events = [a_limit(targets=[name]) for name in ("cs-1", "feeder7", "city")]
    assert planned.serve(*events) == [{"CS1"}, {"CS2"}, {"CS1", "CS2"}]


def test_an_event_that_addresses_others_from_now_on_is_withdrawn():
    planned = Planned(*DEPOT)
    planned.serve(a_limit(targets=["cs-1"]))
    planned.plan()
    planned.serve(a_limit(targets=["cs-2"]))
    assert sorted(map(str, planned.plan())) == ["('e1', 0)", "e1"]
    assert {subject for subject, _ in planned.commands} == {"CS2"}


def test_two_events_under_one_name_are_not_taken_for_each_other():
    planned = Planned()
    split = at(a_limit("a", 7, 60, priority=5, createdDateTime=...), "14:30")
    winner = at(a_limit("w", 3, 20, priority=1, createdDateTime=...), "14:40")
    twin = at(a_limit("a~1", 9, 60, createdDateTime=...), "16:00")
    planned.serve(split, winner, twin)
    planned.plan()
    assert [(name, watts) for name, _, _, watts in planned.line()] == [
        ("a", 7000),
        ("w", 3000),
        ("a~1", 7000),
    ]
    assert [it.event.document for it in planned.refused] == ["/events/a~1/None"]
    planned.serve(a_limit("e9", 20))
    planned.plan()
    assert len(planned.refused) == 1


def test_what_cannot_be_read_is_told_for_whom_it_names_alone():
    planned = Planned(*DEPOT)
    planned.serve({**a_limit("b", targets=["cs-1"]), "intervals": 3})
    planned.plan()
    assert [it.event.station for it in planned.refused] == ["CS1"]


@pytest.mark.parametrize(
    ("kind", "value"), [("EVENT_NAME", "peak"), ("PROGRAM_NAME", "flex"), ("RESOURCE_NAME", "CS1")]
)
def test_what_cannot_be_read_is_for_whom_its_types_of_3_0_name(kind, value):
    planned = Planned()
    targets = [{"type": kind, "values": [value]}]
    broken = {**a_limit("b", targets=targets, eventName="peak"), "intervals": 3}
    assert planned.serve(broken) == [{"CS1"}]


def test_only_the_subjects_of_what_changed_are_planned_anew():
    planned = Planned(*DEPOT)
    planned.serve(a_limit(targets=["cs-1"]), a_limit("e2", targets=["cs-2"]))
    planned.plan()
    planned.serve(a_limit(kw=5, targets=["cs-1"]))
    assert planned.schedule.due(START) == ["CS1"]


def test_what_begins_beyond_the_horizon_comes_into_sight():
    planned = Planned()
    far = a_limit()
    far["intervalPeriod"]["start"] = "2027-03-10T15:00:00Z"
    planned.serve(far)
    assert planned.plan() == []
    assert planned.plan(12 * 60) == [("e1", 0)]


def test_another_run_finds_what_was_handed_on_and_withdraws_what_is_gone():
    first = Planned()
    first.serve(a_limit("e1"), at(a_limit("e2"), "16:00"))
    first.plan()
    second = Planned(before=first.before())
    second.serve(a_limit("e1"))
    assert second.plan(1, whole=False) == []
    second.commands = first.commands
    assert second.plan(1) == ["e2"]


def test_a_split_survives_a_restart_whose_winner_is_over():
    planned = Planned()
    winner = at(a_limit("w", 3, 20, priority=1), "14:40")
    planned.serve(a_limit("e1", 7, 60, priority=5), winner)
    planned.plan()
    second = Planned(before=planned.before())
    second.serve(a_limit("e1", 7, 60, priority=5))
    second.commands = dict(planned.commands)
    second.plan(40)
    assert second.line() == [("e1~1", 30, 60, 7000)]


def test_what_gave_way_takes_nothing_back_before_another_run_has_read_all():
    planned = Planned()
    tight, loose = a_limit("tight", 3, 60), a_limit("loose", 9, 120)
    planned.serve(tight, loose)
    planned.plan()
    before = planned.line()
    assert before == [("tight", 0, 60, 3000), ("loose", 60, 120, 9000)]
    second = Planned(before=planned.before())
    second.commands = dict(planned.commands)
    second.serve(loose)
    assert second.plan(10, whole=False) == []
    assert second.plan(11) == [("loose", 1), "tight"]


def test_what_was_changed_meanwhile_counts_before_another_run_has_read_all():
    planned = Planned()
    planned.serve(a_limit("e1"))
    planned.plan()
    second = Planned(before=planned.before())
    second.serve(a_limit("e1", 5))
    assert second.plan(10, whole=False) == [("e1", 1)]


def test_contracts_name_a_program_by_its_name_too():
    contract = binding_of({"program": FLEX.name, "payload": LIMIT, "units": "KW"})
    planned = Planned(bindings=(contract,))
    event = a_limit()
    del event["payloadDescriptors"]
    planned.serve(event, program=FLEX)
    planned.plan()
    assert planned.line() == [("e1", 0, 60, 7000)]


def test_other_rules_count_for_what_comes():
    planned = Planned()
    planned.serve(a_limit("e1"))
    planned.plan()
    (known,) = planned.commands.values()
    other = coarse()
    planned.schedule.use(other)
    planned.serve(at(a_limit("e2"), "16:00"))
    assert planned.plan() == [("e2", 0)]
    assert [it.book for it in planned.commands.values()] == [known.book, other.digest]


def test_rules_that_read_it_no_more_take_back_no_limit_that_runs():
    planned = Planned()
    planned.serve(a_limit("e1"))
    planned.plan()
    planned.schedule.use(without_limits())
    planned.serve(at(a_limit("e2"), "15:00"))
    assert planned.plan(10) == []
    assert planned.line() == [("e1", 0, 60, 7000)]
    assert [it.key.partition("/")[0] for it in planned.refused] == ["e2"]


def test_rules_that_read_it_no_more_count_for_an_event_that_is_changed():
    planned = Planned()
    planned.serve(a_limit("e1"))
    planned.plan()
    planned.schedule.use(without_limits())
    planned.serve(a_limit("e1", priority=1))
    assert planned.plan(10) == ["e1"]
