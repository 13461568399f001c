"""A station that says too much: order kept, nothing lost, the reader paused and resumed."""

import pytest

from gateway.protocols.rates import Bucket, Rate
from gateway.stations.throttle import Throttle


class Line:
    """A reader, a clock and a timer that a test moves."""

    def __init__(self, per_s=10, burst=3):
        self.now, self.taken, self.timers, self.told = 0.0, [], [], 0
        self.paused = self.closing = False
        bucket = Bucket(Rate(per_s, burst), 0.0)
        self.throttle = Throttle(
            self.taken.append, self, bucket, lambda: self.now, self.later, self.slowed
        )

    def say(self, *frames):
        for frame in frames:
            self.throttle(frame)

    def later(self, delay, then):
        self.timers.append((self.now + delay, then))

    def slowed(self):
        self.told += 1

    def pause_reading(self):
        self.paused = True

    def resume_reading(self):
        self.paused = False

    def is_closing(self):
        return self.closing

    def pass_time(self, seconds):
        until = self.now + seconds
        while due := [timer for timer in self.timers if timer[0] <= until]:
            first = min(due, key=lambda timer: timer[0])
            self.timers.remove(first)
            self.now = first[0]
            first[1]()
        self.now = until


def frames(count):
    return [b"%d" % number for number in range(count)]


def test_a_burst_passes_at_once():
    line = Line()
    line.say(*frames(3))
    assert line.taken == frames(3)
    assert not line.paused
    assert line.told == 0


def test_what_is_too_much_waits_and_stays_in_order():
    line = Line()
    line.say(*frames(8))
    assert line.taken == frames(3)
    assert line.paused
    line.pass_time(0.3001)
    assert line.taken == frames(6)
    assert line.paused
    line.pass_time(0.2)
    assert line.taken == frames(8)
    assert not line.paused


@pytest.mark.parametrize("count", [40, 400])
def test_over_time_it_is_read_at_the_rate(count):
    line = Line()
    line.say(*frames(count))
    line.pass_time((count - 3) / 10 + 0.001)
    assert line.taken == frames(count)


def test_that_it_was_slowed_is_told_once():
    line = Line()
    for _ in range(3):
        line.say(*frames(9))
        line.pass_time(10)
    assert line.told == 1


def test_what_waits_at_the_end_is_dropped():
    line = Line()
    line.say(*frames(9))
    line.closing = True
    line.pass_time(10)
    assert line.taken == frames(3)
    assert line.timers == []
