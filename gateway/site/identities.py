"""Who speaks to which utility: certificates and the stations or sites that they stand for."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.connectors.ieee2030_5 import UtilityAccess
from gateway.errors import GatewayError, IdentityError
from gateway.security.identities import Identity, read_identity
from gateway.settings import Settings
from translators.canonical.commands import Revision


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
    for utility in settings.sep2_utilities:
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
        for utility in settings.sep2_utilities
        for identity in utility.identities
    ]
