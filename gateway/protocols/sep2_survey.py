"""What the documents of a utility lead to: one pure look at all that was fetched.

    DeviceCapability ─ Time
     ├─ EndDeviceList ─ own EndDevice ─ Registration
     │                   ├─ FunctionSetAssignmentsList ─ (Time) ─ DERProgramList ─ DERProgram
     │                   │                                          ├─ DERControlList ─ curves
     │                   │                                          └─ DefaultDERControl ─ curves
     │                   └─ DERList ─ DER: where capability, settings and status go
     └─ MirrorUsagePointList

Links are followed, never built. A link that is missing is no failure: what hangs on it is not there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from gateway.protocols.sep2_documents import Document, Item, Role, address, number
from translators.ieee2030_5.wire import CSIP_AUS, Resource

LOWEST_PRIMACY = 255
STATUS = "EventStatus/currentStatus"
CANCELLED, CANCELLED_RANDOMIZED, SUPERSEDED, COMPLETED = 2, 3, 4, 5
OVER = frozenset({CANCELLED, CANCELLED_RANDOMIZED, SUPERSEDED, COMPLETED})
_CURVE_PREFIX = "opMod"


@dataclass(frozen=True, slots=True)
class Stop:
    """An address to fetch: what is expected there, and the address that led to it."""

    url: str
    role: Role
    parent: str | None


@dataclass(frozen=True, slots=True)
class Program:
    """A DERProgram: `key` is its mRID, or its address where it has none."""

    key: str
    primacy: int
    controls: str | None
    default: str | None
    curves: str | None


@dataclass(frozen=True, slots=True)
class Offer:
    """A DERControl or DefaultDERControl as served by a program; `source` is the address of its list.

    `curves` has the address of each curve by the href that the control states.
    """

    mrid: str
    item: Item
    program: Program
    source: str
    curves: Mapping[str, str | None]

    @property
    def status(self) -> int | None:
        """EventStatus.currentStatus."""
        return number(self.item.resource.text_at(STATUS))


@dataclass(frozen=True, slots=True)
class Der:
    """Where a DER's documents go, and its current program."""

    capability: str | None
    settings: str | None
    status: str | None
    program: str | None


@dataclass(frozen=True, slots=True)
class Mirror:
    """A MirrorUsagePoint that the utility lists."""

    mrid: str
    url: str | None
    post_rate_s: int | None


@dataclass(slots=True)
class Survey:
    """All that is known of a utility.

    `obstacle` says why its programs are not followed; `barred` is False where that is only not known yet.
    """

    stops: dict[str, Stop] = field(default_factory=dict)
    device: Resource | None = None
    device_list: str | None = None
    obstacle: str = ""
    barred: bool = False
    programs: dict[str, Program] = field(default_factory=dict)
    offers: list[Offer] = field(default_factory=list)
    listed_curves: dict[str, Item] = field(default_factory=dict)
    ders: tuple[Der, ...] = ()
    ders_known: bool = False
    mirror_list: str | None = None
    mirrors: tuple[Mirror, ...] = ()
    post_rate_s: int | None = None
    times: tuple[str, ...] = ()
    csip_aus: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Identity:
    """Who looks: the LFDI of the certificate, and the PIN that the utility has to know, if any."""

    lfdi: str
    pin: int | None = None


class Documents(Protocol):
    """What was fetched so far."""

    def document(self, url: str) -> Document | None:
        """Return the newest document at an address, None where nothing was read there yet."""
        ...

    def gone(self, url: str) -> bool:
        """Say whether nothing lies at an address."""
        ...

    def silent(self, url: str) -> bool:
        """Say whether an address was tried and gave nothing."""
        ...


def survey(root: str, identity: Identity, fetched: Documents) -> Survey:
    """Return what the documents lead to, from DeviceCapability at `root`."""
    return _Surveyor(root, identity, fetched).look()


