"""Certificates of stations and of the endpoint, and TLS contexts as stations make them."""

import ssl
from dataclasses import dataclass
from pathlib import Path

from gateway.security import pki
from gateway.stations.admission import Doors

OPERATOR = "Grid Operator"


@dataclass
class Makers:
    """An authority for the endpoint, one for stations, and one that nobody here trusts."""

    endpoint: pki.Authority
    stations: pki.Authority
    foreign: pki.Authority

    @classmethod
    def of(cls, folder: Path):
        made = (pki.create_endpoint_authority(folder / name) for name in ("csms", "cs", "other"))
        return cls(*made)

    def config(self, **changes):
        """Return what an endpoint with security profile 3 is configured with."""
        path = self.endpoint.certificate_path.parent / "csms.pem"
        if not path.exists():
            pki.issue_endpoint(self.endpoint)
        files = {"certificate": path, "key": path.with_suffix(".key")}
        doors = Doors(operator=OPERATOR)
        return files | {"client_ca": self.stations.certificate_path, "doors": doors} | changes

    def client(self, identity=None, **options):
        """Return the context of a station that shows an identity, or nothing."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(self.endpoint.certificate_path)
        context.check_hostname = False
        for name, value in options.items():
            setattr(context, name, value)
        if identity is not None:
            context.load_cert_chain(identity.certificate_path, identity.key_path)
        return context

    def station(self, name="CS1", *, operator=OPERATOR, file="", authority=None, validity=None):
        """Issue a certificate of a station."""
        return pki.issue_station(
            authority or self.stations, name, operator=operator, name=file, validity=validity
        )
