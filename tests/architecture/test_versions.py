"""Which version of OCPP a station speaks is known to the translations and the station side alone."""

import ast

import pytest

from support.places import ROOT

VERSIONS = frozenset({"2.1", "2.0.1", "ocpp2.1", "ocpp2.0.1"})
GATEWAY = ROOT / "gateway"
BLIND = [
    *sorted((GATEWAY / "core").glob("*.py")),
    GATEWAY / "runtime.py",
    GATEWAY / "ports.py",
    GATEWAY / "stations" / "facade.py",
]


def questions(source):
    """Return where a source names a version, or decides by the one that a station speaks."""
    tree = ast.parse(source)
    decides = (ast.If, ast.IfExp, ast.Compare, ast.Match, ast.Assert)
    parts = [
        part for node in ast.walk(tree) if isinstance(node, decides) for part in ast.walk(node)
    ]
    asked = {p.lineno for p in parts if isinstance(p, ast.Attribute) and p.attr == "ocpp_version"}
    constants = (node for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return sorted(asked | {node.lineno for node in constants if node.value in VERSIONS})


@pytest.mark.parametrize("path", BLIND, ids=lambda path: path.stem)
def test_nothing_here_asks_which_version_a_station_speaks(path):
    assert questions(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "source",
    [
        "if profile.ocpp_version != spoken: pass",
        "x = 1 if state.profile.ocpp_version in known else 2",
        "match station.ocpp_version:\n    case _: pass",
        "old = version == '2.0.1'",
    ],
)
def test_a_question_is_found(source):
    assert questions(source) == [1]
