"""Which dialect a station's profile gets: packs by what it says at boot, and the settings over them."""

from datetime import UTC, datetime

import pytest

from gateway.core.events import ReplyStatus
from gateway.stations.blocks import provisioning
from gateway.stations.context import Context, Reply
from support.stations import an_entry


async def deaf(_action, _payload, _priority=None):
    """A station that reports nothing."""
    return Reply(ReplyStatus.NOT_SUPPORTED)


async def profile_of(reported, model="M", firmware=None, **entry):
    context = Context(
        entry=an_entry(**entry),
        version="2.1",
        post=lambda _event: None,
        call=deaf,
        clock=lambda: datetime(2026, 1, 1, tzinfo=UTC),
    )
    station = {"vendorName": reported, "model": model}
    station |= {} if firmware is None else {"firmwareVersion": firmware}
    provisioning.boot(context, {"chargingStation": station, "reason": "PowerUp"})
    return (await provisioning.discover(context)).profile


@pytest.mark.parametrize(
    ("vendor", "excitation", "packs"),
    [
        ("Acme", "as_spec", "dialect.default@1.0.0"),
        ("EVerest", "inverted", "dialect.everest@1.0.0, dialect.default@1.0.0"),
    ],
)
async def test_a_model_reads_as_its_pack_says(vendor, excitation, packs):
    profile = await profile_of(vendor)
    assert (profile.dialect.excitation, profile.dialect_pack) == (excitation, packs)


async def test_what_the_settings_state_wins_over_the_pack_key_by_key():
    profile = await profile_of("EVerest", readings={"droop": "per_unit"})
    assert (profile.dialect.droop, profile.dialect.wattpf_y) == ("per_unit", "inverted")
    assert profile.dialect_pack.startswith("settings, dialect.everest@")


async def test_the_settings_name_a_vendor_in_place_of_what_is_reported():
    profile = await profile_of("Whitelabel", vendor="EVerest")
    assert profile.dialect.excitation == "inverted"


@pytest.mark.parametrize(("told", "known"), [("1.2.3", "1.2.3"), (None, "")])
async def test_the_firmware_of_the_last_boot_is_kept(told, known):
    assert (await profile_of("Acme", firmware=told)).firmware == known
