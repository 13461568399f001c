"""What a source leaves out of enter service, from what the station itself reported."""

from __future__ import annotations

from dataclasses import fields, replace

from translators.canonical.capability import Situation
from translators.canonical.controls import DerControl, EnterService
from translators.rules.emission import Draft


def completed(control: DerControl, situation: Situation, draft: Draft) -> DerControl:
    """Return the control with its gaps filled from the station's own report, unchanged without one.

    EnterService replaces all of what a station has (OCPP 2.1 EnterServiceType), so what the utility did
    not touch is sent again as it was. What is still missing and required is refused by its rule.
    """
    if not isinstance(control, EnterService):
        return control
    own = next((c for c in situation.reported if isinstance(c, EnterService)), None)
    if own is None:
        return control
    gaps = {
        f.name: getattr(own, f.name) for f in fields(control) if getattr(control, f.name) is None
    }
    for name, value in gaps.items():
        if value is not None:
            draft.trace.step("complete from read-back", f"reported/{name}", value, name, value)
    return replace(control, **gaps)
