"""The fallback table's columns as stations, and its rows as controls and the orders that come of them."""

from dataclasses import replace

from support.translation import (
    EVERY_CONTROL,
    F,
    a_station,
    an_evse,
    book,
    q,
    running,
    situation,
    translated,
)
from translators.canonical.controls import (
    ActiveSetpoint,
    Energize,
    EnterService,
    Gradients,
    PowerLimit,
    ReactiveSetpoint,
    RelativeActiveSetpoint,
    RelativeReactiveSetpoint,
    StorageTarget,
)

_CHARGES = {"modes": (), "v2x": ("Idle", "ChargingOnly"), "max_discharge_rate_w": 0}
STATIONS = {
    "der": a_station(an_evse()),
    "v2x": a_station(an_evse(modes=())),
    "charge_only": a_station(an_evse(**_CHARGES)),
    "ocpp201": a_station(an_evse(modes=(), v2x=()), version="2.0.1"),
}
DEFAULTS = (EnterService, Gradients)
"""Controls that exist as defaults only."""
CHARGES_NOW = replace(situation(running(-5000)), baseline_w=F(-5000), baseline_var=F(0))
DISCHARGES_NOW = situation(running(20_000))
CHARGING = {
    ActiveSetpoint: ActiveSetpoint(q("-2000 W")),
    StorageTarget: StorageTarget(q("-2000 W")),
    RelativeActiveSetpoint: RelativeActiveSetpoint(q("-500 W")),
    Energize: Energize(energized=False),
}
"""What a station that only charges can follow, by class."""


def control_of(row):
    """Return a control that the row is the first to serve."""
    found = (CHARGING.get(type(control), control) for control in EVERY_CONTROL)
    return next(control for control in found if book().row(control) == row)


def carried(control, column):
    """Return what becomes of a control at a station of a column; active power goes with reactive."""
    beside = ()
    reactive = isinstance(control, ReactiveSetpoint | RelativeReactiveSetpoint)
    if reactive and column in {"der", "v2x"}:
        alone = ActiveSetpoint if type(control) is ReactiveSetpoint else RelativeActiveSetpoint
        beside = (CHARGING[alone],)
    return translated(
        control,
        *beside,
        station=STATIONS[column],
        situation=DISCHARGES_NOW if isinstance(control, PowerLimit) else CHARGES_NOW,
        default=isinstance(control, DEFAULTS),
    )
