"""Names of values in the commands of one event: each interval has its own, the first keeps the plain ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from translators.rules.trace import Step


def name_in(number: int, name: str) -> str:
    """Return the name of a value of the interval at a place (from 0) among the commands of an event."""
    return f"[{number}] {name}" if number else name


def read_in(number: int, steps: Sequence[Step]) -> Iterator[Step]:
    """Yield the steps of reading an interval: what they make is named by it, places in documents are not."""
    made: set[str] = set()
    for step in steps:
        source = name_in(number, step.source) if step.source in made else step.source
        made.add(step.target)
        yield step._replace(source=source, target=name_in(number, step.target)) if number else step
