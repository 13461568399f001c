"""Where the mapping rules lie: inside the installed package, or beside it in a checkout."""

from __future__ import annotations

from pathlib import Path

from gateway.errors import SettingsError

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
    """Return the text of every mapping file by its path inside `folder` (default: the shipped)."""
    root = folder or mappings_folder()
    return {
        path.relative_to(root).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(root.rglob("*.yaml"))
    }
