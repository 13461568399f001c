"""The resources that the simulated utility serves: an address becomes a document, or is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from gateway.simulators.utility_2030_5_controls import base_node
from gateway.simulators.utility_2030_5_world import (
    DER_DOCUMENTS,
    Assignment,
    Device,
    EventState,
    HeldControl,
    HeldCurve,
    Mirror,
    Program,
    World,
)
from gateway.simulators.utility_2030_5_xml import Node, branch, leaf, link

REPLY_TO = "/rsp"
LARGEST_PAGE = 255


class RefusedError(Exception):
    """A request is answered with `status`; `reason` is for the record."""

    def __init__(self, status: int, reason: str) -> None:
        self.status = status
        self.reason = reason
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks, and which part of a list: `device` is None for a certificate nobody registered."""

    world: World
    device: Device | None
    query: Mapping[str, str]

    def page[T](
        self,
        name: str,
        href: str,
        items: Sequence[T],
        render: Callable[[T], Node],
        *,
        polled: bool = True,
    ) -> Node:
        """Return the List `name`: the items from `s`, at most `l` of them."""
        start = self._number("s", 0)
        limit = min(self._number("l", self.world.options.page_size), LARGEST_PAGE)
        chosen = [render(item) for item in items[start : start + limit]]
        rate = self.world.options.poll_rate_s if polled else None
        return branch(name, *chosen, href=href, all=len(items), results=len(chosen), pollRate=rate)

    def after(self) -> int | None:
        """Return `a`: only events that start after it are wanted."""
        return self._number("a", 0) if "a" in self.query else None

    def own(self, number: str) -> Device:
        """Return the asking device when it is EndDevice `number`; 404 or 403 otherwise."""
        if number not in {str(device.number) for device in self.world.devices}:
            raise RefusedError(HTTPStatus.NOT_FOUND, f"there is no EndDevice {number}")
        if self.device is None or str(self.device.number) != number:
            raise RefusedError(HTTPStatus.FORBIDDEN, "an EndDevice of somebody else")
        return self.device

    def program(self, number: str) -> Program:
        """Return program `number` when it is assigned to the asking device."""
        for program in self.world.programs:
            if str(program.number) == number:
                if self.device is None or program not in self.device.programs:
                    raise RefusedError(HTTPStatus.FORBIDDEN, "a program of somebody else")
                return program
        raise RefusedError(HTTPStatus.NOT_FOUND, f"there is no DERProgram {number}")

    def mirrors(self) -> list[Mirror]:
        """Return the mirrors of the asking device."""
        return [
            item for item in self.world.mirrors if self.device and item.lfdi == self.device.lfdi
        ]

    def _number(self, key: str, default: int) -> int:
        text = self.query.get(key, str(default))
        if not (text.isascii() and text.isdigit()):
            raise RefusedError(HTTPStatus.BAD_REQUEST, f"query {key}={text!r} is no number")
        return int(text)


def read(viewer: Viewer, segments: Sequence[str]) -> Node:
    """Return the resource at `segments` (`/edev/1` is `["edev", "1"]`); RefusedError if none."""
    match segments:
        case ["dcap"]:
            return _device_capability(viewer)
        case ["tm"]:
            return _time(viewer.world)
        case ["edev"]:
            own = [viewer.device] if viewer.device else []
            return viewer.page("EndDeviceList", "/edev", own, lambda it: _end_device(viewer, it))
        case ["edev", number, *rest]:
            return _below_device(viewer, viewer.own(number), rest)
        case ["derp"]:
            return _programs(viewer, "/derp", viewer.device.programs if viewer.device else [])
        case ["derp", number, *rest]:
            return _below_program(viewer, viewer.program(number), rest)
        case ["mup"]:
            return viewer.page("MirrorUsagePointList", "/mup", viewer.mirrors(), _mirror)
        case ["mup", number]:
            return _mirror(find_mirror(viewer, number))
        case _:
            raise RefusedError(HTTPStatus.NOT_FOUND, "nothing lies here")


