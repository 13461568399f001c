"""`dergate check`: what it prints, warns of, refuses; `dergate run` refuses the same."""

import gc
import shutil
from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from gateway.cli import inspection
from gateway.cli.main import main
from gateway.cli.service import settle
from gateway.security import pki
from gateway.security.certificates import Validity
from gateway.security.identities import read_identity
from gateway.settings import mappings_folder, packs
from support.site import a_site, a_station, a_utility, an_identity, enrol, write_site

NOW = datetime.now(UTC)
SOON = Validity(NOW - timedelta(days=1), NOW + timedelta(days=7, hours=1))


@pytest.fixture
def folder(tmp_path):
    enrol(tmp_path, "CS1", "CS2")
    return tmp_path


@pytest.fixture
def check(folder, capsys):
    """Run `dergate check` on a site; return exit status, stdout lines and stderr lines."""

    def checked(*options, text=None, **changes):
        file = write_site(folder, a_site(**changes))
        if text is not None:
            file.write_text(text)
        status = main(["check", "-c", str(file), *options])
        printed = capsys.readouterr()
        return status, printed.out.splitlines(), printed.err.splitlines()

    return checked


def an_endpoint(folder, validity=None):
    root = pki.create_endpoint_authority(folder / "certs")
    identity = pki.issue_endpoint(root, validity=validity)
    return {"certificate": str(identity.certificate_path), "key": str(identity.key_path)}


def test_a_sound_site_prints_what_to_register(check, folder):
    status, out, _ = check(ocpp=an_endpoint(folder))
    identity = read_identity(folder / "certs" / "cs1.pem", folder / "certs" / "cs1.key")
    assert status == 0
    assert out[0].startswith("mappings  ")
    assert out[1] == f"settings  {folder}/site.yaml: stations 1, utilities 1"
    assert out[2].startswith("endpoint  127.0.0.1:9000  expires ")
    assert out[3] == (
        f"identity  CS1 at grid  LFDI {identity.lfdi}  SFDI {identity.sfdi}  does not expire"
    )
    assert out[4].startswith("anchor    grid  ")


def test_a_sound_site_is_checked_without_a_warning(check, folder):
    status, _, err = check("--deny-warnings", ocpp=an_endpoint(folder))
    assert (status, err) == (0, [])


def test_stations_without_tls_are_warned_of(check):
    warning = "warning: stations connect without TLS, on 127.0.0.1 only"
    assert check()[::2] == (0, [warning])
    assert check("--deny-warnings")[::2] == (1, [warning])


def test_networks_that_connect_plain_and_stations_without_password_are_warned_of(check):
    ocpp = {"plain_from": ["192.0.2.0/24", "2001:db8::/32"], "unauthenticated": True}
    assert check(ocpp=ocpp)[::2] == (
        0,
        [
            "warning: stations connect without TLS, on 127.0.0.1 and from 192.0.2.0/24, 2001:db8::/32",
            "warning: stations without a verifier connect without any password",
        ],
    )


def test_the_authority_of_station_certificates_is_shown(check, folder):
    ocpp = an_endpoint(folder) | {"station_ca": "certs/csms-ca.pem", "operator": "Grid"}
    status, out, err = check("--deny-warnings", ocpp=ocpp)
    assert (status, err) == (0, [])
    assert ["stations", "certificates", "of", "Grid"] in [line.split()[:4] for line in out]


def test_an_authority_of_station_certificates_that_is_missing_is_refused(check, folder):
    ocpp = an_endpoint(folder) | {"station_ca": "certs/gone.pem", "operator": "Grid"}
    status, _, err = check(ocpp=ocpp)
    assert status == 2
    assert "certs/gone.pem DG-1101" in err[-1]


def test_an_endpoint_certificate_that_ends_soon_is_warned_of(check, folder):
    status, out, err = check(ocpp=an_endpoint(folder, SOON))
    assert status == 0
    assert "(7 days)" in out[2]
    assert err == [
        f"warning: {folder}/certs/csms.pem: a certificate ends in 7 days, on {SOON.end:%Y-%m-%d}"
    ]


def test_a_wrong_key_in_the_settings_is_placed_and_all_else_still_checked(check):
    status, out, err = check(text="schema_version: 1\nstate_dir: s\nutilties: []\nstations: []\n")
    assert status == 2
    assert [line.split()[0] for line in out] == ["mappings"]
    assert any('DG-1032 unknown key "utilties": did you mean "utilities"?' in line for line in err)


def test_an_unbound_station_is_refused_and_its_neighbour_still_shown(check):
    status, out, err = check(stations=[a_station("CS1"), a_station("CS2")])
    assert status == 2
    assert "identity" in [line.split()[0] for line in out]
    assert "station CS2 is bound to no identity" in err[-1]


