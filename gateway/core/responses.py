"""Answers owed to utilities: each once, kept until the utility took it."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Any

from gateway.core.delivery import close
from gateway.core.effects import Persist, RespondToUtility, Table
from gateway.core.events import ResponsePosted
from gateway.core.lifecycle import Trigger
from gateway.core.records import CommandRecord
from gateway.core.world import Turn
from translators.canonical.swift import changed
from translators.canonical.telemetry import ControlOutcome


def tell(
    turn: Turn, record: CommandRecord, outcome: ControlOutcome, again: int = 1
) -> CommandRecord:
    """Return the record with `outcome` told; owe it to the utility where it asked for it.

    `again` counts what can be told more than once: each is an answer of its own.
    2030.5 responseRequired: bit 0 asks for `received`, bit 1 for everything specific.
    """
    told = changed(record, told=_together(record.told | {outcome}))
    command = record.command
    duty = command.response
    asked = duty.received if outcome is ControlOutcome.RECEIVED else duty.specific
    if command.is_default or not (asked and duty.reply_to):
        return told
    response = RespondToUtility(
        key=f"{record.key}/{outcome}" + (f"/{again}" if again > 1 else ""),
        utility=command.origin.utility,
        station=command.target.station,
        mrid=command.mrid,
        outcome=outcome,
        created=turn.utility_now(command.origin.utility),
        reply_to=duty.reply_to,
        revision=command.origin.revision,
    )
    turn.world.owed[response.key] = response
    turn.emit(Persist(Table.RESPONSES, response.key, to_document(response)), response)
    turn.audit("response.owed", "gateway", record.key, outcome=outcome.value)
    return told


@lru_cache(maxsize=256)
def _together(outcomes: frozenset[ControlOutcome]) -> frozenset[ControlOutcome]:
    """Return equal outcomes as one set for all records that were told them."""
    return outcomes


def advance(turn: Turn, record: CommandRecord, trigger: Trigger) -> CommandRecord:
    """Move a command along the table, tell its utility what it is owed, and keep it."""
    moved = record.step(trigger)
    outcome = moved.owed
    if moved.state is not record.state:
        turn.audit(f"command.{moved.state}", "gateway", record.key)
    if outcome is not None:
        moved = tell(turn, moved, outcome)
    if moved.over:
        moved = close(turn, moved)
    turn.keep(moved)
    return moved


def posted(turn: Turn, event: ResponsePosted) -> None:
    """A utility took an answer, or refused it for good."""
    response = turn.world.owed.pop(event.key, None)
    if response is None:
        return
    turn.emit(Persist(Table.RESPONSES, event.key, None))
    kind = "response.posted" if event.accepted else "response.refused"
    turn.audit(kind, response.utility, event.key, problem=event.problem)


def to_document(response: RespondToUtility) -> dict[str, Any]:
    """Return the JSON document that is kept until the answer is delivered."""
    return {
        "key": response.key,
        "utility": response.utility,
        "station": response.station,
        "mrid": response.mrid,
        "outcome": response.outcome.value,
        "created": response.created.isoformat(),
        "reply_to": response.reply_to,
        "revision": response.revision,
    }


def from_document(document: dict[str, Any]) -> RespondToUtility:
    """Return the answer that `to_document` described."""
    return RespondToUtility(
        **{
            **document,
            "outcome": ControlOutcome(document["outcome"]),
            "created": datetime.fromisoformat(document["created"]),
        }
    )
