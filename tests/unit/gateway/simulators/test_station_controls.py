"""The DER controls of a station by R04: what is answered, runs, is superseded, ends."""

import pytest

from gateway.simulators.station_controls import MAX_IDS, Controls
from gateway.simulators.station_options import ALL_MODES
from gateway.simulators.station_schema import check_request, check_response
from support.station_messages import BODIES, EPOCH, set_control

ACCEPTED = {"status": "Accepted"}


def a_station(**options):
    return Controls(ALL_MODES, **options)


def put(controls, now=EPOCH, **request):
    """Set a control; both frames fit their schemas."""
    message = set_control(**request)
    check_request("2.1", "SetDERControl", message)
    answer = controls.set(message, now)
    check_response("2.1", "SetDERControl", answer)
    return answer


def advance(controls, now):
    """Return the notices as (id, started, superseded ids)."""
    notices = controls.advance(now)
    for notice in notices:
        check_request("2.1", "NotifyDERStartStop", notice)
    return [(n["controlId"], n["started"], n.get("supersededIds", [])) for n in notices]


def running(controls, kind="VoltVar"):
    found = controls.active.get(kind)
    return None if found is None else found.id


def superseded(controls):
    return [item.id for item in controls.held if item.superseded]


# Start, end, default


def test_a_future_control_waits_for_its_start():
    controls = a_station()
    assert put(controls, start=EPOCH + 10) == ACCEPTED
    assert advance(controls, EPOCH + 9.9) == []
    assert running(controls) is None
    assert advance(controls, EPOCH + 10) == [("a", True, [])]  # R04.FR.20
    assert running(controls) == "a"


def test_a_control_ends_is_deleted_and_the_default_returns():  # R04.FR.10, R04.FR.11, R04.FR.22
    controls = a_station()
    put(controls, control_id="base", default=True)
    put(controls, duration=60)
    assert running(controls) == "base"
    assert advance(controls, EPOCH) == [("a", True, [])]
    assert running(controls) == "a"
    assert advance(controls, EPOCH + 60) == [("a", False, [])]
    assert running(controls) == "base"
    assert [item.id for item in controls.held] == ["base"]


def test_a_default_starts_and_ends_without_notice():
    controls = a_station()
    put(controls, default=True)
    assert advance(controls, EPOCH + 1e9) == []
    assert running(controls) == "a"


def test_notices_come_once():
    controls = a_station()
    put(controls)
    assert len(advance(controls, EPOCH)) == 1
    assert advance(controls, EPOCH + 1) == []


def test_a_control_whose_time_is_over_never_runs():
    controls = a_station()
    assert put(controls, start=EPOCH - 100, duration=50) == ACCEPTED
    assert advance(controls, EPOCH) == []
    assert controls.held == ()


def test_a_control_that_ended_before_the_other_starts_is_told_in_that_order():
    controls = a_station()
    put(controls, control_id="first", duration=10)
    advance(controls, EPOCH)
    put(controls, control_id="next", start=EPOCH + 10)
    assert advance(controls, EPOCH + 10) == [("first", False, []), ("next", True, [])]


def test_each_type_has_its_own_control():
    controls = a_station()
    put(controls, control_id="vv", kind="VoltVar", priority=9)
    assert put(controls, control_id="pf", kind="FixedPFInject", priority=1) == ACCEPTED
    advance(controls, EPOCH)
    assert (running(controls), running(controls, "FixedPFInject")) == ("vv", "pf")


# Priority


def test_a_better_newcomer_supersedes_a_waiting_one_at_once():  # R04.FR.06
    controls = a_station()
    put(controls, control_id="old", start=EPOCH + 10, priority=5)
    answer = put(controls, control_id="new", start=EPOCH + 100, priority=1)
    assert answer == ACCEPTED | {"supersededIds": ["old"]}
    assert advance(controls, EPOCH + 10) == []  # R04.FR.09: it never runs
    assert superseded(controls) == ["old"]
    assert advance(controls, EPOCH + 100) == [("new", True, ["old"])]


