"""All that settings may say to the engine comes back from the input log as it went."""

import orjson

from gateway import site
from gateway.core.inputs import Setup, setup_document, setup_from
from gateway.settings import load
from support.site import a_site, a_station, a_utility, an_evse, an_identity, write_site


def test_what_the_engine_has_from_the_settings_is_recorded_exactly(tmp_path):
    limits = {"max_import_w": 4000, "max_export_pct": 12.5, "after_s": 7}
    rated = [an_evse(ratings={"MaxChargeRateW": 11000})]
    depot = {
        "id": "depot",
        "stations": [{"id": "CS1", "phases": ["L1"], "minimum_a": 6}, {"id": "CS2", "away_w": 0}],
        "fuse_a": 63,
        "meter": {"station": "M1", "load_w": 100},
        "fail_safe": {"max_import_w": 9000},
    }
    bound = an_identity(), an_identity("CS2"), an_identity("M1")
    values = a_site(
        fail_safe=limits,
        stations=[
            a_station(evses=rated, der_settings={"setMinPFOverExcited": 0.85}),
            a_station("CS2", evses=rated, policy={"dynamic_watchdog_s": 60}),
            a_station("M1"),
        ],
        utilities=[a_utility("grid", *bound, silent_after_s=90)],
        sites=[depot],
        canary={"stations": ["CS1"]},
        feeders=[{"id": "f1", "stations": ["CS1", "CS2"], "max_step_w": 5000}],
    )
    settings = load(write_site(tmp_path, values), {})
    setup = Setup(
        "0" * 64,
        tuple(site.station_rules(settings)),
        site.utility_rules(settings),
        tuple(site.site_rules(settings)),
        site.pace_rules(settings),
    )
    assert setup_from(orjson.loads(orjson.dumps(setup_document(setup)))) == setup
