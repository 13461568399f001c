"""What settings mean for a VEN."""

import pytest

from gateway.cli.inspection import inspect
from gateway.errors import SettingsError
from gateway.protocols.openadr_access import Auth, Client, Resource
from gateway.settings import load
from gateway.settings.mappings import mapping_files
from gateway.settings.packs import shipped_book
from gateway.site import site_rules, station_rules, unread_bindings, utility_rules, vtn_accesses
from support.site import a_site, a_station, a_utility, a_vtn, write_site
from translators.canonical.commands import Revision
from translators.chain import load_book


def settings_of(folder, *utilities, **changes):
    return load(write_site(folder, a_site(utilities=list(utilities), **changes)), {})


def with_secret(folder, mode=0o600):
    path = folder / "client.secret"
    path.write_text("s3cret\n")
    path.chmod(mode)
    return {"auth": "basic", "client_id": "me", "client_secret_file": "client.secret"}


def test_a_vtn_is_reached_as_the_settings_say(tmp_path):
    vtn = a_vtn(
        **with_secret(tmp_path),
        version="3.0",
        ven="depot",
        scopes=["read_all"],
        bindings=[{"program": "flex", "curve": "volt_var", "x": "%", "y": "%"}],
        policy={"simple_3": "zero_envelope"},
        contract="gac_2_2",
    )
    (access,) = vtn_accesses(settings_of(tmp_path, vtn))
    assert access.ven.client == Client(Auth.BASIC, "me", "s3cret", "", ("read_all",))
    assert access.ven.revision is Revision.OPENADR_3_0
    assert access.ven.resources == (Resource("CS1", "CS1"),)
    assert access.ven.bindings[0].variant == "CURVE.volt_var"
    assert access.ven.policy["simple_3"] == "zero_envelope"
    assert (access.ven.ven, access.ven.contract) == ("depot", "gac_2_2")
    assert (access.trust_anchor, access.insecure) == (None, False)


def test_a_secret_that_others_may_read_is_refused(tmp_path):
    settings = settings_of(tmp_path, a_vtn(**with_secret(tmp_path, 0o644)))
    with pytest.raises(SettingsError, match="others may read"):
        vtn_accesses(settings)


def test_members_leave_what_names_nobody_to_a_site_that_follows_the_vtn(tmp_path):
    evse = {"id": 1, "current": "DC", "ratings": {"MaxChargeRateW": 50_000}}
    stations = [a_station("CS1", evses=[evse]), a_station("CS2", evses=[evse])]
    sites = [{"id": "depot", "stations": [{"id": "CS1"}]}]
    vtn = a_vtn("vtn", {"site": "depot"}, {"station": "CS1"}, {"station": "CS2"})
    settings = settings_of(tmp_path, vtn, stations=stations, sites=sites)
    (access,) = vtn_accesses(settings)
    assert access.ven.members == {"CS1"}
    assert site_rules(settings)[0].utilities == ("vtn",)


def test_a_station_follows_utilities_of_both_kinds(tmp_path):
    settings = settings_of(tmp_path, a_utility(), a_vtn(poll_interval_s=5, while_silent="hold"))
    assert station_rules(settings)[0].utilities == ("grid", "vtn")
    rules = utility_rules(settings)["vtn"]
    assert (rules.poll_s, rules.starts) == (5.0, False)


def test_check_tells_of_a_ven_and_of_a_secret_that_cannot_be_read(tmp_path):
    file = write_site(tmp_path, a_site(utilities=[a_vtn()]))
    report = inspect(file, online=False)
    fact = "vtn  https://127.0.0.1:9443/openadr3/3.1.0  auth none  resources CS1"
    assert ("ven", fact) in report.facts
    secretive = a_vtn(auth="post", client_id="me", client_secret_file="nowhere")
    broken = inspect(write_site(tmp_path, a_site(utilities=[secretive])), online=False)
    assert "DG-1063" in [fault.code for fault in broken.faults]


def test_what_no_rule_reads_is_told_before_any_event_comes(tmp_path):
    trusted = {"program": "p", "payload": "IMPORT_CAPACITY_LIMIT", "units": "KW"}
    vtn = a_vtn(bindings=[trusted, {"program": "p", "control": "fixed_pf"}], contract="doe")
    settings = settings_of(tmp_path, a_utility(), vtn)
    (fault,) = unread_bindings(settings, shipped_book())
    assert str(fault) == (
        "utilities[1].bindings[1].excitation DG-1098 is missing, one of over, under"
    )
    report = inspect(tmp_path / "site.yaml", online=False)
    assert "DG-1098" in [fault.code for fault in report.faults]


def test_a_contract_that_the_sites_own_rules_lack_is_told(tmp_path):
    files = mapping_files()
    alone = load_book({name: files[name] for name in files if "contracts" not in name})
    (fault,) = unread_bindings(settings_of(tmp_path, a_vtn(contract="doe")), alone)
    assert str(fault) == "utilities[0].contract DG-1098 no mapping rule has doe"
