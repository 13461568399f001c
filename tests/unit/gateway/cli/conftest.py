import logging

import pytest
import structlog

from gateway.cli.main import main
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
def dergate(capsys):
    """Run a command of `dergate map`; return its exit status, stdout and stderr."""

    def run(*arguments):
        status = main([str(item) for item in ("map", *arguments)])
        said = capsys.readouterr()
        assert "Traceback" not in said.out + said.err
        return status, said.out, said.err

    return run


@pytest.fixture
def folder(tmp_path):
    """A folder with one vector that passes, and its stations."""
    (tmp_path / "stations.yaml").write_text(STATIONS)
    (tmp_path / "V1.json").write_text(vector_text())
    return tmp_path
