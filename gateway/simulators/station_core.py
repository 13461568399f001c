"""A simulated station without its socket: its state, and what time makes of it.

`advance` lets time pass; the calls that the station wants to make then stand in `outbox`, in order
(requests are answered by `station_handlers`). The state outlives connections, and reboots where the
standard says so.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace

from gateway.simulators.grid import Grid
from gateway.simulators.station_controls import Control, Controls
from gateway.simulators.station_device import Device
from gateway.simulators.station_inverter import Car, Inverter
from gateway.simulators.station_meter import Transaction, connector_status, meter_value
from gateway.simulators.station_options import Personality, StationOptions, hits
from gateway.simulators.station_profile_rules import EVSE
from gateway.simulators.station_profiles import Profiles
from gateway.simulators.station_schedules import Around, Conductors, Order
from gateway.simulators.station_wire import Json, instant

PROFILES = "profiles"
"""How Personality.ignores names every charging profile."""
_LONGEST_STEP_S = 0.25
_MOST_STEPS = 2000
_OUTLIVES = frozenset({"TransactionEvent", "NotifyDERStartStop", "NotifyDERAlarm"})
"""What is told even after an interruption; the rest would be stale."""


class Core:
    """Everything that a station is, apart from its connection."""

    def __init__(self, options: StationOptions, grid: Grid, now: float) -> None:
        self.options = options
        self.grid = grid
        self.personality = Personality()
        self.version = options.versions[0].removeprefix("ocpp")
        self.inverter = Inverter(
            options.plate, options.nominal_frequency_hz, reactive_first=options.reactive_first
        )
        self.inverter.voltage_pu = grid.voltage_pu(now)
        self.inverter.frequency_hz = grid.frequency_hz(now)
        self.car = Car(
            present=options.plugged_in,
            demand_w=options.demand_w,
            discharge_w=options.discharge_w,
            soc_pct=options.soc_pct,
            capacity_wh=options.capacity_wh,
        )
        self.operative = True
        self.meter_interval_s = options.meter_interval_s
        self.online = False
        self.offline_since: float | None = now
        self.transaction: Transaction | None = None
        self.outbox: deque[tuple[str, Json]] = deque()
        self.reboot_wanted = False
        self._transactions = 0
        self._now = now
        self._next_meter = now
        self._forget()
        self.device = Device(options, self.version)

    def _forget(self) -> None:
        options = self.options
        self.controls = Controls(options.der_modes, part=options.report_part)
        self.profiles = Profiles(Conductors(options.phases, options.plate.v_nom))

    def negotiated(self, version: str) -> None:
        """Speak this version from now on."""
        if version != self.version:
            self.version = version
            self.device = Device(self.options, version)

    def greet(self, now: float) -> None:
        """Queue what a station tells after it was accepted, or after it came back."""
        self.online, self.offline_since = True, None
        self.tell("StatusNotification", connector_status(now, occupied=self.car.present))
        if self.transaction is not None:
            self.tell_transaction("Updated", "ChargingStateChanged", now)
        elif self.car.present:
            self._begin(now, "CablePluggedIn")

    def went_offline(self, now: float) -> None:
        """Know that nobody listens."""
        if self.online:
            self.online, self.offline_since = False, now
        kept = [entry for entry in self.outbox if entry[0] in _OUTLIVES]
        self.outbox = deque(kept)

    def plug(self, now: float, *, present: bool, **wishes: float) -> None:
        """Let a car come with these wishes (fields of Car), or go."""
        self.car = replace(self.car, present=present, **wishes)
        if present and self.transaction is None:
            self._begin(now, "CablePluggedIn")
        if not present and self.transaction is not None:
            self._end(now, "EVDeparted", "EVDisconnected")
        self.tell("StatusNotification", connector_status(now, occupied=present))

    def reboot(self, now: float) -> None:
        """Restart: transactions end, controls and profiles stay (R01.FR.03)."""
        if self.transaction is not None:
            self._end(now, "AbnormalCondition", "Reboot")
        if self.personality.forgets_on_reboot:
            self._forget()
        self.reboot_wanted = False
        self.inverter.p_w = self.inverter.q_var = 0.0

    def advance(self, now: float) -> None:
        """Let time pass until now: controls start and end, power flows, the meter speaks."""
        notices = self.controls.advance(now)
        if self.version == "2.1" and not self.personality.mute_notices:
            for notice in notices:
                self.tell("NotifyDERStartStop", notice)
        step = max(_LONGEST_STEP_S, (now - self._now) / _MOST_STEPS)
        while self._now < now:
            dt = min(step, now - self._now)
            self._now = min(now, self._now + dt)
            self._flow(dt, self._now)
        if self.online and now >= self._next_meter:
            self._next_meter = max(self._next_meter + self.meter_interval_s, now)
            waiting = any(action == "MeterValues" for action, _ in self.outbox)
            if not (self.personality.mute_meter or waiting):
                self.tell_meter(now)

    def _flow(self, dt: float, now: float) -> None:
        grid = (self.grid.voltage_pu(now), self.grid.frequency_hz(now))
        events = self.inverter.step(dt, self.order(now), self.followed, self._available(), grid)
        self.car = self.car.after(self.inverter.p_w, dt)
        for event in events:
            alarm = {
                "controlType": event.control_type,
                "gridEventFault": event.fault,
                "alarmEnded": event.ended,
                "timestamp": instant(now),
            }
            if self.version == "2.1":
                self.tell("NotifyDERAlarm", alarm)

    def _available(self) -> Car:
        return self.car if self.operative else replace(self.car, present=False)

    @property
    def followed(self) -> dict[str, Control]:
        """The controls in force that this personality obeys."""
        ignored = self.personality.ignores
        return {k: item for k, item in self.controls.active.items() if not hits(ignored, k)}

    def order(self, now: float) -> Order:
        """Return what the profiles order now."""
        if hits(self.personality.ignores, PROFILES):
            return Order()
        return self.profiles.order(now, self.around())

    def around(self) -> Around:
        """Return what schedules depend on besides time."""
        return Around(
            transaction_started=0.0 if self.transaction is None else self.transaction.started,
            offline_since=self.offline_since,
            frequency_hz=self.inverter.frequency_hz,
            soc_pct=self.car.soc_pct,
        )

    def _begin(self, now: float, trigger: str) -> None:
        self._transactions += 1
        self.transaction = Transaction(f"{self.options.id[:20]}-{self._transactions}", now)
        self.tell_transaction("Started", trigger, now)

    def _end(self, now: float, trigger: str, reason: str) -> None:
        self.tell_transaction("Ended", trigger, now, stoppedReason=reason)
        self.transaction = None
        self.profiles.end_transaction()

    def tell_transaction(self, kind: str, trigger: str, now: float, **info: str) -> None:
        """Queue a TransactionEvent of the running transaction."""
        if self.transaction is not None:
            info = {"chargingState": "Charging"} | info
            event = self.transaction.event(kind, trigger, now, self.meter(now), **info)
            self.tell("TransactionEvent", event)

    def tell_meter(self, now: float) -> None:
        """Queue a MeterValues."""
        self.tell("MeterValues", {"evseId": EVSE, "meterValue": [self.meter(now)]})

    def meter(self, now: float) -> Json:
        """Return what flows."""
        return meter_value(self.inverter, self.car, now)

    def tell(self, action: str, payload: Json) -> None:
        """Queue a call."""
        self.outbox.append((action, payload))