def find_mirror(viewer: Viewer, number: str) -> Mirror:
    """Return mirror `number` when the asking device keeps it; 404 or 403 otherwise."""
    for mirror in viewer.world.mirrors:
        if str(mirror.number) == number:
            if mirror not in viewer.mirrors():
                raise RefusedError(HTTPStatus.FORBIDDEN, "a mirror of somebody else")
            return mirror
    raise RefusedError(HTTPStatus.NOT_FOUND, f"there is no MirrorUsagePoint {number}")


def _below_device(viewer: Viewer, device: Device, rest: Sequence[str]) -> Node:
    href = device.href
    match rest:
        case []:
            return _end_device(viewer, device)
        case ["rg"] if device.pin is not None:
            return branch(
                "Registration",
                leaf("dateTimeRegistered", device.registered),
                leaf("pIN", device.pin),
                href=f"{href}/rg",
                pollRate=viewer.world.options.poll_rate_s,
            )
        case ["fsa"]:
            render = _assignment_of(device)
            return viewer.page(
                "FunctionSetAssignmentsList", f"{href}/fsa", device.assignments, render
            )
        case ["fsa", number, *below]:
            return _below_assignment(viewer, device, number, below)
        case ["der"]:
            return viewer.page("DERList", f"{href}/der", [device], _der)
        case ["der", "1"]:
            return _der(device)
        case ["der", "1", name] | [("cp" as name)] if name in device.documents:
            return device.documents[name]
        case _:
            raise RefusedError(HTTPStatus.NOT_FOUND, "nothing lies here")


def _below_assignment(viewer: Viewer, device: Device, number: str, below: Sequence[str]) -> Node:
    for assignment in device.assignments:
        if str(assignment.number) == number:
            if below == ["derp"]:
                href = f"{device.href}/fsa/{number}/derp"
                return _programs(viewer, href, assignment.programs)
            if not below:
                return _assignment_of(device)(assignment)
    raise RefusedError(HTTPStatus.NOT_FOUND, "nothing lies here")


def _below_program(viewer: Viewer, program: Program, rest: Sequence[str]) -> Node:
    world, href = viewer.world, program.href
    match rest:
        case []:
            return _program(world, program)
        case ["derc"]:
            return _controls(viewer, f"{href}/derc", _listed(world, program))
        case ["actderc"]:
            return _controls(viewer, f"{href}/actderc", _active(world, program))
        case ["derc", _]:
            wanted = [it for it in _listed(world, program) if it.href == "/".join((href, *rest))]
            nodes = [_control(viewer, item) for item in wanted]
        case ["dderc"]:
            nodes = [program.default] if program.default else []
        case ["dc"]:
            return viewer.page("DERCurveList", f"{href}/dc", program.curves, _curve, polled=False)
        case ["dc", _]:
            nodes = [_curve(it) for it in program.curves if it.href == "/".join((href, *rest))]
        case _:
            nodes = []
    if not nodes:
        raise RefusedError(HTTPStatus.NOT_FOUND, "nothing lies here")
    return nodes[0]


def _device_capability(viewer: Viewer) -> Node:
    options, device = viewer.world.options, viewer.device
    programs = len(device.programs) if device else 0
    return branch(
        "DeviceCapability",
        link("DERProgramListLink", "/derp", programs) if options.programs_in_dcap else None,
        link("TimeLink", "/tm"),
        link("EndDeviceListLink", "/edev", 1 if device else 0),
        link("MirrorUsagePointListLink", "/mup", len(viewer.mirrors())),
        href="/dcap",
        pollRate=options.poll_rate_s,
    )


def _time(world: World) -> Node:
    return branch(
        "Time",
        leaf("currentTime", int(world.now())),
        leaf("dstEndTime", 0),
        leaf("dstOffset", 0),
        leaf("dstStartTime", 0),
        leaf("quality", world.time_quality),
        leaf("tzOffset", 0),
        href="/tm",
        pollRate=world.options.poll_rate_s,
    )


def _end_device(viewer: Viewer, device: Device) -> Node:
    href, options = device.href, viewer.world.options
    namespace = options.dialect.csip_aus
    return branch(
        "EndDevice",
        link("DERListLink", f"{href}/der", 1),
        leaf("deviceCategory", device.category),
        leaf("lFDI", device.lfdi),
        link("LogEventListLink", f"{href}/lel", 0),
        leaf("sFDI", device.sfdi),
        leaf("changedTime", device.registered),
        leaf("enabled", device.enabled),
        link("FunctionSetAssignmentsListLink", f"{href}/fsa", len(device.assignments)),
        leaf("postRate", options.post_rate_s),
        None if device.pin is None else link("RegistrationLink", f"{href}/rg"),
        link("ConnectionPointLink", f"{href}/cp", namespace=namespace) if namespace else None,
        href=href,
    )


