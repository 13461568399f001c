"""TLS contexts over real sockets: who gets through, with which suite, and who does not."""

import asyncio
import shutil
import ssl
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from gateway.errors import IdentityError
from gateway.security import certificates as build
from gateway.security import pki
from gateway.security.identities import read_chain, read_key
from gateway.security.tls import StationTls, station_server_context, utility_client_context

NOW = datetime.now(UTC)
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def device(authorities, tmp_path_factory):
    return pki.issue_device(authorities, "cs1", folder=tmp_path_factory.mktemp("device"))


@pytest.fixture(scope="module")
def server(authorities, tmp_path_factory):
    return pki.issue_server(authorities, folder=tmp_path_factory.mktemp("server"))


@pytest.fixture(scope="module")
def endpoints(endpoint_root):
    return {
        "p256": pki.issue_endpoint(endpoint_root, name="tls-ec"),
        "rsa2048": pki.issue_endpoint(endpoint_root, name="tls-rsa", key_kind="rsa2048"),
    }


def plain_server(identity, trust_anchor=None, ciphers="ALL:@SECLEVEL=0"):
    """A server that takes anybody, or only clients of `trust_anchor`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers(ciphers)
    context.load_cert_chain(identity.certificate_path, identity.key_path)
    if trust_anchor is not None:
        context.load_verify_locations(trust_anchor)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def plain_client(trust_anchor, ciphers=None, version=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(trust_anchor)
    if ciphers is not None:
        context.set_ciphers(ciphers)
        context.maximum_version = ssl.TLSVersion.TLSv1_2
    if version is not None:
        context.minimum_version = context.maximum_version = version
    return context


@asynccontextmanager
async def listening(context):
    """Yield the port of a server that answers one line and hangs up."""

    async def answer(reader, writer):
        try:
            await reader.readline()
            writer.write(b"welcome\n")
            await writer.drain()
        except OSError:
            pass
        finally:
            writer.transport.abort()

    async with await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context) as running:
        yield running.sockets[0].getsockname()[1]


async def talk(server_context, client_context, name="127.0.0.1"):
    """Exchange one line; return the suite, the version and what came back."""
    async with listening(server_context) as port:
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", port, ssl=client_context, server_hostname=name
        )
        try:
            session = writer.get_extra_info("ssl_object")
            writer.write(b"hello\n")
            await writer.drain()
            answer = await reader.readline()
            if not answer:
                raise ConnectionError("the server hung up")
            return session.cipher()[0], session.version(), answer
        finally:
            writer.transport.abort()


def client_of(identity, trust_anchor, **options):
    return utility_client_context(
        identity.certificate_path, identity.key_path, trust_anchor, **options
    )


async def test_ccm_8_comes_first_where_the_server_follows_the_client(authorities, device, server):
    context = plain_server(server, authorities.trust_anchor)
    context.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE
    suite, version, answer = await talk(context, client_of(device, authorities.trust_anchor))
    assert (suite, version) == ("ECDHE-ECDSA-AES128-CCM8", "TLSv1.2")
    assert answer == b"welcome\n"


@pytest.mark.parametrize(
    ("offered", "additional", "chosen"),
    [
        pytest.param("ECDHE-ECDSA-AES128-CCM8", "", "ECDHE-ECDSA-AES128-CCM8", id="CCM-8 alone"),
        pytest.param(
            "ECDHE-ECDSA-AES128-GCM-SHA256", "", "ECDHE-ECDSA-AES128-GCM-SHA256", id="GCM alone"
        ),
        pytest.param(
            "ECDHE-ECDSA-AES256-GCM-SHA384",
            "ECDHE-ECDSA-AES256-GCM-SHA384",
            "ECDHE-ECDSA-AES256-GCM-SHA384",
            id="a suite that the settings add",
        ),
        pytest.param(
            "ECDHE-ECDSA-AES256-SHA384",
            "ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES256-SHA384",
            "ECDHE-ECDSA-AES256-SHA384",
            id="the second of two added",
        ),
    ],
)
async def test_the_suite_is_one_that_both_name(
    authorities, device, server, offered, additional, chosen
):
    client = client_of(device, authorities.trust_anchor, additional_ciphers=additional)
    context = plain_server(server, ciphers=f"{offered}:@SECLEVEL=0")
    assert (await talk(context, client))[0] == chosen


async def test_a_suite_that_was_not_added_is_not_used(authorities, device, server):
    context = plain_server(server, ciphers="ECDHE-ECDSA-AES256-GCM-SHA384")
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await talk(context, client_of(device, authorities.trust_anchor))


async def test_a_server_of_tls_1_3_alone_is_refused(authorities, device, server):
    context = plain_server(server)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await talk(context, client_of(device, authorities.trust_anchor))


async def test_a_server_of_a_foreign_authority_is_refused(authorities, foreign, device, server):
    with pytest.raises(ssl.SSLCertVerificationError, match="certificate"):
        await talk(plain_server(server), client_of(device, foreign.trust_anchor))


async def test_the_trust_of_the_system_is_never_used(authorities, device):
    context = client_of(device, authorities.trust_anchor)
    assert len(context.get_ca_certs()) == 1


@pytest.mark.parametrize(
    ("validity", "words"),
    [
        pytest.param(build.Validity(NOW - 9 * DAY, NOW - DAY), "expired", id="expired"),
        pytest.param(build.Validity(NOW + DAY, NOW + 9 * DAY), "not yet valid", id="too early"),
    ],
)
async def test_a_server_outside_its_time_is_refused(authorities, device, tmp_path, validity, words):
    late = pki.issue_server(authorities, folder=tmp_path, validity=validity)
    with pytest.raises(ssl.SSLCertVerificationError, match=words):
        await talk(plain_server(late), client_of(device, authorities.trust_anchor))


async def test_a_server_under_another_name_is_refused(authorities, device, tmp_path):
    other = pki.issue_server(authorities, hosts=("grid.example",), folder=tmp_path)
    with pytest.raises(ssl.SSLCertVerificationError, match=r"127\.0\.0\.1"):
        await talk(plain_server(other), client_of(device, authorities.trust_anchor))


async def test_the_name_is_not_looked_at_where_the_lfdi_is_pinned(authorities, device, tmp_path):
    other = pki.issue_server(authorities, hosts=("grid.example",), folder=tmp_path)
    client = client_of(device, authorities.trust_anchor, check_hostname=False)
    assert (await talk(plain_server(other), client))[2] == b"welcome\n"


async def test_the_chain_is_still_checked_without_the_name(authorities, foreign, device, tmp_path):
    other = pki.issue_server(foreign, folder=tmp_path)
    client = client_of(device, authorities.trust_anchor, check_hostname=False)
    with pytest.raises(ssl.SSLCertVerificationError):
        await talk(plain_server(other), client)


@pytest.mark.parametrize(
    "suites",
    [
        pytest.param("NONSENSE", id="unknown"),
        pytest.param("ECDHE-ECDSA-AES256-GCM-SHA384:NONSENSE", id="unknown beside a known one"),
        pytest.param("@SECLEVEL=0", id="no suite but a command"),
    ],
)
def test_an_unknown_suite_is_refused_and_not_skipped(authorities, device, suites):
    with pytest.raises(IdentityError, match="no cipher suite") as caught:
        client_of(device, authorities.trust_anchor, additional_ciphers=suites)
    assert caught.value.code == "DG-1109"


def test_a_missing_trust_anchor_is_named(device, tmp_path):
    with pytest.raises(IdentityError, match=r"none\.pem DG-1101"):
        client_of(device, tmp_path / "none.pem")


def test_a_trust_anchor_that_is_no_certificate_is_refused(device):
    with pytest.raises(IdentityError, match="no readable PEM certificate"):
        client_of(device, device.key_path)


@pytest.mark.parametrize("make", [utility_client_context, station_server_context])
def test_a_swapped_key_is_refused_before_any_connection(authorities, device, server, make):
    with pytest.raises(IdentityError, match="does not belong"):
        make(device.certificate_path, server.key_path, authorities.trust_anchor)


@pytest.mark.parametrize("make", [utility_client_context, station_server_context])
def test_an_expired_certificate_is_refused_before_any_connection(authorities, tmp_path, make):
    validity = build.Validity(NOW - 9 * DAY, NOW - DAY)
    late = pki.issue_device(authorities, "late", folder=tmp_path, validity=validity)
    with pytest.raises(IdentityError, match="expired"):
        make(late.certificate_path, late.key_path, authorities.trust_anchor)


@pytest.mark.parametrize(
    ("key", "suite"),
    [
        pytest.param("p256", "ECDHE-ECDSA-AES128-GCM-SHA256", id="A00.FR.421, 1st of four"),
        pytest.param("p256", "ECDHE-ECDSA-AES256-GCM-SHA384", id="A00.FR.421, 2nd of four"),
        pytest.param("rsa2048", "AES128-GCM-SHA256", id="A00.FR.421, 3rd of four"),
        pytest.param("rsa2048", "AES256-GCM-SHA384", id="A00.FR.421, 4th of four"),
        pytest.param("rsa2048", "ECDHE-RSA-AES128-GCM-SHA256", id="RSA with forward secrecy"),
    ],
)
async def test_a_station_with_one_suite_gets_through(endpoint_root, endpoints, key, suite):
    identity = endpoints[key]
    context = station_server_context(identity.certificate_path, identity.key_path)
    client = plain_client(endpoint_root.certificate_path, ciphers=suite)
    assert (await talk(context, client))[:2] == (suite, "TLSv1.2")


async def test_a_station_may_speak_tls_1_3(endpoint_root, endpoints):
    identity = endpoints["p256"]
    context = station_server_context(identity.certificate_path, identity.key_path)
    client = plain_client(endpoint_root.certificate_path)
    assert (await talk(context, client))[1] == "TLSv1.3"


async def test_a_station_with_a_weak_suite_is_refused(endpoint_root, endpoints):
    identity = endpoints["rsa2048"]
    context = station_server_context(identity.certificate_path, identity.key_path)
    client = plain_client(endpoint_root.certificate_path, ciphers="AES128-SHA")
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await talk(context, client)


def test_the_endpoint_compresses_nothing_and_renegotiates_nothing(endpoints):
    identity = endpoints["p256"]
    context = station_server_context(identity.certificate_path, identity.key_path)
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert context.options & ssl.OP_NO_COMPRESSION
    assert context.options & ssl.OP_NO_RENEGOTIATION


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_with_a_client_authority_a_station_without_certificate_is_refused(
    authorities, endpoint_root, endpoints, version
):
    identity = endpoints["p256"]
    context = station_server_context(
        identity.certificate_path, identity.key_path, authorities.trust_anchor
    )
    client = plain_client(endpoint_root.certificate_path, version=version)
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await talk(context, client)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_a_station_of_that_authority_is_welcome(
    authorities, endpoint_root, endpoints, device, version
):
    identity = endpoints["p256"]
    context = station_server_context(
        identity.certificate_path, identity.key_path, authorities.trust_anchor
    )
    client = plain_client(endpoint_root.certificate_path, version=version)
    client.load_cert_chain(device.certificate_path, device.key_path)
    assert (await talk(context, client))[2] == b"welcome\n"


def test_what_openssl_refuses_is_an_identity_error(endpoint_root, tmp_path):
    key = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 - weak on purpose
    validity = build.Validity(NOW - DAY, NOW + DAY)
    root = read_chain(endpoint_root.certificate_path)[0]
    signer = build.Signer(root, read_key(endpoint_root.key_path))
    weak = build.endpoint_certificate(key, validity, signer, ("localhost",))
    files = tmp_path / "weak.pem", tmp_path / "weak.key"
    files[0].write_bytes(weak.public_bytes(Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    )
    with pytest.raises(IdentityError, match="cannot be used for TLS") as caught:
        StationTls(*files)
    assert caught.value.code == "DG-1111"


FOUR = (
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "AES128-GCM-SHA256",
    "AES256-GCM-SHA384",
)
"""A00.FR.421."""


def files_of(identity):
    return identity.certificate_path, identity.key_path


@pytest.mark.parametrize("suite", FOUR)
@pytest.mark.parametrize("first", ["p256", "rsa2048"])
async def test_with_two_certificates_one_endpoint_takes_each_of_the_four_suites(
    endpoint_root, endpoints, first, suite
):
    (other,) = {"p256", "rsa2048"} - {first}
    tls = StationTls(*files_of(endpoints[first]), other=files_of(endpoints[other]))
    client = plain_client(endpoint_root.certificate_path, ciphers=suite)
    assert (await talk(tls.context, client))[:2] == (suite, "TLSv1.2")


def test_two_certificates_of_one_kind_are_a_mistake(endpoint_root, endpoints):
    again = pki.issue_endpoint(endpoint_root, name="again")
    with pytest.raises(IdentityError, match=r"again\.pem DG-1117 has the same kind of key"):
        StationTls(*files_of(endpoints["p256"]), other=files_of(again))


def test_a_second_certificate_without_its_key_changes_nothing(endpoint_root, endpoints, tmp_path):
    rsa = [shutil.copy(path, tmp_path) for path in files_of(endpoints["rsa2048"])]
    tls = StationTls(*files_of(endpoints["p256"]), other=tuple(map(Path, rsa)))
    serving = tls._newest
    Path(rsa[1]).unlink()
    with pytest.raises(IdentityError, match="cannot read the key"):
        tls.reload()
    assert tls._newest is serving
