"""Which of the events of one station hold when."""

from decimal import Decimal

import pytest

from support.lines import after, held, limits, line
from support.openadr import CREATED, LIMIT, START, a_context, a_payload, an_event, an_interval
from support.translation import book
from translators.openadr.binding import binding_of
from translators.openadr.inbound import ServedStretch
from translators.openadr.wire import event_of

EXPORT = "EXPORT_CAPACITY_LIMIT"


def stretch_of(*events_and_stretch):
    """Read a stretch of one of these events by the rules."""
    *events, it = events_and_stretch
    (event,) = [event for event in events if event["id"] == it.key]
    return ServedStretch(event_of(event), a_context(received=CREATED), it).read(book())


def test_a_lower_number_wins_and_the_loser_resumes():
    slow, swift = limits("slow", 7, 0, 120, priority=5), limits("swift", 3, 30, 30, priority=1)
    assert held(slow, swift) == [
        ("slow", 0, 0, 30),
        ("swift", 0, 30, 60),
        ("slow", 1, 60, 120),
    ]


def test_an_event_without_priority_loses_to_every_other():
    assert held(limits("a", 3, priority=None), limits("b", 9, priority=2**31 - 3)) == [
        ("b", 0, 0, 60)
    ]


def test_priority_0_is_the_highest():
    assert held(limits("a", 3, priority=1), limits("b", 9, priority=0)) == [("b", 0, 0, 60)]


@pytest.mark.parametrize("order", [1, -1])
def test_of_equals_the_tightest_limit_wins(order):
    events = [limits("loose", 9, modificationDateTime="2027-03-09T13:00:00Z"), limits("tight", 3)]
    assert held(*events[::order]) == [("tight", 0, 0, 60)]


def test_tight_is_told_by_value_and_not_by_unit():
    assert held(limits("w", 5000, units="W"), limits("kw", 4)) == [("kw", 0, 0, 60)]


@pytest.mark.parametrize("order", [1, -1])
def test_of_equal_setpoints_the_newest_wins(order):
    old = limits("old", 3, kind="DISPATCH_SETPOINT")
    new = limits("new", 9, kind="DISPATCH_SETPOINT", createdDateTime="2027-03-09T09:00:01Z")
    assert held(*[old, new][::order]) == [("new", 0, 0, 60)]


def test_import_and_export_do_not_compete():
    found = held(limits("in", 3, priority=1), limits("out", 9, kind=EXPORT, priority=8))
    assert found == [("in", 0, 0, 60), ("out", 0, 0, 60)]


def test_prices_compete_with_nothing():
    price = an_event(an_interval(a_payload("PRICE", 0.1)), id="price", units="KWH", priority=0)
    assert [it[0] for it in held(limits("in", 3), price, limits("b", 2))] == ["b", "price"]


def test_a_subscription_holds_beside_limits():
    found = held(
        limits("sub", 5, minutes=600, kind="IMPORT_CAPACITY_SUBSCRIPTION", priority=0),
        limits("in", 7),
    )
    assert found == [("in", 0, 0, 60), ("sub", 0, 0, 600)]


@pytest.mark.parametrize("begin", ["0001-01-01T00:00:00Z", "0000-01-01", CREATED.isoformat()])
def test_8_10_1_when_the_known_limits_are_used_up_the_subscription_is_left(begin):
    kind, years = "IMPORT_CAPACITY_SUBSCRIPTION", {"start": begin, "duration": "P9999Y"}
    subscribed = limits("sub", 5, kind=kind, period=years, priority=0)
    limited = limits("limit", 20, 0, 120)

    def follows(now):
        """Return who wins at an instant, of the commands that are open then."""
        found = [
            (command.primacy, it.key, command.interval.end)
            for it in line(subscribed, limited, now=now).stretches
            for command in stretch_of(subscribed, limited, it).value
            if command.interval.covers(now)
        ]
        return min(found)[1:]

    assert follows(after(30)) == ("limit", after(120))
    assert follows(after(120)) == ("sub", None)
    assert follows(after(60 * 24 * 365)) == ("sub", None)


