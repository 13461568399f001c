"""Every message of OCPP 2.1 and 2.0.1 has its place: who takes it, who makes it, or why nobody does."""

import ast
import importlib
import inspect

import pytest

from gateway.stations.blocks import (
    availability,
    der_control,
    housekeeping,
    monitoring,
    provisioning,
    security,
    smart_charging,
)
from gateway.stations.blocks.metering import Metering
from gateway.stations.validators import STREAM, known_actions, read_violation
from support.places import ROOT
from support.schema_instances import schema_files, turns, whole
from support.stations import a_session

VERSIONS = ("2.1", "2.0.1")

TAKEN = {
    provisioning: ("BootNotification", "Heartbeat", "NotifyReport"),
    availability: ("StatusNotification",),
    monitoring: (
        "NotifyEvent",
        "NotifyMonitoringReport",
        "OpenPeriodicEventStream",
        "ClosePeriodicEventStream",
    ),
    der_control: ("ReportDERControl", "NotifyDERStartStop", "NotifyDERAlarm"),
    smart_charging: (
        "PullDynamicScheduleUpdate",
        "ReportChargingProfiles",
        "NotifyEVChargingNeeds",
        "NotifyEVChargingSchedule",
        "NotifyChargingLimit",
        "ClearedChargingLimit",
        "NotifyPriorityCharging",
    ),
    security: ("SecurityEventNotification",),
    housekeeping: (
        "Authorize",
        "DataTransfer",
        "FirmwareStatusNotification",
        "PublishFirmwareStatusNotification",
        "LogStatusNotification",
        "NotifyDisplayMessages",
        "NotifyCustomerInformation",
        "ReservationStatusUpdate",
    ),
}
"""What a station calls, by the block that answers."""
MEASURED = ("MeterValues", "TransactionEvent")
"""What the metering block of the station answers."""
SIGNED = ("SignCertificate",)
"""What is answered for all stations in one place, where a site has an authority of its own."""
SENT = (STREAM,)
"""What is sent and wants no answer."""
NOT_TAKEN = {
    "BatterySwap": "S: no batteries are swapped here",
    "Get15118EVCertificate": "M01: contracts are the business of a mobility operator",
    "GetCertificateStatus": "M06: revocation of contracts is theirs, too",
    "GetCertificateChainStatus": "M: likewise",
    "NotifySettlement": "C: nobody is billed",
    "NotifyWebPaymentStarted": "C: nobody is billed",
    "VatNumberValidation": "I: nobody is billed",
}
"""What a station calls and is answered NotSupported, and why."""

MADE = {
    "SetDERControl": "translators.ocpp.members",
    "GetDERControl": "gateway.stations.blocks.der_control",
    "ClearDERControl": "gateway.core.payloads",
    "SetChargingProfile": "translators.ocpp.desk",
    "ClearChargingProfile": "gateway.core.payloads",
    "GetChargingProfiles": "gateway.stations.blocks.smart_charging",
    "GetCompositeSchedule": "gateway.core.proving",
    "UpdateDynamicSchedule": "gateway.core.renewing",
    "UsePriorityCharging": "gateway.core.charging",
    "NotifyAllowedEnergyTransfer": "gateway.core.transactions",
    "GetTransactionStatus": "gateway.core.transactions",
    "GetBaseReport": "gateway.stations.blocks.provisioning",
    "GetReport": "gateway.stations.blocks.provisioning",
    "GetVariables": "gateway.stations.variables",
    "SetVariables": "gateway.stations.variables",
    "SetVariableMonitoring": "gateway.stations.blocks.monitoring",
    "ClearVariableMonitoring": "gateway.stations.blocks.monitoring",
    "GetMonitoringReport": "gateway.stations.blocks.monitoring",
    "GetPeriodicEventStream": "gateway.stations.blocks.monitoring",
    "AdjustPeriodicEventStream": "gateway.stations.blocks.monitoring",
    "TriggerMessage": "gateway.stations.probing",
    "SetNetworkProfile": "gateway.stations.network_profiles",
    "Reset": "gateway.stations.network_profiles",
    "CertificateSigned": "gateway.stations.certificates",
    "InstallCertificate": "gateway.stations.certificates_roots",
    "DeleteCertificate": "gateway.stations.certificates_roots",
    "GetInstalledCertificateIds": "gateway.stations.certificates_roots",
}
"""What a station is called, by the module that makes it."""
NOT_MADE = {
    "authorization is not ours": ("ClearCache", "GetLocalListVersion", "SendLocalList"),
    "sessions are begun and ended by people and cars": (
        "RequestStartTransaction",
        "RequestStopTransaction",
        "ReserveNow",
        "CancelReservation",
        "UnlockConnector",
        "RequestBatterySwap",
    ),
    "zero power ceases to energize; nobody is locked out": ("ChangeAvailability",),
    "nobody is billed": (
        "CostUpdated",
        "SetDefaultTariff",
        "GetTariffs",
        "ClearTariffs",
        "ChangeTransactionTariff",
    ),
    "displays and customers are the operator's": (
        "SetDisplayMessage",
        "GetDisplayMessages",
        "ClearDisplayMessage",
        "CustomerInformation",
    ),
    "firmware and logs are the operator's": (
        "UpdateFirmware",
        "PublishFirmware",
        "UnpublishFirmware",
        "GetLog",
    ),
    "monitors are set one by one, with a severity of ours": (
        "SetMonitoringBase",
        "SetMonitoringLevel",
    ),
    "no protocol of a utility carries a signal of secondary control": ("AFRRSignal",),
}
"""What a station is never called, by the reason."""


