"""The campaigns that documents name start as they are written there, judge, and end well."""

import re
import subprocess
import sys

import pytest

from support.places import ROOT

PATIENCE_S = 120
SMALLEST = [
    pytest.param(
        ("tests/faults/campaign.py", "1", "12"),
        r"^1 kills, seed 12, \d+ s\n0 lives differ from the twin$",
        id="faults",
    ),
    pytest.param(
        ("tests/inprocess/campaign.py", "2", "1"),
        r"^2 faults, \d+ gateways born anew, seed 1, \d+ s: 0 lives differ from the twin$",
        id="inprocess",
    ),
    pytest.param(
        ("tests/disks/campaign.py", "20", "1"),
        r"^[1-9]\d* acknowledgements and calls, \d+ s: 0 without a durable row$",
        id="disks",
    ),
    pytest.param(
        ("tests/migrations/campaign.py", "1", "1"),
        r"^1 killed upgrades \(.*\), seed 1, \d+ s: 0 differ$",
        id="migrations",
    ),
    pytest.param(
        ("tests/sites/campaign.py", "5", "1"),
        r"^0 lives in which the sum rose above what is allowed$",
        id="sites",
    ),
    pytest.param(
        ("tests/timelines/campaign.py", "5", "1"),
        r"^5 sets of events in \d+ s of CPU time \(seed 1\)\n0 of them otherwise than by brute force$",
        id="timelines",
    ),
    pytest.param(
        ("tests/tampers/campaign.py", "5", "1"),
        r"untouched 5 in \d+ s \(seed 1\)\n0 missed, 0 named at another record, 0 false alarms$",
        id="tampers",
    ),
    pytest.param(
        ("tests/nameplate/campaign.py", "50", "1"),
        r"^50 commands in \d+ s, [1-9]\d* messages: .*\n0 beyond the nameplate \(seed 1\)$",
        id="nameplate",
    ),
    pytest.param(
        ("tests/rivals/campaign.py", "2", "1"),
        r"^100 schedules and 2 stories in \d+ s: .*\n0 and 0 differences \(seed 1\)$",
        id="rivals",
    ),
    pytest.param(
        ("tests/silences/campaign.py", "5", "1"),
        r"(?s:.*)\n\d+ lives in \d+ s \(seed 1\): 0 times something else was told or held$",
        id="silences",
    ),
    pytest.param(
        ("tests/whole/campaign.py", "2", "4"),
        r"(?s:.*)\n2 stories in \d+ s of CPU time \(seed 4\)\n0 stories in which something was wrong$",
        id="whole",
    ),
    pytest.param(
        ("tests/security/campaign.py", "--small", "foreign", "pairs", "races"),
        r"(?s:.*)opened +4\n +diagonal +True\n(?s:.*)frames to another +0\n(?s:.*)broken: none\n",
        id="attack",
    ),
]
"""Each with the least that it can be asked for. That of the mutants first runs all tests of its packages."""


def run(*words):
    """Run a script of this checkout, as `make` does."""
    return subprocess.run(
        [sys.executable, *words],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )


@pytest.mark.parametrize(("command", "summary"), SMALLEST)
def test_a_campaign_starts_and_finds_nothing(command, summary):
    ended = run(*command)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert re.search(summary, ended.stdout, re.MULTILINE), ended.stdout


def test_every_campaign_that_make_starts_is_tried_here():
    texts = [(ROOT / name).read_text("utf-8") for name in ("Makefile", "tests/faults/page.py")]
    named = set(re.findall(r"tests/\w+/campaign\.py", "".join(texts)))
    assert len(named) >= 8
    long = {"tests/mutants/campaign.py", "tests/failover/campaign.py"}
    tried = {param.values[0][0] for param in SMALLEST} | long
    assert named <= tried


def test_the_page_of_faults_keeps_what_other_campaigns_wrote(tmp_path):
    page = tmp_path / "faults.md"
    page.write_text("# Faults\n\n## Faults inside the process\nnone in 7\n")
    only = ("-o", str(page), "--only", "migrations")
    assert run("tests/faults/page.py", "1", "3", *only).returncode == 0
    text = page.read_text()
    assert text.index("none in 7\n\n## Upgrades killed midway") > 0
    assert "`python tests/migrations/campaign.py 1 3`" in text
    assert "seed 3, " in text