def test_one_certificate_under_two_names_is_refused(check, folder):
    for suffix in ("pem", "key"):
        shutil.copy(folder / "certs" / f"cs1.{suffix}", folder / "certs" / f"copy.{suffix}")
    copy = an_identity("CS2", certificate="certs/copy.pem", key="certs/copy.key")
    status, _, err = check(
        stations=[a_station("CS1"), a_station("CS2")],
        utilities=[a_utility("grid", an_identity("CS1"), copy)],
    )
    assert status == 2
    assert "DG-1110" in err[-1]
    assert "stands for station CS1 already, not also for CS2" in err[-1]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        pytest.param({"certificate": "certs/gone.pem"}, "DG-1101", id="no certificate"),
        pytest.param({"key": "certs/gone.key"}, "DG-1101", id="no key"),
        pytest.param({"key": "certs/cs2.key"}, "DG-1104", id="key of another"),
        pytest.param({"certificate": "site.yaml"}, "DG-1105", id="no PEM"),
    ],
)
def test_an_identity_that_cannot_be_used_is_refused(check, changes, code):
    status, _, err = check(utilities=[a_utility("grid", an_identity("CS1", **changes))])
    assert status == 2
    assert code in err[-1]


def test_a_missing_trust_anchor_is_refused(check):
    status, _, err = check(utilities=[a_utility(trust_anchor="certs/gone.pem")])
    assert status == 2
    assert "certs/gone.pem DG-1101" in err[-1]


def test_an_endpoint_certificate_that_is_missing_is_refused(check):
    status, _, err = check(ocpp={"certificate": "certs/gone.pem", "key": "certs/gone.key"})
    assert status == 2
    assert "certs/gone.pem DG-1101" in err[0]


def test_a_broken_mapping_is_refused(check, monkeypatch):
    monkeypatch.setattr(inspection, "shipped_book", packs.shipped_book.__wrapped__)
    monkeypatch.setattr(packs, "mapping_files", lambda: {"mine.yaml": "kind: Nothing\n"})
    status, out, err = check()
    assert status == 2
    assert not [line for line in out if line.startswith("mappings")]
    assert any("mine.yaml" in line for line in err)


def test_the_rules_of_the_site_itself_are_checked(check, folder):
    mine = folder / "mine"
    shutil.copytree(mappings_folder(), mine)
    status, out, _ = check(mappings="mine")
    assert (status, out[0].split()[0]) == (0, "mappings")
    pack = mine / "pack.yaml"
    pack.write_text(pack.read_text().replace("kind: Pack", "kind: Pact"))
    status, out, err = check(mappings="mine")
    assert status == 2
    assert not [line for line in out if line.startswith("mappings")]
    assert any("pack.yaml" in line for line in err)


def test_a_token_that_others_may_read_is_refused(check, folder):
    token = folder / "token"
    token.write_text("s3cret")
    token.chmod(0o644)
    status, _, err = check(admin={"token_file": "token"})
    assert status == 2
    assert "token DG-1083 others may read this secret" in err[-1]
    token.chmod(0o600)
    assert check(admin={"token_file": "token"})[0] == 0


def test_nobody_is_reached_where_the_settings_are_wrong(check):
    status, out, _ = check("--online", stations=[a_station("CS1"), a_station("CS2")])
    assert status == 2
    assert not [line for line in out if line.startswith("online")]


def test_the_settings_may_be_named_by_the_environment(folder, monkeypatch, capsys):
    monkeypatch.setenv("DERGATE_CONFIG", str(write_site(folder)))
    assert main(["check"]) == 0
    assert "identity  CS1" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["run", "check"])
def test_settings_that_are_not_there_are_named(command, tmp_path, capsys):
    assert main([command, "-c", str(tmp_path / "site.yaml")]) == 2
    assert "site.yaml DG-1020 cannot be read" in capsys.readouterr().err


def test_run_refuses_one_certificate_under_two_names(folder, capsys):
    for suffix in ("pem", "key"):
        shutil.copy(folder / "certs" / f"cs1.{suffix}", folder / "certs" / f"copy.{suffix}")
    copy = an_identity("CS2", certificate="certs/copy.pem", key="certs/copy.key")
    site = a_site(
        stations=[a_station("CS1"), a_station("CS2")],
        utilities=[a_utility("grid", an_identity("CS1"), copy)],
        log_level="error",
    )
    assert main(["run", "-c", str(write_site(folder, site))]) == 2
    assert "DG-1110" in capsys.readouterr().err
    assert not (folder / "state").exists()


@pytest.fixture
def collector():
    """The collector as it was, afterwards."""
    before = gc.get_threshold()
    yield gc
    gc.unfreeze()
    gc.set_threshold(*before)


def test_what_start_up_made_is_looked_through_no_more(collector):
    made = [[number] for number in range(1000)]
    with capture_logs() as logs:
        settle(None)
    assert collector.get_freeze_count() > len(made)
    assert not any(made is kept for kept in collector.get_objects())
    assert collector.get_threshold()[0] == 10_000
    (line,) = logs
    assert (line["event"], line["objects"] > len(made)) == ("memory.settled", True)
