"""OpenDER runs what the utility meant and what the station was told: both must move the grid alike."""

import pytest
from peers.physics_page import PAGE, interpolated, page

from support.physics import CASES, SWEEPS, allowed, differences, told

BY_NAME = {case.name: case for case in CASES}


@pytest.fixture(scope="module")
def model(service):
    """Return the steady powers of settings over a sweep."""
    running = service("opender", "sweep.py")

    async def powers(case, settings):
        question = {"nameplate": case.nameplate(), "settings": settings, "sweep": SWEEPS[case.over]}
        return await running.ask(**question)

    return powers


@pytest.mark.parametrize("name", BY_NAME)
async def test_the_station_moves_as_the_utility_meant(model, name):
    case = BY_NAME[name]
    gone = case.translated()
    (message,) = gone.value.orders.messages
    source = await model(case, case.means)
    station = await model(case, told(message.payload, case.ratings))
    assert max(differences(source, station, case.ratings)) <= allowed(gone)


@pytest.mark.parametrize("name", BY_NAME)
async def test_a_case_moves_something(model, name):
    case = BY_NAME[name]
    idle = await model(case, {})
    assert max(differences(await model(case, case.means), idle, case.ratings)) > 0.02


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("power factor, absorbing", {"CONST_PF_EXCITATION": "INJ"}),
        ("constant var, % of setMaxW", {"CONST_Q": 0.2 * 22 / 25}),
        ("constant var, % of setMaxW", {"CONST_Q": -0.2}),
        ("constant var, negative side smaller", {"CONST_Q": -0.5 * 11 / 25}),
        ("volt-var, % of setMaxVar", {"QV_CURVE_Q1": 0.44}),
        ("volt-var, vRef 97 % baked additively", {"QV_VREF": 1.0}),
        ("frequency droop", {"PF_KOF": 5.0}),
        ("frequency droop", {"PF_DBUF": 0.036}),
        ("export limit, % of setMaxW", {"AP_LIMIT": 0.55}),
    ],
)
async def test_a_wrong_sign_base_or_scale_is_seen(model, name, changed):
    case = BY_NAME[name]
    wrong = await model(case, {**case.means, **changed})
    right = await model(case, case.means)
    assert max(differences(wrong, right, case.ratings)) > 10 * allowed(case.translated())


async def test_the_page_says_what_the_models_say(service):
    assert PAGE.read_text(encoding="utf-8") == await page(service("opender", "sweep.py"))


def test_no_curve_of_the_golden_vectors_moves_anything_that_is_not_declared():
    swept = interpolated()
    assert len(swept) > 8
    assert {kind: it.exact_gap for kind, it in swept.items() if it.exact_gap} == {}


def test_what_digits_lose_along_a_curve_stays_below_a_thousandth_of_the_rating():
    lossy = [it for it in interpolated().values() if it.lossy]
    assert lossy
    assert all(it.lossy_gap <= 0.1 for it in lossy)
