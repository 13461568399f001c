"""A new password for a station (A01): made here, sent once, kept as a verifier only.

Before it is sent, both the old and the new one open the door: an answer that gets lost must not lock
the station out. What the station accepted replaces the old one (A01.FR.03), what it refused is gone.

A station of 2.1 that was moved has another password in its new slot, which it uses once it restarts
(B09). Until it came by that one, or did not for days, none of its passwords is changed or dropped.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.security.credentials import (
    alternatives,
    either,
    in_doubt,
    make_verifier,
    opened_by,
)
from gateway.security.vault import Vault, digest
from gateway.stations import variables
from gateway.stations.certificates import said
from gateway.stations.context import Caller
from gateway.stations.errands import Outcome
from gateway.stations.outcomes import open_ended

_PASSWORD = ("SecurityCtrlr", "BasicAuthPassword")
_UNCONFIRMED = 4
"""Passwords that may open at once: each costs a derivation at the door."""
TOO_MANY = "too many changes were not confirmed: it has to come back first"
_MOVE = timedelta(days=3)
"""How long a station may take to come by its new slot: it restarts when nobody charges."""
_LENGTH = 32
"""Letters; 16 to 40 are allowed in both versions (A00.FR.205)."""


def new_password() -> str:
    """Return a password that nobody has chosen."""
    return secrets.token_urlsafe(_LENGTH)[:_LENGTH]


@dataclass(frozen=True, slots=True)
class Keys:
    """The verifiers of one station; `use` puts one in force at the door."""

    station: str
    settings: str
    """The verifier of the settings."""
    vault: Vault
    use: Callable[[str, str], None]
    utc: Callable[[], datetime]
    make: Callable[[str], str] = make_verifier
    """From a password to its verifier."""

    @property
    def current(self) -> str:
        """Return the verifier that counts."""
        return self.vault.verifier(self.station, self.settings)

    @property
    def moving(self) -> bool:
        """Say whether the newest password is the one of a slot that it may still restart to."""
        moved = self.vault.of(self.station).moved
        return moved is not None and in_doubt(self.current) and self.utc() < moved + _MOVE

    @property
    def full(self) -> bool:
        """Say whether no further password may be made before the station has shown one."""
        return len(alternatives(self.current)) >= _UNCONFIRMED

    def put(self, verifier: str, moved_at: str = "") -> None:
        """Let a verifier count, on the disk before it does at the door; IdentityError changes nothing.

        `moved_at`: since when its newest password is the one of a slot that was not used yet (ISO 8601).
        """
        named = digest(self.settings)
        self.vault.keep(self.station, verifier=verifier, instead_of=named, moved_at=moved_at)
        self.use(self.station, verifier)


async def settle(keys: Keys, password: str) -> None:
    """Let the one password count that a station has shown, where several would open.

    What a station that was moved shows of its old slot says nothing of the new one.
    """
    shown = await asyncio.to_thread(opened_by, password, keys.current)
    if keys.moving and shown != alternatives(keys.current)[-1]:
        return
    if shown and in_doubt(keys.current):
        keys.put(shown)


async def for_slot(keys: Keys) -> str:
    """Return a password for a slot that is not used yet; it opens beside what did.

    Nothing where too many would open.
    """
    if keys.full:
        return ""
    password = new_password()
    new = await asyncio.to_thread(keys.make, password)
    keys.put(either(keys.current, new), moved_at=keys.utc().isoformat())
    return password


async def change(call: Caller, keys: Keys) -> Outcome:
    """Give a station a new password; done when it said that it has it."""
    old = keys.current
    if not old:
        return Outcome(done=False, words="it has no password, but a certificate")
    if keys.moving:
        return Outcome(done=False, words="it was moved, and has not come by its new slot yet")
    if keys.full:
        return Outcome(done=False, words=TOO_MANY)
    password = new_password()
    new = await asyncio.to_thread(keys.make, password)
    keys.put(either(old, new))
    status, reply = await variables.put(call, _PASSWORD, password)
    if status in {"Accepted", "RebootRequired"}:
        keys.put(new)
        return Outcome(done=True, words="it has a new password")
    if not status and open_ended(reply):
        return Outcome(done=False, words=f"which password it has is not known: {said(reply)}")
    keys.put(old)
    return Outcome(done=False, words=f"it kept its password: {status or said(reply)}")
