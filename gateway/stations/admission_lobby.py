"""How many shake hands at one time: bounded in sum and for each address, fair between addresses.

    accepted ──> silent ──first octet──> ready, in a queue of its address ──room──> inside
                  a bare socket                a bare socket                        TLS, request

What is inside costs memory (TLS: tens of kilobytes), what is outside a descriptor and little else. One
address fills its own places and no others; among those that wait, addresses take turns.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Lobby[G]:
    """Guests by address, from being accepted until their request has been read whole."""

    inside_most: int = 1024
    inside_each: int = 64
    outside_most: int = 8192
    outside_each: int = 1024
    _inside: Counter[str] = field(default_factory=Counter)
    _outside: Counter[str] = field(default_factory=Counter)
    _queues: dict[str, dict[G, None]] = field(default_factory=dict)
    """Those that are ready and wait, oldest first; the address whose turn is next stands first."""

    @property
    def full(self) -> bool:
        """Say whether nobody more may be accepted for now, wherever from."""
        return self._outside.total() >= self.outside_most

    @property
    def inside(self) -> int:
        """Return how many shake hands."""
        return self._inside.total()

    def arrive(self, address: str) -> bool:
        """Take one in from an address; False where its places are taken."""
        if self._outside[address] >= self.outside_each:
            return False
        self._outside[address] += 1
        return True

    def ready(self, address: str, guest: G) -> bool:
        """Say whether one that has begun to speak goes on at once; else it waits."""
        if self._has_room(address) and address not in self._queues:
            self._enter(address)
            return True
        self._queues.setdefault(address, {})[guest] = None
        return False

    def give_up(self, address: str, guest: G) -> None:
        """Forget one that is not inside yet."""
        queue = self._queues.get(address, {})
        queue.pop(guest, None)
        if not queue:
            self._queues.pop(address, None)
        _less(self._outside, address)

    def leave(self, address: str) -> G | None:
        """Let one of this address out; return who goes on in its place: it is inside from now on."""
        _less(self._inside, address)
        if self.inside >= self.inside_most:
            return None
        found = next((name for name in self._queues if self._has_room(name)), None)
        if found is None:
            return None
        queue = self._queues.pop(found)
        guest = next(iter(queue))
        del queue[guest]
        if queue:
            self._queues[found] = queue
        self._enter(found)
        return guest

    def _has_room(self, address: str) -> bool:
        return self._inside[address] < self.inside_each and self.inside < self.inside_most

    def _enter(self, address: str) -> None:
        _less(self._outside, address)
        self._inside[address] += 1


def _less(counts: Counter[str], address: str) -> None:
    counts[address] -= 1
    if not counts[address]:
        del counts[address]
