"""Times of OpenADR 3 as the simulated VTN reads them."""

import pytest

from gateway.simulators.vtn_times import FOREVER, duration_of, lifetime, seconds_of

START = "1970-01-01T01:00:00Z"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("PT15M", 900), ("P1DT2H", 93_600), ("-PT1S", -1), ("P9999Y", FOREVER), ("P1W", 604_800)],
)
def test_durations(text, seconds):
    assert duration_of(text) == seconds


@pytest.mark.parametrize("text", ["0001-01-01", "0000-00-00", "0001-01-01T00:00:00Z"])
def test_now_is_no_moment(text):
    assert seconds_of(text) is None


def test_a_moment_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="zone"):
        seconds_of("2026-01-01T00:00:00")


@pytest.mark.parametrize(
    ("event", "life"),
    [
        (
            {"intervalPeriod": {"start": START, "duration": "PT1H"}, "intervals": [{}, {}]},
            (3600, 10_800),
        ),
        ({"intervalPeriod": {"start": "0001-01-01", "duration": "PT1H"}}, (50, 3650)),
        ({"intervals": [{"intervalPeriod": {"start": START, "duration": "PT1M"}}]}, (3600, 3660)),
        ({"intervalPeriod": {"start": START}, "duration": "PT2H"}, (3600, 10_800)),
        ({"intervalPeriod": {"start": "soon"}}, (-FOREVER, FOREVER)),
    ],
)
def test_the_life_of_an_event(event, life):
    assert lifetime(event, 50.0) == life
