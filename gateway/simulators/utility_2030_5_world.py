"""What the simulated utility knows (devices, programs, controls) and how a script moves it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum

from gateway.simulators.traps import Trap
from gateway.simulators.utility_2030_5_controls import Control, Curve, base_node
from gateway.simulators.utility_2030_5_faults import Fault
from gateway.simulators.utility_2030_5_schema import Dialect
from gateway.simulators.utility_2030_5_xml import Node, branch, leaf

PEN = 32473  # the private enterprise number that RFC 5612 keeps for examples
PIN = 111115
EVSE = "00020000"  # DeviceCategoryType, bit 17


class EventState(IntEnum):
    """EventStatus.currentStatus."""

    SCHEDULED = 0
    ACTIVE = 1
    CANCELLED = 2
    CANCELLED_RANDOMIZED = 3
    SUPERSEDED = 4


@dataclass(frozen=True, slots=True)
class Options:
    """How the utility behaves; rates in seconds."""

    dialect: Dialect = field(default_factory=Dialect)
    poll_rate_s: int = 1
    post_rate_s: int = 1
    page_size: int = 1  # items per page where the client states no limit
    open_registration: bool = False  # clients may create their own EndDevice
    programs_in_dcap: bool = False  # DeviceCapability links to the programs, too


@dataclass(slots=True)
class HeldControl:
    """A control inside a program."""

    control: Control
    number: int
    mrid: str
    href: str
    created: int
    state: EventState | None = None  # None: the clock decides
    changed: int = 0

    def state_at(self, now: float) -> EventState:
        """Return what the utility says about it."""
        if self.state is not None:
            return self.state
        return EventState.SCHEDULED if now < self.control.start else EventState.ACTIVE

    @property
    def last_end(self) -> int:
        """When the latest possible randomisation has run out; then it leaves the list."""
        late = (self.control.randomize_start or 0, self.control.randomize_duration or 0)
        return self.control.start + self.control.duration + sum(max(0, value) for value in late)


@dataclass(frozen=True, slots=True)
class HeldCurve:
    """A curve inside a program."""

    curve: Curve
    mrid: str
    href: str
    created: int


@dataclass(slots=True)
class Program:
    """A DERProgram."""

    number: int
    mrid: str
    primacy: int
    description: str
    controls: list[HeldControl] = field(default_factory=list)
    curves: list[HeldCurve] = field(default_factory=list)
    default: Node | None = None

    @property
    def href(self) -> str:
        """Its address."""
        return f"/derp/{self.number}"


@dataclass(slots=True)
class Assignment:
    """One FunctionSetAssignments of a device."""

    number: int
    mrid: str
    programs: list[Program] = field(default_factory=list)


@dataclass(slots=True)
class Device:
    """An EndDevice."""

    number: int
    lfdi: str
    sfdi: int
    pin: int | None
    registered: int
    enabled: bool = True
    category: str = EVSE
    assignments: list[Assignment] = field(default_factory=list)
    documents: dict[str, Node] = field(default_factory=dict)  # by the last word of their path
    # The events that it was told of: mRID and their responseRequired.
    served: dict[str, str | None] = field(default_factory=dict)

    @property
    def href(self) -> str:
        """Its address."""
        return f"/edev/{self.number}"

    @property
    def programs(self) -> list[Program]:
        """Its programs, each once."""
        found = {program.number: program for each in self.assignments for program in each.programs}
        return list(found.values())


@dataclass(slots=True)
class Mirror:
    """A MirrorUsagePoint that a device keeps here."""

    number: int
    lfdi: str
    mrid: str
    node: Node
    types: dict[str, Node] = field(default_factory=dict)  # mRID of the reading -> ReadingType

    @property
    def href(self) -> str:
        """Its address."""
        return f"/mup/{self.number}"


class World:
    """The state of the utility and the moves of a script; every time is the utility's own."""

    def __init__(
        self, options: Options | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        self.options = options or Options()
        self.time_offset_s = 0.0  # what its clock is ahead of `clock`
        self.time_quality = 4
        self.devices: list[Device] = []
        self.programs: list[Program] = []
        self.mirrors: list[Mirror] = []
        self.traps: list[Trap[Fault]] = []
        self._clock = clock
        self._numbers = 0

    def now(self) -> float:
        """Return the utility's time in seconds since 1970."""
        return self._clock() + self.time_offset_s

    def add_device(self, lfdi: str, *programs: Program, pin: int | None = PIN) -> Device:
        """Register a device, assign `programs` to it; without a `pin` there is no Registration."""
        name = lfdi.upper()
        if self.device(name) is not None:
            raise ValueError(f"{name} is registered already")
        number = len(self.devices) + 1
        device = Device(number, name, sfdi_of(name), pin, int(self.now()))
        self.devices.append(device)
        if programs:
            self.assign(device, *programs)
        return device

    def assign(self, device: Device, *programs: Program, assignment: int = 1) -> None:
        """Add `programs` to the numbered FunctionSetAssignments of `device`, made on first use."""
        for existing in device.assignments:
            if existing.number == assignment:
                existing.programs.extend(programs)
                return
        device.assignments.append(Assignment(assignment, self._new_mrid(), list(programs)))

    def unassign(self, device: Device, program: Program) -> None:
        """Take `program` out of every assignment of `device`."""
        for assignment in device.assignments:
            assignment.programs = [item for item in assignment.programs if item is not program]

    def add_program(self, primacy: int, *, mrid: str = "", description: str = "") -> Program:
        """Make a program; it reaches nobody until it is assigned."""
        number = len(self.programs) + 1
        program = Program(number, mrid or self._new_mrid(), primacy, description)
        self.programs.append(program)
        return program

    def add_curve(self, program: Program, curve: Curve) -> str:
        """Put a curve into the program's list and return its href."""
        href = f"{program.href}/dc/{len(program.curves) + 1}"
        held = HeldCurve(curve, curve.mrid or self._new_mrid(), href, int(self.now()))
        program.curves.append(held)
        return href

    def set_default(
        self,
        program: Program,
        *base: Node,
        mrid: str = "",
        settings: Mapping[str, int] | None = None,
    ) -> str:
        """Set the DefaultDERControl and return its mRID; `settings` such as `{"setGradW": 100}`."""
        name = mrid or self._new_mrid()
        program.default = branch(
            "DefaultDERControl",
            leaf("mRID", name),
            leaf("version", 0),
            base_node(base),
            *(leaf(key, value) for key, value in sorted((settings or {}).items())),
            href=f"{program.href}/dderc",
        )
        return name

    def add_control(
        self, program: Program, control: Control, *, supersede: bool = True
    ) -> HeldControl:
        """Put a control into the program.

        Older controls of this program that overlap it in time and in one mode are superseded
        whole and at once, as servers in the field do; with `supersede=False` they stay.
        """
        self._numbers += 1
        number, now = self._numbers, int(self.now())
        created = now if control.created is None else control.created
        mrid = control.mrid.upper() or self._new_mrid()
        held = HeldControl(control, number, mrid, f"{program.href}/derc/{number}", created)
        held.changed = now
        if supersede:
            for older in program.controls:
                if older.state is None and _overlap(older, held):
                    older.state, older.changed = EventState.SUPERSEDED, now
        program.controls.append(held)
        return held

    def cancel(self, mrid: str, *, randomized: bool = False) -> None:
        """Cancel a control: status 2, or 3 where devices shall randomise the end."""
        held = self.find(mrid)[1]
        held.state = EventState.CANCELLED_RANDOMIZED if randomized else EventState.CANCELLED
        held.changed = int(self.now())

    def update(self, mrid: str, change: Callable[[Control], Control]) -> None:
        """Replace a control by what `change` makes of it; its version grows."""
        held = self.find(mrid)[1]
        held.control = replace(change(held.control), version=(held.control.version or 0) + 1)
        held.changed = int(self.now())

    def remove(self, mrid: str) -> None:
        """Take a control out of the list without a word."""
        program, held = self.find(mrid)
        program.controls.remove(held)

    def find(self, mrid: str) -> tuple[Program, HeldControl]:
        """Return a control and its program by mRID; KeyError when there is none."""
        for program in self.programs:
            for held in program.controls:
                if held.mrid == mrid.upper():
                    return program, held
        raise KeyError(mrid)

    def fail(
        self, pattern: str, fault: Fault, *, method: str | None = None, times: int | None = None
    ) -> None:
        """Let `fault` spoil the answers at `pattern` (`/edev/*`), `times` times or until `heal`."""
        self.traps.append(Trap(pattern, fault, method, times))

    def heal(self) -> None:
        """Take every fault away."""
        self.traps.clear()

    def device(self, lfdi: str) -> Device | None:
        """Return the device with this LFDI, whatever its case."""
        return next((item for item in self.devices if item.lfdi == lfdi.upper()), None)

    def _new_mrid(self) -> str:
        self._numbers += 1
        return f"{self._numbers:08X}{0:016X}{PEN:08X}"


def sfdi_of(lfdi: str) -> int:
    """Return the SFDI: the first 36 bits, and a digit that makes the digit sum divisible by 10."""
    head = int(lfdi[:9], 16)
    return head * 10 + -sum(map(int, str(head))) % 10


def _overlap(older: HeldControl, newer: HeldControl) -> bool:
    one, other = older.control, newer.control
    if max(one.start, other.start) >= min(one.start + one.duration, other.start + other.duration):
        return False
    return bool(_modes(one) & _modes(other))


def _modes(control: Control) -> set[str]:
    return {part.name for part in control.base if part.name != "rampTms"}


# The last word of the address under a DER, and the document that lies there.
DER_DOCUMENTS: Mapping[str, str] = {
    "dercap": "DERCapability",
    "derg": "DERSettings",
    "ders": "DERStatus",
    "dera": "DERAvailability",
}
