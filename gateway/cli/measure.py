"""`dergate bench`: what the gateway's own work costs, as ratios in one run."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated, Literal

import typer

from gateway.bench.clock import Ratio, compare
from gateway.bench.pairs import durability, framing, translation, validation


def bench(
    rounds: Annotated[int, typer.Option(help="Alternating rounds; the minimum counts.")] = 5,
    calls: Annotated[int, typer.Option(help="Calls in each round.")] = 500,
    output: Annotated[Literal["table", "json"], typer.Option("-o", "--output")] = "table",
) -> None:
    """Measure CPU microseconds against a baseline each; compare only figures of one run."""
    found = [
        compare(pair, rounds=rounds, calls=calls)
        for pair in (translation(), validation(), framing())
    ]
    with durability() as pair:
        found.append(compare(pair, rounds=rounds, calls=calls))
    typer.echo(_json(found) if output == "json" else _table(found))


def _json(found: list[Ratio]) -> str:
    return json.dumps([asdict(item) | {"times": item.times} for item in found], indent=1)


def _table(found: list[Ratio]) -> str:
    lines = []
    for item in found:
        lines.append(f"{item.micros:9.2f} µs  {item.name}")
        lines.append(f"{item.baseline_micros:9.2f} µs  {item.baseline}: {item.times:.2f} of them")
    return "\n".join(lines)
