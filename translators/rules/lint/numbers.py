"""Checks of numbers: signs, hundredths, and limits that could go out looser than they came."""

from __future__ import annotations

from translators.rules.lint.findings import Findings, Ground, Key
from translators.rules.schema import SourceField, TargetField
from translators.rules.source import SourceRule
from translators.rules.target import TargetRule
from translators.units import Kind, parse_unit

_LOAD_FRAME = ("setpoint", "setpointReactive", "dischargeLimit")
"""Members of a charging profile period that count the other way round: + charges, + absorbs."""
_MOST_PERCENT, _LEAST_HUNDREDTHS, _WHOLE = 1000, 100, 100


def signs(ground: Ground) -> Findings:
    """Find numbers that go out in the other frame: profiles are load frame, DER controls are ours."""
    for rule in ground.targets:
        message = rule.model.target.message
        for name, field in rule.model.emit.items():
            at: list[Key] = ["emit", name]
            if message == "SetChargingProfile":
                turned = name.rpartition(".")[2].startswith(_LOAD_FRAME)
                if turned and field.from_ is not None and not field.negate:
                    hint = "add negate: true"
                    yield ground.error(rule, at, f"{name} counts + as charging or absorbing", hint)
                if not turned and field.negate:
                    yield ground.error(rule, at, f"{name} is a magnitude: it has no sign to turn")
            elif field.negate and field.add is None:
                hint = "drop negate: DER controls are in the frame of the generator, as we are"
                yield ground.error(rule, at, f"{name} would change its sign", hint)


def hundredths(ground: Ground) -> Findings:
    """Find ranges that do not fit the scale of a percentage: hundredths taken for per cents."""
    for rule in ground.sources:
        for section, fields in (("fields", rule.model.fields), ("quantity", rule.model.quantity)):
            for name, field in fields.items():
                yield from _hundredths(ground, rule, [section, name], field)


def _hundredths(ground: Ground, rule: SourceRule, at: list[Key], field: SourceField) -> Findings:
    scaled = field.scale10 is not None or field.decimal
    if not isinstance(field.unit, str) or field.range is None or scaled:
        return
    largest = max(abs(bound) for bound in field.range)
    if field.unit.startswith("pct[") and largest > _MOST_PERCENT:
        hint = f"did you mean {field.unit.replace('pct[', 'pct100[')}?"
        yield ground.error(rule, at, f"up to {largest} per cent by its range", hint)
    if field.unit.startswith("pct100[") and largest <= _LEAST_HUNDREDTHS:
        hint = f"did you mean {field.unit.replace('pct100[', 'pct[')}?"
        yield ground.error(rule, at, f"at most {largest} hundredths of a per cent", hint)


def looser_limits(ground: Ground) -> Findings:
    """Find limits that could be emitted above their source: rounded up, unbounded, made up."""
    for rule in ground.targets:
        for name, field in rule.model.emit.items():
            if field.from_ == "value" and _is_limit(rule, name, field):
                yield from _looser(ground, rule, name, field)


def _is_limit(rule: TargetRule, name: str, field: TargetField) -> bool:
    classes = [field.control] if field.control else rule.model.canonical
    return all(of.endswith("Limit") for of in classes) or name in {"limit", "dischargeLimit"}


def _looser(ground: Ground, rule: TargetRule, name: str, field: TargetField) -> Findings:
    at: list[Key] = ["emit", name]
    if field.round is not None and field.round.mode != "down":
        hint = "mode: down, the restrictive side"
        yield ground.error(
            rule, [*at, "round"], f"{name} is a limit, rounded {field.round.mode}", hint
        )
    if field.default is not None:
        yield ground.error(rule, [*at, "default"], f"{name} is a limit that nobody gave")
    if field.codec is not None or field.add is not None:
        yield ground.error(rule, at, f"{name} is a limit that is moved after its unit is settled")
    clip = field.clip or (0.0, 0.0)
    if clip[0] > 0:
        yield ground.error(rule, [*at, "clip"], f"{name} is a limit that is raised to {clip[0]}")
    units = [field.unit] if field.unit else list(field.units or ())
    if not any(parse_unit(unit).kind is Kind.PERCENT for unit in units):
        return
    hint = "clip: [0.0, 100.0]"
    if field.clip is None:
        yield ground.error(rule, at, f"{name} is a share of a rating without an upper bound", hint)
    elif clip[1] > _WHOLE:
        yield ground.error(rule, [*at, "clip"], f"{name} may go beyond its rating", hint)


def idle_fields(ground: Ground) -> Findings:
    """Find source fields that a rule both reads and lets go."""
    for rule in ground.sources:
        read = set(_reads(rule))
        for number, ignored in enumerate(rule.model.ignored):
            if ignored.field in read:
                problem = f"{ignored.field} is read and ignored"
                yield ground.error(rule, ["ignored", number], problem, "drop one of the two")


def _reads(rule: SourceRule) -> list[str]:
    fields = [*rule.model.fields.values(), *rule.model.quantity.values()]
    if rule.model.points is not None:
        fields += [rule.model.points.x, rule.model.points.y]
    texts = [field.from_ for field in fields] + [field.scale10 for field in fields]
    return [text for text in texts if isinstance(text, str)]
