"""Settings of a site for tests: one builder for its parts, and the file."""

import json
import socket

from gateway.security import pki
from gateway.security.credentials import make_verifier
from gateway.simulators.utility_2030_5 import Files

PASSWORD = "correct-horse-battery"
VERIFIER = make_verifier(PASSWORD)


def an_evse(**changes):
    return {"id": 1, "current": "DC"} | changes


def a_station(name="CS1", **changes):
    return {
        "id": name,
        "password_verifier": VERIFIER,
        "nominal_frequency_hz": 50,
        "evses": [an_evse()],
    } | changes


def an_identity(station="CS1", **changes):
    name = station.lower()
    files = {"certificate": f"certs/{name}.pem", "key": f"certs/{name}.key"}
    return {"station": station} | files | changes


def a_utility(name="grid", *identities, **changes):
    return {
        "id": name,
        "url": "https://127.0.0.1:8443/dcap",
        "trust_anchor": "certs/serca.pem",
        "identities": list(identities) or [an_identity()],
    } | changes


def a_vtn(name="vtn", *resources, **changes):
    return {
        "id": name,
        "protocol": "openadr3",
        "url": "https://127.0.0.1:9443/openadr3/3.1.0",
        "resources": list(resources) or [{"station": "CS1"}],
    } | changes


def a_client_of(vtn, folder, **changes):
    """Return the entry of a simulated VTN, whose client secret is put into `folder`."""
    secret = folder / "vtn.secret"
    secret.write_text("secret\n", encoding="utf-8")
    secret.chmod(0o600)
    client = {"client_id": "ven_client", "client_secret_file": secret.name}
    return a_vtn(url=vtn.url, insecure=True, auth="post", **client) | changes


def a_free_port():
    """Return a port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def a_site(**changes):
    return {
        "schema_version": 1,
        "state_dir": "state",
        "ocpp": {"port": 0},
        "admin": {"port": 0},
        "utilities": [a_utility()],
        "stations": [a_station()],
    } | changes


def write_site(folder, values=None):
    """Write the settings (JSON is YAML) and return the file."""
    file = folder / "site.yaml"
    file.write_text(json.dumps(values or a_site(), indent=1), encoding="utf-8")
    return file


def server_files(authorities):
    """Return the TLS files of a simulated utility whose certificate these authorities issue."""
    server = pki.issue_server(authorities)
    return Files(server.certificate_path, server.key_path, authorities.trust_anchor)


def enrol(folder, *stations):
    """Make a PKI in `folder`/certs with one device for each station; return its authorities."""
    authorities = pki.create_authorities(folder / "certs")
    for station in stations:
        pki.issue_device(authorities, station.lower())
    return authorities
