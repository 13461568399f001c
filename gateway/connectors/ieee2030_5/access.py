"""How to reach one utility under one identity."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gateway.errors import SettingsError
from translators.canonical.commands import Revision


@dataclass(frozen=True, slots=True)
class UtilityAccess:
    """One identity at one utility: files, address, and what is expected of the peer.

    SettingsError where the server would be known by neither its name nor its LFDI.
    """

    utility: str
    """Id of the utility in the settings."""
    station: str
    """The one station that this identity is bound to."""
    revision: Revision
    url: str
    """Absolute address of DeviceCapability."""
    certificate: Path
    key: Path
    trust_anchor: Path
    pin: int | None = None
    """Registration PIN that the utility has to know (five digits and the check digit), None to skip."""
    peer_lfdi: str = ""
    """LFDI of the server, checked on every connection before its first request."""
    check_hostname: bool = True
    additional_ciphers: str = ""
    poll_interval_s: float | None = None
    """Overrides the server's poll rates."""
    post_interval_s: float | None = None
    """Overrides the server's post rate."""
    request_timeout_s: float = 10.0

    def __post_init__(self) -> None:
        """Refuse a server that nothing identifies."""
        if not (self.check_hostname or self.peer_lfdi):
            raise SettingsError(
                "check_hostname is off and no peer_lfdi is pinned",
                where=self.utility,
                advice="pin the LFDI of the server",
            )
