"""What must hold of the project's files as such."""

import re
import subprocess

import pytest

from support.places import ROOT

ADDRESSES = ("files.pythonhosted.org", "registry.npmjs.org", "pypi" + ".org/simple")


def tracked_files():
    if not (ROOT / ".git").exists():
        pytest.skip("no git checkout")
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    return [path for name in listed.stdout.split("\n") if name and (path := ROOT / name).is_file()]


def test_no_private_key_and_no_registry_address_is_tracked():
    marker = "-----BEGIN " + "PRIVATE KEY"
    for path in tracked_files():
        if path == ROOT / "tests/architecture/test_house.py":
            continue
        text = path.read_bytes().decode("utf-8", "replace")
        assert marker not in text, path
        assert not any(address in text for address in ADDRESSES), path


def test_no_lock_with_addresses_is_tracked():
    names = {path.name for path in tracked_files()}
    assert not names & {"uv.lock", "poetry.lock"}


def test_every_package_says_in_one_sentence_what_lives_there():
    for folder in ("gateway", "translators"):
        for path in (ROOT / folder).rglob("__init__.py"):
            first = path.read_text().splitlines()[0]
            assert re.fullmatch(r'""".{20,110}\."""', first), path


def test_every_make_target_has_a_help_line():
    makefile = (ROOT / "Makefile").read_text()
    targets = re.search(r"\.PHONY: (.*)", makefile)[1].split()
    wanted = ["setup", "demo", "test", "fmt", "lint", "types", "arch", "faults", "mutants"]
    wanted += ["bench", "ci"]
    assert set(wanted) <= set(targets)
    for target in targets:
        assert re.search(rf"^{target}:.*## \w", makefile, re.MULTILINE), target


def test_pins_and_declared_dependencies_agree():
    lock = (ROOT / "requirements.lock").read_text()
    pinned = set(re.findall(r"^([a-z0-9.-]+)==", lock, re.MULTILINE))
    project = (ROOT / "pyproject.toml").read_text()
    block = re.search(r"^dependencies = \[(.*?)^\]", project, re.MULTILINE | re.DOTALL)[1]
    names = re.findall(r'^  "([a-z0-9.-]+)', block, re.MULTILINE)
    declared = {name.replace(".", "-") for name in names}
    assert declared
    assert declared <= pinned
    assert "--hash=sha256:" in lock
