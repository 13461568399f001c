"""One EVSE of a simulated station: its car, its inverter, its transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from zlib import crc32

from gateway.simulators.station_car import Car
from gateway.simulators.station_controls import Control
from gateway.simulators.station_inverter import Inverter
from gateway.simulators.station_meter import Transaction
from gateway.simulators.station_options import StationOptions
from gateway.simulators.station_ratings import plate_with, usual_car
from gateway.simulators.station_schedules import Around, Order
from gateway.simulators.station_trip import Event


class Evse:
    """What belongs to one EVSE; its ratings follow the car."""

    def __init__(self, number: int, options: StationOptions) -> None:
        self.number = number
        self._options = options
        self.car = usual_car(options)
        self.transaction: Transaction | None = None
        self._share = crc32(f"{options.id}/{number}".encode()) / 2**32
        self.inverter = Inverter(
            options.plate,
            options.nominal_frequency_hz,
            phases=options.phases,
            reactive_first=options.reactive_first,
            random_share=self._share,
        )

    def state(self, *, operative: bool) -> str:
        """Return how its connector is."""
        if not operative:
            return "Unavailable"
        return "Occupied" if self.car.present else "Available"

    def visitor(self, now: float) -> Car:
        """Return the car that stands here, or none, by the rhythm of sessions."""
        options = self._options
        cycle = options.session_s + options.pause_s
        number, passed = divmod(now / cycle + self._share, 1)
        cars = options.cars or (usual_car(options),)
        return replace(cars[int(number) % len(cars)], present=passed * cycle < options.session_s)

    def wishing(self, *, present: bool, **wishes: Any) -> Car:
        """Return the car that comes, with these fields of its own, that goes, or changes its mind."""
        came = present and not self.car.present
        before = usual_car(self._options) if came else self.car
        return replace(before, present=present, **wishes)

    def take(self, car: Car) -> None:
        """Let this car, or none, stand here."""
        self.car = car
        self.inverter.plate = plate_with(self._options.plate, self.car, self._options.current)

    def step(
        self,
        dt: float,
        order: Order,
        active: Mapping[str, Control],
        grid: tuple[float, float],
        *,
        operative: bool,
    ) -> list[Event]:
        """Go on by dt seconds; return trips and returns."""
        car = self.car if operative else replace(self.car, present=False)
        events = self.inverter.step(dt, order, active, car, grid)
        self.car = self.car.after(self.inverter.p_w, dt)
        return events

    def around(self, offline_since: float | None, sharing: int) -> Around:
        """Return what schedules depend on besides time."""
        return Around(
            evse=self.number,
            sharing=sharing,
            transaction_started=0.0 if self.transaction is None else self.transaction.started,
            offline_since=offline_since,
            frequency_hz=self.inverter.frequency_hz,
            soc_pct=self.car.soc_pct,
        )
