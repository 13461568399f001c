"""A station on the `ocpp` package: URL ID PASSWORD VERSION (v201 or v21) [ACTION left out...].

It boots, answers and reports as the package lets it. Each input line is a call for it to make:
{"action": ..., "payload": {snake_case}}. It tells what it was asked (keys as the package hands
them over), what it was answered, and what the package could not do.
"""

import asyncio
import base64
import json
import logging
import sys
from datetime import UTC, datetime
from importlib import import_module

from ocpp.routing import after, on
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

MODES = "FixedPFInject,FixedPFAbsorb,VoltVar,FreqDroop,LimitMaxDischarge,Gradients"
REPORT = [
    ("SmartChargingCtrlr", "RateUnit", "A,W"),
    ("DCDERCtrlr", "ModesSupported", MODES),
    ("DCDERCtrlr", "MaxW", "22000"),
    ("DCDERCtrlr", "MaxDischargeRateW", "20000.5"),
    ("DCDERCtrlr", "MaxVar", "11000"),
    ("V2XChargingCtrlr", "SupportedOperationModes", "ChargingOnly,CentralSetpoint"),
]
SUBPROTOCOLS = {"v201": "ocpp2.0.1", "v21": "ocpp2.1"}


def tell(kind, **values):
    sys.stdout.write(json.dumps({"kind": kind, **values}) + "\n")
    sys.stdout.flush()


def now():
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


ACCEPTED = {"status": "Accepted"}
TAKEN = {
    "TriggerMessage": ACCEPTED,
    "CertificateSigned": ACCEPTED,
    "InstallCertificate": ACCEPTED,
    "DeleteCertificate": ACCEPTED,
    "GetInstalledCertificateIds": {"status": "NotFound"},
    "SetNetworkProfile": ACCEPTED,
    "Reset": ACCEPTED,
    "GetMonitoringReport": {"status": "EmptyResultSet"},
    "GetReport": {"status": "EmptyResultSet"},
    "GetTransactionStatus": {"messages_in_queue": False},
}
"""What it takes word for word, with the answer to each."""


def taker(action, answer):
    """Return a handler that tells its request and answers always alike; the package goes by its name."""

    def take(self, **request):
        tell("asked", action=action, request=request)
        return getattr(self.results, action)(**answer)

    take.__name__ = f"take_{action}"
    return on(action)(take)


class Handlers:
    """What the station answers; `calls` and `results` are the package's modules of one version."""

    calls = results = None

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.profiles, self.controls = {}, {}

    async def make(self, action, payload):
        """Make a call and tell its answer, or what the package says against it."""
        try:
            answer = await self.call(getattr(self.calls, action)(**payload), suppress=False)
        except Exception as exc:  # noqa: BLE001 - whatever the package raises is what we want to know
            tell("failed", action=action, problem=type(exc).__name__)
        else:
            tell("answer", action=action, payload=vars(answer))

    @on("SetVariables")
    def set_variables(self, set_variable_data, **_):
        tell("asked", action="SetVariables", request={"set_variable_data": set_variable_data})
        results = [
            {
                **{key: item[key] for key in ("component", "variable")},
                "attribute_status": "Accepted",
            }
            for item in set_variable_data
        ]
        return self.results.SetVariables(set_variable_result=results)

    @on("GetBaseReport")
    def base_report(self, report_base, **_):
        tell("asked", action="GetBaseReport", base=report_base)
        return self.results.GetBaseReport(status="Accepted")

    @after("GetBaseReport")
    async def report(self, request_id, **_):
        for number, (component, variable, value) in enumerate(REPORT):
            item = {
                "component": {"name": component, "evse": {"id": 1}},
                "variable": {"name": variable},
                "variable_attribute": [{"value": value}],
            }
            more = number + 1 < len(REPORT)
            part = {"request_id": request_id, "generated_at": now(), "seq_no": number, "tbc": more}
            await self.make("NotifyReport", {**part, "report_data": [item]})

    @on("SetChargingProfile")
    def set_profile(self, evse_id, charging_profile):
        tell("asked", action="SetChargingProfile", evse=evse_id, profile=charging_profile)
        self.profiles[charging_profile["id"]] = (evse_id, charging_profile)
        return self.results.SetChargingProfile(status="Accepted")

    @on("ClearChargingProfile")
    def clear_profile(self, charging_profile_id=None, **_):
        tell("asked", action="ClearChargingProfile", id=charging_profile_id)
        known = self.profiles.pop(charging_profile_id, None)
        return self.results.ClearChargingProfile(status="Accepted" if known else "Unknown")

    @on("GetChargingProfiles")
    def get_profiles(self, **_):
        status = "Accepted" if self.profiles else "NoProfiles"
        return self.results.GetChargingProfiles(status=status)

    @after("GetChargingProfiles")
    async def report_profiles(self, request_id, **_):
        held = list(self.profiles.values())
        for number, (evse_id, profile) in enumerate(held, 1):
            part = {"request_id": request_id, "charging_limit_source": "CSO", "evse_id": evse_id}
            part |= {"charging_profile": [profile], "tbc": number < len(held)}
            await self.make("ReportChargingProfiles", part)


