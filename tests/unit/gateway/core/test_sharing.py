"""What stations have alike becomes one object, and nothing else about it changes."""

import pickle
from dataclasses import replace
from fractions import Fraction

from gateway.core.sharing import Shared
from support.engine_bench import NOON, a_command, a_profile, limit, pf
from translators.canonical.codec import encode
from translators.canonical.commands import Randomization, Target


def again(value):
    """Return a copy that shares nothing."""
    return pickle.loads(pickle.dumps(value))  # noqa: S301 - our own


def test_equal_kinds_of_stations_are_one():
    shared = Shared()
    one, other = shared.profile(a_profile("A")), shared.profile(again(a_profile("B")))
    assert (one, other) == (a_profile("A"), a_profile("B"))
    assert one.evses is other.evses


def test_another_rating_is_another_kind():
    shared, profile = Shared(), a_profile()
    (evse,) = profile.evses
    weaker = replace(evse, ratings=replace(evse.ratings, max_w=Fraction(1)))
    assert shared.profile(profile).evses != shared.profile(replace(profile, evses=(weaker,))).evses


def test_one_event_served_to_two_stations_is_kept_once():
    shared, at_a = Shared(), a_command(target=Target("A"))
    draws = Randomization(30, 0, start_draw_s=7, duration_draw_s=0)
    at_b = replace(at_a, target=Target("B"), server_time=NOON, randomization=draws)
    one, other = shared.command(at_a), shared.command(again(at_b))
    assert (one, other) == (at_a, at_b)
    assert one.controls is other.controls
    assert one.interval is other.interval


def test_another_edition_is_not_mixed_up_with_the_one_before():
    shared = Shared()
    shared.command(a_command())
    changed = a_command("M1", pf("0.9"), limit(), version=1)
    assert shared.command(changed) == changed
    assert shared.command(a_command()) == a_command()


def test_what_is_written_of_a_command_is_what_the_codec_writes_and_made_once():
    shared, command = Shared(), a_command("M1", pf(), limit())
    written = shared.document(command)
    assert written == encode(command)
    assert list(written) == list(encode(command))
    assert shared.document(command) is written
    other = shared.document(replace(command, target=Target("B")))
    assert other == encode(replace(command, target=Target("B")))
    assert other["controls"] is written["controls"]
