"""Frozen dataclasses with an `__init__` of their own behave as those of the library."""

import inspect
from dataclasses import FrozenInstanceError, dataclass, field, replace

import pytest

from translators.canonical.swift import changed, swift


@dataclass(frozen=True, slots=True)
class Plain:
    a: int
    b: str = "x"
    c: list[int] = field(default_factory=list)

    def __post_init__(self):
        if self.a < 0:
            raise ValueError("a is negative")


@swift
@dataclass(frozen=True, slots=True)
class Swift:
    a: int
    b: str = "x"
    c: list[int] = field(default_factory=list)

    def __post_init__(self):
        if self.a < 0:
            raise ValueError("a is negative")


@pytest.mark.parametrize(
    ("given", "named"),
    [((1,), {}), ((1, "y"), {}), ((1, "y", [2]), {}), ((), {"a": 1, "c": [3]}), ((1,), {"b": "z"})],
)
def test_it_is_made_of_the_same_arguments(given, named):
    plain, made = Plain(*given, **named), Swift(*given, **named)
    assert (made.a, made.b, made.c) == (plain.a, plain.b, plain.c)


@pytest.mark.parametrize(("given", "named"), [((), {}), ((1, 2, 3, 4), {}), ((1,), {"d": 1})])
def test_wrong_arguments_are_refused(given, named):
    for cls in (Plain, Swift):
        with pytest.raises(TypeError, match=rf"{cls.__name__}.__init__\(\)"):
            cls(*given, **named)


def test_its_default_is_made_for_each_one_anew():
    assert Swift(1).c is not Swift(1).c


def test_it_is_checked_after_it_is_made():
    with pytest.raises(ValueError, match="a is negative"):
        Swift(-1)


def test_it_stays_frozen_comparable_and_replaceable():
    made = Swift(1, "y")
    with pytest.raises(FrozenInstanceError):
        made.a = 2
    assert replace(made, a=2) == Swift(2, "y")
    assert made != Swift(2, "y")
    assert repr(made) == "Swift(a=1, b='y', c=[])"


def test_its_parameters_have_the_same_names_and_types():
    plain, made = (inspect.signature(cls).parameters.values() for cls in (Plain, Swift))
    assert [(p.name, p.annotation, p.kind) for p in made] == [
        (p.name, p.annotation, p.kind) for p in plain
    ]


def test_what_is_changed_is_what_dataclasses_would_replace():
    @swift
    @dataclass(frozen=True, slots=True)
    class Sum:
        left: int
        right: int = 2
        total: int = field(init=False, compare=False)

        def __post_init__(self):
            object.__setattr__(self, "total", self.left + self.right)

    assert changed(Sum(1), left=5) == replace(Sum(1), left=5)
    assert changed(Sum(1), left=5).total == 7
    with pytest.raises(TypeError, match="other"):
        changed(Sum(1), other=5)
