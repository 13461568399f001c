"""A station that answers the calls of an errand as it was told to, and holds each to its schema."""

from gateway.core.events import ReplyStatus
from gateway.stations.context import Reply
from gateway.stations.outcomes import answered
from gateway.stations.validators import violation

ACCEPTED = {"status": "Accepted"}
REJECTED = {"status": "Rejected"}
SILENCE = Reply(ReplyStatus.NO_ANSWER, reason="no answer in time")
GONE = Reply(ReplyStatus.NOT_SENT, reason="connection lost")
UNUSABLE = Reply(ReplyStatus.CALL_ERROR, {"status": "Accepted", "odd": 1}, "breaks its schema")
REFUSAL = Reply(ReplyStatus.NOT_SUPPORTED, reason="NotSupported")


class Answers:
    """Answers each action with the next of its answers, the last of them for ever."""

    def __init__(self, version="2.1", **by_action):
        self.version = version
        self.calls = []
        self._answers = {action: list(many) for action, many in by_action.items()}

    async def __call__(self, action, payload, _priority=None):
        fault = violation(self.version, action, payload, request=True)
        assert fault is None, f"{action}: {fault}"
        self.calls.append((action, payload))
        answers = self._answers[action]
        found = answers.pop(0) if len(answers) > 1 else answers[0]
        found = found(payload) if callable(found) else found
        if isinstance(found, Reply):
            return found
        fault = violation(self.version, action, found, request=False)
        assert fault is None, f"the answer to {action}: {fault}"
        return answered(found)

    def of(self, action):
        return [payload for name, payload in self.calls if name == action]

    @property
    def actions(self):
        return [name for name, _ in self.calls]


def variables(**values):
    """Return an answer to GetVariables; what is not named is unknown."""

    def answer(payload):
        results = []
        for item in payload["getVariableData"]:
            value = values.get(item["variable"]["name"])
            told = {"attributeStatus": "Accepted", "attributeValue": value}
            if value is None:
                told = {"attributeStatus": "UnknownVariable"}
            results.append({**item, **told})
        return {"getVariableResult": results}

    return answer


def setting(status="Accepted"):
    """Return an answer to SetVariables of one variable."""

    def answer(payload):
        results = []
        for item in payload["setVariableData"]:
            named = {name: item[name] for name in ("component", "variable")}
            results.append({**named, "attributeStatus": status})
        return {"setVariableResult": results}

    return answer


def a_root_hash(serial, kind="CSMSRootCertificate"):
    """Return an entry of GetInstalledCertificateIds."""
    data = {
        "hashAlgorithm": "SHA256",
        "issuerNameHash": "aa",
        "issuerKeyHash": "bb",
        "serialNumber": serial,
    }
    return {"certificateType": kind, "certificateHashData": data}


def roots(*serials):
    """Return an answer to GetInstalledCertificateIds."""
    if not serials:
        return {"status": "NotFound"}
    return {**ACCEPTED, "certificateHashDataChain": [a_root_hash(serial) for serial in serials]}
