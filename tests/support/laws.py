"""What holds for every translation, whatever the rule: laws over one crossing from a control to messages.

A law yields its faults as texts. Laws know no rule by name; what they need to know of a rule they take from
its model, and what numbers are worth from `support.interpolation`.
"""

import json
import re
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

from gateway.stations.validators import violation
from support.interpolation import (
    able,
    able_in_watts,
    axis_of,
    exact,
    largest_gap,
    response_of_control,
    response_of_message,
    response_of_profile,
)
from support.translation import F, a_command, a_default
from translators.canonical import controls as c
from translators.canonical.controls import Quantity, function_of
from translators.chain import to_station
from translators.ocpp.inverse import told_together

NOT_TRACED = {"id", "stackLevel", "evseId", "startPeriod", "numberPhases"}
"""Numbers of the envelope: no rule makes them."""
HARMLESS = {"dialect", "unit", "semantic", "scope", "rebase", "binding", "policy"}
"""Kinds of loss that change no number's worth."""
NO_READING = "has no canonical reading"
"""What the inverse says of a form of message that it knows by name and does not read."""
CURVES = (c.VoltVar, c.VoltWatt, c.WattVar, c.FreqWatt, c.WattPowerFactor, c.TripCurve)
STEP = F(1, 10_000)


@dataclass(frozen=True)
class Crossing:
    """Controls of one command, translated for a station."""

    book: object
    controls: tuple
    station: object
    situation: object
    default: bool = False
    mrid: str = "0A"

    @property
    def control(self):
        return self.controls[0]

    @cached_property
    def command(self):
        make = a_default if self.default else a_command
        return make(*self.controls, mrid=self.mrid)

    @cached_property
    def made(self):
        return to_station(self.book, self.command, self.station, self.situation)

    @property
    def messages(self):
        return self.made.value.messages

    @property
    def ratings(self):
        return self.station.evses[0].ratings

    @property
    def kinds(self):
        return {loss.kind.value for loss in self.made.losses}

    @cached_property
    def back(self):
        """What the messages say, by the inverse."""
        messages = [(m.action, m.payload) for m in self.messages]
        return told_together(self.book, messages, self.station, self.situation)


def numbers_in(value, path=""):
    """Yield (path, number) for each number of a payload that a rule makes."""
    if isinstance(value, dict):
        for key, item in value.items():
            if key not in NOT_TRACED:
                yield from numbers_in(item, f"{path}/{key}" if path else key)
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from numbers_in(item, f"{path}[{number}]")
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield path, value


def number(text):
    """Return the number that a text of the trace says, None where it says none."""
    return F(text) if re.fullmatch(r"-?[0-9]+(\.[0-9]+|/[0-9]+)?", text) else None


# The laws --------------------------------------------------------------------------------------------------


def valid(crossing):
    """Every message is valid by the schemas of OCPP and by our own rules."""
    for message in crossing.messages:
        payload = json.loads(json.dumps(message.payload))
        fault = violation(message.ocpp, message.action, payload, request=True)
        if fault is not None:
            yield f"{message.action}: {fault}"


def traced(crossing):
    """Every number of a message is what the last step at its place left there."""
    steps = {}
    for step in crossing.made.steps:
        steps.setdefault(step.target, []).append(number(step.after))
    for message in crossing.messages:
        for path, value in numbers_in(message.payload):
            if exact(value) not in steps.get(path, []) and value != 0:
                yield f"{path} = {value} came from {steps.get(path)}"


def unbroken(crossing):
    """What a step at one place begins with is what the one before it left there."""
    before = {}
    emitted = {path for m in crossing.messages for path, _ in numbers_in(m.payload)}
    for step in crossing.made.steps:
        if step.source == step.target and step.target in before and step.target in emitted:
            left = before[step.target]
            if number(step.before) is not None and left != step.before:
                yield f"{step.operation} at {step.target}: {left} became {step.before}"
        before[step.target] = step.after


def residuals(crossing):
    """What was rounded or cut off is said exactly: emitted + residual = before."""
    lost = {}
    for loss in crossing.made.losses:
        lost.setdefault((loss.kind.value, loss.control), []).append(loss.residual)
    for step in crossing.made.steps:
        kind = {"round": "round", "clip": "clip"}.get(step.operation.split()[0])
        if kind is None or step.operation.startswith("clip geometric"):
            continue
        rest = number(step.before) - number(step.after)
        known = [number(text) for text in lost.get((kind, step.control), ())]
        if kind == "clip" and step.target.find("curveData") >= 0:
            continue  # the curve's own loss is of the whole polyline
        if not known:
            yield f"{step.operation} at {step.target} is not declared"
        elif kind == "clip" and rest not in known:
            yield f"clip at {step.target} of {rest}, declared {known}"
    for (kind, control), rests in lost.items():
        if kind == "round":
            steps = [
                number(step.before) - number(step.after)
                for step in crossing.made.steps
                if step.operation.startswith("round") and step.control == control
            ]
            if not {number(text) for text in rests} <= set(steps):
                yield f"rounded by {steps}, declared {rests}"


