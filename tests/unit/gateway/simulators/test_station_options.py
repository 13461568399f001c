import pytest

from gateway.simulators.station_options import ANY, StationOptions, hits


def options(**changes):
    return StationOptions(**{"id": "a", "password": "b", "url": "ws://c"} | changes)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("versions", ("ocpp1.6",)),
        ("der_modes", ("VoltVar", "Magic")),
        ("v2x_modes", ("LocalLoadBalancing",)),
        ("charging_rate_units", ("kW",)),
    ],
)
def test_names_that_ocpp_does_not_know_are_refused(name, value):
    with pytest.raises(ValueError, match=f"^{name}: '{value[-1]}' is none of "):
        options(**{name: value})


def test_everything_is_optional_that_a_site_need_not_say():
    assert options().plate.max_w == 22_000
    assert options(der_modes=(), v2x_modes=()).der_modes == ()


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (frozenset({"Reset"}), True),
        (frozenset({ANY}), True),
        (frozenset({"Heartbeat"}), False),
        ({"Reset": 1}, True),
        ({}, False),
    ],
)
def test_a_name_is_hit_by_itself_or_by_all(names, expected):
    assert hits(names, "Reset") is expected
