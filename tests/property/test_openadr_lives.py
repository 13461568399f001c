"""Whatever a VTN serves, changes and deletes, over restarts: a station holds what the best event asks for."""

from hypothesis import given, settings
from hypothesis import strategies as st

from support.openadr_lives import Life, Wish

WISHES = st.builds(
    Wish,
    id=st.sampled_from("abcd"),
    kw=st.lists(st.integers(1, 20), min_size=1, max_size=3).map(tuple),
    start=st.integers(-2, 4).map(lambda n: n * 5),
    minutes=st.sampled_from([10, 20, 40]),
    priority=st.sampled_from([None, 0, 1, 1, 5]),
)
SERVED = WISHES.map(lambda wish: ("serve", wish))
BEGUN = st.lists(SERVED, min_size=2, max_size=3)
STEPS = st.lists(
    st.one_of(
        SERVED,
        st.sampled_from("abcd").map(lambda id_: ("remove", id_)),
        st.integers(1, 12).map(lambda minutes: ("later", minutes)),
        st.just(("restart",)),
    ),
    min_size=2,
    max_size=10,
)


@settings(max_examples=settings().max_examples // 3)
@given(BEGUN, STEPS)
def test_the_station_holds_what_the_best_event_asks_for(begun, steps):
    life = Life()
    for name, *arguments in [*begun, *steps]:
        getattr(life, name)(*arguments)
        life.settle()
        assert life.holds == life.should_hold, (name, arguments, life.minute)
