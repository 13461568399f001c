"""The car at an EVSE: what it wants, what it can, and what a station tells of it (NotifyEVChargingNeeds)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from gateway.simulators.station_options import Nameplate, StationOptions
from gateway.simulators.station_wire import Json, instant


@dataclass(frozen=True, slots=True)
class Car:
    """What stands at the EVSE: wishes in watts while nobody orders anything, and its own ratings."""

    present: bool = True
    demand_w: float = 0.0
    discharge_w: float = 0.0
    soc_pct: float = 50.0
    capacity_wh: float = 60_000.0
    most_charge_w: float | None = None
    most_discharge_w: float | None = None
    most_var: float | None = None
    """Its ratings where they are below those of the station; None: not known."""
    modes: tuple[str, ...] = ()
    """DER controls that it carries out itself (AC)."""
    transfer: str = ""
    """What it asks for (AC_BPT_DER, DC_BPT …); with it the station tells its needs."""

    def after(self, p_w: float, dt: float) -> Car:
        """Return the car after exporting p_w for dt."""
        moved = 100 * p_w * dt / 3600 / self.capacity_wh
        return replace(self, soc_pct=min(100.0, max(0.0, self.soc_pct - moved)))


def usual_car(options: StationOptions) -> Car:
    """Return the car that the options describe."""
    return Car(
        present=options.plugged_in,
        demand_w=options.demand_w,
        discharge_w=options.discharge_w,
        soc_pct=options.soc_pct,
        capacity_wh=options.capacity_wh,
    )


def plate_with(plate: Nameplate, car: Car, current: str) -> Nameplate:
    """Return the nameplate of an EVSE with a car; on AC its inverter is the car's (R03)."""
    if not car.present:
        return plate
    charge = _less(plate.max_charge_w, car.most_charge_w)
    discharge = _less(plate.max_discharge_w, car.most_discharge_w)
    max_w = _less(plate.max_w, car.most_discharge_w) if current == "AC" else plate.max_w
    return replace(
        plate,
        max_w=max_w,
        max_charge_w=charge,
        max_discharge_w=discharge,
        max_var=_less(plate.max_var, car.most_var),
        max_var_neg=_less(plate.max_var_neg, car.most_var),
    )


def charging_needs(car: Car, plate: Nameplate, evse: int, now: float) -> Json:
    """Return a NotifyEVChargingNeeds with the ratings that hold while the car is there."""
    needs: Json = {
        "requestedEnergyTransfer": car.transfer,
        "v2xChargingParameters": {
            "maxChargePower": plate.max_charge_w,
            "maxDischargePower": plate.max_discharge_w,
        },
    }
    if car.modes:
        needs["derChargingParameters"] = {
            "evSupportedDERControl": list(car.modes),
            "maxApparentPower": plate.max_va,
            "maxChargeReactivePower": plate.max_var_neg,
            "maxDischargeReactivePower": plate.max_var,
            "nominalVoltage": plate.v_nom,
        }
    return {"evseId": evse, "chargingNeeds": needs, "timestamp": instant(now)}


def _less(rating: float, of_car: float | None) -> float:
    return rating if of_car is None else min(rating, of_car)
