"""Setpoints, cease to energize and charge-state targets as charging profiles.

Charging profiles stand in the load frame: what is positive here absorbs. The rule negates once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction

from translators.canonical.capability import Evse, Transaction
from translators.canonical.controls import (
    ActiveSetpoint,
    ChargeStateTarget,
    DerControl,
    Quantity,
    ReactiveSetpoint,
    RelativeActiveSetpoint,
    RelativeReactiveSetpoint,
    StorageTarget,
)
from translators.ocpp import live, ramp
from translators.ocpp.desk import Desk, Profile
from translators.ocpp.limits import (
    STOPS,
    WATT,
    charging_limit,
    in_watts,
    least,
    limits_beside,
    no_charge,
    power_range,
    rated_limit,
    stopped,
)
from translators.ocpp.wire import Json
from translators.rules.emission import Draft
from translators.rules.target import TargetRule
from translators.rules.trace import LossKind
from translators.rules.values import Trace, Unmet, text
from translators.units import Base, Kind, Unit, percent, to_json_number

_VAR = Unit(Kind.REACTIVE)
_SOC = "chargingProfile/chargingSchedule[0]/limitAtSoC/soc"

type _Active = ActiveSetpoint | RelativeActiveSetpoint | StorageTarget
type _Reactive = ReactiveSetpoint | RelativeReactiveSetpoint

_ACTIVE = (ActiveSetpoint, RelativeActiveSetpoint, StorageTarget)
_REACTIVE = (ReactiveSetpoint, RelativeReactiveSetpoint)


def setpoint(desk: Desk, rule: TargetRule, controls: Sequence[DerControl]) -> None:
    """Follow a setpoint: CentralSetpoint (Q03) where there is V2X, else a limit while charging."""
    if _ceased(desk, rule, controls):
        return
    _check_alone(desk, controls)
    _check_direction(desk)
    transaction = _transaction(desk)
    active = next((c for c in controls if isinstance(c, _ACTIVE)), None)
    reactive = next((c for c in controls if isinstance(c, _REACTIVE)), None)
    draft, evse = desk.draft(rule, active or controls[0]), desk.evse(transaction)
    watts = _active(desk, active, transaction, draft)
    period = _following(desk, rule, transaction)
    unit, only = period(watts, draft)
    beside: Json = {}
    if evse is not None and reactive is not None:
        beside = {"setpointReactive": _reactive(desk, rule, reactive, evse)}
    steps = ramp.stepped(desk, draft, watts, evse, lambda value, at: period(value, at)[1])
    rule.declare(draft, draft.trace)
    desk.keep(draft.trace)
    first, *later = [{**one, **beside} for one in steps or [only]]
    desk.set_profile(
        Profile(
            purpose="TxProfile",
            evse_id=transaction.evse_id,
            unit=unit,
            period=first,
            part=_part(controls),
            transaction_id=transaction.transaction_id,
            later=tuple(later),
            watchdog_s=None if steps else live.watchdog(desk, evse),
            offline=live.offline(desk, evse),
        ),
        controls,
    )


def _following(
    desk: Desk, rule: TargetRule, transaction: Transaction
) -> Callable[[Fraction, Draft], tuple[str, Json]]:
    """Return what makes a period of a number of watts: CentralSetpoint, or a limit of charge.

    A step of a ramp begins at what flowed before: it is cut to ratings and limits like its target.
    """
    follows = _follows(desk, transaction)

    def period(value: Fraction, at: Draft) -> tuple[str, Json]:
        cut = _within(value, *power_range(desk, transaction))
        if cut != value:
            at.trace.step("bound", "watts", value, "watts", cut, _bases(desk, transaction))
            at.trace.lose(LossKind.CLIP, "setpoint", "beyond rating or limit", value - cut)
        if follows:
            return "W", _central(desk, rule, at, cut, transaction)
        return _as_limit(desk, rule, at, min(cut, Fraction()))

    return period


def _part(controls: Sequence[DerControl]) -> str:
    """Return what tells the profiles of several kinds of setpoint apart."""
    match controls[0]:
        case StorageTarget():
            return "/storage"
        case RelativeActiveSetpoint() | RelativeReactiveSetpoint():
            return "/relative"
        case _:
            return ""


def _check_alone(desk: Desk, controls: Sequence[DerControl]) -> None:
    """Refuse what gives way to another setpoint of the same command: one transaction follows one."""
    kinds = sorted(
        {_part([c]) for c in desk.command.controls if isinstance(c, _ACTIVE + _REACTIVE)}
    )
    if _part(controls) != kinds[0]:
        raise Unmet("not_applicable", "setpoint", "another setpoint of the command holds")


def _ceased(desk: Desk, rule: TargetRule, controls: Sequence[DerControl]) -> bool:
    """Say whether this command or another ceases to energize; what is asked for besides has no effect."""
    if stopped(desk):
        trace = rule.trace(controls[0])
        trace.lose(LossKind.DROP, type(controls[0]).__name__, "nothing flows: ceased to energize")
        desk.keep(trace)
        desk.follow(controls)
    return stopped(desk)


def _check_direction(desk: Desk) -> None:
    """Refuse discharge and reactive power where the station can only charge, whatever is running."""
    running = [desk.evse(transaction) for transaction in desk.situation.transactions]
    if any(evse is not None and _is_central(desk, evse) for evse in running or desk.profile.evses):
        return
    for control in desk.command.controls:
        discharges = isinstance(control, ActiveSetpoint | StorageTarget) and control.value.value > 0
        if discharges or isinstance(control, _REACTIVE):
            raise Unmet("not_supported", "setpoint", "the station can only charge")


def _is_central(desk: Desk, evse: Evse) -> bool:
    modes = evse.v2x_operation_modes
    return desk.profile.ocpp_version == "2.1" and "CentralSetpoint" in modes


def _follows(desk: Desk, transaction: Transaction) -> bool:
    """Say whether the EVSE of a transaction follows a setpoint; else it has a limit of charge alone."""
    evse = desk.evse(transaction)
    return evse is not None and _is_central(desk, evse)


def _transaction(desk: Desk) -> Transaction:
    running = desk.situation.transactions
    if len(running) == 1:
        return running[0]
    problem = f"needs one running transaction, there are {len(running)}"
    raise Unmet("not_applicable", "transaction", problem)


def _active(desk: Desk, active: _Active | None, transaction: Transaction, draft: Draft) -> Fraction:
    """Return the active setpoint in watts (+ exports), within ratings and the command's own limits."""
    if active is None:
        if transaction.running_setpoint_w is None:
            problem = "a reactive setpoint needs an active one beside it (Q03)"
            raise Unmet("not_applicable", "setpoint", problem)
        watts, other = transaction.running_setpoint_w, None
        source = f"transaction {transaction.transaction_id}/running setpoint"
        draft.trace.step("take", source, watts, "watts", watts)
    elif isinstance(active, RelativeActiveSetpoint):
        delta = in_watts(desk, active.delta, draft, "delta")
        watts, other = against(desk.situation.baseline_w, delta, draft, "baseline_w"), None
    else:
        chosen, other = _readings(desk, active.value)
        watts = in_watts(desk, chosen, draft)
    if watts > 0 and not _follows(desk, transaction):
        raise Unmet("not_supported", "setpoint", "the station can only charge")
    cut = _within(watts, *power_range(desk, transaction))
    draft.trace.step("bound", "watts", watts, "watts", cut, _bases(desk, transaction))
    if cut != watts:
        draft.trace.lose(LossKind.CLIP, "setpoint", "beyond rating or limit", watts - cut)
    if other is not None and cut != _silently(desk, other, transaction):
        detail = f"a positive per cent may be of {other.base} as well"
        draft.trace.lose(LossKind.AMBIGUOUS, "setpoint", detail)
    return cut


