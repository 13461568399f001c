"""`python tests/peers/physics_page.py` writes docs/physics.md: how far stations move from what was asked.

Two judges that know nothing of each other: OpenDER, a model of IEEE 1547, runs the cases of
`support.physics`; the interpolator of the tests sweeps every curve of the golden vectors.
"""

import asyncio
import sys
from collections import defaultdict
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from peers.prepare import peer, prepare
from peers.program import Service

from support import physics
from support.interpolation import able, largest_gap, response_of_control, response_of_message
from support.places import ROOT
from translators.canonical.controls import function_of
from translators.chain import travel
from translators.vectors import case_of, read_stations, read_vector

PAGE = ROOT / "docs" / "physics.md"
NUMERIC = {"clip", "round", "approximate", "bake"}
"""Kinds of loss after which the numbers themselves differ."""
HEAD = """# Physics

What a document asks of an inverter and what the station was told, run side by side.
This page is generated: `python tests/peers/physics_page.py` writes it, and
`tests/peers/test_opender_physics.py` compares it with what the models say now.

## OpenDER

OpenDER 2.2.0 runs the settings that each document means, worked out by hand from the clauses, and the
settings that the OCPP message means by its schema. The sweep is over voltage (0.886 to 1.0985 p.u.),
frequency (58.6 to 61.075 Hz) or power; a difference is a share of rated W and rated VA.
Where nothing is declared 0.1 % is the bound.

| function | points | largest difference in P | in Q | declared |
|---|---|---|---|---|
"""
SECOND = """
## Interpolation

OpenDER knows four points of a volt-var curve and no watt-PF, frequency-watt or trip curve of n points.
So an interpolator of the tests sweeps every curve of the golden vectors, source against message, between
and beyond all vertices of both. Differences are per cent of the rating (power factor: distance from unity
in per cent; trips: seconds). Lost digits are half of the fourth decimal at most; a curve that was thinned
declares its error.

| control type | curves | largest difference, nothing declared | curves that declare lost digits | there |
|---|---|---|---|---|
"""


@dataclass
class Swept:
    """What the curves of one control type came to."""

    exact: int = 0
    exact_gap: Fraction = Fraction()
    lossy: int = 0
    lossy_gap: Fraction = Fraction()


async def opender_rows(model):
    """Return a row for each case of OpenDER."""
    rows = []
    for case in physics.CASES:
        gone = case.translated()
        (message,) = gone.value.orders.messages
        sweep = physics.SWEEPS[case.over]
        told = physics.told(message.payload, case.ratings)
        asked, sent = [
            await model.ask(nameplate=case.nameplate(), settings=settings, sweep=sweep)
            for settings in (case.means, told)
        ]
        watts, var = physics.differences(asked, sent, case.ratings)
        kinds = ", ".join(sorted({loss.kind.value for loss in gone.losses})) or "nothing"
        rows.append(f"| {case.name} | {len(sweep)} | {watts:.4%} | {var:.4%} | {kinds} |")
    return rows


def curves():
    """Yield every curve of the golden vectors: its case, its control, the message, the losses."""
    for folder in ("vectors", "own"):
        home = ROOT / "tests" / "golden" / folder
        stations = read_stations((home / "stations.yaml").read_text(encoding="utf-8"))
        for path in sorted(home.glob("*.json")):
            case = case_of(read_vector(path.read_text(encoding="utf-8")), stations)
            gone = travel(physics.book(), case)
            controls = {
                function_of(control): control
                for command in gone.value.commands
                for control in command.controls
            }
            for message in gone.value.orders.messages:
                if "curve" in message.payload:
                    (function,) = message.functions
                    losses = {loss.kind.value for loss in gone.losses if loss.control == function}
                    yield case, controls[function], message.payload, losses


def interpolated():
    """Return what the curves come to, by control type."""
    found = defaultdict(Swept)
    for case, control, payload, losses in curves():
        ratings, dialect = case.profile.evses[0].ratings, case.profile.dialect
        settings = case.situation.settings
        asked = response_of_control(control, ratings, dialect, settings)
        asked = asked.held(*able(payload, ratings, settings))
        sent = response_of_message(payload, ratings, dialect)
        gap = largest_gap(asked, sent)[0] / abs(sent.y.up)
        swept = found[payload["controlType"]]
        if losses & NUMERIC:
            swept.lossy, swept.lossy_gap = swept.lossy + 1, max(swept.lossy_gap, gap)
        else:
            swept.exact, swept.exact_gap = swept.exact + 1, max(swept.exact_gap, gap)
    return dict(sorted(found.items()))


def interpolation_rows():
    """Return a row for each control type."""
    return [
        f"| {kind} | {it.exact} | {float(it.exact_gap):.6g} | {it.lossy} | {float(it.lossy_gap):.4g} |"
        for kind, it in interpolated().items()
    ]


async def page(model):
    """Return the page as the models have it now."""
    first, second = await opender_rows(model), interpolation_rows()
    return HEAD + "\n".join(first) + "\n" + SECOND + "\n".join(second) + "\n"


def main():
    """Write the page."""
    prepare(peer("opender"))
    with closing(Service(peer("opender"), "sweep.py")) as model:
        PAGE.write_text(asyncio.run(page(model)), encoding="utf-8")


if __name__ == "__main__":
    main()
