"""`dergate sim`: what cannot be played is refused before anything is served."""

import pytest

from gateway.cli.main import main

UTILITY = ["sim", "utility-2030.5", "--certificate", "a.pem", "--key", "a.key"]
UTILITY += ["--trust-anchor", "ca.pem", "--port", "0"]


@pytest.mark.parametrize("command", [UTILITY, ["sim", "station"], ["sim", "vtn"]])
def test_a_script_that_is_not_there_is_named(command, tmp_path, capsys):
    assert main([*command, str(tmp_path / "gone.yaml")]) == 2
    assert "gone.yaml DG-1020 cannot be read" in capsys.readouterr().err


@pytest.mark.parametrize("command", [UTILITY, ["sim", "station"], ["sim", "vtn"]])
def test_a_wrong_script_says_which_entry(command, tmp_path, capsys):
    script = tmp_path / "script.yaml"
    script.write_text("steps: [{at_s: soon}]\n")
    assert main([*command, str(script)]) == 2
    assert "DG-1000" in capsys.readouterr().err


def test_files_that_make_no_identity_are_refused(tmp_path, capsys):
    script = tmp_path / "script.yaml"
    script.write_text("programs: []\ndevices: []\n")
    assert main([*UTILITY, str(script)]) == 2
    assert "a.pem DG-1101" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--certificate", "--key", "--trust-anchor"])
def test_a_utility_needs_its_files(option, capsys):
    at = UTILITY.index(option)
    assert main([*UTILITY[:at], *UTILITY[at + 2 :], "script.yaml"]) == 2
    assert f"Missing option '{option}'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "status", "said"),
    [
        ("steps: []", 0, "serving http://127.0.0.1:"),
        (
            "steps: [{expect: {ven: gateway, within_s: 0.01}}]",
            1,
            "complaint: ven gateway was not seen within 0.01 s",
        ),
        (
            "steps: [{expect: {ven: gateway, within_s: 0.01, absent: true}}]",
            0,
            "as expected: ven gateway is absent",
        ),
    ],
)
def test_a_day_at_the_vtn_ends_with_1_where_there_was_a_complaint(
    text, status, said, tmp_path, capsys
):
    script = tmp_path / "day.yaml"
    script.write_text(text)
    assert main(["sim", "vtn", str(script), "--once", "--port", "0"]) == status
    assert said in capsys.readouterr().out


def test_a_vtn_needs_its_certificate_and_its_key(tmp_path, capsys):
    script = tmp_path / "day.yaml"
    script.write_text("steps: []")
    assert main(["sim", "vtn", str(script), "--certificate", "a.pem"]) == 2
    assert "--certificate and --key DG-1143 go together" in capsys.readouterr().err
    assert main(["sim", "vtn", str(script), "--certificate", "a.pem", "--key", "a.key"]) == 2
    assert "a.pem DG-1101" in capsys.readouterr().err
    assert main(["sim", "vtn", str(script), "--trust-anchor", "ca.pem"]) == 2
    assert "ca.pem DG-1101" in capsys.readouterr().err
