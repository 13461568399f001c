"""Every message of OCPP 2.1 and 2.0.1, with every key, written and read again: nothing changes.

The instances come from the official schemas themselves. What R04 and K01 forbid beyond them (all members
of SetDERControl at once) goes out in variants that have every key together.
"""

import json
from copy import deepcopy

import pytest

from gateway.protocols.ocpp_rpc import Answered, Call, Called, Rpc, Sent
from gateway.simulators import station_wire as wire
from gateway.simulators.station_wire import Frame, Kind
from gateway.stations.templates import Templates
from gateway.stations.validators import STREAM, read_violation
from support.schema_instances import (
    MISCASED,
    paths_of,
    paths_of_schema,
    schema_files,
    turns,
    whole,
)

MESSAGES = [
    pytest.param(version, name, id=f"{version}-{name}")
    for version in ("2.1", "2.0.1")
    for name in sorted(schema_files(version))
]
REQUESTS = [param for param in MESSAGES if param.values[1].endswith("Request")]
RESPONSES = [param for param in MESSAGES if param.values[1].endswith("Response")]

CONTROLS = {
    "curve": "VoltVar",
    "enterService": "EnterService",
    "fixedPFAbsorb": "FixedPFAbsorb",
    "fixedPFInject": "FixedPFInject",
    "fixedVar": "FixedVar",
    "freqDroop": "FreqDroop",
    "gradient": "Gradients",
    "limitMaxDischarge": "LimitMaxDischarge",
}


def a_pair(version):
    """Return two ends of a line, and what hands one frame over from the first to the second."""
    ours, theirs = Rpc("m", version=version), Rpc("t", version=version)

    def hand_over():
        frame = ours.next_frame(0.0)
        assert frame is not None
        (output,) = theirs.receive(frame)
        return output

    return ours, theirs, hand_over


def sendable(name, instance):
    """Yield what R04 and K01 allow of an instance; together the variants have all its keys."""
    if name == "SetDERControlRequest":
        for member, control_type in CONTROLS.items():
            rest = {k: v for k, v in instance.items() if k not in CONTROLS}
            default = control_type in {"EnterService", "Gradients"}
            body = deepcopy(instance[member])
            yield rest | {
                "controlType": control_type,
                "isDefault": default,
                member: _ruled(member, body),
            }
    elif name == "SetChargingProfileRequest":
        profile = instance["chargingProfile"] | {"chargingProfilePurpose": "TxProfile"}
        yield instance | {"chargingProfile": profile}
    else:
        yield instance


def _ruled(member, body):
    if member == "curve":
        body["yUnit"] = "PctMaxVar"
    if member == "limitMaxDischarge":
        trip = body["powerMonitoringMustTrip"]
        trip["yUnit"] = "Not_Applicable"
        del trip["reactivePowerParams"]  # belongs to VoltVar alone (R04.FR.50)
    return body


@pytest.mark.parametrize(("version", "count"), [("2.1", 181), ("2.0.1", 128)])
def test_there_are_as_many_schemas_as_the_edition_has(version, count):
    assert len(schema_files(version)) == count


@pytest.mark.parametrize(("version", "name"), MESSAGES)
def test_an_instance_has_every_key_of_its_schema(version, name):
    schema = schema_files(version)[name]
    own = {
        path for path in paths_of(whole(schema)) if "ownKey_L2" not in path and "/any" not in path
    }
    assert own == set(paths_of_schema(schema))


@pytest.mark.parametrize(("version", "name"), REQUESTS)
def test_a_call_of_ours_keeps_every_key(version, name):
    schema, action = schema_files(version)[name], name.removesuffix("Request")
    written, templates = set(), Templates()
    for turn in range(turns(schema)):
        for payload in sendable(name, whole(schema, turn)):
            body = templates.render(version, action, payload)
            assert isinstance(body, bytes), str(body)
            assert json.loads(body) == payload
            ours, _, hand_over = a_pair(version)
            ours.call(Call("key", action, body))
            heard = hand_over()
            assert heard == Called("m-1", action, payload)
            assert read_violation(version, action, heard.payload, request=True) is None
            written |= set(paths_of(heard.payload))
    trip = "/limitMaxDischarge/powerMonitoringMustTrip/reactivePowerParams"
    assert {p for p in paths_of_schema(schema) if not p.startswith(trip)} <= written


