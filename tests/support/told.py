"""Explanations as `explain` tells them, made by hand: good defaults, and the parts of one."""


def a_step(operation="take", source="P/value", target="value", **changes):
    return {
        "rule": "t.source@1.0.0",
        "cites": ["clause 1"],
        "operation": operation,
        "source": source,
        "before": "5",
        "target": target,
        "after": "5",
        "base": "",
        "function": "FixedVar",
    } | changes


def a_loss(**changes):
    return {
        "kind": "round",
        "where": "fixedVar/setpoint",
        "detail": "4 decimals",
        "rule": "t.target@1.0.0",
        "residual": "1/3",
        "function": "FixedVar",
    } | changes


def a_refusal(**changes):
    return {
        "function": "FixedVar",
        "where": "P/value",
        "problem": "is 'x', no number",
        "rule": "t.source@1.0.0",
        "outcome": "invalid",
    } | changes


def a_number(target="fixedVar/setpoint", value=5, **changes):
    return {
        "target": target,
        "value": value,
        "sources": [{"field": "P/value", "raw": "5"}],
        "canonical": [{"function": "FixedVar", "field": "value"}],
        "steps": [a_step(), a_step("emit", "value", target, rule="t.target@1.0.0", cites=["c 2"])],
        "losses": [],
    } | changes


def a_message(*numbers, payload=None, **changes):
    return {
        "ocpp": "2.1",
        "action": "SetDERControl",
        "functions": ["FixedVar"],
        "payload": {"fixedVar": {"setpoint": 5}} if payload is None else payload,
        "numbers": list(numbers),
    } | changes


def told(*messages, **changes):
    """Return an explanation of a document `<P><value>5</value></P>` that became these messages."""
    return {
        "document": {
            "kind": "DERControl",
            "mRID": "0A",
            "protocol": "ieee2030_5",
            "revision": "2018",
            "primacy": 3,
        },
        "station": {"id": "S", "ocpp": "2.1"},
        "book": "00ff",
        "texts": [{"name": "control", "text": "<P><value>5</value></P>"}],
        "commands": [
            {
                "mRID": "0A",
                "primacy": 3,
                "interval": None,
                "controls": {"FixedVar": {"value": "5"}},
            }
        ],
        "messages": list(messages),
        "followed": [],
        "refused": [],
        "losses": [],
        "outcome": None,
        "response_status": None,
    } | changes
