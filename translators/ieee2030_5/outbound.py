"""What goes back to an IEEE 2030.5 utility about events and devices: responses, registration, status."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from translators.canonical.commands import Revision
from translators.canonical.telemetry import ControlOutcome, GridFault
from translators.ieee2030_5.elements import bitmap, branch, leaf, seconds
from translators.ieee2030_5.identity import sfdi
from translators.ieee2030_5.modes import words
from translators.ieee2030_5.wire import Resource

EVSE_CATEGORY = 1 << 17  # DeviceCategoryType bit 17

# ResponseType of 2030.5-2018 table 27; 251 is of 2023.
_STATUS = {
    ControlOutcome.RECEIVED: 1,
    ControlOutcome.STARTED: 2,
    ControlOutcome.COMPLETED: 3,
    ControlOutcome.CANCELLED: 6,
    ControlOutcome.SUPERSEDED: 7,
    ControlOutcome.NO_PARTICIPATION: 10,
    ControlOutcome.NOT_SUPPORTED: 251,
    ControlOutcome.NOT_APPLICABLE: 252,
    ControlOutcome.INVALID: 253,
    ControlOutcome.LATE: 254,
}
_ALARM_BITS = {
    GridFault.OVER_CURRENT: 0,
    GridFault.OVER_VOLTAGE: 1,
    GridFault.UNDER_VOLTAGE: 2,
    GridFault.OVER_FREQUENCY: 3,
    GridFault.UNDER_FREQUENCY: 4,
    GridFault.VOLTAGE_IMBALANCE: 5,
    GridFault.CURRENT_IMBALANCE: 6,
    GridFault.LOCAL_EMERGENCY: 7,
    GridFault.REMOTE_EMERGENCY: 8,
    GridFault.LOW_INPUT_POWER: 9,
    GridFault.PHASE_ROTATION: 10,
}
_CONNECTED_AVAILABLE = "03"  # ConnectStatusType bits 0 connected, 1 available
_CONNECTED_ENERGIZED = "03"  # ConnectStatusType2 (2023) bits 0 connected, 1 energized


def status_code(outcome: ControlOutcome, revision: Revision) -> int:
    """Return the ResponseType of an outcome; 251 is unknown to 2018, where 252 stands for it."""
    if outcome is ControlOutcome.NOT_SUPPORTED and revision is not Revision.IEEE2030_5_2023:
        return _STATUS[ControlOutcome.NOT_APPLICABLE]
    return _STATUS[outcome]


def response(
    outcome: ControlOutcome,
    revision: Revision,
    *,
    mrid: str,
    lfdi: str,
    created: datetime,
    elements: Iterable[str] = (),
) -> Resource:
    """Return the DERControlResponse for one event.

    `created` is the utility's time. `elements` names the modes of the event's DERControlBase: 2023
    wants them as bits.
    """
    first, second = words(elements)
    modes = revision is Revision.IEEE2030_5_2023
    return branch(
        "DERControlResponse",
        leaf("createdDateTime", seconds(created)),
        leaf("endDeviceLFDI", lfdi),
        leaf("status", status_code(outcome, revision)),
        leaf("subject", mrid),
        leaf("modesResponded", bitmap(first)) if modes else None,
        leaf("modesResponded2", bitmap(second)) if modes else None,
    )


def end_device(lfdi: str, at: datetime) -> Resource:
    """Return the EndDevice that registers an EVSE in band; `at` is the utility's time."""
    return branch(
        "EndDevice",
        leaf("deviceCategory", bitmap(EVSE_CATEGORY)),
        leaf("lFDI", lfdi),
        leaf("sFDI", sfdi(lfdi)),
        leaf("changedTime", seconds(at)),
    )


def der_status(
    revision: Revision, *, connected: bool, alarms: frozenset[GridFault], at: datetime
) -> Resource:
    """Return the DERStatus of a station; `connected` is whether the station talks to the gateway.

    A silent station says nothing of its contacts: its connection status is left out, and it is off in
    no mode that it told (operationalModeStatus 0, not applicable).
    """
    modern = revision is Revision.IEEE2030_5_2023
    moment = leaf("dateTime", seconds(at))
    alarm_bits = sum(1 << _ALARM_BITS[fault] for fault in alarms)
    present = branch("connectStatus", moment, leaf("value", _CONNECTED_ENERGIZED))
    former = branch("genConnectStatus", moment, leaf("value", _CONNECTED_AVAILABLE))
    return branch(
        "DERStatus",
        leaf("alarmStatus", bitmap(alarm_bits)),
        present if connected and modern else None,
        former if connected and not modern else None,
        branch("operationalModeStatus", moment, leaf("value", 2 if connected else 0)),
        leaf("readingTime", seconds(at)),
    )
