"""Moves of a script: assignments, supersession, cancellation, and what the clock does."""

from dataclasses import replace

import pytest

from gateway.simulators import utility_2030_5_controls as make
from gateway.simulators.utility_2030_5_controls import control
from gateway.simulators.utility_2030_5_world import EventState, Options, World, sfdi_of

LFDI = "3E4F45AB31EDFE5B67E343E5E4562E31984E23E5"
OTHER = "5495F452B07BC35AD68064312FAAA232BAB197F5"
NOON = 1_800_000_000
LIMIT, TARGET = make.max_lim_w(50), make.target_w(100)


class Clock:
    """A clock that a test moves."""

    def __init__(self):
        self.at = float(NOON)

    def __call__(self):
        return self.at


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def world(clock):
    return World(Options(), clock)


@pytest.fixture
def program(world):
    return world.add_program(1)


@pytest.mark.parametrize(
    ("lfdi", "sfdi"),
    [
        pytest.param(LFDI, 167261211391, id="as a server in the field computed it"),
        pytest.param(OTHER, 227058168759, id="another"),
        pytest.param("0" * 40, 0, id="nothing but zeroes"),
    ],
)
def test_the_sfdi_follows_from_the_lfdi(lfdi, sfdi):
    assert sfdi_of(lfdi) == sfdi


def test_a_device_is_found_whatever_the_case(world):
    device = world.add_device(LFDI.lower())
    assert world.device(LFDI) is device
    assert device.lfdi == LFDI
    assert world.device(OTHER) is None


def test_a_device_is_registered_once(world):
    world.add_device(LFDI)
    with pytest.raises(ValueError, match="registered already"):
        world.add_device(LFDI.lower())


def test_programs_reach_a_device_through_its_assignments_each_once(world, program):
    second = world.add_program(2)
    device = world.add_device(LFDI, program)
    world.assign(device, second, assignment=2)
    world.assign(device, program, assignment=2)
    assert [item.number for item in device.assignments] == [1, 2]
    assert device.programs == [program, second]


def test_a_program_can_be_taken_away_everywhere(world, program):
    device = world.add_device(LFDI, program)
    world.assign(device, program, assignment=2)
    world.unassign(device, program)
    assert device.programs == []
    assert len(device.assignments) == 2


def test_mrids_are_32_digits_and_never_repeat(world):
    made = [world.add_program(1).mrid for _ in range(50)]
    assert len(set(made)) == 50
    assert all(len(item) == 32 and item.endswith("00007ED9") for item in made)
    assert len({item[:8] for item in made}) == 50


def test_a_given_mrid_is_kept_in_upper_case(world, program):
    held = world.add_control(program, control(NOON, 60, LIMIT, mrid="ab" * 16))
    assert held.mrid == "AB" * 16
    assert world.find("ab" * 16) == (program, held)


@pytest.mark.parametrize(
    ("at", "state"),
    [
        pytest.param(-1, EventState.SCHEDULED, id="before"),
        pytest.param(0, EventState.ACTIVE, id="at the start"),
        pytest.param(59, EventState.ACTIVE, id="during"),
    ],
)
def test_the_clock_decides_between_scheduled_and_active(world, program, at, state):
    held = world.add_control(program, control(NOON, 60, LIMIT))
    assert held.state_at(NOON + at) is state


@pytest.mark.parametrize(
    ("randomize", "end"),
    [
        pytest.param((None, None), 60, id="none"),
        pytest.param((30, None), 90, id="a late start"),
        pytest.param((-30, None), 60, id="an early start"),
        pytest.param((30, 10), 100, id="both late"),
        pytest.param((30, -10), 90, id="shorter"),
    ],
)
def test_a_control_stays_until_its_latest_possible_end(world, program, randomize, end):
    held = world.add_control(program, control(NOON, 60, LIMIT, randomize=randomize))
    assert held.last_end == NOON + end


