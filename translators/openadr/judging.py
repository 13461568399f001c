"""What a payload asks for, as its rule reads it: with which others it competes, or why for nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from fractions import Fraction

from translators.canonical.controls import (
    ActiveSetpoint,
    Alert,
    ApparentLimit,
    ChargeStateTarget,
    DerControl,
    PowerLimit,
    Price,
    ReactiveLimit,
    RelativeActiveSetpoint,
    StorageTarget,
    function_of,
)
from translators.openadr.intervals import Slot
from translators.openadr.payloads import Reading, controls_of
from translators.openadr.timeline import Entry, Judged
from translators.openadr.wire import Payload
from translators.rules.book import Book

_MOST = 100_000
_ANY = datetime(1970, 1, 1, tzinfo=UTC)


class Judging:
    """A `Judge` by the rules of a book; what was judged once is remembered, for one VEN's contracts."""

    def __init__(self, book: Book) -> None:
        """Have judged nothing yet."""
        self._book = book
        self._known: dict[object, dict[str, Judged]] = {}
        self._count = 0

    def __call__(self, entry: Entry) -> Callable[[Payload], Judged]:
        """Return what says of payloads of an event what they ask for."""
        tables: dict[str, dict[str, Judged]] = {}

        def judge(payload: Payload) -> Judged:
            table = tables.get(payload.type)
            if table is None:
                table = tables[payload.type] = self._table(entry, payload.type)
            key = repr(payload.values)  # true, 1 and 1.0 are equal, and rules tell them apart
            judged = table.get(key)
            if judged is None:
                self._count += 1
                judged = table[key] = self._judged(entry, payload)
            return judged

        return judge

    def _table(self, entry: Entry, kind: str) -> dict[str, Judged]:
        """Return what is remembered of payloads of one type that are described and bound alike."""
        event, context = entry.event, entry.context
        if self._count >= _MOST:
            self._known.clear()
            self._count = 0
        programs = {} if context.program is None else context.program.descriptors
        binding = context.binding(event.program, kind)
        alike = event.descriptors.get(kind), programs.get(kind), binding
        return self._known.setdefault((kind, event.program, context.revision, alike), {})

    def _judged(self, entry: Entry, payload: Payload) -> Judged:
        reading, alone = Reading(), Slot("0", 0, _ANY, None, (payload,))
        made = list(controls_of(self._book, entry.event, alone, entry.context, reading))
        if not made:
            ((refusal, _),) = reading.refused.values()
            return Judged(refusal=refusal)
        lane, bound = _lane(made[0].control)
        lane = f"{lane}/subscribed" if made[0].fallback else lane
        return Judged(lane, bound, function=function_of(made[0].control))


def _lane(control: DerControl) -> tuple[str, Fraction]:
    """Return with what a control competes, and how much it allows where it is a limit.

    Limits in units that nothing compares hold side by side: whoever carries them out keeps both.
    """
    match control:
        case Price() | Alert():
            return "", Fraction(0)
        case PowerLimit() | ReactiveLimit() | ApparentLimit():
            return f"{function_of(control)}/{control.value.unit}", control.value.value
        case ActiveSetpoint() | RelativeActiveSetpoint() | StorageTarget() | ChargeStateTarget():
            return "active power", Fraction(0)
        case _:
            return function_of(control), Fraction(0)
