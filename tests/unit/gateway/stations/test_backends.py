"""Which library drives the connections, and that the fast one is an extra."""

import subprocess
import sys

import pytest

from gateway.errors import SettingsError
from gateway.settings.loading import load
from gateway.site import endpoint_config
from gateway.stations.backends import backend
from gateway.stations.picows_server import listen as by_picows
from gateway.stations.websockets_server import listen as by_websockets
from support.site import a_site, write_site

WITHOUT = """
import sys
sys.modules["picows"] = None
import gateway.app, gateway.cli.main
from gateway.stations.backends import backend
print(backend("auto").__module__)
"""
LAZY = """
import sys, gateway.app
print("picows" in sys.modules)
"""


def said(program):
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
    return done.stdout.decode().split()[-1]


@pytest.mark.parametrize(
    ("asked", "found"),
    [("websockets", by_websockets), ("picows", by_picows), ("auto", by_picows)],
)
def test_the_transport_that_is_asked_for_is_taken(asked, found):
    assert backend(asked) is found


@pytest.mark.parametrize("transport", ["auto", "websockets", "picows"])
def test_a_site_chooses_its_transport(transport, tmp_path):
    path = write_site(tmp_path, a_site(ocpp={"transport": transport}))
    assert endpoint_config(load(path, {})).transport == transport


def test_a_site_that_says_nothing_has_the_default_library(tmp_path):
    assert endpoint_config(load(write_site(tmp_path), {})).transport == "websockets"


def test_without_the_extra_automatic_is_the_default_library(monkeypatch):
    monkeypatch.setitem(sys.modules, "picows", None)
    assert backend("auto") is by_websockets


def test_without_the_extra_asking_for_it_is_a_fault_of_the_settings(monkeypatch):
    monkeypatch.setitem(sys.modules, "picows", None)
    with pytest.raises(SettingsError, match="picows is not installed") as found:
        backend("picows")
    assert found.value.advice == "install the extra `fast`, or choose websockets"


def test_the_gateway_works_where_the_extra_is_not_installed():
    assert said(WITHOUT) == "gateway.stations.websockets_server"


def test_the_extra_is_not_even_loaded_by_default():
    assert said(LAZY) == "False"
