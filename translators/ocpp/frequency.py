"""Frequency functions without a DER control: LocalFrequency with a curve in watts (Q08).

The station adds the curve to `v2xBaseline`. A curve of active power over frequency has no baseline; a droop
changes what runs, so its curve is a difference, and our own running setpoint is the baseline. Both signs
turn: a profile stands in the load frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from translators.canonical.capability import Evse, Transaction
from translators.canonical.controls import DerControl, FreqDroop, FreqWatt
from translators.canonical.curves import Vertex
from translators.canonical.geometry import clip
from translators.ocpp.curves import converted, few
from translators.ocpp.desk import Desk, Profile
from translators.ocpp.limits import stopped
from translators.ocpp.members import supports
from translators.ocpp.wire import Json
from translators.rules.bases import Bases
from translators.rules.emission import Draft
from translators.rules.target import TargetRule
from translators.rules.trace import LossKind
from translators.rules.values import Unmet, text
from translators.units import Base, to_json_number

_MODE = "LocalFrequency"


def local_frequency(desk: Desk, rule: TargetRule, controls: Sequence[DerControl]) -> None:
    """Owe each EVSE a curve of watts over frequency: its transaction's own, or a default without one."""
    (control,) = controls
    if stopped(desk):
        desk.follow(controls)
        return
    drafts = []
    for evse in desk.profile.evses:
        if _MODE not in evse.v2x_operation_modes:
            raise Unmet("not_supported", _MODE, f"EVSE {evse.id} has no such operation mode")
        draft = desk.draft(rule, control)
        draft.bases = Bases(replace(desk.profile, evses=(evse,)), desk.situation)
        _owe(desk, rule, draft, evse)
        drafts.append(draft)
    rule.declare(drafts[0], drafts[0].trace)
    for draft in drafts:
        desk.rest(draft)
        desk.keep(draft.trace)


def _owe(desk: Desk, rule: TargetRule, draft: Draft, evse: Evse) -> None:
    transaction = None if desk.command.is_default else _running(desk, evse)
    before = Fraction()
    if transaction is not None and isinstance(draft.control, FreqDroop):
        before = _baseline(desk, draft, transaction.running_setpoint_w or before)
    desk.set_profile(
        Profile(
            purpose="TxDefaultProfile" if transaction is None else "TxProfile",
            evse_id=evse.id,
            unit="W",
            period=_period(desk, rule, draft, before),
            part="/frequency",
            transaction_id=None if transaction is None else transaction.transaction_id,
        ),
        [draft.control],
    )


def _baseline(desk: Desk, draft: Draft, running: Fraction) -> Fraction:
    """Return our running setpoint as far as limits leave it."""
    cap, path = _export_cap(desk), f"{draft.path}/v2xBaseline"
    cut = running if cap is None else min(running, cap)
    cut = cut if desk.import_cap is None else max(cut, -desk.import_cap)
    if cut != running:
        draft.trace.step("clip", "baseline", running, "baseline", cut)
        draft.trace.lose(LossKind.CLIP, path, "beyond a limit", running - cut)
    return cut


def _running(desk: Desk, evse: Evse) -> Transaction | None:
    return next((t for t in desk.situation.transactions if t.evse_id == evse.id), None)


def _period(desk: Desk, rule: TargetRule, draft: Draft, before: Fraction) -> Json:
    """Return the period: baseline and curve, both negated once by the rule's y axis."""
    x, y = rule.numbers["x"], rule.numbers["y"]
    draft.trace.step("emit", "baseline", before, f"{draft.path}/v2xBaseline", before)
    baseline = y.finish(before, draft, f"{draft.path}/v2xBaseline")
    points = []
    for n, vertex in enumerate(_drawn(desk, rule, draft, before)):
        where = f"{draft.path}/v2xFreqWattCurve[{n}]"
        draft.trace.step("emit", f"points[{n}].x", vertex.x, f"{where}/frequency", vertex.x)
        frequency = x.finish(vertex.x, draft, f"{where}/frequency")
        draft.trace.step("emit", f"points[{n}].y", vertex.y, f"{where}/power", vertex.y)
        power = y.finish(vertex.y, draft, f"{where}/power")
        points.append({"frequency": to_json_number(frequency), "power": to_json_number(power)})
    return {
        "operationMode": _MODE,
        "v2xBaseline": to_json_number(baseline),
        "v2xFreqWattCurve": points,
    }


