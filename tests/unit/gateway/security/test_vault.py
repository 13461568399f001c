"""What is kept of a station beyond the settings: private, whole, and never above the settings."""

import stat
from datetime import UTC, datetime

import pytest

from gateway.errors import IdentityError
from gateway.security.vault import Kept, Vault, digest

OLD, NEW = "scrypt$old", "scrypt$new"


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "stations"


def test_of_a_station_that_was_never_seen_nothing_is_known(folder):
    assert Vault(folder).of("CS1") == Kept()
    assert not folder.exists()
    assert (Kept().begins, Kept().ends) == (None, None)


def test_what_is_kept_is_there_after_a_restart(folder):
    kept = Vault(folder).keep("CS1", profile=3, certificate_end="2027-01-01T00:00:00+00:00")
    again = Vault(folder).of("CS1")
    assert again == kept
    assert again.ends == datetime(2027, 1, 1, tzinfo=UTC)


def test_changes_add_up_and_touch_their_station_alone(folder):
    vault = Vault(folder)
    vault.keep("CS1", profile=2)
    vault.keep("CS1", target=3)
    assert vault.of("CS1") == Kept(profile=2, target=3)
    assert vault.of("CS2") == Kept()


def test_the_files_are_for_their_owner_alone(folder):
    Vault(folder).keep("a|b", profile=2)
    (file,) = folder.iterdir()
    assert file.name == "a%7Cb.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_what_says_nothing_new_is_not_written(folder):
    vault = Vault(folder)
    vault.keep("CS1", profile=2)
    (folder / "CS1.json").unlink()
    vault.keep("CS1", profile=2)
    assert list(folder.iterdir()) == []


def test_a_changed_password_counts_in_the_place_of_the_one_it_replaced_and_of_no_other(folder):
    vault = Vault(folder)
    assert vault.verifier("CS1", OLD) == OLD
    vault.keep("CS1", verifier=NEW, instead_of=digest(OLD))
    assert vault.verifier("CS1", OLD) == NEW
    assert vault.verifier("CS1", "scrypt$by hand") == "scrypt$by hand"


def test_what_was_forgotten_is_gone_from_the_disk(folder):
    vault = Vault(folder)
    vault.keep("CS1", profile=3)
    vault.forget("CS1")
    vault.forget("CS2")
    assert vault.of("CS1") == Vault(folder).of("CS1") == Kept()


@pytest.mark.parametrize("text", ["", "[]", "{", '{"mood": 1}'])
def test_a_file_that_holds_something_else_is_named(folder, text):
    folder.mkdir()
    (folder / "CS1.json").write_text(text)
    with pytest.raises(IdentityError, match=r"CS1\.json DG-1116 cannot be read"):
        Vault(folder).of("CS1")


def test_what_cannot_be_written_does_not_count(folder):
    vault = Vault(folder)
    vault.keep("CS1", profile=2)
    (folder / "CS1.json").unlink()
    (folder / "CS1.json").mkdir()
    with pytest.raises(IdentityError, match="cannot write the file"):
        vault.keep("CS1", profile=3)
    assert vault.of("CS1").profile == 2
    assert [path.name for path in folder.iterdir()] == ["CS1.json"]


def test_without_a_folder_all_is_known_as_long_as_it_lives():
    vault = Vault()
    vault.keep("CS1", profile=3)
    assert vault.of("CS1").profile == 3
    vault.forget("CS1")
    assert vault.of("CS1") == Kept()


def test_a_file_that_cannot_be_removed_is_named_and_still_counts(folder):
    vault = Vault(folder)
    vault.keep("CS1", profile=3)
    (folder / "CS1.json").unlink()
    (folder / "CS1.json").mkdir()
    with pytest.raises(IdentityError, match="cannot remove the file"):
        vault.forget("CS1")
    assert vault.of("CS1").profile == 3
