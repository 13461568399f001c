"""Engines whose life is recorded, as the runtime records it, and what comes of a log."""

from contextlib import contextmanager
from datetime import timedelta

from gateway.core.effects import SendToStation, Table
from gateway.core.events import Now
from gateway.core.inputs import Setup
from gateway.core.replaying import replay
from gateway.core.station import StationRules
from gateway.settings.mappings import mapping_files
from gateway.store.inputs import InputSegments, rule_texts, runs
from support.engine_bench import NOON, Bench, the_book
from support.engine_worlds import Life

KEEP = timedelta(days=30)


class RecordedEngine:
    """An engine that takes down what it hears and what comes of it."""

    def __init__(self, engine, log):
        self.engine, self.log = engine, log

    def handle(self, event, now):
        self.log.hear(event, now)
        effects = self.engine.handle(event, now)
        self.log.decided(effects)
        self.log.write()
        return effects

    def restore(self, kept, now):
        effects = self.engine.restore(kept, now)
        self.log.begin(kept, now, effects)
        return effects

    def __getattr__(self, name):
        return getattr(self.engine, name)


def a_setup(book=None):
    return Setup(
        (book or the_book()).digest, (StationRules("CS1", ("dso",)), StationRules("CS2", ("dso",)))
    )


@contextmanager
def recording(folder, book=None, kept=None, *, at=NOON):
    """Yield an engine of which a run is recorded in `folder`; it continues from what was `kept`."""
    book = book or the_book()
    setup = a_setup(book)
    log = InputSegments(folder, setup, KEEP)
    log.keep_rules(mapping_files())
    engine = RecordedEngine(setup.engine(book), log)
    engine.restore(kept or {table: {} for table in Table}, Now(at, 0.0, {"dso": timedelta()}))
    try:
        yield engine
    finally:
        log.close()


@contextmanager
def a_recorded_bench(folder, **changes):
    with recording(folder, **changes) as engine:
        yield Bench(engine)


def books_of(folder):
    """Return what finds rules of a log; the shipped ones are not read twice."""
    shipped = the_book()

    def find(digest):
        assert digest == shipped.digest
        assert rule_texts(folder, digest) == mapping_files()
        return shipped

    return find


def decisions(folder, books=None):
    """Decide the only run of a log once more."""
    (run,) = runs(folder)
    books = books or books_of(folder)
    return list(replay(run.beginning(), run.inputs(books), books))


class RecordedLife(Life):
    """A life whose engine is recorded."""

    def __init__(self, engine, book):
        self.recorded = engine
        super().__init__(book)

    def begin(self):
        self.bench = Bench(self.recorded)


def replayed(folder):
    """Decide all runs of a log once more; return the decisions that differ, and the controls sent."""
    books, unlike, sent = books_of(folder), [], set()
    for run in runs(folder):
        for decision in replay(run.beginning(), run.inputs(books), books):
            if decision.same is False:
                unlike.append((run.name, decision.number))
            calls = [one for one in decision.effects if isinstance(one, SendToStation)]
            sent |= {call.payload.get("controlId") for call in calls}
    return unlike, sent
