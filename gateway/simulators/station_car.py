"""The car at an EVSE of a simulated station."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Car:
    """What stands at the EVSE: wishes in watts while nobody orders anything, and its own ratings."""

    present: bool = True
    demand_w: float = 0.0
    discharge_w: float = 0.0
    soc_pct: float = 50.0
    capacity_wh: float = 60_000.0
    most_charge_w: float | None = None
    most_discharge_w: float | None = None
    most_var: float | None = None
    """Its ratings where they are below those of the station; None: not known."""
    modes: tuple[str, ...] = ()
    """DER controls that it carries out itself (AC)."""
    transfer: str = ""
    """What it asks for (AC_BPT_DER, DC_BPT …); with it the station tells its needs."""

    def after(self, p_w: float, dt: float) -> Car:
        """Return the car after exporting p_w for dt."""
        moved = 100 * p_w * dt / 3600 / self.capacity_wh
        return replace(self, soc_pct=min(100.0, max(0.0, self.soc_pct - moved)))
