"""A utility's document to a station's messages, in one translation with one trace."""

import pytest

from gateway.settings.mappings import mapping_files
from support.translation import (
    F,
    a_dercontrol,
    a_dercurve,
    a_station,
    an_evse,
    book,
    charge_only,
    el,
    fields,
    in_program,
    kinds,
    only,
    refused,
    situation,
    xy,
)
from translators.canonical.commands import Revision
from translators.chain import Case, load_book, owed, translate, travel
from translators.errors import MappingError
from translators.ieee2030_5.inbound import Served

PF = fields("opModFixedPFInjectW", displacement=950, excitation="true", multiplier=-3)


def through(*base, links=None, station=None, revision="2018", document=None):
    control = document or a_dercontrol(*base)
    served = Served(control, links or {}, in_program(revision))
    return translate(book(), Case(served, station or a_station(), situation()))


def test_a_power_factor_goes_all_the_way():
    translation = through(PF)
    payload = only(translation)
    assert payload["controlType"] == "FixedPFInject"
    assert payload["fixedPFInject"] == {
        "priority": 7,
        "displacement": 0.95,
        "excitation": True,
        "startTime": "2026-12-01T18:00:00Z",
        "duration": 3600,
    }
    assert translation.losses == translation.refusals == ()


def test_the_trace_leads_from_the_wire_to_the_wire():
    steps = through(PF).steps
    assert {step.rule.split("@")[0] for step in steps} >= {
        "ieee2030_5.fixed_pf_inject",
        "ocpp21.fixed_pf",
    }
    scale = next(step for step in steps if step.operation == "scale10 -3")
    emit = next(step for step in steps if step.target == "fixedPFInject/displacement")
    assert (scale.before, scale.after, emit.before, emit.after) == ("950", "0.95", "0.95", "0.95")
    assert all(step.cites for step in steps)


def test_a_document_that_is_nobody_owes_nothing():
    translation = through(document=el("DERControl"))
    assert (translation.value.messages, translation.value.vacuous) == ((), ())
    assert refused(translation) == [("invalid", "DERControl/mRID")]


def test_losses_of_both_halves_are_kept():
    curve = a_dercurve(11, "92 20, 98 0", yRefType=1, rampIncTms=5)
    translation = through(el("opModVoltVar", href="/c"), links={"/c": curve})
    assert xy(translation) == [(92, 40), (98, 0)]
    assert kinds(translation) == ["drop", "rebase"]


def test_a_control_that_the_station_cannot_do_is_refused_and_the_rest_is_sent():
    load = fields("opModLoadLimW", multiplier=0, value=7000)
    translation = through(PF, load, station=a_station(version="2.0.1"))
    assert [m.action for m in translation.value.messages] == ["SetChargingProfile"]
    assert refused(translation) == [("not_supported", "FixedPowerFactor.injecting")]


@pytest.mark.parametrize("revision", ["2018", "2023"])
def test_the_revision_is_an_input_of_the_mapping(revision):
    translation = through(fields("opModFixedVar", refType=1, value=-1000), revision=revision)
    expected = F(-10) * 20000 / 8000 if revision == "2018" else F(-10) * 22000 / 8000
    assert only(translation)["fixedVar"]["setpoint"] == expected


def test_a_book_is_made_of_texts_and_refuses_a_broken_one():
    files = mapping_files()
    assert load_book(files).digest == book().digest
    name = "ieee2030_5/csip.yaml"
    with pytest.raises(MappingError, match=f"^book: {name}:"):
        load_book({**files, name: files[name].replace("canonical: ", "canonicals: ")})


LOAD = fields("opModLoadLimW", multiplier=0, value=7000)
BAD = el("opModMaxLimW", "10001")


@pytest.mark.parametrize(
    ("base", "station", "revision", "status"),
    [
        ([PF], a_station(), "2018", ()),
        ([fields("opModExpLimW", multiplier=0, value=0)], charge_only(), "2018", (1, 2, 3)),
        ([PF], charge_only(), "2018", (252,)),
        ([PF], charge_only(), "2023", (251,)),
        ([BAD, LOAD], a_station(), "2018", (253,)),
        ([PF, BAD], charge_only(), "2023", (253,)),
        ([el("opModMaxLimW", "6000")], a_station(an_evse(max_w=None)), "2023", (252,)),
        ([PF, fields("opModTargetW", multiplier=0, value=-1)], charge_only(), "2023", (251,)),
    ],
)
def test_a_translation_owes_what_it_alone_decides(base, station, revision, status):
    case = Case(Served(a_dercontrol(*base), {}, in_program(revision)), station, situation())
    assert owed(book(), travel(book(), case), Revision(revision)) == status
