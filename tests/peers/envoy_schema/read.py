"""Reads 2030.5 documents with the models of envoy-schema (CSIP-AUS v1.3).

Each input line is a document as {"xml": ...}. The answer holds the values that the model read, and
the leaves of the XML that it writes again: what it did not know is not among them. Then comes an `end`.
"""

import json
import sys

from envoy_schema.server.schema.sep2 import (
    der,
    device_capability,
    end_device,
    function_set_assignments,
    metering_mirror,
    response,
    time,
)
from lxml import etree
from pydantic import ValidationError

FORMS = {
    "DERCapability": der.DERCapability,
    "DERControlList": der.DERControlListResponse,
    "DERControlResponse": response.DERControlResponse,
    "DERList": der.DERListResponse,
    "DERProgramList": der.DERProgramListResponse,
    "DERSettings": der.DERSettings,
    "DERStatus": der.DERStatus,
    "DefaultDERControl": der.DefaultDERControl,
    "DeviceCapability": device_capability.DeviceCapabilityResponse,
    "EndDevice": end_device.EndDeviceRequest,
    "EndDeviceList": end_device.EndDeviceListResponse,
    "FunctionSetAssignmentsList": function_set_assignments.FunctionSetAssignmentsListResponse,
    "MirrorMeterReading": metering_mirror.MirrorMeterReadingRequest,
    "MirrorUsagePoint": metering_mirror.MirrorUsagePointRequest,
    "Registration": end_device.RegistrationResponse,
    "Time": time.TimeResponse,
}


def leaves(root):
    """Return every text and attribute below `root` with its path, in document order."""
    found = []

    def walk(element, path):
        found.extend([f"{path}@{name}", value] for name, value in sorted(element.attrib.items()))
        text = (element.text or "").strip()
        if not len(element) and text:
            found.append([path, text])
        for child in element:
            walk(child, f"{path}/{child.tag}")

    walk(root, root.tag)
    return found


def read(xml):
    name = etree.QName(etree.fromstring(xml)).localname
    try:
        document = FORMS[name].from_xml(xml)
    except ValidationError as exc:
        return {"problem": str(exc)}
    written = document.to_xml(exclude_unset=True, exclude_none=True)
    return {
        "values": document.model_dump(mode="json", exclude_unset=True),
        "leaves": leaves(etree.fromstring(written)),
    }


def main():
    for line in sys.stdin:
        told = {"kind": "document", **read(json.loads(line)["xml"].encode())}
        sys.stdout.write(json.dumps(told) + "\n" + json.dumps({"kind": "end"}) + "\n")
        sys.stdout.flush()


main()