def never_looser(crossing):
    """A limit that leaves is never above its source, nor are all setpoints that keep it."""
    control = crossing.control
    if not isinstance(control, c.PowerLimit) or not crossing.messages:
        return
    source = worth_of(control.value, crossing)
    for one in crossing.back.value:
        for sent in one.controls:
            if isinstance(sent, c.PowerLimit) and worth_of(sent.value, crossing) > source:
                yield f"{source} W became {worth_of(sent.value, crossing)} W"
    if control.on in {c.LimitOn.EXPORT, c.LimitOn.GENERATION}:
        sent = [one for told in crossing.back.value for one in told.controls]
        setpoints = [worth_of(s.value, crossing) for s in sent if isinstance(s, c.ActiveSetpoint)]
        if sum(setpoints) > source:
            yield f"{source} W is kept by setpoints of {setpoints} W"


def in_order(crossing):
    """x never falls along a curve, and the vertices keep the order of their source, or all turn round."""
    for message in crossing.messages:
        points = message.payload.get("curve", {}).get("curveData", [])
        if any(b["x"] < a["x"] for a, b in pairwise(points)):
            yield "x falls"
    xs = [
        number(step.before)
        for step in crossing.made.steps
        if step.operation == "emit" and re.fullmatch(r"points\[[0-9]+\]\.[xy]", step.source)
        if step.target.endswith("/x")
    ]
    if sorted(xs) != xs and sorted(xs) != xs[::-1]:
        yield f"vertices leave in the order {xs}"


def same_again(crossing):
    """The same command for the same station is the same messages, losses and refusals."""
    again = to_station(crossing.book, crossing.command, crossing.station, crossing.situation)
    if again != crossing.made:
        yield "a second translation differs"


def own_ids(crossing):
    """Ids are distinct, at most 36 characters, and those of another command are others."""
    ids = [message.id for message in crossing.messages]
    if len(set(ids)) != len(ids):
        yield f"ids repeat: {ids}"
    if any(len(text) > 36 for text in ids):
        yield f"an id is too long: {ids}"
    other = replace(crossing, mrid="0B")
    shared = set(ids) & {message.id for message in other.messages}
    if shared:
        yield f"another command has the ids {shared}"


def accounted(crossing):
    """A control is sent, followed without a message, or refused; and a refusal is a loss."""
    orders, name = crossing.made.value, function_of(crossing.control)
    known = {f for message in orders.messages for f in message.functions} | set(orders.vacuous)
    known |= {refusal.function for refusal in crossing.made.refusals}
    if known != {name}:
        yield f"{name} became {known}"
    if ("unsupported" in crossing.kinds) != bool(crossing.made.refusals):
        yield "a refusal without a loss, or a loss without a refusal"


def reads_back(crossing):
    """What leaves is read back, and sent again it is the same message: the inverse is one."""
    if crossing.back.refusals:
        problem = crossing.back.refusals[0].problem
        if NO_READING not in problem:
            yield f"cannot be read back: {problem}"
        return
    if any("points" in loss.detail for loss in crossing.made.losses):
        return  # thinned: another curve of the same shape may be the one that is read
    if any("no canonical field" in loss.detail for loss in crossing.back.losses):
        return  # the inverse says that something of the message has no place in its control
    for one in crossing.back.value:
        again = replace(crossing, controls=one.controls)
        sent = [without_ids(m.payload) for m in again.messages]
        known = [without_ids(m.payload) for m in crossing.messages]
        if not sent or not all(any(alike(p, k, crossing) for k in known) for p in sent):
            yield f"{one.controls} is sent again as {sent}, not {known}"


def alike(again, first, crossing):
    """Say whether a payload is the same again.

    A setpoint that is cut to a limit may be lower by what the limit itself lost on the wire: read back,
    the limit is the number of the wire.
    """
    if again == first:
        return True
    if not isinstance(crossing.control, c.PowerLimit) or "round" not in crossing.kinds:
        return False
    (one, bare), (other, rest) = without_setpoint(again), without_setpoint(first)
    if bare != rest or one is None or other is None:
        return False
    return other <= one <= min(F(0), other + STEP * crossing.ratings.max_w / 100)


