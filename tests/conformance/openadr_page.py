"""`python tests/conformance/openadr_page.py` runs what openadr_requirements.yaml names, and writes the page.

A requirement is met where all of its tests pass: where one of them fails, or is skipped, nothing is written.
What becomes of a payload type is what a translation makes of one value, in both editions.
"""

import subprocess
import sys
from fractions import Fraction
from functools import cache
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from conformance.openadr_samples import CONTRACTS, POLICIES, SAMPLES
from ruamel.yaml import YAML

from support.openadr import a_context, one, told
from support.places import ROOT

REQUIREMENTS = Path(__file__).with_name("openadr_requirements.yaml")
PAGE = ROOT / "docs" / "conformance" / "openadr.md"
INTRO = """# OpenADR 3: what is met, and where

Written by `python tests/conformance/openadr_page.py`, which runs every test that stands here and writes
nothing where one of them does not pass; a test compares the page with what the rules make. Paths are below
`tests/`. The editions are 3.0.1 (here 3.0) and 3.1.0 (here 3.1). None of this is a certification.

## Requirements

| requirement | clause | result | where |
|---|---|---|---|
"""
OPEN = """
## What is not met

| what | why |
|---|---|
"""
PAYLOADS = """
## Payload types of events

What a station of 22 kW, which discharges 16 kW and draws 5 kW in one transaction, is told of one hour with
one value. *mapped*: a control; *information*: recorded, power does not move; *refused*: by its name, the
utility is told by OPERATING_STATE, and neighbours in the same event go on.

| payload type | editions | value | alone | by contract of the program, or by policy of the site |
|---|---|---|---|---|
"""
REPORTS = """
## Payload types of reports

| payload type | told |
|---|---|
"""

BASELINE = Fraction(-5000)
"""What flows when a relative setpoint begins: the station draws 5 kW."""
_PROGRAM = " (program 'flex')"


def page():
    """Return the page as the rules and the requirements have it now."""
    return "".join(
        (
            INTRO,
            *(_requirement(row) for row in _known()["requirements"]),
            OPEN,
            *(f"| {what} | {why} |\n" for what, why in _known()["not met"].items()),
            PAYLOADS,
            *(_payload(kind, editions) for kind, editions in _types("event").items()),
            REPORTS,
            *_reports(),
        )
    )


def evidence():
    """Return each test that a requirement names, as pytest names it."""
    return sorted(
        {
            f"tests/{file}::{test}"
            for row in _known()["requirements"]
            for file, tests in _places(row)
            for test in tests
        }
    )


@cache
def _known():
    return YAML(typ="safe", pure=True).load(REQUIREMENTS.read_text(encoding="utf-8"))


def _places(row):
    """Return the files of a requirement, each with its tests."""
    return [(_known()["files"][name], tests) for name, tests in row["where"].items()]


def _requirement(row):
    where = "<br>".join(
        f"`{file}`: " + " · ".join(f"`{test}`" for test in tests) for file, tests in _places(row)
    )
    return f"| {row['what']} | {row['clause']} | met | {where} |\n"


def _types(subject):
    """Return the payload types that the coverage lists know, with the editions that have them."""
    known = {}
    for document in _documents("coverage/openadr.yaml", "openadr/upward.yaml"):
        if document["kind"] == "Coverage" and document["subject"]["type"] == subject:
            editions = document["subject"]["revisions"]
            known |= dict.fromkeys(document["leaves"], tuple(editions))
            for edition, leaves in document.get("only", {}).items():
                known |= dict.fromkeys(leaves, (edition,))
    return known


def _documents(*files):
    for file in files:
        text = (ROOT / "mappings" / file).read_text(encoding="utf-8")
        yield from YAML(typ="safe", pure=True).load_all(text)


def _payload(kind, editions):
    values, units = SAMPLES[kind]
    alone = _became(_event(kind, values, units), editions)
    also = [
        f"{name}: {_became(event, editions, *bindings, **changes)}"
        for name, event, bindings, changes in _meanings(kind)
    ]
    value = f"{_written(values)} {units}".strip()
    return f"| {kind} | {' '.join(editions)} | {value} | {alone} | {'<br>'.join(also) or '—'} |\n"


def _event(kind, values, units):
    described = {"units": units} if units else {"payloadDescriptors": []}
    return one(kind, *values, **described)


def _meanings(kind):
    """Yield what gives a payload type a meaning: its name, the event, bindings, the rest of the context."""
    for of, binding, values, units in CONTRACTS:
        if of == kind:
            said = ", ".join(f"`{key}: {value}`" for key, value in binding.items())
            written = f"{said}, {_written(values)} {units}".strip()
            yield written, _event(kind, values, units), ({"payload": kind, **binding},), {}
    for of, policy in POLICIES:
        if of == kind:
            ((key, answer),) = policy.items()
            yield f"`{key}: {answer}`", _event(kind, *SAMPLES[kind]), (), {"policy": policy}


def _became(event, editions, *bindings, **changes):
    """Return what becomes of an event, in a word and what the station is told; alike in every edition."""
    found = {
        told(event, a_context(*bindings, revision=it, **changes), baseline_w=BASELINE)[0]
        for it in editions
    }
    (text,) = found
    if text.startswith("refused: "):
        return f"*refused*: {text.removeprefix('refused: ').removesuffix(_PROGRAM)}"
    word = "information" if text.startswith(("Alert.", "Price.")) else "mapped"
    return f"*{word}*: {text}"


def _written(values):
    if all(isinstance(value, dict) for value in values):
        return " ".join(f"({value['x']}; {value['y']})" for value in values)
    return " ".join(map(str, values))


def _reports():
    never = {}
    for document in _documents("openadr/upward.yaml"):
        if document["kind"] == "Coverage":
            never |= document.get("never", {})
    told_of = {
        document["report"]["document"]
        for document in _documents("openadr/upward.yaml")
        if "report" in document
    }
    for kind in _types("report"):
        why = next((why for name, why in never.items() if _fits(kind, name)), "")
        assert (kind in told_of) is not bool(why), kind
        yield f"| {kind} | {f'never: {why}' if why else 'yes'} |\n"


def _fits(kind, name):
    return kind.startswith(name[:-1]) if name.endswith("*") else kind == name


def _proved():
    """Run every test that is named; exit where one of them does not pass."""
    command = [sys.executable, "-m", "pytest", "-q", "-n0", "-rs", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, *evidence()], cwd=ROOT, capture_output=True, text=True, check=False
    )
    words = done.stdout.splitlines()
    if done.returncode or " skipped" in words[-1]:
        raise SystemExit("\n".join(words[-40:]))
    return words[-1]


if __name__ == "__main__":
    print(_proved())  # noqa: T201 - the command's own words
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")
