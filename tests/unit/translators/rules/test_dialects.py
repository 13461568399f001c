"""Dialect packs: which fit a station, which reading wins, and that a deviation is shown by something."""

import pytest

from support.translation import book
from translators.canonical.capability import Dialect as Readings
from translators.rules.dialects import Dialect, reading

SHOWN = {"kind": "lab_run", "ref": "lab run 7"}


def a_pack(name="p", match=None, evidence=None, **keys):
    shown = [{**SHOWN, "keys": sorted(keys)}] if keys and evidence is None else evidence or []
    return Dialect.model_validate(
        {
            "apiVersion": "dergate/mapping.v1",
            "kind": "Dialect",
            "metadata": {"id": name, "version": "1.0.0", "cites": ["here"]},
            "match": match or {},
            "keys": keys,
            "evidence": shown,
        }
    )


@pytest.mark.parametrize(
    ("match", "fits"),
    [
        ({}, True),
        ({"vendorName": "Acme"}, True),
        ({"vendorName": "Ac*"}, True),
        ({"vendorName": "acme"}, False),
        ({"model": "X?"}, True),
        ({"model": "X"}, False),
        ({"firmware": ">=2.1"}, True),
        ({"firmware": ">=2.1, <3"}, True),
        ({"firmware": "<2.1.3"}, False),
        ({"firmware": "<=2.1.3"}, True),
        ({"firmware": ">2.1"}, True),
        ({"firmware": ">2.1.3"}, False),
        ({"firmware": "= 2.1.3"}, True),
        ({"firmware": "=2.1"}, False),
        ({"vendorName": "Acme", "firmware": ">=3"}, False),
    ],
)
def test_a_pack_is_for_the_stations_that_it_matches(match, fits):
    found = reading([a_pack(match=match, droop="percent")], "Acme", "X1", "v2.1.3")
    assert (found.dialect.droop == "percent") is fits


@pytest.mark.parametrize("firmware", ["", "unknown"])
def test_a_station_that_tells_no_version_lies_in_no_range(firmware):
    pack = a_pack(match={"firmware": ">=0"}, droop="percent")
    assert reading([pack], "Acme", "X1", firmware).packs == ()


def test_versions_compare_by_number_and_missing_parts_are_zero():
    pack = a_pack(match={"firmware": ">=2.10, <3.0.0"}, droop="percent")
    assert [bool(reading([pack], "", "", v).packs) for v in ("2.9", "2.10", "2.10.1", "3")] == [
        False, True, True, False,
    ]  # fmt: skip


def test_the_narrower_pack_wins_key_by_key_whatever_the_order():
    wide = a_pack("wide", {"vendorName": "Acme"}, droop="percent", vref="bake_additive")
    model = a_pack("model", {"model": "X1"}, vref="bake_multiplicative", trip_axes="time_x")
    firmware = a_pack("firmware", {"firmware": ">=2"}, trip_axes="value_x")
    for packs in ([wide, model, firmware], [firmware, model, wide]):
        found = reading(packs, "Acme", "X1", "2.0")
        assert found.dialect == Readings(droop="percent", vref="bake_multiplicative")
        assert found.packs == ("firmware@1.0.0", "model@1.0.0", "wide@1.0.0")


def test_without_a_pack_the_text_of_the_schema_holds():
    assert reading([], "Acme", "X1").dialect == Readings()


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"droop": "percent", "evidence": [{**SHOWN, "keys": ["vref"]}]}, "droop deviates"),
        (
            {"droop": "per_unit", "evidence": [{**SHOWN, "keys": ["drop"]}]},
            "'drop', which is no key",
        ),
        ({"match": {"firmware": "2.1"}}, "'2.1' is no range"),
        ({"match": {"firmware": ">=2, x"}}, "'x' is no range"),
        ({"droop": "both"}, "percent"),
    ],
)
def test_a_pack_that_shows_too_little_is_refused(changes, problem):
    with pytest.raises(ValueError, match=problem):
        a_pack(**changes)


def test_the_text_of_the_schema_needs_no_evidence():
    assert (
        a_pack(droop="per_unit", evidence=[{**SHOWN, "keys": ["droop"]}]).keys.droop == "per_unit"
    )


def test_the_shipped_default_states_every_key_as_the_schema_has_it():
    (default,) = (pack for pack in book().of(Dialect) if pack.metadata.id == "dialect.default")
    told = default.keys.model_dump()
    assert None not in told.values()
    assert reading([default], "", "").dialect == Readings()


def test_everest_deviates_in_six_keys_each_with_evidence():
    packs = book().of(Dialect)
    found = reading(packs, "EVerest", "any").dialect
    told = {
        key
        for key in Readings.__dataclass_fields__
        if getattr(found, key) != getattr(Readings(), key)
    }
    assert told == {
        "excitation", "wattpf_y", "droop", "vref", "enter_service_ramp", "hysteresis_unit",
    }  # fmt: skip
