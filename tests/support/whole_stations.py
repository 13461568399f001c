"""Stations of a whole gateway: they decide by R04 and by stack level, and share no code with the engine."""

import copy
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import count

from gateway.core.events import HeldControl
from gateway.core.failsafe import FailSafe, UtilityRules
from gateway.core.inputs import Setup
from gateway.core.pace import Canary, Feeder, PaceRules
from gateway.core.site_state import MeterRules
from gateway.core.station import StationRules
from gateway.simulators.station_controls import Controls
from gateway.simulators.station_rules import CURVE, MEMBERS
from support.engine_bench import limit, the_book
from support.site_worlds import a_member, site_rules
from translators.canonical.controls import LimitOn
from translators.canonical.telemetry import ControlNotice

HOUR = timedelta(hours=1)
STATIONS = {"CS1": "2.1", "CS2": "2.1", "CS3": "2.0.1", "METER": "2.0.1"}
MEMBERS_OF_SITE = ("CS2", "CS3")
UTILITIES = ("dso", "iso")
RATING = 22000
DISCHARGE = 20000
SUPPORTED = ("FixedPFInject", "FixedVar", "LimitMaxDischarge", "VoltVar", "Gradients")


def a_setup(draw):
    """Return what the settings say: drawn, but of the same stations and utilities."""
    safe = FailSafe((limit(LimitOn.IMPORT, 3000),), 300.0, cold=draw.choice((False, False, True)))
    patience = UtilityRules(
        silent_s=120.0, return_s=30.0, poll_s=30.0, starts=draw.choice((True, False))
    )
    stations = (
        StationRules("CS1", UTILITIES, fail_safe=safe, must_pass=draw.random() < 0.1),
        StationRules("CS2", ("dso",), fail_safe=draw.choice((safe, FailSafe()))),
        StationRules("CS3", ()),
        StationRules("METER", ()),
    )
    site = site_rules(
        *(a_member(name) for name in MEMBERS_OF_SITE),
        meter=MeterRules("METER", load=Fraction(2000), generation=Fraction()),
        fail_safe=draw.choice((safe, FailSafe())),
    )
    feeder = Feeder("F", {name: Fraction(44000) for name in ("CS1", "CS2", "CS3")}, Fraction(50000))
    canary = Canary(frozenset({draw.choice(("CS1", "CS2"))}), timedelta(seconds=90))
    pace = PaceRules(draw.choice(((), (feeder,))), draw.choice((None, canary)))
    utilities = dict.fromkeys(UTILITIES, patience)
    return Setup(the_book().digest, stations, utilities, (site,), pace)


def _covers(profile, now):
    (schedule,) = profile["chargingSchedule"]
    if "startSchedule" not in schedule:
        return True
    start = datetime.fromisoformat(schedule["startSchedule"])
    duration = schedule.get("duration")
    return start <= now and (duration is None or now < start + timedelta(seconds=duration))


@dataclass
class Station:
    """A station: what it took, how it treats the next call, and what it says when."""

    name: str
    controls: Controls = field(default_factory=lambda: Controls(SUPPORTED))
    profiles: dict = field(default_factory=dict)
    online: bool = False
    fates: deque = field(default_factory=deque)
    line: deque = field(default_factory=deque)
    """Calls under way, with the instant of their sending."""
    notices: deque = field(default_factory=deque)
    charging: bool = True
    rejected: bool = False
    """Whether it ever said no: then it may follow what it followed before."""

    def setpoints(self, now):
        """Return what transactions follow, W (+ charges)."""
        for profile in self.running(now):
            period = profile["chargingSchedule"][0]["chargingSchedulePeriod"][-1]
            if profile["chargingProfilePurpose"] == "TxProfile" and "setpoint" in period:
                yield Fraction(str(period["setpoint"]))

    def discharge(self):
        """Return the limit of discharge that is in force, W."""
        control = self.controls.active.get("LimitMaxDischarge")
        share = 100 if control is None else control.body.get("pctMaxDischargePower", 100)
        return Fraction(str(share)) * DISCHARGE / 100

    def running(self, now):
        return [
            p["chargingProfile"]
            for p in self.profiles.values()
            if _covers(p["chargingProfile"], now)
        ]

    def limit(self, now):
        """Return the limit of charge by its station profiles, W: the highest level decides."""
        found = [
            p
            for p in self.running(now)
            if p["chargingProfilePurpose"] == "ChargingStationMaxProfile"
        ]
        best = max(found, key=lambda p: p["stackLevel"], default=None)
        if best is None:
            return Fraction(RATING)
        period = best["chargingSchedule"][0]["chargingSchedulePeriod"][0]
        return min(Fraction(str(period["limit"])), Fraction(RATING))

    def take(self, action, payload, now):
        match action:
            case "SetDERControl":
                return self.controls.set(payload, now.timestamp())
            case "ClearDERControl":
                return self.controls.clear(payload)
            case "SetChargingProfile":
                self.profiles[payload["chargingProfile"]["id"]] = payload
                return {"status": "Accepted"}
            case "ClearChargingProfile":
                known = self.profiles.pop(payload["chargingProfileId"], None)
                return {"status": "Accepted" if known else "NotFound"}
            case "UpdateDynamicSchedule":
                return self._update(payload)
            case "GetCompositeSchedule":
                return {"status": "Rejected"}
            case "GetTransactionStatus":
                return {
                    "status": "Accepted",
                    "ongoingIndicator": self.charging,
                    "messagesInQueue": False,
                }
            case _:
                return {"status": "NotSupported"}

    def _update(self, payload):
        held = self.profiles.get(payload["chargingProfileId"])
        if held is None or held["chargingProfile"]["chargingProfileKind"] != "Dynamic":
            return {"status": "Rejected"}
        period = held["chargingProfile"]["chargingSchedule"][0]["chargingSchedulePeriod"][0]
        period.update(payload["scheduleUpdate"])
        return {"status": "Accepted"}

    def listen(self, now):
        """Let it start and end what is due; its notices wait for the line."""
        for told in self.controls.advance(now.timestamp()):
            ids = tuple(told.get("supersededIds", ()))
            self.notices.append(
                ControlNotice(self.name, told["controlId"], told["started"], now, ids)
            )

    def held(self):
        """Say what it holds, as its read-back does."""
        for item in self.controls.held:
            payload = {
                "isDefault": item.is_default,
                "controlId": item.id,
                "controlType": item.type,
                MEMBERS.get(item.type, CURVE): dict(item.body),
            }
            yield HeldControl(item.id, "SetDERControl", payload, item.superseded)
        for key, payload in self.profiles.items():
            yield HeldControl(str(key), "SetChargingProfile", payload)

    def ids(self):
        return {item.id for item in self.controls.held} | {str(key) for key in self.profiles}

    def copied(self):
        """Return it as it is, for another life."""
        other = Station(self.name, profiles=copy.deepcopy(self.profiles), charging=self.charging)
        other.controls._held = copy.deepcopy(self.controls._held)
        other.controls._numbers = count(1 + max((c.number for c in self.controls.held), default=0))
        other.notices, other.rejected = deque(self.notices), self.rejected
        return other
