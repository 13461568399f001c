"""Books of rules that differ from the shipped one in one place."""

from functools import cache

from gateway.settings.mappings import mapping_files
from translators.chain import load_book


@cache
def coarse():
    """Power factors with one digit: 0.95 is told as 1."""
    return load_book(_changed("ocpp/2.1.yaml", "ocpp21.fixed_pf\n", "places: 4", "places: 1"))


@cache
def without_var():
    """A constant var is not carried out."""
    carried = "der: {carried: exact, by: ocpp21.fixed_var, needs: [control_type]}"
    refused = 'der: {refused: not_supported, reason: "the site wants none"}'
    return load_book(_changed("ocpp/fallback.yaml", "- control: FixedVar\n", carried, refused))


@cache
def without_limits():
    """An IMPORT_CAPACITY_LIMIT of OpenADR says nothing."""
    elements = "[IMPORT_CAPACITY_LIMIT, IMPORT_CAPACITY_SUBSCRIPTION]"
    kept = "[IMPORT_CAPACITY_SUBSCRIPTION]"
    return load_book(
        _changed("openadr/capacity.yaml", "id: openadr.import_limit\n", elements, kept)
    )


def _changed(path, after, old, new):
    files = mapping_files()
    head, mark, tail = files[path].partition(after)
    assert old in tail
    return files | {path: head + mark + tail.replace(old, new, 1)}
