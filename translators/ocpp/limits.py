"""Bounds of active power: discharge as LimitMaxDischarge, charge as ChargingStationMaxProfile.

An export cap is never a ChargingStationMaxProfile (Table 95: that purpose knows ChargingOnly alone), and
ChargingStationExternalConstraints is never sent (K01.FR.22).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from translators.canonical.capability import Evse, Ratings, StationProfile, Transaction
from translators.canonical.controls import (
    ActiveSetpoint,
    Connect,
    DerControl,
    Energize,
    LimitOn,
    PowerLimit,
    Quantity,
    ReactiveSetpoint,
    RelativeActiveSetpoint,
    StorageTarget,
    function_of,
)
from translators.ocpp.desk import Desk, Profile
from translators.ocpp.members import set_der_control, supports
from translators.ocpp.wire import Json
from translators.rules.emission import Draft
from translators.rules.target import PERIOD, TargetRule
from translators.rules.trace import Loss, LossKind
from translators.rules.values import Trace, Unmet, text
from translators.units import Base, Kind, Rounding, Unit, round_to, to_json_number

WATT = Unit(Kind.POWER)
STOPS = (Connect(connected=False), Energize(energized=False))

_NO_CHARGE = PowerLimit(LimitOn.IMPORT, Quantity(Fraction(), WATT))
_PLACES = 4


def stopped(desk: Desk) -> bool:
    """Say whether the command ceases to energize, or another one that holds beside it."""
    return desk.ceased or any(control in STOPS for control in desk.situation.beside)


def can_discharge(profile: StationProfile) -> bool:
    """Say whether the station can feed in at all, as far as it says."""
    return any(
        (evse.ratings.max_discharge_rate_w or 0) > 0
        or "LimitMaxDischarge" in evse.der_modes
        or "CentralSetpoint" in evse.v2x_operation_modes
        for evse in profile.evses
    )


def export_limit(desk: Desk, rule: TargetRule, controls: Sequence[DerControl]) -> None:
    """Bound discharge: LimitMaxDischarge where the station has it, and our own setpoint besides."""
    if desk.ceased or not can_discharge(desk.profile):
        desk.follow(controls)  # cannot be broken: nothing to say
        return
    tightest, watts = _tightest(desk, rule, controls)
    desk.export_cap = round_to(watts, _PLACES, Rounding.DOWN)
    clipped = _clip_setpoints(desk, desk.draft(rule, tightest), tightest.value, controls)
    if not supports(desk.profile, "LimitMaxDischarge"):
        if not clipped:
            problem = "the station has no LimitMaxDischarge and runs no setpoint of ours"
            raise Unmet("not_supported", "LimitMaxDischarge", problem)
        desk.follow(controls)  # by the setpoint, clipped or within the limit
        return
    draft = desk.draft(rule, tightest)
    _declare_others(desk, rule, draft, controls)
    set_der_control(desk, rule, draft, controls)


def _tightest(
    desk: Desk, rule: TargetRule, controls: Sequence[DerControl]
) -> tuple[PowerLimit, Fraction]:
    """Return the most restrictive limit and its watts; what others ask for beside counts as well."""
    limits = [
        (control, in_watts(desk, control.value, desk.draft(rule, control)))
        for control in controls
        if isinstance(control, PowerLimit)
    ]
    own = min(limits, key=lambda limit: limit[1])
    others = [(c, w) for c, w in _others(desk) if rule.serves(c)]
    least = min([own, *others], key=lambda limit: limit[1])
    if least is not own:
        function, place = function_of(own[0]), rule.place(own[0])
        detail = f"{function_of(least[0])} beside it is tighter: {text(least[1])} W"
        rest = text(own[1] - least[1])
        desk.losses.append(
            Loss(LossKind.APPROXIMATE, rule.id, place, detail, rest, control=function)
        )
    return least


def _declare_others(
    desk: Desk, rule: TargetRule, draft: Draft, controls: Sequence[DerControl]
) -> None:
    """Declare what the looser limits of a slot lose, and which ratings made them the looser ones."""
    for control in controls:
        if control is not draft.control and isinstance(control, PowerLimit):
            other = desk.draft(rule, control)
            rule.declare(other, draft.trace)
            in_watts(desk, control.value, other)
            desk.keep(
                Trace(
                    other.trace.rule,
                    other.trace.cites,
                    other.trace.control,
                    noted=[step.noted for step in other.trace.steps if step.base],
                )
            )


def heed_others(desk: Desk) -> None:
    """Let limits that hold beside the command bound its setpoints."""
    for control, watts in _others(desk):
        cap = round_to(watts, _PLACES, Rounding.DOWN)
        if control.on in {LimitOn.EXPORT, LimitOn.GENERATION}:
            desk.export_cap = cap if desk.export_cap is None else min(cap, desk.export_cap)
        else:
            desk.import_cap = cap if desk.import_cap is None else min(cap, desk.import_cap)


def _others(desk: Desk) -> Iterator[tuple[PowerLimit, Fraction]]:
    """Yield the limits beside the command with their watts; who ceases to energize allows no charge.

    One that has no watts here is refused to its own utility, it bounds nothing.
    """
    for control in desk.situation.beside:
        limit = _NO_CHARGE if control in STOPS else control
        if not isinstance(limit, PowerLimit):
            continue
        try:
            yield limit, desk.bases.convert(limit.value, WATT, Trace("", ()), "watts")
        except Unmet:
            continue


def _clip_setpoints(
    desk: Desk, draft: Draft, limit: Quantity, controls: Sequence[DerControl]
) -> bool:
    """Clip our running setpoints that the limit would break; say whether there are any."""
    setpoints = (ActiveSetpoint, RelativeActiveSetpoint, StorageTarget, ReactiveSetpoint)
    asked = (*desk.command.controls, *desk.situation.beside)
    own = any(isinstance(control, setpoints) for control in asked)
    if own and len(desk.situation.transactions) == 1:
        return True  # a setpoint that holds as well is clipped instead
    running = [t for t in desk.situation.transactions if (t.running_setpoint_w or 0) > 0]
    total = sum((t.running_setpoint_w or Fraction() for t in running), Fraction())
    watts, trace = in_watts(desk, limit, draft), draft.trace
    if not running:
        return False
    if total <= watts:
        return True
    for transaction in running:
        before = transaction.running_setpoint_w or Fraction()
        value = _share(before, watts / total, watts, transaction, trace)
        desk.set_profile(
            Profile(
                purpose="TxProfile",
                evse_id=transaction.evse_id,
                unit="W",
                period={
                    "operationMode": "CentralSetpoint",
                    "setpoint": to_json_number(-value),
                    **limits_beside(desk, transaction, trace),
                },
                part="/export",
                transaction_id=transaction.transaction_id,
            ),
            controls,
        )
    desk.keep(trace)
    return True


def limits_beside(desk: Desk, transaction: Transaction, trace: Trace) -> Json:
    """Return the limits beside a setpoint: none (Q03.FR.02), but where the dialect wants them."""
    if desk.profile.dialect.central_setpoint_limits != "include":
        return {}
    low, high = power_range(desk, transaction)
    made: Json = {}
    for name, bound in (("limit", low), ("dischargeLimit", None if high is None else -high)):
        if bound is not None:
            trace.step("rated", "station.rating", bound, f"{PERIOD}/{name}", bound)
            made[name] = to_json_number(bound)
    return made


def power_range(desk: Desk, transaction: Transaction) -> tuple[Fraction | None, Fraction | None]:
    """Return the largest charge and discharge at one EVSE in watts, None where nothing bounds them."""
    evse = desk.evse(transaction)
    ratings = Ratings() if evse is None else evse.ratings
    setting = desk.bases.setting
    charge = [ratings.max_charge_rate_w, setting(Base.MAX_CHARGE_W), desk.import_cap]
    discharge = [ratings.max_w, ratings.max_discharge_rate_w, desk.export_cap]
    discharge += [setting(Base.MAX_W), setting(Base.MAX_DISCHARGE_W)]
    return least(charge), least(discharge)


def least(bounds: Sequence[Fraction | None]) -> Fraction | None:
    """Return the smallest bound that is there, None where there is none."""
    return min((bound for bound in bounds if bound is not None), default=None)


def _share(
    before: Fraction, share: Fraction, limit: Fraction, transaction: Transaction, trace: Trace
) -> Fraction:
    """Return the part of a running setpoint that a limit leaves to its transaction, in watts."""
    where = f"transaction {transaction.transaction_id}/running setpoint"
    left = before * share
    trace.step("take", where, before, f"{PERIOD}/setpoint", before)
    value = round_to(left, _PLACES, Rounding.DOWN)
    trace.step("clip", "watts", before, f"{PERIOD}/setpoint", left, f"limit = {text(limit)} W")
    trace.lose(LossKind.CLIP, f"{PERIOD}/setpoint", f"running {text(before)} W", before - left)
    if value != left:
        trace.step(f"round {_PLACES} down", f"{PERIOD}/setpoint", left, f"{PERIOD}/setpoint", value)
        trace.lose(LossKind.ROUND, f"{PERIOD}/setpoint", f"{_PLACES} decimals", left - value)
    trace.step("sign", f"{PERIOD}/setpoint", value, f"{PERIOD}/setpoint", -value)
    return value


def import_limit(desk: Desk, rule: TargetRule, controls: Sequence[DerControl]) -> None:
    """Bound charge at the station: in watts, or in amps where it knows no watts."""
    if desk.ceased:
        desk.follow(controls)
        return
    tightest, watts = _tightest(desk, rule, controls)
    desk.import_cap = round_to(watts, _PLACES, Rounding.DOWN)
    draft = desk.draft(rule, tightest)
    in_watts(desk, tightest.value, draft)  # for the trace
    unit, period = charging_limit(desk, rule, draft, watts)
    rule.declare(draft, draft.trace)
    _declare_others(desk, rule, draft, controls)
    desk.keep(draft.trace)
    for profile in _bounding(desk, unit, period):
        desk.set_profile(profile, controls)


def _bounding(desk: Desk, unit: str, period: dict[str, int | float]) -> Iterator[Profile]:
    """Yield the profiles that bound charge: the station's, or for one EVSE its default and what runs there.

    A TxProfile takes the place of a TxDefaultProfile (K01), so a running transaction has one of its own.
    """
    evse = desk.command.target.evse
    if evse is None:
        yield Profile("ChargingStationMaxProfile", 0, unit, period, part="/import")
        return
    yield Profile("TxDefaultProfile", evse, unit, period, part="/import")
    for transaction in desk.situation.transactions:
        if transaction.evse_id == evse and transaction.running_setpoint_w is None:
            name = transaction.transaction_id
            yield Profile("TxProfile", evse, unit, period, part="/import", transaction_id=name)


def charging_limit(
    desk: Desk, rule: TargetRule, draft: Draft, watts: Fraction
) -> tuple[str, dict[str, int | float]]:
    """Return the rate unit and the period members for a charging limit, rounded down."""
    number = rule.numbers["limit"]
    where = f"{draft.path}/limit"
    if all("W" in evse.charging_rate_units for evse in desk.profile.evses):
        draft.trace.step("emit", "watts", watts, where, watts)
        return "W", {"limit": to_json_number(number.finish(watts, draft, where))}
    phases, volts = _conductors(desk, where)
    amps = watts / (phases * volts)
    draft.trace.step(
        f"amps over {phases} phases", "watts", watts, where, amps, f"V_nom = {text(volts)}"
    )
    draft.trace.lose(LossKind.APPROXIMATE, where, f"amps at nominal {text(volts)} V")
    limit = to_json_number(number.finish(amps, draft, where))
    draft.trace.step("phases", "station.phases", phases, f"{draft.path}/numberPhases", phases)
    return "A", {"limit": limit, "numberPhases": phases}


def rated_limit(evse: Evse, rated: Fraction, draft: Draft) -> tuple[str, dict[str, int | float]]:
    """Return the rate unit and the period members that allow an EVSE its rated charge, in watts or amps."""
    where, base = f"{draft.path}/limit", f"{Base.MAX_CHARGE_W} = {text(rated)}"
    if "W" in evse.charging_rate_units:
        draft.trace.step("rated", "station.rating", rated, where, rated, base)
        return "W", {"limit": to_json_number(rated)}
    volts = evse.ratings.v_nom
    if not volts:
        raise Unmet("not_applicable", where, "amps need the nominal voltage of the EVSE")
    amps = rated / (evse.phases * volts)
    cut = round_to(amps, _PLACES, Rounding.DOWN)
    base += f", {Base.V_NOM} = {text(volts)}"
    draft.trace.step(f"amps over {evse.phases} phases", "station.rating", rated, where, amps, base)
    if cut != amps:
        draft.trace.step(f"round {_PLACES} down", where, amps, where, cut)
        draft.trace.lose(LossKind.ROUND, where, f"{_PLACES} decimals", amps - cut)
    return "A", {"limit": to_json_number(cut), "numberPhases": evse.phases}


def no_charge(desk: Desk) -> tuple[str, dict[str, int | float]]:
    """Return the rate unit and the period members that allow no charge at all."""
    if all("W" in evse.charging_rate_units for evse in desk.profile.evses):
        return "W", {"limit": 0}
    period: dict[str, int | float] = {"limit": 0}
    phases = {evse.phases for evse in desk.profile.evses}
    if len(phases) == 1:
        period["numberPhases"] = phases.pop()
    return "A", period


def _conductors(desk: Desk, where: str) -> tuple[int, Fraction]:
    """Return phases and nominal voltage that all EVSEs share."""
    known = {(evse.phases, evse.ratings.v_nom) for evse in desk.profile.evses}
    phases, volts = next(iter(known)) if len(known) == 1 else (0, None)
    if not phases or not volts:
        problem = "amps need the phases and the nominal voltage that all EVSEs share"
        raise Unmet("not_applicable", where, problem)
    return phases, volts


def in_watts(desk: Desk, quantity: Quantity, draft: Draft, name: str = "value") -> Fraction:
    """Return the quantity of that name in watts, by ratings where it is a percentage."""
    draft.trace.step("take", name, quantity.value, "watts", quantity.value)
    return desk.bases.convert(quantity, WATT, draft.trace, "watts")
