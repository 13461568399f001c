"""From the commands of one event, an interval each, to the messages that one station is owed.

    interval 0  SetChargingProfile  ├── 50 kW ──┤                   one profile, two periods:
    interval 1  SetChargingProfile              ├── 20.5 kW ──┤     startPeriod 0 and 3600

Profiles that differ in nothing but time and periods, and follow each other without a gap, become one
schedule. A DER control has no periods: it stays one message for each interval.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from translators.canonical.capability import Situation, StationProfile
from translators.canonical.commands import DerCommand, Interval
from translators.ocpp.orders import StationOrders, to_station
from translators.ocpp.wire import Json, StationMessage
from translators.rules.book import Book
from translators.rules.scopes import name_in
from translators.rules.trace import Loss, LossKind, Refusal, Step, Translation

MOST_PERIODS = 1024
"""Of one schedule, by the schema (OCPP 2.1 ChargingScheduleType); a station may hold fewer."""
_RULE = "ocpp.series"
_CITES = (
    "OCPP 2.1 ChargingScheduleType.chargingSchedulePeriod",
    "SmartChargingCtrlr.PeriodsPerSchedule",
)
_SCHEDULE = "chargingProfile/chargingSchedule[0]"
_PERIODS = f"{_SCHEDULE}/chargingSchedulePeriod"
_TIMES = frozenset({f"{_SCHEDULE}/startSchedule", f"{_SCHEDULE}/duration"})


@dataclass(slots=True)
class _Row:
    """Profiles that follow each other: the first one's message, and the periods of all of them."""

    message: StationMessage
    periods: list[Json]
    start: datetime
    told: datetime | None
    """Where what the station is told ends; None without end."""
    end: datetime | None
    """Where the commands end."""

    def joined(self) -> StationMessage:
        """Return the one message that they make."""
        profile = self.message.payload["chargingProfile"]
        (schedule,) = profile["chargingSchedule"]
        whole = {**schedule, "chargingSchedulePeriod": self.periods}
        whole.pop("duration", None)
        if self.told is not None:
            whole["duration"] = _seconds(self.start, self.told)
        body = {**profile, "chargingSchedule": [whole]}
        return replace(self.message, payload={**self.message.payload, "chargingProfile": body})


@dataclass(slots=True)
class _Series:
    """What became of the commands so far."""

    most: int
    messages: list[_Row | StationMessage] = field(default_factory=list)
    open: dict[str, _Row] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    losses: dict[tuple[str, str, str, str], Loss] = field(default_factory=dict)

    def lose(self, loss: Loss, where: str) -> None:
        """Note a loss: of each kind and place the first of all intervals."""
        key = (loss.kind.value, loss.rule, loss.control, loss.where)
        self.losses.setdefault(key, replace(loss, where=where))


def to_station_series(
    book: Book, commands: Sequence[DerCommand], profile: StationProfile, situation: Situation
) -> Translation[StationOrders]:
    """Return the messages for all commands of one event, in the order of time."""
    parts = [to_station(book, command, profile, situation) for command in commands]
    if len(parts) == 1:
        return parts[0]
    series = _Series(_most_periods(profile))
    for number, (command, part) in enumerate(zip(commands, parts, strict=True)):
        _add(series, number, command, part)
    series.steps += [step for item in series.messages for step in _whole_time(item)]
    messages = (item.joined() if isinstance(item, _Row) else item for item in series.messages)
    vacuous = dict.fromkeys(name for part in parts for name in part.value.vacuous)
    orders = StationOrders(tuple(messages), tuple(vacuous))
    refusals = tuple(_once(refusal for part in parts for refusal in part.refusals))
    return Translation(orders, tuple(series.steps), tuple(series.losses.values()), refusals)


def _most_periods(profile: StationProfile) -> int:
    """Return how many periods a schedule may have at this station."""
    known = [evse.periods_per_schedule for evse in profile.evses]
    return min([number for number in known if number is not None], default=MOST_PERIODS)


def _add(
    series: _Series, number: int, command: DerCommand, part: Translation[StationOrders]
) -> None:
    """Add one command's messages, joined to those before where that can be."""
    places: dict[str, int] = {}
    """The first period that a function has in its joined schedule."""
    seen: set[str] = set()
    for message in part.value.messages:
        key = _key(message, command)
        if key is None or command.interval is None or key in seen:
            series.messages.append(message)
            continue
        seen.add(key)
        first = _join(series, key, message, command.interval)
        places |= dict.fromkeys(message.functions, first)
    series.steps += _moved(number, part.steps, places)
    for loss in part.losses:
        series.lose(loss, _in_period(loss.where, places.get(loss.control, 0)))


