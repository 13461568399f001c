"""What stations have shown before, so that nobody goes back behind it with what was replaced.

A station that came with a newer certificate does not come with an older one again, and one that came
by the security profile that it was moved to does not come by a lower one (A05.FR.07).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import structlog
from cryptography import x509

from gateway.errors import IdentityError
from gateway.security.vault import Vault

if TYPE_CHECKING:
    from gateway.stations.admission import Knock

log = structlog.get_logger()

CERTIFICATE_PROFILE = 3
_BACKDATED = timedelta(days=1)
"""How much earlier than it was made a certificate may begin: authorities allow for clocks."""


def profile_of(knock: Knock) -> int:
    """Return the security profile that one knocks by."""
    if knock.encrypted:
        return CERTIFICATE_PROFILE if knock.certificate is not None else 2
    return 1 if knock.authorizations else 0


@dataclass(slots=True)
class Past:
    """What was shown and proven, over all restarts; `changed` hears of what is new."""

    vault: Vault
    wanted: Mapping[str, int] = field(default_factory=dict)
    """By station: the security profile that the settings want; 0: any."""
    changed: Callable[[str, str, str], None] = lambda _kind, _station, _problem: None
    """Takes kind, station and words."""
    seen: Callable[[str, bytes], None] = lambda _station, _der: None
    """Takes a station and the certificate that it came with, where that is a new one."""
    doubtful: Callable[[str], bool] = lambda _station: False
    """Says whether nobody knows which of several passwords a station has."""
    shown: dict[str, str] = field(default_factory=dict, repr=False)
    """By doubtful station: the password that it came with, until it is settled."""
    profiles: dict[str, int] = field(default_factory=dict)
    """By station: the profile by which it last came in."""
    arrived: set[str] = field(default_factory=set)
    """Stations that came in and that nobody has looked after since."""

    def target(self, station: str) -> int:
        """Return the security profile that a station should have, 0 where none is wanted."""
        return max(self.wanted.get(station, 0), self.vault.of(station).target)

    def needs_password(self, station: str, verifier: str, knock: Knock) -> bool:
        """Say whether a password is due; one that is on its way to profile 3 may show a certificate."""
        if not verifier:
            return False
        moving = self.target(station) == CERTIFICATE_PROFILE
        return not (moving and knock.encrypted and knock.certificate is not None)

    def fault(self, station: str, knock: Knock) -> str | None:
        """Return what a station shows that is over, None where all of it still counts."""
        kept, profile = self.vault.of(station), profile_of(knock)
        target = self.target(station)
        if profile < target <= kept.profile:  # A05.FR.07
            return f"security profile {profile} is over since it came by {kept.profile}"
        if knock.certificate is not None and kept.begins is not None:
            begin, _ = _term(knock.certificate)
            if begin < kept.begins - _BACKDATED:
                return "the certificate is older than the one that it last came with"
        return None

    def opened(self, station: str, password: str) -> None:
        """Remember which password opened the door, where that settles a doubt."""
        if self.doubtful(station):
            self.shown[station] = password

    def came(self, station: str, knock: Knock) -> None:
        """Remember with what a station was let in."""
        self.profiles[station] = profile = profile_of(knock)
        self.arrived.add(station)
        kept = self.vault.of(station)
        news: dict[str, str | int] = {}
        if profile > kept.profile and self.target(station):
            news["profile"] = profile
        if knock.certificate is not None:
            begin, end = _term(knock.certificate)
            if kept.begins is None or begin > kept.begins:
                news |= {"certificate_begin": begin.isoformat(), "certificate_end": end.isoformat()}
        if news:
            self._learn(station, news)
        if knock.certificate is not None and "certificate_begin" in news:
            self.seen(station, knock.certificate)

    def _learn(self, station: str, news: dict[str, str | int]) -> None:
        """Keep what is new; a disk that refuses keeps nobody out."""
        try:
            self.vault.keep(station, **news)
        except IdentityError as error:
            log.warning("station.unremembered", station=station, problem=str(error))
            return
        if "certificate_begin" in news:
            words = f"ends {news['certificate_end']}"
            self.changed("certificate.in_use", station, words)
        if "profile" in news:
            words = f"it came by security profile {news['profile']}"
            self.changed("station.profile_raised", station, words)


def _term(der: bytes) -> tuple[datetime, datetime]:
    """Return from when to when a certificate holds, which has been read and judged before."""
    found = x509.load_der_x509_certificate(der)
    return found.not_valid_before_utc.astimezone(UTC), found.not_valid_after_utc.astimezone(UTC)
