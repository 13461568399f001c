"""One message, or all that a station holds, as what a utility could have asked for.

Inverse of `translators.ocpp.orders`: what is read here and sent again is the same message, but for digits
that its rule gives up. Ids say nothing: an mRID cannot be had from a control id.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

from translators.canonical.capability import Situation, StationProfile
from translators.canonical.commands import Interval
from translators.canonical.controls import DerControl, Energize, LimitOn, PowerLimit
from translators.canonical.telemetry import ControlOutcome
from translators.ocpp.inverse.controls import der_control
from translators.ocpp.inverse.profiles import profile_spans
from translators.ocpp.wire import Json
from translators.rules.bases import Bases
from translators.rules.book import Book
from translators.rules.trace import Loss, LossKind, Refusal, Translation
from translators.rules.values import Trace, Unmet

_RULE = "ocpp.inverse"
_STOPPED = Energize(energized=False)


@dataclass(frozen=True, slots=True)
class Told:
    """What a station was told for one span of time, in canonical words.

    `id` is the control or profile id, `primacy` the priority of a DER control (None for a profile).
    `interval` is None exactly where `is_default`.
    """

    id: str
    controls: tuple[DerControl, ...]
    interval: Interval | None
    primacy: int | None = None
    is_default: bool = False


def told(
    book: Book, action: str, payload: Json, profile: StationProfile, situation: Situation
) -> Translation[tuple[Told, ...]]:
    """Return what a SetDERControl or SetChargingProfile asks for: one `Told`, or one for each period.

    A message that no rule sends is a refusal that says so; what a message cannot show of its source (a
    cut at a bound, a folded vRef, a limit's scope) is a loss. `payload` is valid by the schema.
    """
    bases = Bases(profile, situation)
    try:
        return _read(book, action, payload, bases)
    except Unmet as unmet:
        outcome = ControlOutcome(unmet.outcome)
        name = str(payload.get("controlType", action))
        refusal = Refusal(outcome, name, unmet.where, unmet.problem, _RULE)
        loss = Loss(LossKind.UNSUPPORTED, _RULE, unmet.where, unmet.problem)
        return Translation((), losses=(loss,), refusals=(refusal,))


def told_together(
    book: Book,
    messages: Iterable[tuple[str, Json]],
    profile: StationProfile,
    situation: Situation,
) -> Translation[tuple[Told, ...]]:
    """Return what all messages (action, payload) of a station ask for; ceasing to energize is said once.

    Ceasing is sent as a limit of 0 beside Idle: where both hold for one span they are one control.
    """
    parts = [told(book, action, payload, profile, situation) for action, payload in messages]
    found = [one for part in parts for one in part.value]
    stopped = {one.interval for one in found if _STOPPED in one.controls}
    return Translation(
        tuple(one for one in found if not (one.interval in stopped and _is_no_charge(one))),
        tuple(step for part in parts for step in part.steps),
        tuple(loss for part in parts for loss in part.losses),
        tuple(refusal for part in parts for refusal in part.refusals),
    )


def _is_no_charge(one: Told) -> bool:
    return all(
        isinstance(control, PowerLimit)
        and control.on is LimitOn.IMPORT
        and control.value.value == Fraction()
        for control in one.controls
    )


def _read(book: Book, action: str, payload: Json, bases: Bases) -> Translation[tuple[Told, ...]]:
    match action:
        case "SetDERControl":
            return _der(book, payload, bases)
        case "SetChargingProfile":
            return _profile(book, payload, bases)
        case _:
            raise Unmet("not_supported", "action", f"{action} sets nothing")


def _der(book: Book, payload: Json, bases: Bases) -> Translation[tuple[Told, ...]]:
    control, trace = der_control(book, payload, bases)
    is_default = payload["isDefault"]
    (body,) = (value for value in payload.values() if isinstance(value, dict))
    one = Told(
        id=payload["controlId"],
        controls=(control,),
        interval=None if is_default else _interval(body),
        primacy=body.get("priority"),
        is_default=is_default,
    )
    return _translation([one], [trace])


def _interval(body: Any) -> Interval:
    start, duration = body.get("startTime"), body.get("duration")
    if start is None or duration is None:
        raise Unmet(
            "invalid", "startTime", "a scheduled control has start and duration (R04.FR.13)"
        )
    begin = datetime.fromisoformat(start)
    return Interval(begin, begin + timedelta(seconds=duration))


def _profile(book: Book, payload: Json, bases: Bases) -> Translation[tuple[Told, ...]]:
    spans = profile_spans(book, payload, bases)
    number = str(payload["chargingProfile"]["id"])
    found = [Told(number, span.controls, span.interval) for span in spans]
    return _translation(found, [trace for span in spans for trace in span.traces])


def _translation(found: Sequence[Told], traces: Sequence[Trace]) -> Translation[tuple[Told, ...]]:
    steps = [s._replace(control=trace.control) for trace in traces for s in trace.steps]
    losses = [replace(x, control=trace.control) for trace in traces for x in trace.losses]
    return Translation(tuple(found), tuple(steps), tuple(losses))
