"""The built wheel holds what the product needs, and nothing else."""

import os
import zipfile
from pathlib import Path

import pytest
from hatchling import build

from support.places import ROOT


@pytest.fixture(scope="module")
def names(tmp_path_factory):
    folder, before = tmp_path_factory.mktemp("wheel"), Path.cwd()
    os.chdir(ROOT)
    try:
        wheel = build.build_wheel(str(folder))
    finally:
        os.chdir(before)
    with zipfile.ZipFile(folder / wheel) as archive:
        return archive.namelist()


def test_the_wheel_brings_both_packages_and_the_mappings(names):
    assert "gateway/__init__.py" in names
    assert "translators/__init__.py" in names
    assert "gateway/_mappings/ieee2030_5/csip.yaml" in names
    assert "gateway/_mappings/ocpp/2.1.yaml" in names


def test_the_wheel_brings_neither_tests_nor_keys(names):
    assert not [name for name in names if name.startswith("tests/")]
    assert not [name for name in names if name.endswith((".key", ".xsd", ".pem"))]


def test_the_wheel_installs_the_command_and_the_licence(names):
    assert any(name.endswith("entry_points.txt") for name in names)
    assert any(name.endswith("licenses/LICENSE") for name in names)
