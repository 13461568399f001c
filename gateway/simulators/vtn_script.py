"""A YAML script for a day of events at a simulated VTN: its entries, and what makes them wrong.

revision: "3.1"
strict: true
programs: [{name: ev-flex, with: {payloadDescriptors: [...]}}]
vens: [{name: gateway, targets: [feeder7]}]
steps:
  - {at_s: 5, add: {id: limit, program: ev-flex, type: IMPORT_CAPACITY_LIMIT, units: KW, values: [22.5, 11],
                    start_in_s: 10, duration: PT15M, priority: 1, reports: [OPERATING_STATE]}}
  - {after_s: 5, expect: {report: {event: limit, type: OPERATING_STATE}, within_s: 20}}
  - {at_s: 20, change: {id: limit, values: [15, 11]}}
  - {at_s: 30, fault: {kind: status, path: /events*, for_s: 60, with: {code: 500}}}
  - {at_s: 40, delete: limit}

docs/simulated_vtn.md describes every entry.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from gateway.errors import SettingsError
from gateway.simulators.scripts import read_script
from gateway.simulators.vtn_faults import FAULTS
from gateway.simulators.vtn_options import Account, Options, Revision, default_accounts
from gateway.simulators.vtn_quirks import Quirk
from gateway.simulators.vtn_world import Kind

type Members = dict[str, Any]
type Target = str | Members


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class ClientEntry(_Model):
    """A client at the token endpoint."""

    secret: str
    business: bool = False
    scopes: list[str] = []


class ProgramEntry(_Model):
    """A program; `with` holds members as on the wire."""

    name: str
    members: Annotated[Members, Field(alias="with")] = {}


class VenEntry(_Model):
    """A ven that is there before its client comes, with resources and their targets."""

    name: str
    client: str = "ven_client"
    targets: list[Target] = []
    resources: dict[str, list[Target]] = {}


class _Series(_Model):
    """An interval per value, or one with a curve."""

    values: list[Any] | None = None
    points: list[tuple[float, float]] | None = None
    start_in_s: float | None = None
    duration: str | None = None
    priority: int | None = None
    targets: list[Target] | None = None
    members: Annotated[Members, Field(alias="with")] = {}


class AddEntry(_Series):
    """An event; it begins `start_in_s` from then, each interval lasts `duration`."""

    id: str
    program: str
    type: str
    units: str | None = None
    currency: str | None = None
    reports: list[str | Members] = []

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if (self.values is None) == (self.points is None):
            raise ValueError("give either values or points")
        return self


class ChangeEntry(_Series):
    """What becomes of an event; `with` replaces members, null takes one away."""

    id: str


class GrantEntry(_Model):
    """Targets of a ven, or of one of its resources."""

    ven: str
    resource: str = ""
    targets: list[Target]


class FailEntry(_Model):
    """Bare answers at a path pattern."""

    path: str
    status: int
    times: int = 1


class FaultEntry(_Model):
    """A fault at a path pattern: so often, so long, or until it is healed."""

    kind: str
    path: str
    method: str | None = None
    times: int | None = None
    for_s: float | None = None
    arguments: Annotated[Members, Field(alias="with")] = {}

    @model_validator(mode="after")
    def _known(self) -> Self:
        if self.kind not in FAULTS:
            raise ValueError(f"{self.kind} is none of {', '.join(FAULTS)}")
        try:
            FAULTS[self.kind](**self.arguments)
        except TypeError as exc:
            raise ValueError(str(exc)) from exc
        return self


class ReportEntry(_Model):
    """A report: of an event, holding this type, of this resource, with these values or between bounds."""

    event: str | None = None
    type: str | None = None
    resource: str | None = None
    name: str | None = None
    values: list[Any] | None = None
    at_least: float | None = None
    at_most: float | None = None


class ExpectEntry(_Model):
    """What has to be seen within `within_s`, or with `absent` not at all; exactly one of the others."""

    report: ReportEntry | None = None
    ven: str | None = None
    resource: str | None = None
    subscription: str | None = None
    get: str | None = None
    within_s: float = 5.0
    absent: bool = False

    @model_validator(mode="after")
    def _one(self) -> Self:
        given = (self.report, self.ven, self.resource, self.subscription, self.get)
        if sum(item is not None for item in given) != 1:
            raise ValueError("give one of report, ven, resource, subscription, get")
        return self


class StepEntry(_Model):
    """Moves, `at_s` seconds after the start or `after_s` after the step before."""

    at_s: float | None = None
    after_s: float | None = None
    add: AddEntry | None = None
    change: ChangeEntry | None = None
    delete: str | None = None
    grant: GrantEntry | None = None
    fail: FailEntry | None = None
    fault: FaultEntry | None = None
    heal: bool = False
    revoke: bool = False
    clock_s: float | None = None
    down_s: float | None = None
    forget: list[Kind] = []
    replay_webhooks: int = 0
    forge_webhooks: str | None = None
    babble: int = 0
    expect: ExpectEntry | None = None

    @model_validator(mode="after")
    def _one_time(self) -> Self:
        if self.at_s is not None and self.after_s is not None:
            raise ValueError("give either at_s or after_s")
        return self


class Script(_Model):
    """A whole script; see the module for an example."""

    revision: Revision = "3.1"
    strict: bool = False
    quirks: list[Quirk] = []
    etags: bool = False
    open: bool = False
    token_s: float = 3600.0
    page_size: int = 50
    shortest_poll_s: float = 0.0
    broker: str = ""
    broker_auth: dict[str, str] = {"method": "ANONYMOUS"}
    clients: dict[str, ClientEntry] = {}
    programs: list[ProgramEntry] = []
    vens: list[VenEntry] = []
    steps: list[StepEntry] = []

    @property
    def options(self) -> Options:
        """How the VTN behaves."""
        own = {
            name: Account(entry.secret, entry.business, tuple(entry.scopes))
            for name, entry in self.clients.items()
        }
        return Options(
            self.revision,
            open=self.open,
            accounts={**default_accounts(), **own},
            token_s=self.token_s,
            page_size=self.page_size,
            strict=self.strict,
            shortest_poll_s=self.shortest_poll_s,
            etags=self.etags,
            broker_auth=self.broker_auth,
            quirks=frozenset(self.quirks),
        )

    @property
    def timed(self) -> list[tuple[float, StepEntry]]:
        """Return the steps with their seconds after the start, in the order in which they are made."""
        found, last = [], 0.0
        for step in self.steps:
            last = last + step.after_s if step.after_s is not None else step.at_s or 0.0
            found.append((last, step))
        return sorted(found, key=lambda item: item[0])


def load_script(text: str) -> Script:
    """Read a script; SettingsError says which entry is wrong."""
    script = read_script(Script, text)
    for where, problem in _unknown(script):
        raise SettingsError(problem, where=f"script {where}")
    return script


def _unknown(script: Script) -> Iterator[tuple[str, str]]:
    """Yield what names something that there is not."""
    if script.broker and script.revision == "3.0":
        yield "broker", "3.0.1 knows no MQTT"
    for number, ven in enumerate(script.vens):
        if ven.client not in script.options.accounts:
            yield f"vens[{number}]", f"{ven.client} is no client"
    numbers = {id(step): number for number, step in enumerate(script.steps)}
    names = _Names({it.name for it in script.programs}, {it.name for it in script.vens})
    for _, step in script.timed:
        for problem in names.missing(step):
            yield f"steps[{numbers[id(step)]}]", problem
        if step.babble and not script.broker:
            yield f"steps[{numbers[id(step)]}]", "babble needs a broker"
        names.follow(step)


@dataclass(slots=True)
class _Names:
    """What a step may name: what is there then, and of events what ever was."""

    programs: set[str]
    vens: set[str]
    events: set[str] = field(default_factory=set)
    former: set[str] = field(default_factory=set)

    def missing(self, step: StepEntry) -> Iterator[str]:
        """Yield what a step names in vain."""
        if step.add is not None and step.add.program not in self.programs:
            yield f"{step.add.program} is no program"
        if step.grant is not None and step.grant.ven not in self.vens:
            yield f"{step.grant.ven} is no ven of this script"
        for name in (step.change.id if step.change else None, step.delete):
            if name is not None and name not in self.events:
                yield f"{name} is no event added before"
        report = step.expect.report if step.expect else None
        known = self.events | self.former | ({step.add.id} if step.add else set())
        if report is not None and report.event is not None and report.event not in known:
            yield f"{report.event} is no event added before"

    def follow(self, step: StepEntry) -> None:
        """Know what is there after a step."""
        if step.add is not None:
            self.events.add(step.add.id)
        self.former |= self.events
        self.events -= {step.delete}
        kinds = {Kind.PROGRAM: self.programs, Kind.EVENT: self.events, Kind.VEN: self.vens}
        for kind in step.forget:
            kinds.get(kind, set()).clear()