def _key(message: StationMessage, command: DerCommand) -> str | None:
    """Return what profiles that may be joined have in common, None where there are no periods to join."""
    profile = message.payload.get("chargingProfile")
    if profile is None or profile["chargingProfileKind"] != "Absolute":
        return None
    (schedule,) = profile["chargingSchedule"]
    own = {"id", "startSchedule", "duration", "chargingSchedulePeriod"}
    shared = [
        message.payload["evseId"],
        {name: item for name, item in profile.items() if name not in {"id", "chargingSchedule"}},
        {name: item for name, item in schedule.items() if name not in own},
        command.primacy,
    ]
    return json.dumps(shared, sort_keys=True)


def _join(series: _Series, key: str, message: StationMessage, interval: Interval) -> int:
    """Put a profile behind the one that ends where it starts, else at a row of its own.

    Returns the place of its first period. Periods beyond what the station holds are declared dropped.
    """
    periods: list[Json] = _periods(message)
    row = series.open.get(key)
    if row is None or row.end != interval.start:
        row = _Row(message, [], interval.start, interval.start, interval.start)
        series.open[key] = row
        series.messages.append(row)
    first, ahead = len(row.periods), _seconds(row.start, interval.start)
    fits = not first or (row.told == row.end and first + len(periods) <= series.most)
    row.end = interval.end
    if fits:
        row.periods += [{**p, "startPeriod": p["startPeriod"] + ahead} for p in periods]
        row.told = interval.end
        row.message = replace(row.message, functions=_union(row.message, message))
        return first
    detail = f"the station holds {series.most} periods of a schedule: told until {row.told}"
    series.lose(Loss(LossKind.DROP, _RULE, _PERIODS, detail), _PERIODS)
    return first


def _periods(message: StationMessage) -> list[Json]:
    (schedule,) = message.payload["chargingProfile"]["chargingSchedule"]
    periods: list[Json] = schedule["chargingSchedulePeriod"]
    return periods


def _union(left: StationMessage, right: StationMessage) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*left.functions, *right.functions)))


def _moved(number: int, steps: Sequence[Step], places: dict[str, int]) -> Iterator[Step]:
    """Yield the steps of a later interval under its names, in the periods that it has."""
    for step in steps:
        if not number:
            yield step
        elif step.control not in places or step.target not in _TIMES:
            first = places.get(step.control)
            yield replace(
                step,
                source=_renamed(step.source, number, first),
                target=_renamed(step.target, number, first),
            )


def _renamed(name: str, number: int, first: int | None) -> str:
    if first is not None and name.startswith(_PERIODS):
        return _in_period(name, first)
    return name_in(number, name)


def _in_period(where: str, first: int) -> str:
    """Return a place in a period of one command as a place in the joined schedule."""
    if not first or not where.startswith(f"{_PERIODS}["):
        return where
    own, _, rest = where.removeprefix(f"{_PERIODS}[").partition("]")
    return f"{_PERIODS}[{int(own) + first}]{rest}"


def _whole_time(item: _Row | StationMessage) -> Iterator[Step]:
    """Yield how the times of a joined schedule came about."""
    if not isinstance(item, _Row) or len(item.periods) < 2:
        return
    control = item.message.functions[0]
    if item.told is not None:
        whole = str(_seconds(item.start, item.told))
        yield _step("sum", "interval.duration", whole, f"{_SCHEDULE}/duration", control)
    for place, period in enumerate(item.periods):
        offset = str(period["startPeriod"])
        target = f"{_PERIODS}[{place}]/startPeriod"
        yield _step("offset", "interval.start", offset, target, control)


def _step(operation: str, source: str, value: str, target: str, control: str) -> Step:
    return Step(_RULE, _CITES, operation, source, value, target, value, control=control)


def _seconds(start: datetime, end: datetime) -> int:
    return int((end - start).total_seconds())


def _once(refusals: Iterator[Refusal]) -> Iterator[Refusal]:
    """Yield what is refused for the same reason once."""
    seen: set[Any] = set()
    for refusal in refusals:
        key = (refusal.function, refusal.where, refusal.problem, refusal.rule)
        if key not in seen:
            seen.add(key)
            yield refusal
