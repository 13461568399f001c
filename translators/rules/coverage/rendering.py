"""Coverage as text, as JSON and as one page of HTML."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import Any

from translators.rules.coverage.counting import Figure, Leaf, State

_STYLE = (
    "body{font:14px/1.4 system-ui,sans-serif;margin:2em;max-width:72em}"
    "table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.15em .6em;"
    "border-bottom:1px solid #ddd;vertical-align:top}summary{cursor:pointer;padding:.3em 0}"
    ".missing,.fault{background:#fdd}.let-go{color:#666}code{font-size:13px}"
)


def as_table(figures: Sequence[Figure]) -> str:
    """Return a line per type, what is missing or stale below it, and the totals as the last line."""
    lines = [line for figure in figures for line in _lines(figure)]
    return "\n".join([*lines, totals(figures)]) + "\n"


def _lines(figure: Figure) -> Iterator[str]:
    states = [f"{_number(figure, state)} by {state}" for state in (State.RULE, State.CODE)]
    states.append(f"{_number(figure, State.LET_GO)} let go")
    yield f"{_share(figure):>9}  {name(figure)}  ({', '.join(states)})"
    for leaf in figure.leaves:
        if leaf.state is State.MISSING:
            yield f"           missing  {leaf.path}"
    yield from (f"           fault    {fault}" for fault in figure.faults)


def name(figure: Figure) -> str:
    """Return what a figure counts: protocol, revision, type, direction."""
    subject = figure.subject
    of = f" of {figure.of}" if figure.of else ""
    return f"{subject.protocol} {subject.revision} {subject.type}{of} {subject.direction}"


def totals(figures: Iterable[Figure]) -> str:
    """Return one figure for each source and target, `protocol revision direction covered/leaves`."""
    sums: dict[str, tuple[int, int]] = {}
    for figure in figures:
        subject = figure.subject
        key = f"{subject.protocol} {subject.revision} {subject.direction}"
        covered, leaves = sums.get(key, (0, 0))
        sums[key] = (covered + figure.covered, leaves + len(figure.leaves))
    return ", ".join(f"{key} {covered}/{leaves}" for key, (covered, leaves) in sums.items())


def as_json(figures: Sequence[Figure]) -> dict[str, Any]:
    """Return every leaf with what becomes of it, and the totals."""
    return {
        "complete": all(figure.complete for figure in figures),
        "totals": totals(figures),
        "types": [_plain(figure) for figure in figures],
    }


def _plain(figure: Figure) -> dict[str, Any]:
    subject = figure.subject
    return {
        "protocol": subject.protocol,
        "revision": subject.revision,
        "type": subject.type,
        "of": figure.of,
        "direction": subject.direction,
        "document": figure.document,
        "covered": figure.covered,
        "leaves": [
            {
                "leaf": leaf.path,
                "state": leaf.state.value,
                "by": leaf.by,
                "reason": leaf.reason,
                "loss": leaf.loss,
            }
            for leaf in figure.leaves
        ],
        "faults": list(figure.faults),
    }


def as_html(figures: Sequence[Figure]) -> str:
    """Return one self-contained page: a section per type, open where something is missing."""
    body = "".join(_section(figure) for figure in figures)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Coverage</title>'
        f"<style>{_STYLE}</style></head><body><h1>Coverage</h1>"
        f"<p>{escape(totals(figures))}</p>{body}</body></html>\n"
    )


def _section(figure: Figure) -> str:
    head = f"<code>{_share(figure)}</code> {escape(name(figure))}"
    faults = "".join(f'<p class="fault">{escape(fault)}</p>' for fault in figure.faults)
    rows = "".join(_row(leaf) for leaf in figure.leaves)
    opened = "" if figure.complete else " open"
    table = f"<table><tr><th>leaf<th>state<th>by<th>loss<th>reason</tr>{rows}</table>"
    return f"<details{opened}><summary>{head}</summary>{faults}{table}</details>"


def _row(leaf: Leaf) -> str:
    loss = "" if leaf.loss == "none" else leaf.loss
    cells = (leaf.state.value, leaf.by, loss, leaf.reason)
    rest = "".join(f"<td>{escape(cell)}" for cell in cells)
    kind = leaf.state.value.replace(" ", "-")
    return f'<tr class="{kind}"><td><code>{escape(leaf.path)}</code>{rest}</tr>'


def _share(figure: Figure) -> str:
    return f"{figure.covered}/{len(figure.leaves)}"


def _number(figure: Figure, state: State) -> int:
    return sum(leaf.state is state for leaf in figure.leaves)
