"""The book as pages for auditors: one for each function, the fallback table, the coverage, an index."""

from translators.documentation.site import Material, site

__all__ = ["Material", "site"]
