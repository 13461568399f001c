"""What must hold between settings."""

import pytest

from gateway.settings import examine
from support.site import a_site, a_station, a_utility, an_evse, an_identity, write_site

EVERYWHERE = "0.0.0.0"  # noqa: S104 - what is to be refused
TWO = [a_station("CS1"), a_station("CS2")]
BOTH = [an_identity("CS1"), an_identity("CS2")]


def faults(folder, **changes):
    settings, found = examine(write_site(folder, a_site(**changes)), {})
    assert settings is not None
    return [(fault.code, fault.problem) for fault in found]


def test_a_sound_site_has_no_fault(tmp_path):
    assert faults(tmp_path, stations=TWO, utilities=[a_utility("grid", *BOTH)]) == []


def test_stations_may_follow_different_utilities(tmp_path):
    utilities = [a_utility("east", BOTH[0]), a_utility("west", BOTH[1])]
    assert faults(tmp_path, stations=TWO, utilities=utilities) == []


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        pytest.param(
            {"stations": [a_station(), a_station()]}, "stations: id CS1 stands twice", id="station"
        ),
        pytest.param(
            {"stations": [a_station(evses=[an_evse(), an_evse()])]},
            "evses: id 1 stands twice",
            id="evse",
        ),
        pytest.param(
            {
                "stations": TWO,
                "utilities": [a_utility("grid", BOTH[0]), a_utility("grid", BOTH[1])],
            },
            "utilities: id grid stands twice",
            id="utility",
        ),
    ],
)
def test_an_id_stands_once(tmp_path, changes, problem):
    assert faults(tmp_path, **changes) == [("DG-1050", problem)]


def test_an_identity_of_no_station_is_a_fault(tmp_path):
    utilities = [a_utility("grid", *BOTH)]
    problem = "the identity is bound to CS2, which is no station here"
    assert faults(tmp_path, utilities=utilities) == [("DG-1051", problem)]


def test_a_station_without_identity_is_a_fault(tmp_path):
    assert faults(tmp_path, stations=TWO) == [("DG-1051", "station CS2 is bound to no identity")]


def test_a_station_bound_twice_is_a_fault(tmp_path):
    second = an_identity("CS1", certificate="certs/other.pem")
    utilities = [a_utility("grid", an_identity("CS1"), second)]
    assert faults(tmp_path, utilities=utilities) == [("DG-1051", "station CS1 is bound twice")]


def test_a_station_may_follow_several_utilities(tmp_path):
    assert faults(tmp_path, utilities=[a_utility("east"), a_utility("west")]) == []


@pytest.mark.parametrize(
    ("precedence", "problems"),
    [
        pytest.param(["west", "east"], [], id="all of them"),
        pytest.param(["west"], ["station CS1 follows east, too"], id="one is left out"),
        pytest.param(["west", "east", "west"], ["west stands twice"], id="one stands twice"),
        pytest.param(
            ["west", "east", "nowhere"],
            ["station CS1 has no identity at nowhere"],
            id="a misspelt one",
        ),
        pytest.param(
            ["west", "east", "north"],
            ["station CS1 has no identity at north"],
            id="one that it does not follow",
        ),
    ],
)
def test_precedence_names_each_utility_of_a_station_once(tmp_path, precedence, problems):
    stations = [a_station(precedence=precedence), a_station("CS2")]
    utilities = [a_utility("east"), a_utility("west"), a_utility("north", an_identity("CS2"))]
    found = faults(tmp_path, stations=stations, utilities=utilities)
    assert found == [("DG-1052", problem) for problem in problems]


def test_a_certificate_of_two_stations_is_a_fault(tmp_path):
    shared = an_identity("CS2", certificate="certs/../certs/cs1.pem")
    utilities = [a_utility("grid", BOTH[0], shared)]
    found = faults(tmp_path, stations=TWO, utilities=utilities)
    assert found == [("DG-1053", "stations CS1 and CS2 share a certificate")]


