"""What is read in both editions."""

import pytest

from support.openadr import START, a_context


@pytest.fixture(params=["3.0", "3.1"])
def edition(request):
    return request.param


@pytest.fixture
def context(edition):
    """Return the context of an event of this edition, with changes."""

    def made(*bindings, **changes):
        return a_context(*bindings, revision=edition, **{"received": START, **changes})

    return made
