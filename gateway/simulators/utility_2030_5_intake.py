"""What clients send to the simulated utility: checked against the standard, then kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from http import HTTPStatus

from gateway.simulators.utility_2030_5_http import Reply, Request
from gateway.simulators.utility_2030_5_records import (
    ReceivedDocument,
    ReceivedReading,
    ReceivedResponse,
    leaves,
)
from gateway.simulators.utility_2030_5_schema import InvalidError, check
from gateway.simulators.utility_2030_5_tree import REPLY_TO, RefusedError, Viewer, find_mirror
from gateway.simulators.utility_2030_5_world import DER_DOCUMENTS, Mirror, World, sfdi_of
from gateway.simulators.utility_2030_5_xml import MEDIA_TYPE, MalformedError, Node, leaf, parse

# ResponseType of 2030.5-2018: 0 to 14 without 0, and the rejections; 2023 adds 15 and 251.
STATUSES_2018 = frozenset({*range(1, 15), 252, 253, 254})
STATUSES_2023 = STATUSES_2018 | {15, 251}
RECEIVED, OPTED = 1, (4, 5)


@dataclass(slots=True)
class Received:
    """Everything that was accepted, in order."""

    responses: list[ReceivedResponse] = field(default_factory=list)
    readings: list[ReceivedReading] = field(default_factory=list)
    documents: list[ReceivedDocument] = field(default_factory=list)


def accept(viewer: Viewer, request: Request, segments: Sequence[str], received: Received) -> Reply:
    """Carry out a PUT, POST or DELETE; RefusedError for what the standard does not allow."""
    match request.method, segments:
        case "POST", ["edev"]:
            return _register(viewer, request)
        case "PUT", ["edev", number, "der", "1", word] if word in DER_DOCUMENTS:
            viewer.own(number)
            return _document(viewer, request, received, word, DER_DOCUMENTS[word])
        case "PUT", ["edev", number, "cp"] if viewer.world.options.dialect.csip_aus:
            viewer.own(number)
            return _document(viewer, request, received, "cp", "ConnectionPoint")
        case "POST", ["edev", number, "lel"]:
            href = f"{viewer.own(number).href}/lel/{len(received.documents) + 1}"
            kept = _document(viewer, request, received, None, "LogEvent")
            return replace(kept, status=HTTPStatus.CREATED, headers={"Location": href})
        case "POST", ["mup"]:
            return _mirror(viewer, request, received)
        case "POST", ["mup", number]:
            return _readings(viewer, request, received, find_mirror(viewer, number))
        case "DELETE", ["mup", number]:
            viewer.world.mirrors.remove(find_mirror(viewer, number))
            return Reply(HTTPStatus.NO_CONTENT)
        case "POST", ["rsp"]:
            return _response(viewer, request, received)
        case _:
            raise RefusedError(HTTPStatus.METHOD_NOT_ALLOWED, "nothing can be sent here")


def _posted(world: World, request: Request, *kinds: str) -> Node:
    """Return the body as one of `kinds`: 415 for another media type, 400 for anything else."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != MEDIA_TYPE:
        raise RefusedError(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"media type {media_type!r}, not {MEDIA_TYPE}"
        )
    try:
        node = parse(request.body)
        check(node, world.options.dialect, kinds)
    except (MalformedError, InvalidError) as exc:
        raise RefusedError(HTTPStatus.BAD_REQUEST, str(exc)) from exc
    return node


def _register(viewer: Viewer, request: Request) -> Reply:
    world = viewer.world
    if not world.options.open_registration:
        raise RefusedError(HTTPStatus.FORBIDDEN, "devices are registered out of band")
    node = _posted(world, request, "EndDevice")
    lfdi = (node.at("lFDI") or "").upper()
    if lfdi != request.lfdi:
        raise RefusedError(HTTPStatus.FORBIDDEN, "the LFDI is not that of the certificate")
    if int(node.at("sFDI") or 0) != sfdi_of(lfdi):
        raise RefusedError(HTTPStatus.BAD_REQUEST, "the SFDI does not belong to the LFDI")
    if viewer.device is not None:
        raise RefusedError(HTTPStatus.CONFLICT, "the device is registered already")
    device = world.add_device(lfdi)
    device.category = node.at("deviceCategory") or device.category
    return Reply(HTTPStatus.CREATED, headers={"Location": device.href})


def _document(
    viewer: Viewer, request: Request, received: Received, word: str | None, kind: str
) -> Reply:
    node = _posted(viewer.world, request, kind)
    document = ReceivedDocument(viewer.world.now(), request.lfdi, kind, leaves(node))
    received.documents.append(document)
    if word is not None and viewer.device is not None:
        attributes = {**node.attributes, "href": request.path}
        viewer.device.documents[word] = replace(node, attributes=attributes)
    return Reply(HTTPStatus.NO_CONTENT)


