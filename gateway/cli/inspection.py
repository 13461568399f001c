"""What `dergate check` finds: facts, warnings, faults."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path

from gateway.cli.identity import WARN_DAYS
from gateway.cli.reaching import utility_reached, vtn_reached
from gateway.clock import SystemClock
from gateway.connectors.ieee2030_5 import UtilityAccess
from gateway.connectors.openadr import VtnAccess
from gateway.errors import GatewayError, IdentityError, PeerError, SettingsError
from gateway.security.identities import read_chain, read_identity
from gateway.security.issuing import KeyAuthority
from gateway.settings import Settings, examine, mapping_files
from gateway.settings.openadr import OpenAdrUtility
from gateway.settings.packs import proven_book, shipped_book
from gateway.settings.schema import Utility
from gateway.site import (
    BoundIdentity,
    admin_config,
    bound_identities,
    unread_bindings,
    utility_accesses,
    vtn_accesses,
)
from translators.errors import MappingError
from translators.rules.book import Book

FOREVER = 9999
"""Year of a certificate that does not end (RFC 5280 4.1.2.5)."""


@dataclass(slots=True)
class Report:
    """Facts as (subject, text), warnings, and faults; `status` is the exit status."""

    facts: list[tuple[str, str]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    faults: list[GatewayError | MappingError] = field(default_factory=list)

    @property
    def status(self) -> int:
        """Return 0, or 2 for what must be changed here, else 4 for a peer that is not reached."""
        peers = [isinstance(fault, PeerError) for fault in self.faults]
        return (4 if all(peers) else 2) if peers else 0


def inspect(file: Path, *, online: bool) -> Report:
    """Return what is to be said of a settings file and of all that it names."""
    report = Report()
    settings, faults = examine(file)
    report.faults += faults
    book = _inspect_mappings(report, None if settings is None else settings.mappings)
    if settings is None:
        return report
    if book is not None and not faults:
        report.faults += unread_bindings(settings, book)
    stations, utilities = len(settings.stations), len(settings.utilities)
    if not faults:
        report.facts.append(("settings", f"{file}: stations {stations}, utilities {utilities}"))
    now = SystemClock().now().utc
    _inspect_endpoint(report, settings, now)
    _inspect_token(report, settings)
    usable, broken = bound_identities(settings)
    report.faults += broken
    for bound in usable:
        _inspect_identity(report, bound, now)
    for utility in settings.utilities:
        _inspect_anchor(report, utility, now)
    vens = [] if faults else _inspect_vens(report, settings)
    if online and not faults and not broken:
        _inspect_peers(report, utility_accesses(settings), vens)
    return report


def _inspect_mappings(report: Report, folder: Path | None) -> Book | None:
    """Check the rules of a site's own pack, or the shipped; return them where they can be used."""
    try:
        book = shipped_book() if folder is None else proven_book(folder)
        count = len(mapping_files(folder))
    except (MappingError, GatewayError) as fault:
        report.faults.append(fault)
        return None
    text = f"{len(book.rules)} rules in {count} files, digest {book.digest}"
    report.facts.append(("mappings", text))
    return book


def _inspect_endpoint(report: Report, settings: Settings, now: datetime) -> None:
    ocpp = settings.ocpp
    if ocpp.certificate is None or ocpp.key is None:
        networks = f" and from {', '.join(ocpp.plain_from)}" if ocpp.plain_from else " only"
        report.warnings.append(f"stations connect without TLS, on {ocpp.host}{networks}")
        if ocpp.unauthenticated:
            report.warnings.append("stations without a verifier connect without any password")
        return
    try:
        read_identity(ocpp.certificate, ocpp.key)
    except IdentityError as fault:
        report.faults.append(fault)
        return
    ends = _ends(report, ocpp.certificate, now)
    report.facts.append(("endpoint", f"{ocpp.host}:{ocpp.port}  {ends}"))
    _inspect_more(report, settings, now)
    if ocpp.station_ca is not None:
        try:
            ends = _ends(report, ocpp.station_ca, now)
        except IdentityError as fault:
            report.faults.append(fault)
            return
        report.facts.append(("stations", f"certificates of {ocpp.operator}  {ends}"))


def _inspect_more(report: Report, settings: Settings, now: datetime) -> None:
    """Check the second certificate of the endpoint, and who signs those of stations."""
    ocpp = settings.ocpp
    if ocpp.plain_port is not None:
        report.warnings.append(f"stations connect without TLS, too, on port {ocpp.plain_port}")
    try:
        if ocpp.rsa_certificate is not None and ocpp.rsa_key is not None:
            read_identity(ocpp.rsa_certificate, ocpp.rsa_key)
            report.facts.append(("rsa", _ends(report, ocpp.rsa_certificate, now)))
        if ocpp.issuer is not None and ocpp.issuer_key is not None:
            KeyAuthority(ocpp.issuer, ocpp.issuer_key, ocpp.issue_days)
            report.facts.append(("issuer", _ends(report, ocpp.issuer, now)))
    except IdentityError as fault:
        report.faults.append(fault)


def _inspect_token(report: Report, settings: Settings) -> None:
    try:
        admin_config(settings)
    except SettingsError as fault:
        report.faults.append(fault)


def _inspect_identity(report: Report, bound: BoundIdentity, now: datetime) -> None:
    identity = bound.identity
    ends = _ends(report, identity.certificate_path, now)
    text = f"{bound.station} at {bound.utility}  LFDI {identity.lfdi}  SFDI {identity.sfdi}  {ends}"
    report.facts.append(("identity", text))


def _inspect_vens(report: Report, settings: Settings) -> list[VtnAccess]:
    """Return how VTNs are reached, none where a secret cannot be read."""
    try:
        accesses = vtn_accesses(settings)
    except SettingsError as fault:
        report.faults.append(fault)
        return []
    for access in accesses:
        ven = access.ven
        names = ", ".join(resource.name for resource in ven.resources)
        text = f"{ven.utility}  {ven.url}  auth {ven.client.auth.value}  resources {names}"
        report.facts.append(("ven", text))
    return accesses


def _inspect_anchor(report: Report, utility: Utility | OpenAdrUtility, now: datetime) -> None:
    if utility.trust_anchor is None:
        return
    try:
        ends = _ends(report, utility.trust_anchor, now)
    except IdentityError as fault:
        report.faults.append(fault)
        return
    report.facts.append(("anchor", f"{utility.id}  {ends}"))


def _ends(report: Report, path: Path, now: datetime) -> str:
    """Return when the first certificate of a chain ends; warn where that is soon."""
    end = min(certificate.not_valid_after_utc for certificate in read_chain(path))
    if end.year == FOREVER:
        return "does not expire"
    days = (end - now).days
    if days < WARN_DAYS:
        report.warnings.append(f"{path}: a certificate ends in {days} days, on {end:%Y-%m-%d}")
    return f"expires {end:%Y-%m-%d} ({days} days)"


def _inspect_peers(
    report: Report, accesses: Iterable[UtilityAccess], vens: Iterable[VtnAccess]
) -> None:
    """Ask each utility once for each identity, and each VTN once."""
    for access in accesses:
        who = f"{access.station} at {access.utility}"
        _inspect_peer(report, who, partial(utility_reached, access))
    for vtn in vens:
        _inspect_peer(report, vtn.ven.utility, partial(vtn_reached, vtn))


def _inspect_peer(report: Report, who: str, reached: Callable[[], str]) -> None:
    try:
        text = reached()
    except GatewayError as fault:
        report.faults.append(fault)
    else:
        report.facts.append(("online", f"{who}  {text}"))
