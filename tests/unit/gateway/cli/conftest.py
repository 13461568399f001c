import logging
import shutil

import pytest
import structlog

from gateway.cli.main import main
from gateway.settings.mappings import mappings_folder
from support.vector_builders import STATIONS, vector_text


@pytest.fixture(autouse=True)
def _logging_as_before():
    """Commands configure the logging of their process, which here is the process of all tests."""
    root, before = logging.getLogger(), structlog.get_config()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**before)


@pytest.fixture
def in_process(capsys):
    """Run `dergate`; return its exit status, stdout and stderr."""

    def run(*arguments):
        status = main([str(item) for item in arguments])
        said = capsys.readouterr()
        assert "Traceback" not in said.out + said.err
        return status, said.out, said.err

    return run


@pytest.fixture
def dergate(in_process):
    """Run a command of `dergate map`."""
    return lambda *arguments: in_process("map", *arguments)


@pytest.fixture(scope="session")
def coarse(tmp_path_factory):
    """The shipped rules, but power factors with one digit; read once in a process."""
    rules = tmp_path_factory.mktemp("coarse") / "rules"
    shutil.copytree(mappings_folder(), rules)
    path = rules / "ocpp" / "2.1.yaml"
    head, tail = path.read_text(encoding="utf-8").split("  id: ocpp21.fixed_pf\n")
    tail = tail.replace("places: 4", "places: 1", 1)
    path.write_text(f"{head}  id: ocpp21.fixed_pf\n{tail}", encoding="utf-8")
    return rules


@pytest.fixture
def folder(tmp_path):
    """A folder with one vector that passes, and its stations."""
    (tmp_path / "stations.yaml").write_text(STATIONS)
    (tmp_path / "V1.json").write_text(vector_text())
    return tmp_path
