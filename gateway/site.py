"""What the settings of a site mean for each part: identities, stations, listeners, upkeep; no logic."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from ipaddress import ip_network

from gateway.admin.listener import AdminConfig
from gateway.connectors.ieee2030_5 import UtilityAccess
from gateway.core.allocation import Policy
from gateway.core.failsafe import FailSafe, UtilityRules
from gateway.core.pace import Canary, Feeder, PaceRules
from gateway.core.site_state import Member as SiteMember
from gateway.core.site_state import MeterRules, SiteRules
from gateway.core.slots import Slot
from gateway.core.station import StationRules
from gateway.errors import GatewayError, IdentityError
from gateway.ports import Post
from gateway.protocols.sep2_entries import CONTROL_POLL_S
from gateway.security.files import secret
from gateway.security.identities import Identity, read_identity
from gateway.security.issuing import KeyAuthority, Spool, StationAuthority
from gateway.security.vault import Vault
from gateway.settings import Settings
from gateway.settings.fail_safe import FailSafe as FailSafeSettings
from gateway.settings.fail_safe import FailSafeLimits, SiteLimits
from gateway.settings.fields import facts
from gateway.settings.mode import FOR_REAL, Mode
from gateway.settings.sites import Member, SiteMeter, rated_charge, rated_discharge
from gateway.settings.stations import Evse as EvseSettings
from gateway.settings.stations import Station, decisions
from gateway.stations.admission import Doors
from gateway.stations.context import StationEntry
from gateway.stations.endpoint import EndpointConfig
from gateway.stations.facade import Stations
from gateway.stations.orders import Orders
from gateway.stations.rates import Rate
from gateway.stations.session import Clocks, Rhythm
from gateway.stations.upkeep import Means, Pace, Upkeep, Ward
from translators.canonical.capability import Current, Evse, Ratings
from translators.canonical.commands import Revision
from translators.canonical.controls import LimitOn, LimitScope, PowerLimit, Quantity
from translators.rules.book import Book
from translators.units import Base, Kind, Unit, percent

PHASES = ("L1", "L2", "L3")


@dataclass(frozen=True, slots=True)
class BoundIdentity:
    """One certificate at one utility, and the station or site that it stands for."""

    utility: str
    station: str
    identity: Identity


def bound_identities(settings: Settings) -> tuple[list[BoundIdentity], list[GatewayError]]:
    """Return the identities that can be used, and what is wrong with the others."""
    usable: list[BoundIdentity] = []
    faults: list[GatewayError] = []
    holders: dict[str, str] = {}
    for utility in settings.utilities:
        for entry in utility.identities:
            try:
                identity = read_identity(entry.certificate, entry.key)
                _own(identity, entry.stands_for, holders)
            except IdentityError as fault:
                faults.append(fault)
            else:
                usable.append(BoundIdentity(utility.id, entry.stands_for, identity))
    return usable, faults


def _own(identity: Identity, station: str, holders: dict[str, str]) -> None:
    """Refuse the certificate of another station, whatever its file is called."""
    first = holders.setdefault(identity.lfdi, station)
    if first != station:
        raise IdentityError(
            f"LFDI {identity.lfdi} stands for station {first} already, not also for {station}",
            where=str(identity.certificate_path),
            code="DG-1110",
            advice="each station needs a certificate of its own",
        )


def utility_accesses(settings: Settings) -> list[UtilityAccess]:
    """Return how each station's utilities are reached; IdentityError where it cannot be."""
    _, faults = bound_identities(settings)
    if faults:
        raise faults[0]
    return [
        UtilityAccess(
            utility=utility.id,
            station=identity.stands_for,
            revision=Revision(utility.revision),
            url=utility.url,
            certificate=identity.certificate,
            key=identity.key,
            trust_anchor=utility.trust_anchor,
            pin=identity.pin,
            peer_lfdi=utility.peer_lfdi,
            check_hostname=utility.check_hostname,
            additional_ciphers=utility.additional_ciphers,
            poll_interval_s=utility.poll_interval_s,
            post_interval_s=utility.post_interval_s,
            request_timeout_s=utility.request_timeout_s,
        )
        for utility in settings.utilities
        for identity in utility.identities
    ]


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


def station_rules(settings: Settings) -> list[StationRules]:
    """Return the enrolled stations as the engine knows them."""
    follows = _follows(settings)
    return [
        StationRules(
            id=station.id,
            utilities=tuple(station.precedence or follows[station.id]),
            settings=facts(station.der_settings),
            policy=decisions(station.policy),
            fail_safe=_fail_safe(settings.fail_safe, station.fail_safe or settings.fail_safe),
            must_pass=station.require_commissioning,
        )
        for station in settings.stations
    ]