def _assignment_of(device: Device) -> Callable[[Assignment], Node]:
    def render(assignment: Assignment) -> Node:
        href = f"{device.href}/fsa/{assignment.number}"
        return branch(
            "FunctionSetAssignments",
            link("DERProgramListLink", f"{href}/derp", len(assignment.programs)),
            link("TimeLink", "/tm"),
            leaf("mRID", assignment.mrid),
            href=href,
        )

    return render


def _programs(viewer: Viewer, href: str, programs: Sequence[Program]) -> Node:
    ranked = sorted(programs, key=lambda item: (item.primacy, item.mrid))
    return viewer.page("DERProgramList", href, ranked, lambda it: _program(viewer.world, it))


def _program(world: World, program: Program) -> Node:
    href = program.href
    active, listed = len(_active(world, program)), len(_listed(world, program))
    return branch(
        "DERProgram",
        leaf("mRID", program.mrid),
        leaf("description", program.description) if program.description else None,
        link("ActiveDERControlListLink", f"{href}/actderc", active),
        link("DefaultDERControlLink", f"{href}/dderc") if program.default else None,
        link("DERControlListLink", f"{href}/derc", listed),
        link("DERCurveListLink", f"{href}/dc", len(program.curves)),
        leaf("primacy", program.primacy),
        href=href,
    )


def _listed(world: World, program: Program) -> list[HeldControl]:
    """Return the controls that are not over, by start and then the newest first (2030.5 10.10)."""
    now = world.now()
    held = [item for item in program.controls if now < item.last_end]
    return sorted(held, key=lambda item: (item.control.start, -item.created, item.mrid))


def _active(world: World, program: Program) -> list[HeldControl]:
    now = world.now()
    return [it for it in _listed(world, program) if it.state_at(now) is EventState.ACTIVE]


def _controls(viewer: Viewer, href: str, controls: Sequence[HeldControl]) -> Node:
    after = viewer.after()
    wanted = [item for item in controls if after is None or item.control.start > after]
    return viewer.page(
        "DERControlList", href, wanted, lambda it: _control(viewer, it), polled=False
    )


def _control(viewer: Viewer, held: HeldControl) -> Node:
    if viewer.device is not None:
        viewer.device.served[held.mrid] = held.control.response_required
    control, state = held.control, held.state_at(viewer.world.now())
    changed = max(held.changed, control.start) if state is EventState.ACTIVE else held.changed
    return branch(
        "DERControl",
        leaf("mRID", held.mrid),
        _optional("description", control.description),
        _optional("version", control.version),
        leaf("creationTime", held.created),
        branch(
            "EventStatus",
            leaf("currentStatus", int(state)),
            leaf("dateTime", changed),
            leaf("potentiallySuperseded", state is EventState.SUPERSEDED),
        ),
        branch("interval", leaf("duration", control.duration), leaf("start", control.start)),
        _optional("randomizeDuration", control.randomize_duration),
        _optional("randomizeStart", control.randomize_start),
        base_node(control.base),
        href=held.href,
        replyTo=REPLY_TO if control.reply else None,
        responseRequired=control.response_required,
    )


def _der(device: Device) -> Node:
    href = f"{device.href}/der/1"
    best = min(device.programs, key=lambda item: item.primacy, default=None)
    paths = {kind: f"{href}/{word}" for word, kind in DER_DOCUMENTS.items()}
    return branch(
        "DER",
        None if best is None else link("CurrentDERProgramLink", best.href),
        *(link(f"{kind}Link", paths[kind]) for kind in sorted(paths)),
        href=href,
    )


def _curve(held: HeldCurve) -> Node:
    return held.curve.node(held.mrid, held.href, held.created)


def _mirror(mirror: Mirror) -> Node:
    return mirror.node


def _optional(name: str, value: object) -> Node | None:
    return None if value is None else leaf(name, value)