@pytest.mark.parametrize(
    ("ocpp", "codes"),
    [
        pytest.param({"certificate": "a.pem"}, ["DG-1054"], id="certificate alone"),
        pytest.param({"key": "a.key"}, ["DG-1054"], id="key alone"),
        pytest.param({"host": EVERYWHERE}, ["DG-1054"], id="plain for everybody"),
        pytest.param({"host": "gateway.example"}, ["DG-1054"], id="plain on a name"),
        pytest.param({"host": "localhost"}, [], id="plain on this machine by name"),
        pytest.param({"host": "::1"}, [], id="plain on this machine by address"),
        pytest.param({"host": EVERYWHERE, "certificate": "a", "key": "b"}, [], id="TLS"),
        pytest.param(
            {"host": EVERYWHERE, "plain_from": ["192.0.2.0/24"]}, [], id="plain for a network"
        ),
        pytest.param({"plain_from": ["192.0.2.1/24"]}, ["DG-1057"], id="a network with a host"),
        pytest.param({"plain_from": ["192.0.2.0/33"]}, ["DG-1057"], id="no network"),
        pytest.param({"plain_from": ["0.0.0.0/0"]}, ["DG-1057"], id="everybody"),
        pytest.param({"plain_from": ["::/0"]}, ["DG-1057"], id="everybody else"),
    ],
)
def test_passwords_never_leave_the_machine_in_plain_text(tmp_path, ocpp, codes):
    assert [code for code, _ in faults(tmp_path, ocpp=ocpp)] == codes


def test_a_server_whose_name_is_not_checked_is_pinned(tmp_path):
    loose = a_utility(check_hostname=False)
    pinned = loose | {"peer_lfdi": "AB" * 20}
    assert [code for code, _ in faults(tmp_path, utilities=[loose])] == ["DG-1055"]
    assert faults(tmp_path, utilities=[pinned]) == []


TLS = {"certificate": "a.pem", "key": "a.key"}
PROFILE_3 = TLS | {"station_ca": "ca.pem", "operator": "Grid"}


@pytest.mark.parametrize(
    ("ocpp", "codes"),
    [
        pytest.param({}, ["DG-1058"], id="neither password nor certificate"),
        pytest.param(TLS, ["DG-1058"], id="TLS, but no authority"),
        pytest.param(PROFILE_3, [], id="profile 3"),
        pytest.param({"unauthenticated": True}, [], id="profile 0, said aloud"),
        pytest.param(TLS | {"unauthenticated": True}, ["DG-1058"], id="profile 0 over TLS"),
        pytest.param(TLS | {"station_ca": "ca.pem"}, ["DG-1058"], id="of any operator"),
        pytest.param(
            {"station_ca": "ca.pem", "operator": "Grid"}, ["DG-1058"], id="certificates plain"
        ),
    ],
)
def test_a_station_without_password_needs_another_way_to_prove_itself(tmp_path, ocpp, codes):
    station = a_station()
    del station["password_verifier"]
    assert [code for code, _ in faults(tmp_path, ocpp=ocpp, stations=[station])] == codes


@pytest.mark.parametrize(
    ("policy", "codes"),
    [
        ({"invalid_after_offline": True}, ["DG-1059"]),
        ({"invalid_after_offline": True, "max_offline_s": 0}, []),
        ({"max_offline_s": 300}, []),
    ],
)
def test_what_stays_invalid_after_a_time_offline_needs_that_time(tmp_path, policy, codes):
    stations = [a_station(policy=policy)]
    assert [code for code, _ in faults(tmp_path, stations=stations)] == codes


@pytest.mark.parametrize(
    ("site", "station", "codes"),
    [
        ({"max_import_w": 4000, "max_export_pct": 20}, None, []),
        ({"max_import_w": 4000, "max_import_pct": 20}, None, ["DG-1068"]),
        ({}, {"max_export_w": 0, "max_export_pct": 0}, ["DG-1068"]),
        ({"cold_start": "fail_safe"}, None, ["DG-1068"]),
        ({"cold_start": "fail_safe"}, {}, ["DG-1068"]),
        ({"cold_start": "fail_safe"}, {"max_import_w": 0}, []),
        ({"cold_start": "fail_safe", "max_import_pct": 0}, None, []),
    ],
)
def test_fail_safe_limits_are_given_once_and_where_a_cold_start_asks_for_them(
    tmp_path, site, station, codes
):
    own = {} if station is None else {"fail_safe": station}
    found = faults(tmp_path, fail_safe=site, stations=[a_station(**own)])
    assert [code for code, _ in found] == codes