def utility_rules(settings: Settings) -> dict[str, UtilityRules]:
    """Return what the engine knows of each utility."""
    return {
        utility.id: UtilityRules(
            silent_s=utility.silent_after_s,
            return_s=utility.return_after_s,
            poll_s=utility.poll_interval_s or float(CONTROL_POLL_S),
            starts=utility.while_silent == "start",
            keep_offset_s=utility.keep_offset_s,
        )
        for utility in settings.utilities
    }


def _fail_safe(site: FailSafeSettings, limits: FailSafeLimits | SiteLimits) -> FailSafe:
    """Return limits with the times that hold for all of them."""
    ways = {
        "max_import_w": (LimitOn.IMPORT, Unit(Kind.POWER)),
        "max_import_pct": (LimitOn.IMPORT, percent(Base.MAX_CHARGE_W)),
        "max_export_w": (LimitOn.EXPORT, Unit(Kind.POWER)),
        "max_export_pct": (LimitOn.EXPORT, percent(Base.MAX_DISCHARGE_W)),
    }
    given = facts(limits)
    return FailSafe(
        controls=tuple(
            PowerLimit(on, Quantity(given[name], unit), LimitScope.DEVICE)
            for name, (on, unit) in ways.items()
            if name in given
        ),
        after_s=site.after_s,
        cold=site.cold_start == "fail_safe",
    )


def _follows(settings: Settings) -> defaultdict[str, list[str]]:
    """Return the utilities that each station or site follows."""
    follows: defaultdict[str, list[str]] = defaultdict(list)
    for utility in settings.utilities:
        for identity in utility.identities:
            follows[identity.stands_for].append(utility.id)
    return follows


def site_rules(settings: Settings) -> list[SiteRules]:
    """Return the sites as the engine knows them."""
    follows = _follows(settings)
    stations = {station.id: station for station in settings.stations}
    return [
        SiteRules(
            id=site.id,
            utilities=tuple(site.precedence or follows[site.id]),
            members=tuple(
                _member(one, stations[one.id], site.nominal_v, fused=site.fuse_a is not None)
                for one in site.stations
            ),
            policy=Policy(site.policy),
            fuse={} if site.fuse_a is None else dict.fromkeys(PHASES, site.fuse_a),
            volts=site.nominal_v,
            meter=None if site.meter is None else _site_meter(site.meter),
            margin=site.margin_w,
            step=site.step_w,
            rotate=timedelta(seconds=site.rotate_s),
            fail_safe=_fail_safe(settings.fail_safe, site.fail_safe),
        )
        for site in settings.sites
    ]


def pace_rules(settings: Settings) -> PaceRules:
    """Return how fast events take hold; the canary group starts first on its feeder, too."""
    stations = {station.id: station for station in settings.stations}
    canary = settings.canary
    first = frozenset(() if canary is None else canary.stations)
    feeders = tuple(
        Feeder(
            feeder.id,
            {
                name: _swing(stations[name])
                for name in sorted(feeder.stations, key=lambda name: name not in first)
            },
            feeder.max_step_w,
        )
        for feeder in settings.feeders
    )
    if canary is None:
        return PaceRules(feeders)
    return PaceRules(feeders, Canary(first, timedelta(seconds=canary.wait_s)))


def _swing(station: Station) -> Fraction:
    """Return W between the ends of a station's ratings; without a voltage, for they name powers."""
    none = Fraction()
    ends = (f(evse, none) for evse in station.evses for f in (rated_charge, rated_discharge))
    return sum((end for end in ends if end is not None), none)


def _site_meter(meter: SiteMeter) -> MeterRules:
    stale = timedelta(seconds=meter.stale_s)
    return MeterRules(meter.station, stale, meter.load_w, meter.generation_w)


def _member(member: Member, station: Station, volts: Fraction, *, fused: bool) -> SiteMember:
    """Return a station of a site: its worst case is what its EVSEs are rated for, in sum."""
    draws = [rated_charge(evse, volts) or Fraction() for evse in station.evses]
    feeds = [rated_discharge(evse, volts) or Fraction() for evse in station.evses]
    ac = [evse.phases for evse in station.evses if evse.current == "AC"]
    wires = len(member.phases) or min(ac, default=3)
    phases = member.phases or PHASES
    return SiteMember(
        station=station.id,
        most={
            Slot.CHARGE.value: sum(draws, Fraction()),
            Slot.DISCHARGE.value: sum(feeds, Fraction()),
        },
        least=member.minimum_a * volts * min(ac) if ac else Fraction(),
        priority=member.priority,
        amps=dict.fromkeys(phases, 1 / (volts * wires)) if fused else {},
        alone=dict.fromkeys(phases, 1 / (volts * (1 if ac else wires))) if fused else {},
        away=member.away_w,
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
