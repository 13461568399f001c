"""What a program's contract adds to its payloads: OpenADR names no curve, no axis, no base and no sign.

A binding holds for one program and one payload type. It is the only way by which CURVE, CONTROL_SETPOINT
and private types mean something here, and the only way by which a setpoint may discharge.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from translators.errors import DocumentError

_RULE = "binding"
_CURVES = frozenset(
    {
        "volt_var",
        "volt_watt",
        "watt_var",
        "watt_pf",
        "freq_watt",
        *(f"{side}v_{region}" for side in "hl" for region in ("must_trip", "may_trip", "mom_cess")),
        "hf_must_trip",
        "hf_may_trip",
        "lf_must_trip",
        "lf_may_trip",
    }
)
_SIGNS = frozenset({"inject_positive", "absorb_positive", "export_positive", "import_positive"})
_ALWAYS = frozenset({"program", "payload", "units", "curve", "control", "negative", "capacity_kwh"})
_CURVE_KEYS = frozenset({"x", "y", "y_sign", "response_time_s"})
_CONTROL_KEYS = {
    "fixed_pf": frozenset({"excitation", "flow"}),
    "fixed_var": frozenset({"y", "y_sign"}),
    "reactive_setpoint": frozenset({"y_sign"}),
    "droop": frozenset({"x", "y", "response_time_s"}),
    "ramp": frozenset[str](),
    "connect": frozenset[str](),
    "energize": frozenset[str](),
}
_REPORT_KEYS = frozenset({"y_sign"})
_FIXED = {("droop", "x"): "Hz", ("droop", "y"): "pu"}
"""Axes that a reading has in one unit alone: a contract may say so, and nothing else."""
_KEYS = _ALWAYS.union(_CURVE_KEYS, *_CONTROL_KEYS.values())


@dataclass(frozen=True, slots=True)
class Binding:
    """A contract: `variant` names the reading that rules have for it, empty where units alone are given."""

    program: str
    payload: str
    variant: str = ""
    values: Mapping[str, str] = field(default_factory=dict, hash=False)


def binding_of(value: Mapping[str, object]) -> Binding:
    """Return the binding that a mapping of settings is; `DocumentError` names what does not fit."""
    for key in value:
        if key not in _KEYS:
            close = difflib.get_close_matches(str(key), _KEYS, n=1)
            advice = f"; did you mean {close[0]!r}?" if close else ""
            raise DocumentError(f"is no key of a binding{advice}", where=str(key), rule=_RULE)
    texts = {key: _text(key, item) for key, item in value.items()}
    program, payload = texts.pop("program", ""), texts.pop("payload", "")
    if not program:
        raise DocumentError("is missing", where="program", rule=_RULE)
    variant, carrier = _variant(texts, payload)
    _check_keys(texts)
    payload = payload or carrier
    if not payload:
        problem = "says neither `payload` nor a reading that has one payload type"
        raise DocumentError(problem, where="payload", rule=_RULE)
    return Binding(program, payload, variant, texts)


def _variant(texts: Mapping[str, str], payload: str) -> tuple[str, str]:
    """Return the reading that a binding asks for, and the payload type that carries it unless stated."""
    asked = [key for key in ("curve", "control", "negative", "capacity_kwh") if key in texts]
    if len(asked) > 1:
        raise DocumentError(f"stands beside {asked[1]}", where=asked[0], rule=_RULE)
    match asked:
        case ["curve"]:
            return f"CURVE.{_signed(_one_of('curve', texts, _CURVES), texts)}", "CURVE"
        case ["control"]:
            name = _signed(_one_of("control", texts, frozenset(_CONTROL_KEYS)), texts)
            return f"CONTROL_SETPOINT.{name}", "CONTROL_SETPOINT"
        case ["negative"]:
            reading = _one_of("negative", texts, frozenset({"discharge"}))
            carrier = payload or "DISPATCH_SETPOINT"
            return f"{carrier}.{reading}", carrier
        case ["capacity_kwh"]:
            return "", "CHARGE_STATE_SETPOINT"
        case _:
            return "", ""


def _check_keys(texts: Mapping[str, str]) -> None:
    """Refuse what a reading would pass over: a contract that says more than is heard is misread."""
    name = texts.get("control", "")
    used = _CONTROL_KEYS.get(name, _CURVE_KEYS if "curve" in texts else _REPORT_KEYS)
    for key, text in texts.items():
        if key not in _ALWAYS and key not in used:
            raise DocumentError("says nothing in this reading", where=key, rule=_RULE)
        only = _FIXED.get((name, key), text)
        if text != only:
            raise DocumentError(f"can only be {only!r} here", where=key, value=text, rule=_RULE)


def _signed(name: str, texts: Mapping[str, str]) -> str:
    """Return the name of a reading with the sign of its values where the contract states one."""
    return f"{name}.{_one_of('y_sign', texts, _SIGNS)}" if "y_sign" in texts else name


def _one_of(key: str, texts: Mapping[str, str], known: frozenset[str]) -> str:
    text = texts[key]
    if text not in known:
        close = difflib.get_close_matches(text, known, n=1)
        advice = (
            f"; did you mean {close[0]!r}?" if close else f", there are {', '.join(sorted(known))}"
        )
        raise DocumentError(f"is no such reading{advice}", where=key, value=text, rule=_RULE)
    return text


def _text(key: str, value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        raise DocumentError("is neither text nor number", where=key, rule=_RULE)
    return str(value)
