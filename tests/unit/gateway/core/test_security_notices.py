"""What is noticed of those who try to connect stands in the audit, whether their id exists or not."""

import pytest

from gateway.core.events import SecurityNoticed


@pytest.mark.parametrize("station", ["CS1", "nobody", ""])
def test_a_security_event_is_audited_and_changes_nothing_else(ready, station):
    ready.hear(SecurityNoticed("access.denied", station, "10.0.0.1", "the password is wrong", 3))
    [record] = ready.audited("security.access.denied")
    assert (record.actor, record.subject) == ("10.0.0.1", station)
    assert record.details["problem"] == "the password is wrong"
    assert record.details["count"] == 3
    assert record.details["at"] == ""
    assert ready.told() == []


def test_an_event_that_a_station_noticed_itself_keeps_its_instant(ready):
    at = "2026-12-01T12:00:00Z"
    ready.hear(SecurityNoticed("TamperDetectionActivated", "CS1", "CS1", reported_at=at))
    [record] = ready.audited("security.TamperDetectionActivated")
    assert (record.actor, record.subject, record.details["at"]) == ("CS1", "CS1", at)
