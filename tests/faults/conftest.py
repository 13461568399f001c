import pytest

from support.faults import Outcome


@pytest.fixture
def an_outcome():
    def made(**changes):
        values = {
            "kills": 1,
            "statuses": [1, 2, 6],
            "state": {"owed": []},
            "payloads": {"c": {"a"}},
        }
        return Outcome(**values | changes)

    return made
