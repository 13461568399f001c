"""`dergate station certificate`: an authority, certificates and requests of stations."""

import stat
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from typer.testing import CliRunner

from gateway.cli.station_certificates import app
from gateway.errors import IdentityError
from gateway.security.identities import read_chain, read_identity
from gateway.security.peers import naming_fault
from support.requests import OPERATOR, a_request


def run(*arguments):
    return CliRunner().invoke(app, [str(item) for item in arguments])


@pytest.fixture
def folder(tmp_path):
    result = run("init", tmp_path / "ca", "--operator", OPERATOR)
    assert result.exit_code == 0, result.output
    return tmp_path / "ca"


def stands_for(path, name):
    der = read_chain(path)[0].public_bytes(Encoding.DER)
    return naming_fault(der, OPERATOR, {name}) is None


def test_an_authority_is_made_once_and_its_key_is_private(folder):
    assert stat.S_IMODE((folder / "station-ca.key").stat().st_mode) == 0o600
    again = run("init", folder, "--operator", OPERATOR)
    assert isinstance(again.exception, IdentityError)


def test_a_first_certificate_stands_for_its_station(folder):
    result = run("issue", folder, "CS1", "--operator", OPERATOR)
    assert result.exit_code == 0, result.output
    read_identity(folder / "CS1.pem", folder / "CS1.key")
    assert stands_for(folder / "CS1.pem", "CS1")


def test_a_request_is_answered_beside_it(folder, tmp_path):
    request = tmp_path / "CS1.csr"
    request.write_text(a_request())
    arguments = ("sign", folder, request, "--station", "CS1", "--operator", OPERATOR)
    result = run(*arguments, "--days", 30)
    assert result.exit_code == 0, result.output
    (leaf,) = read_chain(tmp_path / "CS1.pem")
    assert (leaf.not_valid_after_utc - datetime.now(UTC)).days == 29
    assert stands_for(tmp_path / "CS1.pem", "CS1")
    assert isinstance(run(*arguments).exception, IdentityError), "what is there stays"


@pytest.mark.parametrize(
    ("name", "operator", "words"),
    [("CS2", OPERATOR, "CN is neither"), ("CS1", "Other", "O is not Other")],
)
def test_a_request_of_somebody_else_is_not_signed(folder, tmp_path, name, operator, words):
    request = tmp_path / "CS1.csr"
    request.write_text(a_request())
    result = run("sign", folder, request, "--station", name, "--operator", operator)
    assert words in str(result.exception)
    assert not (tmp_path / "CS1.pem").exists()


def test_a_request_that_is_not_there_is_named(folder, tmp_path):
    result = run("sign", folder, tmp_path / "no.csr", "--station", "CS1", "--operator", OPERATOR)
    assert "no.csr DG-1101 cannot be read" in str(result.exception)


def test_a_certificate_is_shown(folder):
    run("issue", folder, "CS1", "--operator", OPERATOR)
    lines = run("show", folder / "CS1.pem").stdout.splitlines()
    shown = dict(line.split(maxsplit=1) for line in lines)
    assert (shown["O"], shown["CN"]) == (OPERATOR, "CS1")
    assert shown["issuer"].endswith(f"O={OPERATOR}")
    assert shown["ends"].endswith("UTC")
