"""Security of a simulated station: its certificate and roots, its password, and how it gets new ones.

A01 password, A02 and A03 certificate, A05 security profile, B09 and B10 network profiles, M03-M05
roots. What it asks for stands in the outbox of its core; `reconnect` says that the next connection
should use what is new.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from ssl import SSLContext

from gateway.simulators import station_credentials as credentials
from gateway.simulators.station_credentials import Credentials, Flaw
from gateway.simulators.station_network import Network, Slot
from gateway.simulators.station_wire import Json, instant, status

type Tell = Callable[[str, Json], None]
type Handler = Callable[["Security", Json, float], Json]
type Key = tuple[str, str]

_ROOT = "CSMSRootCertificate"
_STATION = "ChargingStationCertificate"
_PASSWORD = range(16, 41)
WRITABLE: frozenset[Key] = frozenset(
    {
        ("OCPPCommCtrlr", "NetworkConfigurationPriority"),
        ("SecurityCtrlr", "OrganizationName"),
        ("SecurityCtrlr", "CertSigningWaitMinimum"),
        ("SecurityCtrlr", "CertSigningRepeatTimes"),
    }
)
"""Of the variables that it tells, those that a CSMS may set."""


@dataclass(frozen=True, slots=True)
class SecurityOptions:
    """What a station is delivered with, besides its password and the root that it trusts."""

    certificate: Path | None = None
    key: Path | None = None
    operator: str = ""
    """O of its certificate requests (SecurityCtrlr.OrganizationName)."""
    serial_number: str = ""
    """CN of its certificate requests, in place of its id."""
    wait_s: int = 30
    """CertSigningWaitMinimum: it doubles with each repetition."""
    repeats: int = 3
    """CertSigningRepeatTimes."""
    attempts: int = 3
    """NetworkProfileConnectionAttempts."""
    may_downgrade: bool = False
    """AllowSecurityProfileDowngrade (2.1): from 3 to 2."""


@dataclass(slots=True)
class _Request:
    """A request that waits for its certificate."""

    key: str
    message: Json
    due: float
    wait_s: float
    left: int


class Security:
    """One station; `version` is the one in use."""

    def __init__(
        self, name: str, first: Slot, trusted: Path | None, options: SecurityOptions, tell: Tell
    ) -> None:
        """Read what the options name."""
        self.options, self.version = options, "2.1"
        self.network = Network(first, options.attempts, may_downgrade=options.may_downgrade)
        self.own: Credentials | None = None
        if options.certificate is not None and options.key is not None:
            self.own = Credentials(options.certificate.read_text(), options.key.read_text())
        self.roots: dict[str, str] = {}
        if trusted is not None:
            self._trust(trusted.read_text())
        self.reconnect = False
        self._id, self._name, self._tell = name, options.serial_number or name, tell
        self._operator, self._wait_s, self._repeats = (
            options.operator,
            options.wait_s,
            options.repeats,
        )
        self._request: _Request | None = None
        self._numbers = 0

    @property
    def context(self) -> SSLContext | None:
        """Return the TLS of the way in use, None where it is plain."""
        if not self.network.way.url.startswith("wss:"):
            return None
        shown = self.own if self.network.profile == 3 else None
        return credentials.context(self.roots.values(), shown)

    @property
    def headers(self) -> dict[str, str]:
        """Return what says who it is on the way in use: nothing where a certificate does."""
        if self.network.profile in {0, 3}:
            return {}
        words = base64.b64encode(f"{self._id}:{self.network.way.password}".encode()).decode()
        return {"Authorization": f"Basic {words}"}

    def ask(self, now: float, flaw: Flaw = "") -> None:
        """Ask for a certificate over a new key (A02.FR.02, A03), with a flaw where that is wanted."""
        if flaw == "unasked":
            return
        pem, key = credentials.make_request(self._operator, self._name, flaw)
        message: Json = {"csr": pem, "certificateType": _STATION}
        if self.version == "2.1":
            self._numbers += 1
            message["requestId"] = self._numbers
        wait = float(self._wait_s)
        self._request = _Request(key, message, now + wait, wait, self._repeats)
        self._tell("SignCertificate", message)

    def advance(self, now: float) -> None:
        """Ask again where no certificate came, each time after twice as long (A03.FR.19)."""
        request = self._request
        if request is None or now < request.due or request.left <= 0:
            return
        request.left -= 1
        request.wait_s *= 2
        request.due = now + request.wait_s
        self._tell("SignCertificate", request.message)

    def answered(self, action: str, answer: Json) -> None:
        """Hear how one's own call ended: a refused request is not repeated."""
        if action == "SignCertificate" and answer.get("status") == "Rejected":
            self._request = None

    def take_certificate(self, payload: Json, now: float) -> Json:
        """Answer a CertificateSigned: use what fits the key, refuse the rest (A02.FR.06-08)."""
        request = self._request
        if request is None or payload.get("requestId", self._numbers) != self._numbers:
            return status("Rejected", "NotFound")
        found = Credentials(payload["certificateChain"], request.key)
        at = datetime.fromtimestamp(now, UTC)
        problem = credentials.misfit(found, self._operator, self._name, at)
        if problem:
            self._notice("InvalidChargingStationCertificate", now, problem)
            return status("Rejected", "InvalidCertificate")
        self.own, self._request = found, None
        self.reconnect = self.reconnect or self.network.profile == 3
        return status("Accepted")

    def install(self, payload: Json, _now: float) -> Json:
        """Answer an InstallCertificate (M05)."""
        if payload["certificateType"] != _ROOT:
            return status("Rejected", "UnsupportedRequest")
        try:
            self._trust(payload["certificate"])
        except ValueError:
            return status("Rejected", "InvalidCertificate")
        return status("Accepted")

    def list_roots(self, payload: Json, _now: float) -> Json:
        """Answer a GetInstalledCertificateIds (M03)."""
        wanted = payload.get("certificateType", [_ROOT])
        if _ROOT not in wanted or not self.roots:
            return status("NotFound")
        chains = [
            {"certificateType": _ROOT, "certificateHashData": credentials.name_of_root(pem)}
            for pem in self.roots.values()
        ]
        return {**status("Accepted"), "certificateHashDataChain": chains}

    def delete(self, payload: Json, _now: float) -> Json:
        """Answer a DeleteCertificate; the last root stays (M04). Hexadecimal digits have no case."""
        meant = payload["certificateHashData"]
        digits = ("issuerNameHash", "issuerKeyHash", "serialNumber")
        name = {key: meant[key].lower() for key in digits}
        serial = name["serialNumber"]
        known = self.roots.get(serial)
        name["hashAlgorithm"] = meant["hashAlgorithm"]
        if known is None or credentials.name_of_root(known) != name:
            return status("NotFound")
        if len(self.roots) == 1:
            return status("Failed")
        del self.roots[serial]
        return status("Accepted")

    def set_network_profile(self, payload: Json, _now: float) -> Json:
        """Answer a SetNetworkProfile (B09)."""
        return self.network.set_profile(payload, self.version)

    def variables(self) -> Mapping[Key, str]:
        """Return what it tells of itself; a password is never told (A01.FR.12)."""
        network = self.network
        found = {
            ("OCPPCommCtrlr", "NetworkConfigurationPriority"): ",".join(map(str, network.order)),
            ("OCPPCommCtrlr", "ActiveNetworkProfile"): str(network.active),
            ("OCPPCommCtrlr", "NetworkProfileConnectionAttempts"): str(self.options.attempts),
            ("SecurityCtrlr", "SecurityProfile"): str(network.profile),
            ("SecurityCtrlr", "OrganizationName"): self._operator,
            ("SecurityCtrlr", "CertSigningWaitMinimum"): str(self._wait_s),
            ("SecurityCtrlr", "CertSigningRepeatTimes"): str(self._repeats),
        }
        if self.version == "2.1":
            may = str(self.options.may_downgrade).lower()
            found["SecurityCtrlr", "AllowSecurityProfileDowngrade"] = may
        return found

    def write(self, key: Key, value: str, now: float) -> str | None:
        """Set a variable; return the status, None where it is none of these."""
        match key:
            case ("SecurityCtrlr", "BasicAuthPassword"):
                return self._take_password(value, now)
            case ("OCPPCommCtrlr", "NetworkConfigurationPriority"):
                return self.network.set_order(
                    value, self.version, root=bool(self.roots), certificate=self.own is not None
                )
            case ("SecurityCtrlr", "OrganizationName"):
                self._operator = value
                return "Accepted"
            case ("SecurityCtrlr", "CertSigningWaitMinimum" | "CertSigningRepeatTimes"):
                return self._take_number(key[1], value)
            case _:
                return None if key not in self.variables() else "Rejected"

    def _take_password(self, value: str, now: float) -> str:
        if len(value) not in _PASSWORD or not value.isascii() or not value.isprintable():
            return "Rejected"
        self.network.set_password(value)
        self._notice("ReconfigurationOfSecurityParameters", now, "password")  # A01.FR.11
        self.reconnect = True
        return "Accepted"

    def _take_number(self, name: str, value: str) -> str:
        if not value.isdecimal():
            return "Rejected"
        if name == "CertSigningWaitMinimum":
            self._wait_s = int(value)
        else:
            self._repeats = int(value)
        return "Accepted"

    def _trust(self, pem: str) -> None:
        for root in credentials.certificates(pem):
            self.roots[f"{root.serial_number:x}"] = credentials.pem_of(root)

    def _notice(self, kind: str, now: float, words: str) -> None:
        """Tell what is noticed of one's own security (A04)."""
        event = {"type": kind, "timestamp": instant(now), "techInfo": words}
        self._tell("SecurityEventNotification", event)


HANDLERS: dict[str, Handler] = {
    "CertificateSigned": Security.take_certificate,
    "InstallCertificate": Security.install,
    "GetInstalledCertificateIds": Security.list_roots,
    "DeleteCertificate": Security.delete,
    "SetNetworkProfile": Security.set_network_profile,
}
"""What it answers; `write` and `ask` serve the variables and triggers of the station."""
