"""A vector through the shipped rules: what counts as a difference, and what cannot be played."""

import pytest

from gateway.settings.packs import shipped_book
from support.vector_builders import (
    CURVE,
    FIXED_PF,
    STATIONS,
    a_vector,
    control_xml,
)
from translators.errors import DocumentError
from translators.vectors import case_of, play, read_stations, vector_of

KNOWN = read_stations(STATIONS)


def played(**changes):
    return [str(item) for item in play(shipped_book(), vector_of(a_vector(**changes)), KNOWN)]


def refused(base, **changes):
    """A vector whose control is refused, with nothing expected."""
    return a_vector(
        source__documents={"control": control_xml(base)},
        expect={"messages": [], "loss_kinds": ["unsupported"], **changes},
    )


def test_a_vector_that_is_met_has_no_difference():
    assert played() == []


def test_a_number_that_differs_is_named_by_path():
    vector = a_vector()
    vector["expect"]["messages"][0]["payload"]["fixedPFInject"]["displacement"] = 0.96
    (line,) = [str(item) for item in play(shipped_book(), vector_of(vector), KNOWN)]
    assert line == "messages[0].payload.fixedPFInject.displacement: expected 0.96, got 0.95"


def test_losses_are_compared_as_kinds_no_more_and_no_fewer():
    assert played(expect__loss_kinds=["clip"]) == ['loss_kinds: expected ["clip"], got []']


def test_a_setting_of_the_context_reaches_the_translation():
    found = played(context__der_settings={"setMinPFUnderExcited": 0.97})
    assert "messages[0].payload.fixedPFInject.displacement: expected 0.95, got 0.97" in found


def test_a_dialect_of_the_context_reaches_the_translation():
    found = played(context__dialect={"excitation": "inverted"})
    assert "messages[0].payload.fixedPFInject.excitation: expected true, got false" in found


def test_links_are_documents_by_their_address():
    documents = {"control": control_xml('<opModVoltVar href="/c/1"/>'), "/c/1": CURVE}
    found = played(source__documents=documents, expect={"messages": [], "loss_kinds": []})
    assert len(found) == 1
    assert "VoltVar" in found[0]


@pytest.mark.parametrize(
    ("base", "revision", "status"),
    [
        pytest.param("<opModFixedV>10000</opModFixedV>", "2018", 252, id="unsupported in 2018"),
        pytest.param("<opModFixedV>10000</opModFixedV>", "2023", 251, id="unsupported in 2023"),
        pytest.param(FIXED_PF.replace("95", "0"), "2018", 253, id="invalid"),
        pytest.param("<opModFixedW>5</opModFixedW>", "2023", 252, id="not applicable"),
    ],
)
def test_the_status_owed_is_compared(base, revision, status):
    vector = refused(base, response_status=status)
    vector["source"]["revision"] = revision
    assert play(shipped_book(), vector_of(vector), KNOWN) == ()
    vector["expect"]["response_status"] = 1
    (line,) = play(shipped_book(), vector_of(vector), KNOWN)
    assert str(line) == f"response_status: expected 1, got {status}"


def test_what_is_followed_without_a_message_is_received_started_and_completed():
    documents = {"control": control_xml("<opModEnergize>true</opModEnergize>")}
    expect = {"messages": [], "loss_kinds": []}
    for status in (1, 2, 3):
        assert (
            played(source__documents=documents, expect=expect | {"response_status": status}) == []
        )
    assert played(source__documents=documents, expect=expect | {"response_status": 252}) == [
        "response_status: expected 252, got 1 or 2 or 3"
    ]


def test_with_a_message_the_station_decides_the_status():
    assert played(expect__response_status=252) == ["response_status: expected 252, got none"]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        pytest.param({"station": "Z"}, "station = 'Z': is none of S", id="unknown station"),
        pytest.param(
            {"source__documents__control": "<a"}, "source.documents.control: ", id="no XML"
        ),
        pytest.param(
            {"source__documents__control": "<DERProgram/>"},
            "is neither DERControl nor DefaultDERControl",
            id="another resource",
        ),
        pytest.param(
            {"source__documents": {"control": control_xml(), "/c": "<!DOCTYPE a>"}},
            "source.documents./c",
            id="a link that is no XML",
        ),
        pytest.param(
            {
                "source": {"protocol": "openadr", "revision": "3.1", "documents": {"event": {}}},
                "context": {"binding": {"curv": "volt_var"}},
            },
            "context.curv: is no key of a binding; did you mean 'curve'?",
            id="a contract with an unknown key",
        ),
    ],
)
def test_what_cannot_be_played_is_named(changes, problem):
    with pytest.raises(DocumentError) as caught:
        case_of(vector_of(a_vector(**changes)), KNOWN)
    assert problem in str(caught.value)


def test_a_control_that_nothing_identifies_is_refused():
    anonymous = control_xml().replace("<mRID>00000000000000000000000A0000CAFE</mRID>", "")
    found = played(
        source__documents={"control": anonymous},
        expect={"messages": [], "loss_kinds": ["unsupported"], "response_status": 253},
    )
    assert found == []


def test_how_a_station_breaks_ties_is_taken_and_changes_nothing():
    assert played(context={"dialect": {"der_tie": "first_come"}}) == []
