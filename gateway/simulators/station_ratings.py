"""What a car makes of the ratings of its EVSE, and what a station tells of it (NotifyEVChargingNeeds)."""

from __future__ import annotations

from dataclasses import replace

from gateway.simulators.station_car import Car
from gateway.simulators.station_options import Nameplate, StationOptions
from gateway.simulators.station_wire import Json, instant


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