ISSUER = {"issuer": "issuer.pem", "issuer_key": "issuer.key"}


@pytest.mark.parametrize(
    ("ocpp", "codes"),
    [
        pytest.param(PROFILE_3 | ISSUER, [], id="whole"),
        pytest.param(PROFILE_3, [], id="an authority elsewhere"),
        pytest.param(PROFILE_3 | {"issuer": "issuer.pem"}, ["DG-1064"], id="without its key"),
        pytest.param(PROFILE_3 | {"issuer_key": "x.key"}, ["DG-1064"], id="a key of nobody"),
        pytest.param(TLS | ISSUER, ["DG-1064"], id="certificates that nobody may show"),
    ],
)
def test_an_authority_is_whole_and_its_certificates_are_taken_here(tmp_path, ocpp, codes):
    assert [code for code, _ in faults(tmp_path, ocpp=ocpp)] == codes


@pytest.mark.parametrize(
    ("wanted", "ocpp", "codes"),
    [
        pytest.param(3, PROFILE_3, [], id="to a certificate"),
        pytest.param(3, TLS, ["DG-1065"], id="to a certificate that nobody takes"),
        pytest.param(2, TLS | {"public_url": "wss://x/ocpp"}, [], id="to TLS"),
        pytest.param(2, TLS | {"public_url": "ws://x/ocpp"}, ["DG-1065"], id="to TLS without it"),
        pytest.param(1, {"public_url": "wss://x/ocpp"}, ["DG-1065"], id="to plain by TLS"),
    ],
)
def test_a_station_is_moved_to_where_it_can_come_in(tmp_path, wanted, ocpp, codes):
    stations = [a_station(security_profile=wanted)]
    assert [code for code, _ in faults(tmp_path, ocpp=ocpp, stations=stations)] == codes


RSA = {"rsa_certificate": "rsa.pem", "rsa_key": "rsa.key"}


@pytest.mark.parametrize(
    ("ocpp", "codes"),
    [
        pytest.param(TLS | RSA, [], id="both"),
        pytest.param(TLS | {"rsa_key": "rsa.key"}, ["DG-1054"], id="a key of nobody"),
        pytest.param(TLS | {"rsa_certificate": "rsa.pem"}, ["DG-1054"], id="without its key"),
        pytest.param(RSA, ["DG-1054"], id="the second alone"),
    ],
)
def test_a_second_certificate_is_whole_and_has_a_first(tmp_path, ocpp, codes):
    assert [code for code, _ in faults(tmp_path, ocpp=ocpp)] == codes


@pytest.mark.parametrize(
    ("ocpp", "codes"),
    [
        pytest.param(TLS | {"port": 9000, "plain_port": 9001}, [], id="beside TLS"),
        pytest.param({"plain_port": 9001}, ["DG-1054"], id="without TLS"),
        pytest.param(TLS | {"port": 9000, "plain_port": 9000}, ["DG-1054"], id="the same"),
        pytest.param(TLS | {"port": 0, "plain_port": 0}, [], id="any two"),
    ],
)
def test_a_plain_port_is_a_second_one_beside_tls(tmp_path, ocpp, codes):
    assert [code for code, _ in faults(tmp_path, ocpp=ocpp)] == codes


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://dergate@127.0.0.1/state",
        "postgresql://dergate@localhost:5433/state",
        "postgresql:///state?host=/run/postgresql",
        "postgresql://dergate@db.example/state?sslmode=verify-full&sslrootcert=/etc/ca.pem",
    ],
)
def test_a_shared_database_may_be_here_or_prove_who_it_is(tmp_path, url):
    assert faults(tmp_path, database=url) == []


@pytest.mark.parametrize("mode", ["", "?sslmode=require", "?sslmode=prefer"])
def test_a_database_elsewhere_has_to_prove_who_it_is(tmp_path, mode):
    ((code, problem),) = faults(tmp_path, database=f"postgresql://u:secret@db.example/state{mode}")
    assert code == "DG-1046"
    assert problem == "what is kept would be told to whoever calls himself db.example"
