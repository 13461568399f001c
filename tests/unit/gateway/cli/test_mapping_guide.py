"""The pages of mappings/ as their reader uses them: the walk works, nothing of the language is left out."""

import re
import shlex
import shutil
import subprocess
from dataclasses import fields
from typing import Literal, get_args, get_origin

import pytest
from pydantic import BaseModel

from gateway.cli.main import main
from gateway.settings.mappings import mappings_folder
from translators.chain import examples, load_book
from translators.ocpp.dialect import CODECS
from translators.openadr.binding import binding_of
from translators.rules.canonical import CLASSES, ENUMS, needed
from translators.rules.facts import CATALOGUE
from translators.rules.reader import KINDS
from translators.rules.trace import LossKind
from translators.rules.yamltext import documents
from translators.units import Base, parse_unit

_BLOCK = re.compile(r"(?:`([^`\n]+)`:\n)?```(\w+)\n(.*?)```", re.DOTALL)
_PAGES = ("README.md", "reference.md", "canonical.md", "iec61850/README.md")


def page(name):
    return (mappings_folder() / name).read_text(encoding="utf-8")


def section(text, title):
    return text.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def words_of(*pages):
    """Return every word that stands in code, inline or in a block."""
    code = re.findall(r"```.*?```|`[^`]+`", "\n".join(map(page, pages)), re.DOTALL)
    return set(re.findall(r"[A-Za-z_0-9]+", " ".join(code)))


@pytest.fixture
def at_a_copy(tmp_path, monkeypatch):
    shutil.copytree(mappings_folder(), tmp_path / "mappings")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_five_minutes_of_the_readme_do_what_it_says(at_a_copy, capsys):
    ran = []
    for file, _, body in _BLOCK.findall(section(page("README.md"), "Five minutes")):
        if file:
            (at_a_copy / file).parent.mkdir(exist_ok=True)
            (at_a_copy / file).write_text(body)
            continue
        for line in body.splitlines():
            typed, _, promised = line.partition("  # ")
            command = shlex.split(typed)
            if command[0] != "dergate":
                subprocess.run(command, check=True)
                continue
            status, told = re.fullmatch(r"(?:exit (\d): )?(.*)", promised).groups()
            assert main(command[1:]) == int(status or 0), (line, capsys.readouterr())
            assert told, line
            assert told in capsys.readouterr().out, line
            ran.append(command[2])
    assert set(ran) == {"copy", "lint", "test", "coverage", "fmt", "explain", "diff", "docs"}


def models_in(annotation):
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return {annotation}
    return {model for part in get_args(annotation) for model in models_in(part)}


def choices_in(annotation):
    if get_origin(annotation) is Literal:
        return {text for text in get_args(annotation) if isinstance(text, str)}
    parts = (getattr(annotation, "__value__", annotation), *get_args(annotation))
    return {text for part in parts if part is not annotation for text in choices_in(part)}


def models_of_the_language():
    found, left = set(), set(KINDS)
    while left:
        model = left.pop()
        found.add(model)
        for field in model.model_fields.values():
            left |= models_in(field.annotation) - found
    return sorted(found, key=lambda model: model.__name__)


@pytest.mark.parametrize("model", models_of_the_language(), ids=lambda model: model.__name__)
def test_every_key_and_every_choice_of_the_language_is_explained(model):
    known = words_of(*_PAGES)
    keys = {field.alias or name for name, field in model.model_fields.items()}
    choices = {
        word
        for field in model.model_fields.values()
        for text in choices_in(field.annotation)
        for word in re.findall(r"[A-Za-z_0-9]+", text)
    }
    assert sorted((keys | choices) - known) == []


def test_every_canonical_control_stands_there_with_its_fields_and_what_it_needs():
    rows = dict(re.findall(r"^\| `(\w+)` \| [^|]+ \| (.+) \|$", page("canonical.md"), re.MULTILINE))
    assert rows.keys() >= CLASSES.keys()
    for name, cls in CLASSES.items():
        points = "points" if {"curve", "points"} & {item.name for item in fields(cls)} else None
        bold = set(re.findall(r"\*\*(\w+)\*\*", rows[name]))
        assert bold - {points} == needed(cls, with_points=points is not None), name
        told = set(re.findall(r"\w+", rows[name]))
        own = {item.name for item in fields(cls)} - {"curve", "x_unit", "unit"}
        assert own <= told, name
        for item in sorted(own & ENUMS.keys()):
            if name not in {"ReactiveLimit", "ApparentLimit"}:
                assert {member.value for member in ENUMS[item]} <= told, (name, item)


def test_every_fact_stands_in_the_row_of_its_subject():
    text = section(page("canonical.md"), "Facts")
    rows = dict(re.findall(r"^\| `(\w+)`(?:, each)? \| (.+) \|$", text, re.MULTILINE))
    assert rows.keys() == CATALOGUE.keys()
    rows["settings"] += rows["nameplate"]
    for subject, facts in CATALOGUE.items():
        assert set(facts) <= set(re.findall(r"\w+", rows[subject])), subject


def test_units_bases_losses_and_codecs_are_all_named():
    text = section(page("README.md"), "Units")
    for unit in re.findall(r"`([^`]+)`", text.partition(", and of a base")[0])[0].split():
        assert parse_unit(unit)
    assert {base.value for base in Base} <= words_of("README.md")
    assert {kind.value for kind in LossKind} <= words_of("README.md")
    assert set(CODECS) <= words_of("README.md")


def test_the_rules_that_the_pages_show_whole_load_and_pass_their_own_tests():
    blocks = [
        body for name in _PAGES for _, kind, body in _BLOCK.findall(page(name)) if kind == "yaml"
    ]
    whole = [body for body in blocks if "apiVersion:" in body and "kind: Coverage" not in body]
    assert len(whole) == 3
    for body in whole:
        told = [
            fault for example in examples(load_book({"a.yaml": body})) for fault in example.faults
        ]
        assert told == (["value: expected 4 kW, got 4000 W"] if "4 kW" in body else [])


def test_the_contract_of_a_private_type_is_one_that_settings_take():
    (text,) = re.findall(r"`(\{program: P[^`]+\})`", page("README.md"))
    (binding,) = documents("README.md", text)
    assert binding_of(binding).variant == "CONTROL_SETPOINT.fixed_var.inject_positive"
