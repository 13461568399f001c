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
        self._known: dict[object, Judged] = {}

    def __call__(self, entry: Entry) -> Callable[[Payload], Judged]:
        """Return what says of payloads of an event what they ask for."""
        event, context = entry.event, entry.context
        programs = {} if context.program is None else context.program.descriptors
        described: dict[str, object] = {}

        def judge(payload: Payload) -> Judged:
            kind = payload.type
            if kind not in described:
                binding = context.binding(event.program, kind)
                described[kind] = event.descriptors.get(kind), programs.get(kind), binding
            key = payload, described[kind], context.revision
            judged = self._known.get(key)
            if judged is None:
                if len(self._known) >= _MOST:
                    self._known.clear()
                judged = self._known[key] = self._judged(entry, payload)
            return judged

        return judge

    def _judged(self, entry: Entry, payload: Payload) -> Judged:
        reading, alone = Reading(), Slot("0", 0, _ANY, None, (payload,))
        made = list(controls_of(self._book, entry.event, alone, entry.context, reading))
        if not made:
            ((refusal, _),) = reading.refused.values()
            return Judged(refusal=refusal)
        lane, bound = _lane(made[0].control)
        return Judged(f"{lane}/subscribed" if made[0].fallback else lane, bound)


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
