"""One event for many stations: what is settled once, what is not, and that both ways say the same."""

from dataclasses import replace
from datetime import timedelta

import pytest

from support.translation import (
    NOON,
    F,
    a_command,
    a_default,
    a_station,
    an_evse,
    book,
    curve,
    factors,
    kinds,
    limit,
    only,
    q,
    situation,
    trip,
    xy,
)
from translators.canonical.capability import Dialect
from translators.canonical.commands import Interval, Target
from translators.canonical.controls import (
    FixedVar,
    FreqWatt,
    PowerMonitoring,
    VoltVar,
    VoltWatt,
    WattPowerFactor,
    WattVar,
)
from translators.chain import Press, to_station

OF_WATTS = VoltVar(curve("92 44, 98 0, 102 0, 108 -22", "pct[setMaxW]"), F(5))


def rated(number, **ratings):
    """Return a station of the fleet with ratings of its own."""
    return replace(a_station(an_evse(max_w=20000, **ratings)), id=f"CS{number}")


FLEET = [rated(n, max_var=20000 + 1000 * n, max_var_neg=10000 + 1000 * n) for n in range(5)]


def pressed(command, stations, told=None, rules=None):
    """Return what a press says of each station, having compared it with the long way."""
    press, here = Press(rules or book()), told or situation()
    made = [press.orders(command, station, here) for station in stations]
    long_way = [to_station(press.book, command, station, here) for station in stations]
    assert made == long_way
    assert [str(one.value) for one in made] == [str(one.value) for one in long_way]
    return made


def settled(made):
    """Say of each translation whether it went the short way: its trace is told where somebody reads it."""
    return [[len(part.noted) for part in one.parts] == [1] for one in made]


def test_from_the_second_station_of_a_kind_only_ratings_are_looked_up():
    made = pressed(a_command(OF_WATTS), FLEET)
    assert settled(made) == [False, True, True, True, True]
    assert xy(made[0]) == [(92, 44), (98, 0), (102, 0), (108, -44)]
    assert xy(made[4]) == [(92, 36.6667), (98, 0), (102, 0), (108, -31.4286)]


def test_each_station_has_its_own_control_id():
    made = pressed(a_command(OF_WATTS), FLEET)
    ids = {message.id for one in made for message in one.value.messages}
    assert ids == {only(one)["controlId"] for one in made}
    assert len(ids) == len(FLEET)


def test_what_a_station_loses_by_its_ratings_is_its_own():
    made = pressed(a_command(OF_WATTS), FLEET)
    assert [kinds(one) for one in made[:3]] == [
        ["rebase"],
        ["rebase", "round"],
        ["rebase", "round"],
    ]
    (of_second,) = (loss for loss in made[1].losses if loss.kind.value == "round")
    assert (of_second.where, of_second.residual) == ("curve/curveData[0]/y", "-1/26250")


def test_of_a_point_both_of_whose_numbers_are_rounded_x_tells_the_rest():
    control = WattVar(curve("33.33333 10, 50 0", "pct[setMaxW]", "pct[setMaxChargeRateW]"))
    made = pressed(a_command(control), FLEET)
    assert settled(made)[4:] == [True]
    (rounded,) = (loss for loss in made[4].losses if loss.kind.value == "round")
    assert (rounded.where, rounded.residual) == ("curve/curveData[0]/x", "-0.000037")


CURVES = [
    ("native reference", VoltVar(curve("92 44, 108 0", "pct[setMaxW]"), v_ref=F(97))),
    ("nothing to move", VoltVar(curve("92 44, 108 -44"))),
    ("watts", VoltWatt(curve("106 100, 110 0", "pct[setMaxW]"), F(10), generation_only=True)),
    ("both axes", WattVar(curve("-50 10, 0 0, 50 -10", "pct[setMaxW]", "pct[setMaxChargeRateW]"))),
    ("watts on the wire", VoltWatt(curve("106 20000, 110 0", "W"))),
    ("nothing but nothing", VoltWatt(curve("106 0, 110 0", "W"))),
    ("hertz", FreqWatt(curve("60.04 100, 62 0", "pct[setMaxW]", "Hz"))),
    ("hertz rounded", FreqWatt(curve("60.00004 10, 62 0", "pct[setMaxChargeRateW]", "Hz"))),
    ("seconds", PowerMonitoring(curve("0 120, 60 110", "pct[setMaxW]", "s"))),
]


@pytest.mark.parametrize("control", [row[1] for row in CURVES], ids=[row[0] for row in CURVES])
@pytest.mark.parametrize("make", [a_command, a_default])
def test_curves_of_all_kinds_are_settled(control, make):
    assert all(settled(pressed(make(control), FLEET))[1:])


