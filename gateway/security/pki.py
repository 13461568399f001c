"""Development PKI: SERCA > MCA > MICA > device, as IEEE 2030.5 draws it, and the OCPP endpoint.

For tests, demonstrations and the laboratory. Production keys come from the utility's authority;
`request_device` makes the key and the request for it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from gateway.errors import IdentityError
from gateway.security import certificates as build
from gateway.security.certificates import Validity
from gateway.security.files import make_folder, refuse_existing, write_private, write_public
from gateway.security.identities import Identity, read_chain, read_signing_key
from translators.ieee2030_5.identity import lfdi, sfdi

LOOPBACK = ("127.0.0.1", "localhost")
ORGANISATION = "dergate development"
ENDPOINT_VALIDITY = timedelta(days=397)
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")

type KeyKind = Literal["p256", "rsa2048"]


@dataclass(frozen=True, slots=True)
class Authority:
    """A certificate authority on disk; `chain` is what its children append to their own."""

    certificate_path: Path
    key_path: Path
    chain: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Authorities:
    """The three levels of a 2030.5 manufacturer."""

    folder: Path
    serca: Authority
    mca: Authority
    mica: Authority

    @property
    def trust_anchor(self) -> Path:
        """The file that peers trust: the SERCA."""
        return self.serca.certificate_path

    @property
    def levels(self) -> tuple[Authority, Authority, Authority]:
        """From the root down."""
        return self.serca, self.mca, self.mica


def create_authorities(folder: Path, *, organisation: str = ORGANISATION) -> Authorities:
    """Make SERCA, MCA and MICA in `folder`; IdentityError when one of them exists already."""
    authorities = _authorities(make_folder(folder))
    levels = authorities.levels
    refuse_existing(*(path for item in levels for path in (item.certificate_path, item.key_path)))
    signer = None
    for below, label, authority in zip((2, 1, 0), ("SERCA", "MCA", "MICA"), levels, strict=True):
        signer = _create_authority(authority, organisation, label, below, signer)
    return authorities


def load_authorities(folder: Path) -> Authorities:
    """Return what `create_authorities` made; IdentityError where a part cannot be read."""
    authorities = _authorities(folder)
    for authority in authorities.levels:
        signer_of(authority)
    return authorities


def create_endpoint_authority(folder: Path, *, organisation: str = ORGANISATION) -> Authority:
    """Make the root that stations trust (`csms-ca.pem`); unrelated to the 2030.5 authorities."""
    return _create_root(folder, "csms-ca", organisation, "CSMS root")


def load_endpoint_authority(folder: Path) -> Authority:
    """Return what `create_endpoint_authority` made; IdentityError where it cannot be read."""
    return _load_root(folder, "csms-ca")


def create_station_authority(folder: Path, *, organisation: str = ORGANISATION) -> Authority:
    """Make the authority of station certificates (`station-ca.pem`): settings `station_ca`, `issuer`."""
    return _create_root(folder, "station-ca", organisation, "stations")


def load_station_authority(folder: Path) -> Authority:
    """Return what `create_station_authority` made; IdentityError where it cannot be read."""
    return _load_root(folder, "station-ca")


def issue_device(
    authorities: Authorities,
    serial: str,
    *,
    folder: Path | None = None,
    validity: Validity | None = None,
) -> Identity:
    """Issue a device certificate as `<serial>.pem` (leaf, MICA, MCA) and `<serial>.key`.

    Empty subject, critical hardwareModuleName with `serial`, critical device policy; no end
    unless `validity` says so. The files lie in `folder`, or beside the authorities.
    """
    files = _Files.of(folder or authorities.folder, serial)
    key = build.new_key()
    leaf = build.device_certificate(serial, key, validity or _always(), signer_of(authorities.mica))
    return files.write(leaf, key, authorities.mica.chain)


def issue_server(
    authorities: Authorities,
    *,
    name: str = "server",
    hosts: tuple[str, ...] = LOOPBACK,
    folder: Path | None = None,
    validity: Validity | None = None,
) -> Identity:
    """Issue the identity of a 2030.5 server: a device that is also reachable under `hosts`."""
    files = _Files.of(folder or authorities.folder, name)
    key = build.new_key()
    signer = signer_of(authorities.mica)
    leaf = build.device_certificate(name, key, validity or _always(), signer, hosts)
    return files.write(leaf, key, authorities.mica.chain)


def issue_endpoint(
    authority: Authority,
    *,
    name: str = "csms",
    hosts: tuple[str, ...] = LOOPBACK,
    key_kind: KeyKind = "p256",
    validity: Validity | None = None,
) -> Identity:
    """Issue the TLS identity of the OCPP endpoint, valid for 397 days unless said otherwise.

    `rsa2048` serves stations that know only the RSA suites of A00.FR.421.
    """
    files = _Files.of(authority.certificate_path.parent, name)
    key = build.new_rsa_key() if key_kind == "rsa2048" else build.new_key()
    term = validity or Validity(_begin(), _begin() + ENDPOINT_VALIDITY)
    leaf = build.endpoint_certificate(key, term, signer_of(authority), hosts)
    return files.write(leaf, key, authority.chain)


def issue_station(
    authority: Authority,
    station: str,
    *,
    operator: str = ORGANISATION,
    name: str = "",
    validity: Validity | None = None,
) -> Identity:
    """Issue what a station shows in security profile 3: O = `operator`, CN = `station`."""
    files = _Files.of(authority.certificate_path.parent, name or station)
    key = build.new_key()
    term = validity or Validity(_begin(), _begin() + ENDPOINT_VALIDITY)
    subject = build.distinguished_name(operator, station)
    leaf = build.station_certificate(subject, key.public_key(), term, signer_of(authority))
    return files.write(leaf, key, authority.chain)


def request_device(folder: Path, serial: str) -> tuple[Path, Path]:
    """Make `<serial>.csr` and `<serial>.key` for a foreign authority; return both paths."""
    files = _Files.of(folder, serial, certificate_suffix=".csr")
    key = build.new_key()
    request = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(x509.Name([]))
        .add_extension(build.hardware_alternative_name(serial), critical=True)
        .sign(key, hashes.SHA256())
    )
    write_private(files.key, _key_pem(key))
    return write_public(files.certificate, request.public_bytes(Encoding.PEM)), files.key


@dataclass(frozen=True, slots=True)
class _Files:
    """Where an identity will lie; both names are free."""

    certificate: Path
    key: Path

    @classmethod
    def of(cls, folder: Path, name: str, certificate_suffix: str = ".pem") -> _Files:
        """Choose the names before any key is made; IdentityError when one is unfit or taken."""
        if not _FILE_NAME.fullmatch(name):
            raise IdentityError(
                f"{name!r} cannot name a file: 1 to 64 letters, digits, . - _",
                where=str(folder),
                code="DG-1110",
            )
        make_folder(folder)
        files = cls(folder / f"{name}{certificate_suffix}", folder / f"{name}.key")
        refuse_existing(files.certificate, files.key)
        return files

    def write(
        self, leaf: x509.Certificate, key: build.SigningKey, chain: tuple[Path, ...]
    ) -> Identity:
        """Write the key first: a certificate without its key would look usable."""
        content = leaf.public_bytes(Encoding.PEM)
        for path in chain:
            content += read_chain(path)[0].public_bytes(Encoding.PEM)
        write_private(self.key, _key_pem(key))
        write_public(self.certificate, content)
        name = lfdi(leaf.public_bytes(Encoding.DER))
        return Identity(self.certificate, self.key, name, sfdi(name))


def _authorities(folder: Path) -> Authorities:
    mca, mica = folder / "mca.pem", folder / "mica.pem"
    return Authorities(
        folder,
        Authority(folder / "serca.pem", folder / "serca.key"),
        Authority(mca, folder / "mca.key", (mca,)),
        Authority(mica, folder / "mica.key", (mica, mca)),
    )


def _root(folder: Path, name: str) -> Authority:
    return Authority(folder / f"{name}.pem", folder / f"{name}.key")


def _create_root(folder: Path, name: str, organisation: str, label: str) -> Authority:
    authority = _root(make_folder(folder), name)
    refuse_existing(authority.certificate_path, authority.key_path)
    _create_authority(authority, organisation, label, 0, None)
    return authority


def _load_root(folder: Path, name: str) -> Authority:
    authority = _root(folder, name)
    signer_of(authority)
    return authority


def _create_authority(
    authority: Authority, organisation: str, label: str, below: int, signer: build.Signer | None
) -> build.Signer:
    key = build.new_key()
    subject = build.distinguished_name(organisation, f"{organisation} {label}")
    certificate = build.authority_certificate(subject, key, _always(), below, signer)
    write_private(authority.key_path, _key_pem(key))
    write_public(authority.certificate_path, certificate.public_bytes(Encoding.PEM))
    return build.Signer(certificate, key)


def signer_of(authority: Authority) -> build.Signer:
    """Return an authority ready to sign; IdentityError where its files cannot be used."""
    key = read_signing_key(authority.key_path)
    return build.Signer(read_chain(authority.certificate_path)[0], key)


def _key_pem(key: build.SigningKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _begin() -> datetime:
    return datetime.now(UTC) - build.CLOCK_SLACK


def _always() -> Validity:
    return Validity(_begin(), build.FOREVER)