class DerHandlers:
    """Block R, which only 2.1 has."""

    @on("SetDERControl")
    def set_control(self, **request):
        tell("asked", action="SetDERControl", request=request)
        self.controls[request["control_id"]] = request
        return self.results.SetDERControl(status="Accepted")

    @on("GetDERControl")
    def get_controls(self, is_default=False, **_):
        status = "Accepted" if self.held(is_default) else "NotFound"
        return self.results.GetDERControl(status=status)

    @after("GetDERControl")
    async def report_controls(self, request_id, is_default=False, **_):
        held = self.held(is_default)
        for number, request in enumerate(held, 1):
            part = {"request_id": request_id, "tbc": number < len(held)}
            await self.make("ReportDERControl", {**part, **reported(request)})

    def held(self, is_default):
        return [item for item in self.controls.values() if item["is_default"] is is_default]


def reported(request):
    """Return one control as ReportDERControl lists it."""
    flags = {"id": request["control_id"], "is_default": request["is_default"]}
    flags["is_superseded"] = False
    if "curve" in request:
        kind = request["control_type"]
        return {"curve": [{**flags, "curve": request["curve"], "curve_type": kind}]}
    if request["control_type"] in ("EnterService", "Gradients"):
        slot = "enter_service" if "enter_service" in request else "gradient"
        return {slot: [{"id": request["control_id"], slot: request[slot]}]}
    slot = next(key for key in request if key not in ("control_id", "control_type", "is_default"))
    member = "fixed_pf" if slot.startswith("fixed_pf") else slot
    return {slot: [{**flags, member: request[slot]}]}


def station_class(version, left_out):
    """Return the station of one version, without the handlers of the actions that are left out."""
    package = import_module(f"ocpp.{version}")
    parts = (DerHandlers, Handlers) if version == "v21" else (Handlers,)
    members = {"calls": package.call, "results": package.call_result}
    members |= {f"take_{name}": taker(name, answer) for name, answer in TAKEN.items()}
    for part in parts:
        for name, member in vars(part).items():
            if getattr(member, "_on_action", None) in left_out:
                members[name] = None
    return type("Station", (*parts, package.ChargePoint), members)


async def orders():
    """Yield the calls that the input asks for."""
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, sys.stdin)
    while line := await reader.readline():
        yield json.loads(line)


async def main():
    url, name, password, version, *left_out = sys.argv[1:]
    token = base64.b64encode(f"{name}:{password}".encode()).decode()
    headers = {"Authorization": f"Basic {token}"}
    wanted = [SUBPROTOCOLS[version]]
    try:
        socket = await connect(f"{url}/{name}", subprotocols=wanted, additional_headers=headers)
    except InvalidStatus as exc:
        tell("refused", status=exc.response.status_code)
        return
    async with socket:
        tell("connected", subprotocol=socket.subprotocol)
        station = station_class(version, left_out)(name, socket)
        serving = asyncio.create_task(station.start())
        identity = {"vendor_name": "Foreign", "model": "python-ocpp"}
        boot = {"reason": "PowerUp", "charging_station": identity}
        await station.make("BootNotification", boot)
        async for order in orders():
            await station.make(order["action"], order["payload"])
        serving.cancel()


logging.disable(logging.CRITICAL)  # the package logs every frame
asyncio.run(main())
