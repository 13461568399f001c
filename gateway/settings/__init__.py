"""Typed settings: one site.yaml, each key with its type, default and sentence; no I/O but reading."""

from gateway.settings.mappings import mapping_files, mappings_folder

__all__ = ["mapping_files", "mappings_folder"]
