"""Builders for what a client of IEC 61850 operates, with the shipped book."""

from datetime import UTC, datetime
from fractions import Fraction

from support.translation import a_station, book
from translators.canonical.capability import Situation
from translators.chain import Case, travel
from translators.iec61850.context import OperateContext
from translators.iec61850.inbound import Operated

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
ED2, CEI, NL, MESA = "iec-7-420-ed2", "cei-0-16-annex-t", "nl-rti", "mesa-names"
PROFILES = (ED2, CEI, NL, MESA)


def in_node(node, profile=ED2, **changes):
    known = {"utility": "dso", "station": "CS1", "primacy": 7, "server_time": NOW}
    nominal = {"nominal_frequency_hz": Fraction(60)}
    return OperateContext(node=node, profile=profile, **{**known, **nominal, **changes})


def operated(node, values, profile=ED2, **changes):
    """Return what was operated; values by reference, floats as FLOAT32."""
    return Operated(values, in_node(node, profile, **changes))


def read(node, values, profile=ED2, **changes):
    return operated(node, values, profile, **changes).read(book())


def read_one(node, values, profile=ED2, **changes):
    """Return the one control that was operated."""
    (command,) = read(node, values, profile, **changes).value
    (control,) = command.controls
    return control


def sent(node, values, profile=ED2, *, station=None, situation=None, **changes):
    """Return the payloads that a station gets."""
    case = Case(
        operated(node, values, profile, **changes),
        station or a_station(),
        situation or Situation(),
    )
    return [message.payload for message in travel(book(), case).value.orders.messages]


def curve_values(name, points):
    """Return the references of a curve from `x y, x y`."""
    rows = [row.split() for row in points.split(",")]
    made = {}
    for number, (x, y) in enumerate(rows):
        made[f"{name}.crvPts[{number}].xVal"] = x
        made[f"{name}.crvPts[{number}].yVal"] = y
    return {**made, f"{name}.numPts": len(rows)}
