"""How the connectors of a station are, whichever message tells it (G01, N07)."""

from __future__ import annotations

from gateway.core.events import AlarmReceived, StationDescribed
from gateway.stations.context import Context
from gateway.stations.device_model import instant_of
from gateway.stations.nameplate import Connector
from translators.canonical.telemetry import Alarm

MOST_CONNECTORS = 256
"""Connectors of one station that are followed."""
_FAULTED = "Faulted"


def noted(context: Context, connector: Connector, status: str, timestamp: str) -> None:
    """Note a status: a fault and its end are an alarm, and with a freed connector its car is gone."""
    plate = context.plate
    before = plate.connectors.get(connector, "")
    if status == before or (not before and len(plate.connectors) >= MOST_CONNECTORS):
        return
    plate.connectors = {**plate.connectors, connector: status}
    if _FAULTED in {status, before}:
        _alarm(context, connector, timestamp, ended=before == _FAULTED)
    if before == "Occupied" and status == "Available":
        known = plate.unplugged(context.entry, context.version, connector[0])
        if known is not None:
            context.post(StationDescribed(context.entry.id, known))


def _alarm(context: Context, connector: Connector, timestamp: str, *, ended: bool) -> None:
    at = instant_of(timestamp) or context.clock()
    words = "EVSE {} connector {} is faulted".format(*connector)
    context.post(
        AlarmReceived(Alarm(context.entry.id, "Connector", None, at, ended=ended, text=words))
    )
