"""Two gateways on one PostgreSQL: the leader is killed, or sleeps; the other one goes on with its event."""

import pytest

from support.failover import Play, Round, messages

LEASE_S = 3
START_S = 7
"""How long a standby may take from the end of the lease until it is ready, on a busy machine; ten in all."""
ANOTHER_LEADS = 5


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "site"
    place.mkdir()
    return place


async def test_the_standby_goes_on_when_the_leader_is_killed_or_sleeps_and_nothing_comes_twice(
    folder, postgres_url
):
    play = Play(folder, postgres_url, lease_s=LEASE_S)
    async with play.running():
        first, second = play.balancer.current, play.other(play.balancer.current)
        killed = await play.round(1, "kill", 0.8)
        assert play.balancer.current is second
        slept = await play.round(2, "pause", 1.2)
        assert second.ends == [ANOTHER_LEADS]
        assert play.balancer.current is first
        owed, head, audits = await play.finish()
    assert killed.faults() == slept.faults() == []
    assert len(killed.sent) == len(slept.sent) == 1
    assert max(killed.away_s, slept.away_s) < LEASE_S + START_S
    assert play.balancer.after_all == []
    assert owed == []
    assert [verdict.fault for verdict in audits] == [None, None]
    assert max(verdict.head.sequence for verdict in audits) == head.sequence


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"statuses": [1, 2]}, "Responses [1, 2]"),
        ({"statuses": [1, 1, 1, 2, 6]}, "repeat more than 1 times"),
        ({"sent": {"c": 2}}, "c was sent 2 times"),
        ({"held": ["FixedPFInject"]}, "not taken back"),
    ],
)
def test_what_is_lost_or_doubled_is_found(change, words):
    sound = {
        "number": 1,
        "how": "kill",
        "away_s": 1.0,
        "statuses": [1, 2, 6],
        "repeats": 1,
        "sent": {"c": 1},
        "held": [],
    }
    assert Round(**sound).faults() == []
    assert any(words in fault for fault in Round(**sound | change).faults())


@pytest.mark.parametrize(
    ("octets", "left"),
    [
        (b"\x89\x00\x8a\x04abcd", b""),
        (b"\x88\x02\x03\xe8", b""),
        (b"\x89\x00\x81\x02[]", b"\x81\x02[]"),
        (b"\x81\x02[]", b"\x81\x02[]"),
    ],
)
def test_only_messages_count_as_said(octets, left):
    assert messages(octets) == left
