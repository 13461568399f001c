"""How a simulated VTN behaves: its edition, its clients, and one switch for each peculiarity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from gateway.simulators.vtn_quirks import Quirk

type Revision = Literal["3.0", "3.1"]

BASE_PATHS: Mapping[str, str] = {"3.0": "/openadr3/3.0.1", "3.1": "/openadr3/3.1.0"}

VEN_SCOPES: Mapping[str, tuple[str, ...]] = {
    "3.0": ("read_all", "write_reports", "write_subscriptions", "write_vens"),
    "3.1": (
        "read_all",
        "read_targets",
        "read_ven_objects",
        "write_reports",
        "write_subscriptions",
        "write_vens",
    ),
}
BL_SCOPES = ("read_all", "read_bl", "write_programs", "write_events", "write_vens")
"""Scopes of the business logic; `read_bl` is the 3.1 name of what lets it see every object."""


@dataclass(frozen=True, slots=True)
class Account:
    """A client at the token endpoint; no scopes means those of its role."""

    secret: str = field(repr=False)
    business: bool = False
    """It is the utility's business logic and sees and writes everything."""
    scopes: tuple[str, ...] = ()


def default_accounts() -> dict[str, Account]:
    """Return a VEN `ven_client`, a second one, and the business logic `bl_client`; secret: `secret`."""
    ven = Account("secret")
    return {"ven_client": ven, "ven_client2": ven, "bl_client": Account("secret", business=True)}


@dataclass(frozen=True, slots=True)
class Options:
    """How the VTN behaves."""

    revision: Revision = "3.1"
    base_path: str | None = None
    """Where the interface begins; None for that of the reference implementation."""
    open: bool = False
    """Ask for no token: a public price server."""
    accounts: Mapping[str, Account] = field(default_factory=default_accounts)
    token_s: float = 3600
    """How long a token is good."""
    page_size: int = 50
    """Objects per page where the client asks for no fewer."""
    strict: bool = False
    """Refuse every body that breaks the schema of the edition, and what else a careful VTN would."""
    shortest_poll_s: float = 0.0
    """What asks for the same list sooner again is complained of, unless something changed."""
    etags: bool = False
    """Lists carry an ETag and answer 304."""
    broker: str = ""
    """Address of the MQTT broker that clients are told (3.1); empty offers none."""
    broker_auth: Mapping[str, str] = field(default_factory=lambda: {"method": "ANONYMOUS"})
    """How they log in there, as `/notifiers` says it."""
    quirks: frozenset[Quirk] = frozenset()

    @property
    def base(self) -> str:
        """The path before `/programs` and the others, without a slash at its end."""
        given = BASE_PATHS[self.revision] if self.base_path is None else self.base_path
        return given.rstrip("/")

    @property
    def crud_verbs(self) -> bool:
        """Whether subscriptions and notifications speak of CREATE, not of POST."""
        return self.revision == "3.1" or self.has(Quirk.CRUD_VERBS)

    def has(self, quirk: Quirk) -> bool:
        """Say whether that switch is on."""
        return quirk in self.quirks