def without_setpoint(payload):
    """Return the setpoint of a profile's only period, None without one, and the payload without it."""
    copy = json.loads(json.dumps(payload))
    schedules = copy.get("chargingProfile", {}).get("chargingSchedule", [])
    periods = [period for schedule in schedules for period in schedule["chargingSchedulePeriod"]]
    found = [exact(period.pop("setpoint")) for period in periods if "setpoint" in period]
    return (found[0] if len(found) == 1 else None), copy


def honest(crossing):
    """No number changes its worth without a declared loss, and no loss is declared without a change."""
    if isinstance(crossing.control, CURVES):
        yield from _honest_curve(crossing)
        return
    if len(crossing.messages) != 1 or crossing.back.refusals:
        return
    source = worths(crossing.control, crossing)
    found = [worths(control, crossing) for one in crossing.back.value for control in one.controls]
    changed = not any(source.items() <= other.items() for other in found)
    if changed and crossing.kinds <= HARMLESS:
        yield f"{source} became {found}, and nothing says so: {sorted(crossing.kinds)}"
    rated = any(step.source == "station.rating" for step in crossing.made.steps)
    changes = {"round"} if kept_by_setpoint(crossing) else {"clip", "round"}
    if not changed and not rated and crossing.kinds & changes:
        yield f"{source} is what left, and {sorted(crossing.kinds)} was declared"


def kept_by_setpoint(crossing):
    """Say whether our running setpoint keeps a limit: what is cut off is the setpoint's, not the limit's."""
    limited = isinstance(crossing.control, c.PowerLimit)
    sent = [control for one in crossing.back.value for control in one.controls]
    return limited and not any(isinstance(control, c.PowerLimit) for control in sent)


def _honest_curve(crossing):
    ratings, settings = crossing.ratings, crossing.situation.settings
    dialect = crossing.station.dialect
    asked = response_of_control(crossing.control, ratings, dialect, settings)
    for message in crossing.messages:
        if message.action == "SetChargingProfile":
            asked = asked.held(*able_in_watts(ratings, settings))
            sent = response_of_profile(message.payload)
        else:
            asked = asked.held(*able(message.payload, ratings, settings))
            sent = response_of_message(message.payload, ratings, dialect)
        gap, at = largest_gap(asked, sent)
        if gap and crossing.kinds <= HARMLESS:
            yield f"off by {float(gap)} at {float(at)}, and nothing says so"
        allowed = allowance(crossing, sent)
        if gap > allowed:
            gap, at = largest_gap(asked, sent, within=moved_along(sent))
        if gap > allowed:
            yield f"off by {float(gap)} at {float(at)}, more than {float(allowed)}"


def moved_along(sent):
    """Return how far rounding may move a vertex along x, in worth."""
    return STEP * max(abs(sent.x.up), abs(sent.x.down))


def allowance(crossing, sent):
    """Return by how much y may be off: rounding, and what thinning declares."""
    thinned = [
        number(loss.residual)
        for loss in crossing.made.losses
        if loss.kind.value == "approximate" and loss.residual
    ]
    return (STEP + sum(thinned)) * max(abs(sent.y.up), abs(sent.y.down))


LAWS = (
    valid,
    traced,
    unbroken,
    residuals,
    never_looser,
    in_order,
    same_again,
    own_ids,
    accounted,
    reads_back,
    honest,
)


def faults(crossing, laws=LAWS):
    """Return what is broken, each with the name of its law."""
    return [f"{law.__name__}: {fault}" for law in laws for fault in law(crossing)]


def without_ids(payload):
    """Return a payload without what identifies it."""
    if isinstance(payload, dict):
        return {k: without_ids(v) for k, v in payload.items() if k not in {"id", "controlId"}}
    return [without_ids(item) for item in payload] if isinstance(payload, list) else payload


def worth_of(quantity, crossing):
    """Return a quantity in SI; of a base that varies, its per cent."""
    axis = axis_of(quantity.unit, crossing.ratings, crossing.situation.settings)
    return axis.worth(quantity.value)


def worths(control, crossing):
    """Return the numbers of a control by name, in SI where they are quantities."""
    found = {}
    for name in control.__dataclass_fields__:
        value = getattr(control, name)
        if isinstance(value, Quantity):
            found[name] = worth_of(value, crossing)
        elif isinstance(value, F):
            found[name] = value
    return found
