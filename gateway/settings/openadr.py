"""What site.yaml may say of a utility that speaks OpenADR 3: address, credentials, resources, contracts."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from gateway.settings.fields import (
    Bound,
    Duration,
    KeepOffset,
    Name,
    Port,
    ReturnAfter,
    SitePath,
    Strict,
    WhileSilent,
    text,
)


def _decimal(value: object) -> object:
    """Return a whole number as a decimal; leave the rest to be refused."""
    return Decimal(value) if type(value) is int else value


type _Answer = Literal["log", "zero_envelope"]
type _Number = Annotated[Decimal, BeforeValidator(_decimal), Field(gt=0)]
type _Text = Annotated[str, Field(min_length=1, max_length=128)]


class VenResource(Bound):
    """A station or site as the VTN knows it."""

    name: Annotated[str, Field(max_length=128)] = Field(
        default="", description="Its resourceName at the VTN; else its id here."
    )
    targets: list[_Text] = Field(
        default=[], description="Targets by which events address it, besides its name."
    )


class ProgramBinding(Strict):
    """What a program's contract adds to one payload type."""

    program: _Text = Field(description="Name or id of the program.")
    payload: str = Field(
        default="", description="Payload type; else the one that carries this reading."
    )
    units: str | None = Field(default=None, description="Unit where no descriptor gives one.")
    curve: str | None = Field(default=None, description="Curve that the points are, volt_var.")
    control: str | None = Field(default=None, description="Control that the value is, fixed_pf.")
    negative: str | None = Field(
        default=None, description="What a setpoint below zero means: discharge."
    )
    capacity_kwh: _Number | None = Field(
        default=None, description="Storage that a charge state in KWH is a part of."
    )
    x: str | None = Field(default=None, description="Unit of the horizontal axis.")
    y: str | None = Field(default=None, description="Unit of the vertical axis.")
    y_sign: str | None = Field(
        default=None, description="Which sign injects or exports, inject_positive."
    )
    response_time_s: _Number | None = Field(default=None, description="Open-loop response time.")
    excitation: str | None = Field(default=None, description="Excitation of a power factor.")
    flow: str | None = Field(
        default=None, description="Direction of power for which a power factor holds."
    )

    @property
    def given(self) -> dict[str, object]:
        """Return what was given, as contracts are read."""
        named = ((name, getattr(self, name)) for name in type(self).model_fields)
        return {name: value for name, value in named if value not in (None, "")}


class VenPolicy(Strict):
    """What the site does about alerts and levels."""

    alert_grid_emergency: _Answer = Field(
        default="log", description="At ALERT_GRID_EMERGENCY: record it, or cease to energize."
    )
    simple_1: _Answer = Field(default="log", description="At level 1 of SIMPLE (moderate).")
    simple_2: _Answer = Field(default="log", description="At level 2 of SIMPLE (high).")
    simple_3: _Answer = Field(default="log", description="At level 3 of SIMPLE (special).")


class Webhook(Strict):
    """Where the VTN says that something changed."""

    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: Port = Field(default=8443, description="TCP port; 0 takes a free one.")
    url: Annotated[str, Field(pattern=r"^https?://[^\s/]+(/\S*)?$")] = Field(
        description="Address under which the VTN reaches it."
    )
    certificate: SitePath | None = Field(
        default=None, description="Certificate chain (PEM); without it a proxy speaks TLS."
    )
    key: SitePath | None = Field(default=None, description="Private key of the certificate (PEM).")


class Mqtt(Strict):
    """How messages of the VTN's broker are received."""

    use: bool = Field(
        default=True, description="Whether the broker that the VTN names is asked (extra `mqtt`)."
    )
    certificate: SitePath | None = Field(
        default=None, description="Client certificate chain (PEM) for the broker."
    )
    key: SitePath | None = Field(default=None, description="Private key of the certificate (PEM).")
    trust_anchor: SitePath | None = Field(
        default=None,
        description="Certificates (PEM) that the broker's must lead to; else those that the VTN gives"
        " out, those of the VTN, the system's roots.",
    )


class OpenAdrUtility(Strict):
    """One VTN, and the VEN that stands for stations and sites there."""

    id: Name = Field(description="Your name for it, in logs and records.")
    protocol: Literal["openadr3"] = Field(description="What it speaks.")
    version: Annotated[Literal["auto", "3.0", "3.1"], BeforeValidator(str)] = Field(
        default="auto", description="Edition of OpenADR; auto finds it out."
    )
    url: Annotated[str, Field(pattern=r"^(https?://[^\s/]+(/\S*)?|mdns://[^\s/]+)$")] = Field(
        description="Base address of the VTN; `mdns://NAME` is the one that announces itself by this name"
        " in the local network (extra `mdns`, needs `trust_anchor`)."
    )
    trust_anchor: SitePath | None = Field(
        default=None,
        description="Certificates (PEM) that its certificate must lead to; else the system's roots.",
    )
    insecure: bool = Field(
        default=False, description="Whether tokens and events may go over plain HTTP."
    )
    auth: Literal["post", "basic", "none"] = Field(
        default="none",
        description="How the client shows itself for a token: in the form, in a header; or no token.",
    )
    client_id: Annotated[str, BeforeValidator(text)] = Field(
        default="", description="Client id at the token endpoint."
    )
    client_secret_file: SitePath | None = Field(
        default=None, description="File (mode 0600) with the client secret."
    )
    token_url: Annotated[str, Field(pattern=r"^(https?://[^\s/]+(/\S*)?)?$")] = Field(
        default="", description="Token endpoint; else what the VTN names, or /auth/token."
    )
    scopes: list[_Text] = Field(
        default=[],
        description="Scopes to ask for; else none is named, and the client gets its own.",
    )
    ven: Annotated[str, Field(max_length=128)] = Field(
        default="", description="venName to register; empty registers nothing."
    )
    programs: list[_Text] = Field(
        default=[], description="Names or ids of the programs to follow; else all."
    )
    targets: list[_Text] = Field(
        default=[], description="Targets to ask for besides what is not targeted."
    )
    resources: Annotated[list[VenResource], Field(min_length=1)] = Field(
        description="The stations and sites that follow it, each as a resource of the VEN."
    )
    bindings: list[ProgramBinding] = Field(
        default=[], description="What contracts of programs add to payload types."
    )
    policy: VenPolicy = Field(
        default=VenPolicy(), description="What the site does about alerts and levels."
    )
    contract: Literal["", "gac_2_2", "nl_flex_1_0", "doe"] = Field(
        default="", description="Rules that its events must keep; what breaks them is set aside."
    )
    poll_interval_s: Duration = Field(default=30.0, description="How often events are asked for.")
    request_timeout_s: Duration = Field(default=10.0, description="How long a request may take.")
    max_skew_s: Duration = Field(
        default=10.0,
        description="How far its clock may be from ours before nothing of it begins.",
    )
    silent_after_s: Duration | None = Field(
        default=None, description="Time without events after which it is silent; else three polls."
    )
    return_after_s: ReturnAfter = None
    while_silent: WhileSilent = "start"
    keep_offset_s: KeepOffset = 86_400.0
    webhook: Webhook | None = Field(
        default=None, description="Where the VTN says that something changed; polling goes on."
    )
    mqtt: Mqtt | None = Field(
        default=None, description="Messages of the VTN's broker; polling goes on."
    )

    @property
    def subjects(self) -> tuple[str, ...]:
        """Return the ids of the stations and sites that follow it."""
        return tuple(resource.stands_for for resource in self.resources)
