"""A link follows the simulated utility over mutual TLS: commands come, change and go."""

import time
from datetime import timedelta
from fractions import Fraction

import pytest

from gateway.core.events import UtilityHeard
from gateway.errors import PeerError
from gateway.simulators import utility_2030_5_controls as make
from gateway.simulators.utility_2030_5 import Curve, control
from support.utility_bench import a_response
from translators.canonical.controls import FixedPowerFactor, VoltVar
from translators.canonical.telemetry import ControlOutcome

HOUR = 3600


def a_control(utility, *base, start=60, duration=HOUR, **changes):
    return control(
        int(utility.now()) + start, duration, *(base or (make.max_lim_w(50),)), **changes
    )


async def test_a_control_becomes_a_command_of_the_bound_station(utility, program, bench):
    pf = make.fixed_pf("0.95", absorbing_var=True)
    held = utility.add_control(program, a_control(utility, pf))
    await bench.until(lambda: held.mrid in bench.received)
    event = bench.received[held.mrid]
    command = event.command
    assert command.target.station == "CS1"
    assert command.origin.utility == "dso"
    assert (command.origin.program, command.primacy) == (program.mrid, 1)
    (carried,) = command.controls
    assert isinstance(carried, FixedPowerFactor)
    assert carried.displacement == Fraction(95, 100)
    assert command.response.reply_to == "/rsp"
    assert held.mrid.encode() in event.raw[0]


async def test_what_was_told_once_is_not_told_again(utility, program, bench):
    held = utility.add_control(program, a_control(utility))
    await bench.until(lambda: held.mrid in bench.received)
    polls = len([it for it in utility.exchanges if it.path.endswith("/derc")])
    await utility.wait_for(
        lambda: len([it for it in utility.exchanges if it.path.endswith("/derc")]) > polls + 3, 10
    )
    assert [command.mrid for command in bench.commands] == [held.mrid]


async def test_an_edited_control_is_told_again(utility, program, bench):
    held = utility.add_control(program, a_control(utility))
    await bench.until(lambda: held.mrid in bench.received)
    utility.update(held.mrid, lambda _: a_control(utility, make.max_lim_w(20)))
    await bench.until(lambda: len(bench.commands) == 2)
    assert bench.commands[0].controls != bench.commands[1].controls


@pytest.mark.parametrize(
    ("go", "reason"),
    [
        pytest.param(lambda utility, mrid: utility.cancel(mrid), "cancelled", id="cancelled"),
        pytest.param(
            lambda utility, mrid: utility.cancel(mrid, randomized=True),
            "cancelled_randomized",
            id="with randomisation",
        ),
        pytest.param(lambda utility, mrid: utility.remove(mrid), "vanished", id="vanished"),
    ],
)
async def test_a_control_that_goes_is_withdrawn(utility, program, bench, go, reason):
    kept = utility.add_control(program, a_control(utility))
    held = utility.add_control(program, a_control(utility, start=2 * HOUR))
    await bench.until(lambda: {kept.mrid, held.mrid} <= set(bench.received))
    go(utility, held.mrid)
    await bench.until(lambda: bench.withdrawn)
    assert bench.withdrawn == {held.mrid: reason}


async def test_a_superseded_control_goes_after_its_successor_came(utility, program, bench):
    old = utility.add_control(program, a_control(utility))
    await bench.until(lambda: old.mrid in bench.received)
    new = utility.add_control(program, a_control(utility, make.max_lim_w(10)))
    await bench.until(lambda: bench.withdrawn)
    assert bench.withdrawn == {old.mrid: "superseded"}
    told = [event for event in bench.events if not isinstance(event, UtilityHeard)]
    order = [getattr(event, "mrid", None) or event.command.mrid for event in told[-2:]]
    assert order == [new.mrid, old.mrid]


async def test_the_default_control_comes_changes_and_goes(utility, program, bench):
    mrid = utility.set_default(program, make.max_lim_w(80), settings={"setGradW": 100})
    await bench.until(lambda: mrid in bench.received)
    assert bench.received[mrid].command.is_default
    utility.set_default(program, make.max_lim_w(70), mrid=mrid)
    await bench.until(lambda: len(bench.commands) == 2)
    program.default = None
    await bench.until(lambda: bench.withdrawn)
    assert bench.withdrawn == {mrid: "vanished"}


async def test_a_program_whose_primacy_changes_is_told_again(utility, program, bench):
    held = utility.add_control(program, a_control(utility))
    await bench.until(lambda: held.mrid in bench.received)
    program.primacy = 9
    await bench.until(lambda: bench.received[held.mrid].command.primacy == 9)


