"""From site.yaml to settings: what is taken, and each fault with its place and code."""

from fractions import Fraction

import pytest

from gateway.errors import SettingsError
from gateway.settings import examine, load
from gateway.settings.fields import facts
from support.site import VERIFIER, a_site, a_station, an_evse, write_site

SITE = f"""\
schema_version: 1
state_dir: state
utilities:
  - id: grid
    url: https://127.0.0.1:8443/dcap
    revision: 2023
    trust_anchor: certs/serca.pem
    poll_interval_s: 2.5
    identities:
      - {{station: CS1, certificate: certs/cs1.pem, key: /keys/cs1.key}}
stations:
  - id: CS1
    password_verifier: {VERIFIER}
    nominal_frequency_hz: 59.94
    evses:
      - {{id: 1, current: DC, ratings: {{MaxW: 22000, MaxVar: 4840.5}}}}
    der_settings: {{setMinPFOverExcited: 0.9}}
"""


def written(folder, text):
    file = folder / "site.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def messages(folder, text):
    """Every fault of the text, without the folder."""
    _, faults = examine(written(folder, text), {})
    return [str(fault).removeprefix(f"{folder}/") for fault in faults]


def test_what_is_left_out_has_its_default(tmp_path):
    settings = load(written(tmp_path, SITE), {})
    assert settings.on_stop == "keep"
    assert settings.log_level == "info"
    assert (settings.ocpp.host, settings.ocpp.port) == ("127.0.0.1", 9000)
    assert settings.utilities[0].check_hostname
    assert settings.stations[0].dialect.droop == "per_unit"


def test_paths_are_taken_from_the_folder_of_the_file(tmp_path):
    settings = load(written(tmp_path, SITE), {})
    identity = settings.utilities[0].identities[0]
    assert settings.database_file == tmp_path / "state" / "dergate.db"
    assert settings.audit_dir == tmp_path / "state" / "audit"
    assert identity.certificate == tmp_path / "certs" / "cs1.pem"
    assert str(identity.key) == "/keys/cs1.key"


def test_a_relative_file_gives_absolute_paths(tmp_path, monkeypatch):
    written(tmp_path, SITE)
    monkeypatch.chdir(tmp_path)
    from pathlib import Path  # noqa: PLC0415 - the name is relative on purpose

    assert load(Path("site.yaml"), {}).state_dir == tmp_path / "state"


def test_numbers_stay_exact(tmp_path):
    station = load(written(tmp_path, SITE), {}).stations[0]
    assert station.nominal_frequency_hz == Fraction(5994, 100)
    assert facts(station.evses[0].ratings) == {"MaxW": 22000, "MaxVar": Fraction(9681, 2)}
    assert facts(station.der_settings) == {"setMinPFOverExcited": Fraction(9, 10)}


def test_a_revision_may_be_written_as_a_number(tmp_path):
    utility = load(written(tmp_path, SITE), {}).utilities[0]
    assert (utility.revision, utility.poll_interval_s) == ("2023", 2.5)


def test_a_secret_comes_from_a_file(tmp_path):
    (tmp_path / "cs1.verifier").write_text(VERIFIER + "\n")
    text = SITE.replace(VERIFIER, "${file:cs1.verifier}")
    assert load(written(tmp_path, text), {}).stations[0].password_verifier == VERIFIER


def test_a_value_comes_from_the_environment(tmp_path):
    text = SITE + "ocpp: {port: '${env:PORT}'}\n"
    with pytest.raises(SettingsError, match="must be a whole number"):
        load(written(tmp_path, text), {"PORT": "9001"})
    plain = SITE + "ocpp:\n  port: ${env:PORT}\n"
    assert load(written(tmp_path, plain), {"PORT": "9001"}).ocpp.port == 9001


def test_an_unknown_key_is_refused_with_a_suggestion(tmp_path):
    text = SITE.replace("poll_interval_s", "polrate")
    assert messages(tmp_path, text) == [
        'site.yaml:8:5 DG-1032 unknown key "polrate": did you mean "poll_interval_s"?'
    ]


def test_an_unknown_key_like_none_names_the_known(tmp_path):
    [message] = messages(tmp_path, SITE + "ocpp: {zzz: 1}\n")
    assert message == (
        'site.yaml:18:8 DG-1032 unknown key "zzz": '
        "known are host, port, certificate, key, rsa_certificate, rsa_key, station_ca, operator, "
        "issuer, issuer_key, "
        "issue_days, renew_days, public_url, plain_from, plain_port, "
        "unauthenticated, messages_per_s, transport, call_timeout_s, heartbeat_s, "
        "report_after_reconnect, power_interval_s"
    )


