"""From one canonical command to the messages that one station is owed.

Each control goes through the book's rule for (OCPP version, control); the rule names the operator that
composes its message. Controls of one rule are composed together, so that what fills one slot of a
station is combined first: of several limits the most restrictive counts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from translators.canonical.capability import Situation, StationProfile
from translators.canonical.commands import DerCommand
from translators.canonical.controls import DerControl, function_of
from translators.canonical.swift import swift
from translators.ocpp import frequency, limits, profiles
from translators.ocpp.completion import completed
from translators.ocpp.desk import Desk
from translators.ocpp.fallback import carrier
from translators.ocpp.members import set_der_control
from translators.ocpp.wire import StationMessage
from translators.rules.book import Book
from translators.rules.target import TargetRule
from translators.rules.trace import Loss, LossKind, Translation
from translators.rules.values import Unmet

type Operator = Callable[[Desk, TargetRule, Sequence[DerControl]], None]

_FIRST = ("cease", "import_limit", "export_limit")
"""Operators whose result bounds the others."""


@swift
@dataclass(frozen=True, slots=True)
class StationOrders:
    """What a station is owed; `vacuous` functions are followed without any message."""

    messages: tuple[StationMessage, ...] = ()
    vacuous: tuple[str, ...] = ()


def to_station(
    book: Book, command: DerCommand, profile: StationProfile, situation: Situation
) -> Translation[StationOrders]:
    """Return the messages for all controls of a command over its interval, or as defaults.

    A control that cannot be carried out is a refusal with the loss `unsupported`; the others go on.
    """
    desk = Desk(command, profile, situation)
    limits.heed_others(desk)
    for rule, controls in _grouped(book, desk):
        _compose(desk, rule, controls)
    if command.ramp_time is not None and len(desk.messages) > desk.stepped:
        detail = "no OCPP field for the ramp of one event; default Gradients apply"
        desk.losses.append(Loss(LossKind.DROP, "ocpp.ramp_time", "rampTms", detail))
    orders = StationOrders(tuple(desk.messages), tuple(desk.vacuous))
    return Translation(orders, tuple(desk.parts), tuple(desk.losses), tuple(desk.refusals))


def _grouped(book: Book, desk: Desk) -> list[tuple[TargetRule, list[DerControl]]]:
    """Return the rules that apply with their controls; a control without a rule is refused."""
    groups: dict[str, tuple[TargetRule, list[DerControl]]] = {}
    for control in desk.command.controls:
        try:
            rule = carrier(book, desk.profile, control)
        except Unmet as unmet:
            desk.refuse("ocpp.fallback", [control], unmet)
            continue
        if rule is None:
            desk.follow([control])
            continue
        key = _slot(rule, control)
        groups.setdefault(key, (rule, []))[1].append(control)
    found = list(groups.values())
    return found if len(found) == 1 else sorted(found, key=_rank)


def _slot(rule: TargetRule, control: DerControl) -> str:
    """Return the key under which controls are combined: by rule, functions of the grid one by one."""
    alone = rule.model.target.operator in {"der_control", "local_frequency"}
    return f"{rule.id}/{function_of(control)}" if alone else rule.id


def _rank(group: tuple[TargetRule, list[DerControl]]) -> int:
    operator = group[0].model.target.operator
    return _FIRST.index(operator) if operator in _FIRST else len(_FIRST)


def _compose(desk: Desk, rule: TargetRule, controls: Sequence[DerControl]) -> None:
    """Compose one group; what it lost before a refusal is forgotten with it."""
    parts, losses, sent = len(desk.parts), len(desk.losses), len(desk.messages)
    try:
        OPERATORS[rule.model.target.operator](desk, rule, controls)
    except Unmet as unmet:
        del desk.parts[parts:], desk.losses[losses:], desk.messages[sent:]
        desk.refuse(rule.id, controls, unmet)


def _der_control(desk: Desk, rule: TargetRule, controls: Sequence[DerControl]) -> None:
    """Owe a SetDERControl (R04) for one control."""
    (control,) = controls
    draft = desk.draft(rule, control)
    draft.control = completed(control, desk.situation, draft)
    set_der_control(desk, rule, draft, controls)


def _refuse(_desk: Desk, rule: TargetRule, controls: Sequence[DerControl]) -> None:
    """Refuse for the reason that the rule gives."""
    raise Unmet(rule.model.outcome, type(controls[0]).__name__, rule.model.reason)


def _information(desk: Desk, _rule: TargetRule, controls: Sequence[DerControl]) -> None:
    """Send nothing: prices and alerts move no power without a site's policy."""
    desk.follow(controls)


OPERATORS: dict[str, Operator] = {
    "der_control": _der_control,
    "export_limit": limits.export_limit,
    "import_limit": limits.import_limit,
    "setpoint": profiles.setpoint,
    "cease": profiles.cease,
    "charge_state": profiles.charge_state,
    "local_frequency": frequency.local_frequency,
    "refuse": _refuse,
    "information": _information,
}
"""The closed list of composition operators that a target rule may name."""
