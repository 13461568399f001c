"""Security of the simulated station by itself: requests, certificates, roots, profiles, passwords."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509

from gateway.errors import IdentityError
from gateway.security import certificates as build
from gateway.security import pki
from gateway.security.issuing import KeyAuthority, wanted
from gateway.simulators.station_options import Personality
from gateway.simulators.station_security import SecurityOptions
from support.station_bench import Bench, of
from support.station_messages import EPOCH

OPERATOR = "Grid Operator"
AT = datetime.fromtimestamp(EPOCH, UTC)
URL = "wss://gateway/ocpp"


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return pki.create_endpoint_authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """Return an authority that has begun by the time of the bench."""
    folder = tmp_path_factory.mktemp("old")
    key, name = build.new_key(), build.distinguished_name(OPERATOR, "CA")
    term = build.Validity(AT - timedelta(days=9), AT + timedelta(days=900))
    made = build.authority_certificate(name, key, term, 0, None)
    identity = pki._Files.of(folder, "ca").write(made, key, ())
    return KeyAuthority(identity.certificate_path, identity.key_path, 90)


def a_bench(version="2.1", *, flaw="", trusted=None, url="ws://x", password="x" * 16, **security):
    options = SecurityOptions(operator=OPERATOR, **security)
    personality = Personality(flaw=flaw)
    return Bench(
        version,
        personality,
        url=url,
        password=password,
        trust_anchor=trusted,
        security=options,
    )


def trigger(bench):
    bench.ask("TriggerMessage", {"requestedMessage": "SignChargingStationCertificate"})
    return of(bench.take(), "SignCertificate")


def signed(authority, request, name="cs-1", **labels):
    chain = authority.sign(wanted(name, request["csr"], OPERATOR), AT)
    return {"certificateChain": chain, **labels}


@pytest.mark.parametrize("version", ["2.1", "2.0.1"])
def test_it_asks_when_it_is_told_to_and_takes_what_it_asked_for(authority, version):
    bench = a_bench(version)
    (request,) = trigger(bench)
    assert ("requestId" in request) is (version == "2.1")
    assert bench.ask("CertificateSigned", signed(authority, request)) == {"status": "Accepted"}
    assert bench.core.security.own.leaf.not_valid_after_utc > AT
    assert not bench.core.security.reconnect, "it does not use one"


def test_it_names_its_serial_number_where_it_has_one(authority):
    bench = a_bench(serial_number="SN-1")
    (request,) = trigger(bench)
    answer = bench.ask("CertificateSigned", signed(authority, request, "SN-1"))
    assert answer["status"] == "Accepted"


FLAWS = {
    "forged": "own key",
    "misnamed": "CN is",
    "foreign": "O is not",
    "weak": "secp384r1",
}


@pytest.mark.parametrize("flaw", FLAWS)
def test_a_flaw_is_what_its_name_says(flaw):
    (request,) = trigger(a_bench(flaw=flaw))
    with pytest.raises(IdentityError, match=FLAWS[flaw]):
        wanted("cs-1", request["csr"], OPERATOR)


def test_one_that_never_asks_accepts_the_trigger():
    assert trigger(a_bench(flaw="unasked")) == []


def test_it_asks_again_after_twice_as_long_each_time_and_not_for_ever():
    bench = a_bench(wait_s=10, repeats=2)
    (request,) = trigger(bench)
    told = [len(of(bench.go(9), "SignCertificate")) for _ in range(12)]
    assert told == [0, 1, 0, 1] + [0] * 8
    assert of(bench.told, "SignCertificate") == [request] * 3


def test_a_refused_request_is_not_repeated():
    bench = a_bench(wait_s=10)
    (request,) = trigger(bench)
    bench.core.answered("SignCertificate", request, {"status": "Rejected"}, bench.now)
    assert of(bench.go(60, step=5), "SignCertificate") == []


def test_an_accepted_request_that_nobody_answers_is_repeated():
    bench = a_bench(wait_s=10)
    (request,) = trigger(bench)
    bench.core.answered("SignCertificate", request, {"status": "Accepted"}, bench.now)
    assert len(of(bench.go(12), "SignCertificate")) == 1


def test_a_certificate_that_does_not_fit_is_refused_and_told(authority):
    bench = a_bench()
    (first,) = trigger(bench)
    old = signed(authority, first)
    (second,) = trigger(bench)
    assert bench.ask("CertificateSigned", old)["status"] == "Rejected"
    (event,) = of(bench.take(), "SecurityEventNotification")
    assert (event["type"], event["techInfo"]) == (
        "InvalidChargingStationCertificate",
        "for another key",
    )
    fitting = signed(authority, second, requestId=2)
    assert bench.ask("CertificateSigned", fitting)["status"] == "Accepted"


MISFITS = {
    "no certificate": lambda chain: chain[1:20],
    "a broken chain": lambda chain: chain + chain,
}


@pytest.mark.parametrize("problem", MISFITS)
def test_what_is_no_chain_is_refused(authority, problem):
    bench = a_bench()
    (request,) = trigger(bench)
    payload = signed(authority, request)
    payload["certificateChain"] = MISFITS[problem](payload["certificateChain"])
    assert bench.ask("CertificateSigned", payload)["status"] == "Rejected"
    assert of(bench.take(), "SecurityEventNotification")[0]["techInfo"] == problem


def test_a_certificate_that_has_not_begun_is_refused(authority):
    bench = a_bench()
    (request,) = trigger(bench)
    later = authority.sign(wanted("cs-1", request["csr"], OPERATOR), AT + timedelta(days=9))
    assert bench.ask("CertificateSigned", {"certificateChain": later})["status"] == "Rejected"


@pytest.mark.parametrize("labels", [{}, {"requestId": 9}], ids=["nothing asked", "another number"])
def test_what_was_not_asked_for_is_refused(authority, labels):
    bench = a_bench()
    if labels:
        trigger(bench)
    (request,) = trigger(a_bench())
    assert bench.ask("CertificateSigned", signed(authority, request, **labels)) == {
        "status": "Rejected",
        "statusInfo": {"reasonCode": "NotFound"},
    }


def listed(bench):
    answer = bench.ask("GetInstalledCertificateIds", {"certificateType": ["CSMSRootCertificate"]})
    return [item["certificateHashData"] for item in answer.get("certificateHashDataChain", [])]


def install(bench, path, kind="CSMSRootCertificate"):
    request = {"certificateType": kind, "certificate": path.read_text()}
    return bench.ask("InstallCertificate", request)["status"]


def test_roots_are_rolled(root, tmp_path):
    bench = a_bench(trusted=root.certificate_path)
    (old,) = listed(bench)
    assert bench.ask("DeleteCertificate", {"certificateHashData": old})["status"] == "Failed"
    new = pki.create_endpoint_authority(tmp_path).certificate_path
    assert install(bench, new) == "Accepted"
    assert len(listed(bench)) == 2
    loud = {key: value.upper() for key, value in old.items()}
    assert bench.ask("DeleteCertificate", {"certificateHashData": loud})["status"] == "Accepted"
    assert bench.ask("DeleteCertificate", {"certificateHashData": old})["status"] == "NotFound"
    serial = x509.load_pem_x509_certificate(new.read_bytes()).serial_number
    assert [item["serialNumber"] for item in listed(bench)] == [f"{serial:x}"]


def test_roots_of_vehicles_and_text_are_no_roots(root, tmp_path):
    bench = a_bench()
    assert listed(bench) == []
    assert install(bench, root.certificate_path, "V2GRootCertificate") == "Rejected"
    text = tmp_path / "text"
    text.write_text("PEM")
    assert install(bench, text) == "Rejected"


def profile(slot=2, security=2, url=URL, **more):
    data = {
        "ocppVersion": "OCPP20",
        "ocppTransport": "JSON",
        "ocppCsmsUrl": url,
        "messageTimeout": 30,
        "securityProfile": security,
        "ocppInterface": "Wired0",
        **more,
    }
    return {"configurationSlot": slot, "connectionData": data}


def put(bench, component, name, value):
    where = {"component": {"name": component}, "variable": {"name": name}}
    answer = bench.ask("SetVariables", {"setVariableData": [{**where, "attributeValue": value}]})
    return answer["setVariableResult"][0]["attributeStatus"]


def order(bench, value):
    return put(bench, "OCPPCommCtrlr", "NetworkConfigurationPriority", value)


def read(bench, component, name):
    where = {"component": {"name": component}, "variable": {"name": name}}
    (found,) = bench.ask("GetVariables", {"getVariableData": [where]})["getVariableResult"]
    return found.get("attributeValue", found["attributeStatus"])


def test_it_moves_at_its_restart_and_drops_what_is_less_secure(root):
    bench = a_bench(trusted=root.certificate_path)
    network = bench.core.security.network
    assert bench.ask("SetNetworkProfile", profile())["status"] == "Accepted"
    assert order(bench, "2,1") == "Accepted"
    assert network.active == 1
    bench.core.reboot(bench.now)
    assert (network.way.url, sorted(network.slots)) == (URL, [1, 2])
    bench.core.greet(bench.now)
    assert (sorted(network.slots), network.order) == ([2], [2])
    assert read(bench, "SecurityCtrlr", "SecurityProfile") == "2"
    assert read(bench, "OCPPCommCtrlr", "ActiveNetworkProfile") == "2"


def test_it_falls_back_after_some_failures_and_tries_again_at_its_next_restart(root):
    bench = a_bench(trusted=root.certificate_path, attempts=2)
    network = bench.core.security.network
    bench.ask("SetNetworkProfile", profile())
    order(bench, "2,1")
    network.restarted()
    tried = []
    for _ in range(5):
        tried.append(network.active)
        network.failed()
    assert tried == [2, 2, 1, 1, 2]
    network.restarted()
    assert network.active == 2


REFUSED_SLOTS = [
    pytest.param(profile(slot=1), "PriorityNetworkConf", id="in use"),
    pytest.param(profile(slot=0), "InvalidValue", id="no slot"),
    pytest.param(profile(slot=9), "InvalidValue", id="too many"),
    pytest.param(profile(ocppTransport="SOAP"), "InvalidValue", id="SOAP"),
    pytest.param(profile(security=1, url="ws://x"), "NoSecurityDowngrade", id="less secure"),
]


@pytest.mark.parametrize(("request_", "code"), REFUSED_SLOTS)
def test_a_slot_that_cannot_be_is_refused(root, request_, code):
    bench = a_bench(trusted=root.certificate_path, url=URL)
    answer = bench.ask("SetNetworkProfile", request_)
    assert answer["statusInfo"]["reasonCode"] == code


@pytest.mark.parametrize("value", ["", "a", "3", "2,2", "1,3"])
def test_a_list_of_slots_that_are_not_there_is_refused(root, value):
    bench = a_bench(trusted=root.certificate_path)
    bench.ask("SetNetworkProfile", profile())
    assert order(bench, value) == "Rejected"


def test_tls_needs_a_root_and_a_certificate_first(root, authority):
    bench = a_bench()
    bench.ask("SetNetworkProfile", profile(2, 2))
    bench.ask("SetNetworkProfile", profile(3, 3))
    assert order(bench, "2,1") == "Rejected"
    install(bench, root.certificate_path)
    assert (order(bench, "2,1"), order(bench, "3,1")) == ("Accepted", "Rejected")
    (request,) = trigger(bench)
    bench.ask("CertificateSigned", signed(authority, request, requestId=1))
    assert order(bench, "3,1") == "Accepted"


@pytest.mark.parametrize(
    ("may", "version", "allowed"),
    [(True, "2.1", True), (False, "2.1", False), (True, "2.0.1", False)],
)
def test_the_one_way_down_is_from_3_to_2_in_2_1_where_it_allows_it(
    root, tmp_path, may, version, allowed
):
    own = pki.issue_station(root, "cs-1", operator=OPERATOR, name=f"{tmp_path.name}")
    bench = a_bench(
        version,
        trusted=root.certificate_path,
        url=URL,
        certificate=own.certificate_path,
        key=own.key_path,
        may_downgrade=may,
    )
    assert bench.core.security.network.profile == 3
    found = bench.ask("SetNetworkProfile", profile(2, 2))["status"]
    assert (found == "Accepted") is allowed
    assert bench.ask("SetNetworkProfile", profile(3, 1, "ws://x"))["status"] == "Rejected"


def test_a_slot_may_bring_a_password_of_its_own(root):
    bench = a_bench(trusted=root.certificate_path)
    bench.ask("SetNetworkProfile", profile(basicAuthPassword="of-the-new-slot-1"))
    order(bench, "2,1")
    security = bench.core.security
    before = security.headers
    security.network.restarted()
    assert (security.network.way.password, security.headers != before) == (
        "of-the-new-slot-1",
        True,
    )


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("a" * 16, "Accepted"),
        ("a" * 40, "Accepted"),
        ("a" * 15, "Rejected"),
        ("a" * 41, "Rejected"),
        ("ä" * 20, "Rejected"),
    ],
)
def test_a_password_of_sound_length_is_taken_and_never_told(word, status):
    bench = a_bench()
    assert put(bench, "SecurityCtrlr", "BasicAuthPassword", word) == status
    taken = status == "Accepted"
    assert (bench.core.security.network.way.password == word) is taken
    assert bench.core.security.reconnect is taken
    told = of(bench.take(), "SecurityEventNotification")
    assert [event["type"] for event in told] == ["ReconfigurationOfSecurityParameters"] * taken
    assert read(bench, "SecurityCtrlr", "BasicAuthPassword") == "UnknownVariable"


def test_how_it_asks_can_be_set():
    bench = a_bench()
    assert put(bench, "SecurityCtrlr", "CertSigningWaitMinimum", "5") == "Accepted"
    assert put(bench, "SecurityCtrlr", "CertSigningRepeatTimes", "1") == "Accepted"
    assert put(bench, "SecurityCtrlr", "CertSigningRepeatTimes", "many") == "Rejected"
    assert put(bench, "SecurityCtrlr", "OrganizationName", "Other") == "Accepted"
    assert put(bench, "SecurityCtrlr", "SecurityProfile", "1") == "Rejected"
    (request,) = trigger(bench)
    with pytest.raises(IdentityError, match="O is not"):
        wanted("cs-1", request["csr"], OPERATOR)
    assert len(of(bench.go(30), "SignCertificate")) == 1


def test_what_it_says_of_its_security_stands_in_its_report():
    bench = a_bench()
    bench.ask("GetBaseReport", {"requestId": 1, "reportBase": "FullInventory"})
    parts = of(bench.take(), "NotifyReport")
    names = {item["variable"]["name"] for part in parts for item in part["reportData"]}
    assert {"NetworkConfigurationPriority", "SecurityProfile", "OrganizationName"} <= names
    assert "BasicAuthPassword" not in names


def test_without_a_password_it_shows_none():
    assert a_bench(password="").core.security.headers == {}
    assert a_bench(password="").core.security.network.profile == 0
