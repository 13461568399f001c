"""What both backends make of a request that `websockets` has read, and of its answer."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from websockets.http11 import Request, Response
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from gateway.stations.admission import Knock
from gateway.stations.listening import Refusal

_SUBPROTOCOLS = ("ocpp2.1", "ocpp2.0.1")


def by_client_order(
    _protocol: ServerProtocol, offered: Sequence[Subprotocol]
) -> Subprotocol | None:
    """Choose by the client's order of preference (Part 4, 3.1.2)."""
    return next((name for name in offered if name in _SUBPROTOCOLS), None)


def knock_of(request: Request, transport: asyncio.Transport) -> Knock:
    """Return who wants to come in; one that has left already has no address."""
    session = transport.get_extra_info("ssl_object")
    return Knock(
        path=request.path,
        authorizations=tuple(request.headers.get_all("Authorization")),
        address=address_of(transport),
        encrypted=session is not None,
        certificate=None if session is None else session.getpeercert(binary_form=True),
    )


def address_of(transport: asyncio.Transport) -> str:
    """Return where a connection comes from, nothing where it is gone already."""
    return str((transport.get_extra_info("peername") or ("",))[0])


def with_headers(answer: Response, refusal: Refusal) -> Response:
    """Return the answer of a refusal with the headers that belong to it."""
    for name, value in refusal.headers:
        answer.headers[name] = value
    return answer
