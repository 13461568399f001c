"""The roots by which a station knows us (M03-M05): list them, add one, take one away, and look again."""

from __future__ import annotations

from datetime import datetime

from cryptography import x509

from gateway.core.events import ReplyStatus
from gateway.protocols.ocpp_rpc import Priority
from gateway.stations.certificates import said
from gateway.stations.context import Caller, Json, Reply
from gateway.stations.errands import Outcome

_ROOT = "CSMSRootCertificate"


async def list_roots(call: Caller) -> Outcome:
    """Return the serial numbers of the roots that a station has."""
    reply, found = await _installed(call)
    if found is None:
        return Outcome(done=False, words=said(reply))
    return Outcome(done=True, words=", ".join(found) or "none")


async def install_root(call: Caller, pem: str, now: datetime) -> Outcome:
    """Have a station trust a root; done when the station itself lists it (M05)."""
    try:
        root = x509.load_pem_x509_certificate(pem.encode())
    except ValueError:
        return Outcome(done=False, words="the root is no readable PEM certificate")
    if not root.not_valid_before_utc <= now <= root.not_valid_after_utc:
        return Outcome(done=False, words="the root is not valid now")
    request = {"certificateType": _ROOT, "certificate": pem}
    reply = await call("InstallCertificate", request, Priority.HOUSEKEEPING)
    if reply.status is not ReplyStatus.ACCEPTED:
        return Outcome(done=False, words=f"it did not take the root: {said(reply)}")
    serial = f"{root.serial_number:x}"
    again, found = await _installed(call)
    if found is None:
        return Outcome(done=False, words=f"it took the root and does not list any: {said(again)}")
    if serial not in found:
        return Outcome(done=False, words=f"it took the root and does not list {serial}")
    return Outcome(done=True, words=f"it trusts the root {serial}")


async def delete_root(call: Caller, serial: str) -> Outcome:
    """Have a station trust a root no longer; never the only one that it has (M04)."""
    reply, found = await _installed(call)
    if found is None:
        return Outcome(done=False, words=said(reply))
    name = _plain(serial)
    if name not in found:
        return Outcome(done=False, words=f"it does not have the root {name}")
    if len(found) == 1:
        return Outcome(done=False, words="the only root that it has is not deleted")
    request = {"certificateHashData": found[name]}
    reply = await call("DeleteCertificate", request, Priority.HOUSEKEEPING)
    if reply.status is not ReplyStatus.ACCEPTED:
        return Outcome(done=False, words=f"it did not delete the root: {said(reply)}")
    return Outcome(done=True, words=f"it no longer trusts the root {name}")


async def _installed(call: Caller) -> tuple[Reply, dict[str, Json] | None]:
    """Return the roots by serial number, None where the station does not say."""
    request = {"certificateType": [_ROOT]}
    reply = await call("GetInstalledCertificateIds", request, Priority.HOUSEKEEPING)
    if reply.status is ReplyStatus.NOT_FOUND:
        return reply, {}
    if reply.status is not ReplyStatus.ACCEPTED:
        return reply, None
    chains = reply.payload.get("certificateHashDataChain", [])
    hashes = [chain["certificateHashData"] for chain in chains if chain["certificateType"] == _ROOT]
    return reply, {_plain(item["serialNumber"]): item for item in hashes}


def _plain(serial: str) -> str:
    """Return a serial number as everybody writes it alike: lower case, no leading zeros."""
    return serial.lower().removeprefix("0x").lstrip("0") or "0"
