"""What real 2030.5 servers sent: every body is read or refused by name, and whole folders are walked."""

import json
from collections import Counter
from datetime import UTC, datetime
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

import pytest

from support.engine_bench import the_book
from support.walk_bench import a_course, gone, offsets, served, states
from translators.canonical.commands import Revision
from translators.canonical.controls import PowerLimit
from translators.canonical.telemetry import ControlOutcome
from translators.errors import DocumentError
from translators.ieee2030_5 import xml
from translators.ieee2030_5.inbound import ProgramContext, to_command

READ, CUT, JSON, HTML = "read", "is not well-formed XML", "is not XML", "is HTML"
FOLDERS = {
    "envoy-1.5.0-aggregator": {READ: 287, CUT: 1, JSON: 2},
    "envoy-1.5.0-device": {READ: 64},
    "envoy-2.2.0-aggregator": {READ: 302, CUT: 1, JSON: 2},
    "envoy-2.2.0-device": {READ: 64},
    "gridappsd-2030-5-0.0.2a37": {READ: 55, CUT: 1, HTML: 27},
}


@pytest.fixture
def folder(captures):
    return captures / "ieee2030_5"


def outcome(data):
    try:
        xml.parse(data)
    except DocumentError as exc:
        return next(reason for reason in (CUT, JSON, HTML) if exc.problem.startswith(reason))
    return READ


def test_every_folder_is_known(folder):
    assert {path.name for path in folder.iterdir()} == set(FOLDERS)


@pytest.mark.parametrize("name", FOLDERS)
def test_every_body_is_read_or_refused_by_name(folder, name):
    bodies = [path for path in (folder / name).iterdir() if path.name != "index.json"]
    assert Counter(outcome(path.read_bytes()) for path in bodies) == FOLDERS[name]


@pytest.mark.parametrize("name", FOLDERS)
def test_what_is_read_can_be_written_and_read_again(folder, name):
    for path in (folder / name).glob("*.xml"):
        if outcome(path.read_bytes()) == READ:
            found = xml.parse(path.read_bytes())
            assert said(xml.parse(xml.render(found))) == said(found), path.name


def said(resource):
    children = [said(child) for child in resource.children]
    return resource.name, resource.namespace, resource.text, dict(resource.attributes), children


def bodies_until(folder, last):
    """Return what each path answered last, up to exchange `last`; pages are put together."""
    index = json.loads((folder / "index.json").read_text())
    bodies, pages = {}, {}
    for exchange in index["exchanges"]:
        if exchange["n"] > last or exchange.get("method") != "GET":
            continue
        url = urlsplit(exchange["path"])
        if exchange["status"] != HTTPStatus.OK:
            bodies[url.path] = exchange["status"]
            continue
        body = (folder / exchange["response_body"]).read_bytes()
        start = int(parse_qs(url.query).get("s", ["0"])[0])
        before = pages.get(url.path, [])[:start]
        if outcome(body) != READ or len(before) < start:
            continue
        found = xml.parse(body)
        pages[url.path] = [*before, *found.children]
        if int(found.attributes.get("all", "0")) <= len(pages[url.path]):
            bodies[url.path] = xml.render(found._replace(children=tuple(pages[url.path])))
    clock = next(item["t"] for item in index["exchanges"] if item["n"] == last)
    return bodies, clock


def course_of(folder, last, lfdi, pin=111115):
    bodies, clock = bodies_until(folder, last)
    course = a_course(bodies, lfdi=lfdi, pin=pin)
    course.utc = clock
    return course


def commands(changes, revision=Revision.IEEE2030_5_2018):
    """Translate what was served; return each by its mRID, or what was refused."""
    book = the_book()
    found = {}
    for change in changes:
        if hasattr(change, "control"):
            context = ProgramContext(
                "dso", "CS1", revision, change.program.key, change.program.primacy, NOW
            )
            found[change.mrid] = to_command(book, change.control, change.curves, context)
    return found


NOW = datetime(2026, 11, 22, tzinfo=UTC)
DEVICE = "99E232B6496B98C69467B8ABC8D0D6DE08A73446"
GRIDAPPSD = "7229F2C2E82EC68F49EB9B285DC301C33DDA8BB1"


def kinds(found):
    return {
        int(mrid, 16) >> 32: (
            read.value.primacy,
            *(type(it).__name__ for it in read.value.controls),
        )
        for mrid, read in found.items()
    }


def test_envoy_is_walked_from_the_top_to_its_controls(folder):
    course = course_of(folder / "envoy-2.2.0-device", 40, DEVICE)
    changes = course.settle()
    up, problem = states(changes)[-1]
    assert up
    assert "/edev/10/fsa/2/derp: HTTP 404" in problem  # was never recorded
    assert [abs(offset) < 120 for offset in offsets(changes)] == [True]
    assert kinds(commands(changes)) == {
        0x300000000000000000000019: (1, "PowerLimit"),
        0x30000000000000000000001A: (1, "PowerLimit", "PowerLimit"),
        0x30000000000000000000001B: (1, "Energize"),
        0x30000000000000000000001C: (0, "PowerLimit"),
        0x100000000000000100000001: (
            1,
            "PowerLimit",
            "PowerLimit",
            "PowerLimit",
            "StorageTarget",
            "Gradients",
        ),
    }


def test_values_of_envoy_are_those_that_were_entered(folder):
    found = commands(course_of(folder / "envoy-2.2.0-device", 40, DEVICE).settle())
    limits = {
        (control.on.value, control.value.value)
        for read in found.values()
        for control in read.value.controls
        if isinstance(control, PowerLimit) and not read.value.is_default
    }
    assert limits == {("import", 6000), ("export", 0), ("load", 3000), ("import", 35000)}


def test_a_cancelled_control_of_envoy_is_withdrawn(folder):
    course = course_of(folder / "envoy-2.2.0-device", 40, DEVICE)
    course.settle()
    course.bodies, _ = bodies_until(folder / "envoy-2.2.0-device", 55)
    changes = course.later(100)
    assert gone(changes) == {"30000000000000000000001900009F1C": "cancelled"}
    assert served(changes) == []


def test_a_device_that_envoy_does_not_know_is_told_so(folder):
    course = course_of(folder / "envoy-2.2.0-device", 6, DEVICE)
    up, problem = states(course.settle())[-1]
    assert not up
    assert f"lists no EndDevice with the LFDI {DEVICE}" in problem
    assert "does not register in band either (HTTP 403)" in problem


def test_gridappsd_is_walked_in_spite_of_its_errors(folder):
    course = course_of(folder / "gridappsd-2030-5-0.0.2a37", 66, GRIDAPPSD)
    changes = course.settle()
    for _ in range(6):  # its curves answer 500; they are given up
        changes += course.later(15)
    found = commands(changes)
    assert set(found) == {f"{number:032X}" for number in range(1, 18) if number != 13}
    assert gone(changes) == {f"{13:032X}": "cancelled"}
    assert {int(mrid, 16): len(read.refusals) for mrid, read in found.items() if read.refusals} == {
        1: 1,
        11: 9,
        14: 1,
        17: 1,
    }  # a dangling curve, nine of them, 120 %, and one that asks for nothing
    outcomes = {refusal.outcome for read in found.values() for refusal in read.refusals}
    assert outcomes == {ControlOutcome.INVALID}
    first = found[f"{1:032X}"].value.controls
    assert [type(control).__name__ for control in first] == [
        "FixedPowerFactor",
        "FreqDroop",
        "PowerLimit",
    ]
    assert "/derp_0_dderc: HTTP 404" in states(changes)[-1][1]