def _within(value: Fraction, low: Fraction | None, high: Fraction | None) -> Fraction:
    """Return the value within two magnitudes, `low` on the negative side; None bounds nothing."""
    cut = value if high is None else min(value, high)
    return cut if low is None else max(cut, -low)


def _silently(desk: Desk, quantity: Quantity, transaction: Transaction) -> Fraction | None:
    """Return the watts of the reading that was not chosen, None where the station has none."""
    try:
        watts = desk.bases.convert(quantity, WATT, Trace("", ()), "value")
    except Unmet:
        return None
    return _within(watts, *power_range(desk, transaction))


def _bases(desk: Desk, transaction: Transaction) -> str:
    """Return the ratings that bound an active setpoint, as texts."""
    evse = desk.evse(transaction)
    names = (Base.MAX_CHARGE_W, Base.MAX_W, Base.MAX_DISCHARGE_W)
    known = [(name, None if evse is None else evse.ratings.base(name)) for name in names]
    return ", ".join(f"{name} = {text(value)}" for name, value in known)


def against(before: Fraction | None, delta: Fraction, draft: Draft, where: str) -> Fraction:
    """Return what a change comes to against what flowed when the command began, frozen since."""
    if before is None:
        raise Unmet("not_applicable", where, "what flowed when the command began is not known")
    name, total = "watts" if where == "baseline_w" else "var", before + delta
    draft.trace.step("add frozen baseline", name, delta, name, total, f"{where} = {text(before)}")
    return total


