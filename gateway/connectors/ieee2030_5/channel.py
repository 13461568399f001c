"""HTTP over mutual TLS to one IEEE 2030.5 server: bounded in time and size, never off its origin."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Self

import httpx

from gateway.connectors.ieee2030_5.access import UtilityAccess
from gateway.errors import PeerError
from gateway.protocols.sep2_documents import address
from gateway.protocols.sep2_entries import Answer
from gateway.security.handshake import Handshake
from gateway.security.identities import read_identity
from gateway.security.tls import utility_client_context
from translators.errors import DocumentError
from translators.ieee2030_5 import xml
from translators.ieee2030_5.identity import lfdi
from translators.ieee2030_5.wire import Resource

_REDIRECTS = frozenset({301, 302, 307, 308})
_MOST_REDIRECTS = 5
_LONGEST_WAIT_S = 3_600.0


class Channel:
    """An open client; `async with` reads the identity (IdentityError where it cannot be used)."""

    def __init__(self, access: UtilityAccess, utc: Callable[[], datetime]) -> None:
        """Open nothing yet."""
        self._access, self._utc = access, utc
        self._http: httpx.AsyncClient | None = None
        self.lfdi = ""

    async def __aenter__(self) -> Self:
        """Read the certificate and prepare TLS."""
        access = self._access
        self.lfdi = read_identity(access.certificate, access.key).lfdi
        context = utility_client_context(
            access.certificate,
            access.key,
            access.trust_anchor,
            check_hostname=access.check_hostname,
            additional_ciphers=access.additional_ciphers,
        )
        self._http = httpx.AsyncClient(
            verify=context,
            timeout=access.request_timeout_s,
            trust_env=False,
            # No content coding: a compressed body could grow beyond every bound.
            headers={"Accept": xml.MEDIA_TYPE, "Accept-Encoding": "identity"},
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close every connection."""
        if self._http is not None:
            await self._http.aclose()

    async def get(self, url: str) -> Answer:
        """Fetch a document; redirects are followed on the same origin. Never raises for the peer."""
        answer, location = await self._exchange("GET", url, None)
        for _ in range(_MOST_REDIRECTS):
            if answer.status not in _REDIRECTS:
                return answer
            target = address(url, location)
            if target is None:
                problem = f"redirects to {location!r}, which is not followed"
                return Answer(answer.status, answer.sent, answer.received, problem=problem)
            url = target
            answer, location = await self._exchange("GET", url, None)
        return answer

    async def send(self, method: str, url: str, document: Resource) -> tuple[Answer, str | None]:
        """PUT or POST a document; return the answer and its Location as an absolute address."""
        answer, location = await self._exchange(method, url, xml.render(document))
        return answer, address(url, location)

    async def _exchange(
        self, method: str, url: str, content: bytes | None
    ) -> tuple[Answer, str | None]:
        sent = self._utc().timestamp()
        try:
            async with asyncio.timeout(self._access.request_timeout_s):
                status, headers, body = await self._request(method, url, content)
        except TimeoutError:
            seconds = self._access.request_timeout_s
            problem = f"no complete answer within {seconds:g} s"
        except (httpx.HTTPError, httpx.InvalidURL, PeerError) as exc:
            problem = f"cannot be reached: {exc or type(exc).__name__}"
        else:
            answer = self._answer(status, headers, body, sent)
            return answer, headers.get("location")
        return Answer(0, sent, self._utc().timestamp(), problem=problem), None

    async def _request(
        self, method: str, url: str, content: bytes | None
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Return status, headers and at most one byte more of the body than may be read."""
        if self._http is None:
            raise PeerError("the connection is not open", where=self._access.utility)
        headers = {} if content is None else {"Content-Type": xml.MEDIA_TYPE}
        body = bytearray()
        handshake = Handshake(self._check)
        try:
            async with self._http.stream(
                method, url, content=content, headers=headers, extensions={"trace": handshake.trace}
            ) as response:
                async for chunk in response.aiter_raw():
                    body += chunk
                    if len(body) > xml.LARGEST_DOCUMENT:
                        break
                return response.status_code, response.headers, bytes(body)
        finally:
            await handshake.end()

    def _check(self, stream: Any) -> None:
        """Compare the LFDI of the server with the pinned one, before the request is written."""
        pinned = self._access.peer_lfdi.upper()
        found = lfdi(stream.get_extra_info("ssl_object").getpeercert(binary_form=True))
        if pinned and found != pinned:
            problem = f"the server's LFDI is {found}, not the pinned {pinned}"
            raise PeerError(problem, where=self._access.utility, code="DG-1210")

    def _answer(self, status: int, headers: Mapping[str, str], body: bytes, sent: float) -> Answer:
        received = self._utc().timestamp()
        wait = _retry_after(headers.get("retry-after"), self._utc())
        if status != httpx.codes.OK:
            return Answer(status, sent, received, body=body, retry_after_s=wait)
        try:
            document = xml.parse(body)
        except DocumentError as exc:
            return Answer(status, sent, received, body=body, problem=str(exc))
        return Answer(status, sent, received, document, body)


def _retry_after(text: str | None, now: datetime) -> float | None:
    """Return the seconds that Retry-After asks for, as a number or as a date; an hour at most."""
    if text is None:
        return None
    if text.strip().isascii() and text.strip().isdigit():
        return min(float(text), _LONGEST_WAIT_S)
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return min(max(0.0, (at - now).total_seconds()), _LONGEST_WAIT_S)