def test_keys_of_the_standard_are_suggested_in_its_spelling(tmp_path):
    [message] = messages(tmp_path, SITE.replace("MaxW:", "max_w:"))
    assert message.endswith('unknown key "max_w": did you mean "MaxW"?')


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        pytest.param(
            "59.94",
            "59.94 Hz",
            "stations[0].nominal_frequency_hz = 59.94 Hz: must be a number",
            id="unit in the value",
        ),
        pytest.param("59.94", "true", "= true: must be a number", id="truth as number"),
        pytest.param("59.94", ".nan", "= .nan: must be a number", id="not a number"),
        pytest.param("59.94", "5", "must be greater than or equal to 16", id="too low"),
        pytest.param("22000", "-1", "must be greater than or equal to 0", id="negative rating"),
        pytest.param("0.9", "1.1", "must be less than or equal to 1", id="PF above 1"),
        pytest.param("0.9", "0", "must be greater than 0", id="PF of 0"),
        pytest.param("2.5", "0", "must be greater than 0", id="no interval"),
        pytest.param("2.5", "soon", "= soon: must be a number", id="a word"),
        pytest.param("id: CS1\n", "id: 007\n", "must be text; put it in quotes", id="digits"),
        pytest.param("id: CS1\n", "id: 'a:b'\n", "has another form than", id="colon"),
        pytest.param("id: CS1\n", "id:\n", "= nothing: must be text", id="empty"),
        pytest.param("DC", "dc", "= dc: must be 'AC' or 'DC'", id="case"),
        pytest.param("{id: 1, current", "{id: one, current", "must be a whole number", id="int"),
        pytest.param("certs/serca.pem", "7", "must be the path of a file", id="path"),
        pytest.param("2023", "2019", "must be '2018' or '2023'", id="revision"),
        pytest.param("https:", "http:", "has another form than", id="plain http"),
        pytest.param("state_dir: state", "on_stop: [x]\nstate_dir: s", "a list: must", id="list"),
    ],
)
def test_a_wrong_value_says_key_value_and_what_it_must_be(tmp_path, old, new, message):
    assert old in SITE
    [found] = messages(tmp_path, SITE.replace(old, new, 1))
    assert " DG-1031 " in found
    assert message in found


def test_a_group_cannot_be_a_word(tmp_path):
    [found] = messages(tmp_path, SITE + "ocpp: fast\n")
    assert found == "site.yaml:18:7 DG-1031 ocpp = fast: must be a group of keys"


def test_a_list_cannot_be_a_group(tmp_path):
    [found] = messages(tmp_path, SITE.partition("stations:\n")[0] + "stations: {a: 1}\n")
    assert found.endswith("DG-1031 stations = a group of keys: must be a list")


def test_a_long_value_is_shown_short(tmp_path):
    [found] = messages(tmp_path, SITE.replace("id: CS1\n", f"id: {'x' * 60}\n", 1))
    assert f"= {'x' * 37}...: " in found


def test_a_missing_key_is_named_at_its_group(tmp_path):
    assert messages(tmp_path, SITE.replace("nominal_frequency_hz: 59.94", "model: X")) == [
        'site.yaml:11:1 DG-1030 "nominal_frequency_hz" is missing'
    ]


def test_a_password_in_place_of_its_verifier_is_never_shown(tmp_path):
    [found] = messages(tmp_path, SITE.replace(VERIFIER, "hunter2-hunter2-x"))
    assert found.startswith("site.yaml:13:24 DG-1042 password_verifier holds no verifier")
    assert "dergate station password" in found
    assert "hunter2" not in found


def test_all_faults_come_in_the_order_of_the_file(tmp_path):
    text = SITE.replace("poll_interval_s", "polls").replace("DC", "dc").replace("id: grid", "id: 1")
    codes = [message.split()[0:2] for message in messages(tmp_path, text)]
    assert codes == [
        ["site.yaml:4:9", "DG-1031"],
        ["site.yaml:8:5", "DG-1032"],
        ["site.yaml:16:26", "DG-1031"],
    ]


def test_load_raises_the_first_fault(tmp_path):
    text = SITE.replace("poll_interval_s", "polls").replace("DC", "dc")
    with pytest.raises(SettingsError, match="polls") as caught:
        load(written(tmp_path, text), {})
    assert caught.value.exit_status == 2


def test_another_version_of_the_form_is_refused_before_all_else(tmp_path):
    text = SITE.replace("schema_version: 1", "schema_version: 2").replace("DC", "dc")
    assert messages(tmp_path, text) == [
        "site.yaml:1:17 DG-1033 schema_version 2 is not known: this dergate reads version 1"
    ]


def test_a_missing_version_is_asked_for(tmp_path):
    [found] = messages(tmp_path, SITE.partition("\n")[2])
    assert found.endswith('DG-1030 "schema_version" is missing')


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(SettingsError, match=r"gone\.yaml DG-1020 cannot be read: No such file"):
        load(tmp_path / "gone.yaml", {})


def test_a_file_that_is_no_text_is_refused(tmp_path):
    (tmp_path / "site.yaml").write_bytes(b"\xff")
    with pytest.raises(SettingsError, match=r"DG-1020 is no UTF-8 text"):
        load(tmp_path / "site.yaml", {})


def test_an_unknown_mode_is_refused(tmp_path):
    site = a_site(stations=[a_station(evses=[an_evse(der_modes=["VoltVarr"])])])
    _, faults = examine(write_site(tmp_path, site), {})
    assert "stations[0].evses[0].der_modes[0] = VoltVarr: must be " in str(faults[0])


@pytest.mark.parametrize(
    "value", ["mysql://u:secret@h/n", "postgresql://u:secret@h", 7, ["secret"]]
)
def test_an_address_of_a_database_is_never_shown(tmp_path, value):
    with pytest.raises(SettingsError, match="DG-1045 database holds no address") as refused:
        load(write_site(tmp_path, a_site(database=value)), {})
    assert "secret" not in str(refused.value)


def test_an_address_of_a_database_is_kept_as_a_secret(tmp_path):
    settings = load(write_site(tmp_path, a_site(database="postgresql://u:secret@localhost/n")), {})
    assert settings.database.get_secret_value() == "postgresql://u:secret@localhost/n"
    assert "secret" not in repr(settings)
