"""Feeders and the canary group in site.yaml."""

from datetime import timedelta
from fractions import Fraction

import pytest

from gateway.errors import SettingsError
from gateway.settings import load
from gateway.site import pace_rules
from support.site import a_site, enrol, write_site

FEEDER = {"id": "F", "stations": ["CS1"], "max_step_w": 50_000}
RATED = {"id": 1, "current": "DC", "ratings": {"MaxChargeRateW": 22_000, "MaxW": 20_000}}
BARE = {"id": 1, "current": "AC", "ratings": {"MaxA": 32}}


def settings(folder, *evses, **changes):
    enrol(folder, "CS1")
    document = a_site(**changes)
    document["stations"][0]["evses"] = list(evses or [RATED])
    return load(write_site(folder, document), {})


def test_a_feeder_knows_how_far_its_stations_can_move_it(tmp_path):
    twice = RATED | {"id": 2}
    rules = pace_rules(settings(tmp_path, RATED, twice, feeders=[FEEDER]))
    (feeder,) = rules.feeders
    assert feeder.swings == {"CS1": Fraction(84_000)}
    assert (feeder.most, rules.canary) == (50_000, None)


def test_without_settings_nothing_waits(tmp_path):
    rules = pace_rules(settings(tmp_path))
    assert (rules.feeders, rules.canary) == ((), None)


def test_a_canary_group_goes_first(tmp_path):
    rules = pace_rules(settings(tmp_path, canary={"stations": ["CS1"], "wait_s": 90}))
    assert rules.canary.stations == {"CS1"}
    assert rules.canary.wait == timedelta(seconds=90)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"feeders": [FEEDER | {"stations": ["CS9"]}]}, "CS9 of feeder F is no station here"),
        ({"feeders": [FEEDER, FEEDER | {"id": "G"}]}, "station CS1 is on feeder F already"),
        ({"feeders": [FEEDER | {"max_step_w": 0}]}, "greater than 0"),
        ({"canary": {"stations": ["CS9"]}}, "CS9 of the canary group is no station here"),
        ({"canary": {"stations": ["CS1"], "wait_s": 5}}, "greater than or equal to 10"),
    ],
    ids=["no station", "two feeders", "no step", "no canary", "no time to show itself"],
)
def test_what_cannot_be_is_refused_where_it_stands(tmp_path, changes, problem):
    with pytest.raises(SettingsError, match=problem):
        settings(tmp_path, **changes)


def test_a_station_that_moves_a_feeder_nobody_knows_how_far_is_refused(tmp_path):
    with pytest.raises(SettingsError, match="how far station CS1 can move feeder F is not known"):
        settings(tmp_path, BARE, feeders=[FEEDER])
