"""Rules are replaced in a running gateway, whole or not at all."""

import json
import shutil
import signal

import pytest

from gateway.security.identities import certificate_lfdi
from gateway.settings.mappings import mapping_files, mappings_folder
from gateway.simulators.utility_2030_5 import control
from gateway.simulators.utility_2030_5_controls import fixed_pf
from gateway.store.audit import segments
from gateway.store.chain import parts
from support.site import a_site, a_utility, write_site
from translators.chain import load_book


@pytest.fixture
def pack(tmp_path):
    """A pack of the site's own: the shipped rules, to be changed."""
    return shutil.copytree(mappings_folder(), tmp_path / "pack")


@pytest.fixture
def site(tmp_path, utility, pack):
    utilities = [a_utility(url=utility.url, poll_interval_s=0.5)]
    return write_site(tmp_path, a_site(utilities=utilities, mappings=str(pack), keep_inputs_days=1))


def changed(pack, old, new):
    """Change one text of a rule file; return the digest of the pack."""
    path = pack / "ocpp" / "2.1.yaml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    return digest(pack)


def digest(pack):
    return load_book(mapping_files(pack)).digest


def records(tmp_path):
    """Return the bodies of all audit records of the site."""
    texts = [path.read_bytes() for path in segments(tmp_path / "state" / "audit")]
    lines = [line for text in texts for line in text.splitlines(keepends=True)]
    return [json.loads(parts(line)[1]) for line in lines]


def commanded(utility, program):
    begin = int(utility.now())
    return utility.add_control(program, control(begin, 3600, fixed_pf("0.95", absorbing_var=True)))


async def test_a_pack_is_swapped_on_sighup_and_one_that_fails_its_tests_is_not(
    dergate, site, utility, pack, tmp_path
):
    program = utility.add_program(1)
    utility.add_device(certificate_lfdi(tmp_path / "certs" / "cs1.pem"), program)
    first = digest(pack)
    async with dergate("run", "-c", site) as gateway:
        await gateway.event("gateway.started")
        early = commanded(utility, program)
        await utility.wait_for(lambda: 1 in utility.statuses(early.mrid), 60)
        second = changed(pack, "# Canonical controls", "# Controls")
        gateway.signal(signal.SIGHUP)
        assert (await gateway.event("rules.replaced"))["digest"] == second
        late = commanded(utility, program)
        await utility.wait_for(lambda: 1 in utility.statuses(late.mrid), 60)
        changed(pack, "{under: true, over: false}", "{under: false, over: true}")
        gateway.signal(signal.SIGHUP)
        refused = await gateway.event("rules.refused")
        assert "ocpp21.fixed_pf" in refused["problem"]
        (pack / "ocpp" / "2.1.yaml").write_text("kind: [")
        last = commanded(utility, program)
        await utility.wait_for(lambda: 1 in utility.statuses(last.mrid), 60)
        gateway.signal(signal.SIGTERM)
        assert await gateway.ended() == 0
    async with dergate("replay", tmp_path / "state" / "inputs") as replayed:
        assert await replayed.ended() == 0, replayed.other
    assert all("book" in record["details"] for record in records(tmp_path))
    books = {
        record["subject"].rpartition("/")[2]: record["details"]["book"]
        for record in records(tmp_path)
        if record["kind"] == "command.received"
    }
    assert books == {early.mrid: first, late.mrid: second, last.mrid: second}
