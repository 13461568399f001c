"""A new password for a station (A01): made here, sent once, kept as a verifier only.

Before it is sent, both the old and the new one open the door: an answer that gets lost must not lock
the station out. What the station accepted replaces the old one (A01.FR.03), what it refused is gone.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from gateway.core.events import ReplyStatus
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

_PASSWORD = ("SecurityCtrlr", "BasicAuthPassword")
_UNCONFIRMED = 4
"""Passwords that may open at once: each costs a derivation at the door."""
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
    make: Callable[[str], str] = make_verifier
    """From a password to its verifier."""

    @property
    def current(self) -> str:
        """Return the verifier that counts."""
        return self.vault.verifier(self.station, self.settings)

    def put(self, verifier: str) -> None:
        """Let a verifier count, on the disk before it does at the door; IdentityError changes nothing."""
        self.vault.keep(self.station, verifier=verifier, instead_of=digest(self.settings))
        self.use(self.station, verifier)


async def settle(keys: Keys, password: str) -> None:
    """Let the one password count that a station has shown, where several would open."""
    shown = await asyncio.to_thread(opened_by, password, keys.current)
    if shown and in_doubt(keys.current):
        keys.put(shown)


async def change(call: Caller, keys: Keys) -> Outcome:
    """Give a station a new password; done when it said that it has it."""
    old = keys.current
    if not old:
        return Outcome(done=False, words="it has no password, but a certificate")
    if len(alternatives(old)) >= _UNCONFIRMED:
        words = "too many changes were not confirmed: it has to come back first"
        return Outcome(done=False, words=words)
    password = new_password()
    new = await asyncio.to_thread(keys.make, password)
    keys.put(either(old, new))
    status, reply = await variables.put(call, _PASSWORD, password)
    if status in {"Accepted", "RebootRequired"}:
        keys.put(new)
        return Outcome(done=True, words="it has a new password")
    if not status and (reply.payload or reply.status is ReplyStatus.NO_ANSWER):
        return Outcome(done=False, words=f"which password it has is not known: {said(reply)}")
    keys.put(old)
    return Outcome(done=False, words=f"it kept its password: {status or said(reply)}")