def _drawn(desk: Desk, rule: TargetRule, draft: Draft, before: Fraction) -> tuple[Vertex, ...]:
    """Return the vertices (Hz, watts to add to the baseline, + exports), cut to the ratings."""
    low, high = _bounds(desk, draft, before)
    points = _vertices(rule, draft)
    cut = clip(points, low, high)
    if cut != tuple(points):
        path = f"{draft.path}/v2xFreqWattCurve"
        beyond = max(max(p.y - high, low - p.y, Fraction()) for p in points)
        used = f"{text(low)}..{text(high)} W"
        draft.trace.step("clip geometric", path, len(points), path, len(cut), used)
        if beyond:
            draft.trace.lose(LossKind.CLIP, path, "beyond ratings or limits", beyond)
    if len(cut) < 2:  # Q08.FR.02
        raise Unmet("not_applicable", draft.path, "LocalFrequency needs two points")
    most = 2 if rule.model.points is None else rule.model.points.max
    return few(cut, most, draft, "v2xFreqWattCurve")


def _vertices(rule: TargetRule, draft: Draft) -> list[Vertex]:
    control = draft.control
    if isinstance(control, FreqWatt):
        return list(converted(rule, control, draft).points)
    if not isinstance(control, FreqDroop):
        raise Unmet("not_supported", draft.path, "is no function of frequency")
    return _droop(control, draft)


def _droop(control: FreqDroop, draft: Draft) -> list[Vertex]:
    """Return a droop as a polyline: nothing within the deadband, all of setMaxW where it ends.

    A droop of k per unit moves all of setMaxW over k times the nominal frequency.
    """
    nominal = draft.bases.profile.nominal_frequency_hz
    rated = draft.bases.rating(Base.MAX_W, draft.path)
    under, over = nominal - control.under_deadband, nominal + control.over_deadband
    draft.trace.step(
        "droop to watts",
        "droop",
        control.over_droop,
        f"{draft.path}/v2xFreqWattCurve",
        rated,
        f"setMaxW = {text(rated)}, nominal {text(nominal)} Hz",
    )
    return [
        Vertex(under - control.under_droop * nominal, rated),
        Vertex(under, Fraction()),
        Vertex(over, Fraction()),
        Vertex(over + control.over_droop * nominal, -rated),
    ]


def _bounds(desk: Desk, draft: Draft, before: Fraction) -> tuple[Fraction, Fraction]:
    """Return the most that may be added to the baseline on either side, by ratings and limits."""
    (evse,) = draft.bases.profile.evses
    ratings, setting = evse.ratings, draft.bases.setting
    charge = _least(ratings.max_charge_rate_w, setting(Base.MAX_CHARGE_W), desk.import_cap)
    discharge = _least(
        ratings.max_w,
        ratings.max_discharge_rate_w,
        setting(Base.MAX_W),
        setting(Base.MAX_DISCHARGE_W),
        _export_cap(desk),
    )
    used = (Base.MAX_CHARGE_W, Base.MAX_W, Base.MAX_DISCHARGE_W)
    named = ", ".join(f"{base} = {text(ratings.base(base))}" for base in used)
    draft.trace.step("bound", "baseline", before, f"{draft.path}/v2xFreqWattCurve", before, named)
    low = -charge
    control = draft.control
    if isinstance(control, FreqDroop) and control.p_min is not None:
        low = max(low, min(control.p_min, before))
    return min(low - before, Fraction()), max(discharge - before, Fraction())


def _export_cap(desk: Desk) -> Fraction | None:
    """Return what an export limit leaves to one EVSE: its share, where the station adds up nothing."""
    if desk.export_cap is None or supports(desk.profile, "LimitMaxDischarge"):
        return desk.export_cap
    return desk.export_cap / len(desk.profile.evses)


def _least(*bounds: Fraction | None) -> Fraction:
    known = [bound for bound in bounds if bound is not None]
    if not known:
        raise Unmet("not_applicable", _MODE, "the EVSE's rated powers are not known")
    return min(known)
