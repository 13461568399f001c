"""All connected stations as one `StationLink`, whatever version of OCPP each of them speaks."""

from __future__ import annotations

import structlog

from gateway.core.effects import ReadBack, SendToStation
from gateway.core.events import (
    ControlsReported,
    ReplyStatus,
    StationDisconnected,
    StationReplied,
)
from gateway.ports import Post
from gateway.stations.context import Connected
from gateway.stations.session import Session
from translators.rules.book import Book

log = structlog.get_logger()


class Stations:
    """Knows at most one session for each station: the one that counts."""

    def __init__(self, post: Post) -> None:
        """Know no session yet."""
        self._post = post
        self._sessions: dict[str, Session] = {}

    def current(self, station: str) -> Session | None:
        """Return the session that counts, None while the station is away."""
        return self._sessions.get(station)

    def here(self, station: str) -> Connected | None:
        """Return a station that is connected and was announced, None otherwise."""
        session = self.current(station)
        if session is None or not session.announced:
            return None
        return Connected(session.version, session.call)

    def send(self, effect: SendToStation) -> None:
        """Queue one CALL; `NOT_SENT` is posted where the station is away."""
        session = self._sessions.get(effect.station)
        if session is not None:
            session.submit(effect)
            return
        status, reason = ReplyStatus.NOT_SENT, "the station is away"
        self._post(StationReplied(effect.station, effect.request_id, status, reason))

    def read_back(self, effect: ReadBack) -> None:
        """Queue a read-back; nothing, incomplete, is posted where the station is away."""
        session = self.current(effect.station)
        if session is not None:
            session.read_back(effect)
            return
        self._post(ControlsReported(effect.station, effect.request_id, (), complete=False))

    def use(self, book: Book) -> None:
        """Read what the stations report that are here by other mapping rules from now on."""
        for session in self._sessions.values():
            session.use(book)

    async def serve(self, session: Session) -> None:
        """Let a session count from now on, as long as its connection lasts."""
        self.attach(session)
        try:
            await session.run()
        finally:
            self.detach(session)

    def attach(self, session: Session) -> None:
        """Let a session count; the one before it is dropped."""
        before = self.current(session.entry.id)
        if before is not None:
            self.drop(before)
        self._sessions[session.entry.id] = session

    def detach(self, session: Session) -> None:
        """Forget a session, if it is still the one that counts, and say how its calls ended.

        The engine hears first that the station is away, so that it sends nothing into the void.
        """
        known = self.current(session.entry.id)
        if known is not None and known.generation == session.generation:
            del self._sessions[session.entry.id]
            if session.announced:
                self._post(StationDisconnected(session.entry.id))
        session.end()

    def drop(self, session: Session) -> None:
        """Forget a session whose peer is dead, and its connection with it."""
        log.warning("station.dropped", station=session.entry.id, generation=session.generation)
        self.detach(session)
        session.transport.abort()
