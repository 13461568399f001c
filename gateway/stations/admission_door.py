"""What a refusal of the admission becomes: an answer to the handshake, and a notice for the audit."""

from __future__ import annotations

from http import HTTPStatus

from gateway.core.events import SecurityNoticed
from gateway.stations.admission import Denied
from gateway.stations.listening import Refusal

_LONGEST = 48
"""Letters of a claimed id that are recorded."""
_UNAUTHORIZED = "the id in the path and its credentials are needed"
_CHALLENGE = ("WWW-Authenticate", 'Basic realm="ocpp", charset="UTF-8"')


def notice_of(denied: Denied, address: str) -> SecurityNoticed:
    """Return what the audit keeps of a refusal."""
    return SecurityNoticed(denied.kind, denied.station[:_LONGEST], address, denied.problem)


def refusal(denied: Denied) -> Refusal:
    """Return the answer to a handshake; a 401 does not say what was wrong."""
    if denied.status is HTTPStatus.UNAUTHORIZED:
        return Refusal(denied.status, f"{_UNAUTHORIZED}\n", (_CHALLENGE,))
    later = denied.retry_after_s
    headers = () if later is None else (("Retry-After", str(later)),)
    return Refusal(denied.status, f"{denied.problem}\n", headers)
