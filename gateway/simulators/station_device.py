"""The device model of a simulated station (B05-B07): what it says of itself, and what may be set."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from gateway.simulators.station_options import Nameplate, StationOptions
from gateway.simulators.station_wire import Json, instant, status

_DER_RATINGS = {
    "MaxW": ("max_w", "W"),
    "MaxChargeRateW": ("max_charge_w", "W"),
    "MaxDischargeRateW": ("max_discharge_w", "W"),
    "MaxVA": ("max_va", "VA"),
    "MaxVar": ("max_var", "var"),
    "MaxVarNeg": ("max_var_neg", "var"),
    "VNom": ("v_nom", "V"),
}
"""Variables of DCDERCtrlr and ACDERCtrlr by field of the nameplate and unit."""
MOST_MONITORS = 10
"""ItemsPerMessage of SetVariableMonitoring and ClearVariableMonitoring."""

type Key = tuple[str, str, str | None, int | None]


@dataclass(slots=True)
class Variable:
    """One variable with its actual value."""

    component: str
    name: str
    value: str
    data_type: str = "string"
    unit: str | None = None
    instance: str | None = None
    evse: int | None = None
    writable: bool = False
    watchable: bool = False
    """Whether it can be monitored."""
    most: float | None = None
    """The limit that its characteristics name."""

    @property
    def key(self) -> Key:
        """Component, variable, instance, EVSE."""
        return self.component, self.name, self.instance, self.evse

    def where(self) -> Json:
        """Return component and variable as OCPP names them."""
        component: Json = {"name": self.component}
        if self.evse is not None:
            component["evse"] = {"id": self.evse}
        variable: Json = {"name": self.name}
        if self.instance is not None:
            variable["instance"] = self.instance
        return {"component": component, "variable": variable}

    def meant_by(self, entry: Json) -> bool:
        """Say whether a ComponentVariable means this one; what it leaves out is any (B08.FR.20)."""
        component, name = entry["component"], entry.get("variable", {}).get("name", self.name)
        evse = component.get("evse", {}).get("id", self.evse)
        return (component["name"], name, evse) == (self.component, self.name, self.evse)

    def report(self) -> Json:
        """Return an entry of NotifyReport."""
        characteristics: Json = {
            "dataType": self.data_type,
            "supportsMonitoring": self.watchable,
        }
        if self.most is not None:
            characteristics["maxLimit"] = self.most
        if self.unit is not None:
            characteristics["unit"] = self.unit
        mutability = "ReadWrite" if self.writable else "ReadOnly"
        attribute = {"type": "Actual", "value": self.value, "mutability": mutability}
        return {
            **self.where(),
            "variableAttribute": [attribute],
            "variableCharacteristics": characteristics,
        }


class Device:
    """The variables of one station, as the negotiated version knows them."""

    def __init__(self, options: StationOptions, version: str) -> None:
        self._part = options.report_part
        found = [*_common(options), *(_new(options) if version == "2.1" else ())]
        self._variables = {variable.key: variable for variable in found}
        self._fixed: set[tuple[str, str, str | None, int | None]] = set()
        """Variables that are what a script says, whatever car comes."""

    def adopt(self, variables: Iterable[Variable]) -> None:
        """Take in variables that somebody else keeps."""
        self._variables |= {variable.key: variable for variable in variables}

    def value(self, component: str, name: str, evse: int | None = None) -> str:
        """Return the value of a variable without instance."""
        variable: Variable = self._variables[component, name, None, evse]
        return variable.value

    def assign(self, component: str, name: str, value: str, evse: int | None = None) -> None:
        """Give a variable without instance another value; KeyError where there is none."""
        self._variables[component, name, None, evse].value = value

    def fix(self, component: str, name: str, value: str, evse: int | None = None) -> None:
        """Give a variable a value that no car changes; KeyError where there is none."""
        self.assign(component, name, value, evse)
        self._fixed.add((component, name, None, evse))

    def rate(self, evse: int, plate: Nameplate) -> None:
        """Take the ratings of an EVSE as they are with the car that stands there."""
        for name, (field, _unit) in _DER_RATINGS.items():
            for component in ("DCDERCtrlr", "ACDERCtrlr"):
                key = component, name, None, evse
                variable = self._variables.get(key)
                if variable is not None and key not in self._fixed:
                    variable.value = f"{getattr(plate, field):g}"

    def base_report(self, request: Json, now: float) -> tuple[Json, list[Json]]:
        """Answer a GetBaseReport; with it the parts of the report that follow (B07)."""
        found = list(self._variables.values())
        if request["reportBase"] == "ConfigurationInventory":
            found = [variable for variable in found if variable.writable]
        elif request["reportBase"] == "SummaryInventory":
            return status("NotSupported"), []
        return self._report(request, found, now)

    def report(self, request: Json, now: float) -> tuple[Json, list[Json]]:
        """Answer a GetReport for components, variables, or what its criteria name (B08)."""
        found = list(self._variables.values())
        if "componentVariable" in request:
            wanted = request["componentVariable"]
            found = [item for item in found if any(item.meant_by(entry) for entry in wanted)]
        if "componentCriteria" in request:
            names = request["componentCriteria"]
            on = {
                (item.component, item.evse)
                for item in self._variables.values()
                if item.name in names and item.value == "true"
            }
            found = [item for item in found if (item.component, item.evse) in on]
        if not found:
            return status("EmptyResultSet"), []
        return self._report(request, found, now)

    def _report(self, request: Json, found: list[Variable], now: float) -> tuple[Json, list[Json]]:
        parts = [found[i : i + self._part] for i in range(0, len(found), self._part)]
        reports = [
            {
                "requestId": request["requestId"],
                "generatedAt": instant(now),
                "seqNo": number,
                "tbc": number < len(parts) - 1,
                "reportData": [variable.report() for variable in part],
            }
            for number, part in enumerate(parts)
        ]
        return status("Accepted"), reports

    def get_variables(self, request: Json) -> Json:
        """Answer a GetVariables (B06)."""
        return {"getVariableResult": [self._read(item) for item in request["getVariableData"]]}

    def _read(self, item: Json) -> Json:
        variable, problem = self.find(item)
        if variable is None:
            return _result(item, problem)
        return _result(item, "Accepted") | {"attributeValue": variable.value}

    def set_variables(self, request: Json) -> Json:
        """Answer a SetVariables (B05)."""
        return {"setVariableResult": [self._write(item) for item in request["setVariableData"]]}

    def _write(self, item: Json) -> Json:
        variable, problem = self.find(item)
        if variable is None:
            return _result(item, problem)
        value = item["attributeValue"]
        sound = variable.data_type != "integer" or value.isdecimal()
        if not variable.writable or not sound:  # B05.FR.07, B05.FR.09
            return _result(item, "Rejected")
        variable.value = value
        return _result(item, "Accepted")

    def find(self, item: Json) -> tuple[Variable | None, str]:
        """Return the variable that a request means, or why there is none."""
        component, name = item["component"]["name"], item["variable"]["name"]
        if component not in {key[0] for key in self._variables}:
            return None, "UnknownComponent"
        if item.get("attributeType", "Actual") != "Actual":
            return None, "NotSupportedAttributeType"
        instance, evse = (
            item["variable"].get("instance"),
            item["component"].get("evse", {}).get("id"),
        )
        found = self._variables.get((component, name, instance, evse))
        if found is None and evse is None:  # who names no EVSE means the first
            found = self._variables.get((component, name, instance, 1))
        return found, "" if found else "UnknownVariable"


def _result(item: Json, outcome: str) -> Json:
    return {
        "attributeStatus": outcome,
        "component": item["component"],
        "variable": item["variable"],
    }


def _common(options: StationOptions) -> list[Variable]:
    smart: dict[str, Any] = {"component": "SmartChargingCtrlr"}
    interval = str(max(1, round(options.meter_interval_s)))
    units = ",".join(options.charging_rate_units)
    return [
        Variable("ChargingStation", "Model", options.model),
        Variable("ChargingStation", "VendorName", options.vendor),
        Variable("ChargingStation", "SupplyPhases", str(options.phases), "integer"),
        *(item for evse in range(1, options.evses + 1) for item in _evse(options, evse)),
        Variable("MonitoringCtrlr", "Available", "true", "boolean"),
        Variable("MonitoringCtrlr", "Enabled", "true", "boolean"),
        *(
            Variable(
                "MonitoringCtrlr", "ItemsPerMessage", f"{MOST_MONITORS}", "integer", instance=action
            )
            for action in ("SetVariableMonitoring", "ClearVariableMonitoring")
        ),
        Variable("OCPPCommCtrlr", "HeartbeatInterval", "60", "integer", "s", writable=True),
        Variable("SampledDataCtrlr", "TxUpdatedInterval", interval, "integer", "s", writable=True),
        Variable(name="Enabled", value="true", data_type="boolean", **smart),
        Variable(name="RateUnit", value=units, data_type="MemberList", **smart),
        Variable(name="ProfileStackLevel", value="100", data_type="integer", **smart),
        Variable(name="PeriodsPerSchedule", value="1024", data_type="integer", **smart),
        Variable(
            name="Entries", instance="ChargingProfiles", value="100", data_type="integer", **smart
        ),
    ]


def _evse(options: StationOptions, evse: int) -> list[Variable]:
    most = max(options.plate.max_charge_w, options.plate.max_discharge_w)
    return [
        Variable("EVSE", "Available", "true", "boolean", evse=evse),
        Variable("EVSE", "AvailabilityState", "Available", "OptionList", evse=evse, watchable=True),
        Variable("EVSE", "Power", "0", "decimal", "W", evse=evse, watchable=True, most=most),
    ]


def _new(options: StationOptions) -> list[Variable]:
    """Return what 2.1 adds: dynamic profiles, V2X, DER."""
    yes: dict[str, Any] = {"value": "true", "data_type": "boolean"}
    streams = f"{options.event_streams}"
    numbers = range(1, options.evses + 1)
    return [
        Variable("SmartChargingCtrlr", "SupportsDynamicProfiles", **yes),
        Variable("SmartChargingCtrlr", "SupportsMaxOfflineDuration", **yes),
        Variable("SmartChargingCtrlr", "SupportsLimitAtSoC", **yes),
        *(
            [Variable("MonitoringCtrlr", "MaxPeriodicEventStreams", streams, "integer")]
            if options.event_streams
            else []
        ),
        *(item for evse in numbers if options.v2x_modes for item in _v2x(options, evse)),
        *(item for evse in numbers if options.der_modes for item in _der(options, evse)),
    ]


def _v2x(options: StationOptions, evse: int) -> list[Variable]:
    modes = ",".join(options.v2x_modes)
    return [
        Variable("V2XChargingCtrlr", "Enabled", "true", "boolean", evse=evse, watchable=True),
        Variable(
            "V2XChargingCtrlr",
            "SupportedOperationModes",
            modes,
            "MemberList",
            evse=evse,
            watchable=True,
        ),
    ]


def _der(options: StationOptions, evse: int) -> list[Variable]:
    component = "DCDERCtrlr" if options.current == "DC" else "ACDERCtrlr"
    modes = ",".join(options.der_modes)
    return [
        Variable(component, "Available", "true", "boolean", evse=evse),
        Variable(component, "Enabled", "true", "boolean", evse=evse, watchable=True),
        Variable(component, "ModesSupported", modes, "MemberList", evse=evse, watchable=True),
        *(
            Variable(
                component,
                name,
                f"{getattr(options.plate, field):g}",
                "decimal",
                unit,
                evse=evse,
                watchable=True,
            )
            for name, (field, unit) in _DER_RATINGS.items()
        ),
    ]
