"""The ramp time of one event as a stepped profile: whole seconds, the middle of each step on the line.

         target ─────────────╭──────
                         ╭───╯
                     ╭───╯        each step is off the line by at most half its height
    baseline ────────╯

A limit is never stepped: it holds from its begin, or it would be looser than its source. What OCPP steps
itself (block R) has default Gradients and no ramp of one event.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise

from translators.canonical.capability import Evse
from translators.ocpp import live
from translators.ocpp.desk import Desk
from translators.ocpp.wire import Json
from translators.rules.emission import Draft
from translators.rules.trace import LossKind, Step
from translators.rules.values import Trace, text

_STEPS = 10


def stepped(
    desk: Desk,
    draft: Draft,
    target: Fraction,
    evse: Evse | None,
    period: Callable[[Fraction, Draft], Json],
) -> list[Json]:
    """Return the periods of a setpoint that is reached by its command's ramp time; none without one.

    The power before must be known and frozen, or every translation would start elsewhere.
    """
    time, before = desk.command.ramp_time, desk.situation.baseline_w
    lives = desk.command.live and live.watchdog(desk, evse) is not None
    if time is None or before is None or before == target or lives:
        return []
    limit = None if evse is None else evse.periods_per_schedule
    steps = min(_STEPS, int(time), _STEPS if limit is None else limit - 1)
    if steps < 1:
        return []
    slope = (target - before) / time
    begins = [int(time * n / steps) for n in range(steps + 1)]
    middles = [before + slope * Fraction(a + b, 2) for a, b in pairwise(begins)]
    made = []
    for number, (begin, value) in enumerate(zip(begins, [*middles, target], strict=True)):
        aside = _aside(draft, number)
        made.append({"startPeriod": begin, **period(value, aside)})
        known = {loss.kind for loss in draft.trace.losses}
        draft.trace.losses += [loss for loss in aside.trace.losses if loss.kind not in known]
        name = f"watts of step {number}"
        draft.trace.step("step of the ramp", "watts", target, name, value)
        draft.trace.noted += [_of_step(step, name).noted for step in aside.trace.steps]
    widest = max(Fraction(b - a, 2) for a, b in pairwise(begins))
    off = abs(slope) * max(widest, time - begins[-1])
    used = f"baseline = {text(before)} W"
    draft.trace.step(f"ramp in {steps} steps", "watts", target, draft.path, target, used)
    detail = f"{steps} steps in place of a ramp of {text(time)} s"
    draft.trace.lose(LossKind.APPROXIMATE, draft.path, detail, off)
    desk.stepped += 1
    return made


def _aside(draft: Draft, number: int) -> Draft:
    """Return a draft of one period, with a trace of its own."""
    trace = Trace(draft.trace.rule, draft.trace.cites, draft.trace.control)
    path = draft.path.replace("chargingSchedulePeriod[0]", f"chargingSchedulePeriod[{number}]")
    return Draft(draft.control, draft.bases, trace, path, {})


def _of_step(step: Step, name: str) -> Step:
    """Return a step of one period's trace under the name of its watts."""
    source, target = (name if at == "watts" else at for at in (step.source, step.target))
    return step._replace(source=source, target=target)
