"""Who may speak with whom: certificates, the pinned server, and registration in band."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.errors import SettingsError
from gateway.security import pki
from gateway.security.certificates import Validity
from gateway.security.identities import certificate_lfdi
from gateway.simulators import utility_2030_5_faults as fault
from gateway.simulators.utility_2030_5 import Files, Options, SimulatedUtility
from support.utility_bench import Bench, an_access, at_work

NOW = datetime.now(UTC)
DAY = timedelta(days=1)


@pytest.fixture(scope="session")
def foreign(tmp_path_factory):
    return pki.create_authorities(tmp_path_factory.mktemp("foreign"))


async def first_state(bench):
    async with at_work(bench):
        await bench.until(lambda: bench.state is not None)
        return bench.state


async def test_an_expired_certificate_is_named_and_the_link_lives(bench_of, authorities, tmp_path):
    late = pki.issue_device(
        authorities, "late", folder=tmp_path, validity=Validity(NOW - 9 * DAY, NOW - DAY)
    )
    bench = bench_of(certificate=late.certificate_path, key=late.key_path)
    state = await first_state(bench)
    assert not state.up
    assert "DG-1107 the certificate expired on" in state.problem


async def test_a_swapped_key_is_named(bench_of, authorities, tmp_path):
    other = pki.issue_device(authorities, "other", folder=tmp_path)
    state = await first_state(bench_of(key=other.key_path))
    assert "DG-1104 the key does not belong to the certificate" in state.problem


async def test_a_foreign_certificate_is_refused_by_the_utility(bench_of, foreign, tmp_path):
    stranger = pki.issue_device(foreign, "cs1", folder=tmp_path)
    state = await first_state(
        bench_of(certificate=stranger.certificate_path, key=stranger.key_path)
    )
    assert not state.up
    assert "cannot be reached" in state.problem


async def test_a_foreign_utility_is_refused_by_us(mine, authorities, foreign, tmp_path, book):
    server = pki.issue_server(foreign, folder=tmp_path)
    files = Files(server.certificate_path, server.key_path, foreign.trust_anchor)
    async with SimulatedUtility(files) as utility:
        state = await first_state(Bench(an_access(utility, mine, authorities), book))
        assert "certificate verify failed" in state.problem
        assert utility.exchanges == []


async def test_a_valid_certificate_of_another_device_finds_no_end_device(
    bench_of, authorities, tmp_path
):
    other = pki.issue_device(authorities, "swapped", folder=tmp_path)
    bench = bench_of(certificate=other.certificate_path, key=other.key_path)
    async with at_work(bench):
        await bench.until(lambda: "HTTP 403" in (bench.state.problem if bench.state else ""))
    assert f"lists no EndDevice with the LFDI {other.lfdi}" in bench.state.problem
    assert not bench.state.up


async def test_the_pinned_server_is_spoken_to_without_its_name(bench_of, files):
    pinned = certificate_lfdi(files.certificate).lower()
    async with at_work(bench_of(peer_lfdi=pinned, check_hostname=False)) as bench:
        await bench.up()


async def test_another_server_than_the_pinned_one_hears_no_request(bench_of, utility, mine):
    state = await first_state(bench_of(peer_lfdi=mine.lfdi))
    assert f"not the pinned {mine.lfdi}" in state.problem
    assert utility.exchanges == []


def test_a_server_that_nothing_identifies_is_a_wrong_setting(bench_of):
    with pytest.raises(SettingsError, match="no peer_lfdi is pinned"):
        bench_of(check_hostname=False)


@pytest.mark.parametrize("options", [Options(open_registration=True)])
async def test_an_open_utility_registers_the_device_in_band(
    files, options, mine, authorities, book
):
    async with SimulatedUtility(files, options) as utility:
        bench = Bench(an_access(utility, mine, authorities), book)
        async with at_work(bench):
            await bench.up()
        assert utility.device(mine.lfdi).category == "00020000"
        posts = [it for it in utility.exchanges if it.method == "POST"]
        assert [(it.path, it.status) for it in posts] == [("/edev", 201)]


async def test_registration_is_tried_again_after_a_failure_of_the_moment(
    files, mine, authorities, book
):
    async with SimulatedUtility(files, Options(open_registration=True)) as utility:
        utility.fail("/edev", fault.status(503, retry_after_s=0), method="POST", times=1)
        bench = Bench(an_access(utility, mine, authorities), book)
        async with at_work(bench):
            await utility.wait_for(lambda: utility.device(mine.lfdi), 10)
            await bench.up()


async def test_an_end_device_on_a_later_page_is_found(files, mine, authorities, book):
    """A server that lists every device to everybody, in pages, in lower case."""
    async with SimulatedUtility(files) as utility:
        utility.add_device(mine.lfdi, utility.add_program(1))
        utility.fail("/edev", fault.say("lFDI", mine.lfdi.lower()))
        bench = Bench(an_access(utility, mine, authorities), book)
        async with at_work(bench):
            await bench.up()
