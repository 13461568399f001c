"""HTTP/1.1 over mutual TLS for the simulated utility: read a request, answer it, stay bounded."""

from __future__ import annotations

import asyncio
import hashlib
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from http import HTTPStatus
from http.client import responses
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from gateway.simulators.utility_2030_5_xml import LARGEST_BODY, MEDIA_TYPE

IDLE_TIMEOUT_S = 75
HANDSHAKE_TIMEOUT_S = 10
SUITES = "ECDHE-ECDSA-AES128-CCM8:ECDHE-ECDSA-AES128-GCM-SHA256:@SECLEVEL=0"
_SLOW_PIECES = 20


class Delivery(Enum):
    """How an answer travels."""

    WHOLE = "whole"
    SHORT = "short"  # the connection ends in the middle of the promised body
    SLOW = "slow"  # in pieces, `pause_s` apart
    RESET = "reset"  # the connection breaks instead


@dataclass(frozen=True, slots=True)
class Request:
    """One request; `lfdi` is that of the client's certificate."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]  # names in lower case
    body: bytes
    lfdi: str


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer."""

    status: int
    body: bytes = b""
    media_type: str = MEDIA_TYPE
    headers: Mapping[str, str] = field(default_factory=dict)
    delivery: Delivery = Delivery.WHOLE
    pause_s: float = 0.0


type Answer = Callable[[Request], Awaitable[Reply]]


class _BadRequestError(Exception):
    """What arrived is no request; the connection ends with `status`."""

    def __init__(self, status: int) -> None:
        self.status = status
        super().__init__(status)


def server_context(
    certificate: Path, key: Path, trust_anchor: Path, *, ciphers: str = SUITES
) -> ssl.SSLContext:
    """Return the context of a 2030.5 server: TLS 1.2, CCM-8 preferred, a certificate demanded."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(ciphers)
    context.load_cert_chain(certificate, key)
    context.load_verify_locations(trust_anchor)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


class HttpServer:
    """Serves `answer` on a socket; an `async with` thing that leaves no connection behind."""

    def __init__(self, context: ssl.SSLContext, answer: Answer, host: str, port: int) -> None:
        self._context = context
        self._answer = answer
        self._address = (host, port)
        self._server: asyncio.Server | None = None
        self._conversations: set[asyncio.Task[None]] = set()

    @property
    def port(self) -> int:
        """The port that it listens on; known once it is open."""
        if self._server is None:
            raise RuntimeError("the server is not open")
        return int(self._server.sockets[0].getsockname()[1])

    async def open(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(
            self._accept,
            *self._address,
            ssl=self._context,
            ssl_handshake_timeout=HANDSHAKE_TIMEOUT_S,
        )

    async def close(self) -> None:
        """Stop listening and break every connection."""
        if self._server is None:
            return
        self._server.close()
        for task in self._conversations:
            task.cancel()
        await asyncio.gather(*self._conversations, return_exceptions=True)
        await self._server.wait_closed()
        self._server = None

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._converse(reader, writer))
        self._conversations.add(task)
        task.add_done_callback(self._conversations.discard)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session: ssl.SSLObject = writer.get_extra_info("ssl_object")
        certificate = session.getpeercert(binary_form=True) or b""
        lfdi = hashlib.sha256(certificate).hexdigest()[:40].upper()
        try:
            while await self._answer_one(reader, writer, lfdi):
                pass
            writer.close()
            await writer.wait_closed()
        except (OSError, EOFError, TimeoutError):
            pass  # the peer went away, or said nothing for long: nobody is left to tell
        finally:
            writer.transport.abort()

    async def _answer_one(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, lfdi: str
    ) -> bool:
        """Answer the next request; return whether the connection goes on."""
        try:
            async with asyncio.timeout(IDLE_TIMEOUT_S):
                request = await _read_request(reader, lfdi)
        except _BadRequestError as exc:
            await _send(writer, Reply(exc.status))
            return False
        goes_on = await _send(writer, await self._answer(request))
        return goes_on and request.headers.get("connection", "").lower() != "close"


async def _read_request(reader: asyncio.StreamReader, lfdi: str) -> Request:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.LimitOverrunError as exc:
        raise _BadRequestError(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE) from exc
    first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    match first.split(" "):
        case [method, address, ("HTTP/1.1" | "HTTP/1.0")]:
            target = urlsplit(address)
        case _:
            raise _BadRequestError(HTTPStatus.BAD_REQUEST)
    headers = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon:
            raise _BadRequestError(HTTPStatus.BAD_REQUEST)
        headers[name.lower()] = value.strip()
    if "transfer-encoding" in headers:
        raise _BadRequestError(HTTPStatus.LENGTH_REQUIRED)
    length = headers.get("content-length", "0")
    if not (length.isascii() and length.isdigit()):
        raise _BadRequestError(HTTPStatus.BAD_REQUEST)
    if int(length) > LARGEST_BODY:
        raise _BadRequestError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    return Request(
        method,
        target.path,
        dict(parse_qsl(target.query, keep_blank_values=True)),
        headers,
        await reader.readexactly(int(length)),
        lfdi,
    )


async def _send(writer: asyncio.StreamWriter, reply: Reply) -> bool:
    """Send an answer; return whether the connection goes on."""
    if reply.delivery is Delivery.RESET:
        writer.transport.abort()
        return False
    headers = {"Content-Length": str(len(reply.body)), **reply.headers}
    if reply.body:
        headers["Content-Type"] = reply.media_type
    phrase = responses.get(reply.status, "")
    lines = [f"HTTP/1.1 {reply.status} {phrase}", *(f"{k}: {v}" for k, v in headers.items())]
    writer.write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
    if reply.delivery is Delivery.SHORT:
        writer.write(reply.body[: len(reply.body) // 2])
        await writer.drain()
        return False
    size = max(1, len(reply.body) // _SLOW_PIECES) if reply.delivery is Delivery.SLOW else 1 << 16
    for start in range(0, len(reply.body), size):
        writer.write(reply.body[start : start + size])
        await writer.drain()
        if reply.delivery is Delivery.SLOW:
            await asyncio.sleep(reply.pause_s)
    return True
