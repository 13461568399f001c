"""What a translation rests on is in its trace: a rating that no step names changes nothing."""

from dataclasses import replace

from hypothesis import assume, given
from hypothesis import strategies as st

from support.strategies import controls
from support.translation import F, a_station, an_evse, running, situation, translated
from translators.canonical.controls import function_of
from translators.ocpp.dependence import changed, stale

NAMES = ("max_w", "max_charge_rate_w", "max_discharge_rate_w", "max_va", "max_var", "v_nom")
BUILDS = {
    "der": {},
    "v2x": {"modes": ()},
    "charging": {"modes": (), "v2x": ()},
    "amps": {"modes": (), "v2x": (), "units": ("A",)},
}
READINGS = {"enter_service_voltage": "volts"}
SETTINGS = {"setMaxW": 18000, "setMaxVar": 9000}


@given(
    st.lists(controls, min_size=1, max_size=3, unique_by=function_of),
    st.sampled_from(sorted(BUILDS)),
    st.sampled_from((*NAMES, "max_var_neg")),
    st.integers(1, 60000),
    st.sampled_from(({}, READINGS)),
    st.sampled_from((None, SETTINGS)),
)
def test_a_rating_that_no_step_names_changes_no_message(
    asked, build, name, value, dialect, settings
):
    before = a_station(an_evse(**BUILDS[build]), **dialect)
    (evse,) = before.evses
    after = replace(
        before, evses=(replace(evse, ratings=replace(evse.ratings, **{name: F(value)})),)
    )
    assume(changed(before, after))
    state = situation(running(5000), settings=settings)
    made = translated(*asked, station=before, situation=state)
    again = translated(*asked, station=after, situation=state)
    doubtful = stale(made, before, after)
    kept = [m for m in made.value.messages if not doubtful & set(m.functions)]
    assert [m for m in again.value.messages if not doubtful & set(m.functions)] == kept
