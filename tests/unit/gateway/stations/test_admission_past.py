"""What stations showed before: older certificates and lower profiles are over, once that is proven."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.security import certificates as build
from gateway.security.vault import Kept, Vault
from gateway.stations.admission import Knock
from gateway.stations.admission_past import Past, profile_of

NOW = datetime(2026, 12, 1, tzinfo=UTC)
KEY = build.new_key()
NAME = build.distinguished_name("Grid", "CS1")


def a_certificate(age_days=0):
    term = build.Validity(NOW - timedelta(days=age_days), NOW + timedelta(days=300 - age_days))
    root = build.authority_certificate(NAME, KEY, term, 0, None)
    made = build.station_certificate(NAME, KEY.public_key(), term, build.Signer(root, KEY))
    return made.public_bytes(Encoding.DER)


def a_knock(profile, certificate=None):
    shown = certificate or (a_certificate() if profile == 3 else None)
    words = ("Basic x",) if profile in {1, 2} else ()
    return Knock("/ocpp/CS1", words, "192.0.2.1", encrypted=profile >= 2, certificate=shown)


class Door:
    def __init__(self, folder, **wanted):
        self.told = []
        self.past = Past(Vault(folder), wanted, lambda *what: self.told.append(what))

    def let_in(self, knock):
        fault = self.past.fault("CS1", knock)
        if fault is None:
            self.past.came("CS1", knock)
        return fault


@pytest.mark.parametrize("profile", [0, 1, 2, 3])
def test_how_one_knocks_says_the_profile(profile):
    assert profile_of(a_knock(profile)) == profile


def test_without_a_wish_every_profile_is_as_good(tmp_path):
    door = Door(tmp_path)
    assert [door.let_in(a_knock(profile)) for profile in (3, 2, 1, 0)] == [None] * 4


def test_until_it_came_by_the_new_profile_the_old_one_is_the_way_back(tmp_path):
    door = Door(tmp_path, CS1=3)
    assert [door.let_in(a_knock(profile)) for profile in (2, 2, 3)] == [None] * 3
    assert "security profile 2 is over" in door.let_in(a_knock(2))


def test_after_a_restart_the_lower_profile_is_still_over(tmp_path):
    Door(tmp_path, CS1=3).let_in(a_knock(3))
    assert Door(tmp_path, CS1=3).let_in(a_knock(2)) is not None
    assert Door(tmp_path, CS1=2).let_in(a_knock(2)) is None
    assert Door(tmp_path).let_in(a_knock(1)) is None


def test_a_move_by_order_counts_as_a_wish_of_the_settings(tmp_path):
    door = Door(tmp_path)
    door.past.vault.keep("CS1", target=3)
    assert door.past.target("CS1") == 3
    door.let_in(a_knock(3))
    assert door.let_in(a_knock(2)) is not None


def test_the_older_certificate_is_good_until_the_newer_was_used(tmp_path):
    door, old, new = Door(tmp_path), a_knock(3, a_certificate(90)), a_knock(3)
    assert [door.let_in(knock) for knock in (old, old, new, new)] == [None] * 4
    assert "older than the one that it last came with" in door.let_in(old)
    assert Door(tmp_path).let_in(old) is not None


def test_a_certificate_that_an_authority_dated_back_a_little_is_not_older(tmp_path):
    door = Door(tmp_path)
    assert door.let_in(a_knock(3)) is None
    assert door.let_in(a_knock(3, a_certificate(0.5))) is None


def test_the_first_certificate_and_a_higher_profile_are_told(tmp_path):
    door = Door(tmp_path, CS1=3)
    for profile in (2, 3, 3):
        door.let_in(a_knock(profile))
    raised = "station.profile_raised"
    assert [kind for kind, _, _ in door.told] == [raised, "certificate.in_use", raised]
    assert door.past.vault.of("CS1").ends == NOW + timedelta(days=300)


NEEDS = [
    pytest.param("", 0, 3, False, id="no password at all"),
    pytest.param("scrypt", 0, 2, True, id="a password"),
    pytest.param("scrypt", 0, 3, True, id="a password beside a certificate"),
    pytest.param("scrypt", 3, 2, True, id="on its way, still by password"),
    pytest.param("scrypt", 3, 3, False, id="on its way, by certificate"),
    pytest.param("scrypt", 2, 3, True, id="on its way to TLS"),
]


@pytest.mark.parametrize(("verifier", "wanted", "profile", "needed"), NEEDS)
def test_on_its_way_to_a_certificate_a_station_may_show_either(
    tmp_path, verifier, wanted, profile, needed
):
    past = Door(tmp_path, CS1=wanted).past
    assert past.needs_password("CS1", verifier, a_knock(profile)) is needed


def test_a_disk_that_refuses_keeps_nobody_out(tmp_path):
    (tmp_path / "CS1.json").mkdir()
    past = Door(tmp_path).past
    past.vault._known["CS1"] = Kept()
    past.came("CS1", a_knock(3))
    assert past.profiles == {"CS1": 3}
    assert past.vault.of("CS1") == Kept()


def test_of_a_station_with_a_password_that_nobody_moves_nothing_is_written(tmp_path):
    door = Door(tmp_path / "vault")
    door.let_in(a_knock(2))
    assert (door.past.profiles, (tmp_path / "vault").exists()) == ({"CS1": 2}, False)
