"""Certificates of stations at run time: a station asks, is given one, and trusts the roots it is told.

A02 (we ask it to ask) and A03 (it asks by itself) differ in who begins; from SignCertificate on they
are the same. The certificate that a station has stays good until it came with the new one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

import structlog

from gateway.core.events import ReplyStatus
from gateway.errors import IdentityError
from gateway.protocols.ocpp_rpc import Priority
from gateway.protocols.rates import Bucket, Rate
from gateway.security.issuing import (
    LONGEST_CHAIN,
    StationAuthority,
    Wanted,
    described,
    wanted,
)
from gateway.security.peers import key_of
from gateway.stations.context import Caller, Context, Json, Reply
from gateway.stations.errands import Outcome
from gateway.stations.session import Clocks

log = structlog.get_logger()

_STATION = "ChargingStationCertificate"
_TRIES = 3
"""Deliveries that may stay without an answer; the station asks again by itself (A03.FR.18)."""
_PACE = Rate(per_s=0.1, burst=10)
"""Requests of one station; CertSigningWaitMinimum is some thirty seconds."""
_LOST = frozenset({ReplyStatus.NO_ANSWER, ReplyStatus.NOT_SENT})


class Tell(Protocol):
    """Takes what the audit and an operator should know."""

    def __call__(self, kind: str, station: str, problem: str = "") -> None:
        """Take one notice."""
        ...


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request that no certificate has answered yet."""

    request: Wanted
    labels: Json
    """What its answer repeats: the type, and the id of the request (2.1)."""
    tries: int = 0
    problem: str = ""


class Certificates:
    """All open requests of all stations."""

    def __init__(
        self,
        authority: StationAuthority | None,
        operator: str,
        clocks: Clocks,
        tell: Tell,
        stir: Callable[[], None],
    ) -> None:
        """Know no request yet; without an authority none is taken; `stir` hears of each."""
        self._authority, self._operator = authority, operator
        self._clocks, self._tell, self._stir = clocks, tell, stir
        self._asked: dict[str, _Asked] = {}
        self._expected: dict[str, asyncio.Event] = {}
        self._paces: dict[str, Bucket] = {}

    @property
    def waiting(self) -> list[str]:
        """Return the stations that wait for a certificate."""
        return list(self._asked)

    def sign_certificate(self, context: Context, payload: Json) -> Json:
        """Take a request of a station or say what is wrong with it (A02, A03)."""
        station = context.entry.id
        if self._asks_too_often(station):
            return _rejected("Unspecified", "too many requests")
        kind = payload.get("certificateType", _STATION)
        if kind != _STATION:
            self._tell("certificate.refused_request", station, f"{kind} is not issued here")
            return _rejected("UnsupportedRequest", f"{kind} is not issued here")
        if self._authority is None:
            return _rejected("NotEnabled", "no certificates are issued here")
        try:
            request = wanted(station, payload["csr"], self._operator, context.entry.serial_number)
        except IdentityError as error:
            self._tell("certificate.refused_request", station, error.problem)
            return _rejected("InvalidCSR", error.problem)
        labels: Json = {
            name: payload[name] for name in ("certificateType", "requestId") if name in payload
        }
        self._asked[station] = _Asked(request, labels)
        self._tell("certificate.requested", station)
        if station in self._expected:
            self._expected[station].set()
        self._stir()
        return {"status": "Accepted"}

    def reload(self) -> None:
        """Have the authority read its files anew; IdentityError changes nothing."""
        if self._authority is not None:
            self._authority.reload()

    def _asks_too_often(self, station: str) -> bool:
        """Say whether a station asks more often than it may; each request is a check and a record."""
        now = self._clocks.monotonic()
        asked = self._paces.setdefault(station, Bucket(_PACE, now))
        if asked.wait(now) > 0:
            return True
        asked.take()
        return False

    async def renew(self, station: str, call: Caller, patience_s: float) -> Outcome:
        """Ask a station to ask, wait until it did, and give it what it asked for."""
        if self._authority is None:
            return Outcome(done=False, words="no certificates are issued here: ocpp.station_ca")
        asked = self._expected[station] = asyncio.Event()
        try:
            trigger = {"requestedMessage": f"Sign{_STATION}"}
            reply = await call("TriggerMessage", trigger, Priority.HOUSEKEEPING)
            if reply.status is not ReplyStatus.ACCEPTED:
                return Outcome(done=False, words=f"it was not triggered: {said(reply)}")
            async with asyncio.timeout(patience_s):
                await asked.wait()
        except TimeoutError:
            return Outcome(done=False, words="it accepted the trigger and never asked")
        finally:
            del self._expected[station]
        found = await self.deliver(station, call)
        return found or Outcome(done=True, words="its request waits for the authority")

    async def deliver(self, station: str, call: Caller) -> Outcome | None:
        """Give a station what it asked for; None where that is not there yet."""
        asked = self._asked.get(station)
        if asked is None or self._authority is None:
            return None
        try:
            chain = self._authority.sign(asked.request, self._clocks.utc())
        except IdentityError as error:
            return self._unsigned(asked, str(error))
        if chain is None:
            return None
        if len(chain) > LONGEST_CHAIN:
            return self._unsigned(asked, f"the chain has more than {LONGEST_CHAIN} characters")
        payload = {"certificateChain": chain, **asked.labels}
        reply = await call("CertificateSigned", payload, Priority.HOUSEKEEPING)
        if reply.status in _LOST and asked.tries + 1 < _TRIES:
            self._put_back(asked, replace(asked, tries=asked.tries + 1))
            return Outcome(done=False, words=f"it was not delivered: {said(reply)}")
        self._put_back(asked, None)
        self._clear(asked)
        if reply.status is ReplyStatus.ACCEPTED:
            self._tell("certificate.delivered", station, described(chain))
            return Outcome(done=True, words="it took a new certificate")
        self._tell("certificate.not_taken", station, f"{said(reply)}; {described(chain)}")
        return Outcome(done=False, words=f"it did not take the certificate: {said(reply)}")

    def used(self, station: str, der: bytes) -> None:
        """A station came with a certificate: one that answers its request was delivered, then.

        A station that changes over at once may well close the line before its answer is through.
        """
        asked = self._asked.get(station)
        if asked is None or self._authority is None or key_of(der) != asked.request.key:
            return
        del self._asked[station]
        self._clear(asked)
        self._tell("certificate.delivered", station, "it came with it")

    def _clear(self, asked: _Asked) -> None:
        """Let the authority forget a request; what it cannot remove harms nobody."""
        try:
            if self._authority is not None:
                self._authority.delivered(asked.request)
        except IdentityError as error:
            log.warning("certificate.uncleared", problem=str(error))

    def _put_back(self, before: _Asked, after: _Asked | None) -> None:
        """Change a request, unless the station made a newer one meanwhile."""
        station = before.request.station
        if self._asked.get(station) is not before:
            return
        if after is None:
            del self._asked[station]
        else:
            self._asked[station] = after

    def _unsigned(self, asked: _Asked, problem: str) -> Outcome:
        """Keep a request that could not be signed, and tell why, once."""
        if asked.problem != problem:
            self._tell("certificate.not_signed", asked.request.station, problem)
            self._put_back(asked, replace(asked, problem=problem))
        return Outcome(done=False, words=problem)


def said(reply: Reply) -> str:
    """Return how a call ended, in words."""
    return f"{reply.status.value} {reply.reason}".strip()


def _rejected(code: str, words: str) -> Json:
    info = {"reasonCode": code, "additionalInfo": words[:512]}
    return {"status": "Rejected", "statusInfo": info}
