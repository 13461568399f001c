"""One browser for the pages of a run; where there is none, the tests say so."""

import pytest

from support.browser import NAMES, executable, started


@pytest.fixture(scope="session")
def browser():
    program = executable()
    if program is None:
        pytest.skip(f"no browser on the PATH: {', '.join(NAMES)}")
    with started(program) as tab:
        yield tab


@pytest.fixture
def tab(browser):
    """The browser's tab at its usual size, in light colours."""
    browser.show()
    return browser
