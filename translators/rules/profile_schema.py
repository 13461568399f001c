"""Model of a profile of logical nodes: how one dialect of IEC 61850-7-420 calls things."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from translators.rules.schema import Metadata

type NodeClass = str
"""Class of a logical node, `DWMX`."""
type DataObject = str
"""Name of a data object below its node, `WMaxSptPct`."""


class _Strict(BaseModel):
    model_config = Metadata.model_config


class ModeForm(_Strict):
    """The data object that switches a function on and off, with the texts of both."""

    object: DataObject
    on: str
    off: str


class Lettered(_Strict):
    """A list that a node spells out, one data object per letter: WSetA, WSetB, WSetC."""

    letters: Annotated[str, Field(min_length=1)]
    members: Annotated[list[DataObject], Field(min_length=1)]


class NotCarried(_Strict):
    """A node, or some data objects of it, that nothing here can carry out; `*` is all of them."""

    node: NodeClass
    objects: Annotated[list[DataObject], Field(min_length=1)] = ["*"]
    outcome: Literal["not_supported", "not_applicable"] = "not_supported"
    reason: str


class Beside(_Strict):
    """A data object that every node may have and that changes no control; `loss` as with rules."""

    object: DataObject
    loss: Literal["drop"] | None = None
    reason: str


class Times(_Strict):
    """The data objects that say how long and how fast a value holds, in seconds."""

    duration: DataObject | None = None
    start_window: DataObject | None = None
    ramp: DataObject | None = None


class Profile(_Strict):
    """One dialect: what it adds to the one that it `extends`; rules name it among their revisions.

    `prefixes` stand before a class in the site's own names. `aliases` lead from a name of this dialect to
    the one that rules use, by class or under `*`. `settings` hold where the node does not say otherwise.
    `together` names the node under whose name two nodes make one command. A later profile replaces
    single entries of an earlier one.
    """

    api_version: Annotated[Literal["dergate/mapping.v1"], Field(alias="apiVersion")]
    kind: Literal["Profile"]
    metadata: Metadata
    profile: Annotated[str, Field(pattern=r"^[a-z0-9-]+$")]
    extends: str | None = None
    device: str = ""
    prefixes: dict[NodeClass, str] = {}
    aliases: dict[NodeClass, dict[DataObject, DataObject]] = {}
    settings: dict[NodeClass, dict[DataObject, str]] = {}
    mode: ModeForm | None = None
    times: Times | None = None
    together: dict[NodeClass, NodeClass] = {}
    lists: dict[NodeClass, dict[str, Lettered]] = {}
    beside: list[Beside] = []
    refused: list[NotCarried] = []
