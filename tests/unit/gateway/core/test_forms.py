"""The forms in which what was heard is kept: exact there and back."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any, get_args

import orjson
import pytest

from gateway.core.events import Event, ReplyStatus
from gateway.core.forms import form_of
from gateway.core.orders import RulesReplaced
from support.engine_bench import NOON, a_command, a_profile
from translators.canonical.capability import StationProfile
from translators.canonical.commands import DerCommand
from translators.canonical.telemetry import Phase, Quality, Sample
from translators.errors import ModelError
from translators.rules.trace import Step
from translators.units import Kind


@dataclass(frozen=True, slots=True)
class Inner:
    number: int


@dataclass(frozen=True, slots=True)
class Other:
    text: str


@dataclass(frozen=True, slots=True)
class Outer:
    one: Inner | Other
    many: tuple[Inner, ...] = ()
    made: int = field(default=7, init=False)


type Either = Inner | Other


def through_json(hint, value):
    form = form_of(hint)
    return form.read(orjson.loads(orjson.dumps(form.write(value))))


A_STEP = Step("r", ("c",), "scale10 -3", "a", Fraction(1, 3), "b", 5, "base", "control")


@pytest.mark.parametrize(
    ("hint", "value"),
    [
        (str, "☀"),
        (float, 0.1 + 0.2),
        (int | None, None),
        (int | None, 3),
        (Any, {"a": [1, 2.5, None, {"b": True}]}),
        (ReplyStatus, ReplyStatus.NO_ANSWER),
        (Fraction, Fraction(1, 3)),
        (datetime, datetime(2026, 12, 1, 12, 0, 0, 1, tzinfo=UTC)),
        (timedelta, timedelta(days=-1, microseconds=3)),
        (bytes, b"\x00\xff"),
        (frozenset[str], frozenset({"b", "a"})),
        (tuple[float, float], (0.25, 0.5)),
        (tuple[int, ...], (1, 2, 3)),
        (dict[str, timedelta], {"dso": timedelta(seconds=2)}),
        (Outer, Outer(Other("x"), (Inner(1), Inner(2)))),
        (Either, Inner(3)),
        (DerCommand, a_command()),
        (StationProfile, a_profile()),
        (Step, A_STEP),
        (Sample, Sample("CS1", None, Kind.POWER, 7, NOON, Phase.L1, Quality.QUESTIONABLE, 3)),
    ],
)
def test_a_value_comes_back_as_it_went(hint, value):
    assert through_json(hint, value) == value


@pytest.mark.parametrize("kind", [k for k in get_args(Event.__value__) if k is not RulesReplaced])
def test_every_event_has_a_form(kind):
    assert form_of(kind)


def test_what_was_kept_before_a_field_was_there_is_still_read():
    document = {"one": {"$type": "Inner", "number": 1}}
    assert form_of(Outer).read(document) == Outer(Inner(1))


@pytest.mark.parametrize("hint", [complex, list[int], dict[int, str], set[str]], ids=str)
def test_a_type_without_a_form_says_so_before_any_value_is_written(hint):
    with pytest.raises(ModelError, match="has no form"):
        form_of(hint)


@pytest.mark.parametrize(
    ("hint", "document", "problem"),
    [
        (Outer, {"one": {"$type": "Nobody"}}, "is no known type"),
        (Outer, {"one": 5}, "is no known type"),
        (Outer, {}, "is no Outer"),
        (Outer, {"one": {"$type": "Inner", "number": 1}, "two": 2}, "is no Outer"),
        (Outer, [], "is no Outer"),
    ],
)
def test_what_does_not_fit_names_what_it_should_be(hint, document, problem):
    with pytest.raises(ModelError, match=problem):
        form_of(hint).read(document)
