"""`make mutants N=200`: N small changes of the translation code; tests must notice at least 85 % of them.

mutmut 3.8 does not fit: it changes only undecorated functions (never tables, bounds and units of a
module), spends most mutants on words and `None` arguments, and draws no sample.

Each change is made in a copy of the tree, never in the checkout. The tests named after the changed
module run first, then all that speak about its package. Needs Linux: a run that does not end is
stopped by its processor time, which a busy machine does not distort.
"""

import os
import queue
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from importlib.util import cache_from_source
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.campaigns import asked
from support.mutants import places
from support.places import ROOT, shared_folder

CHANGED = (
    "translators/units.py",
    "translators/rules",
    "translators/ocpp",
    "translators/ieee2030_5",
    "translators/openadr",
    "translators/iec61850",
    "translators/canonical",
    "gateway/core",
)
NEEDED = ("gateway", "translators", "mappings", "tests", "certs", "pyproject.toml", "README.md")
TRANSLATION = (
    "tests/golden",
    "tests/unit/translators",
    "tests/property/test_codec.py",
    "tests/property/test_geometry.py",
    "tests/property/test_units.py",
    "tests/property/test_upward.py",
)
CORE = ("tests/unit/gateway/core", "tests/property/test_engine_sequences.py")
ENOUGH_PERCENT = 85
WORKERS = 2
PATIENCE = 4
"""A run that takes this many times the processor time of the unchanged one will not end."""
_HANGS_S = 900
_MOST_MEMORY = 4 * 2**30
_OPTIONS = ("-x", "-q", "-n0", "--tb=line", "-p", "no:cacheprovider", "--hypothesis-seed=0")
_PASSED, _TESTS_FAILED, _NOT_COLLECTED, _MISUSED = 0, 1, 2, 4
_STOPPED = {-signal.SIGKILL, -signal.SIGXCPU}
_WITNESS = re.compile(
    r"^(?:FAILED|ERROR) (\S+)|^(ImportError) while loading conftest", re.MULTILINE
)


class Copy:
    """A copy of the tree, in which one module at a time is changed."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        ignored = shutil.ignore_patterns("__pycache__", ".*")
        for name in NEEDED:
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, folder / name, ignore=ignored)
            else:
                shutil.copy2(ROOT / name, folder / name)

    def write(self, path, text):
        """Replace a module, and forget its compiled form: date and size may be the same."""
        (self.folder / path).write_text(text, encoding="utf-8")
        Path(cache_from_source(self.folder / path)).unlink(missing_ok=True)

    def run(self, tests, patience_s=_HANGS_S):
        """Return how pytest ended, with what it printed, within so much processor time."""
        places = {"PYTHONPATH": str(self.folder), "DERGATE_SHARED": str(shared_folder().resolve())}
        with subprocess.Popen(
            [sys.executable, "-m", "pytest", *_OPTIONS, *tests],
            cwd=self.folder,
            env=os.environ | places,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            resource.prlimit(process.pid, resource.RLIMIT_CPU, (patience_s, patience_s + 1))
            resource.prlimit(process.pid, resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))
            try:
                said, _ = process.communicate(timeout=_HANGS_S)
            except subprocess.TimeoutExpired:
                process.kill()
                said, _ = process.communicate()
        return process.returncode, said


def suites(folder, path):
    """Return the tests to run for a module, one after the other: its own, those of its package."""
    mirror, stem = folder / "tests/unit" / Path(path).parent, Path(path).stem
    own = {*mirror.glob(f"test_{stem}*.py"), *mirror.glob(f"test_*_{stem}.py")}
    first = tuple(str(found.relative_to(folder)) for found in sorted(own))
    package = CORE if path.startswith("gateway/core") else TRANSLATION
    return [tests for tests in (first, package) if tests]


def judge(tree, mutant, patience_s):
    """Return what the tests made of a mutant, and the test that noticed it."""
    original = (tree.folder / mutant.path).read_text(encoding="utf-8")
    tree.write(mutant.path, mutant.text)
    try:
        for tests in suites(tree.folder, mutant.path):
            ended, said = tree.run(tests, patience_s)
            witness = _WITNESS.search(said)
            if ended in {_TESTS_FAILED, _NOT_COLLECTED, _MISUSED} and witness:
                return "killed", witness[1] or witness[2]
            if ended in _STOPPED:
                return "timeout", ""
            if ended != _PASSED:
                raise RuntimeError(f"pytest ended with {ended} at {mutant}:\n{said}")
    finally:
        tree.write(mutant.path, original)
    return "survived", ""


def unchanged(tree):
    """Return the processor time of all tests on the unchanged copy; they must pass there."""
    for tests in (TRANSLATION, CORE):
        ended, said = tree.run(tests)
        if ended != _PASSED:
            raise SystemExit(f"the tests fail without any change:\n{said}")
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def draw(count, seed):
    """Return that many mutants of all that are possible, and how many these are."""
    found = []
    for name in CHANGED:
        paths = [ROOT / name] if name.endswith(".py") else sorted((ROOT / name).rglob("*.py"))
        for path in paths:
            found += places(str(path.relative_to(ROOT)), path.read_text(encoding="utf-8"))
    chosen = random.Random(seed).sample(found, min(count, len(found)))
    return [place.mutant() for place in chosen], len(found)


def campaign(drawn, folder, report):
    """Judge each mutant in one of the copies."""
    copies = queue.SimpleQueue()
    trees = [Copy(folder / str(number)) for number in range(WORKERS)]
    patience_s = int(10 + PATIENCE * unchanged(trees[0]))
    for tree in trees:
        copies.put(tree)

    def one(mutant):
        tree = copies.get()
        try:
            return report(mutant, *judge(tree, mutant, patience_s))
        finally:
            copies.put(tree)

    with ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(one, drawn))


def main():
    begin = time.monotonic()
    count, seed = asked()
    drawn, possible = draw(count, seed)
    print(f"{len(drawn)} of {possible} mutants, seed {seed}", flush=True)

    def report(mutant, verdict, witness):
        print(f"{verdict:9s} {mutant}  {witness}", flush=True)
        return mutant, verdict

    with tempfile.TemporaryDirectory() as folder:
        verdicts = campaign(drawn, Path(folder), report)
    counts = Counter(verdict for _, verdict in verdicts)
    for mutant, verdict in verdicts:
        if verdict != "killed":
            print(f"{verdict.upper()} {mutant}")
    noticed = 100 * (counts["killed"] + counts["timeout"]) / len(verdicts)
    print(f"{len(verdicts)} mutants in {time.monotonic() - begin:.0f} s: {dict(counts)}")
    print(f"{noticed:.1f} % noticed, {ENOUGH_PERCENT} % wanted (seed {seed})")
    return 0 if noticed >= ENOUGH_PERCENT else 1


if __name__ == "__main__":
    sys.exit(main())
