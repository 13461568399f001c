"""The simulated utility on its socket: answers by the standard, records, spoils on demand."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Self

from gateway.simulators.utility_2030_5_http import HttpServer, Reply, Request, server_context
from gateway.simulators.utility_2030_5_intake import Received, accept
from gateway.simulators.utility_2030_5_records import (
    Exchange,
    ReceivedDocument,
    ReceivedReading,
    ReceivedResponse,
)
from gateway.simulators.utility_2030_5_tree import RefusedError, Viewer, read
from gateway.simulators.utility_2030_5_world import Options, World
from gateway.simulators.utility_2030_5_xml import MEDIA_TYPE, branch, leaf, render

INVALID_FORMAT = 0  # Error.reasonCode


@dataclass(frozen=True, slots=True)
class Files:
    """The TLS files of the utility: its chain, its key, and the anchor of its clients."""

    certificate: Path
    key: Path
    trust_anchor: Path


class SimulatedUtility(World):
    """The utility with its server; open it with `async with`, move it with the methods of World."""

    def __init__(
        self,
        files: Files,
        options: Options | None = None,
        *,
        address: tuple[str, int] = ("127.0.0.1", 0),
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(options, clock)
        context = server_context(files.certificate, files.key, files.trust_anchor)
        self._host = address[0]
        self._server = HttpServer(context, self._answer, *address)
        self._received = Received()
        self._changed = asyncio.Condition()
        self.exchanges: list[Exchange] = []

    async def __aenter__(self) -> Self:
        """Listen."""
        await self._server.open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Break every connection and stop."""
        await self._server.close()

    @property
    def url(self) -> str:
        """The address of DeviceCapability."""
        return f"https://{self._host}:{self._server.port}/dcap"

    @property
    def responses(self) -> list[ReceivedResponse]:
        """Every accepted Response, in order."""
        return self._received.responses

    @property
    def readings(self) -> list[ReceivedReading]:
        """Every accepted meter reading, in order."""
        return self._received.readings

    @property
    def documents(self) -> list[ReceivedDocument]:
        """Every accepted DERCapability, DERSettings, DERStatus, DERAvailability, LogEvent."""
        return self._received.documents

    @property
    def refusals(self) -> list[Exchange]:
        """Every request that was refused for a reason of the standard, with that reason."""
        return [item for item in self.exchanges if item.reason]

    def statuses(self, mrid: str, lfdi: str | None = None) -> list[int]:
        """Return the statuses told about one event, in order; of one device, or of all."""
        return [
            item.status
            for item in self.responses
            if item.subject == mrid.upper() and lfdi in (None, item.lfdi)
        ]

    async def wait_for(self, predicate: Callable[[], object], timeout_s: float | None) -> None:
        """Wait until `predicate` holds, asked after each request; TimeoutError says what came."""
        try:
            async with asyncio.timeout(timeout_s), self._changed:
                await self._changed.wait_for(lambda: bool(predicate()))
        except TimeoutError as exc:
            recent = [f"{it.method} {it.path} {it.status} {it.reason}" for it in self.exchanges]
            raise TimeoutError(
                f"not within {timeout_s} s; last requests: {'; '.join(recent[-8:]) or 'none'}"
            ) from exc

    async def _answer(self, request: Request) -> Reply:
        """Answer one request, spoil the answer where a fault waits, and wake those who watch."""
        reply = self._spoiled(request)
        async with self._changed:
            self._changed.notify_all()
        return reply

    def _spoiled(self, request: Request) -> Reply:
        for trap in self.traps:
            if trap.springs(request.method, request.path):
                known = len(self.exchanges)
                reply = trap.fault(lambda: self._honest(request))
                if len(self.exchanges) == known:
                    self._record(request, reply.status)
                return reply
        return self._honest(request)

    def _honest(self, request: Request) -> Reply:
        """Answer by the standard; a refusal carries an Error and is recorded with its reason."""
        viewer = Viewer(self, self.device(request.lfdi), request.query)
        segments = [part for part in request.path.split("/") if part]
        try:
            reply = self._carried_out(viewer, request, segments)
        except RefusedError as exc:
            self._record(request, exc.status, exc.reason)
            return Reply(exc.status, render(branch("Error", leaf("reasonCode", INVALID_FORMAT))))
        self._record(request, reply.status)
        return reply

    def _carried_out(self, viewer: Viewer, request: Request, segments: list[str]) -> Reply:
        if request.method in ("PUT", "POST", "DELETE"):
            return accept(viewer, request, segments, self._received)
        if request.method != "GET":
            raise RefusedError(HTTPStatus.METHOD_NOT_ALLOWED, f"{request.method} is not served")
        wanted = request.headers.get("accept", "*/*")
        if MEDIA_TYPE not in wanted and "*/*" not in wanted:
            raise RefusedError(HTTPStatus.NOT_ACCEPTABLE, f"only {MEDIA_TYPE} is served")
        return Reply(HTTPStatus.OK, render(read(viewer, segments)))

    def _record(self, request: Request, status: int, reason: str = "") -> None:
        self.exchanges.append(
            Exchange(self.now(), request.lfdi, request.method, request.path, int(status), reason)
        )
