"""Curves drawn as SVG: what a utility asked for, and what a station is told, on the same axes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from translators.explain.markup import Markup, tag

_WIDTH, _HEIGHT = 640, 320
_LEFT, _RIGHT, _TOP, _BOTTOM = 84, 28, 16, 44
_TICKS = 6
_SLACK = 1e-9
"""What binary fractions may be off."""

type Points = Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Picture:
    """A curve before and after, in the units of the wire; `bounds` are what y was cut to, if it was."""

    name: str
    asked: Points
    sent: Points
    y_label: str
    x_label: str = ""
    bounds: tuple[float, float] | None = None

    @property
    def is_line(self) -> bool:
        """Say whether there is a line to see: a single vertex is a row of a table."""
        return len(self.asked) > 1 or len(self.sent) > 1


@dataclass(frozen=True, slots=True)
class _Scale:
    """One axis: values to pixels."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return round(self.start + share * (self.end - self.start), 1)


def draw(picture: Picture) -> Markup:
    """Return the picture; colour is never alone: lines differ in dash, points in form."""
    everything = [*picture.asked, *picture.sent]
    x = _scale([point[0] for point in everything], _LEFT, _WIDTH - _RIGHT)
    y = _scale([point[1] for point in everything], _HEIGHT - _BOTTOM, _TOP)
    return tag(
        "svg",
        tag("title", f"{picture.name}: {picture.y_label} over {picture.x_label}"),
        *_grid(x, y),
        *_bounds(picture, x, y),
        _line(picture.asked, x, y, "asked"),
        *(_dot(point, x, y) for point in picture.asked),
        _line(picture.sent, x, y, "sent"),
        *(_square(point, x, y) for point in picture.sent),
        *_labels(picture),
        viewBox=f"0 0 {_WIDTH} {_HEIGHT}",
        role="img",
        class_="curve",
    )


def _scale(values: Sequence[float], start: float, end: float) -> _Scale:
    """Return an axis with a little room on both sides of the values."""
    low, high = min(values), max(values)
    room = (high - low) * 0.06 or max(abs(high), 1.0) * 0.06
    return _Scale(low - room, high + room, start, end)


def ticks(low: float, high: float) -> list[float]:
    """Return round numbers between two values, about six."""
    rough = (high - low) / _TICKS * (1 - _SLACK)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * n for n in (1, 2, 5, 10) if power * n >= rough)
    first, last = math.ceil(low / step - _SLACK), math.floor(high / step + _SLACK)
    return [n * step for n in range(first, last + 1)]


def number(value: float) -> str:
    """Return a number as a label has it, to nine decimals."""
    return f"{round(value, 9) + 0.0:.12g}"


def _grid(x: _Scale, y: _Scale) -> Iterator[Markup]:
    bottom, right = _HEIGHT - _BOTTOM, _WIDTH - _RIGHT
    for value in ticks(x.low, x.high):
        at = x(value)
        yield tag("line", x1=at, y1=_TOP, x2=at, y2=bottom, class_="grid")
        yield tag("text", number(value), x=at, y=bottom + 16, text_anchor="middle")
    for value in ticks(y.low, y.high):
        at = y(value)
        yield tag("line", x1=_LEFT, y1=at, x2=right, y2=at, class_="grid")
        yield tag("text", number(value), x=_LEFT - 6, y=at + 4, text_anchor="end")


def _bounds(picture: Picture, x: _Scale, y: _Scale) -> Iterator[Markup]:
    for bound in picture.bounds or ():
        if y.low < bound < y.high:
            at = y(bound)
            yield tag("line", x1=x.start, y1=at, x2=x.end, y2=at, class_="bound")
            yield tag("text", f"cut at {number(bound)}", x=x.end - 4, y=at - 5, text_anchor="end")


def _line(points: Points, x: _Scale, y: _Scale, kind: str) -> Markup:
    path = " ".join(f"{x(a)},{y(b)}" for a, b in points)
    return tag("polyline", points=path, class_=kind)


def _dot(point: tuple[float, float], x: _Scale, y: _Scale) -> Markup:
    return tag("circle", cx=x(point[0]), cy=y(point[1]), r=6, class_="asked")


def _square(point: tuple[float, float], x: _Scale, y: _Scale) -> Markup:
    return tag("rect", x=x(point[0]) - 3, y=y(point[1]) - 3, width=6, height=6, class_="sent")


def _labels(picture: Picture) -> Iterator[Markup]:
    middle = (_TOP + _HEIGHT - _BOTTOM) / 2
    yield tag("text", picture.x_label, x=(_LEFT + _WIDTH) / 2, y=_HEIGHT - 8, text_anchor="middle")
    turned = f"translate(14 {middle}) rotate(-90)"
    yield tag("text", picture.y_label, transform=turned, text_anchor="middle")
