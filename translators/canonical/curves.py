"""Curves as exact polylines."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from translators.canonical.swift import swift
from translators.units import Unit


@swift
@dataclass(frozen=True, slots=True)
class Vertex:
    """One point of a polyline; the units stand with the curve."""

    x: Fraction
    y: Fraction


@swift
@dataclass(frozen=True, slots=True)
class Curve:
    """A polyline in the order of its source; x never falls, equal x is a step."""

    points: tuple[Vertex, ...]
    x_unit: Unit
    y_unit: Unit
