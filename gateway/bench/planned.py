"""A thousand overlapping controls over ten thousand stations: what each of these should hold.

The controls are events of four programs in groups of 40 stations (feeders, say). In each group four of them
overlap, with two functions each: two ask for a volt-var curve and a limit of charge, two for a power factor
and a limit of discharge, and primacy decides. So each station has four events to arbitrate, and what it
should hold is worked out from nothing: no plan and no translation is remembered at the beginning.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

from gateway.bench.generated import NOON, UTILITY, four_controls, profile_of, volt_var
from gateway.core.agenda import Line
from gateway.core.dispatch import Scene, wanted
from gateway.core.lifecycle import State
from gateway.core.plans import Plans
from gateway.core.records import CommandRecord
from gateway.core.sharing import Shared
from gateway.core.translating import Translator
from gateway.settings.packs import shipped_book
from translators.canonical.capability import Situation
from translators.canonical.commands import DerCommand, Interval, Target
from translators.canonical.controls import DerControl, PowerLimit, Quantity
from translators.rules.book import Book

_PROGRAMS = 4
_HOUR = timedelta(hours=1)
_LATER = timedelta(minutes=10)
_SHARE = 10
"""Stations for each control."""
_SAMPLED = 997
"""Of so many stations one is planned by itself, to compare."""

type Asked = tuple[tuple[Line, ...], Scene]
"""The commands of one station, and the station."""


def seconds(stations: int, kinds: int, rounds: int) -> float:
    """Return the CPU seconds of planning all of it once, the least of the rounds.

    Stations are of so many kinds (ratings), and there is a control for every ten of them. `RuntimeError`
    where a plan is wrong.
    """
    book = shipped_book()
    asked = list(_asked(book, stations, kinds))
    spent = []
    for _ in range(rounds):
        plans, translator = Plans(), Translator(book)
        scenes = [(lines, replace(scene, translator=translator)) for lines, scene in asked]
        begin = time.process_time_ns()
        found = [plans.wanted(lines, scene) for lines, scene in scenes]
        spent.append(time.process_time_ns() - begin)
        for number in range(0, stations, _SAMPLED):
            if found[number] != wanted(*asked[number]) or not found[number].desired:
                raise RuntimeError(f"station {number} is not planned as it would be alone")
    return min(spent) / 1e9


def _asked(book: Book, stations: int, kinds: int) -> Iterator[Asked]:
    events, translator, shared = _events(book, stations // _SHARE), Translator(book), Shared()
    for number in range(stations):
        name = f"bench-{number:06d}"
        group = number * len(events) // stations
        records = tuple(
            CommandRecord(replace(event, target=Target(name)), State.SCHEDULED, level=level)
            for level, event in enumerate(events[group], 1)
        )
        profile = shared.profile(profile_of(name, number % kinds))
        scene = Scene(profile, Situation(), translator, NOON)
        yield (Line(UTILITY, timedelta(), records),), scene


def _events(book: Book, controls: int) -> list[list[DerCommand]]:
    """Return the events of each group; in our time the second begins before the first ends, and so on."""
    return [
        [_event(book, group, program) for program in range(_PROGRAMS)]
        for group in range(max(1, controls // _PROGRAMS))
    ]


def _event(book: Book, group: int, program: int) -> DerCommand:
    begin = NOON + program * _LATER
    return replace(
        volt_var(book),
        mrid=f"{group:016X}{program:016X}",
        controls=tuple(_controls(book, program)),
        primacy=_PROGRAMS - program,
        interval=Interval(begin, begin + _HOUR),
    )


def _controls(book: Book, program: int) -> Iterator[DerControl]:
    """Yield a function of the grid and a limit; every other program asks for the same two."""
    curve, factor, export, charge = four_controls(book)
    for control in (curve, charge) if program % 2 else (factor, export):
        if isinstance(control, PowerLimit):
            watts = control.value.value - Fraction(100 * program)
            yield replace(control, value=Quantity(watts, control.value.unit))
        else:
            yield control
