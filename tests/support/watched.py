"""A station in memory that can be watched: its report, its monitors, what it makes of new ones."""

import asyncio

from gateway.core.events import StationConnected
from gateway.stations.device_model import Variable
from gateway.stations.monitors import SEVERITY
from support.stations import BOOT

AT = "2026-12-01T12:00:00Z"
MODES = ("DCDERCtrlr", "ModesSupported", 1)
MAX_W = ("DCDERCtrlr", "MaxW", 1)
POWER = ("EVSE", "Power", 1)


def an_item(place, value, watchable=False):
    return {
        **Variable(*place).where(),
        "variableAttribute": [{"value": value}],
        "variableCharacteristics": {"dataType": "string", "supportsMonitoring": watchable},
    }


async def announced(station, posted, *items):
    """Boot with a report; return the description that was announced."""
    station.say(2, "boot", "BootNotification", BOOT)
    number, request = await station.called("GetBaseReport")
    station.say(3, number, {"status": "Accepted"})
    report = {"requestId": request["requestId"], "generatedAt": AT, "seqNo": 0}
    station.say(2, "report", "NotifyReport", report | {"reportData": list(items)})
    return await posted.next(StationConnected)


def monitors_of(*monitors):
    """Return what `reported` says of monitors, given as (number, place, kind, value)."""
    return [
        {
            **Variable(*place).where(),
            "variableMonitoring": [
                {
                    "id": number,
                    "transaction": False,
                    "value": value,
                    "type": kind,
                    "severity": SEVERITY,
                    "eventNotificationType": "CustomMonitor",
                }
            ],
        }
        for number, place, kind, value in monitors
    ]


async def reported(station, *monitors):
    """Answer the question which monitors there are."""
    number, request = await station.called("GetMonitoringReport")
    assert request["monitoringCriteria"] == ["DeltaMonitoring", "PeriodicMonitoring"]
    if not monitors:
        station.say(3, number, {"status": "EmptyResultSet"})
        return
    station.say(3, number, {"status": "Accepted"})
    part = {"requestId": request["requestId"], "seqNo": 0, "generatedAt": AT}
    station.say(2, "m", "NotifyMonitoringReport", part | {"monitor": monitors_of(*monitors)})


async def judged(station, *statuses, nth=1):
    """Answer a SetVariableMonitoring, each of its monitors by itself; return what was asked."""
    number, request = await station.called("SetVariableMonitoring", nth)
    asked = request["setMonitoringData"]
    results = []
    for index, (item, status) in enumerate(zip(asked, statuses, strict=True)):
        told = {key: item[key] for key in ("type", "severity", "component", "variable")}
        accepted = {"id": item.get("id", 10 + index)} if status == "Accepted" else {}
        results.append(told | {"status": status} | accepted)
    station.say(3, number, {"setMonitoringResult": results})
    return [(item["variable"]["name"], item["type"], item.get("id")) for item in asked]


WATCHABLE = tuple(
    an_item(place, value, True) for place, value in ((MODES, "VoltVar"), (MAX_W, "1"))
)


async def settled(session):
    """Wait until the session has nothing more to ask."""
    task = session._introduction._following
    if task is not None:
        await asyncio.wait_for(asyncio.wait({task}), 5)
