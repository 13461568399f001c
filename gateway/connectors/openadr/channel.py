"""HTTP to one VTN: bounded in time and size, TLS verified, no token ever off its origin."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from importlib import import_module
from importlib.util import find_spec
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import unquote, urljoin, urlsplit

import httpx
import orjson

from gateway.connectors.openadr.access import VtnAccess
from gateway.errors import PeerError, SettingsError
from gateway.protocols.openadr_http import Answer, Request
from gateway.security.handshake import Handshake
from gateway.security.tls import web_client_context
from translators.units import to_json_number

if TYPE_CHECKING:
    from gateway.connectors.openadr.mdns import Found

LARGEST_BODY = 16 << 20
_REDIRECTS = frozenset({301, 302, 307, 308})
_MOST_REDIRECTS = 5
_JSON = "application/json"
_MDNS = "mdns://"
_FIND_S = 3.0


class Channel:
    """An open client; `async with` reads the trust anchors (IdentityError where they are no good)."""

    def __init__(self, access: VtnAccess) -> None:
        """Open nothing yet."""
        self._access = access
        self._http: httpx.AsyncClient | None = None
        self._named = access.ven.url.removeprefix(_MDNS) if _is_named(access) else ""
        self._there: Found | None = None
        if self._named and find_spec("zeroconf") is None:
            raise SettingsError(
                "zeroconf is not installed",
                where=f"{access.ven.utility}.url",
                code="DG-1099",
                advice="install the extra `mdns`",
            )

    async def __aenter__(self) -> Self:
        """Prepare TLS."""
        self._http = httpx.AsyncClient(
            verify=web_client_context(self._access.trust_anchor),
            timeout=self._access.ven.request_timeout_s,
            trust_env=False,
            # No content coding: a compressed body could grow beyond every bound.
            headers={"Accept": _JSON, "Accept-Encoding": "identity"},
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

    async def exchange(self, request: Request, bearer: str = "") -> Answer:
        """Ask once, with this token; a GET is redirected on its origin. Never raises for the peer.

        No token goes to another origin than the VTN's.
        """
        try:
            await self._find()
        except PeerError as exc:
            return Answer(0, problem=str(exc))
        url = self._address(request.path)
        headers = dict(request.headers)
        if bearer and _origin(url) == _origin(self._base):
            headers["Authorization"] = f"Bearer {bearer}"
        answer = await self._bounded(request, url, headers)
        if not answer.status:
            self._there = None  # it may have moved
        for _ in range(_MOST_REDIRECTS):
            if answer.status not in _REDIRECTS or request.method != "GET":
                return answer
            target = urljoin(url, answer.headers.get("location", ""))
            if _origin(target) != _origin(url):
                problem = f"redirects to {target[:200]!r}, which is not followed"
                return Answer(answer.status, answer.headers, problem=problem)
            url = target
            answer = await self._bounded(request, url, headers, query=False)
        return answer

    @property
    def _base(self) -> str:
        return (self._access.ven.url if self._there is None else self._there.url).rstrip("/")

    async def _find(self) -> None:
        """Know where a VTN is that is given by its name in the local network."""
        if self._named and self._there is None:
            library = import_module("gateway.connectors.openadr.mdns")
            timeout_s = min(_FIND_S, self._access.ven.request_timeout_s)
            self._there = await library.find(unquote(self._named), timeout_s)

    def _address(self, path: str) -> str:
        if path.startswith(("https://", "http://")):
            own = self._there is not None and _origin(path) == self._there.origin
            return f"https://{urlsplit(self._base).netloc}{urlsplit(path).path}" if own else path
        return f"{self._base}/{path.lstrip('/')}"

    async def _bounded(
        self, request: Request, url: str, headers: Mapping[str, str], *, query: bool = True
    ) -> Answer:
        """Return what came in time, or why nothing did."""
        if not (url.startswith("https://") or self._access.insecure):
            return Answer(0, problem=f"{url[:200]} is plain HTTP, which needs `insecure: true`")
        timeout_s = self._access.ven.request_timeout_s
        try:
            async with asyncio.timeout(timeout_s):
                return await self._ask(request, url, headers, query=query)
        except TimeoutError:
            return Answer(0, problem=f"no complete answer within {timeout_s:g} s")
        except (httpx.HTTPError, httpx.InvalidURL, PeerError) as exc:
            return Answer(0, problem=f"cannot be reached: {exc or type(exc).__name__}")

    async def _ask(
        self, request: Request, url: str, headers: Mapping[str, str], *, query: bool
    ) -> Answer:
        if self._http is None:
            raise PeerError("the connection is not open", where=self._access.ven.utility)
        handshake = Handshake()
        extensions: dict[str, Any] = {"trace": handshake.trace}
        if self._there is not None:  # asked by its number, verified by its name
            extensions["sni_hostname"] = self._there.host
            headers = {**headers, "Host": self._there.origin[1]}
        try:
            async with self._http.stream(
                request.method,
                url,
                params=list(request.query) if query and request.query else None,
                content=None if request.body is None else written(request.body),
                data=None if request.form is None else dict(request.form),
                headers={**headers, **({} if request.body is None else {"Content-Type": _JSON})},
                extensions=extensions,
            ) as response:
                return await _read(response)
        finally:
            await handshake.end()


async def _read(response: httpx.Response) -> Answer:
    """Return the answer; none where its body is longer than may be read, or coded."""
    if (coding := response.headers.get("content-encoding", "identity")) != "identity":
        return Answer(0, problem=f"the body is coded as {coding[:20]!r}, which nobody asked for")
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > LARGEST_BODY:
            return Answer(0, problem=f"the body is longer than {LARGEST_BODY >> 20} MiB")
    return Answer(response.status_code, _headers(response.headers), bytes(body))


def _headers(headers: httpx.Headers) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _is_named(access: VtnAccess) -> bool:
    return access.ven.url.startswith(_MDNS)


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc


def written(body: Any) -> bytes:
    """Return JSON text; exact numbers in all their digits."""
    return orjson.dumps(body, default=_exact)


def _exact(value: Any) -> Any:
    match value:
        case Decimal():
            return orjson.Fragment(str(value).encode())
        case Fraction():
            return to_json_number(value)
        case _:
            raise TypeError(type(value).__name__)
