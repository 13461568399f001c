"""What goes up: one document to one address, its fate as an error of the gateway."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from gateway.connectors.ieee2030_5.channel import Channel
from gateway.errors import PeerError, ResponseRefusedError
from gateway.protocols.sep2_entries import Answer
from translators.errors import DocumentError
from translators.ieee2030_5 import xml
from translators.ieee2030_5.wire import Resource

_OF_THE_MOMENT = frozenset(
    {
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.UNAUTHORIZED,
    }
)


class Outgoing:
    """Sends documents, and leaves an address alone for as long as Retry-After says."""

    def __init__(self, utility: str, monotonic: Callable[[], float]) -> None:
        """Have no channel yet."""
        self._utility, self._monotonic = utility, monotonic
        self._waiting: dict[str, float] = {}
        self.channel: Channel | None = None

    async def send(self, method: str, url: str, document: Resource) -> str | None:
        """Deliver a document; return its Location.

        PeerError where another try may succeed, ResponseRefusedError where it never will.
        """
        if self.channel is None:
            raise PeerError("the connection is not open", where=self._utility)
        wait = self._waiting.get(url, 0.0) - self._monotonic()
        if wait > 0:
            problem = f"{url} asked to be left alone for {wait:.0f} s more"
            raise PeerError(problem, where=self._utility, code="DG-1203")
        answer, location = await self.channel.send(method, url, document)
        if answer.retry_after_s is not None:
            self._waiting[url] = self._monotonic() + answer.retry_after_s
        if HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
            return location
        raise self._error(method, url, answer)

    def _error(self, method: str, url: str, answer: Answer) -> PeerError:
        said = answer.problem or f"HTTP {answer.status}{_reason(answer.body)}"
        problem = f"{method} {url}: {said}"
        refused = HTTPStatus.BAD_REQUEST <= answer.status < HTTPStatus.INTERNAL_SERVER_ERROR
        if refused and answer.status not in _OF_THE_MOMENT:
            gone = answer.status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}
            code = "DG-1291" if gone else ""
            return ResponseRefusedError(problem, where=self._utility, code=code)
        return PeerError(problem, where=self._utility)


def leads_nowhere(error: PeerError) -> bool:
    """Say whether the address of a document does not exist (any more)."""
    return error.code == "DG-1291"


def _reason(body: bytes) -> str:
    """Return what an Error document says, for people."""
    try:
        error = xml.parse(body)
    except DocumentError:
        return ""
    parts = (error.text_at("reasonCode"), error.text_at("message")[:200])
    return "".join(f", {part}" for part in parts if part) if error.name == "Error" else ""
