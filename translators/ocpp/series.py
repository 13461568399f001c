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
    """Profiles that follow each other: the first one's message and place, and the periods of all of them."""

    number: int
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
        payload = {**self.message.payload, "chargingProfile": body}
        return replace(self.message, payload=payload, interval=self.number)


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
    places: dict[str, _Place] = {}
    seen: set[str] = set()
    for message in part.value.messages:
        key = _key(message, command)
        if key is None or command.interval is None or key in seen:
            series.messages.append(replace(message, interval=number))
            continue
        seen.add(key)
        place = _join(series, key, number, message, command.interval)
        places |= dict.fromkeys(message.functions, place)
    for step in part.steps:
        place = places.get(step.control, _Place(number))
        if not place.first or step.target not in _TIMES:
            series.steps.append(_moved(step, number, place))
    for loss in part.losses:
        place = places.get(loss.control, _Place(number))
        series.lose(loss, _in_period(loss.where, place))


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a function's periods stand: behind `first` others, in the schedule that an interval began."""

    row: int
    first: int = 0


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


def _join(
    series: _Series, key: str, number: int, message: StationMessage, interval: Interval
) -> _Place:
    """Put a profile behind the one that ends where it starts, else at a row of its own; return where.

    Periods beyond what the station holds are declared dropped.
    """
    periods: list[Json] = _periods(message)
    row = series.open.get(key)
    if row is None or row.end != interval.start:
        row = _Row(number, message, [], interval.start, interval.start, interval.start)
        series.open[key] = row
        series.messages.append(row)
    first, ahead = len(row.periods), _seconds(row.start, interval.start)
    fits = not first or (row.told == row.end and first + len(periods) <= series.most)
    row.end = interval.end
    if fits:
        row.periods += [{**p, "startPeriod": p["startPeriod"] + ahead} for p in periods]
        row.told = interval.end
        row.message = replace(row.message, functions=_union(row.message, message))
        return _Place(row.number, first)
    detail = f"the station holds {series.most} periods of a schedule: told until {row.told}"
    series.lose(Loss(LossKind.DROP, _RULE, _PERIODS, detail), _PERIODS)
    return _Place(row.number, first)


def _periods(message: StationMessage) -> list[Json]:
    (schedule,) = message.payload["chargingProfile"]["chargingSchedule"]
    periods: list[Json] = schedule["chargingSchedulePeriod"]
    return periods


def _union(left: StationMessage, right: StationMessage) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*left.functions, *right.functions)))


def _moved(step: Step, number: int, place: _Place) -> Step:
    """Return a step of a later interval under its names, in the periods that it has."""
    if not number:
        return step
    source, target = (_renamed(name, number, place) for name in (step.source, step.target))
    return step._replace(source=source, target=target)


def _renamed(name: str, number: int, place: _Place) -> str:
    if place.first and name.startswith(_PERIODS):
        return name_in(place.row, _in_period(name, place))
    return name_in(number, name)


def _in_period(where: str, place: _Place) -> str:
    """Return a place in a period of one command as a place in the joined schedule."""
    if not place.first or not where.startswith(f"{_PERIODS}["):
        return where
    own, _, rest = where.removeprefix(f"{_PERIODS}[").partition("]")
    return f"{_PERIODS}[{int(own) + place.first}]{rest}"


def _whole_time(item: _Row | StationMessage) -> Iterator[Step]:
    """Yield how the times of a joined schedule came about."""
    if not isinstance(item, _Row) or len(item.periods) < 2:
        return
    if item.told is not None:
        yield _time(item, "sum", "interval.duration", _seconds(item.start, item.told), "duration")
    for place, period in enumerate(item.periods):
        target = f"chargingSchedulePeriod[{place}]/startPeriod"
        yield _time(item, "offset", "interval.start", period["startPeriod"], target)


def _time(row: _Row, operation: str, source: str, seconds: int, target: str) -> Step:
    """Return how one time of a joined schedule came about."""
    control, value = row.message.functions[0], str(seconds)
    source, target = name_in(row.number, source), name_in(row.number, f"{_SCHEDULE}/{target}")
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
