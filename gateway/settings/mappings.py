"""Where the mapping rules lie: inside the installed package, or beside it in a checkout."""

from __future__ import annotations

from pathlib import Path

from gateway.errors import SettingsError

COVERAGE = "coverage/"
"""Folder of the documents that count leaves, inside the mappings."""
_PACKAGE = Path(__file__).parents[1]


def mappings_folder() -> Path:
    """Return the folder of the shipped mapping rules; `SettingsError` where there is none."""
    # An editable install does not see what the wheel includes by force: the checkout has it.
    for folder in (_PACKAGE / "_mappings", _PACKAGE.parent / "mappings"):
        if folder.is_dir():
            return folder
    raise SettingsError(
        "the mapping rules are missing",
        where=str(_PACKAGE / "_mappings"),
        code="DG-1010",
        advice="install dergate again",
    )


def mapping_files(folder: Path | None = None) -> dict[str, str]:
    """Return the text of every rule file by its path inside `folder` (default: the shipped).

    `SettingsError` where one cannot be read.
    """
    texts = _texts(folder)
    return {path: text for path, text in texts.items() if not path.startswith(COVERAGE)}


def coverage_files(folder: Path | None = None) -> dict[str, str]:
    """Return the texts of the coverage documents in `folder`: nothing is translated by them."""
    texts = _texts(folder)
    return {path: text for path, text in texts.items() if path.startswith(COVERAGE)}


def _texts(folder: Path | None) -> dict[str, str]:
    root = folder or mappings_folder()
    return {path.relative_to(root).as_posix(): _text(path) for path in sorted(root.rglob("*.yaml"))}


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise SettingsError(
            "cannot be read", where=str(path), code="DG-1011", advice=str(exc)
        ) from exc
