"""G: connectors and whether they can be used."""

from __future__ import annotations

from gateway.stations.connectors import noted
from gateway.stations.context import Context, Handler, Json
from translators.ocpp.wire import place_of


def status_notification(context: Context, payload: Json) -> Json:
    """Note how a connector is (G01)."""
    connector = place_of(payload["evseId"]), place_of(payload["connectorId"])
    noted(context, connector, payload["connectorStatus"], payload["timestamp"])
    return {}


HANDLERS: dict[str, Handler] = {"StatusNotification": status_notification}
