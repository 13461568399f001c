"""SetDERControl: the members that a rule emits, in the envelope that R04 demands."""

from __future__ import annotations

from collections.abc import Sequence

from translators.canonical.capability import StationProfile
from translators.canonical.controls import DerControl
from translators.ocpp.curves import curve_points
from translators.ocpp.desk import Desk
from translators.ocpp.identifiers import control_id
from translators.ocpp.wire import Json
from translators.rules.emission import Draft
from translators.rules.target import TargetRule
from translators.rules.values import Unmet


def supports(profile: StationProfile, control_type: str) -> bool:
    """Say whether every EVSE reports the mode: SetDERControl is station-wide."""
    for evse in profile.evses:
        if control_type not in evse.der_modes:
            return False
    return bool(profile.evses)


def set_der_control(
    desk: Desk, rule: TargetRule, draft: Draft, serves: Sequence[DerControl]
) -> None:
    """Owe one SetDERControl: exactly the member that its type demands (R04.FR.16, R04.FR.17)."""
    variant = rule.variant(draft.control)
    if variant is None:
        raise Unmet("not_supported", draft.path, "OCPP has no such control type")
    control_type, slot = str(variant.control_type), str(variant.slot)
    if not supports(desk.profile, control_type):
        raise Unmet("not_supported", control_type, "is not among the station's DER modes")
    if desk.command.target.evse is not None and len(desk.profile.evses) > 1:
        problem = "a DER control is for the whole station, the command for one EVSE"
        raise Unmet("not_applicable", control_type, problem)
    is_default = desk.command.is_default
    if rule.model.target.scheduling == "default_only" and not is_default:
        # R04.FR.14, R04.FR.15
        raise Unmet("not_applicable", control_type, "exists as a default control only")
    primacy = desk.command.primacy
    body: Json = {"priority": primacy}
    if rule.model.points is not None:
        body["curveData"] = curve_points(rule, rule.model.points, draft)
    body |= rule.members(draft)
    body |= desk.times(draft.trace, slot)
    draft.trace.step("emit", "primacy", primacy, f"{slot}/priority", primacy)
    number = control_id(desk.command.mrid, desk.profile.id, control_type)
    payload: Json = {
        "isDefault": is_default,
        "controlId": number,
        "controlType": control_type,
        slot: body,
    }
    desk.rest(draft)
    desk.keep(draft.trace)
    desk.send("SetDERControl", payload, number, serves, control_type)
