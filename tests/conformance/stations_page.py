"""`python tests/conformance/stations_page.py` writes the table of docs/stations.md.

Each function of the fallback table at a station of each kind: what becomes of it is the table's own word,
the messages are those that a translation makes, and how it is judged is what the engine aims at.
"""

import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from gateway.core.aims import aim
from gateway.core.plates import plates
from gateway.core.shown import Aim, Shown
from support.columns import DEFAULTS, STATIONS, carried, control_of
from support.places import ROOT
from support.translation import (
    book,
)
from translators.canonical.controls import (
    EnterService,
    TripCurve,
    VoltVar,
)
from translators.rules.fallback_schema import Fallback

PAGE = ROOT / "docs" / "stations.md"
BEGIN, END = "<!-- functions:begin -->\n", "<!-- functions:end -->\n"
HEAD = """| function | station | what becomes of it | messages | start shown by | Responses | judged by |
|---|---|---|---|---|---|---|
"""
NAMES = {
    "der": "2.1 with DER",
    "v2x": "2.1 without, V2X",
    "charge_only": "2.1 without, charges",
    "ocpp201": "2.0.1",
}
NOTICE = "NotifyDERStartStop"
COMPOSITE = "GetCompositeSchedule"
OUTCOMES = {"not_supported": "252 (2023: 251)", "not_applicable": "252"}


def words(message):
    """Return what people call a message: its action, and which kind of control or profile it carries."""
    payload = message.payload
    if "controlType" in payload:
        return f"{message.action} {payload['controlType']}"
    profile = payload["chargingProfile"]
    periods = profile["chargingSchedule"][0]["chargingSchedulePeriod"]
    mode = periods[0].get("operationMode")
    name = f"{message.action} {profile['chargingProfilePurpose']}"
    return f"{name} {mode}" if mode else name


def judged(control):
    """Return what the meter has to show for a judgement, or a dash."""
    if isinstance(control, TripCurve | EnterService):
        return "W, with V or Hz"
    if isinstance(control, VoltVar):
        control = replace(control, v_ref_auto=False)
    shown = Shown(
        plates(STATIONS["der"])[1],
        60.0,
        watts=-5000.0 if getattr(control, "flow", "") == "absorbing" else 5000.0,
        var=0.0,
        volts=250.0,
        hertz=61.0,
    )
    bodies = {"chargingProfile": {"chargingSchedule": [{"chargingSchedulePeriod": [
        {"setpoint": 0, "setpointReactive": 0}]}]}}  # fmt: skip
    found = aim(control, shown, bodies)
    if not isinstance(found, Aim):
        return "—"
    needs = {"VoltVar": ", V", "VoltWatt": ", V", "FreqWatt": ", Hz", "FreqDroop": ", Hz"}
    return found.kind.value + needs.get(type(control).__name__, "")


def line(row, column, cell):
    """Return one line of the table, without its station."""
    control = control_of(row)
    if cell.refused is not None:
        became, shown_by, told = f"refused: {cell.reason}", "—", OUTCOMES[cell.refused]
        return became, "none", shown_by, told, "—"
    how = cell.carried if cell.carried != "followed" else "followed without a message"
    became = how + (f": {cell.reason}" if cell.reason else "")
    became += f" (bound: {cell.bound})" if cell.bound else ""
    messages = [] if cell.carried == "followed" else carried(control, column).value.messages
    sent = "<br>".join(dict.fromkeys(words(message) for message in messages)) or "none"
    actions = {message.action for message in messages}
    if isinstance(control, DEFAULTS):
        return (
            became,
            sent,
            "accepted, read back",
            "a default has none",
            judged(control),
        )
    shown = [NOTICE] if "SetDERControl" in actions else []
    shown += [COMPOSITE] if "SetChargingProfile" in actions else []
    evidence = "<br>".join(shown) or "its start"
    return became, sent, evidence, "2, then 3 or 10", judged(control) if messages else "—"


def table():
    """Return the table as the rules and the engine have it now."""
    (fallback,) = book().of(Fallback)
    lines = []
    for row in fallback.rows:
        merged = []
        for column, cell in row.cells():
            cells = line(row, column, cell)
            if merged and merged[-1][1] == cells:
                merged[-1][0].append(NAMES[column])
            else:
                merged.append(([NAMES[column]], cells))
        for number, (stations, cells) in enumerate(merged):
            name = row.name if number == 0 else ""
            kinds = "every station" if len(stations) == len(NAMES) else "; ".join(stations)
            lines.append(f"| {name} | {kinds} | {' | '.join(cells)} |")
    return HEAD + "\n".join(lines) + "\n"


def main():
    """Put the table into the page."""
    before, begin, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    PAGE.write_text(before + begin + table() + end + after, encoding="utf-8")


if __name__ == "__main__":
    main()
