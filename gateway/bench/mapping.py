"""`dergate bench mapping`: what a translation costs, beside the same by hand, and whether it scales."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass

from gateway.bench.clock import Pair, Ratio, compare
from gateway.bench.volt_var import bench, by_hand
from gateway.settings.mappings import mapping_files
from translators.chain import load_book
from translators.rules.book import Book

_WORKER = "from gateway.bench.mapping import worker; worker()"


@dataclass(frozen=True, slots=True)
class Figures:
    """Microseconds of CPU against the same by hand; loading in milliseconds; two processes against one."""

    ratios: tuple[Ratio, ...]
    load_ms: float
    rules: int
    scaling: float
    """Translations per second of two processes over those of one; 2 is perfect."""


def measure(rounds: int, calls: int) -> Figures:
    """Measure all of it in this run."""
    work = bench()
    hand = "the same payload by hand, plain Python"
    pairs = (
        Pair("volt-var: XML to payload, with trace", work.cold, hand, by_hand),
        Pair("the same, every number of the trace written", work.told, hand, by_hand),
        Pair("the same, remembered", work.remembered, hand, by_hand),
    )
    ratios = tuple(compare(pair, rounds=rounds, calls=calls) for pair in pairs)
    load_ms, book = _load(rounds)
    return Figures(ratios, load_ms, len(book.rules), scaling(calls))


def _load(rounds: int) -> tuple[float, Book]:
    """Return the least CPU milliseconds in which the files of all packs become a book."""
    files = mapping_files()
    spent = []
    for _ in range(rounds):
        begin = time.process_time_ns()
        book = load_book(files)
        spent.append((time.process_time_ns() - begin) / 1e6)
    return min(spent), book


def scaling(calls: int) -> float:
    """Return how many times the work of one process two do in the same time."""
    alone = _together(1, calls)
    return 2 * alone / _together(2, calls)


def _together(count: int, calls: int) -> float:
    """Return the seconds in which `count` processes finish `calls` translations each.

    They start together: each waits, loaded, for its go.
    """
    with ExitStack() as stack:
        workers = [stack.enter_context(_started(calls)) for _ in range(count)]
        for process in workers:
            _told(process, b"ready\n")
        begin = time.perf_counter()
        for process in workers:
            if process.stdin is not None:
                process.stdin.write(b"go\n")
                process.stdin.flush()
        for process in workers:
            _told(process, b"%d\n" % calls)
        return time.perf_counter() - begin


def _started(calls: int) -> subprocess.Popen[bytes]:
    words = [sys.executable, "-c", _WORKER, str(calls)]
    return subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603 - this interpreter


def _told(worker: subprocess.Popen[bytes], expected: bytes) -> None:
    line = b"" if worker.stdout is None else worker.stdout.readline()
    if line != expected:
        raise RuntimeError(f"a worker said {line!r}, not {expected!r}")


def worker() -> None:
    """Say `ready`, wait for a line, translate as often as the first argument says, say how often."""
    work, calls = bench(), int(sys.argv[1])
    print("ready", flush=True)  # noqa: T201 - the pipe to the parent
    sys.stdin.readline()
    done = sum(len(work.cold().value.messages) for _ in range(calls))
    print(done, flush=True)  # noqa: T201 - likewise
