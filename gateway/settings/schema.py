"""What site.yaml may say: each key with type, default and one sentence; strict, nothing unknown.

The descriptions are the settings table of the README (`table`). Values keep their exact numbers;
paths are absolute, relative ones are taken from the folder of site.yaml.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag

from gateway.settings.fail_safe import FailSafe
from gateway.settings.fields import (
    Bound,
    DatabaseUrl,
    Duration,
    KeepOffset,
    Name,
    Network,
    Port,
    ReturnAfter,
    SitePath,
    Strict,
    WhileSilent,
    seconds,
    text,
)
from gateway.settings.openadr import OpenAdrUtility
from gateway.settings.pace import Canary, Feeder
from gateway.settings.sites import Site
from gateway.settings.stations import Station


class Ocpp(Strict):
    """Where stations connect."""

    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: Port = Field(default=9000, description="TCP port; 0 takes a free one.")
    certificate: SitePath | None = Field(
        default=None,
        description="Certificate chain (PEM), read again on SIGHUP; without it plain WebSocket.",
    )
    key: SitePath | None = Field(default=None, description="Private key of the certificate (PEM).")
    rsa_certificate: SitePath | None = Field(
        default=None,
        description="Second certificate, with an RSA key, for stations that know RSA suites only.",
    )
    rsa_key: SitePath | None = Field(default=None, description="Private key of rsa_certificate.")
    station_ca: SitePath | None = Field(
        default=None,
        description="Authorities (PEM) of station certificates (security profile 3).",
    )
    operator: str = Field(
        default="", description="O that every station certificate must name; goes with station_ca."
    )
    issuer: SitePath | None = Field(
        default=None,
        description="Authority (PEM) that signs certificates of stations while the gateway runs.",
    )
    issuer_key: SitePath | None = Field(
        default=None,
        description="Its private key (PEM, mode 0600); without it requests wait in state_dir.",
    )
    issue_days: Annotated[int, Field(ge=1, le=3650)] = Field(
        default=397, description="Days for which certificates are signed here."
    )
    renew_days: Annotated[int, Field(ge=0, le=365)] = Field(
        default=30, description="Days before its certificate ends that a station is asked to renew."
    )
    public_url: Annotated[str, Field(pattern=r"^(wss?://[^\s/]+(/\S*)?)?$")] = Field(
        default="",
        description="Address of this endpoint as stations see it; goes with security_profile.",
    )
    plain_from: list[Network] = Field(
        default=[],
        description="Networks (CIDR) that may connect plain, besides this machine (profiles 0, 1).",
    )
    plain_port: Port | None = Field(
        default=None,
        description="Second port, beside TLS, for stations that are still plain; same networks.",
    )
    unauthenticated: bool = Field(
        default=False,
        description="Whether plain stations may have no password (profile 0): laboratories only.",
    )
    messages_per_s: Annotated[float, BeforeValidator(seconds), Field(gt=0, le=10_000)] = Field(
        default=50.0,
        description="Messages that one station may send; a burst of ten times as many, then slower.",
    )
    transport: Literal["auto", "websockets", "picows"] = Field(
        default="websockets",
        description=(
            "Library of the connections: picows is the extra `fast`, without compression;"
            " auto takes it where it is installed."
        ),
    )
    call_timeout_s: Duration = Field(
        default=30.0, description="How long a station may take to answer a call."
    )
    heartbeat_s: Annotated[int, Field(ge=1, le=86_400)] = Field(
        default=60, description="Heartbeat interval that stations are told."
    )
    report_after_reconnect: Literal["first", "later", "never"] = Field(
        default="first",
        description=(
            "When a known station that comes back without a boot is asked what it is:"
            " before it counts as here, after that, or not at all."
        ),
    )
    power_interval_s: Annotated[int, Field(ge=0, le=3600)] = Field(
        default=0,
        description="How often stations that can do so tell power beside their meter; 0: never.",
    )


class Admin(Strict):
    """Where operators and monitoring look on."""

    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: Port = Field(default=8631, description="TCP port; 0 takes a free one.")
    token_file: SitePath | None = Field(
        default=None,
        description=(
            "File with the bearer token to show; needed for orders,"
            " and where others can reach the address."
        ),
    )


class Identity(Bound):
    """One certificate at one utility, bound to one station or one site."""

    certificate: SitePath = Field(description="Device certificate chain (PEM).")
    key: SitePath = Field(description="Its private key (PEM).")
    pin: Annotated[int, Field(ge=0, le=999_999)] | None = Field(
        default=None,
        description="Registration PIN that the utility must show; checked where given.",
    )


class Utility(Strict):
    """One utility server of IEEE 2030.5."""

    id: Name = Field(description="Your name for it, in logs and records.")
    protocol: Literal["ieee2030_5"] = Field(default="ieee2030_5", description="What it speaks.")
    revision: Annotated[Literal["2018", "2023"], BeforeValidator(text)] = Field(
        default="2018", description="Revision of IEEE 2030.5; 2018 is what CSIP uses."
    )
    url: Annotated[str, Field(pattern=r"^https://[^\s/]+(/\S*)?$")] = Field(
        description="Address of its DeviceCapability."
    )
    trust_anchor: SitePath = Field(
        description="Certificates (PEM) that its certificate must lead to."
    )
    peer_lfdi: Annotated[str, Field(pattern=r"^([0-9A-Fa-f]{40})?$")] = Field(
        default="",
        description="LFDI that its certificate must have; empty accepts any trusted one.",
    )
    check_hostname: bool = Field(
        default=True,
        description="Whether its certificate must name the host; without, pin the LFDI.",
    )
    additional_ciphers: str = Field(
        default="", description="OpenSSL suites (A:B) for a server without ECDHE-ECDSA-AES128-CCM8."
    )
    poll_interval_s: Duration | None = Field(
        default=None, description="Poll interval in place of the server's pollRate."
    )
    post_interval_s: Duration | None = Field(
        default=None, description="Interval of meter readings in place of the server's postRate."
    )
    request_timeout_s: Duration = Field(default=10.0, description="How long a request may take.")
    silent_after_s: Duration | None = Field(
        default=None,
        description=(
            "Time without an answer by which its controls can be followed after which it is silent;"
            " else three poll intervals."
        ),
    )
    return_after_s: ReturnAfter = None
    while_silent: WhileSilent = "start"
    keep_offset_s: KeepOffset = 86_400.0
    identities: Annotated[list[Identity], Field(min_length=1)] = Field(
        description="The identities at this utility, one for each station or site that follows it."
    )

    @property
    def subjects(self) -> tuple[str, ...]:
        """Return the ids of the stations and sites that follow it."""
        return tuple(identity.stands_for for identity in self.identities)


PROTOCOLS: dict[str, type[Utility | OpenAdrUtility]] = {
    "ieee2030_5": Utility,
    "openadr3": OpenAdrUtility,
}
"""What an entry of `utilities` says, by its `protocol`."""


def _protocol(value: object) -> str:
    """Return the protocol that an entry of `utilities` names; the first one where it names none."""
    if isinstance(value, dict):
        return str(value.get("protocol", "ieee2030_5"))
    return getattr(value, "protocol", "ieee2030_5")


AnyUtility = Annotated[
    Annotated[Utility, Tag("ieee2030_5")] | Annotated[OpenAdrUtility, Tag("openadr3")],
    Discriminator(_protocol),
]


class Settings(Strict):
    """One site."""

    schema_version: Literal[1] = Field(description="Version of this form: 1.")
    state_dir: SitePath = Field(description="Folder of the database and the audit segments.")
    database: DatabaseUrl | None = Field(
        default=None,
        description=(
            "PostgreSQL (extra `postgres`) in place of a file in state_dir:"
            " postgresql://USER@HOST/NAME; gateways that share it have one leader."
        ),
    )
    lease_s: Annotated[float, BeforeValidator(seconds), Field(ge=2, le=60)] = Field(
        default=6.0,
        description="How long a gateway that vanished leads before another one takes over.",
    )
    mappings: SitePath | None = Field(
        default=None,
        description="Pack of mapping rules, read again on SIGHUP; else the shipped one.",
    )
    on_change: Literal["hold", "apply"] = Field(
        default="hold",
        description=(
            "Commands that are there when mapping rules are replaced: as they were translated until"
            " `dergate apply`, or translated anew at once."
        ),
    )
    keep_documents_days: Annotated[int, Field(ge=1, le=36_500)] | None = Field(
        default=400,
        description="Days for which documents of utilities are kept as they came; records stay.",
    )
    keep_inputs_days: Annotated[int, Field(ge=1, le=36_500)] | None = Field(
        default=None,
        description=(
            "Days for which what decided is kept after a run ended, for `dergate replay`;"
            " without it nothing is."
        ),
    )
    checkpoints_to: SitePath | None = Field(
        default=None,
        description="File on another machine or disk: each signed audit checkpoint is added there.",
    )
    on_stop: Literal["keep", "default", "clear"] = Field(
        default="keep",
        description="At the end controls stay at the stations, only defaults stay, or none.",
    )
    drain_timeout_s: Duration = Field(
        default=5.0, description="How long the end waits for answers of stations."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least severe event that is logged."
    )
    log_format: Literal["json", "console"] = Field(
        default="json", description="Log lines as JSON, or for people."
    )
    ocpp: Ocpp = Field(default=Ocpp(), description="Where stations connect.")
    admin: Admin = Field(
        default=Admin(), description="Health, metrics and what is in force, to look at."
    )
    fail_safe: FailSafe = Field(
        default=FailSafe(), description="What holds while a utility is silent for long."
    )
    utilities: Annotated[list[AnyUtility], Field(min_length=1)] = Field(
        description="Utilities to follow."
    )
    stations: Annotated[list[Station], Field(min_length=1)] = Field(
        description="Stations that may connect."
    )
    sites: list[Site] = Field(
        default=[], description="Stations behind one connection point that share its bounds."
    )
    feeders: list[Feeder] = Field(
        default=[], description="Feeders that events may move only so fast."
    )
    canary: Canary | None = Field(
        default=None, description="Stations that every event reaches first; limits never wait."
    )

    @property
    def sep2_utilities(self) -> list[Utility]:
        """Return the utilities that speak IEEE 2030.5."""
        return [one for one in self.utilities if isinstance(one, Utility)]

    @property
    def openadr_utilities(self) -> list[OpenAdrUtility]:
        """Return the utilities that speak OpenADR 3."""
        return [one for one in self.utilities if isinstance(one, OpenAdrUtility)]

    @property
    def database_file(self) -> Path:
        """Return the file of the database, where `database` names no other."""
        return self.state_dir / "dergate.db"

    @property
    def known_dir(self) -> Path:
        """Return the folder of what stations were given or have shown."""
        return self.state_dir / "stations"

    @property
    def orders_dir(self) -> Path:
        """Return the folder by which an operator gives orders to the running gateway."""
        return self.state_dir / "orders"

    @property
    def requests_dir(self) -> Path:
        """Return the folder in which certificate requests wait for an authority elsewhere."""
        return self.state_dir / "requests"

    @property
    def audit_key(self) -> Path:
        """Return the file of the key that signs audit checkpoints."""
        return self.state_dir / "audit.key"

    @property
    def audit_dir(self) -> Path:
        """Return the folder of the audit segments."""
        return self.state_dir / "audit"

    @property
    def inputs_dir(self) -> Path:
        """Return the folder of the input log."""
        return self.state_dir / "inputs"
