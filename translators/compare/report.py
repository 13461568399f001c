"""A comparison for people and for programs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from translators.compare.direction import Direction
from translators.compare.effects import Effect, MessageChange, NumberChange
from translators.compare.rulebook import RuleChange
from translators.ocpp.wire import Json


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two books by digest, the rules that changed, and what each document of a corpus comes to.

    `unread` are documents that neither book can be asked about, with the reason; `corpus` is False
    where no documents were given.
    """

    old: str
    new: str
    rules: tuple[RuleChange, ...]
    effects: tuple[Effect, ...] = ()
    unread: tuple[tuple[str, str], ...] = ()
    corpus: bool = False

    @property
    def changed(self) -> tuple[Effect, ...]:
        """Return the documents for which something differs."""
        return tuple(effect for effect in self.effects if effect.changed)

    @property
    def differs(self) -> bool:
        """Say whether a rule or a document differs."""
        return bool(self.rules or self.changed)


def as_json(comparison: Comparison) -> Json:
    """Return the comparison as a JSON value: rules, the documents that change, and a summary."""
    return {
        "old": comparison.old,
        "new": comparison.new,
        "rules": [
            {**asdict(change), "unversioned": change.unversioned} for change in comparison.rules
        ],
        "documents": [_effect(effect) for effect in comparison.changed],
        "unread": [{"document": name, "problem": problem} for name, problem in comparison.unread],
        "summary": {
            "rules": len(comparison.rules),
            "documents": len(comparison.effects),
            "changed": len(comparison.changed),
            "unread": len(comparison.unread),
            **_counted(comparison),
        },
    }


def as_text(comparison: Comparison) -> str:
    """Return the comparison for people, one fact a line; the last line sums up."""
    return "\n".join(_lines(comparison)) + "\n"


def _effect(effect: Effect) -> Json:
    return {
        "document": effect.document,
        "mRID": effect.mrid,
        "station": effect.station,
        "numbers": [asdict(number) for number in effect.numbers],
        "messages": [asdict(message) for message in effect.messages],
        "losses": {"added": list(effect.lost), "removed": list(effect.kept)},
        "refusals": {"added": list(effect.refused), "removed": list(effect.accepted)},
        "outcomes": {"before": list(effect.outcomes[0]), "after": list(effect.outcomes[1])},
    }


def _counted(comparison: Comparison) -> dict[str, int]:
    found = Counter(way for effect in comparison.effects for way in effect.directions)
    return {way.value: found[way] for way in Direction}


def _lines(comparison: Comparison) -> Iterator[str]:
    yield f"old  {comparison.old}"
    yield f"new  {comparison.new}"
    for change in comparison.rules:
        yield ""
        yield from _rule_lines(change)
    for effect in comparison.changed:
        yield ""
        yield f"{effect.document} {effect.mrid}".rstrip() + f" for station {effect.station}"
        yield from _effect_lines(effect)
    yield ""
    yield from (f"{name}: not compared: {problem}" for name, problem in comparison.unread)
    yield from _summary(comparison)


def _rule_lines(change: RuleChange) -> Iterator[str]:
    versions = " -> ".join(version for version in (change.before, change.after) if version)
    kept = ", under the same version" if change.unversioned else ""
    yield f"rule {change.id} {versions}  {change.change}{kept}"
    for edit in change.edits:
        yield f"  {edit.path}: {_or_none(edit.before)} -> {_or_none(edit.after)}"


def _or_none(value: str | None) -> str:
    return "nothing" if value is None else value


def _effect_lines(effect: Effect) -> Iterator[str]:
    yield from (f"  {_message_line(message)}" for message in effect.messages)
    yield from (f"  {_number_line(number)}" for number in effect.numbers)
    for word, lines in (
        ("loss new      ", effect.lost),
        ("loss gone     ", effect.kept),
        ("refused now   ", effect.refused),
        ("not refused   ", effect.accepted),
    ):
        yield from (f"  {word}{line}" for line in lines)
    before, after = (" ".join(names) or "the station's answer" for names in effect.outcomes)
    if before != after:
        yield f"  outcome       {before} -> {after}"


def _message_line(change: MessageChange) -> str:
    word = "sent now      " if change.sent else "no longer sent"
    return f"{word}  {change.message} for {', '.join(change.functions)}  {change.direction}"


def _number_line(change: NumberChange) -> str:
    by = f"  by {change.by}" if change.by else ""
    values = f"{_value(change.before)} -> {_value(change.after)}"
    return f"{change.message}  {change.path}: {values}{by}  {change.direction}"


def _value(value: Any) -> str:
    return "nothing" if value is None else json.dumps(value)


def _summary(comparison: Comparison) -> Iterator[str]:
    yield f"{len(comparison.rules)} rules differ"
    if not comparison.corpus:
        yield "no documents were compared (--corpus DIR)"
        return
    ways = ", ".join(f"{number} {way}" for way, number in _counted(comparison).items())
    total = f"{len(comparison.changed)} of {len(comparison.effects)} documents differ: {ways}"
    yield f"{total}; {len(comparison.unread)} not compared"