def test_both_curves_of_one_command_are_settled():
    watts = VoltWatt(curve("106 80, 110 0", "pct[setMaxChargeRateW]"))
    made = pressed(a_command(OF_WATTS, watts, ramp_time=F(5)), FLEET)
    assert [[len(part.noted) for part in one.parts] for one in made[1:]] == [[1, 1]] * 4
    assert [loss.detail for loss in made[4].losses][-1].startswith("no OCPP field for the ramp")


LONG_WAYS = [
    ("no curve", FixedVar(q("25 pct[setMaxW]")), {}),
    ("a limit", limit("import", "7000 W"), {}),
    (
        "factors",
        WattPowerFactor(factors("50 1 over, 100 0.95 under"), q("1 pct[setMaxW]").unit),
        {},
    ),
    ("a boundary", trip("110 13, 120 0.16"), {}),
    ("beyond the range", VoltVar(curve("92 100, 108 0", "pct[setMaxW]")), {"max_var": 1000}),
    ("below the range", VoltVar(curve("92 0, 108 -90", "pct[setMaxW]")), {"max_var_neg": 10000}),
    ("a bend at 0", VoltVar(curve("92 10, 108 -10", "pct[setMaxW]")), {"max_var_neg": 7000}),
    ("a rating that is missing", OF_WATTS, {"max_var": None}),
    ("a reference of its own", VoltVar(curve("92 44, 108 0"), v_ref=F("97.00001")), {}),
]


@pytest.mark.parametrize(
    ("control", "ratings"), [row[1:] for row in LONG_WAYS], ids=[row[0] for row in LONG_WAYS]
)
def test_what_cannot_be_settled_goes_the_long_way(control, ratings):
    stations = [rated(number, **ratings) for number in range(4)]
    assert not any(settled(pressed(a_command(control), stations)))


def test_a_curve_with_too_many_points_goes_the_long_way():
    rows = ", ".join(f"{90 + n} {n * n}" for n in range(11))
    assert not any(settled(pressed(a_command(VoltVar(curve(rows))), FLEET)))


def test_a_folded_reference_goes_the_long_way():
    control = VoltVar(curve("92 44, 108 -44"), v_ref=F(95))
    stations = [replace(a_station(vref="bake_additive"), id=str(n)) for n in range(3)]
    assert not any(settled(pressed(a_command(control), stations)))


def test_one_station_may_go_the_long_way_among_others_of_its_kind():
    beyond, below = rated(7, max_var=1000), rated(8, max_var_neg=1000)
    made = pressed(a_command(OF_WATTS), [*FLEET, beyond, below, rated(9, max_var=None), FLEET[0]])
    assert settled(made)[-4:] == [False, False, False, True]


def test_a_line_across_0_is_straight_where_both_sides_have_one_rating():
    control = VoltVar(curve("92 10, 108 -10", "pct[setMaxW]"))
    alike = [rated(n, max_var=20000 + n, max_var_neg=20000 + n) for n in range(3)]
    assert settled(pressed(a_command(control), [*alike, FLEET[1]])) == [False, True, True, False]


@pytest.mark.parametrize(
    "told",
    [situation(settings={"setMaxW": 9000}), replace(situation(), beside=(limit("load", "1 W"),))],
    ids=["settings", "limits beside"],
)
def test_what_bounds_a_station_besides_goes_the_long_way(told):
    assert not any(settled(pressed(a_command(OF_WATTS), FLEET, told)))


def test_what_bounds_one_station_bounds_none_of_its_kind_and_is_not_lost():
    press, command = Press(book()), a_command(OF_WATTS)
    bounded = situation(settings={"setMaxW": 9000})
    heard = [(one, situation()) for one in FLEET[:3]] + [(FLEET[3], bounded)]
    made = [press.orders(command, station, told) for station, told in heard]
    assert made == [to_station(press.book, command, station, told) for station, told in heard]
    assert settled(made) == [False, True, True, False]
    assert xy(made[3])[0] == (92, 17.2174)


def test_a_kind_of_station_is_settled_by_itself():
    others = [replace(station, ocpp_version="2.1", vendor="v") for station in FLEET]
    silent = [a_station(an_evse(modes=())) for _ in range(2)]
    assert settled(pressed(a_command(OF_WATTS), others)) == [False, True, True, True, True]
    mixed = [FLEET[0], silent[0], FLEET[1], silent[1], FLEET[2]]
    assert settled(pressed(a_command(OF_WATTS), mixed)) == [False, False, True, False, True]


@pytest.mark.parametrize(
    "kind",
    [
        {"dialect": Dialect(vref="bake_additive")},
        {"dialect": Dialect(excitation="inverted")},
        {"ocpp_version": "2.0.1"},
        {"nominal_frequency_hz": F(50)},
        {"evses": (an_evse(modes=["VoltWatt"]),)},
        {"evses": (an_evse(1), an_evse(2))},
        {"evses": ()},
    ],
    ids=lambda kind: " ".join(map(str, kind.items()))[:40],
)
def test_a_station_of_another_kind_among_them_is_told_by_what_it_is(kind):
    control = VoltVar(curve("92 4, 98 0, 102 0, 108 -2", "pct[setMaxW]"), v_ref=F(95))
    other = [replace(rated(n), **kind) for n in range(3)]
    stations = [station for pair in zip(FLEET, other, strict=False) for station in pair]
    for command in (a_command(control), a_command(OF_WATTS)):
        pressed(command, [*FLEET, *stations], situation(unequal_ratings="sum"))


