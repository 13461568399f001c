"""TLS contexts, one per kind of peer: own trust anchors, the system's for public servers alone."""

from __future__ import annotations

import ssl
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from gateway.errors import IdentityError
from gateway.security.identities import read_chain, read_identity, trust_store

# IEEE 2030.5 6.4: CCM-8 is mandatory; GCM serves peers that lack it.
UTILITY_SUITES = "ECDHE-ECDSA-AES128-CCM8:ECDHE-ECDSA-AES128-GCM-SHA256"
# Some OpenSSL versions refuse CCM-8 (64 bit tag) above level 0; the suites are explicit anyway.
SECURITY_LEVEL = "@SECLEVEL=0"
# A00.FR.421: the last two; the ECDHE ones come first, for forward secrecy.
STATION_SUITES = (
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384:"
    "AES128-GCM-SHA256:AES256-GCM-SHA384"
)


def utility_client_context(
    certificate: Path,
    key: Path,
    trust_anchor: Path,
    *,
    check_hostname: bool = True,
    additional_ciphers: str = "",
) -> ssl.SSLContext:
    """Return the context for an IEEE 2030.5 server: TLS 1.2, mutual, trust in `trust_anchor` only.

    `additional_ciphers` is an OpenSSL list (`A:B`) for servers without CCM-8. Without
    `check_hostname` the caller pins the LFDI of the peer. IdentityError when a file is missing,
    the key belongs to another certificate, or a certificate is not valid now.
    """
    read_identity(certificate, key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_2
    extra = [name for name in additional_ciphers.split(":") if name]
    for name in extra:
        _check_suite(name)
    context.set_ciphers(":".join([UTILITY_SUITES, *extra, SECURITY_LEVEL]))
    context.check_hostname = check_hostname
    context.load_cert_chain(certificate, key)
    context.load_verify_locations(cadata=trust_store(trust_anchor))
    return context


def web_client_context(
    trust_anchor: Path | None, identity: tuple[Path, Path] | None = None
) -> ssl.SSLContext:
    """Return the context for a server of the web, as an OpenADR VTN is: TLS 1.2 or better, verified.

    Its certificate must name the host and lead to `trust_anchor`, or to the system's roots. `identity` is
    a certificate to show, with its key. IdentityError as in `utility_client_context`.
    """
    anchors = None if trust_anchor is None else trust_store(trust_anchor)
    context = ssl.create_default_context(cadata=anchors)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if identity is not None:
        read_identity(*identity)
        context.load_cert_chain(*identity)
    return context


def web_server_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """Return the context of a server of the web, as a simulated VTN or a callback is: TLS 1.2 or better.

    IdentityError as in `utility_client_context`.
    """
    read_identity(certificate, key)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    return context


class StationTls:
    """TLS of the OCPP endpoint, whose files can be read anew while stations are connected.

    With `client_ca` a station may show a certificate, which must lead there; who must show one is
    decided with its id, after the handshake. `other` is a second certificate with its key, of the
    other kind: RSA beside EC, so that a station comes in by any suite of A00.FR.421.
    """

    def __init__(
        self,
        certificate: Path,
        key: Path,
        client_ca: Path | None = None,
        other: tuple[Path, Path] | None = None,
    ) -> None:
        """Read the files; IdentityError as in `utility_client_context`."""
        self._files, self._other = (certificate, key, client_ca), other
        self.context = self._newest = self._read()
        self.context.sni_callback = self._choose

    def reload(self) -> None:
        """Let handshakes from now on use what the files hold; IdentityError changes nothing."""
        self._newest = self._read()

    def _read(self) -> ssl.SSLContext:
        try:
            context = station_server_context(*self._files, verify=ssl.CERT_OPTIONAL)
            if self._other is not None:
                _add_identity(context, self._files[0], *self._other)
        except ssl.SSLError as exc:
            problem = f"cannot be used for TLS: {exc.reason}"
            raise IdentityError(problem, where=str(self._files[0]), code="DG-1111") from exc
        return context

    def _choose(self, connection: ssl.SSLObject, _name: str | None, _: ssl.SSLContext) -> None:
        """Move a handshake to the newest context; OpenSSL asks with or without a server name."""
        connection.context = self._newest


def station_server_context(
    certificate: Path,
    key: Path,
    client_ca: Path | None = None,
    *,
    verify: ssl.VerifyMode = ssl.CERT_REQUIRED,
) -> ssl.SSLContext:
    """Return the context of the OCPP endpoint; with `client_ca` stations show a certificate.

    TLS 1.2 or better (A00.FR.416), the suites of A00.FR.421, no compression (A00.FR.424).
    IdentityError as in `utility_client_context`.
    """
    read_identity(certificate, key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    context.set_ciphers(STATION_SUITES)
    context.load_cert_chain(certificate, key)
    if client_ca is not None:
        context.load_verify_locations(cadata=trust_store(client_ca))
        context.verify_mode = verify  # A00.FR.407
        context.options |= ssl.OP_NO_TICKET  # a resumed session would skip the chain
        context.num_tickets = 0
    return context


def _add_identity(context: ssl.SSLContext, first: Path, certificate: Path, key: Path) -> None:
    """Let a context show a second certificate, whose key is of another kind than the first's."""
    read_identity(certificate, key)
    kinds = [
        isinstance(read_chain(path)[0].public_key(), RSAPublicKey) for path in (first, certificate)
    ]
    if kinds[0] is kinds[1]:
        problem = f"has the same kind of key as {first}: one of them is EC, the other RSA"
        raise IdentityError(problem, where=str(certificate), code="DG-1117")
    context.load_cert_chain(certificate, key)


def _check_suite(name: str) -> None:
    """Refuse a name that OpenSSL would skip in silence because others in the list are known."""
    probe = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    probe.maximum_version = ssl.TLSVersion.TLSv1_2
    try:
        probe.set_ciphers(f"{name}:{SECURITY_LEVEL}")
    except ssl.SSLError as exc:
        raise IdentityError(
            f"{name!r} is no cipher suite that this OpenSSL knows",
            where="additional_ciphers",
            code="DG-1109",
        ) from exc
