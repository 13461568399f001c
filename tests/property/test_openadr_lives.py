"""Whatever a VTN serves, changes and deletes, over restarts: a station holds what the best event asks for."""

from hypothesis import given
from hypothesis import strategies as st

from support.openadr_lives import Life, Wish

WISHES = st.builds(
    Wish,
    id=st.sampled_from("abcd"),
    kw=st.lists(st.integers(1, 20), min_size=1, max_size=3).map(tuple),
    start=st.integers(-3, 12).map(lambda n: n * 5),
    minutes=st.sampled_from([5, 10, 20]),
    priority=st.sampled_from([None, 0, 1, 1, 5]),
)
STEPS = st.lists(
    st.one_of(
        WISHES.map(lambda wish: ("serve", wish)),
        st.sampled_from("abcd").map(lambda id_: ("remove", id_)),
        st.integers(1, 12).map(lambda minutes: ("later", minutes)),
        st.just(("restart",)),
    ),
    min_size=1,
    max_size=12,
)


@given(STEPS)
def test_the_station_holds_what_the_best_event_asks_for(steps):
    life = Life()
    for name, *arguments in steps:
        getattr(life, name)(*arguments)
        life.settle()
        assert life.holds == life.should_hold, (name, arguments, life.minute)
