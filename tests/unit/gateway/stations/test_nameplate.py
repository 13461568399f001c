"""What a station says of itself and nobody can read is named in the log: once, and short."""

from structlog.testing import capture_logs

from gateway.stations.device_model import Variable
from gateway.stations.nameplate import Nameplate
from support.stations import a_report, a_session, an_entry, announce

MAX_W = Variable("DCDERCtrlr", "MaxW", 1)
MAX_VA = Variable("DCDERCtrlr", "MaxVA", 1)


def reported(plate, value):
    """Report the power of the EVSE, and its apparent power."""
    rows = [(1, "DCDERCtrlr", "MaxW", value), (1, "DCDERCtrlr", "MaxVA", "500")]
    report = a_report(1, rows)
    return plate.reported(an_entry(), "2.1", report["reportData"])


def changed(plate, variable, value):
    return plate.changed(an_entry(), "2.1", variable, value, None)


def unreadable(logs, event="station.unreadable"):
    return [log["problem"] for log in logs if log["event"] == event]


def test_an_unreadable_value_is_named_once_however_often_the_station_changes():
    plate = Nameplate()
    with capture_logs() as logs:
        reported(plate, "much")
        for power in ("1000", "2000"):
            assert changed(plate, MAX_VA, power)
        assert changed(plate, MAX_W, "more")
        assert changed(plate, MAX_W, "much")
    assert unreadable(logs) == ["MaxW = 'much': is no number", "MaxW = 'more': is no number"]


def test_a_long_value_is_cut_and_its_fault_is_not():
    with capture_logs() as logs:
        reported(Nameplate(), "z" * 2500)
    (problem,) = unreadable(logs)
    assert len(problem) == 100
    assert problem.startswith("MaxW = 'zzz")
    assert problem.endswith("z': is no number")


def test_values_without_end_are_not_all_named():
    plate = Nameplate()
    with capture_logs() as logs:
        for number in range(50):
            reported(plate, f"much {number}")
    assert len(unreadable(logs)) == 32


def test_a_car_that_cannot_be_read_is_named_once_for_each_evse():
    plate, entry = Nameplate(), an_entry()
    reported(plate, "1000")
    needs = {"requestedEnergyTransfer": "DC", "dcChargingParameters": {"stateOfCharge": "full"}}
    with capture_logs() as logs:
        for _ in range(2):
            plate.plugged(entry, "2.1", 1, needs)
            changed(plate, MAX_W, "2000")
    assert len(unreadable(logs, "car.unreadable")) == 1


async def test_another_connection_names_it_once_more():
    plate = Nameplate()
    with capture_logs() as logs:
        for _ in range(2):
            async with a_session(plate=plate) as (station, _, posted):
                await announce(station, posted, [(1, "DCDERCtrlr", "MaxW", "much")])
    assert unreadable(logs) == ["MaxW = 'much': is no number"] * 2
