"""The files that docs/utilities/openadr.md shows are sound, and fit each other."""

import re

from gateway.settings import load
from gateway.simulators import station_script, vtn_script
from gateway.simulators.vtn_options import BASE_PATHS, default_accounts
from support.places import ROOT
from support.site import VERIFIER

PAGE = (ROOT / "docs" / "utilities" / "openadr.md").read_text(encoding="utf-8")
DAY, CARS, SITE, BINDINGS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


def settings_of(folder, bindings=""):
    written = SITE.replace("scrypt$...", VERIFIER).replace("stations:\n", f"{bindings}stations:\n")
    file = folder / "site.yaml"
    file.write_text(written, encoding="utf-8")
    return load(file)


def test_the_vtn_serves_what_the_site_follows(tmp_path):
    (vtn,) = settings_of(tmp_path).openadr_utilities
    options = vtn_script.load_script(DAY).options
    assert vtn.url.endswith(f":8080{BASE_PATHS[options.revision]}")
    assert default_accounts()[vtn.client_id].secret == "secret"


def test_the_station_connects_where_the_site_listens(tmp_path):
    settings, script = settings_of(tmp_path), station_script.load_script(CARS)
    assert script.url == f"ws://{settings.ocpp.host}:{settings.ocpp.port}/ocpp"
    assert [entry.options.id for entry in script.stations] == [one.id for one in settings.stations]


def test_the_bindings_may_be_put_in(tmp_path):
    (vtn,) = settings_of(tmp_path, BINDINGS).openadr_utilities
    assert [entry.program for entry in vtn.bindings] == ["inverters", "v2g"]
