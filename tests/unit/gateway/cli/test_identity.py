"""`dergate certs`: what each command makes and prints."""

import stat
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

from gateway.cli.identity import app
from gateway.errors import IdentityError
from gateway.security import certificates as build
from gateway.security import pki
from gateway.security.identities import certificate_lfdi, read_chain, read_identity


def run(*arguments):
    return CliRunner().invoke(app, [str(item) for item in arguments])


def fields(output):
    """The printed lines `name   value`, as a mapping."""
    return dict(line.rsplit(maxsplit=1) for line in output.splitlines())


@pytest.fixture
def folder(tmp_path):
    result = run("ca-init", tmp_path / "certs")
    assert result.exit_code == 0, result.output
    return tmp_path / "certs"


def test_ca_init_makes_both_roots_and_says_where(folder):
    assert {item.name for item in folder.glob("*.pem")} == {
        "serca.pem",
        "mca.pem",
        "mica.pem",
        "csms-ca.pem",
    }
    assert {stat.S_IMODE(item.stat().st_mode) for item in folder.glob("*.key")} == {0o600}


def test_ca_init_says_what_to_trust(tmp_path):
    printed = fields(run("ca-init", tmp_path).output)
    assert printed == {
        "2030.5 trust anchor": str(tmp_path / "serca.pem"),
        "OCPP trust anchor": str(tmp_path / "csms-ca.pem"),
    }


def test_ca_init_never_replaces_authorities(folder):
    before = (folder / "serca.key").read_bytes()
    result = run("ca-init", folder)
    assert isinstance(result.exception, IdentityError)
    assert (folder / "serca.key").read_bytes() == before


def test_an_issued_device_can_be_used_and_its_names_are_printed(folder):
    result = run("issue", "device", folder, "cs1")
    assert result.exit_code == 0, result.output
    identity = read_identity(folder / "cs1.pem", folder / "cs1.key")
    assert fields(result.output) == {
        "certificate": str(folder / "cs1.pem"),
        "key": str(folder / "cs1.key"),
        "serial": "cs1",
        "LFDI": identity.lfdi,
        "SFDI": str(identity.sfdi),
    }


@pytest.mark.parametrize(
    ("options", "name", "hosts"),
    [
        pytest.param([], "server", ["127.0.0.1", "localhost"], id="loopback by default"),
        pytest.param(
            ["--name", "dso", "--host", "grid.example", "--host", "10.0.0.7"],
            "dso",
            ["10.0.0.7", "grid.example"],
            id="named hosts",
        ),
    ],
)
def test_a_server_is_reachable_under_its_hosts(folder, options, name, hosts):
    result = run("issue", "server", folder, *options)
    assert result.exit_code == 0, result.output
    names = (
        read_chain(folder / f"{name}.pem")[0]
        .extensions.get_extension_for_class(build.x509.SubjectAlternativeName)
        .value
    )
    found = [
        *names.get_values_for_type(build.x509.DNSName),
        *(str(item) for item in names.get_values_for_type(build.x509.IPAddress)),
    ]
    assert sorted(found) == hosts


@pytest.mark.parametrize(
    ("options", "algorithm"),
    [
        pytest.param([], "ECPublicKey", id="P-256 by default"),
        pytest.param(["--rsa"], "RSAPublicKey", id="RSA on demand"),
    ],
)
def test_an_endpoint_has_the_key_that_was_asked_for(folder, options, algorithm):
    result = run("issue", "endpoint", folder, *options)
    assert result.exit_code == 0, result.output
    key = read_chain(folder / "csms.pem")[0].public_key()
    assert algorithm in type(key).__name__
    assert fields(result.output) == {
        "certificate": str(folder / "csms.pem"),
        "key": str(folder / "csms.key"),
    }


def test_a_request_is_made_with_its_key(tmp_path):
    result = run("csr", tmp_path, "cs7")
    assert result.exit_code == 0, result.output
    assert fields(result.output) == {
        "request": str(tmp_path / "cs7.csr"),
        "key": str(tmp_path / "cs7.key"),
    }
    assert b"CERTIFICATE REQUEST" in (tmp_path / "cs7.csr").read_bytes()


def test_the_lfdi_of_any_certificate_is_printed(folder):
    result = run("lfdi", folder / "mica.pem")
    assert fields(result.output)["LFDI"] == certificate_lfdi(folder / "mica.pem")
    assert fields(result.output)["SFDI"].isdigit()


def test_the_lfdi_of_a_missing_file_is_an_error_with_its_name(tmp_path):
    result = run("lfdi", tmp_path / "none.pem")
    assert isinstance(result.exception, IdentityError)
    assert "none.pem" in str(result.exception)


def test_expiry_is_silent_about_nothing_and_exits_0_when_all_is_well(folder):
    result = run("expiry", folder)
    assert result.exit_code == 0
    assert len(result.output.splitlines()) == 4
    assert all(line.startswith("9999-12-31") for line in result.output.splitlines())


@pytest.mark.parametrize(
    ("days_left", "limit", "exit_code"),
    [
        pytest.param(31, 30, 0, id="a month and a day"),
        pytest.param(20, 30, 1, id="less than a month"),
        pytest.param(20, 10, 0, id="less than a month where ten days are enough"),
        pytest.param(-1, 30, 1, id="over"),
    ],
)
def test_expiry_exits_1_when_one_ends_soon(folder, days_left, limit, exit_code):
    now = datetime.now(UTC)
    end = now + timedelta(days=days_left, hours=1)
    root = pki.load_endpoint_authority(folder)
    pki.issue_endpoint(root, validity=build.Validity(now - timedelta(days=40), end))
    result = run("expiry", folder, "--days", limit)
    assert result.exit_code == exit_code
    assert result.output.splitlines()[0].endswith("csms.pem")


def test_without_a_command_the_help_is_shown():
    assert "ca-init" in run("--help").output