def _mirror(viewer: Viewer, request: Request, received: Received) -> Reply:
    world = viewer.world
    node = _posted(world, request, "MirrorUsagePoint")
    owner = (node.at("deviceLFDI") or "").upper()
    if viewer.device is None or owner != viewer.device.lfdi:
        raise RefusedError(HTTPStatus.FORBIDDEN, "a mirror for the LFDI of somebody else")
    mrid = (node.at("mRID") or "").upper()
    known = next((item for item in world.mirrors if item.mrid == mrid), None)
    if known is not None and known.lfdi != owner:
        raise RefusedError(HTTPStatus.FORBIDDEN, "the mRID belongs to a mirror of somebody else")
    number = 1 + max((item.number for item in world.mirrors), default=0)
    mirror = known or Mirror(number, owner, mrid, node)
    fresh = [
        reading
        for meter in node.named("MirrorMeterReading")
        for reading in _read_meter(world, mirror, meter)
    ]
    mirror.node = _with_post_rate(node, mirror.href, world.options.post_rate_s)
    received.readings.extend(fresh)
    if known is None:
        world.mirrors.append(mirror)
    status = HTTPStatus.CREATED if known is None else HTTPStatus.NO_CONTENT
    return Reply(status, headers={"Location": mirror.href})


def _readings(viewer: Viewer, request: Request, received: Received, mirror: Mirror) -> Reply:
    node = _posted(viewer.world, request, "MirrorMeterReading", "MirrorMeterReadingList")
    meters = [node] if node.name == "MirrorMeterReading" else list(node.children)
    fresh = [reading for meter in meters for reading in _read_meter(viewer.world, mirror, meter)]
    received.readings.extend(fresh)
    return Reply(HTTPStatus.CREATED, headers={"Location": f"{mirror.href}/mr"})


def _read_meter(world: World, mirror: Mirror, meter: Node) -> list[ReceivedReading]:
    """Return the scaled readings of a MirrorMeterReading; its ReadingType may be told earlier."""
    mrid = (meter.at("mRID") or "").upper()
    for told in meter.named("ReadingType"):
        mirror.types[mrid] = told
    given = [*meter.named("Reading")]
    for block in meter.named("MirrorReadingSet"):
        given.extend(block.named("Reading"))
    if given and mrid not in mirror.types:
        raise RefusedError(HTTPStatus.BAD_REQUEST, f"no ReadingType was ever told for {mrid}")
    return [_reading(world, mirror, mrid, reading) for reading in given]


def _reading(world: World, mirror: Mirror, mrid: str, reading: Node) -> ReceivedReading:
    kind = mirror.types[mrid]
    scale = Fraction(10) ** int(kind.at("powerOfTenMultiplier") or 0)
    return ReceivedReading(
        world.now(),
        mirror.lfdi,
        mirror.mrid,
        mrid,
        int(kind.at("uom") or 0),
        int(reading.at("value") or 0) * scale,
        int(kind.at("flowDirection") or 0),
        _integer(reading.at("timePeriod/start")),
        _integer(reading.at("timePeriod/duration")),
    )


def _with_post_rate(node: Node, href: str, post_rate_s: int) -> Node:
    """Return what is served of a mirror: readings are not, the rate is the utility's."""
    kept = node.without("MirrorMeterReading").without("postRate")
    children = (*kept.children, leaf("postRate", post_rate_s))
    return replace(kept, children=children, attributes={"href": href})


def _response(viewer: Viewer, request: Request, received: Received) -> Reply:
    world = viewer.world
    node = _posted(world, request, "DERControlResponse", "Response")
    if viewer.device is None or (node.at("endDeviceLFDI") or "").upper() != viewer.device.lfdi:
        raise RefusedError(HTTPStatus.FORBIDDEN, "a response for the LFDI of somebody else")
    status, subject = _integer(node.at("status")), (node.at("subject") or "").upper()
    allowed = STATUSES_2018 if world.options.dialect.revision == "2018" else STATUSES_2023
    if status is None or status not in allowed:
        raise RefusedError(HTTPStatus.BAD_REQUEST, f"status {status} is none of this revision")
    if subject not in viewer.device.served:
        raise RefusedError(
            HTTPStatus.BAD_REQUEST, f"no event {subject} was ever served to this device"
        )
    received.responses.append(
        ReceivedResponse(
            world.now(),
            viewer.device.lfdi,
            subject,
            status,
            _integer(node.at("createdDateTime")),
            node.name,
            requested=_requested(viewer.device.served[subject], status),
            modes=node.at("modesResponded"),
        )
    )
    location = f"{REPLY_TO}/{len(received.responses)}"
    return Reply(HTTPStatus.CREATED, headers={"Location": location})


def _requested(response_required: str | None, status: int) -> bool:
    """Say whether responseRequired asks for this status: bit 0 received, 1 specific, 2 user."""
    bits = int(response_required or "00", 16)
    if status == RECEIVED:
        return bool(bits & 1)
    return bool(bits & (4 if status in OPTED else 2))


def _integer(text: str | None) -> int | None:
    return None if text is None else int(text)
