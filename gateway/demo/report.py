"""What the demo prints: one line per step while it runs, tables at the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.console import Console
from rich.table import Table

from gateway.demo.judge import Check


@dataclass(slots=True)
class Step:
    """One step: what the utility sent, what reached stations, what was judged, how long it took."""

    title: str
    station: str
    sent: str = ""
    frames: list[str] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def holds(self) -> bool:
        """Say whether all that was judged holds; a step without a judgement does not."""
        return bool(self.checks) and all(check.holds for check in self.checks)


def show_step(console: Console, step: Step) -> None:
    """Print one step with its judgement."""
    verdict = "[green]right[/]" if step.holds else "[bold red]WRONG[/]"
    console.print(f"{verdict} [bold]{step.title}[/] · {step.station} · {step.seconds:.1f} s")
    if step.sent:
        console.print(f"      utility: {step.sent}", highlight=False, soft_wrap=True)
    for frame in step.frames:
        console.print(f"      OCPP: {frame}", highlight=False, soft_wrap=True)
    for check in step.checks:
        mark = "[green]ok[/]" if check.holds else "[bold red]no[/]"
        console.print(
            f"      {mark} {check.what}: due {check.due}, seen {check.seen}", soft_wrap=True
        )


def show_steps(console: Console, steps: Sequence[Step]) -> None:
    """Print the table of steps."""
    table = Table(title="Steps", title_justify="left")
    for name in ("", "step", "station", "judgements", "s"):
        table.add_column(name)
    for step in steps:
        held = sum(check.holds for check in step.checks)
        verdict = "[green]right[/]" if step.holds else "[bold red]WRONG[/]"
        count = f"{held} of {len(step.checks)}"
        table.add_row(verdict, step.title, step.station, count, f"{step.seconds:.1f}")
    console.print(table)


def show_rows(
    console: Console, title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]
) -> None:
    """Print a plain table."""
    table = Table(title=title, title_justify="left")
    for name in columns:
        table.add_column(name)
    for row in rows:
        table.add_row(*row)
    console.print(table)
