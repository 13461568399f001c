"""What became of a command at all its stations together."""

from fractions import Fraction

import pytest

from gateway.core.events import ReplyStatus, StationDescribed, StationDisconnected
from gateway.core.fleet import carried
from gateway.core.orders import HoldChanged
from gateway.core.site_answers import Extent
from support.engine_bench import a_profile, pf
from support.fleet import Fleet


@pytest.fixture
def fleet(book):
    return Fleet(book, "ABC")


def found(fleet):
    return carried(fleet.engine.world, [fleet.record(name) for name in "ABC"])


def test_all_carry_out_what_none_refused(fleet):
    fleet.command(pf(), stations="ABC")
    assert (found(fleet).extent, found(fleet).share, found(fleet).without) == (Extent.ALL, 1, {})


def test_some_do_with_their_share_of_the_rating(fleet):
    small = a_profile("B", der=False)
    fleet.hear(StationDescribed("B", small))  # 22 kW of 66
    fleet.answers["C"] = ReplyStatus.REJECTED
    fleet.command(pf(), stations="ABC")
    assert found(fleet).extent is Extent.SOME
    assert found(fleet).share == Fraction(1, 3)
    reasons = found(fleet).without
    assert reasons["B"] == "refused: FixedPowerFactor.injecting not_supported"
    assert reasons["C"].startswith("refused")


def test_nobody_does_while_all_is_held(fleet):
    fleet.hear(HoldChanged(True, "works", "ann"))
    fleet.command(pf(), stations="ABC")
    assert (found(fleet).extent, found(fleet).share) == (Extent.NONE, 0)
    assert set(found(fleet).without.values()) == {"declined by hold"}


def test_who_is_away_is_named(fleet):
    fleet.command(pf(), stations="ABC")
    fleet.hear(StationDisconnected("A"))
    assert found(fleet).without == {"A": "away"}


def test_who_took_no_part_and_who_did_not_follow_is_named(fleet):
    fleet.command(pf(), stations="ABC")
    fleet.at(10)
    fleet.started("A")
    fleet.started("B")
    record = fleet.record("B")
    fleet.engine.world.records["B"][record.key] = record.seen("FixedPF", followed=False)
    fleet.at(71)
    assert found(fleet).without == {"B": "took no part", "C": "took no part"}
    assert fleet.record("A").state == "completed"


def test_while_it_runs_who_does_not_follow_is_named_with_what(fleet):
    fleet.command(pf(), stations="ABC")
    record = fleet.record("B")
    fleet.engine.world.records["B"][record.key] = record.seen("FixedPF", followed=False)
    assert found(fleet).without == {"B": "does not follow FixedPF"}


def test_where_no_rating_is_known_some_is_some(fleet):
    for name in "ABC":
        fleet.engine.world.stations[name].profile = None
    fleet.command(pf(), stations="ABC")
    assert (found(fleet).extent, found(fleet).share) == (Extent.ALL, 1)
