"""The network profiles of a simulated station (B09, B10, A05): slots, their order, and the way back.

The active slot is used until a restart. Then the list is tried from its head, each slot a few times;
what cannot be reached gives way to the next. Who came by a higher security profile drops all lower
ones (A05.FR.06).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from gateway.simulators.station_wire import Json, status

_SLOTS = range(1, 9)
_SECURE = 2
_CERTIFIED = 3


@dataclass(frozen=True, slots=True)
class Slot:
    """One way to a CSMS."""

    url: str
    profile: int
    password: str


class Network:
    """The slots of one station; slot 1 is what it was delivered with."""

    def __init__(self, first: Slot, attempts: int = 3, *, may_downgrade: bool = False) -> None:
        """Know one way."""
        self.slots = {1: first}
        self.order = [1]
        self.active = 1
        self._attempts, self._may_downgrade = attempts, may_downgrade
        self._failures = 0

    @property
    def way(self) -> Slot:
        """Return how to connect now."""
        return self.slots[self.active]

    @property
    def profile(self) -> int:
        """Return the security profile in use."""
        return self.way.profile

    def redirect(self, slot: Slot) -> None:
        """Use another way in the place of the one in use."""
        self.slots[self.active] = slot

    def set_profile(self, request: Json, version: str) -> Json:
        """Answer a SetNetworkProfile (B09)."""
        number, data = request["configurationSlot"], request["connectionData"]
        if number not in _SLOTS or data["ocppTransport"] != "JSON":
            return status("Rejected", "InvalidValue")
        if number in self.order:  # B09.FR.05
            return status("Rejected", "PriorityNetworkConf")
        if self._down(data["securityProfile"], version):  # B09.FR.04
            return status("Rejected", "NoSecurityDowngrade")
        password = data.get("basicAuthPassword", self.way.password)
        self.slots[number] = Slot(data["ocppCsmsUrl"], data["securityProfile"], password)
        return status("Accepted")

    def set_order(self, value: str, version: str, *, root: bool, certificate: bool) -> str:
        """Take a list of slots; return Accepted or Rejected (A05.FR.02-04)."""
        try:
            order = [int(part) for part in value.split(",")]
        except ValueError:
            return "Rejected"
        known = all(number in self.slots for number in order)
        if not known or len(set(order)) != len(order):
            return "Rejected"
        for number in order:
            profile = self.slots[number].profile
            if self._down(profile, version) or (profile >= _SECURE and not root):
                return "Rejected"
            if profile == _CERTIFIED and not certificate:
                return "Rejected"
        self.order = order
        return "Accepted"

    def set_password(self, password: str) -> None:
        """Use another password on the way in use."""
        self.slots[self.active] = replace(self.way, password=password)

    def restarted(self) -> None:
        """Begin with the head of the list."""
        self._failures, self.active = 0, self.order[0]

    def failed(self) -> None:
        """Count a failure; after some of them the next in the list has its turn (B10.FR.03)."""
        self._failures += 1
        if self._failures >= self._attempts:
            self._failures = 0
            at = self.order.index(self.active) if self.active in self.order else -1
            self.active = self.order[(at + 1) % len(self.order)]

    def connected(self) -> None:
        """Know that the way in use leads somewhere: lower security profiles are over (A05.FR.06)."""
        self._failures = 0
        least = 0 if self._may_downgrade else self.profile
        kept = {n: slot for n, slot in self.slots.items() if slot.profile >= least}
        self.slots = kept
        self.order = [number for number in self.order if number in kept]

    def _down(self, profile: int, version: str) -> bool:
        """Say whether a profile would take security away that may not be taken away."""
        allowed = self._may_downgrade and version == "2.1" and profile == _SECURE
        return profile < self.profile and not allowed
