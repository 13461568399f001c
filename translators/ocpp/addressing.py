"""The ids of a message: derived from event and station, all else is the same for stations that are alike."""

from __future__ import annotations

from translators.ocpp.identifiers import control_id, profile_id
from translators.ocpp.wire import StationMessage


def addressed(message: StationMessage, mrid: str, station: str) -> StationMessage:
    """Return a message of any event and station as it is for these: under the ids that it has there.

    What the ids are not part of is shared with the message as it was.
    """
    payload = message.payload
    if message.action == "SetDERControl":
        text = control_id(mrid, station, message.part)
        own = {**payload, "controlId": text}
    else:
        number = profile_id(mrid, station, message.part, payload["evseId"])
        text, profile = str(number), payload["chargingProfile"]
        schedules = [{**schedule, "id": number} for schedule in profile["chargingSchedule"]]
        own = {
            **payload,
            "chargingProfile": {**profile, "id": number, "chargingSchedule": schedules},
        }
    return StationMessage(
        message.ocpp, message.action, own, text, message.functions, message.interval, message.part
    )
