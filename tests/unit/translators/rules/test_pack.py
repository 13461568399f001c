"""Packs: what a folder of rules says of itself, and what keeps it from work."""

import shutil

import pytest

from gateway.settings.mappings import mapping_files, mappings_folder
from gateway.settings.packs import proven_book, shipped_book
from support.rulefiles import edited, models
from support.schemas import SETS, digest
from translators.errors import MappingError
from translators.rules.pack import Pack, check_engine

PACK = """\
apiVersion: dergate/mapping.v1
kind: Pack
id: t.pack
version: 1.2.3
engine: ">=0.1.0"
schemas: {ocpp-2.1: "%s"}
authors: [somebody]
""" % ("0" * 64)


def test_the_shipped_pack_names_the_schemas_that_are_installed():
    (pack,) = shipped_book().of(Pack)
    assert pack.schemas == {name: digest(*where) for name, where in SETS.items()}


def test_the_shipped_pack_may_go_to_work():
    assert proven_book().digest == shipped_book().digest


def test_a_pack_is_called_by_id_and_version():
    (pack,) = models(PACK)
    assert pack.name == "t.pack@1.2.3"


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("1.2.3", "'1.2'", "version: string should match pattern"),
        ('">=0.1.0"', '"0.1.0"', "engine: string should match pattern"),
        ("0" * 64, "0" * 63, "string should match pattern"),
        ("[somebody]", "[]", "authors: list should have at least 1 item"),
        ("t.pack", "T", "id: string should match pattern"),
        ("authors:", "author:", "did you mean 'authors'"),
    ],
)
def test_a_pack_that_is_not_whole_is_refused(old, new, problem):
    with pytest.raises(MappingError, match=problem):
        models(edited(PACK, (old, new)))


@pytest.mark.parametrize(
    ("version", "fits"),
    [("0.1.0", True), ("0.1.1", True), ("1.0.0", True), ("0.10.0.dev1", True), ("0.0.9", False)],
)
def test_an_engine_is_new_enough_or_not(version, fits):
    (pack,) = models(PACK)
    if fits:
        check_engine(pack, version)
        return
    with pytest.raises(MappingError, match=r"t\.pack@1\.2\.3: needs an engine >=0\.1\.0"):
        check_engine(pack, version)


@pytest.fixture
def folder(tmp_path):
    """A pack with one rule file of the shipped ones."""

    def written(**changes):
        files = {"pack.yaml": PACK, "trips.yaml": mapping_files()["ieee2030_5/trips.yaml"]}
        for name, text in (files | changes).items():
            (tmp_path / name).write_text(text)
        return tmp_path

    return written


def test_a_folder_of_good_rules_is_proven(folder):
    assert proven_book(folder()).of(Pack)[0].id == "t.pack"


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"pack.yaml": "# none\n"}, "holds 0 packs, not one"),
        ({"more.yaml": edited(PACK, ("t.pack", "t.more"))}, "holds 2 packs, not one"),
        ({"pack.yaml": edited(PACK, (">=0.1.0", ">=99.0.0"))}, "needs an engine >=99"),
        ({"bad.yaml": "a: [\n"}, "bad.yaml:2:1: "),
    ],
)
def test_what_speaks_against_a_folder_is_said(folder, changes, problem):
    with pytest.raises(MappingError, match=problem):
        proven_book(folder(**changes))


def test_one_test_that_fails_keeps_the_whole_pack_out(folder):
    text = (mappings_folder() / "ieee2030_5" / "trips.yaml").read_text()
    at = text.index("tests:")
    wrong = text[:at] + text[at:].replace("expect: {", "expect: {nothing: 1, ", 1)
    assert wrong != text
    with pytest.raises(
        MappingError, match=r"^t\.pack@1\.2\.3: trips\.yaml:\d+: .*nothing: expected 1"
    ):
        proven_book(folder(**{"trips.yaml": wrong}))


def test_a_wire_key_that_no_schema_has_keeps_the_whole_pack_out(tmp_path):
    shutil.copytree(mappings_folder(), tmp_path / "mine")
    rules = tmp_path / "mine" / "ocpp" / "2.1.yaml"
    text = rules.read_text(encoding="utf-8")
    rules.write_text(text.replace("responseTime:", "responseTme:", 1), encoding="utf-8")
    with pytest.raises(MappingError, match="responseTme"):
        proven_book(tmp_path / "mine")
