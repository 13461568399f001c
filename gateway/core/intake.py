"""Commands as they come and go at the utility."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from math import ceil

from gateway.core.agenda import defeat, segments_of
from gateway.core.events import CommandReceived, CommandWithdrawn, Withdrawal
from gateway.core.lifecycle import State, Trigger
from gateway.core.pace import never_late
from gateway.core.participation import Word, decline
from gateway.core.records import CommandRecord, differs, forgettable, key_of
from gateway.core.responses import advance, tell
from gateway.core.station import COMMISSIONING, SITE, StationState
from gateway.core.world import Turn
from translators.canonical.commands import DerCommand, Protocol, Randomization
from translators.canonical.swift import changed
from translators.canonical.telemetry import ControlOutcome

_EXACT = Randomization()
_DRAWN = changed(_EXACT, start_draw_s=0, duration_draw_s=0)
MOST = 500
"""Open events of one utility for one station: a day in intervals of five minutes has 288."""
_EARLY = timedelta(seconds=2)
"""How much earlier than by our reckoning a utility may drop an event that is over."""


def receive(turn: Turn, event: CommandReceived) -> None:
    """Take in a command: new, a new edition, or known already."""
    command = turn.world.shared.command(event.command)
    station = command.target.station
    known = turn.world.records[station].get(key_of(command))
    gone = known is None or known.over or known.state is State.CANCELLING
    if known is None or (gone and _returns(turn, known, command)):
        _admit(turn, event, _drawn(command, event.draws))
        return
    if command.version < known.command.version:
        turn.audit(
            "command.version_fell", command.origin.utility, known.key, version=command.version
        )
        return
    if gone:
        return
    if not differs(known.command, command):
        turn.keep(changed(known, command=changed(known.command, version=command.version)))
        return
    draws = known.command.randomization
    redrawn = _drawn(command, event.draws)
    if (draws.start_s, draws.duration_s) == (
        command.randomization.start_s,
        command.randomization.duration_s,
    ):
        redrawn = changed(command, randomization=draws)
    turn.world.translator.forget(known.key)
    updated = changed(known, command=redrawn, refused=()).refuse(event.refusals)
    if not _begun(turn, updated):
        updated = changed(updated, baseline=None)
        if not _keeps_its_minute(known, redrawn):
            updated = _paced(turn, changed(updated, waits_s=0))
    turn.audit(
        "command.updated",
        command.origin.utility,
        known.key,
        event.raw,
        **_trace(turn, event, redrawn),
    )
    _judge(turn, updated.step(Trigger.UPDATED))


def _returns(turn: Turn, known: CommandRecord, command: DerCommand) -> bool:
    """Say whether what is over may begin anew: a default, and of OpenADR an interval in a new edition.

    There an interval gives way to events of better priority and resumes after them, and an event may be
    changed in place: it has one name throughout. What only a station that is away keeps here so long counts
    as forgotten.
    """
    edition = command.version > known.command.version or forgettable(known, turn.time_of(known))
    return command.is_default or (command.origin.protocol is Protocol.OPENADR and edition)


def crowded(turn: Turn, event: CommandReceived) -> bool:
    """Refuse an event where its utility asks for too many at once; say whether it was refused.

    Nothing of it is kept: each one that is open costs all others time.
    """
    command = event.command
    known = turn.world.records[command.target.station]
    if command.is_default or key_of(command) in known:
        return False
    utility = command.origin.utility
    opened = sum(not record.over and record.utility == utility for record in known.values())
    if opened < MOST:
        return False
    record = CommandRecord(command)
    turn.audit("command.crowded", utility, record.key, event.raw, most=MOST)
    tell(turn, record, ControlOutcome.NOT_APPLICABLE)
    return True


def _begun(turn: Turn, record: CommandRecord) -> bool:
    """Say whether a command's time has come, as far as its plan goes."""
    planned = record.planned
    return planned is not None and planned.start <= turn.time_of(record)


def _keeps_its_minute(known: CommandRecord, command: DerCommand) -> bool:
    """Say whether an edition starts when the one before would: what a site splits anew moves no start."""
    same = known.utility.startswith(SITE) and known.command.interval == command.interval
    return same and known.waits_s > 0 and not never_late(command)


def _admit(turn: Turn, event: CommandReceived, command: DerCommand) -> None:
    """A command seen for the first time: 254 when it is over, 253 when it is invalid, else 1."""
    unow = turn.utility_now(command.origin.utility)
    record = CommandRecord(command, level=_free_level(turn, command)).refuse(event.refusals)
    if forgettable(record, unow):
        return  # it may have been answered before it was forgotten
    turn.audit(
        "command.received",
        command.origin.utility,
        record.key,
        event.raw,
        **_trace(turn, event, command),
    )
    record = _paced(turn, record)
    planned = record.planned
    if planned is not None and planned.end is not None and planned.end <= unow:
        advance(turn, record, Trigger.EXPIRED)  # 2030.5 response 254
        return
    if record.refusal is not ControlOutcome.INVALID:
        record = tell(turn, record, ControlOutcome.RECEIVED)
    _judge(turn, record)