def test_a_limit_that_would_be_refused_beats_nothing():
    broken = limits("broken", 1, priority=0, units=None)
    found = line(broken, limits("sound", 7))
    assert [it.key for it in found.stretches] == ["sound"]
    ((refusal,),) = found.refusals.values()
    assert (refusal.function, refusal.where) == (LIMIT, "intervals[0]/payloads[0]")


def test_an_event_that_cannot_be_timed_is_told_and_its_neighbours_live():
    late = limits("late", 1, priority=0, period={"duration": "P1M"})
    found = line(late, limits("sound", 7))
    assert [it.key for it in found.stretches] == ["sound"]
    assert "calendar" in found.refusals["late"][0].problem


def test_what_breaks_its_contract_is_refused_by_the_rule():
    found = line(limits("e", 7), context={"contract": "gac_2_2"})
    assert found.stretches == ()
    assert found.refusals["e"][0].rule.startswith("gac_2_2.")


def test_only_the_payload_that_loses_gives_way():
    both = an_event(an_interval(a_payload(LIMIT, 9), a_payload(EXPORT, 9)), id="both", priority=5)
    found = line(both, limits("in", 3, 20, 20, priority=1)).stretches
    told = [(it.key, it.part, [p.type for p in it.slot.payloads]) for it in found]
    assert told == [
        ("both", 0, [LIMIT, EXPORT]),
        ("both", 1, [EXPORT]),
        ("in", 0, [LIMIT]),
        ("both", 2, [LIMIT, EXPORT]),
    ]


def test_an_interval_that_runs_keeps_its_start():
    assert held(limits("a", 7, -30, 60)) == [("a", 0, -30, 30)]


def test_what_is_over_is_left_out():
    found = held(
        limits("a", 7, -120, 180, priority=5),
        limits("b", 3, -60, 30, priority=1),
        limits("c", 1, -9, 9),
    )
    assert found == [("a", 0, -120, 60)]


def test_what_runs_keeps_the_number_and_the_start_with_which_it_was_told():
    found = held(
        limits("a", 7, -120, 180, priority=5),
        limits("b", 3, 10, 20, priority=1),
        told=lambda entry, _: (1, after(-30)) if entry.key == "a" else (0, None),
    )
    assert found == [("a", 1, -30, 10), ("b", 0, 10, 30), ("a", 2, 30, 60)]


def test_what_was_told_for_later_takes_the_start_that_counts_now():
    told = {"told": lambda _entry, _slot: (1, after(30))}
    assert held(limits("a", 7, -120, 180), **told) == [("a", 1, -120, 60)]
    assert held(limits("a", 7, 20, 40), **told) == [("a", 1, 20, 60)]


def test_an_endless_event_resumes_without_end():
    endless = limits("endless", 7, priority=9, period={"duration": "P9999Y"})
    assert held(endless, limits("b", 3, 5, 5, priority=1)) == [
        ("endless", 0, 0, 5),
        ("b", 0, 5, 10),
        ("endless", 1, 10, None),
    ]


def test_a_stretch_becomes_a_command_that_names_its_part():
    slow, swift = limits("slow", 7, 0, 120, priority=5), limits("swift", 3, 30, 30, priority=1)
    found = line(slow, swift).stretches[2]
    context = a_context(received=CREATED)
    served = ServedStretch(event_of(slow), context, found)
    (command,) = served.read(book()).value
    assert command.mrid == "vtn/slow/2027-03-09T09:00:00Z~1"
    assert command.mrid == served.mrids()[0]
    assert (command.interval.start, command.interval.end) == (after(60), after(120))
    assert command.primacy == 5


def test_values_that_divide_no_seconds_are_declared():
    event = an_event(
        an_interval(a_payload(LIMIT, 1, 2, 3)),
        intervalPeriod={"start": START.isoformat(), "duration": "PT10S"},
    )
    found = line(event)
    assert found.uneven == {"e1"}
    read = ServedStretch(event_of(event), a_context(), found.stretches[0], uneven=True).read(book())
    assert any("whole seconds" in loss.detail for loss in read.losses)


