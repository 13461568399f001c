"""Translations told: where each emitted number comes from, as a JSON value, as text and as a page."""

from translators.explain.page import as_page
from translators.explain.telling import explain, mapped, unmapped
from translators.explain.text import as_text
from translators.explain.writing import written

__all__ = ["as_page", "as_text", "explain", "mapped", "unmapped", "written"]
