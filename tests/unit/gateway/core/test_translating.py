"""What is translated once for all stations that are alike is what each would get by itself."""

from dataclasses import replace
from fractions import Fraction

import pytest

from gateway.core.guard import guarded
from gateway.core.translating import Translator
from support.engine_bench import NOON, a_command, a_profile, limit, pf
from support.nameplate import draw_from
from support.translation import curve
from translators.canonical.capability import Situation, Transaction
from translators.canonical.commands import Target
from translators.canonical.controls import VoltVar
from translators.chain import to_station

DRAWS = 300
KEY = "dso/CS1/M1"
VOLT_VAR = VoltVar(curve("92 44, 108 -22"))


def at(station, command):
    return replace(command, target=replace(command.target, station=station))


def by_itself(book, command, profile, situation):
    return guarded(to_station(book, command, profile, situation), profile)


@pytest.mark.parametrize("seed", [1, 2])
def test_every_station_of_a_kind_is_owed_what_it_would_be_owed_alone(book, seed):
    translator, draw, seen = Translator(book), draw_from(seed), set()
    for number in range(DRAWS):
        kind, command = draw.station(), replace(draw.command(), mrid=f"{number:X}")
        situation = draw.situation(kind)
        for name in ("A", "B"):
            station, own = replace(kind, id=name), at(name, command)
            found = translator.orders(KEY, own, station, situation)
            alone = by_itself(book, own, station, situation)
            assert found.value == alone.value
            assert found.refusals == alone.refusals
            assert found.losses == alone.losses
            assert found.told.steps == [step.told() for step in alone.steps]
            seen |= {message.action for message in found.value.messages}
    assert seen == {"SetDERControl", "SetChargingProfile"}


def test_stations_that_are_alike_share_one_translation(book):
    translator, profile = Translator(book), a_profile()
    one, other = (
        translator.orders(KEY, at(name, a_command()), replace(profile, id=name), Situation())
        for name in ("A", "B")
    )
    assert one.told is other.told
    (first,), (second,) = one.value.messages, other.value.messages
    assert first.id != second.id
    assert first.payload["fixedPFInject"] is second.payload["fixedPFInject"]


@pytest.mark.parametrize(
    ("changed", "situation"),
    [
        (a_command("M1", pf("0.9")), Situation()),
        (a_command("M1", start=11), Situation()),
        (a_command("M1", primacy=3), Situation()),
        (a_command("M1", created=NOON), Situation()),
        (a_command("M1", limit()), Situation()),
        (a_command(target=Target("CS1", 1)), Situation()),
        (a_command(), Situation(transactions=(Transaction(1, "T1"),))),
        (a_command(), Situation(policy={"discharge": "forbid"})),
        (a_command(), Situation(stack_level=2)),
    ],
)
def test_what_a_translation_rests_on_is_not_mixed_up(book, changed, situation):
    translator, profile = Translator(book), a_profile()
    before = translator.orders(KEY, a_command(), profile, Situation())
    found = translator.orders(KEY, changed, profile, situation)
    assert found.told is not before.told
    assert found.value == by_itself(book, changed, profile, situation).value


def test_other_ratings_are_another_kind(book):
    translator, profile = Translator(book), a_profile()
    weaker = replace(profile, evses=(replace(profile.evses[0], der_modes=frozenset()),))
    assert translator.orders(KEY, a_command(), profile, Situation()).value.messages
    assert not translator.orders(KEY, a_command(), weaker, Situation()).value.messages


def test_a_command_that_was_translated_keeps_its_rules_until_it_comes_anew(book):
    translator = Translator(book)
    newer, newest = replace(book, digest="newer"), replace(book, digest="newest")
    translator.adopt(newer, ["a"])
    assert (translator.book_of("a"), translator.book_of("b")) == (book, newer)
    translator.adopt(newest, ["a", "b"])
    assert (translator.book_of("a"), translator.book_of("b")) == (book, newer)
    translator.forget("a")
    assert (translator.book_of("a"), translator.book_of("b")) == (newest, newer)


def test_what_a_press_settled_serves_whoever_translates_by_the_same_rules(book):
    translator, told, kind = Translator(book), [], a_profile()
    (first,) = kind.evses
    for number in range(3):
        ratings = replace(first.ratings, max_va=Fraction(30_000 + number))
        profile = replace(kind, evses=(replace(first, ratings=ratings),))
        once = translator.by({KEY: book})
        told.append(once.orders(KEY, a_command("M1", VOLT_VAR), profile, Situation()).told)
        alone = by_itself(book, a_command("M1", VOLT_VAR), profile, Situation())
        assert told[-1].made.losses == alone.losses
        assert told[-1].steps == [step.told() for step in alone.steps]
    lengths = [[len(part.noted) for part in one.made.parts] for one in told]
    assert lengths == [lengths[0], [1], [1]]
    assert lengths[0] != [1]
