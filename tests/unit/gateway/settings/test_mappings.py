"""Where the mapping rules are found."""

import pytest

from gateway.errors import SettingsError
from gateway.settings import mapping_files, mappings, mappings_folder


def test_the_shipped_files_are_named_by_their_place():
    files = mapping_files()
    assert {"ieee2030_5/csip.yaml", "ocpp/2.1.yaml", "ocpp/2.0.1.yaml"} <= set(files)
    assert all(files.values())


def test_files_of_another_folder_can_be_read(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "a.yaml").write_text("kind: x\n")
    (tmp_path / "mine" / "notes.md").write_text("no rule")
    assert mapping_files(tmp_path) == {"mine/a.yaml": "kind: x\n"}


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_bytes(b"kind: \xe9\n")
    with pytest.raises(SettingsError, match=r"a\.yaml DG-1011 cannot be read: 'utf-8' codec"):
        mapping_files(tmp_path)
    path.unlink()
    path.symlink_to("gone.yaml")
    with pytest.raises(SettingsError, match=r"a\.yaml DG-1011 cannot be read: .*No such file"):
        mapping_files(tmp_path)


def test_an_installed_package_comes_before_a_checkout(tmp_path, monkeypatch):
    package = tmp_path / "site" / "gateway"
    (package / "_mappings").mkdir(parents=True)
    (tmp_path / "site" / "mappings").mkdir()
    monkeypatch.setattr(mappings, "_PACKAGE", package)
    assert mappings_folder() == package / "_mappings"


def test_rules_that_are_nowhere_are_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr(mappings, "_PACKAGE", tmp_path / "gateway")
    with pytest.raises(SettingsError, match="DG-1010 the mapping rules are missing"):
        mappings_folder()
