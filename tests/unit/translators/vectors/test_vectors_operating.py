"""Vectors of IEC 61850: what a client operates, as JSON."""

from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction

import pytest

from translators.errors import DocumentError
from translators.vectors.operating import operated


def document(**changes):
    told = {"node": "DWMX1", "values": {"WMaxSptPct.ctlVal": Decimal("50.5")}, **changes}
    return operated("A", "iec-7-420-ed2", 3, told, Fraction(60))


def test_a_document_has_its_values_and_its_surroundings():
    made = document(
        at="2026-11-05T08:30:00Z",
        operTm="2026-11-05T10:00:00+01:00",
        duration=900,
        settings={"VArSetRef.setVal": 1},
        beside={"DLFW": {"HzStr.setMag": 59}},
        site={"side": "load"},
    )
    context = made.context
    assert made.values == {"WMaxSptPct.ctlVal": Decimal("50.5")}
    assert context.server_time == datetime(2026, 11, 5, 8, 30, tzinfo=UTC)
    assert context.oper_time == datetime(2026, 11, 5, 9, tzinfo=UTC)
    assert (context.station, context.profile, context.primacy) == ("A", "iec-7-420-ed2", 3)
    assert (context.duration_s, context.nominal_frequency_hz) == (900, 60)
    assert (context.settings, context.site) == ({"VArSetRef.setVal": 1}, {"side": "load"})
    assert context.beside == {"DLFW": {"HzStr.setMag": 59}}


def test_what_is_left_out_has_a_default():
    context = document().context
    assert context.server_time == datetime(1970, 1, 1, tzinfo=UTC)
    assert (context.oper_time, context.duration_s) == (None, None)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"at": "soon"}, "at: should be an instant"),
        ({"at": "2026-11-05T08:30:00"}, "at: should say its offset from UTC"),
        ({"node": "nothing"}, "is no logical node"),
        ({"values": []}, "values"),
        ({"value": {}}, "value: is no key of this form"),
        ({"duration": "900"}, "duration"),
    ],
)
def test_what_is_no_document_is_named(changes, problem):
    with pytest.raises(DocumentError, match=problem) as error:
        document(**changes)
    assert error.value.where == "source.documents.operate"
