"""Orders from the command line: placed for the running gateway, waited for, withdrawn where nobody runs."""

import threading
import time

import pytest
from typer.testing import CliRunner

from gateway.cli import operate
from gateway.errors import SettingsError
from gateway.security.credentials import either
from gateway.security.vault import Vault, digest
from gateway.stations.errands import (
    ChangePassword,
    DeleteRoot,
    Forget,
    InstallRoot,
    ListRoots,
    Move,
    Outcome,
    Renew,
)
from gateway.stations.orders import Orders
from support.site import VERIFIER, a_site, write_site

URL = "wss://gateway.example/ocpp"


@pytest.fixture
def config(tmp_path):
    return write_site(tmp_path, a_site())


def run(*arguments):
    return CliRunner().invoke(operate.app, [str(item) for item in arguments])


class Gateway:
    """Takes orders as a running gateway does, and ends each as it is told to."""

    def __init__(self, folder, *outcomes):
        self.orders, self.taken = Orders(folder / "state" / "orders"), []
        self._outcomes = list(outcomes)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._work)

    def _work(self):
        while not self._over.is_set():
            for name, errand in self.orders.take():
                self.taken.append(errand)
                if self._outcomes:
                    self.orders.report(name, self._outcomes.pop(0))
            time.sleep(0.01)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()


WELL = Outcome(done=True, words="well done")


@pytest.fixture
def root(tmp_path):
    path = tmp_path / "root.pem"
    path.write_text("PEM")
    return path


def commands(root):
    return [
        (("certificate", "renew", "CS1"), Renew("CS1")),
        (("root", "install", "CS1", "--root", root), InstallRoot("CS1", "PEM")),
        (("root", "delete", "CS1", "--serial", "ab"), DeleteRoot("CS1", "ab")),
        (("root", "list", "CS1"), ListRoots("CS1")),
        (("move", "CS1", "--profile", "2", "--url", URL), Move("CS1", 2, URL)),
        (("rekey", "CS1"), ChangePassword("CS1")),
        (("forget", "CS1"), Forget("CS1")),
    ]


@pytest.mark.parametrize("index", range(7))
def test_each_command_is_an_order_to_the_gateway(tmp_path, config, root, index):
    arguments, errand = commands(root)[index]
    with Gateway(tmp_path, WELL) as gateway:
        result = run(*arguments, "-c", config)
    assert (result.exit_code, result.stdout) == (0, "CS1: well done\n")
    assert gateway.taken == [errand]


def test_where_to_is_what_the_settings_say(tmp_path):
    config = write_site(tmp_path, a_site(ocpp={"port": 0, "public_url": URL}))
    with Gateway(tmp_path, WELL) as gateway:
        assert run("move", "CS1", "--profile", "2", "-c", config).exit_code == 0
    assert gateway.taken == [Move("CS1", 2, URL)]


def test_a_move_to_nowhere_is_refused(config):
    result = run("move", "CS1", "--profile", "2", "-c", config)
    assert isinstance(result.exception, SettingsError)
    assert "where to?" in str(result.exception)


def test_what_did_not_end_well_is_an_exit_status(tmp_path, config):
    with Gateway(tmp_path, Outcome(done=False, words="it refused")):
        result = run("rekey", "CS1", "-c", config)
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", "CS1: it refused\n")


def test_without_a_gateway_the_order_is_withdrawn(tmp_path, config):
    result = run("rekey", "CS1", "-c", config, "--wait", "0.05")
    assert (result.exit_code, result.stderr) == (1, "CS1: nobody took the order\n")
    assert Orders(tmp_path / "state" / "orders").take() == []


def test_an_order_that_takes_longer_goes_on(tmp_path, config):
    with Gateway(tmp_path) as gateway:
        result = run("rekey", "CS1", "-c", config, "--wait", "0.3")
    assert gateway.taken == [ChangePassword("CS1")]
    assert (result.exit_code, result.stderr) == (1, "CS1: it goes on: see the audit\n")


def test_who_does_not_wait_leaves_the_order_there(tmp_path, config):
    result = run("rekey", "CS1", "-c", config, "--wait", "0")
    assert (result.exit_code, result.stdout) == (0, "1 ordered\n")
    assert [errand for _, errand in Orders(tmp_path / "state" / "orders").take()] == [
        ChangePassword("CS1")
    ]


def test_a_station_that_is_not_enrolled_gets_no_order(tmp_path, config):
    result = run("rekey", "CS1", "CS9", "-c", config)
    assert "CS9 is no station of the settings" in str(result.exception)
    assert Orders(tmp_path / "state" / "orders").take() == []


def test_a_root_that_is_not_there_is_named(tmp_path, config):
    result = run("root", "install", "CS1", "--root", tmp_path / "no.pem", "-c", config)
    assert "no.pem DG-1086 cannot be read" in str(result.exception)


KNOWN = [
    ({}, ("of the settings", "none was used", "any, wanted by nobody")),
    (
        {
            "verifier": "scrypt$new",
            "instead_of": digest(VERIFIER),
            "profile": 3,
            "target": 3,
            "certificate_end": "2027-01-01T00:00:00+00:00",
        },
        ("changed", "2027-01-01T00:00:00+00:00", "3, wanted 3"),
    ),
    (
        {"verifier": either(VERIFIER, VERIFIER), "instead_of": digest(VERIFIER)},
        ("one of several: its change was not confirmed", "none was used", "any, wanted by nobody"),
    ),
]


@pytest.mark.parametrize(("kept", "words"), KNOWN, ids=["nothing", "all", "in doubt"])
def test_what_is_known_beside_the_settings_is_shown(tmp_path, config, kept, words):
    if kept:
        Vault(tmp_path / "state" / "stations").keep("CS1", **kept)
    result = run("known", "CS1", "-c", config)
    assert tuple(line[18:] for line in result.stdout.splitlines()) == words


def test_a_station_with_a_certificate_has_no_password(tmp_path):
    values = a_site(
        ocpp={"port": 0, "certificate": "a", "key": "b", "station_ca": "c", "operator": "Grid"}
    )
    del values["stations"][0]["password_verifier"]
    result = run("known", "CS1", "-c", write_site(tmp_path, values))
    assert result.stdout.splitlines()[0] == "password          none"
