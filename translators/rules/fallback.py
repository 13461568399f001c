"""The fallback table against the rules: every cell can be carried, every control has a row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from translators.rules.canonical import CLASSES, names
from translators.rules.fallback_schema import Cell, Fallback, Row
from translators.rules.target import TargetRule


def check(table: Fallback, targets: Iterable[TargetRule]) -> Iterator[str]:
    """Yield a line for every cell whose rule cannot carry it, and every control without a row."""
    by_id = {rule.model.metadata.id: rule for rule in targets}
    for row in table.rows:
        if row.control not in CLASSES:
            yield f"{row.name}: is no canonical control"
            continue
        unknown = sorted(set(row.match) - names(CLASSES[row.control]))
        if unknown:
            yield f"{row.name}: {unknown[0]} is no field of {row.control}"
        for column, cell in row.cells():
            yield from _carried(row, column, cell, by_id.get(cell.by))
    missing = sorted(set(CLASSES) - {row.control for row in table.rows})
    if missing:
        yield f"no row for {', '.join(missing)}"


def _carried(row: Row, column: str, cell: Cell, rule: TargetRule | None) -> Iterator[str]:
    where = f"{row.name}.{column}"
    if cell.by and rule is None:
        yield f"{where}: {cell.by} is no rule of a target"
    if rule is None:
        return
    version = "2.0.1" if column == "ocpp201" else "2.1"
    if version not in rule.model.target.versions or row.control not in rule.model.canonical:
        yield f"{where}: {cell.by} does not carry {row.control} on OCPP {version}"
