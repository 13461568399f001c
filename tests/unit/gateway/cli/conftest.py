import logging

import pytest
import structlog


@pytest.fixture(autouse=True)
def _logging_as_before():
    """Commands configure the logging of their process, which here is the process of all tests."""
    root, before = logging.getLogger(), structlog.get_config()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**before)
