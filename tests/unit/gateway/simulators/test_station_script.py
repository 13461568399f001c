"""Scripts for simulated stations: what is read, and which entry is blamed."""

import pytest

from gateway.errors import SettingsError
from gateway.simulators.station import SimulatedStation, StationOptions
from gateway.simulators.station_script import __doc__ as example
from gateway.simulators.station_script import act, load_script

ONE = "stations: [{options: {id: cs1, password: x, url: 'ws://a'}}]\n"


def test_the_example_of_the_documentation_is_sound():
    script = load_script(example.split("\n\n", 1)[1])
    assert [entry.options.url for entry in script.stations] == ["ws://127.0.0.1:9000/ocpp"] * 2
    assert script.stations[1].personality.silent == {"SetChargingProfile"}
    assert [step.at_s for step in script.steps] == [5, 9, 12, 20, 30, 40]


def test_an_address_of_its_own_comes_first():
    script = load_script("url: ws://b\n" + ONE)
    assert script.stations[0].options.url == "ws://a"


@pytest.mark.parametrize(
    ("text", "where", "problem"),
    [
        ("a: [", "script", "no YAML"),
        ("7", "script", "valid dictionary"),
        ("stations: 3", "script stations", "valid list"),
        ("stations: [3]", "script stations.0", "valid dictionary"),
        ("stations: [{options: 3}]", "script stations.0.options", "dictionary"),
        (ONE + "surprise: 1", "script surprise", "not permitted"),
        ("stations: [{options: {id: a, url: x}}]", "script stations.0.options.password", "required"),
        (
            "stations: [{options: {id: a, password: b, der_modes: [Magic]}}]",
            "script stations.0.options",
            "'Magic' is none of",
        ),
        (
            "stations: [{options: {id: a, password: b, cars: [{colour: red}]}}]",
            "script stations.0.options.cars.0.colour",
            "Unexpected keyword",
        ),
        (
            "stations: [{options: {id: a, password: b, plate: {colour: red}}}]",
            "script stations.0.options.plate.colour",
            "Unexpected keyword",
        ),
        (
            "stations: [{options: {id: a, password: b}}, {options: {id: a, password: c}}]",
            "script",
            "two stations have one id",
        ),
        (ONE + "steps: [{station: cs9, reboot: true}]", "script", "steps[0]: no station 'cs9'"),
        (ONE + "steps: [{station: cs1}]", "script steps.0", "needs a move"),
        (ONE + "steps: [{reboot: true}]", "script steps.0", "needs its station"),
        (
            ONE + "steps: [{station: cs1, plug_in: {colour: 1}}]",
            "script steps.0.plug_in.colour",
            "not permitted",
        ),
        (
            ONE + "steps: [{station: cs1, plug_in: {demand_w: much}}]",
            "script steps.0.plug_in.demand_w",
            "valid number",
        ),
        (ONE + "steps: [{station: cs1, plug_in: 7}]", "script steps.0.plug_in", "dictionary"),
    ],
)  # fmt: skip
def test_a_wrong_entry_is_blamed_by_its_place(text, where, problem):
    with pytest.raises(SettingsError) as found:
        load_script(text)
    assert found.value.where == where
    assert problem in found.value.problem


async def test_a_step_changes_what_a_station_says_of_itself():
    script = load_script(
        ONE + "steps: [{station: cs1, variable: {component: EVSE, name: Available, value: 'false',"
        " evse: 1}}]"
    )
    station = SimulatedStation(script.stations[0].options)
    await act(station, script.steps[0])
    assert station.core.device.value("EVSE", "Available", 1) == "false"


async def test_a_variable_that_a_station_does_not_have_is_named():
    script = load_script(
        ONE + "steps: [{station: cs1, variable: {component: Fridge, name: Light, value: 'on'}}]"
    )
    with pytest.raises(SettingsError) as found:
        await act(SimulatedStation(script.stations[0].options), script.steps[0])
    assert found.value.where == "Fridge.Light"


async def test_a_script_lets_a_driver_and_an_energy_manager_act():
    steps = load_script(
        "stations: [{options: {id: a, password: x, url: 'ws://x'}}]\n"
        "steps: [{station: a, limit: {watts: 3000}}, {station: a, priority: true},"
        " {station: a, limit: {}}]"
    ).steps
    station = SimulatedStation(StationOptions(id="a", password="x", url="ws://x"))
    station.plug_in()
    for step in steps:
        await act(station, step)
    told = [action for action, _ in station.core.outbox]
    assert told[-3:] == ["NotifyChargingLimit", "NotifyPriorityCharging", "ClearedChargingLimit"]
