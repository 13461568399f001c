"""C, I, L, O, P: what a grid gateway answers because a station has to be answered, and takes note of."""

from __future__ import annotations

from gateway.stations.context import Context, Handler, Json


def _noted(_context: Context, _payload: Json) -> Json:
    return {}


def authorize(_context: Context, _payload: Json) -> Json:
    """Accept every id token: a grid gateway bills nobody and bars nobody (C01)."""
    return {"idTokenInfo": {"status": "Accepted"}}


def data_transfer(_context: Context, _payload: Json) -> Json:
    """Know no vendor's private messages (P02.FR.06)."""
    return {"status": "UnknownVendorId"}


HANDLERS: dict[str, Handler] = {
    "Authorize": authorize,
    "DataTransfer": data_transfer,
    **dict.fromkeys(
        (
            "FirmwareStatusNotification",
            "PublishFirmwareStatusNotification",
            "LogStatusNotification",
            "NotifyDisplayMessages",
            "NotifyCustomerInformation",
            "ReservationStatusUpdate",
        ),
        _noted,
    ),
}
