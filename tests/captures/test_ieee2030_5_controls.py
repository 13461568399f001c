"""Every control that real 2030.5 servers sent, and what becomes of it: told to a station, or refused.

`ieee2030_5_controls.txt` is the table: what was served and how often, what the station is told (or why it is
not), the kinds of loss. The station is a 22 kW one that discharges 16 kW, with one transaction running at
0 W; all is read as 2018 writes it.
"""

import re
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from support.translation import a_station, book, running, situation
from translators.canonical.commands import Revision
from translators.chain import Case, travel
from translators.errors import DocumentError
from translators.ieee2030_5 import xml
from translators.ieee2030_5.inbound import ProgramContext, Served

TABLE = Path(__file__).with_name("ieee2030_5_controls.txt")
NOW = datetime(2026, 11, 22, tzinfo=UTC)
CONTEXT = ProgramContext("dso", "CS1", Revision.IEEE2030_5_2018, "0A", 1, NOW)
CONTROLS = {"DERControl", "DefaultDERControl"}
SERVED = {
    "envoy-1.5.0-aggregator": 214,
    "envoy-1.5.0-device": 9,
    "envoy-2.2.0-aggregator": 238,
    "envoy-2.2.0-device": 9,
    "gridappsd-2030-5-0.0.2a37": 20,
}
OF_THE_EVENT = {"isDefault", "controlType", "controlId"}
BESIDE = {"startTime", "duration", "priority"}


def within(resource):
    """Yield a resource and all that stands in it."""
    yield resource
    for child in resource.children:
        yield from within(child)


def recorded(folder):
    """Yield every resource of every body: answers, notifications, what an operator entered."""
    for path in sorted(folder.iterdir()):
        if path.name == "index.json":
            continue
        try:
            yield from within(xml.parse(path.read_bytes()))
        except DocumentError:
            continue  # what these are stands in test_ieee2030_5_captures.py


def controls(folder):
    return [resource for resource in recorded(folder) if resource.name in CONTROLS]


def curves(folder):
    found = (resource for resource in recorded(folder) if resource.name == "DERCurve")
    return {curve.attributes["href"]: curve for curve in found if "href" in curve.attributes}


def asked(control):
    """What a control asks for, mode by mode, in the numbers of its document."""
    (base,) = (child for child in control.children if child.name == "DERControlBase")
    beside = [child for child in control.children if child.name.startswith("set")]
    modes = ", ".join(mode(child) for child in [*base.children, *beside])
    return f"{'default: ' if control.name == 'DefaultDERControl' else ''}{modes or 'nothing'}"


def mode(child):
    if "href" in child.attributes:
        return f"{child.name} at {child.attributes['href']}"
    parts = {part.name: part.text for part in child.children}
    if parts.keys() == {"value", "multiplier"}:
        return f"{child.name} {parts['value']}e{parts['multiplier']}"
    told = child.text or " ".join(f"{name} {text}" for name, text in parts.items())
    return f"{child.name} {told}"


def told(message):
    """A message in one line, without ids and times."""
    if message.action == "SetDERControl":
        (slot,) = (key for key in message.payload if key not in OF_THE_EVENT)
        members = {k: v for k, v in message.payload[slot].items() if k not in BESIDE}
        return f"{message.payload['controlType']} {plain(members)}"
    profile = message.payload["chargingProfile"]
    (schedule,) = profile["chargingSchedule"]
    (period,) = schedule["chargingSchedulePeriod"]
    members = {k: v for k, v in period.items() if k != "startPeriod"}
    unit = schedule["chargingRateUnit"]
    return f"{profile['chargingProfilePurpose']} {plain(members)} {unit}"


def plain(members):
    return " ".join(
        f"{name} {plain(value) if isinstance(value, dict) else value}"
        for name, value in members.items()
    )


def outcome(control, links):
    """What becomes of a control: (what is told or refused, kinds of loss)."""
    case = Case(Served(control, links, CONTEXT), a_station(), situation(running(0)))
    gone = travel(book(), case)
    orders = gone.value.orders
    lines = [told(message) for message in orders.messages]
    lines += [f"{function} is followed" for function in orders.vacuous]
    lines += [f"{r.outcome.value}: {r.where} {r.problem}" for r in gone.refusals]
    return "; ".join(lines) or "nothing to do", " ".join(
        sorted({x.kind.value for x in gone.losses})
    )


def table(captures):
    rows = Counter()
    for name in SERVED:
        folder = captures / "ieee2030_5" / name
        links = curves(folder)
        for control in controls(folder):
            rows[asked(control), *outcome(control, links)] += 1
    return [f"{n:>3} | {' | '.join(row)}".rstrip(" |") for row, n in sorted(rows.items())]


@pytest.mark.parametrize("name", SERVED)
def test_every_control_that_was_served_is_found(captures, name):
    assert len(controls(captures / "ieee2030_5" / name)) == SERVED[name]


def test_every_control_is_mapped_or_refused_as_the_table_says(captures):
    found = table(captures)
    assert found == TABLE.read_text(encoding="utf-8").splitlines()
    assert sum(int(row.partition(" |")[0]) for row in found) == sum(SERVED.values())


def test_no_control_is_neither_told_nor_followed_nor_refused(captures):
    silent = [row for row in table(captures) if "nothing to do" in row]
    assert silent
    assert all(re.match(r" *\d+ \| default: nothing \| nothing to do$", row) for row in silent)