def test_a_running_worse_control_runs_until_the_newcomer_starts():  # R04.FR.07, R04.FR.21
    controls = a_station()
    put(controls, control_id="old", priority=5)
    advance(controls, EPOCH)
    assert put(controls, control_id="new", start=EPOCH + 10, priority=1) == ACCEPTED
    assert advance(controls, EPOCH + 9) == []
    assert running(controls) == "old"
    assert superseded(controls) == []
    assert advance(controls, EPOCH + 10) == [("new", True, ["old"])]
    assert running(controls) == "new"
    assert superseded(controls) == ["old"]


def test_a_newcomer_that_starts_now_supersedes_a_running_one_in_the_answer():
    controls = a_station()
    put(controls, control_id="old", priority=5)
    advance(controls, EPOCH)
    answer = put(controls, control_id="new", priority=1, now=EPOCH + 5)
    assert answer == ACCEPTED | {"supersededIds": ["old"]}
    assert running(controls) is None  # not the old one any more
    assert advance(controls, EPOCH + 5) == [("new", True, ["old"])]


def test_a_deferred_supersession_names_nobody_when_the_other_has_ended():
    controls = a_station()
    put(controls, control_id="old", priority=5, duration=10)
    advance(controls, EPOCH)
    put(controls, control_id="new", start=EPOCH + 20, priority=1)
    assert advance(controls, EPOCH + 10) == [("old", False, [])]
    assert advance(controls, EPOCH + 20) == [("new", True, [])]


def test_a_cleared_newcomer_leaves_the_running_one_alone():
    controls = a_station()
    put(controls, control_id="old", priority=5)
    advance(controls, EPOCH)
    put(controls, control_id="new", start=EPOCH + 10, priority=1)
    controls.clear({"isDefault": False, "controlId": "new"})
    assert advance(controls, EPOCH + 10) == []
    assert running(controls) == "old"


@pytest.mark.parametrize("moment", ["running", "waiting"])
def test_a_worse_newcomer_is_kept_but_superseded(moment):  # R04.FR.08
    controls = a_station()
    start = EPOCH if moment == "running" else EPOCH + 10
    put(controls, control_id="old", start=start, priority=1)
    advance(controls, EPOCH)
    answer = put(controls, control_id="new", start=EPOCH + 5, priority=5)
    assert answer == ACCEPTED | {"supersededIds": ["new"]}
    assert superseded(controls) == ["new"]
    advance(controls, EPOCH + 10)
    assert running(controls) == "old"


def test_a_superseded_control_stays_out_when_the_better_one_goes():  # R04.FR.09
    controls = a_station()
    put(controls, control_id="better", priority=1, duration=10)
    put(controls, control_id="worse", priority=5)
    advance(controls, EPOCH)
    assert advance(controls, EPOCH + 10) == [("better", False, [])]
    assert running(controls) is None
    assert superseded(controls) == ["worse"]


def test_a_superseded_control_is_deleted_at_its_end_without_notice():
    controls = a_station()
    put(controls, control_id="better", priority=1)
    put(controls, control_id="worse", priority=5, duration=10)
    advance(controls, EPOCH)
    assert advance(controls, EPOCH + 10) == []
    assert [item.id for item in controls.held] == ["better"]


def test_equal_priority_does_not_supersede_and_the_running_one_goes_on():
    controls = a_station()
    put(controls, control_id="first", duration=10)
    advance(controls, EPOCH)
    assert put(controls, control_id="second", duration=20) == ACCEPTED
    assert advance(controls, EPOCH + 1) == []
    assert running(controls) == "first"
    assert advance(controls, EPOCH + 10) == [("first", False, []), ("second", True, [])]
    assert running(controls) == "second"


def test_an_equal_one_that_never_ran_ends_without_notice():
    controls = a_station()
    put(controls, control_id="first", duration=100)
    put(controls, control_id="second", duration=50)
    advance(controls, EPOCH)
    assert advance(controls, EPOCH + 50) == []
    assert [item.id for item in controls.held] == ["first"]


def test_a_better_default_supersedes_the_old_one():
    controls = a_station()
    put(controls, control_id="old", default=True, priority=5)
    answer = put(controls, control_id="new", default=True, priority=1)
    assert answer == ACCEPTED | {"supersededIds": ["old"]}
    assert running(controls) == "new"


def test_a_worse_default_is_superseded_from_the_start():
    controls = a_station()
    put(controls, control_id="old", default=True, priority=1)
    answer = put(controls, control_id="new", default=True, priority=5)
    assert answer == ACCEPTED | {"supersededIds": ["new"]}
    assert running(controls) == "old"


