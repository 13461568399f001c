"""Typed settings: one site.yaml, each key with its type, default and sentence; no I/O but reading."""

from gateway.settings.loading import examine, load
from gateway.settings.mappings import mapping_files, mappings_folder
from gateway.settings.schema import Settings
from gateway.settings.table import table

__all__ = ["Settings", "examine", "load", "mapping_files", "mappings_folder", "table"]