def taken():
    """Return what stations call and somebody answers."""
    named = [action for actions in TAKEN.values() for action in actions]
    return {*named, *MEASURED, *SIGNED}


def not_made():
    return {action for actions in NOT_MADE.values() for action in actions}


@pytest.mark.parametrize("version", VERSIONS)
def test_every_message_has_exactly_one_place(version):
    places = [taken(), set(SENT), set(NOT_TAKEN), set(MADE), not_made()]
    assert sum(map(len, places)) == len(set().union(*places))
    assert known_actions(version) <= set().union(*places)


def test_there_is_no_message_that_no_version_has():
    known = known_actions("2.1") | known_actions("2.0.1")
    assert taken() | set(SENT) | set(NOT_TAKEN) | set(MADE) | not_made() == known


@pytest.mark.parametrize(
    ("block", "action"),
    [(block, action) for block, actions in TAKEN.items() for action in actions],
    ids=lambda value: value if isinstance(value, str) else value.__name__.rpartition(".")[2],
)
def test_a_block_takes_what_it_is_said_to_take(block, action):
    assert action in block.HANDLERS


def test_blocks_take_nothing_else():
    handled = {action for block in TAKEN for action in block.HANDLERS}
    assert handled | set(Metering().handlers()) == taken() - set(SIGNED)
    assert set(Metering().handlers()) == set(MEASURED)


def words(text):
    """Return the constants of a source."""
    return {node.value for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Constant)}


@pytest.mark.parametrize(("action", "module"), MADE.items())
def test_a_module_makes_what_it_is_said_to_make(action, module):
    assert action in words(inspect.getsource(importlib.import_module(module)))


@pytest.mark.parametrize("folder", ["gateway/core", "gateway/stations", "translators"])
def test_no_module_makes_what_is_said_never_to_be_made(folder):
    found = {path.name: words(path.read_text("utf-8")) for path in (ROOT / folder).rglob("*.py")}
    assert found
    assert [name for name, said in found.items() if said & not_made()] == []


@pytest.mark.parametrize("version", VERSIONS)
async def test_what_nobody_takes_is_refused_in_so_many_words(version):
    async with a_session(version) as (station, _, _):
        for action in sorted(NOT_TAKEN.keys() | MADE.keys() | not_made() | set(SIGNED)):
            station.say(2, action, action, {})
            answer = await station.answered(action)
            known = action in known_actions(version)
            assert answer[:3] == [4, action, "NotSupported" if known else "NotImplemented"]


@pytest.mark.parametrize("version", VERSIONS)
async def test_what_somebody_takes_is_never_called_unknown(version):
    async with a_session(version) as (station, _, _):
        for action in sorted((taken() - set(SIGNED)) & known_actions(version)):
            station.say(2, action, action, {"colour": "red"})
            answer = await station.answered(action)
            assert answer[0] == 4
            assert answer[2] not in {"NotSupported", "NotImplemented"}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("action", sorted(taken() - set(SIGNED)))
async def test_whatever_the_schema_allows_is_answered_by_the_schema(version, action):
    schema = schema_files(version).get(f"{action}Request")
    if schema is None:
        assert version == "2.0.1"
        return
    async with a_session(version) as (station, session, _):
        for turn in range(turns(schema)):
            station.say(2, f"m{turn}", action, whole(schema, turn))
            answer = await station.answered(f"m{turn}")
            if answer[0] == 3:
                assert read_violation(version, action, answer[2], request=False) is None
            else:  # its schema has no word for what a block cannot read
                assert answer[2] in {"PropertyConstraintViolation", "SecurityError"}
        assert session._rpc.odd == 0
