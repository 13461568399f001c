"""How an OpenADR 3 VEN reaches its VTN, and whom it stands for there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from translators.canonical.commands import Revision
from translators.openadr.addressing import Addressee, Audience
from translators.openadr.binding import Binding


class Auth(StrEnum):
    """How a VEN shows who it is (OAuth2 client credentials, RFC 6749 2.3.1)."""

    POST = "post"
    """client_id and client_secret in the form."""
    BASIC = "basic"
    """Both in an Authorization header."""
    NONE = "none"
    """No token at all: public price servers."""


@dataclass(frozen=True, slots=True)
class Client:
    """Credentials at the token endpoint; an empty `token_url` is discovered, or `/auth/token`."""

    auth: Auth = Auth.NONE
    id: str = ""
    secret: str = field(default="", repr=False)
    token_url: str = ""
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Resource:
    """A station or site (`subject`, its id in the settings) as the VTN knows it.

    `targets` are names by which events address it besides its own.
    """

    subject: str
    name: str
    targets: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class VenAccess:
    """One VEN at one VTN.

    `revision` is None where the VTN's is to be found out. `programs` are names or ids, empty for all.
    `targets` are asked for besides what is not targeted. `members` of sites leave to their site what
    names nobody.
    """

    utility: str
    url: str
    """Base address, without a slash at its end."""
    ven: str
    """venName; empty where nothing is registered."""
    client: Client = Client()
    resources: tuple[Resource, ...] = ()
    members: frozenset[str] = frozenset()
    revision: Revision | None = None
    programs: frozenset[str] = frozenset()
    targets: tuple[str, ...] = ()
    bindings: tuple[Binding, ...] = ()
    policy: Mapping[str, str] = field(default_factory=dict)
    contract: str = ""
    """Pack of rules that a program's events must keep (`gac_2_2`, `nl_flex_1_0`), empty for none."""
    poll_s: float = 30.0
    max_skew_s: float = 10.0
    """How far the VTN's clock (HTTP Date) may be from ours before nothing of it begins."""
    request_timeout_s: float = 10.0

    @property
    def asked(self) -> tuple[str, ...]:
        """Return the targets that are asked for: 3.1 lists what names targets to who asks by one of them."""
        own = sorted({name for one in self.resources for name in one.targets})
        return tuple(dict.fromkeys((*self.targets, *own)))

    @property
    def audience(self) -> Audience:
        """Return whom events may be for; a target that is a resource's own names it alone."""
        addressees = [Addressee(one.subject, one.name, one.targets) for one in self.resources]
        single = {name for one in self.resources for name in (one.name, *one.targets)}
        return Audience(self.ven, addressees, frozenset(self.targets) - single, self.members)