def _readings(desk: Desk, value: Quantity) -> tuple[Quantity, Quantity | None]:
    """Return what a setpoint means, and its other reading: a positive per cent of opModFixedW has two."""
    bases = (Base.MAX_W, Base.MAX_DISCHARGE_W)
    if value.unit.kind is not Kind.PERCENT or value.value <= 0 or value.unit.of not in bases:
        return value, None
    chosen = Base(desk.situation.policy.get("fixed_w_positive_base", Base.MAX_W))
    (other,) = (base for base in bases if base is not chosen)
    return (
        replace(value, unit=percent(chosen, value.unit.of_negative)),
        replace(value, unit=percent(other, value.unit.of_negative)),
    )


def _reactive(
    desk: Desk,
    rule: TargetRule,
    reactive: _Reactive,
    evse: Evse,
) -> int | float:
    """Return the reactive setpoint as the wire has it, within ratings."""
    draft = desk.draft(rule, reactive)
    relative = isinstance(reactive, RelativeReactiveSetpoint)
    asked = reactive.delta if isinstance(reactive, RelativeReactiveSetpoint) else reactive.value
    draft.trace.step("take", "delta" if relative else "value", asked.value, "var", asked.value)
    var = desk.bases.convert(asked, _VAR, draft.trace, "var")
    if isinstance(reactive, RelativeReactiveSetpoint):
        var = against(desk.situation.baseline_var, var, draft, "baseline_var")
    setting = desk.bases.setting
    high, low = evse.ratings.base(Base.MAX_VAR), evse.ratings.base(Base.MAX_VAR_NEG)
    used = f"{Base.MAX_VAR} = {text(high)}, {Base.MAX_VAR_NEG} = {text(low)}"
    cut = _within(
        var,
        least([low, setting(Base.MAX_VAR_NEG)]),
        least([high, setting(Base.MAX_VAR)]),
    )
    draft.trace.step("bound", "var", var, "var", cut, used)
    if cut != var:
        draft.trace.lose(LossKind.CLIP, "setpointReactive", "beyond rating", var - cut)
    place = f"{draft.path}/setpointReactive"
    draft.trace.step("emit", "var", cut, place, cut)
    value = rule.numbers["setpointReactive"].finish(cut, draft, place)
    desk.keep(draft.trace)
    return to_json_number(value)