@pytest.mark.parametrize(
    ("start", "part", "superseded"),
    [
        pytest.param(NOON + 30, LIMIT, True, id="overlaps in time and mode"),
        pytest.param(NOON + 30, TARGET, False, id="another mode"),
        pytest.param(NOON + 60, LIMIT, False, id="begins where the other ends"),
        pytest.param(NOON - 30, LIMIT, False, id="ends where the other begins"),
        pytest.param(NOON - 29, LIMIT, True, id="ends a second later"),
    ],
)
def test_a_newer_control_supersedes_an_overlapping_one(world, program, start, part, superseded):
    older = world.add_control(program, control(NOON, 60, LIMIT))
    newer = world.add_control(program, control(start, 30, part))
    assert (older.state is EventState.SUPERSEDED) is superseded
    assert newer.state is None


def test_a_shared_ramp_is_no_shared_mode(world, program):
    older = world.add_control(program, control(NOON, 60, LIMIT, make.ramp(100)))
    world.add_control(program, control(NOON, 60, TARGET, make.ramp(100)))
    assert older.state is None


def test_one_shared_mode_takes_the_whole_control_along(world, program):
    older = world.add_control(program, control(NOON, 60, LIMIT, TARGET))
    world.add_control(program, control(NOON, 60, TARGET))
    assert older.state is EventState.SUPERSEDED


def test_nothing_is_marked_across_programs(world, program):
    older = world.add_control(program, control(NOON, 60, LIMIT))
    world.add_control(world.add_program(0), control(NOON, 60, LIMIT))
    assert older.state is None


def test_marking_can_be_left_to_the_client(world, program):
    older = world.add_control(program, control(NOON, 60, LIMIT))
    world.add_control(program, control(NOON, 60, LIMIT), supersede=False)
    assert older.state is None


def test_a_cancelled_control_is_not_superseded_as_well(world, program):
    older = world.add_control(program, control(NOON, 60, LIMIT))
    world.cancel(older.mrid)
    world.add_control(program, control(NOON, 60, LIMIT))
    assert older.state is EventState.CANCELLED


@pytest.mark.parametrize(
    ("randomized", "state"),
    [(False, EventState.CANCELLED), (True, EventState.CANCELLED_RANDOMIZED)],
)
def test_a_cancelled_control_says_so_and_when(world, program, clock, randomized, state):
    held = world.add_control(program, control(NOON, 60, LIMIT))
    clock.at += 7
    world.cancel(held.mrid, randomized=randomized)
    assert (held.state_at(clock.at), held.changed) == (state, NOON + 7)


def test_an_update_changes_the_version_and_what_it_says(world, program):
    held = world.add_control(program, control(NOON, 60, LIMIT))
    world.update(held.mrid, lambda it: replace(it, duration=90))
    world.update(held.mrid, lambda it: replace(it, base=(TARGET,)))
    assert (held.control.version, held.control.duration) == (2, 90)
    assert held.control.base == (TARGET,)


def test_a_removed_control_is_gone(world, program):
    held = world.add_control(program, control(NOON, 60, LIMIT))
    world.remove(held.mrid)
    with pytest.raises(KeyError):
        world.find(held.mrid)


def test_the_utility_has_a_clock_of_its_own(world, clock):
    world.time_offset_s = -3600
    assert world.now() == NOON - 3600


def test_curves_are_numbered_within_their_program(world, program):
    curve = make.Curve("opModVoltVar", [(1, 1)])
    other = world.add_program(2)
    assert [world.add_curve(it, curve) for it in (program, program, other)] == [
        "/derp/1/dc/1",
        "/derp/1/dc/2",
        "/derp/2/dc/1",
    ]


def test_the_default_control_keeps_the_order_of_the_schema(world, program):
    settings = {"setSoftGradW": 3, "setESDelay": 1, "setGradW": 2}
    mrid = world.set_default(program, LIMIT, settings=settings)
    assert [child.name for child in program.default.children] == [
        "mRID",
        "version",
        "DERControlBase",
        "setESDelay",
        "setGradW",
        "setSoftGradW",
    ]
    assert program.default.at("mRID") == mrid
    assert program.default.at("DERControlBase/opModMaxLimW") == "5000"


def test_a_trap_counts_down_and_can_be_lifted(world):
    world.fail("/derp/*", lambda honest: honest(), method="GET", times=2)
    (trap,) = world.traps
    assert not trap.springs("GET", "/dcap")
    assert not trap.springs("POST", "/derp/1")
    assert [trap.springs("GET", "/derp/1/derc") for _ in range(3)] == [True, True, False]
    world.heal()
    assert world.traps == []