def _paced(turn: Turn, record: CommandRecord) -> CommandRecord:
    """Return an event that starts here as late as the settings say."""
    if record.utility == COMMISSIONING:
        return record
    waits = ceil(turn.world.pace.wait(record, turn.time_of(record)).total_seconds())
    if not waits:
        return record
    turn.audit("command.paced", "gateway", record.key, seconds=waits)
    return changed(record, waits_s=waits)


def _judge(turn: Turn, record: CommandRecord) -> None:
    """Plan a command, or refuse it where a part of an event could not be read."""
    event_refused = record.refused and not record.command.is_default
    judged = advance(turn, record, Trigger.REFUSED if event_refused else Trigger.PLANNED)
    if (hold := turn.held(record.command.target.station)) is not None:
        decline(turn, judged, Word(hold.actor, hold.reason, held=True))


def leave(turn: Turn, state: StationState) -> None:
    """Let go of the commands of utilities that a station does not follow any more."""
    for record in tuple(turn.world.records[state.id].values()):
        if not state.rules.follows(record.utility):
            turn.audit("command.left", "gateway", record.key, state=record.state.value)
            turn.forget(record)


def withdraw(turn: Turn, event: CommandWithdrawn) -> None:
    """Take back a command; a randomised cancel ends it within its own random span."""
    key = f"{event.utility}/{event.station}/{event.mrid}"
    record = turn.world.records[event.station].get(key)
    if record is None or record.over or record.state is State.CANCELLING:
        return
    if event.reason is Withdrawal.VANISHED and _ran_out(turn, record):
        return
    turn.audit("command.withdrawn", event.utility, key, reason=event.reason.value)
    if event.reason is Withdrawal.SUPERSEDED and _successor_ahead(turn, record):
        return
    if event.reason is Withdrawal.SUPERSEDED:
        advance(turn, changed(record, lost=record.lost | record.functions), _defeat(turn, record))
        return
    delay = timedelta()
    if event.reason is Withdrawal.CANCELLED_RANDOMIZED:
        draws = record.command.randomization
        delay = timedelta(seconds=abs(draws.start_draw_s or draws.duration_draw_s or 0))
    at = turn.utility_now(event.utility) + delay
    advance(turn, changed(record, withdraw_at=at), Trigger.WITHDRAWN)


def _defeat(turn: Turn, record: CommandRecord) -> Trigger:
    """Return how a command was beaten that its utility calls superseded."""
    station = record.command.target.station
    spans = segments_of(turn.scheduled(station).get(record.utility, ()))
    return defeat(spans, record, turn.world.records[station], turn.time_of(record))


def _ran_out(turn: Turn, record: CommandRecord) -> bool:
    """Say whether the served end has come: servers drop what is over, a drawn end may be later."""
    interval = record.command.interval
    unow = turn.time_of(record)
    return interval is not None and interval.end is not None and interval.end <= unow + _EARLY


def _successor_ahead(turn: Turn, record: CommandRecord) -> bool:
    """Say whether a known successor takes over later: no gap before that."""
    unow, scheduled = turn.time_of(record), turn.scheduled(record.command.target.station)
    spans = segments_of(scheduled.get(record.utility, ()))  # none of one whose events may not begin
    return any(
        span.key == record.key and span.beaten_by is not None and span.interval.covers(unow)
        for group in spans.values()
        for span in group
    )


def _drawn(command: DerCommand, draws: tuple[float, float]) -> DerCommand:
    """Return the command with its random start and duration drawn, whole seconds, sign kept."""
    spans = command.randomization
    if spans == _EXACT:
        return changed(command, randomization=_DRAWN)
    start, duration = round(spans.start_s * draws[0]), round(spans.duration_s * draws[1])
    drawn = changed(spans, start_draw_s=start, duration_draw_s=duration)
    return changed(command, randomization=drawn)


def _free_level(turn: Turn, command: DerCommand) -> int:
    """Return the lowest stack level that no other event of the station uses; defaults lie at 0."""
    if command.is_default:
        return 0
    used = {r.level for r in turn.records(command.target.station)}
    return next(level for level in range(1, len(used) + 2) if level not in used)


def _trace(turn: Turn, event: CommandReceived, command: DerCommand) -> dict[str, object]:
    return {
        "command": turn.world.shared.document(command),
        **({"book": event.book} if event.book else {}),
        "steps": [step.told() for step in event.steps],
        "losses": [asdict(loss) for loss in event.losses],
        "refusals": [asdict(refusal) for refusal in event.refusals],
    }
