"""What the settings of a site become."""

from dataclasses import fields
from fractions import Fraction
from ipaddress import ip_network

import pytest

from gateway import site
from gateway.core.failsafe import FailSafe, UtilityRules
from gateway.core.station import StationRules
from gateway.protocols.rates import Rate
from gateway.settings import load, stations
from gateway.settings.packs import shipped_book
from gateway.stations.admission import Doors
from gateway.stations.context import StationEntry
from support.site import (
    VERIFIER,
    a_site,
    a_station,
    a_utility,
    an_evse,
    an_identity,
    enrol,
    write_site,
)
from translators.canonical.capability import Current, Dialect, Evse, Ratings
from translators.canonical.commands import Revision


@pytest.fixture
def settings(tmp_path):
    def loaded(**changes):
        return load(write_site(tmp_path, a_site(**changes)), {})

    return loaded


def test_what_the_settings_say_of_connections_reaches_the_endpoint(settings):
    files = {"certificate": "c.pem", "key": "c.key", "station_ca": "ca.pem", "operator": "Grid"}
    ocpp = {"plain_from": ["192.0.2.0/24"], "messages_per_s": 7} | files
    station = a_station(serial_number="SN-1", commissioning=True)
    del station["password_verifier"]
    loaded = settings(ocpp=ocpp, stations=[station])
    config = site.endpoint_config(loaded)
    assert config.client_ca.name == "ca.pem"
    assert config.doors == Doors("Grid", (ip_network("192.0.2.0/24"),), unauthenticated=False)
    assert config.messages == Rate(7, burst=70)
    [entry] = site.station_entries(loaded, shipped_book())
    assert (entry.password_verifier, entry.serial_number) == ("", "SN-1")
    assert entry.commissioning


@pytest.mark.parametrize(
    ("precedence", "order"), [([], ("east", "west")), (["west", "east"], ("west", "east"))]
)
def test_a_station_knows_its_utilities_in_order_of_precedence(
    settings, enrolled, precedence, order
):
    utilities = [a_utility("east"), a_utility("west")]
    loaded = settings(stations=[a_station(precedence=precedence)], utilities=utilities)
    [rules] = site.station_rules(loaded)
    assert rules.utilities == order
    assert [(a.utility, a.station) for a in site.utility_accesses(loaded)] == [
        ("east", "CS1"),
        ("west", "CS1"),
    ]


@pytest.fixture
def enrolled(tmp_path):
    return enrol(tmp_path, "CS1", "CS2")


def test_a_station_becomes_an_entry(settings):
    evse = an_evse(
        phases=1,
        ratings={"MaxW": 22000, "MaxVar": 4840.5},
        der_modes=["VoltVar"],
        v2x_operation_modes=["CentralSetpoint"],
        charging_rate_units=["A"],
    )
    station = a_station(
        nominal_frequency_hz=60, evses=[evse], dialect={"droop": "percent"}, vendor="V", model="M"
    )
    assert site.station_entries(settings(stations=[station]), shipped_book()) == [
        StationEntry(
            id="CS1",
            password_verifier=VERIFIER,
            nominal_frequency_hz=Fraction(60),
            evses=(
                Evse(
                    id=1,
                    current=Current.DC,
                    phases=1,
                    ratings=Ratings(),
                    der_modes=frozenset({"VoltVar"}),
                    v2x_operation_modes=frozenset({"CentralSetpoint"}),
                    charging_rate_units=("A",),
                ),
            ),
            book=shipped_book(),
            overrides={1: {"MaxW": Fraction(22000), "MaxVar": Fraction(9681, 2)}},
            readings={"droop": "percent"},
            vendor="V",
            model="M",
        )
    ]


def test_a_station_follows_the_utility_of_its_identity(settings):
    station = a_station(
        "CS2",
        der_settings={"setMinPFOverExcited": 0.9},
        policy={"fixed_w_positive_base": "setMaxDischargeRateW"},
    )
    utilities = [a_utility("east"), a_utility("west", an_identity("CS2"))]
    _, rules = site.station_rules(settings(stations=[a_station(), station], utilities=utilities))
    assert rules == StationRules(
        id="CS2",
        utilities=("west",),
        settings={"setMinPFOverExcited": Fraction(9, 10)},
        policy={
            "fixed_w_positive_base": "setMaxDischargeRateW",
            "unequal_ratings": "refuse",
            "foreign_controls": "keep",
            "invalid_after_offline": "false",
            "discharge": "allow",
            "priority_charging": "allow",
        },
    )


def test_how_a_utility_may_be_silent_reaches_the_engine(settings):
    given = {
        "silent_after_s": 90,
        "return_after_s": 30,
        "poll_interval_s": 20,
        "while_silent": "hold",
        "keep_offset_s": 3600,
    }
    utilities = [a_utility("east"), a_utility("west", an_identity("CS2"), **given)]
    stations = [a_station(), a_station("CS2")]
    assert site.utility_rules(settings(stations=stations, utilities=utilities)) == {
        "east": UtilityRules(),
        "west": UtilityRules(90, 30, 20, starts=False, keep_offset_s=3600),
    }