def test_of_equal_defaults_the_first_goes_on():
    controls = a_station()
    put(controls, control_id="first", default=True)
    assert put(controls, control_id="second", default=True) == ACCEPTED
    assert running(controls) == "first"


def test_a_default_and_a_scheduled_control_never_supersede_each_other():
    controls = a_station()
    put(controls, control_id="base", default=True, priority=0)
    assert put(controls, control_id="event", priority=200) == ACCEPTED
    advance(controls, EPOCH)
    assert running(controls) == "event"


def test_no_more_ids_are_named_than_the_schema_allows():
    controls = a_station()
    for number in range(MAX_IDS + 6):
        put(controls, control_id=f"c{number}", start=EPOCH + 10, priority=5)
    answer = put(controls, control_id="best", start=EPOCH + 20, priority=0)
    assert len(answer["supersededIds"]) == MAX_IDS
    assert len(superseded(controls)) == MAX_IDS + 6
    assert len(advance(controls, EPOCH + 20)[0][2]) == MAX_IDS


# Update


def test_the_same_id_is_an_update():
    controls = a_station()
    put(controls, displacement=0.9, kind="FixedPFInject")
    advance(controls, EPOCH)
    assert put(controls, displacement=0.8, kind="FixedPFInject", now=EPOCH + 1) == ACCEPTED
    assert advance(controls, EPOCH + 1) == []  # it runs on
    assert controls.active["FixedPFInject"].body["displacement"] == 0.8
    assert len(controls.held) == 1


def test_an_update_to_the_future_stops_the_control():
    controls = a_station()
    put(controls)
    advance(controls, EPOCH)
    put(controls, start=EPOCH + 50)
    assert advance(controls, EPOCH + 1) == []
    assert running(controls) is None
    assert advance(controls, EPOCH + 50) == [("a", True, [])]


def test_an_update_is_decided_anew():
    controls = a_station()
    put(controls, control_id="better", priority=1, start=EPOCH + 5)
    put(controls, control_id="a", priority=5, start=EPOCH + 5)
    answer = put(controls, control_id="a", priority=0, start=EPOCH + 5)
    assert answer == ACCEPTED | {"supersededIds": ["better"]}
    assert superseded(controls) == ["better"]


def test_an_update_to_a_worse_priority_stops_a_running_control():
    controls = a_station()
    put(controls, control_id="a", priority=1)
    advance(controls, EPOCH)
    put(controls, control_id="b", priority=1)
    answer = put(controls, control_id="a", priority=7)
    assert answer == ACCEPTED | {"supersededIds": ["a"]}
    assert advance(controls, EPOCH) == [("b", True, [])]


@pytest.mark.parametrize("other", [{"kind": "FixedVar"}, {"default": True}])
def test_an_id_does_not_change_its_kind(other):
    controls = a_station()
    put(controls)
    answer = put(controls, **other)
    assert (answer["status"], answer["statusInfo"]["reasonCode"]) == ("Rejected", "InvalidValue")
    assert len(controls.held) == 1


# Refusals


def test_an_unknown_type_is_not_supported():
    controls = Controls(["FixedVar"])
    assert put(controls)["status"] == "NotSupported"
    assert controls.held == ()


def test_what_r04_refuses_is_rejected_with_a_reason():
    answer = put(a_station(), yUnit="PctMaxW")
    assert answer["status"] == "Rejected"
    assert answer["statusInfo"] == {
        "reasonCode": "InvalidValue",
        "additionalInfo": "PctMaxW is no yUnit of VoltVar",
    }


def test_a_full_station_rejects_a_newcomer_but_not_an_update():
    controls = a_station(capacity=1)
    put(controls)
    assert put(controls, control_id="b")["status"] == "Rejected"
    assert put(controls) == ACCEPTED


# Get


def get(controls, **request):
    answer, reports = controls.get({"requestId": 7, **request})
    check_response("2.1", "GetDERControl", answer)
    for report in reports:
        check_request("2.1", "ReportDERControl", report)
    return answer["status"], reports


