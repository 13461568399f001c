"""Which way less goes, for every function and member that a message has; and curves, by small models."""

from fractions import Fraction
from itertools import pairwise, product

import pytest

from support.explained import explained
from support.vector_builders import GOLDEN
from translators.compare.direction import Direction, of_curve, of_number, of_presence
from translators.rules.canonical import CLASSES

SAFER, LOOSER, OTHER = Direction.SAFER, Direction.LOOSER, Direction.OTHER
BOUNDS = frozenset({"limit", "pctMaxDischargePower", "dischargeLimit"})
BOUNDS |= {f"{name}_{phase}" for name in ("limit", "dischargeLimit") for phase in ("L2", "L3")}
POWER = BOUNDS | {"setpoint", "setpoint_L2", "setpoint_L3", "setpointReactive"}
LESS_IS_SAFER = {
    "PowerLimit": POWER,
    "ReactiveLimit": POWER,
    "ApparentLimit": POWER,
    "Connect": POWER,
    "Energize": POWER,
    "GridConnectPermit": POWER,
    "ActiveSetpoint": BOUNDS,
    "Gradients": {"gradient", "softGradient"},
    "EnterService": {"highVoltage", "highFreq"},
}
MORE_IS_SAFER = {"EnterService": {"lowVoltage", "lowFreq", "delay"}}
FORBIDDING = {
    "PowerLimit",
    "ReactiveLimit",
    "ApparentLimit",
    "Connect",
    "Energize",
    "GridConnectPermit",
}
MEMBERS = sorted(
    {
        *POWER,
        *MORE_IS_SAFER["EnterService"],
        *LESS_IS_SAFER["Gradients"],
        *LESS_IS_SAFER["EnterService"],
        *("priority", "duration", "stackLevel", "id", "displacement", "numberPhases", "rampRate"),
    }
)


def wanted(function, member):
    if member in LESS_IS_SAFER.get(function, ()):
        return SAFER
    return LOOSER if member in MORE_IS_SAFER.get(function, ()) else OTHER


@pytest.mark.parametrize("function", CLASSES)
def test_less_of_a_member_goes_where_its_function_says(function):
    for member in MEMBERS:
        assert of_number((function,), member, 4, 3) is wanted(function, member), member


@pytest.mark.parametrize("function", CLASSES)
def test_more_of_a_member_goes_the_other_way(function):
    back = {SAFER: LOOSER, LOOSER: SAFER, OTHER: OTHER}
    for member in MEMBERS:
        assert of_number((function,), member, 3, 4) is back[wanted(function, member)], member


@pytest.mark.parametrize("function", CLASSES)
def test_the_same_value_written_otherwise_goes_nowhere(function):
    assert {of_number((function,), member, 4, 4.0) for member in MEMBERS} == {OTHER}


@pytest.mark.parametrize("function", CLASSES)
def test_only_what_forbids_is_safer_sent(function):
    forbids = function in FORBIDDING
    assert of_presence((function,), sent=True) is (SAFER if forbids else OTHER)
    assert of_presence((f"{function}.rest",), sent=False) is (LOOSER if forbids else OTHER)


def test_of_two_functions_both_have_to_agree():
    for one, other in product(CLASSES, repeat=2):
        for member in ("limit", "setpoint", "gradient"):
            agreed = {wanted(one, member), wanted(other, member)}
            (way,) = agreed if len(agreed) == 1 else {OTHER}
            assert of_number((one, other), member, 4, 3) is way, (one, other, member)


def test_a_magnitude_counts_on_either_side_of_zero():
    for before, after, way in ((-4, -3, SAFER), (-3, -4, LOOSER), (-3, 0, SAFER), (0, -3, LOOSER)):
        assert of_number(("PowerLimit.export",), "setpoint", before, after) is way


def test_a_gradient_of_nothing_is_read_in_two_ways():
    assert of_number(("Gradients",), "gradient", 1, 0) is OTHER
    assert of_number(("Gradients",), "gradient", 0, 1) is OTHER


@pytest.mark.parametrize("value", [None, "4", True, False, [4], {"a": 4}])
def test_what_is_no_number_goes_nowhere(value):
    assert of_number(("PowerLimit",), "limit", value, 4) is OTHER
    assert of_number(("PowerLimit",), "limit", 4, value) is OTHER


def emitted():
    """Return functions and members of every number of every vector."""
    for path in sorted(GOLDEN.glob("*/*.json")):
        for message in explained(path.stem, path.parent.name)["messages"]:
            for number in message["numbers"]:
                yield tuple(message["functions"]), number["target"].rpartition("/")[2]


def test_identity_and_time_of_a_message_never_go_anywhere():
    seen = set(emitted())
    own = {"id", "evseId", "stackLevel", "startPeriod", "startSchedule", "startTime", "duration"}
    own |= {"priority", "numberPhases"}
    assert own <= {member for _, member in seen}
    for functions, member in seen:
        if member in own:
            assert of_number(functions, member, 2, 1) is OTHER, (functions, member)


def test_every_limit_that_vectors_send_has_a_direction():
    limits = {
        (functions, member)
        for functions, member in emitted()
        if member in BOUNDS and {name.partition(".")[0] for name in functions} <= FORBIDDING
    }
    assert len(limits) >= 5
    assert all(of_number(functions, member, 2, 1) is SAFER for functions, member in limits)


def height(points, at):
    """Return the height of a polyline at a place where it is no step."""
    if at <= points[0][0]:
        return points[0][1]
    for (x0, y0), (x1, y1) in pairwise(points):
        if x0 <= at <= x1 and x0 < x1:
            return y0 + (y1 - y0) * (at - x0) / (x1 - x0)
    return points[-1][1]


def sampled(before, after):
    """Return which way a curve went by looking at many places between its vertices."""
    corners = {x for x, _ in (*before, *after)}
    places = [Fraction(n, 7) for n in range(-7, 36) if Fraction(n, 7) not in corners]
    gaps = [height(after, at) - height(before, at) for at in places]
    if not any(gaps):
        return OTHER
    if all(gap <= 0 for gap in gaps):
        return SAFER
    return LOOSER if all(gap >= 0 for gap in gaps) else OTHER


SHAPES = [
    [(Fraction(x), Fraction(y)) for x, y in zip(places, heights, strict=True)]
    for places in ((1,), (1, 3), (0, 2, 2), (1, 2, 4))
    for heights in product((0, 1, 2), repeat=len(places))
]


def test_every_pair_of_small_curves_goes_where_samples_say():
    seen = set()
    for before, after in product(SHAPES, repeat=2):
        way = of_curve(("VoltWatt",), before, after)
        assert way is sampled(before, after), (before, after)
        seen.add(way)
    assert seen == {SAFER, LOOSER, OTHER}


def test_a_vertex_more_on_the_same_line_goes_nowhere():
    line = [(Fraction(0), Fraction(2)), (Fraction(4), Fraction(0))]
    more = [line[0], (Fraction(2), Fraction(1)), line[1]]
    assert of_curve(("VoltWatt",), line, more) is OTHER
    assert of_curve(("VoltWatt",), more, line) is OTHER


def test_the_curve_of_two_functions_goes_nowhere():
    assert of_curve(("VoltWatt", "VoltVar"), SHAPES[1], SHAPES[0]) is OTHER
