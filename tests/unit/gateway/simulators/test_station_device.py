"""The device model: reports, reads, writes."""

import pytest

from gateway.simulators.station_device import Device
from gateway.simulators.station_options import Nameplate, StationOptions
from gateway.simulators.station_schema import check_request, check_response

OPTIONS = StationOptions(id="cs", password="x", url="ws://x", plate=Nameplate(max_var_neg=9_500))


def a_device(version="2.1", **options):
    values = {"id": "cs", "password": "x", "url": "ws://x", "plate": OPTIONS.plate}
    return Device(StationOptions(**values | options), version)


def inventory(device, version="2.1", base="FullInventory"):
    """Return the report as {(component, variable): value}; all parts fit the schema."""
    answer, parts = device.base_report({"requestId": 3, "reportBase": base}, 0.0)
    check_response(version, "GetBaseReport", answer)
    for part in parts:
        check_request(version, "NotifyReport", part)
    return answer["status"], {
        (item["component"]["name"], item["variable"]["name"]): item["variableAttribute"][0]["value"]
        for part in parts
        for item in part["reportData"]
    }


def test_the_report_comes_in_numbered_parts():
    _, parts = a_device(report_part=4).base_report(
        {"requestId": 3, "reportBase": "FullInventory"}, 0.0
    )
    assert len(parts) > 3
    assert [part["seqNo"] for part in parts] == list(range(len(parts)))
    assert [part["tbc"] for part in parts] == [True] * (len(parts) - 1) + [False]
    assert all(part["requestId"] == 3 for part in parts)


def test_a_der_station_reports_modes_ratings_and_v2x():
    _, found = inventory(a_device())
    assert "VoltVar" in found["DCDERCtrlr", "ModesSupported"].split(",")
    assert found["DCDERCtrlr", "MaxW"] == "22000"
    assert found["DCDERCtrlr", "MaxVarNeg"] == "9500"
    assert found["DCDERCtrlr", "VNom"] == "230"
    assert "CentralSetpoint" in found["V2XChargingCtrlr", "SupportedOperationModes"]
    assert found["SmartChargingCtrlr", "RateUnit"] == "W,A"
    assert found["SmartChargingCtrlr", "SupportsDynamicProfiles"] == "true"


def test_ratings_belong_to_the_evse():
    _, parts = a_device(report_part=100).base_report(
        {"requestId": 3, "reportBase": "FullInventory"}, 0.0
    )
    items = [i for i in parts[0]["reportData"] if i["component"]["name"] == "DCDERCtrlr"]
    assert items
    assert all(item["component"]["evse"] == {"id": 1} for item in items)


def test_an_ac_station_reports_its_own_component():
    _, found = inventory(a_device(current="AC"))
    assert ("ACDERCtrlr", "ModesSupported") in found
    assert ("DCDERCtrlr", "ModesSupported") not in found


def test_a_charge_only_station_has_neither_block():
    _, found = inventory(a_device(der_modes=(), v2x_modes=()))
    assert not {component for component, _ in found} & {"DCDERCtrlr", "V2XChargingCtrlr"}
    assert found["SmartChargingCtrlr", "RateUnit"] == "W,A"


def test_an_old_station_knows_nothing_of_2_1():
    outcome, found = inventory(a_device("2.0.1"), "2.0.1")
    assert outcome == "Accepted"
    assert not {component for component, _ in found} & {"DCDERCtrlr", "V2XChargingCtrlr"}


def test_the_configuration_is_what_can_be_set():
    _, found = inventory(a_device(), base="ConfigurationInventory")
    assert set(found) == {
        ("OCPPCommCtrlr", "HeartbeatInterval"),
        ("SampledDataCtrlr", "TxUpdatedInterval"),
    }


def test_a_summary_is_not_supported():
    assert inventory(a_device(), base="SummaryInventory") == ("NotSupported", {})


def read(device, component, variable, **more):
    request = {"component": {"name": component}, "variable": {"name": variable}, **more}
    answer = device.get_variables({"getVariableData": [request]})
    check_response("2.1", "GetVariables", answer)
    result = answer["getVariableResult"][0]
    return result["attributeStatus"], result.get("attributeValue")


@pytest.mark.parametrize(
    ("component", "variable", "more", "expected"),
    [
        ("DCDERCtrlr", "MaxVA", {}, ("Accepted", "25000")),
        ("Fridge", "Light", {}, ("UnknownComponent", None)),
        ("DCDERCtrlr", "Colour", {}, ("UnknownVariable", None)),
        ("DCDERCtrlr", "MaxVA", {"attributeType": "Target"}, ("NotSupportedAttributeType", None)),
    ],
)
def test_variables_are_read(component, variable, more, expected):
    assert read(a_device(), component, variable, **more) == expected


def write(device, component, variable, value):
    entry = {"component": {"name": component}, "variable": {"name": variable}}
    answer = device.set_variables({"setVariableData": [entry | {"attributeValue": value}]})
    check_response("2.1", "SetVariables", answer)
    return answer["setVariableResult"][0]["attributeStatus"]


def test_a_writable_variable_keeps_its_value():
    device = a_device()
    assert write(device, "SampledDataCtrlr", "TxUpdatedInterval", "5") == "Accepted"
    assert read(device, "SampledDataCtrlr", "TxUpdatedInterval") == ("Accepted", "5")


@pytest.mark.parametrize(
    ("component", "variable", "value", "expected"),
    [
        ("SampledDataCtrlr", "TxUpdatedInterval", "soon", "Rejected"),
        ("DCDERCtrlr", "MaxW", "1", "Rejected"),
        ("DCDERCtrlr", "Colour", "1", "UnknownVariable"),
        ("Fridge", "Light", "1", "UnknownComponent"),
    ],
)
def test_other_writes_are_refused(component, variable, value, expected):
    assert write(a_device(), component, variable, value) == expected