def test_every_type_is_reported_in_its_own_array():
    controls = a_station(part=24)
    for kind in BODIES:
        put(controls, kind=kind, control_id=kind)
    _, scheduled = get(controls, isDefault=False)
    _, defaults = get(controls, isDefault=True)
    found = {}
    for report in [*scheduled, *defaults]:
        for array, items in report.items():
            for item in items if isinstance(items, list) else ():
                found[item["id"]] = (array, item)
    assert found.keys() == BODIES.keys()
    assert found["VoltVar"][1]["curveType"] == "VoltVar"
    assert found["FixedPFInject"][0] == "fixedPFInject"
    assert found["FixedPFInject"][1]["fixedPF"]["displacement"] == 0.95
    assert found["Gradients"][1].keys() == {"id", "gradient"}


def test_a_report_says_what_is_superseded():
    controls = a_station()
    put(controls, control_id="good", priority=1)
    put(controls, control_id="bad", priority=5)
    _, [report] = get(controls, controlId="bad")
    assert report["curve"][0]["isSuperseded"] is True
    assert report["curve"][0]["isDefault"] is False


@pytest.mark.parametrize(
    ("request_", "ids"),
    [
        ({}, ["vv", "pf", "base"]),
        ({"isDefault": True}, ["base"]),
        ({"isDefault": False}, ["vv", "pf"]),
        ({"controlType": "VoltVar"}, ["vv", "base"]),
        ({"controlType": "VoltVar", "isDefault": False}, ["vv"]),
        ({"controlId": "pf"}, ["pf"]),
    ],
)
def test_a_get_filters(request_, ids):
    controls = a_station()
    put(controls, control_id="vv")
    put(controls, control_id="pf", kind="FixedPFAbsorb")
    put(controls, control_id="base", default=True)
    outcome, [report] = get(controls, **request_)
    items = [item["id"] for items in report.values() if isinstance(items, list) for item in items]
    assert (outcome, sorted(items)) == ("Accepted", sorted(ids))


def test_a_long_report_comes_in_parts():
    controls = a_station(part=2)
    for number in range(5):
        put(controls, control_id=f"c{number}")
    _, reports = get(controls)
    assert [len(report["curve"]) for report in reports] == [2, 2, 1]
    assert [report.get("tbc", False) for report in reports] == [True, True, False]


def test_a_get_that_finds_nothing_is_told_so():  # R04.FR.30, R04.FR.36
    controls = Controls(["VoltVar"])
    assert get(controls) == ("NotFound", [])
    assert get(controls, controlType="VoltVar") == ("NotFound", [])
    assert get(controls, controlType="FixedVar") == ("NotSupported", [])


# Clear


def clear(controls, **request):
    answer = controls.clear(request)
    check_response("2.1", "ClearDERControl", answer)
    return answer["status"]


def test_a_clear_by_id_takes_that_one_and_no_notice_follows():  # R04.FR.46
    controls = a_station()
    put(controls, control_id="base", default=True)
    put(controls)
    advance(controls, EPOCH)
    assert clear(controls, isDefault=False, controlId="a") == "Accepted"
    assert advance(controls, EPOCH + 1) == []
    assert running(controls) == "base"


def test_an_id_under_the_other_flag_is_not_found():  # R04.FR.42
    controls = a_station()
    put(controls)
    assert clear(controls, isDefault=True, controlId="a") == "NotFound"
    assert len(controls.held) == 1


def test_a_clear_by_type_takes_all_of_its_flag():  # R04.FR.45
    controls = a_station()
    put(controls, control_id="a")
    put(controls, control_id="b")
    put(controls, control_id="base", default=True)
    put(controls, control_id="pf", kind="FixedPFInject")
    assert clear(controls, isDefault=False, controlType="VoltVar") == "Accepted"
    assert [item.id for item in controls.held] == ["base", "pf"]


def test_a_clear_without_type_and_id_takes_all_of_its_flag():  # R04.FR.44
    controls = a_station()
    put(controls, control_id="a")
    put(controls, control_id="base", default=True)
    assert clear(controls, isDefault=True) == "Accepted"
    assert clear(controls, isDefault=True) == "Accepted"  # nothing left, no matter
    assert [item.id for item in controls.held] == ["a"]


def test_a_clear_of_a_type_that_was_never_set_is_not_found():  # R04.FR.41, R04.FR.43
    controls = Controls(["VoltVar"])
    assert clear(controls, isDefault=False, controlType="VoltVar") == "NotFound"
    assert clear(controls, isDefault=False, controlType="FixedVar") == "NotSupported"
