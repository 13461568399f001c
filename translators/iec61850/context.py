"""Where a value was operated, and the settings that its reading depends on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction

from translators.errors import ModelError
from translators.iec61850.values import Value

OPERATE = "iec61850.operate"
"""The rule that traces name where no rule of the book is at work."""
_NODE = re.compile(r"(\w*?)([A-Z]{4})(\d{0,7})", re.ASCII)


@dataclass(frozen=True, slots=True)
class OperateContext:
    """Where a value was operated, and what its reading depends on besides the value.

    `utility` is the principal that the association stands for; `node` the logical node's name below
    `device`, a prefix, its class and its number: `WlimDWMX1`. `settings` are the node's own attributes
    that nobody operated now, `beside` those of other nodes by class; `site` is what the configuration
    says of the node (`side`: generation or load; `region` of a protection). `oper_time` is operTm,
    `duration_s` the time for which the client wants the value.
    """

    utility: str
    station: str
    profile: str
    node: str
    primacy: int
    server_time: datetime
    device: str = ""
    oper_time: datetime | None = None
    duration_s: int | None = None
    settings: Mapping[str, Value] = field(default_factory=dict)
    beside: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)
    site: Mapping[str, str] = field(default_factory=dict)
    nominal_frequency_hz: Fraction | None = None
    digest: str = ""

    def __post_init__(self) -> None:
        """Refuse what is no name of a node."""
        if _NODE.fullmatch(self.node) is None:
            raise ModelError("is no logical node", where="node", value=self.node, rule=OPERATE)

    @property
    def node_class(self) -> str:
        """Return the class, `DWMX`."""
        return self._part(2)

    @property
    def instance(self) -> str:
        """Return the number of the node among those of its class."""
        return self._part(3)

    def _part(self, number: int) -> str:
        found = _NODE.fullmatch(self.node)
        return "" if found is None else found[number]