def test_whether_a_station_can_discharge_is_part_of_its_kind():
    (row,) = book().fallback["VoltVar"]
    rows = (row.model_copy(update={"der": row.der.model_copy(update={"needs": ["discharge"]})}),)
    rules = replace(book(), fallback={**book().fallback, "VoltVar": rows})
    able = [rated(n, modes=["VoltVar"], v2x=(), max_discharge_rate_w=1) for n in range(3)]
    unable = [rated(n, modes=["VoltVar"], v2x=(), max_discharge_rate_w=0) for n in range(2)]
    made = pressed(a_command(OF_WATTS), [*able, *unable], rules=rules)
    assert settled(made)[:3] == [False, True, True]
    assert [len(one.refusals) for one in made] == [0, 0, 0, 1, 1]


def test_evses_that_differ_are_summed_or_refused_as_ever():
    two = [a_station(an_evse(1, max_var=1000 * n), an_evse(2, max_var=2000)) for n in range(20, 24)]
    control = VoltVar(curve("92 1, 108 0", "pct[setMaxW]"))
    assert all(settled(pressed(a_command(control), two, situation(unequal_ratings="sum")))[1:])
    assert not any(settled(pressed(a_command(control), two)))


def test_commands_of_one_event_share_what_is_settled():
    press = Press(book())
    commands = [a_command(OF_WATTS, target=Target(station.id)) for station in FLEET]
    made = [press.orders(c, s, situation()) for c, s in zip(commands, FLEET, strict=True)]
    assert settled(made) == [False, True, True, True, True]


def test_another_edition_of_an_event_is_settled_anew():
    press = Press(book())
    for primacy in (1, 2):
        command = a_command(OF_WATTS, primacy=primacy)
        made = [press.orders(command, station, situation()) for station in FLEET]
        assert settled(made) == [False, True, True, True, True]
        assert {only(one)["curve"]["priority"] for one in made} == {primacy}


@pytest.mark.parametrize(
    "changes",
    [
        {"mrid": "0B"},
        {"controls": (VoltVar(curve("92 43, 98 0, 102 0, 108 -22", "pct[setMaxW]"), F(5)),)},
        {"controls": (VoltVar(curve("92 44, 98 0, 102 0, 108 -22"), F(5)),)},
        {"controls": (replace(OF_WATTS, response_time=F(6)),)},
        {"interval": Interval(NOON, NOON + timedelta(hours=2))},
        {"interval": Interval(NOON + timedelta(hours=1), NOON + timedelta(hours=2))},
        {"primacy": 8},
        {"ramp_time": F(5)},
        {"is_default": True, "interval": None},
        {"is_default": True},
        {"target": Target("CS1", 1)},
    ],
    ids=" ".join,
)
def test_whatever_is_asked_for_otherwise_is_told_otherwise(changes):
    press, one = Press(book()), a_command(OF_WATTS)
    other = replace(one, **changes)
    two = [replace(a_station(an_evse(1), an_evse(2)), id=f"CS{n}") for n in range(3)]
    for command in (one, other, one, other):
        for station in (*FLEET, *two):
            made = press.orders(command, station, situation(unequal_ratings="sum"))
            alone = to_station(book(), command, station, situation(unequal_ratings="sum"))
            assert made == alone


def test_events_in_turns_are_told_apart():
    press, made = Press(book()), []
    for station in FLEET:
        for mrid in ("0A", "0B"):
            command = a_command(OF_WATTS, mrid=mrid)
            made.append(press.orders(command, station, situation()))
            assert made[-1] == to_station(press.book, command, station, situation())
    assert settled(made) == [False, False, *[True] * 8]


def test_a_press_forgets_the_oldest_events():
    press, (first, second, *_) = Press(book()), FLEET
    press.orders(a_command(OF_WATTS), first, situation())
    for number in range(64):
        press.orders(a_command(OF_WATTS, mrid=f"E{number}"), first, situation())
    assert settled([press.orders(a_command(OF_WATTS), second, situation())]) == [False]


def test_the_trace_is_told_by_the_long_way_when_it_is_read():
    made = pressed(a_command(OF_WATTS), FLEET)[4]
    (rebased,) = (
        step for step in made.steps if step.target == "points[0].y" and "rebase" in step.operation
    )
    assert (rebased.after, rebased.base) == ("110/3", "setMaxW = 20000, setMaxVar = 24000")
