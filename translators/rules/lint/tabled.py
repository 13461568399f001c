"""Checks against the fallback table: a rule that no cell names is carried out at no station."""

from __future__ import annotations

from translators.rules.fallback_schema import Fallback
from translators.rules.lint.findings import Findings, Ground

_SENDS_NOTHING = frozenset({"refuse", "information"})
"""Operators that a cell need not name: it says itself that nothing is sent."""


def tabled(ground: Ground) -> Findings:
    """Find target rules that compose a message and that no cell of the table names."""
    cells = [
        cell.by
        for document in ground.documents
        if isinstance(document.model, Fallback)
        for row in document.model.rows
        for _, cell in row.cells()
    ]
    for rule in ground.targets if cells else ():
        model = rule.model
        if model.metadata.id not in cells and model.target.operator not in _SENDS_NOTHING:
            hint = f"name it under by: in the row of {' or '.join(model.canonical)}"
            yield ground.error(rule, ["target"], "no cell of the fallback table names it", hint)
