"""The queue of newcomers: who goes on at once, who waits, who comes back when."""

from itertools import pairwise

from gateway.stations.admission_queue import AdmissionQueue, Later


def a_queue(**changes):
    return AdmissionQueue(**{"per_s": 8, "burst": 5, "patience_s": 2, **changes})


def places(queue, count, now=0.0):
    return [queue.place(now) for _ in range(count)]


def test_a_burst_goes_on_at_once():
    assert places(a_queue(), 5) == [0] * 5


def test_those_after_it_go_on_one_by_one():
    found = places(a_queue(), 9)[5:]
    assert [round(wait, 6) for wait in found] == [0.125, 0.25, 0.375, 0.5]


def test_nobody_waits_longer_than_patience_lasts():
    found = places(a_queue(), 100)
    waits = [place for place in found if not isinstance(place, Later)]
    assert len(waits) == 21
    assert max(waits) <= 2


def test_those_who_are_sent_away_come_back_spread_and_after_the_queue():
    away = [place.retry_after_s for place in places(a_queue(), 1025) if isinstance(place, Later)]
    assert away[0] == 3
    assert all(first <= second for first, second in pairwise(away))
    assert max(away.count(second) for second in set(away)) <= 8
    assert away[-1] == 128


def test_who_comes_back_when_told_gets_in():
    queue = a_queue()
    waves = {place.retry_after_s for place in places(queue, 60) if isinstance(place, Later)}
    assert not any(isinstance(queue.place(float(second)), Later) for second in sorted(waves))


def test_an_idle_queue_has_its_burst_again():
    queue = a_queue()
    places(queue, 100)
    assert places(queue, 5, now=60.0) == [0] * 5


def test_five_thousand_stations_are_in_within_two_minutes():
    """Each dials, waits its turn or goes away and comes back when it was told to."""
    queue, dialling, done = AdmissionQueue(), [0.0] * 5000, []
    while dialling:
        again = []
        for now in sorted(dialling):
            place = queue.place(now)
            if isinstance(place, Later):
                again.append(now + place.retry_after_s)
            else:
                done.append(now + place)
        dialling = again
    assert len(done) == 5000
    assert max(done) <= 120
    per_second = [sum(second <= at < second + 1 for at in done) for second in range(1, 120)]
    assert max(per_second) <= 2 * queue.per_s