def test_a_station_has_the_fail_safe_limits_of_the_site_or_its_own(settings):
    every = {"max_import_w": 4000, "max_export_pct": 12.5, "after_s": 7, "cold_start": "fail_safe"}
    stations = [a_station(), a_station("CS2", fail_safe={"max_import_pct": 30, "max_export_w": 0})]
    utilities = [a_utility("grid", an_identity(), an_identity("CS2"))]
    both = settings(fail_safe=every, stations=stations, utilities=utilities)
    found = [rules.fail_safe for rules in site.station_rules(both)]
    assert [(rules.after_s, rules.cold) for rules in found] == [(7, True)] * 2
    limits = [[(c.on.value, c.value.value, str(c.value.unit)) for c in f.controls] for f in found]
    assert limits == [
        [("import", 4000, "W"), ("export", Fraction(25, 2), "pct[setMaxDischargeRateW]")],
        [("import", 30, "pct[setMaxChargeRateW]"), ("export", 0, "W")],
    ]


def test_a_site_has_fail_safe_limits_of_its_own(settings):
    depot = {"id": "depot", "stations": [{"id": "CS1"}], "fail_safe": {"max_import_w": 9000}}
    rated = a_station(evses=[an_evse(ratings={"MaxChargeRateW": 11000})])
    every = {"max_import_w": 1, "after_s": 7}
    given = settings(sites=[depot], stations=[rated], fail_safe=every)
    (rules,) = site.site_rules(given)
    (control,) = rules.fail_safe.controls
    assert (control.on.value, control.value.value, rules.fail_safe.after_s) == ("import", 9000, 7)


def test_without_settings_nothing_holds_while_a_utility_is_silent(settings):
    (rules,) = site.station_rules(settings())
    assert rules.fail_safe == FailSafe()


def test_every_decision_of_a_site_reaches_engine_and_translations_as_a_text(settings):
    policy = {
        "foreign_controls": "clear",
        "dynamic_watchdog_s": 60,
        "max_offline_s": 0,
        "invalid_after_offline": True,
        "priority_charging": "end",
    }
    (rules,) = site.station_rules(settings(stations=[a_station(policy=policy)]))
    told = {name: rules.policy[name] for name in policy}
    assert told == {
        "foreign_controls": "clear",
        "dynamic_watchdog_s": "60",
        "max_offline_s": "0",
        "invalid_after_offline": "true",
        "priority_charging": "end",
    }


def test_a_site_can_state_every_key_of_a_dialect(settings):
    readings = {"hysteresis_unit": "x"}
    (entry,) = site.station_entries(
        settings(stations=[a_station(dialect=readings)]), shipped_book()
    )
    assert entry.readings == {"hysteresis_unit": "x"}
    assert set(stations.Dialect.model_fields) == {field.name for field in fields(Dialect)}


def test_an_identity_becomes_an_access(settings, enrolled, tmp_path):
    utility = a_utility(
        "grid",
        an_identity("CS1", pin=111115),
        revision="2023",
        peer_lfdi="ab" * 20,
        check_hostname=False,
        additional_ciphers="ECDHE-RSA-AES128-GCM-SHA256",
        poll_interval_s=3,
        post_interval_s=60,
        request_timeout_s=2.5,
    )
    [access] = site.utility_accesses(settings(utilities=[utility]))
    assert (access.utility, access.station, access.revision) == ("grid", "CS1", Revision("2023"))
    assert access.url == "https://127.0.0.1:8443/dcap"
    assert access.certificate == tmp_path / "certs" / "cs1.pem"
    assert access.key == tmp_path / "certs" / "cs1.key"
    assert access.trust_anchor == enrolled.trust_anchor
    assert (access.pin, access.peer_lfdi, access.check_hostname) == (111115, "ab" * 20, False)
    assert access.additional_ciphers == "ECDHE-RSA-AES128-GCM-SHA256"
    assert (access.poll_interval_s, access.post_interval_s) == (3, 60)
    assert access.request_timeout_s == 2.5


def test_the_endpoint_is_where_the_settings_say(settings, tmp_path):
    ocpp = {"host": "::1", "port": 9443, "certificate": "a.pem", "key": "a.key"}
    rhythms = {"call_timeout_s": 7.5, "heartbeat_s": 300, "power_interval_s": 2}
    config = site.endpoint_config(settings(ocpp=ocpp | rhythms))
    assert (config.host, config.port) == ("::1", 9443)
    assert (config.certificate, config.key) == (tmp_path / "a.pem", tmp_path / "a.key")
    rhythm = config.rhythm
    assert (rhythm.call_timeout_s, rhythm.heartbeat_s, rhythm.power_s) == (7.5, 300, 2)