async def test_a_curve_is_read_from_the_list(utility, program, bench):
    curve = Curve("opModVoltVar", [(95, 30), (105, -30)], y_ref_type=2)
    href = utility.add_curve(program, curve)
    held = utility.add_control(program, a_control(utility, make.volt_var(href)))
    await bench.until(lambda: held.mrid in bench.received)
    event = bench.received[held.mrid]
    (carried,) = event.command.controls
    assert isinstance(carried, VoltVar)
    assert len(event.raw) == 2
    assert not [it for it in utility.exchanges if it.path == href]


async def test_one_program_through_two_function_sets_counts_once(utility, program, device, bench):
    utility.assign(device, program, assignment=2)
    held = utility.add_control(program, a_control(utility))
    await bench.until(lambda: held.mrid in bench.received)
    await utility.wait_for(
        lambda: len([i for i in utility.exchanges if "/fsa/2/derp" in i.path]) > 3, 10
    )
    assert len(bench.commands) == 1


async def test_a_device_that_leaves_a_function_set_leaves_its_controls(
    utility, program, device, bench
):
    other = utility.add_program(5)
    utility.assign(device, other, assignment=2)
    gone = utility.add_control(other, a_control(utility))
    kept = utility.add_control(program, a_control(utility))
    await bench.until(lambda: {gone.mrid, kept.mrid} <= set(bench.received))
    utility.unassign(device, other)
    await bench.until(lambda: bench.withdrawn)
    assert bench.withdrawn == {gone.mrid: "vanished"}


async def test_the_utilitys_clock_is_measured(utility, bench):
    utility.time_offset_s = 7200
    await bench.until(lambda: abs(bench.clock.offsets.get("dso", 0) - 7200) <= 1)


@pytest.mark.parametrize("hours", [-24, 2])
async def test_a_step_of_our_clock_makes_no_event_end(utility, program, bench, hours):
    held = utility.add_control(program, a_control(utility))
    await bench.until(lambda: held.mrid in bench.received)
    told = len(bench.of(UtilityHeard))
    bench.clock.set = timedelta(hours=hours)
    await bench.until(lambda: len(bench.of(UtilityHeard)) > told + 20)
    offset, ahead = bench.clock.offsets["dso"], hours * HOUR
    assert min(abs(offset), abs(offset + ahead)) <= 1  # of before, or measured since
    utility.remove(held.mrid)
    await bench.until(lambda: bench.withdrawn)
    assert bench.withdrawn == {held.mrid: "vanished"}


async def test_a_utilitys_clock_that_is_measured_after_a_step_of_ours_counts_from_ours(
    utility, bench
):
    await bench.until(lambda: bench.of(UtilityHeard))
    bench.clock.set = timedelta(hours=3)
    utility.time_offset_s = 7200
    await bench.until(lambda: abs(bench.clock.offsets.get("dso", 0) + 3600) <= 1)


async def test_an_event_in_the_past_is_told_all_the_same(utility, program, bench):
    held = utility.add_control(
        program, a_control(utility, start=-2 * HOUR, randomize=(None, HOUR), duration=HOUR + 60)
    )
    await bench.until(lambda: held.mrid in bench.received)
    assert bench.received[held.mrid].command.interval.end.timestamp() < time.time()


async def test_equal_primacy_is_left_to_the_engine(utility, program, device, bench):
    twin = utility.add_program(1)
    utility.assign(device, twin)
    first = utility.add_control(program, a_control(utility))
    second = utility.add_control(twin, a_control(utility))
    await bench.until(lambda: {first.mrid, second.mrid} <= set(bench.received))
    assert bench.withdrawn == {}


async def test_a_response_reaches_the_utility(utility, program, bench):
    held = utility.add_control(program, a_control(utility))
    await bench.until(lambda: held.mrid in bench.received)
    await bench.link.respond(a_response(held.mrid))
    await bench.link.respond(a_response(held.mrid, ControlOutcome.NOT_SUPPORTED))
    assert utility.statuses(held.mrid) == [1, 252]
    assert all(response.requested for response in utility.responses)


async def test_what_an_earlier_run_held_is_withdrawn_where_it_is_served_no_more(
    utility, program, started
):
    kept = utility.add_control(program, a_control(utility))
    end = int(utility.now()) + HOUR
    remembered = {kept.mrid: end, "GONE": end, "OLD": 5, "DEFAULT": None}
    async with started(remembered) as bench:
        await bench.until(lambda: len(bench.withdrawn) == 2)
        assert bench.withdrawn == {"GONE": "vanished", "DEFAULT": "vanished"}
        assert list(bench.received) == [kept.mrid]


async def test_a_link_that_does_not_run_delivers_nothing(bench_of):
    with pytest.raises(PeerError, match="not open"):
        await bench_of().link.respond(a_response("AA"))
