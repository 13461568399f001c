"""Which WebSocket library drives the connections: `websockets`, or `picows` where it is installed."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Literal

from gateway.errors import SettingsError
from gateway.stations.listening import Listen
from gateway.stations.websockets_server import listen as by_websockets

type Transport = Literal["auto", "websockets", "picows"]


def backend(transport: Transport) -> Listen:
    """Return how to listen; `SettingsError` where the library that is asked for is not installed."""
    installed = find_spec("picows") is not None
    if transport == "websockets" or (transport == "auto" and not installed):
        return by_websockets
    if not installed:
        problem, advice = (
            "picows is not installed",
            "install the extra `fast`, or choose websockets",
        )
        raise SettingsError(problem, where="ocpp.transport", code="DG-1093", advice=advice)
    found: Listen = import_module("gateway.stations.picows_server").listen
    return found
