"""What the settings say of stations and listeners: who may connect, where, and what is kept of them."""

from __future__ import annotations

from ipaddress import ip_network

from gateway.admin.listener import AdminConfig
from gateway.ports import Post
from gateway.protocols.rates import Rate
from gateway.security.files import secret
from gateway.security.issuing import KeyAuthority, Spool, StationAuthority
from gateway.security.vault import Vault
from gateway.settings import Settings
from gateway.settings.fields import facts
from gateway.settings.mode import FOR_REAL, Mode
from gateway.settings.stations import Evse as EvseSettings
from gateway.stations.admission import Doors
from gateway.stations.context import StationEntry
from gateway.stations.endpoint import EndpointConfig
from gateway.stations.facade import Stations
from gateway.stations.orders import Orders
from gateway.stations.session import Clocks, Rhythm
from gateway.stations.upkeep import Means, Pace, Upkeep, Ward
from translators.canonical.capability import Current, Evse, Ratings
from translators.rules.book import Book


def upkeep_of(
    settings: Settings,
    vault: Vault,
    stations: Stations,
    post: Post,
    clocks: Clocks,
    mode: Mode = FOR_REAL,
) -> Upkeep:
    """Return what looks after the stations of a site; IdentityError where its key cannot be used."""
    ocpp = settings.ocpp
    wards = {
        station.id: Ward(station.password_verifier, station.security_profile or 0)
        for station in settings.stations
    }
    means = Means(
        vault,
        Orders(settings.orders_dir),
        stations.here,
        post,
        clocks,
        authority=None if mode.shadow else _authority(settings),
        operator=ocpp.operator,
        url=ocpp.public_url,
        pace=Pace(renew_days=ocpp.renew_days),
        closed="the gateway runs read-only: it takes no orders" if mode.read_only else "",
    )
    return Upkeep(wards, means)


def _authority(settings: Settings) -> StationAuthority | None:
    """Return who signs certificates of stations, None where none are used."""
    ocpp = settings.ocpp
    if ocpp.station_ca is None:
        return None
    if ocpp.issuer is not None and ocpp.issuer_key is not None:
        return KeyAuthority(ocpp.issuer, ocpp.issuer_key, ocpp.issue_days)
    return Spool(settings.requests_dir, ocpp.station_ca)


def station_entries(
    settings: Settings, book: Book, known: Vault | None = None
) -> list[StationEntry]:
    """Return the enrolled stations as the endpoint knows them; `book` reads what they report.

    A password that was changed over the air is `known`.
    """
    vault = known or Vault()
    return [
        StationEntry(
            id=station.id,
            password_verifier=vault.verifier(station.id, station.password_verifier),
            nominal_frequency_hz=station.nominal_frequency_hz,
            evses=tuple(_evse(evse) for evse in station.evses),
            book=book,
            overrides={evse.id: facts(evse.ratings) for evse in station.evses},
            readings=station.dialect.model_dump(exclude_unset=True),
            vendor=station.vendor,
            model=station.model,
            serial_number=station.serial_number,
            commissioning=station.commissioning,
        )
        for station in settings.stations
    ]


def _evse(evse: EvseSettings) -> Evse:
    return Evse(
        id=evse.id,
        current=Current(evse.current),
        phases=evse.phases,
        ratings=Ratings(),
        der_modes=frozenset(evse.der_modes),
        v2x_operation_modes=frozenset(evse.v2x_operation_modes),
        charging_rate_units=tuple(evse.charging_rate_units),
    )


def endpoint_config(settings: Settings) -> EndpointConfig:
    """Return where and how stations connect."""
    ocpp = settings.ocpp
    return EndpointConfig(
        host=ocpp.host,
        port=ocpp.port,
        certificate=ocpp.certificate,
        key=ocpp.key,
        client_ca=ocpp.station_ca,
        plain_port=ocpp.plain_port,
        other=(ocpp.rsa_certificate, ocpp.rsa_key)
        if ocpp.rsa_certificate is not None and ocpp.rsa_key is not None
        else None,
        doors=Doors(
            operator=ocpp.operator,
            plain_from=tuple(ip_network(text) for text in ocpp.plain_from),
            unauthenticated=ocpp.unauthenticated,
        ),
        messages=Rate(ocpp.messages_per_s, burst=10 * ocpp.messages_per_s),
        transport=ocpp.transport,
        rhythm=Rhythm(
            call_timeout_s=ocpp.call_timeout_s,
            heartbeat_s=ocpp.heartbeat_s,
            power_s=ocpp.power_interval_s,
            ask_known=ocpp.report_after_reconnect,
        ),
    )


def admin_config(settings: Settings) -> AdminConfig:
    """Return where operators look on; SettingsError where their token cannot be read."""
    admin = settings.admin
    return AdminConfig(
        admin.host, admin.port, "" if admin.token_file is None else secret(admin.token_file)
    )