def test_a_winner_is_not_cut_where_a_loser_begins_or_ends():
    assert held(limits("a", 3, 0, 60, priority=1), limits("b", 7, 20, 20, priority=2)) == [
        ("a", 0, 0, 60)
    ]


def test_nothing_holds_between_events():
    assert held(limits("a", 3, 0, 10), limits("b", 3, 20, 10)) == [
        ("a", 0, 0, 10),
        ("b", 0, 20, 30),
    ]


def test_what_follows_an_alert_by_policy_competes_by_what_it_does():
    policy = {"policy": {"alert_grid_emergency": "zero_envelope"}}
    alert = limits("alert", "now", kind="ALERT_GRID_EMERGENCY", units=None, priority=3)
    again = {**alert, "id": "again", "priority": 2}
    assert [it[0] for it in held(alert, again, context=policy)] == ["again"]
    assert [it[0] for it in held(alert, again)] == ["again", "alert"]


def test_what_is_remembered_of_payloads_is_bounded(monkeypatch):
    monkeypatch.setattr("translators.openadr.judging._MOST", 2)
    events = [limits(f"e{n}", 2 + n % 3, n * 5, 5) for n in range(12)]
    assert [it[0] for it in held(*events)] == [event["id"] for event in events]


@pytest.mark.parametrize("odd", [True, "NaN"])
def test_what_only_looks_like_a_number_does_not_stand_for_it(odd):
    found = line(limits("odd", odd, priority=0), limits("one", 1))
    assert ([it.key for it in found.stretches], set(found.refusals)) == (["one"], {"odd"})


def test_numbers_that_are_equal_and_written_otherwise_are_judged_each():
    bindings = (binding_of({"program": "flex", "control": "connect"}),)
    events = [
        limits(f"e{number}", value, number * 10, 10, kind="CONTROL_SETPOINT", units=None)
        for number, value in enumerate([Decimal("1.0"), Decimal(1)])
    ]
    found = line(*events, context={"bindings": bindings})
    assert ([it.key for it in found.stretches], set(found.refusals)) == (["e1"], {"e0"})


def test_a_refusal_names_the_program_of_its_own_event():
    curves = [limits(id_, 1, kind="CURVE", units=None, programID=id_) for id_ in ("north", "south")]
    refusals = line(*curves).refusals
    assert ["'north'" in refusals["north"][0].problem, "'south'" in refusals["south"][0].problem]


@pytest.mark.parametrize(("values", "loser"), [((7, 5), 0), ((5, 7), 1), ((5, 5), 1)])
def test_of_two_limits_in_one_interval_the_tighter_holds_and_the_other_is_told(values, loser):
    both = [a_payload(LIMIT, value) for value in values]
    found = line(an_event(an_interval(*both), id="twice"))
    ((it,), (refusal,)) = found.stretches, found.refusals["twice"]
    assert it.slot.payloads[0].values == (5,)
    assert (refusal.where, refusal.problem) == (
        f"intervals[0]/payloads[{loser}]",
        "the interval asks for this twice",
    )


def test_a_charge_state_is_meant_beside_the_setpoint_of_its_interval():
    kinds = {"DISPATCH_SETPOINT": "KW", "CHARGE_STATE_SETPOINT": "PERCENT"}
    both = an_event(
        an_interval(a_payload("DISPATCH_SETPOINT", 7), a_payload("CHARGE_STATE_SETPOINT", 0.8)),
        id="both",
        priority=2,
        payloadDescriptors=[{"payloadType": kind, "units": unit} for kind, unit in kinds.items()],
    )
    (it,) = line(both).stretches
    assert [payload.type for payload in it.slot.payloads] == list(kinds)
    assert held(both, limits("swift", 3, kind="DISPATCH_SETPOINT", priority=1)) == [
        ("swift", 0, 0, 60)
    ]
