"""A simulated station without its socket: its state, and what time makes of it.

`advance` lets time pass; the calls that the station wants to make then stand in `outbox`, in order
(requests are answered by `station_handlers`). The state outlives connections, and reboots where the
standard says so.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import Any

from gateway.simulators.grid import Grid
from gateway.simulators.station_car import Car
from gateway.simulators.station_controls import Control, Controls
from gateway.simulators.station_device import Device, Variable
from gateway.simulators.station_dialect import TEXT, as_meant
from gateway.simulators.station_evse import Evse
from gateway.simulators.station_inverter import Inverter
from gateway.simulators.station_meter import Transaction, Wiring, connector_status, meter_value
from gateway.simulators.station_monitoring import Monitoring
from gateway.simulators.station_options import Personality, StationOptions, hits
from gateway.simulators.station_profiles import Profiles
from gateway.simulators.station_ratings import charging_needs
from gateway.simulators.station_schedules import Around, Conductors, Order
from gateway.simulators.station_security import WRITABLE, Security
from gateway.simulators.station_trip import Event
from gateway.simulators.station_wire import Json, instant

PROFILES = "profiles"
"""How Personality.ignores names every charging profile."""
_MOST_STEPS = 2000
_OUTLIVES = frozenset(
    {"TransactionEvent", "NotifyDERStartStop", "NotifyDERAlarm", "SecurityEventNotification"}
)
"""What is told even after an interruption; the rest would be stale."""


class Core:
    """Everything that a station is, apart from its connection."""

    def __init__(self, options: StationOptions, grid: Grid, now: float) -> None:
        self.options = options
        self.grid = grid
        self.personality = Personality()
        self.version = options.versions[0].removeprefix("ocpp")
        self.evses = tuple(Evse(number, options) for number in range(1, options.evses + 1))
        for place in self.evses:
            place.inverter.voltage_pu = grid.voltage_pu()
            place.inverter.frequency_hz = grid.frequency_hz()
        self.operative = True
        self.meter_interval_s = options.meter_interval_s
        self.online = False
        self.offline_since: float | None = now
        self.outbox: deque[tuple[str, Json]] = deque()
        self.reboot_wanted = ""
        """Why it is about to restart, in the words of BootNotification."""
        self.boot_wanted = False
        """Whether it is to repeat its BootNotification at once, while it waits for acceptance."""
        self.security = Security(
            options.id, options.delivered, options.trust_anchor, options.security, self.tell
        )
        self._held_back: deque[tuple[float, Json]] = deque()
        self._alarms: set[str] = set()
        self._transactions = 0
        self._now = now
        self._next_meter = now
        self._forget()
        self._describe()

    def _forget(self) -> None:
        options = self.options
        self._modes = frozenset(options.der_modes)
        self.controls = Controls(self._modes, part=options.report_part)
        self.profiles = Profiles(
            Conductors(options.phases, options.plate.v_nom), evses=options.evses
        )

    def _describe(self) -> None:
        """Start with the device model of the version that is spoken, and nothing watched."""
        self.device = Device(self.options, self.version)
        self.security.version = self.version
        self.device.adopt(
            Variable(*key, value, writable=key in WRITABLE)
            for key, value in self.security.variables().items()
        )
        self.monitoring = Monitoring(self.device, self.version, self.options.event_streams)

    def evse(self, number: int) -> Evse:
        """Return an EVSE; IndexError where there is none of this number."""
        if number < 1:
            raise IndexError(number)
        return self.evses[number - 1]

    @property
    def car(self) -> Car:
        """The car at EVSE 1."""
        return self.evses[0].car

    @property
    def inverter(self) -> Inverter:
        """The inverter of EVSE 1."""
        return self.evses[0].inverter

    @property
    def transaction(self) -> Transaction | None:
        """The transaction of EVSE 1."""
        return self.evses[0].transaction

    def negotiated(self, version: str) -> None:
        """Speak this version from now on."""
        if version != self.version:
            self.version = version
            self._describe()

    def greet(self, now: float) -> None:
        """Queue what a station tells after it was accepted, or after it came back."""
        self.online, self.offline_since = True, None
        self.security.network.connected()
        for place in self.evses:
            self.tell_status(place, now)
            if place.transaction is not None:
                self.tell_transaction(place, "Updated", "ChargingStateChanged", now)
            elif place.car.present:
                self._begin(place, now)
        for request in self.monitoring.streams.unopened():
            self.tell("OpenPeriodicEventStream", request)

    def went_offline(self, now: float) -> None:
        """Know that nobody listens."""
        if self.online:
            self.online, self.offline_since = False, now
        kept = [entry for entry in self.outbox if entry[0] in _OUTLIVES]
        self.outbox = deque(kept)

    def plug(self, now: float, *, present: bool, evse: int = 1, **wishes: Any) -> None:
        """Let a car come with these wishes (fields of Car), or go."""
        place = self.evse(evse)
        self._plug(place, place.wishing(present=present, **wishes), now)

    def _plug(self, place: Evse, car: Car, now: float) -> None:
        place.take(car)
        plate, number = place.inverter.plate, place.number
        self.device.rate(number, plate)
        own = {mode for item in self.evses if item.car.present for mode in item.car.modes}
        self.controls.supported = self._modes | own
        if car.present and place.transaction is None:
            self._begin(place, now)
        if car.present and car.transfer and self.version == "2.1":
            self.tell("NotifyEVChargingNeeds", charging_needs(car, plate, number, now))
        if not car.present and place.transaction is not None:
            self._end(place, now, "EVDeparted", "EVDisconnected")
        self.tell_status(place, now)

    def reboot(self, now: float) -> None:
        """Restart: transactions end, controls and profiles stay (R01.FR.03)."""
        for place in self.evses:
            if place.transaction is not None:
                self._end(place, now, "AbnormalCondition", "Reboot")
            place.inverter.p_w = place.inverter.q_var = 0.0
        self.monitoring.streams.close()
        self.security.network.restarted()
        if self.personality.forgets_on_reboot:
            self._forget()
            self._describe()
        if self.personality.replays_notices:
            self._notify(self.controls.started(), now)
        self.reboot_wanted = ""

    def advance(self, now: float) -> None:
        """Let time pass until now: controls start and end, power flows, the meter speaks."""
        if self.online:
            self.security.advance(now)
        self._come_and_go(now)
        self._notify(self.controls.advance(now), now)
        self._now = min(self._now, now)  # the clock may have been set back
        self._next_meter = min(self._next_meter, now + self.meter_interval_s)
        step = max(self.options.step_s, (now - self._now) / _MOST_STEPS)
        while self._now < now:
            dt = min(step, now - self._now)
            self._now = min(now, self._now + dt)
            self._flow(dt, self._now)
        for number in self.profiles.due_pulls(now) if self.online else ():
            self.tell("PullDynamicScheduleUpdate", {"chargingProfileId": number})
        if self.online and now >= self._next_meter:
            self._next_meter = max(self._next_meter + self.meter_interval_s, now)
            waiting = any(action == "MeterValues" for action, _ in self.outbox)
            if not (self.personality.mute_meter or waiting):
                self.tell_meter(now)
        if self.online and self.monitoring:
            self._watch(now)

    def _watch(self, now: float) -> None:
        """Tell what monitors noticed."""
        self.measure()
        charging = any(place.transaction is not None for place in self.evses)
        for action, payload in self.monitoring.advance(now, charging=charging):
            if not (action == "NotifyEvent" and self.personality.mute_events):
                self.tell(action, payload)

    def measure(self) -> None:
        """Let the device model say what flows (+ charges) and whether each EVSE is free."""
        for place in self.evses:
            state = place.state(operative=self.operative)
            self.device.assign("EVSE", "Power", f"{round(-place.inverter.p_w)}", place.number)
            self.device.assign("EVSE", "AvailabilityState", state, place.number)

    def disclose(self) -> None:
        """Let the device model say how it is connected, and what flows."""
        self.measure()
        for (component, name), value in self.security.variables().items():
            self.device.assign(component, name, value)

    def vary(self, component: str, name: str, value: str, evse: int | None = None) -> None:
        """Let a variable of the device model be another; KeyError where there is none.

        It stays so, whatever car comes. Modes that a station no longer names it no longer takes.
        """
        self.device.fix(component, name, value, evse)
        if name == "ModesSupported":
            self._modes = self.controls.supported = frozenset(filter(None, value.split(",")))

    def _come_and_go(self, now: float) -> None:
        """Let the cars of the options come and go, at each EVSE in its own time."""
        for place in self.evses if self.options.session_s else ():
            car = place.visitor(now)
            if car.present is not place.car.present:
                self._plug(place, car, now)

    def _notify(self, notices: list[Json], now: float) -> None:
        """Tell what started and ended, late where the personality is slow of tongue."""
        if self.version == "2.1" and not self.personality.mute_notices:
            due = now + self.personality.late_notices_s
            self._held_back.extend((due, notice) for notice in notices)
        while self._held_back and self._held_back[0][0] <= now:
            self.tell("NotifyDERStartStop", self._held_back.popleft()[1])

    def _flow(self, dt: float, now: float) -> None:
        true = now - self.personality.clock_off_s
        followed, sharing = self.followed, self.sharing
        for place in self.evses:
            grid = (self.grid.voltage_pu(true), self.grid.frequency_hz(true))
            place.inverter.additive_v_ref = self.personality.dialect.vref == "additive"
            place.inverter.protection.eager = self.personality.trips_early
            order = self._order(place, now, sharing)
            events = place.step(dt, order, followed, grid, operative=self.operative)
            flow = place.inverter
            self.grid.feed((self.options.id, place.number), flow.p_w, flow.q_var)
            for event in events:
                self._alarm(event, now)

    def _alarm(self, event: Event, now: float) -> None:
        """Tell once when the first EVSE trips, and once when the last is back (R05)."""
        kind = event.control_type
        tripped = any(place.inverter.protection.tripped == kind for place in self.evses)
        if tripped is (kind in self._alarms):
            return
        self._alarms ^= {kind}
        alarm = {
            "controlType": kind,
            **({"gridEventFault": event.fault} if event.fault else {}),
            "alarmEnded": event.ended,
            "timestamp": instant(now),
        }
        if self.version == "2.1":
            self.tell("NotifyDERAlarm", alarm)

    @property
    def followed(self) -> dict[str, Control]:
        """The controls in force that this personality obeys, as it reads them."""
        ignored, dialect = self.personality.ignores, self.personality.dialect
        found = {k: item for k, item in self.controls.active.items() if not hits(ignored, k)}
        if dialect == TEXT:
            return found
        v_nom = self.options.plate.v_nom
        return {
            kind: replace(item, body=as_meant(kind, item.body, dialect, v_nom))
            for kind, item in found.items()
        }

    def _order(self, place: Evse, now: float, sharing: int) -> Order:
        """Return what the profiles order at an EVSE now."""
        if hits(self.personality.ignores, PROFILES):
            return Order()
        return self.profiles.order(now, place.around(self.offline_since, sharing))

    @property
    def sharing(self) -> int:
        """How many EVSEs share the limit of the station."""
        return max(1, sum(place.car.present for place in self.evses))

    def around(self, evse: int = 1) -> Around:
        """Return what schedules depend on besides time."""
        return self.evse(evse).around(self.offline_since, self.sharing)

    def _begin(self, place: Evse, now: float) -> None:
        self._transactions += 1
        place.transaction = Transaction(
            f"{self.options.id[:20]}-{self._transactions}", now, place.number
        )
        self.tell_transaction(place, "Started", "CablePluggedIn", now)

    def _end(self, place: Evse, now: float, trigger: str, reason: str) -> None:
        self.tell_transaction(place, "Ended", trigger, now, stoppedReason=reason)
        place.transaction = None
        self.profiles.end_transaction(place.number)

    def tell_transaction(
        self, place: Evse, kind: str, trigger: str, now: float, **info: str
    ) -> None:
        """Queue a TransactionEvent of the running transaction."""
        if place.transaction is not None:
            info = {"chargingState": "Charging"} | info
            event = place.transaction.event(kind, trigger, now, self.meter(place, now), **info)
            self.tell("TransactionEvent", event)

    def tell_meter(self, now: float) -> None:
        """Queue a MeterValues of each EVSE."""
        for place in self.evses:
            values = {"evseId": place.number, "meterValue": [self.meter(place, now)]}
            self.tell("MeterValues", values)

    def tell_status(self, place: Evse, now: float) -> None:
        """Queue a StatusNotification."""
        status = connector_status(now, place.number, place.state(operative=self.operative))
        self.tell("StatusNotification", status)

    def meter(self, place: Evse, now: float) -> Json:
        """Return what flows, as far as its meter sees it."""
        wiring = Wiring(self.personality.reversed_clamps, self.options.meters_phases)
        return meter_value(place.inverter, place.car, now, wiring)

    def tell(self, action: str, payload: Json) -> None:
        """Queue a call, twice where the personality stammers."""
        for _ in range(2 if action in self.personality.twice else 1):
            self.outbox.append((action, payload))

    def answered(self, action: str, payload: Json, answer: Json, now: float) -> None:
        """Take the answer to an own call."""
        self.security.answered(action, answer)
        if action == "OpenPeriodicEventStream":
            self.monitoring.streams.answered(payload, answer)
        if action == "PullDynamicScheduleUpdate" and answer.get("scheduleUpdate"):
            update = {"scheduleUpdate": answer["scheduleUpdate"]}
            self.profiles.update(payload | update, now)