class _Surveyor:
    """One look; built, used once, dropped."""

    def __init__(self, root: str, identity: Identity, fetched: Documents) -> None:
        self._root, self._identity = root, identity
        self._fetched, self._gone, self._silent = fetched.document, fetched.gone, fetched.silent
        self._found = Survey()

    def look(self) -> Survey:
        found = self._found
        self._stop(self._root, Role.DEVICE_CAPABILITY, None)
        top = self._fetched(self._root)
        if top is None:
            return found
        self._times(self._root, top.resource)
        self._mirrors(top.resource)
        found.device_list = self._link(self._root, top.resource, "EndDeviceListLink")
        if found.device_list is None:
            # Nothing says which device we are: the programs of DeviceCapability are for all.
            self._program_list(self._root, top.resource)
        else:
            self._end_devices(found.device_list, top.resource)
        self._controls()
        for url in found.times:
            self._stop(url, Role.TIME, self._root)
        return found

    def _end_devices(self, url: str, top: Resource) -> None:
        self._stop(url, Role.END_DEVICES, self._root)
        listed = self._fetched(url)
        found = self._found
        if listed is None:
            found.obstacle = "the list of EndDevices was not read yet"
            return
        mine = self._identity.lfdi.upper()
        own = (it.resource for it in listed.items if it.resource.text_at("lFDI").upper() == mine)
        found.device = next(own, None)
        if found.device is None:
            self._bar(f"the utility lists no EndDevice with the LFDI {mine}")
            return
        found.csip_aus = next(
            (child.namespace for child in found.device.children if child.namespace in CSIP_AUS), ""
        )
        found.post_rate_s = number(found.device.text_at("postRate"))
        self._judge(url, found.device)
        if not found.obstacle:
            self._ders(url, found.device)
            self._assignments(url, found.device, top)

    def _judge(self, url: str, device: Resource) -> None:
        """Find out whether the programs of the device may be followed."""
        if device.text_at("enabled", "true") in {"false", "0"}:
            self._bar("the utility has disabled this EndDevice")
            return
        link = self._link(url, device, "RegistrationLink")
        if self._identity.pin is None or link is None:
            return  # CSIP-AUS ALL-05: without a RegistrationLink carry on
        self._stop(link, Role.REGISTRATION, url)
        registration = self._fetched(link)
        if registration is None:
            self._found.obstacle = "" if self._gone(link) else "the Registration was not read yet"
            return
        told = registration.resource.text_at("pIN")
        if number(told) != self._identity.pin:
            self._bar(f"the utility's Registration says PIN {told!r}, not the one of the settings")

    def _bar(self, why: str) -> None:
        self._found.obstacle, self._found.barred = why, True

    def _assignments(self, url: str, device: Resource, top: Resource) -> None:
        link = self._link(url, device, "FunctionSetAssignmentsListLink")
        if link is None:
            self._program_list(self._root, top)
            return
        self._stop(link, Role.ASSIGNMENTS, url)
        listed = self._fetched(link)
        if listed is None:
            return
        if not listed.items:
            self._note("the utility has assigned this EndDevice to no function set yet")
        told = [self._program_list(link, item.resource) for item in listed.items]
        if listed.items and not any(told):
            self._program_list(self._root, top)
            self._current_programs()
        times = [self._link(link, item.resource, "TimeLink") for item in listed.items]
        if any(times):
            self._found.times = tuple(dict.fromkeys(time for time in times if time))

    def _program_list(self, base: str, holder: Resource) -> bool:
        """Follow a DERProgramListLink; say whether there is one."""
        link = self._link(base, holder, "DERProgramListLink")
        if link is None:
            return False
        self._stop(link, Role.PROGRAMS, base)
        listed = self._fetched(link)
        for item in () if listed is None else listed.items:
            self._program(link, item.resource)
        return True

    def _current_programs(self) -> None:
        """Follow the CurrentDERProgramLinks, where function sets name no programs."""
        for der in self._found.ders:
            if der.program is not None:
                self._stop(der.program, Role.PROGRAM, self._root)
                held = self._fetched(der.program)
                if held is not None:
                    self._program(der.program, held.resource)

    def _program(self, base: str, program: Resource) -> None:
        """Note a program; one that comes through two function sets counts once, at its best primacy."""
        key = program.text_at("mRID").upper() or address(base, program.href) or base
        primacy = number(program.text_at("primacy"))
        if primacy is None or not 0 <= primacy <= LOWEST_PRIMACY:  # PrimacyType is UInt8
            primacy = LOWEST_PRIMACY
        made = Program(
            key,
            primacy,
            self._link(base, program, "DERControlListLink"),
            self._link(base, program, "DefaultDERControlLink"),
            self._link(base, program, "DERCurveListLink"),
        )
        known = self._found.programs.get(key)
        if known is None or made.primacy < known.primacy:
            self._found.programs[key] = made
        for url, role in ((made.controls, Role.CONTROLS), (made.default, Role.DEFAULT)):
            if url is not None:
                self._stop(url, role, base)

    def _controls(self) -> None:
        """Collect what every program offers, and the curves that this needs."""
        for program in sorted(self._found.programs.values(), key=lambda it: (it.primacy, it.key)):
            for source in (program.controls, program.default):
                if source is not None:
                    held = self._fetched(source)
                    for item in () if held is None else held.items:
                        self._offer(program, source, item)

    def _offer(self, program: Program, source: str, item: Item) -> None:
        resource = item.resource
        mrid = resource.text_at("mRID").upper()
        if not mrid and resource.name == "DefaultDERControl":
            mrid = resource.href or ""
        links = () if number(resource.text_at(STATUS)) in OVER else _curve_links(resource)
        curves = {href: self._curve(program, source, href) for href in links}
        self._found.offers.append(Offer(mrid, item, program, source, curves))
        base = resource.first("DERControlBase")
        for part in () if base is None else base.children:
            if part.namespace in CSIP_AUS:
                self._found.csip_aus = self._found.csip_aus or part.namespace

    def _curve(self, program: Program, source: str, href: str) -> str | None:
        """Return the address of a curve; it is fetched alone where no list holds it."""
        url = address(source, href)
        if url is None:
            return None
        if program.curves is not None:
            self._stop(program.curves, Role.CURVES, source)
            listed = self._fetched(program.curves)
            for item in () if listed is None else listed.items:
                own = address(program.curves, item.resource.href)
                if own is not None:
                    self._found.listed_curves[own] = item
            if listed is None and not self._silent(program.curves):
                return url
        if url not in self._found.listed_curves:
            self._stop(url, Role.CURVE, source)
        return url

    def _ders(self, url: str, device: Resource) -> None:
        link = self._link(url, device, "DERListLink")
        if link is None:
            self._found.ders_known = True
            return
        self._stop(link, Role.DERS, url)
        listed = self._fetched(link)
        self._found.ders_known = listed is not None or self._gone(link)
        self._found.ders = tuple(
            Der(
                self._link(link, item.resource, "DERCapabilityLink"),
                self._link(link, item.resource, "DERSettingsLink"),
                self._link(link, item.resource, "DERStatusLink"),
                self._link(link, item.resource, "CurrentDERProgramLink"),
            )
            for item in (() if listed is None else listed.items)
        )

    def _mirrors(self, top: Resource) -> None:
        link = self._link(self._root, top, "MirrorUsagePointListLink")
        if link is None:
            return
        self._found.mirror_list = link
        self._stop(link, Role.MIRRORS, self._root)
        listed = self._fetched(link)
        self._found.mirrors = tuple(
            Mirror(
                item.resource.text_at("mRID").upper(),
                address(link, item.resource.href),
                number(item.resource.text_at("postRate")),
            )
            for item in (() if listed is None else listed.items)
        )

    def _times(self, base: str, holder: Resource) -> None:
        link = self._link(base, holder, "TimeLink")
        self._found.times = () if link is None else (link,)

    def _link(self, base: str, holder: Resource, name: str) -> str | None:
        """Return where a link leads, None where it is missing or leads to another host."""
        href = holder.href_at(name)
        url = address(base, href)
        if href and url is None:
            self._note(f"{name} {href!r} leads to another origin and is not followed")
        return url

    def _stop(self, url: str, role: Role, parent: str | None) -> None:
        self._found.stops.setdefault(url, Stop(url, role, parent))

    def _note(self, text: str) -> None:
        if text not in self._found.notes:
            self._found.notes = (*self._found.notes, text)


def _curve_links(control: Resource) -> Iterator[str]:
    """Yield the href of every curve that a control puts into force."""
    base = control.first("DERControlBase")
    for part in () if base is None else base.children:
        href = part.attributes.get("href")
        if href and part.name.startswith(_CURVE_PREFIX):
            yield href