@pytest.mark.parametrize(("version", "name"), RESPONSES)
def test_an_answer_keeps_every_key(version, name):
    schema, action = schema_files(version)[name], name.removesuffix("Response")
    for turn in range(turns(schema)):
        payload = whole(schema, turn)
        ours, theirs, hand_over = a_pair(version)
        theirs.call(Call("key", action, b"{}"))
        frame = theirs.next_frame(0.0)
        (called,) = ours.receive(frame)
        ours.answer(called.message_id, payload)
        heard = hand_over()
        assert isinstance(heard, Answered)
        assert (heard.message_id, heard.payload) == ("t-1", payload)
        assert read_violation(version, action, heard.payload, request=False) is None
        assert set(paths_of_schema(schema)) <= set(paths_of(heard.payload))


def test_what_is_sent_without_an_answer_keeps_every_key():
    payload = whole(schema_files("2.1")[STREAM])
    (heard,) = Rpc("x").receive(json.dumps([6, "s-1", STREAM, payload]).encode())
    assert heard == Sent(STREAM, payload)
    assert read_violation("2.1", STREAM, heard.payload, request=True) is None


@pytest.mark.parametrize(("version", "name"), MESSAGES)
def test_a_key_that_no_schema_knows_is_refused(version, name):
    schema = schema_files(version)[name]
    request = not name.endswith("Response")
    action = name.removesuffix("Request").removesuffix("Response")
    payload = next(sendable(name, whole(schema))) | {"colour": "red"}
    fault = read_violation(version, action, payload, request=request)
    assert fault is not None
    assert "colour" in fault.problem


def keys_of(version):
    """Return the names of all properties in all schemas."""
    names = set()
    for schema in schema_files(version).values():
        names |= {path.rpartition("/")[2] for path in paths_of_schema(schema)}
    return names


def test_the_keys_that_casing_rules_break_are_among_those_that_were_carried():
    assert len(MISCASED) == len(set(MISCASED)) == 43
    assert set(MISCASED) <= keys_of("2.1")


@pytest.mark.parametrize("key", MISCASED)
def test_a_key_that_casing_rules_break_is_carried_as_it_is_spelt(key):
    carriers = [
        (name, whole(schema))
        for name, schema in schema_files("2.1").items()
        if any(path.endswith(f"/{key}") for path in paths_of_schema(schema))
    ]
    assert carriers
    for name, payload in carriers:
        ours, _, hand_over = a_pair("2.1")
        ours.call(Call("key", name, json.dumps(payload).encode()))
        heard = hand_over()
        assert heard.payload == payload
        assert any(path.endswith(f"/{key}") for path in paths_of(heard.payload))


@pytest.mark.parametrize(("version", "name"), MESSAGES)
def test_two_codecs_of_different_make_read_each_other(version, name):
    payload = whole(schema_files(version)[name])
    ours = Rpc("m", version=version)
    if name.endswith("Response"):
        ours.receive(wire.dump(wire.call("s-1", "Heartbeat", {})).encode())
        ours.answer("s-1", payload)
        expected = Frame(Kind.RESULT, "s-1", "", payload)
    else:
        ours.call(Call("key", name, json.dumps(payload).encode()))
        expected = Frame(Kind.CALL, "m-1", name, payload)
    assert Frame.parse(ours.next_frame(0.0)) == expected
    (heard,) = Rpc("x", version=version).receive(
        wire.dump(wire.call("s-2", name, payload)).encode()
    )
    assert heard == Called("s-2", name, payload)
