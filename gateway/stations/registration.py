"""How far a station is let in, by the answer to its BootNotification (B01 to B03)."""

from __future__ import annotations

from enum import StrEnum

_BEFORE_ACCEPTANCE = frozenset(
    {"BootNotification", "NotifyReport", "NotifyMonitoringReport", "SignCertificate"}
)
"""What a station that waits may still send: what it is asked for (B02.FR.09, A00.FR.429)."""

_AFTER_REFUSAL = frozenset({"BootNotification"})


class Registration(StrEnum):
    """The status of a BootNotificationResponse."""

    ACCEPTED = "Accepted"
    PENDING = "Pending"
    """It may be asked and configured, and sends nothing of its own."""
    REJECTED = "Rejected"
    """Nothing is said to it."""

    def bars(self, action: str) -> bool:
        """Say whether a call of the station is refused with SecurityError (B02.FR.09, B03.FR.07)."""
        if self is Registration.ACCEPTED:
            return False
        heard = _BEFORE_ACCEPTANCE if self is Registration.PENDING else _AFTER_REFUSAL
        return action not in heard