def _central(
    desk: Desk, rule: TargetRule, draft: Draft, watts: Fraction, transaction: Transaction
) -> Json:
    """Return a CentralSetpoint period; limits beside it only where the dialect wants them (Q03.FR.02)."""
    place = f"{draft.path}/setpoint"
    draft.trace.step("emit", "watts", watts, place, watts)
    value = rule.numbers["setpoint"].finish(watts, draft, place)
    period: Json = {"operationMode": "CentralSetpoint", "setpoint": to_json_number(value)}
    return period | limits_beside(desk, transaction, draft.trace)


def _as_limit(desk: Desk, rule: TargetRule, draft: Draft, watts: Fraction) -> tuple[str, Json]:
    """Return a charging limit in place of a setpoint: the car may take less."""
    draft.trace.lose(LossKind.APPROXIMATE, "setpoint", "a limit: the car may take less")
    unit, period = charging_limit(desk, rule, draft, -watts)
    return unit, dict(period)


def cease(desk: Desk, rule: TargetRule, controls: Sequence[DerControl]) -> None:
    """Cease to energize: no charge at the station, Idle for what runs; never galvanic isolation."""
    stopping = [c for c in controls if c in STOPS]
    desk.follow([c for c in controls if c not in STOPS])
    if not stopping:
        return
    desk.ceased = True
    draft = desk.draft(rule, stopping[0])
    unit, period = no_charge(desk)
    rule.declare(draft, draft.trace)
    desk.keep(draft.trace)
    desk.set_profile(Profile("ChargingStationMaxProfile", 0, unit, period, part="/cease"), stopping)
    if desk.profile.ocpp_version == "2.1":
        for transaction in desk.situation.transactions:
            _idle(desk, transaction, stopping)


def _idle(desk: Desk, transaction: Transaction, controls: Sequence[DerControl]) -> None:
    """Stop what runs: Idle, or a setpoint of 0 where the EVSE knows no Idle; else the limit does it."""
    evse = desk.evse(transaction)
    modes = frozenset() if evse is None else evse.v2x_operation_modes
    if "Idle" in modes:
        period: Json = {"operationMode": "Idle"}
    elif "CentralSetpoint" in modes:
        period = {"operationMode": "CentralSetpoint", "setpoint": 0}
    else:
        return
    desk.set_profile(
        Profile(
            purpose="TxProfile",
            evse_id=transaction.evse_id,
            unit="W",
            period=period,
            part="/cease",
            transaction_id=transaction.transaction_id,
        ),
        controls,
    )


def charge_state(desk: Desk, rule: TargetRule, controls: Sequence[DerControl]) -> None:
    """Charge to a state of charge: a ceiling, by limitAtSoC; discharging is not possible meanwhile."""
    if _ceased(desk, rule, controls):
        return
    transaction = _transaction(desk)
    target = next(c for c in controls if isinstance(c, ChargeStateTarget))
    draft = desk.draft(rule, target)
    evse = desk.evse(transaction)
    rated = None if evse is None else evse.ratings.max_charge_rate_w
    if evse is None or rated is None:
        problem = f"the EVSE's rating {Base.MAX_CHARGE_W} is not known"
        raise Unmet("not_applicable", draft.path, problem)
    draft.trace.step("per cent", "soc", target.soc, _SOC, target.soc * 100)
    soc = rule.numbers["soc"].finish(target.soc * 100, draft, _SOC)
    unit, period = rated_limit(evse, rated, draft)
    rule.declare(draft, draft.trace)
    desk.keep(draft.trace)
    desk.set_profile(
        Profile(
            purpose="TxProfile",
            evse_id=transaction.evse_id,
            unit=unit,
            period=dict(period),
            transaction_id=transaction.transaction_id,
            schedule={"limitAtSoC": {"soc": to_json_number(soc), "limit": 0}},
        ),
        controls,
    )
