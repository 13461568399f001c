"""The demo's steps with OpenADR: a VTN limits a station, is told of it, and takes the limit back."""

from __future__ import annotations

from gateway.demo.judge import at_least, at_most, near, same
from gateway.demo.report import Step
from gateway.demo.stage import OPENADR_STATION, Stage, reach
from gateway.simulators.station import IN
from gateway.simulators.vtn import Entry, Kind
from gateway.simulators.vtn_times import moment

_LIMIT_W = 6_000
_DEMAND_W = 11_000
_W = 100.0


async def limit(stage: Stage, step: Step, _memory: object) -> None:
    """An event of the VTN limits import; the gateway polls, the station follows, the VTN is told."""
    station, vtn = stage.openadr_station, stage.vtn
    limit_type = "IMPORT_CAPACITY_LIMIT"
    event = vtn.add_event(
        "ev-flex",
        eventName="limit",
        intervalPeriod={"start": moment(vtn.now()), "duration": "PT10M"},
        payloadDescriptors=[
            {"objectType": "EVENT_PAYLOAD_DESCRIPTOR", "payloadType": limit_type, "units": "KW"}
        ],
        reportDescriptors=[{"payloadType": "OPERATING_STATE"}],
        intervals=[{"id": 0, "payloads": [{"type": limit_type, "values": [_LIMIT_W / 1000]}]}],
    )
    step.sent = f"OpenADR 3.1 event {event}: {limit_type} {_LIMIT_W / 1000:g} KW for PT10M"
    await vtn.wait_for(lambda: vtn.reports, 10)
    inverter = station.inverter
    await reach(station, lambda: -inverter.p_w <= _LIMIT_W, 4)
    profile = station.payloads(IN, "SetChargingProfile")[-1]["chargingProfile"]
    period = profile["chargingSchedule"][0]["chargingSchedulePeriod"][0]
    step.checks += [
        at_most("limit sent, as watts", _LIMIT_W, period["limit"] * 3 * 230, "W"),
        at_most("draws", _LIMIT_W, -inverter.p_w, "W"),
        at_least("still draws", _LIMIT_W - 3 * 230, -inverter.p_w, "W"),
        same("report of the event", event, vtn.reports[0].body["eventID"]),
        same("of the resource", [OPENADR_STATION], _resources(vtn.reports[0])),
        same("OPERATING_STATE", ["RUNNING_CURTAILED"], _values(vtn.reports[0])),
    ]


async def release(stage: Stage, step: Step, _memory: object) -> None:
    """The VTN deletes its event, which is how OpenADR cancels: the station charges as before."""
    station, vtn = stage.openadr_station, stage.vtn
    [event] = vtn.entries(Kind.EVENT)
    vtn.delete_event(event.id)
    step.sent = f"DELETE of {event.id}"
    await station.wait_for(lambda: station.payloads(IN, "ClearChargingProfile"), 10)
    inverter = station.inverter
    await reach(station, lambda: -inverter.p_w >= _DEMAND_W - _W, 4)
    step.checks += [
        near("draws again", _DEMAND_W, -inverter.p_w, _W, "W"),
        same("limits that the station holds", 0, len(station.profiles.held)),
        same("complaints of the VTN, which is strict", [], vtn.complaints),
    ]


def _resources(report: Entry) -> list[str]:
    return [item["resourceName"] for item in report.body["resources"]]


def _values(report: Entry) -> list[str]:
    """Return the states that a report tells."""
    return [
        value
        for item in report.body["resources"]
        for interval in item["intervals"]
        for payload in interval["payloads"]
        for value in payload["values"]
    ]
