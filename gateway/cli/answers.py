"""Answers of commands: where they go."""

from __future__ import annotations

from pathlib import Path

import typer

from gateway.errors import SettingsError


def put(text: str, path: Path | None) -> None:
    """Write a text to a file, or to stdout; `SettingsError` where the file cannot be written."""
    if path is None:
        typer.echo(text, nl=False)
        return
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as exc:
        problem = exc.strerror or "cannot be written"
        raise SettingsError(problem, where=str(path), code="DG-1080") from exc
