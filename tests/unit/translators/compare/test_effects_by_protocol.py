"""What a changed rule does to documents of every protocol: numbers, messages, losses, refusals."""

from functools import cache

import pytest

from gateway.settings.mappings import mapping_files
from gateway.settings.packs import shipped_book
from support.explained import stations, vector
from translators.chain import load_book
from translators.compare import Direction, effect, rule_changes
from translators.vectors import case_of

PERIOD = "chargingProfile/chargingSchedule[0]/chargingSchedulePeriod[{}]"
EXPORT = "SetDERControl LimitMaxDischarge default"


@cache
def changed(path, rule, *edits):
    """Return the shipped rules with pairs of texts exchanged in one rule."""
    files = mapping_files()
    documents = files[path].split("---\n")
    (place,) = [n for n, text in enumerate(documents) if f"  id: {rule}\n" in text]
    for old, new in zip(edits[::2], edits[1::2], strict=True):
        assert old in documents[place], old
        documents[place] = documents[place].replace(old, new)
    return load_book({**files, path: "---\n".join(documents)})


def compared(name, folder, new, old=None):
    case = case_of(vector(name, folder), stations(folder))
    return effect(name, case, old or shipped_book(), new)


def numbers(found):
    return {n.path: (n.before, n.after, n.by, n.direction) for n in found.numbers}


def test_an_event_of_openadr_changes_in_each_of_its_intervals():
    watts = changed("openadr/capacity.yaml", "openadr.import_limit", "KW: kW", "KW: W")
    found = compared("GV29", "vectors", watts)
    assert numbers(found) == {
        f"{PERIOD.format(0)}/limit": (50000, 50, "-49950", Direction.SAFER),
        f"{PERIOD.format(1)}/limit": (20500, 20.5, "-20479.5", Direction.SAFER),
    }
    assert found.mrid.startswith("vector/ev-34")
    assert found.directions == (Direction.SAFER, Direction.SAFER)


def test_a_data_object_of_iec_61850_changes_by_its_rule():
    old, new = "clip: [0.0, 100.0]", "clip: [0.0, 40.0]"
    less = changed("ocpp/2.1.yaml", "ocpp21.export_limit", old, new)
    found = compared("IV01", "own", less)
    assert numbers(found) == {
        "limitMaxDischarge/pctMaxDischargePower": (55, 40, "-15", Direction.SAFER)
    }
    assert [line.partition(" ")[0] for line in found.lost] == ["clip"]
    assert found.kept == ()


def test_a_rule_that_is_renamed_changes_no_document():
    name = "openadr.import_limit"
    new = changed("openadr/capacity.yaml", name, f"id: {name}", "id: openadr.other")
    assert [(c.id, c.change) for c in rule_changes(shipped_book(), new)] == [
        (name, "removed"),
        ("openadr.other", "added"),
    ]
    assert not compared("GV29", "vectors", new).changed


def test_a_test_or_a_clause_more_changes_no_document():
    new = changed("ocpp/2.1.yaml", "ocpp21.export_limit", "cites: [", 'cites: ["another clause", ')
    assert new.digest != shipped_book().digest
    assert not compared("IV01", "own", new).changed


def test_another_reason_of_a_loss_is_a_loss_gone_and_a_loss_new():
    old = "a station may read it as a monitoring threshold"
    new = changed("ocpp/2.1.yaml", "ocpp21.export_limit", old, "may be read otherwise")
    found = compared("IV01", "own", new)
    assert found.numbers == ()
    assert found.lost == ("semantic limitMaxDischarge: may be read otherwise",)
    assert found.kept == (f"semantic limitMaxDischarge: {old}",)
    assert found.changed


@pytest.mark.parametrize(
    ("name", "folder", "protocol"),
    [
        ("GV06a", "vectors", "ieee2030_5"),
        ("GV29", "vectors", "openadr"),
        ("IV01", "own", "iec61850"),
    ],
)
def test_without_the_rules_of_a_protocol_its_documents_are_refused(name, folder, protocol):
    files = mapping_files()
    rest = {path: text for path, text in files.items() if not path.startswith(f"{protocol}/")}
    none = load_book(rest)
    forth, back = compared(name, folder, none), compared(name, folder, shipped_book(), none)
    assert forth.refused
    assert forth.refused == back.accepted
    assert not any(message.sent for message in forth.messages)
    assert all(message.sent for message in back.messages)
    assert {m.message for m in forth.messages} == {m.message for m in back.messages}
    assert forth.outcomes == back.outcomes[::-1]
    assert forth.outcomes[1] != ()


def test_without_rules_for_stations_nothing_is_sent():
    rest = {path: text for path, text in mapping_files().items() if not path.startswith("ocpp/")}
    found = compared("GV06a", "vectors", load_book(rest))
    (message,) = found.messages
    assert (message.message, message.functions) == ("SetDERControl FixedVar", ("FixedVar",))
    assert (message.sent, message.direction) == (False, Direction.OTHER)
    assert found.refused


def test_a_limit_of_a_station_that_is_no_longer_sent_is_looser():
    rest = {path: text for path, text in mapping_files().items() if not path.startswith("ocpp/")}
    forth = compared("IV01", "own", load_book(rest))
    assert [(m.message, m.direction) for m in forth.messages] == [(EXPORT, Direction.LOOSER)]
    back = compared("IV01", "own", shipped_book(), load_book(rest))
    assert [(m.message, m.direction) for m in back.messages] == [(EXPORT, Direction.SAFER)]


def test_a_curve_that_turns_reactive_power_goes_neither_way():
    new = changed(
        "ocpp/2.1.yaml", "ocpp21.volt_var", "clip: [-100.0, 100.0]", "clip: [-50.0, 50.0]"
    )
    found = compared("GV09", "vectors", new)
    assert {n.direction for n in found.numbers} == {Direction.OTHER}
    assert all(n.path.startswith("curve/curveData[") for n in found.numbers)
    assert found.messages == ()


def test_the_name_of_the_document_and_of_the_station_stand_beside():
    found = compared("GV09", "vectors", shipped_book())
    assert (found.document, found.station) == ("GV09", vector("GV09").station)
    assert found.mrid == "00000000000000000000000A0000C0DE"
    assert not found.changed
    assert found.directions == ()


def test_a_book_without_the_profile_of_a_document_refuses_it_and_says_so():
    files = mapping_files()
    rest = {path: text for path, text in files.items() if not path.startswith("iec61850/")}
    found = compared("IV01", "own", load_book(rest))
    (refused,) = found.refused
    assert refused.startswith("DWMX not_supported: ")
    assert "is no profile of the book" in refused
    assert found.outcomes == ((), ("not_supported",))
    assert found.mrid == "vector/LD0/DWMX1"
    assert compared("IV01", "own", load_book(rest), load_book(rest)).mrid == ""
