"""The roots by which a station knows us: an answer is not enough, the list is looked at again."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.security import pki
from gateway.security.identities import read_chain
from gateway.stations.certificates_roots import delete_root, install_root, list_roots
from support.errands import ACCEPTED, REFUSAL, REJECTED, SILENCE, Answers, a_root_hash, roots

NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return pki.create_endpoint_authority(tmp_path_factory.mktemp("ca")).certificate_path


@pytest.fixture
def pem(root):
    return root.read_text()


@pytest.fixture
def serial(root):
    return f"{read_chain(root)[0].serial_number:x}"


@pytest.mark.parametrize("version", ["2.1", "2.0.1"])
async def test_a_root_is_installed_when_the_station_lists_it(pem, serial, version):
    written = serial.upper().zfill(40)
    call = Answers(
        version, InstallCertificate=[ACCEPTED], GetInstalledCertificateIds=[roots("1", written)]
    )
    outcome = await install_root(call, pem, NOW)
    assert (outcome.done, outcome.words) == (True, f"it trusts the root {serial}")
    assert call.of("InstallCertificate") == [
        {"certificateType": "CSMSRootCertificate", "certificate": pem}
    ]


async def test_a_station_that_accepts_and_does_not_list_the_root_is_found_out(pem):
    call = Answers(InstallCertificate=[ACCEPTED], GetInstalledCertificateIds=[roots("1")])
    assert "does not list" in (await install_root(call, pem, NOW)).words


@pytest.mark.parametrize("answer", [SILENCE, REFUSAL])
async def test_a_station_that_lists_nothing_is_not_believed(pem, answer):
    call = Answers(InstallCertificate=[ACCEPTED], GetInstalledCertificateIds=[answer])
    assert not (await install_root(call, pem, NOW)).done


@pytest.mark.parametrize("answer", [REJECTED, {"status": "Failed"}, SILENCE])
async def test_a_station_that_does_not_take_the_root_is_not_asked_further(pem, answer):
    call = Answers(InstallCertificate=[answer])
    outcome = await install_root(call, pem, NOW)
    assert (outcome.done, call.actions) == (False, ["InstallCertificate"])


async def test_what_is_no_root_is_not_sent(pem):
    call = Answers()
    assert not (await install_root(call, "text", NOW)).done
    assert not (await install_root(call, pem, NOW - timedelta(days=1))).done
    assert call.calls == []


async def test_roots_of_other_kinds_are_not_ours():
    vehicle = a_root_hash("2", "V2GRootCertificate")
    answer = roots("1")
    answer["certificateHashDataChain"].append(vehicle)
    outcome = await list_roots(Answers(GetInstalledCertificateIds=[answer]))
    assert (outcome.done, outcome.words) == (True, "1")


async def test_a_station_without_roots_says_so():
    outcome = await list_roots(Answers(GetInstalledCertificateIds=[roots()]))
    assert (outcome.done, outcome.words) == (True, "none")
    assert not (await list_roots(Answers(GetInstalledCertificateIds=[SILENCE]))).done


async def test_an_old_root_is_deleted_by_the_stations_own_name_for_it():
    call = Answers(DeleteCertificate=[ACCEPTED], GetInstalledCertificateIds=[roots("00AB", "cd")])
    assert (await delete_root(call, "0xab")).done
    (payload,) = call.of("DeleteCertificate")
    assert payload["certificateHashData"] == a_root_hash("00AB")["certificateHashData"]


async def test_the_last_root_is_never_deleted():
    call = Answers(GetInstalledCertificateIds=[roots("ab")])
    assert "only root" in (await delete_root(call, "ab")).words
    assert call.actions == ["GetInstalledCertificateIds"]


@pytest.mark.parametrize(
    ("listed", "answer"),
    [(roots("1", "2"), ACCEPTED), (roots("ab", "2"), {"status": "Failed"}), (SILENCE, ACCEPTED)],
    ids=["not there", "refused", "silent"],
)
async def test_a_root_that_was_not_deleted_is_said_to_be_so(listed, answer):
    call = Answers(DeleteCertificate=[answer], GetInstalledCertificateIds=[listed])
    assert not (await delete_root(call, "ab")).done
