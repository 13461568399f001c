"""Switches of the simulated VTN that show in one answer."""

import httpx
import pytest

from gateway.simulators.vtn import QUIRKS, Options, Quirk, SimulatedVtn
from support.places import ROOT

FORM = {"grant_type": "client_credentials", "client_id": "ven_client", "client_secret": "secret"}


def test_each_switch_stands_in_the_documentation():
    page = (ROOT / "docs/simulated_vtn.md").read_text(encoding="utf-8")
    assert all(f"| `{name}` | {text} |" in page for name, text in QUIRKS.items())
    assert set(QUIRKS) == set(Quirk)


@pytest.mark.parametrize(
    ("quirk", "status", "absent"),
    [
        (Quirk.NO_EXPIRES_IN, 200, "expires_in"),
        (Quirk.SCOPE_LIST, 200, ""),
        (Quirk.POST_ONLY, 200, ""),
        (Quirk.BASIC_ONLY, 400, "access_token"),
    ],
)
async def test_a_token_by_form(quirk, status, absent):
    options = Options(quirks=frozenset({quirk}))
    async with SimulatedVtn(options) as vtn, httpx.AsyncClient(trust_env=False) as ven:
        answer = await ven.post(f"{vtn.url}/auth/token", data=FORM)
        assert answer.status_code == status
        assert absent not in answer.json()
        assert isinstance(answer.json().get("scope"), list) == (quirk is Quirk.SCOPE_LIST)


@pytest.mark.parametrize(("quirk", "status"), [(Quirk.BASIC_ONLY, 200), (Quirk.POST_ONLY, 400)])
async def test_a_token_by_header(quirk, status):
    options = Options(quirks=frozenset({quirk}))
    async with SimulatedVtn(options) as vtn, httpx.AsyncClient(trust_env=False) as ven:
        form = {"grant_type": "client_credentials"}
        auth = ("ven_client", "secret")
        answer = await ven.post(f"{vtn.url}/auth/token", data=form, auth=auth)
        assert answer.status_code == status


async def test_programs_and_times_as_the_reference_vtn_serves_them():
    quirks = frozenset({Quirk.DROP_DESCRIPTORS, Quirk.SPACE_TIMES, Quirk.NULL_MODIFIED})
    options = Options(open=True, quirks=quirks)
    vtn_at_noon = SimulatedVtn(options, clock=lambda: 1_795_348_800.0)
    async with vtn_at_noon as vtn, httpx.AsyncClient(trust_env=False) as ven:
        vtn.add_program("flex", payloadDescriptors=[])
        [program] = (await ven.get(f"{vtn.url}/programs")).json()
        assert "payloadDescriptors" not in program
        assert program["createdDateTime"] == "2026-11-22 12:00:00"
        assert program["modificationDateTime"] is None
