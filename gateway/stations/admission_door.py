"""Between the handshake of the `websockets` library and the admission: what is read, what is said."""

from __future__ import annotations

from http import HTTPStatus

from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request, Response

from gateway.core.events import SecurityNoticed
from gateway.stations.admission import Denied, Knock

_LONGEST = 48
"""Letters of a claimed id that are recorded."""
_UNAUTHORIZED = "the id in the path and its credentials are needed"


def knock_of(connection: ServerConnection, request: Request) -> Knock:
    """Return who wants to come in; one that has left already has no address."""
    session = connection.transport.get_extra_info("ssl_object")
    return Knock(
        path=request.path,
        authorizations=tuple(request.headers.get_all("Authorization")),
        address=str((connection.remote_address or ("",))[0]),
        encrypted=session is not None,
        certificate=None if session is None else session.getpeercert(binary_form=True),
    )


def notice_of(denied: Denied, address: str) -> SecurityNoticed:
    """Return what the audit keeps of a refusal."""
    return SecurityNoticed(denied.kind, denied.station[:_LONGEST], address, denied.problem)


def refusal(connection: ServerConnection, denied: Denied) -> Response:
    """Return the answer to a handshake; a 401 does not say what was wrong."""
    unauthorized = denied.status is HTTPStatus.UNAUTHORIZED
    response = connection.respond(
        denied.status, f"{_UNAUTHORIZED if unauthorized else denied.problem}\n"
    )
    if unauthorized:
        response.headers["WWW-Authenticate"] = 'Basic realm="ocpp", charset="UTF-8"'
    if denied.retry_after_s is not None:
        response.headers["Retry-After"] = str(denied.retry_after_s)
    return response
