"""`dergate sim fleet`: what makes no fleet is refused; what it prints a site can read."""

from io import StringIO

import pytest
from ruamel.yaml import YAML

from gateway.cli.main import main
from gateway.settings.stations import Station

PASSWORD = ["--password", "correct-horse-battery"]
HERE = ["--url", "ws://127.0.0.1:9/ocpp"]


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ([*HERE, *PASSWORD, "--mix", "tesla=1"], "--mix DG-1090 mix: 'tesla' is none of v2g"),
        ([*HERE, *PASSWORD, "--mix", "v2g"], "--mix DG-1090 'v2g' is no kind=number"),
        ([*HERE, *PASSWORD, "--mix", "v2g=0"], "counts from 1"),
        (HERE, "--password DG-1091 is missing"),
        (PASSWORD, "--url DG-1092 '' is no ws or wss address"),
        (["--url", "http://x", *PASSWORD], "'http://x' is no ws or wss address"),
    ],
)
def test_what_makes_no_fleet_is_refused(arguments, problem, capsys, monkeypatch):
    monkeypatch.delenv("DERGATE_SIM_PASSWORD", raising=False)
    assert main(["sim", "fleet", *arguments]) == 2
    assert problem in capsys.readouterr().err


def test_the_entries_of_a_fleet_are_those_of_a_site(capsys):
    mix = ["--stations", "4", "--mix", "v2g=1,twin=1,charger=1,old=1"]
    assert main(["sim", "fleet", *PASSWORD, *mix, "--enrol"]) == 0
    entries = YAML(typ="safe").load(StringIO(capsys.readouterr().out))["stations"]
    stations = [Station.model_validate(entry) for entry in entries]
    assert [station.id for station in stations] == [f"SIM-0000{n}" for n in (1, 2, 3, 4)]
    assert [len(station.evses) for station in stations] == [1, 2, 1, 1]
    assert len({station.password_verifier for station in stations}) == 1


def test_the_password_may_stand_in_the_environment(capsys, monkeypatch):
    monkeypatch.setenv("DERGATE_SIM_PASSWORD", "correct-horse-battery")
    assert main(["sim", "fleet", "--stations", "1", "--enrol"]) == 0
    assert "SIM-00001" in capsys.readouterr().out
