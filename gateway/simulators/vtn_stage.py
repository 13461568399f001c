"""A simulated VTN on which a script is played: the moves of its steps, what it expects of VENs."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from gateway.simulators.vtn import SimulatedVtn
from gateway.simulators.vtn_faults import FAULTS
from gateway.simulators.vtn_script import (
    AddEntry,
    ChangeEntry,
    ExpectEntry,
    FaultEntry,
    ReportEntry,
    Script,
    StepEntry,
    Target,
)
from gateway.simulators.vtn_times import moment
from gateway.simulators.vtn_world import Body, Entry, Kind, named


class Stage:
    """Knows the script's names of events."""

    def __init__(self, script: Script, vtn: SimulatedVtn) -> None:
        """Set up what is there from the start."""
        self._vtn = vtn
        self._events: dict[str, str] = {}
        self._added: dict[str, AddEntry] = {}
        for program in script.programs:
            vtn.add_program(program.name, **program.members)
        for ven in script.vens:
            owner = vtn.add_ven(ven.name, ven.client, **self._targets(ven.targets))
            for resource, targets in ven.resources.items():
                vtn.add_resource(owner, resource, **self._targets(targets))

    async def play(self, step: StepEntry) -> None:
        """Carry out the moves of a step; what it expects is left to `seen`."""
        self._move_events(step)
        self._trouble(step)
        if step.down_s is not None:
            await self._vtn.down()
        if step.forget:
            self._vtn.forget(*step.forget)
        self._vtn.replay_webhooks(step.replay_webhooks)
        if step.forge_webhooks is not None:
            self._vtn.forge_webhooks(step.forge_webhooks)
        self._vtn.babble(step.babble)

    def seen(self, expected: ExpectEntry, since: int) -> bool:
        """Say whether what is expected is there; `since` is how many requests are too old for `get`."""
        vtn = self._vtn
        if expected.report is not None:
            return any(self._is(expected.report, entry) for entry in vtn.reports)
        if expected.get is not None:
            recent = vtn.exchanges[since:]
            return any(it.method == "GET" and it.path == expected.get for it in recent)
        if expected.subscription is not None:
            return any(
                expected.subscription in wanted["objects"]
                for entry in vtn.entries(Kind.SUBSCRIPTION)
                for wanted in entry.body["objectOperations"]
            )
        kind = Kind.VEN if expected.ven is not None else Kind.RESOURCE
        return any(named(it) == (expected.ven or expected.resource) for it in vtn.entries(kind))

    def _move_events(self, step: StepEntry) -> None:
        if step.add is not None:
            self._add(step.add)
        if step.change is not None:
            self._change(step.change)
        if step.delete is not None:
            self._vtn.delete_event(self._events[step.delete])
        if step.grant is not None:
            targets = self._targets(step.grant.targets).get("targets", [])
            self._vtn.grant(step.grant.ven, *targets, resource=step.grant.resource)

    def _trouble(self, step: StepEntry) -> None:
        vtn = self._vtn
        if step.fail is not None:
            vtn.fail(step.fail.path, step.fail.status, step.fail.times)
        if step.fault is not None:
            _spoil(vtn, step.fault)
        if step.heal:
            vtn.heal()
        if step.revoke:
            vtn.revoke_tokens()
        if step.clock_s is not None:
            vtn.time_offset_s = step.clock_s

    def _add(self, entry: AddEntry) -> None:
        members: Body = {
            "eventName": entry.id,
            "priority": entry.priority,
            "intervalPeriod": {"start": self._start(entry.start_in_s or 0.0)},
            "intervals": _intervals(entry.type, entry.values, entry.points),
            **self._targets(entry.targets or []),
        }
        if entry.duration is not None:
            members["intervalPeriod"]["duration"] = entry.duration
        if entry.units is not None or entry.currency is not None:
            given = {"payloadType": entry.type, "units": entry.units, "currency": entry.currency}
            descriptor = {"objectType": "EVENT_PAYLOAD_DESCRIPTOR", **given}
            members["payloadDescriptors"] = [_without_none(descriptor)]
        if entry.reports:
            members["reportDescriptors"] = [
                {"payloadType": item} if isinstance(item, str) else item for item in entry.reports
            ]
        members = _without_none({**members, **entry.members})
        self._events[entry.id] = self._vtn.add_event(entry.program, **members)
        self._added[entry.id] = entry

    def _change(self, entry: ChangeEntry) -> None:
        event = self._vtn.entry(Kind.EVENT, self._events[entry.id])
        members: Body = self._targets(entry.targets or [])
        if entry.values is not None or entry.points is not None:
            kind = self._added[entry.id].type
            members["intervals"] = _intervals(kind, entry.values, entry.points)
        period = dict(event.body.get("intervalPeriod") or {})
        if entry.start_in_s is not None:
            period["start"] = self._start(entry.start_in_s)
        if entry.duration is not None:
            period["duration"] = entry.duration
        if entry.priority is not None:
            members["priority"] = entry.priority
        if period:
            members["intervalPeriod"] = period
        self._vtn.change_event(event.id, **{**members, **entry.members})

    def _start(self, in_s: float) -> str:
        return moment(self._vtn.now() + in_s)

    def _targets(self, targets: list[Target]) -> Body:
        """Return the member `targets`; on 3.0.1 a plain name stands in a GROUP."""
        if not targets:
            return {}
        old = self._vtn.options.revision == "3.0"
        return {
            "targets": [
                {"type": "GROUP", "values": [it]} if old and isinstance(it, str) else it
                for it in targets
            ]
        }

    def _is(self, wanted: ReportEntry, entry: Entry) -> bool:
        if wanted.event is not None and entry.body["eventID"] != self._events.get(wanted.event):
            return False
        if wanted.name not in (None, entry.body.get("reportName")):
            return False
        found = list(_payloads(entry, wanted.resource))
        return any(_holds(wanted, payload) for payload in found)


def _spoil(vtn: SimulatedVtn, entry: FaultEntry) -> None:
    fault = FAULTS[entry.kind](**entry.arguments)
    for_s = math.inf if entry.for_s is None else entry.for_s
    vtn.spoil(entry.path, fault, method=entry.method, times=entry.times, for_s=for_s)


def _intervals(
    kind: str, values: list[Any] | None, points: list[tuple[float, float]] | None
) -> list[Body]:
    """Return an interval per value, or one with a curve."""
    series = [[value] for value in values or ()]
    if points is not None:
        series = [[{"x": x, "y": y} for x, y in points]]
    return [
        {"id": number, "payloads": [{"type": kind, "values": held}]}
        for number, held in enumerate(series)
    ]


def _payloads(entry: Entry, resource: str | None) -> Iterator[Body]:
    for item in entry.body["resources"]:
        if resource in (None, item["resourceName"]):
            for interval in item["intervals"]:
                yield from interval["payloads"]


def _holds(wanted: ReportEntry, payload: Body) -> bool:
    values = payload["values"]
    if wanted.type not in (None, payload["type"]):
        return False
    if wanted.values is not None and values != wanted.values:
        return False
    least = -math.inf if wanted.at_least is None else wanted.at_least
    most = math.inf if wanted.at_most is None else wanted.at_most
    if wanted.at_least is None and wanted.at_most is None:
        return True
    return all(isinstance(it, int | float) and least <= it <= most for it in values)


def _without_none(members: Body) -> Body:
    return {key: value for key, value in members.items() if value is not None}
