"""`dergate check` of what stations are shown and given: the second certificate, and who signs theirs."""

import pytest

from gateway.cli.inspection import inspect
from gateway.security import pki
from support.site import a_site, enrol, write_site

TLS = {
    "port": 0,
    "certificate": "csms/csms.pem",
    "key": "csms/csms.key",
    "rsa_certificate": "csms/rsa.pem",
    "rsa_key": "csms/rsa.key",
    "station_ca": "ca/station-ca.pem",
    "operator": "Grid",
    "issuer": "ca/station-ca.pem",
    "issuer_key": "ca/station-ca.key",
}


@pytest.fixture
def config(tmp_path):
    enrol(tmp_path, "CS1")
    root = pki.create_endpoint_authority(tmp_path / "csms")
    pki.issue_endpoint(root)
    pki.issue_endpoint(root, name="rsa", key_kind="rsa2048")
    pki.create_station_authority(tmp_path / "ca", organisation="Grid")
    return write_site(tmp_path, a_site(ocpp=TLS))


def test_both_are_told_of(config):
    report = inspect(config, online=False)
    facts = dict(report.facts)
    assert (report.status, facts["issuer"]) == (0, "does not expire")
    assert facts["rsa"].startswith("expires ")


@pytest.mark.parametrize(
    ("file", "code"),
    [("csms/rsa.key", "DG-1101"), ("ca/station-ca.key", "DG-1101")],
)
def test_a_file_that_is_not_there_is_a_fault(config, tmp_path, file, code):
    (tmp_path / file).unlink()
    report = inspect(config, online=False)
    assert [fault.code for fault in report.faults] == [code]


def test_a_key_that_others_may_read_is_a_fault(config, tmp_path):
    (tmp_path / "ca" / "station-ca.key").chmod(0o640)
    report = inspect(config, online=False)
    assert [fault.code for fault in report.faults] == ["DG-1115"]


def test_a_plain_port_is_warned_of(config, tmp_path):
    config = write_site(tmp_path, a_site(ocpp=TLS | {"port": 9000, "plain_port": 9001}))
    assert inspect(config, online=False).warnings == [
        "stations connect without TLS, too, on port 9001"
    ]
