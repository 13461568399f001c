"""The desk on which one command becomes messages: station, bases, results so far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

from translators.canonical.capability import Evse, Situation, StationProfile, Transaction
from translators.canonical.commands import DerCommand
from translators.canonical.controls import DerControl, function_of
from translators.canonical.telemetry import ControlOutcome
from translators.ocpp.identifiers import profile_id
from translators.ocpp.modes import check_profile
from translators.ocpp.wire import Json, StationMessage
from translators.rules.bases import Bases
from translators.rules.emission import Draft
from translators.rules.target import TargetRule
from translators.rules.trace import Loss, LossKind, Part, Refusal
from translators.rules.values import Trace, Unmet, text

_PROFILE = ("ocpp.charging_profile", ("OCPP 2.1 K01", "OCPP 2.1 ChargingScheduleType"))
_SCHEDULE = "chargingProfile/chargingSchedule[0]"


@dataclass(slots=True)
class Desk:
    """One command at one station; caps are watts that the command itself sets, None without."""

    command: DerCommand
    profile: StationProfile
    situation: Situation
    messages: list[StationMessage] = field(default_factory=list)
    vacuous: list[str] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    losses: list[Loss] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    export_cap: Fraction | None = None
    import_cap: Fraction | None = None
    ceased: bool = False
    stepped: int = 0
    """Messages that follow the ramp time of the command by steps."""

    @property
    def bases(self) -> Bases:
        """Return what percentages mean at this station."""
        return Bases(self.profile, self.situation)

    def draft(self, rule: TargetRule, control: DerControl) -> Draft:
        """Return a fresh draft of a control under a rule."""
        return Draft(control, self.bases, rule.trace(control), rule.place(control), {})

    def rest(self, draft: Draft) -> None:
        """Note the ratings that a draft looked up and no step of it names: codecs, bounds by settings."""
        if not draft.bases.used:
            return
        named = " ".join(step.base for step in draft.trace.steps)
        used = [(b, v) for b, v in draft.bases.used.items() if f"{b} =" not in named]
        for base, value in used:
            rating = f"{base} = {text(value)}"
            draft.trace.step("rests on", base, value, draft.path, value, rating)

    def keep(self, trace: Trace) -> None:
        """Take over what a rule did."""
        self.parts.append(trace.block())
        self.losses += trace.losses

    def follow(self, controls: Sequence[DerControl]) -> None:
        """Note controls that the station follows without being told."""
        self.vacuous += [function_of(control) for control in controls]

    def refuse(self, rule_id: str, controls: Sequence[DerControl], unmet: Unmet) -> None:
        """Note controls that nobody will carry out."""
        for control in controls:
            function = function_of(control)
            self.losses.append(
                Loss(LossKind.UNSUPPORTED, rule_id, unmet.where, unmet.problem, control=function)
            )
            self.refusals.append(
                Refusal(
                    ControlOutcome(unmet.outcome), function, unmet.where, unmet.problem, rule_id
                )
            )

    def send(
        self,
        action: str,
        payload: Json,
        message_id: str,
        controls: Sequence[DerControl],
        part: str,
    ) -> None:
        """Owe the station a message that serves these controls; `part` is what its id is derived from."""
        functions = tuple([function_of(control) for control in controls])
        version = self.profile.ocpp_version
        message = StationMessage(version, action, payload, message_id, functions, part=part)
        self.messages.append(message)

    def times(self, trace: Trace, place: str) -> dict[str, Any]:
        """Return startTime and duration of a scheduled DER control; nothing for a default.

        R04.FR.12, R04.FR.13: a default has neither; a scheduled one has both.
        """
        interval = self.command.interval
        if interval is None:
            return {}
        duration = interval.duration
        if duration is None:
            raise Unmet("not_applicable", "interval", "a control without end cannot be scheduled")
        begin, seconds = instant(interval.start), int(duration.total_seconds())
        trace.step("emit", "interval.start", begin, f"{place}/startTime", begin)
        trace.step("emit", "interval.duration", seconds, f"{place}/duration", seconds)
        return {"startTime": begin, "duration": seconds}

    def set_profile(self, profile: Profile, controls: Sequence[DerControl]) -> None:
        """Owe the station a SetChargingProfile (K01)."""
        part = profile.purpose + profile.part
        number = profile_id(self.command.mrid, self.profile.id, part, profile.evse_id)
        schedule: Json = {"id": number, **self._span(profile, function_of(controls[0]))}
        schedule |= {
            "chargingRateUnit": profile.unit,
            "chargingSchedulePeriod": [{"startPeriod": 0, **profile.period}, *profile.later],
            **profile.schedule,
        }
        kind = "Dynamic" if profile.watchdog_s is not None else "Absolute"
        check_profile(profile.purpose, kind, profile.unit, schedule["chargingSchedulePeriod"])
        body: Json = {
            "id": number,
            "stackLevel": self.situation.stack_level,
            "chargingProfilePurpose": profile.purpose,
            "chargingProfileKind": kind,
            "chargingSchedule": [schedule],
            **profile.offline,
        }
        if profile.transaction_id is not None:
            body["transactionId"] = profile.transaction_id
        payload = {"evseId": profile.evse_id, "chargingProfile": body}
        if any(_place(message.payload) == _place(payload) for message in self.messages):
            problem = (
                "another profile of the command has this purpose, level and place"  # K01.FR.06
            )
            raise Unmet("not_applicable", profile.purpose, problem)
        self.send("SetChargingProfile", payload, str(number), controls, part)

    def _span(self, profile: Profile, function: str) -> Json:
        """Return when a schedule starts and how long it holds; a live one lapses unless it is renewed."""
        trace = Trace(*_PROFILE, function)
        span: Json = {}
        start, duration = self.command.created, None
        if self.command.interval is not None:
            start, duration = self.command.interval.start, self.command.interval.duration
        seconds = None if duration is None else int(duration.total_seconds())
        if profile.watchdog_s is None:
            span["startSchedule"] = emitted = instant(start)
            trace.step("emit", "interval.start", emitted, f"{_SCHEDULE}/startSchedule", emitted)
        elif profile.watchdog_s:
            seconds = min(profile.watchdog_s, seconds or profile.watchdog_s)
        if seconds is not None:
            span["duration"] = seconds
            trace.step("emit", "interval.duration", seconds, f"{_SCHEDULE}/duration", seconds)
        self.keep(trace)
        return span

    def evse(self, transaction: Transaction) -> Evse | None:
        """Return the EVSE of a transaction, None where the station did not report it."""
        return next((e for e in self.profile.evses if e.id == transaction.evse_id), None)


def _place(payload: Json) -> tuple[object, ...] | None:
    """Return what two profiles of one level must not share, None for another message."""
    profile = payload.get("chargingProfile")
    if profile is None:
        return None
    return payload["evseId"], profile["chargingProfilePurpose"], profile.get("transactionId")


@dataclass(frozen=True, slots=True)
class Profile:
    """What differs between the charging profiles that we send: Absolute, or Dynamic with one period.

    `later` are periods after the first, with their startPeriod. A Dynamic profile has `watchdog_s`: it
    lapses so many seconds after its last update, 0 for as long as the command itself.
    """

    purpose: str
    evse_id: int
    unit: str
    period: Json
    part: str = ""
    """Tells two profiles of one purpose and command apart."""
    transaction_id: str | None = None
    schedule: Json = field(default_factory=dict)
    later: tuple[Json, ...] = ()
    watchdog_s: int | None = None
    offline: Json = field(default_factory=dict)


def instant(value: datetime) -> str:
    """Return an RFC 3339 instant in UTC, fractions of a second only where there are some."""
    universal = value if value.tzinfo is UTC else value.astimezone(UTC)
    return universal.isoformat().replace("+00:00", "Z")
