"""`dergate bench`: what the gateway's own work costs, as ratios in one run."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Annotated, Literal

import typer

from gateway.bench import engine as engine_bench
from gateway.bench import openadr as openadr_bench
from gateway.bench.clock import Ratio, compare
from gateway.bench.mapping import Figures, measure
from gateway.bench.pairs import durability, framing, translation, validation
from gateway.bench.stations import SUBJECTS, Wish, lines
from gateway.bench.wire import Wire

_USED: dict[str, frozenset[str]] = {
    "gateway": frozenset({"rounds", "calls"}),
    "mapping": frozenset({"rounds", "calls"}),
    "engine": frozenset({"rounds", "stations"}),
    "openadr": frozenset({"rounds"}),
    "fanout": frozenset({"rounds", "stations", "peers", "tls", "transport", "stalled", "engine"}),
    "inbound": frozenset({"rounds", "stations", "peers", "tls", "transport"}),
    "connect": frozenset({"rounds", "stations", "tls", "transport", "storm"}),
    "memory": frozenset({"stations", "tls", "transport"}),
}
"""Options that change what a subject measures."""
type Subject = Literal[
    "gateway", "mapping", "engine", "openadr", "fanout", "inbound", "connect", "memory"
]
_MEASURING = sorted({name for options in _USED.values() for name in options})
_STATIONS = 1000
"""Stations that connect, where nobody says."""


def bench(  # noqa: PLR0913 - the options of a command
    context: typer.Context,
    subject: Annotated[
        Subject,
        typer.Argument(
            help="What: single operations, a translation, decisions, events of a VTN, or the station side."
        ),
    ] = "gateway",
    *,
    rounds: Annotated[int, typer.Option(help="Alternating rounds; the minimum counts.")] = 5,
    calls: Annotated[int, typer.Option(help="Calls in each round.")] = 500,
    stations: Annotated[
        str,
        typer.Option(
            help="Stations that connect; engine: how many are known, one or several.", metavar="N,…"
        ),
    ] = "",
    peers: Annotated[
        bool, typer.Option("--peers", help="Foreign servers in the same run.")
    ] = False,
    tls: Annotated[bool, typer.Option("--tls", help="Stations connect by wss.")] = False,
    transport: Annotated[
        Literal["websockets", "picows"], typer.Option(help="Library behind the gateway's endpoint.")
    ] = "websockets",
    stalled: Annotated[
        bool, typer.Option("--stalled", help="fanout: what a station that reads nothing costs.")
    ] = False,
    storm: Annotated[
        bool, typer.Option("--storm", help="connect: all at once, while events go on.")
    ] = False,
    engine: Annotated[
        bool, typer.Option("--engine", help="fanout: the gateway with its engine, too.")
    ] = False,
    output: Annotated[Literal["table", "json"], typer.Option("-o", "--output")] = "table",
    as_json: Annotated[bool, typer.Option("--json", help="The same as -o json.")] = False,
) -> None:
    """Measure CPU microseconds against a baseline each; compare only figures of one run."""
    _refuse_unused(context, subject, stalled=stalled, storm=storm)
    plain, counts = as_json or output == "json", _counts(stations)
    if subject != "engine" and len(counts) > 1:
        raise typer.BadParameter("several numbers of --stations are for engine")
    if subject == "engine":
        scale = engine_bench.measure(counts or engine_bench.SIZES, rounds)
        typer.echo(json.dumps(scale.plain(), indent=1) if plain else "\n".join(scale.lines()))
    elif subject == "openadr":
        events = openadr_bench.measure(rounds)
        typer.echo(json.dumps(events.plain(), indent=1) if plain else "\n".join(events.lines()))
    elif subject in SUBJECTS:
        (count,) = counts or (_STATIONS,)
        wish = Wish(count, rounds, peers, Wire(transport, tls), stalled, storm, engine)
        measured = SUBJECTS[subject](wish)
        typer.echo(json.dumps(measured.plain(), indent=1) if plain else "\n".join(lines(measured)))
    else:
        found = _gateway(rounds, calls) if subject == "gateway" else measure(rounds, calls)
        typer.echo(_json(found) if plain else table(found))


def _refuse_unused(context: typer.Context, subject: str, *, stalled: bool, storm: bool) -> None:
    """Raise BadParameter where an option was given that would change nothing."""
    used, what = _USED[subject], subject
    if subject == "fanout" and stalled:
        used, what = used - {"peers", "engine"}, "fanout --stalled"
    if subject == "connect" and storm:
        used, what = used - {"rounds"}, "connect --storm"
    for name in _MEASURING:
        source = context.get_parameter_source(name)
        if name in used or source is None or source.name == "DEFAULT":
            continue
        owners = ", ".join(owner for owner, options in _USED.items() if name in options)
        raise typer.BadParameter(f"--{name} is for {owners}: it changes nothing for {what}")


def _counts(text: str) -> tuple[int, ...]:
    """Return numbers of stations as they are written, with commas."""
    try:
        counts = tuple(int(word) for word in text.split(",") if word)
    except ValueError:
        counts = (0,)
    if any(count < 1 for count in counts):
        raise typer.BadParameter(f"--stations {text}: numbers from 1 on, with commas")
    return counts


def _gateway(rounds: int, calls: int) -> list[Ratio]:
    found = [
        compare(pair, rounds=rounds, calls=calls)
        for pair in (translation(), validation(), framing())
    ]
    with durability() as pair:
        found.append(compare(pair, rounds=rounds, calls=calls))
    return found


def _json(found: list[Ratio] | Figures) -> str:
    if isinstance(found, Figures):
        rest = {"load_ms": found.load_ms, "rules": found.rules, "scaling": found.scaling}
        return json.dumps({"ratios": _plain(found.ratios), **rest}, indent=1)
    return json.dumps(_plain(found), indent=1)


def _plain(found: Iterable[Ratio]) -> list[dict[str, object]]:
    return [asdict(item) | {"times": item.times} for item in found]


def table(found: list[Ratio] | Figures) -> str:
    """Return the figures as lines for people."""
    if not isinstance(found, Figures):
        return "\n".join(_lines(found))
    load = f"{found.load_ms:9.2f} ms  load, link and check {found.rules} rules"
    scaling = f"{found.scaling:9.2f}     times the work of one process by two"
    return "\n".join((*_lines(found.ratios), load, scaling))


def _lines(found: Iterable[Ratio]) -> Iterator[str]:
    for item in found:
        yield f"{item.micros:9.2f} µs  {item.name}"
        yield f"{item.baseline_micros:9.2f} µs  {item.baseline}: {item.times:.2f} of them"
