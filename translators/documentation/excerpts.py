"""Where each rule stands: file, lines and text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from translators.rules.reader import read

_SAYS_SOMETHING = re.compile(r"^\s*[^\s#]")


@dataclass(frozen=True, slots=True)
class Excerpt:
    """The text of one document of a mapping file; `line` is that of its first line."""

    path: str
    line: int
    lines: tuple[str, ...]

    @property
    def place(self) -> str:
        """Return `file:first-last`."""
        return f"{self.path}:{self.line}-{self.line + len(self.lines) - 1}"


def excerpts(files: Mapping[str, str]) -> dict[str, Excerpt]:
    """Return the text of each rule by its id; `MappingError` where a file cannot be read."""
    return {
        getattr(model, "metadata", model).id: excerpt  # a pack has its id at the top
        for path, text in files.items()
        for model, excerpt in zip(read(path, text), _documents(path, text), strict=True)
    }


def _documents(path: str, text: str) -> Iterator[Excerpt]:
    """Yield the documents between lines of `---` that hold more than comments."""
    lines = text.splitlines()
    ends = [n for n, line in enumerate(lines) if line.startswith("---")]
    for first, last in zip([0, *(n + 1 for n in ends)], [*ends, len(lines)], strict=True):
        inside = lines[first:last]
        if any(_SAYS_SOMETHING.match(line) for line in inside):
            yield Excerpt(path, first + 1, tuple(inside))
