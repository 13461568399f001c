"""Certificates of stations at run time: asked for, checked, signed, delivered, and told of."""

import asyncio
import re
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.errors import IdentityError
from gateway.security import certificates as build
from gateway.security import pki
from gateway.security.issuing import KeyAuthority
from gateway.stations.certificates import Certificates
from gateway.stations.context import Context
from gateway.stations.validators import violation
from support.errands import ACCEPTED, GONE, REFUSAL, REJECTED, SILENCE, Answers
from support.requests import OPERATOR, a_request, forged
from support.stations import NOON, an_entry, fixed_clocks

V2G = ("V2GCertificate", "V2G20Certificate")


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return pki.create_endpoint_authority(tmp_path_factory.mktemp("ca"))


class Bench:
    """Certificates with one authority, and everything that was told."""

    def __init__(self, authority):
        self.told, self.stirred = [], 0
        self.certificates = Certificates(
            authority, OPERATOR, fixed_clocks(), self.tell, lambda: setattr(self, "stirred", 1)
        )

    def tell(self, kind, station, problem=""):
        self.told.append((kind, station, problem))

    @property
    def kinds(self):
        return [kind for kind, _, _ in self.told]

    def asks(self, version="2.1", *, entry=None, **payload):
        """Let the station ask; return the answer, which fits its schema."""
        request = {"csr": a_request()} | payload
        assert violation(version, "SignCertificate", request, request=True) is None
        context = Context(entry or an_entry(), version, None, None, lambda: NOON)
        answer = self.certificates.sign_certificate(context, request)
        assert violation(version, "SignCertificate", answer, request=False) is None
        return answer

    async def delivers(self, call):
        return await self.certificates.deliver("CS1", call)


@pytest.fixture
def bench(root):
    return Bench(KeyAuthority(root.certificate_path, root.key_path, 30))


def a_chain():
    """Return some certificate as PEM."""
    key, name = build.new_key(), build.distinguished_name(OPERATOR, "CS1")
    term = build.Validity(NOON - timedelta(days=1), NOON + timedelta(days=1))
    made = build.authority_certificate(name, key, term, 0, None)
    return made.public_bytes(Encoding.PEM).decode()


CHAIN = a_chain()


class Slow:
    """An authority that answers when it is told to."""

    def __init__(self, *answers):
        self.answers, self.done = list(answers), []

    def sign(self, _request, _now):
        found = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(found, Exception):
            raise found
        return found

    def delivered(self, request):
        self.done.append(request.station)


@pytest.mark.parametrize("version", ["2.1", "2.0.1"])
async def test_a_station_that_asks_is_given_a_certificate(bench, version):
    call = Answers(version, CertificateSigned=[ACCEPTED])
    assert bench.asks(version) == ACCEPTED
    assert (bench.stirred, bench.certificates.waiting) == (1, ["CS1"])
    outcome = await bench.delivers(call)
    assert (outcome.done, bench.certificates.waiting) == (True, [])
    (payload,) = call.of("CertificateSigned")
    assert payload["certificateChain"].startswith("-----BEGIN CERTIFICATE-----")
    assert bench.kinds == ["certificate.requested", "certificate.delivered"]


async def test_the_answer_repeats_type_and_number_of_the_request(bench):
    labels = {"certificateType": "ChargingStationCertificate", "requestId": 7}
    call = Answers(CertificateSigned=[ACCEPTED])
    bench.asks(**labels)
    await bench.delivers(call)
    (payload,) = call.of("CertificateSigned")
    assert labels.items() <= payload.items()


def test_the_serial_number_of_the_entry_may_be_named(bench):
    entry = an_entry(serial_number="SN-1")
    assert bench.asks(csr=a_request(f"O={OPERATOR}", "CN=SN-1")) != ACCEPTED
    assert bench.asks(csr=a_request(f"O={OPERATOR}", "CN=SN-1"), entry=entry) == ACCEPTED


@pytest.mark.parametrize("kind", V2G)
def test_certificates_of_vehicles_are_not_issued_here(bench, kind):
    answer = bench.asks(certificateType=kind)
    assert answer["status"] == "Rejected"
    assert answer["statusInfo"]["reasonCode"] == "UnsupportedRequest"
    assert bench.told == [("certificate.refused_request", "CS1", f"{kind} is not issued here")]


BAD = [
    pytest.param(lambda: a_request("O=Other", "CN=CS1"), "O is not", id="another operator"),
    pytest.param(lambda: a_request(f"O={OPERATOR}", "CN=CS2"), "CN is", id="another station"),
    pytest.param(lambda: forged(a_request()), "own key", id="signed by nobody"),
    pytest.param(lambda: "text", "cannot be read", id="no request"),
]


@pytest.mark.parametrize(("make", "words"), BAD)
def test_a_bad_request_is_refused_with_its_reason_and_told(bench, make, words):
    answer = bench.asks(csr=make())
    assert answer["status"] == "Rejected"
    assert answer["statusInfo"]["reasonCode"] == "InvalidCSR"
    assert words in answer["statusInfo"]["additionalInfo"]
    assert (bench.kinds, bench.certificates.waiting) == (["certificate.refused_request"], [])


def test_without_an_authority_no_request_is_taken():
    answer = Bench(None).asks()
    assert answer["statusInfo"]["reasonCode"] == "NotEnabled"


async def test_a_station_that_refuses_its_certificate_is_told_of(bench):
    bench.asks()
    outcome = await bench.delivers(Answers(CertificateSigned=[REJECTED]))
    assert (outcome.done, bench.certificates.waiting) == (False, [])
    kind, station, words = bench.told[-1]
    assert (kind, station) == ("certificate.not_taken", "CS1")
    assert re.fullmatch("Rejected; serial [0-9a-f]+, ends 2026-12-31T12:00:00Z", words)


@pytest.mark.parametrize("lost", [SILENCE, GONE], ids=["no answer", "gone"])
async def test_a_delivery_without_an_answer_is_repeated_three_times_in_all(bench, lost):
    bench.asks()
    call = Answers(CertificateSigned=[lost])
    waiting = []
    for _ in range(3):
        assert not (await bench.delivers(call)).done
        waiting.append(bench.certificates.waiting)
    assert waiting == [["CS1"], ["CS1"], []]
    assert await bench.delivers(call) is None
    assert bench.kinds[-1] == "certificate.not_taken"


async def test_what_an_operator_has_not_signed_yet_waits():
    slow = Slow(None, None, CHAIN)
    bench, call = Bench(slow), Answers(CertificateSigned=[ACCEPTED])
    bench.asks()
    assert await bench.delivers(call) is await bench.delivers(call) is None
    assert (call.calls, slow.done, bench.certificates.waiting) == ([], [], ["CS1"])
    assert (await bench.delivers(call)).done
    assert slow.done == ["CS1"]


async def test_a_signature_that_fails_is_told_once_and_tried_again():
    ended = IdentityError("the certificate expired")
    bench, call = Bench(Slow(ended, ended, CHAIN)), Answers(CertificateSigned=[ACCEPTED])
    bench.asks()
    assert not (await bench.delivers(call)).done
    assert not (await bench.delivers(call)).done
    assert bench.kinds == ["certificate.requested", "certificate.not_signed"]
    assert (await bench.delivers(call)).done


async def test_a_chain_that_no_message_can_carry_is_not_sent():
    bench, call = Bench(Slow("C" * 10_001)), Answers(CertificateSigned=[ACCEPTED])
    bench.asks()
    assert "10000" in (await bench.delivers(call)).words
    assert call.calls == []


async def test_a_newer_request_of_the_station_takes_the_place_of_the_older(bench):
    def again(_payload):
        bench.asks(requestId=2)
        return ACCEPTED

    bench.asks(requestId=1)
    call = Answers(CertificateSigned=[again, ACCEPTED])
    await bench.delivers(call)
    assert bench.certificates.waiting == ["CS1"]
    await bench.delivers(call)
    assert [payload["requestId"] for payload in call.of("CertificateSigned")] == [1, 2]


async def test_by_our_request_a_station_asks_and_is_given(bench):
    def triggered(_payload):
        asyncio.get_running_loop().call_soon(bench.asks)
        return ACCEPTED

    call = Answers(TriggerMessage=[triggered], CertificateSigned=[ACCEPTED])
    outcome = await bench.certificates.renew("CS1", call, patience_s=5)
    assert outcome.done
    assert call.of("TriggerMessage") == [{"requestedMessage": "SignChargingStationCertificate"}]


async def test_a_station_that_asks_before_it_answers_the_trigger_is_heard(bench):
    def hasty(_payload):
        bench.asks()
        return ACCEPTED

    call = Answers(TriggerMessage=[hasty], CertificateSigned=[ACCEPTED])
    assert (await bench.certificates.renew("CS1", call, patience_s=0.01)).done


@pytest.mark.parametrize("answer", [REJECTED, REFUSAL, SILENCE, {"status": "NotImplemented"}])
async def test_a_station_that_cannot_be_triggered_is_said_to_be_so(bench, answer):
    call = Answers(TriggerMessage=[answer])
    outcome = await bench.certificates.renew("CS1", call, patience_s=5)
    assert (outcome.done, call.actions) == (False, ["TriggerMessage"])
    assert "not triggered" in outcome.words


async def test_a_station_that_accepts_the_trigger_and_never_asks_is_found_out(bench):
    call = Answers(TriggerMessage=[ACCEPTED])
    outcome = await bench.certificates.renew("CS1", call, patience_s=0.01)
    assert outcome.words == "it accepted the trigger and never asked"


async def test_without_an_authority_nothing_is_triggered():
    outcome = await Bench(None).certificates.renew("CS1", Answers(), patience_s=5)
    assert not outcome.done


async def test_a_request_that_an_operator_has_to_sign_ends_the_renewal_well():
    bench = Bench(Slow(None))

    def triggered(_payload):
        bench.asks()
        return ACCEPTED

    call = Answers(TriggerMessage=[triggered])
    outcome = await bench.certificates.renew("CS1", call, patience_s=5)
    assert (outcome.done, outcome.words) == (True, "its request waits for the authority")


def der_of(chain):
    return x509.load_pem_x509_certificates(chain.encode())[0].public_bytes(Encoding.DER)


async def test_a_station_that_comes_with_its_new_certificate_has_it_whatever_it_answered(bench):
    bench.asks()
    call = Answers(CertificateSigned=[SILENCE])
    await bench.delivers(call)
    chain = call.of("CertificateSigned")[0]["certificateChain"]
    bench.certificates.used("CS1", der_of(chain))
    assert bench.certificates.waiting == []
    assert bench.kinds == ["certificate.requested", "certificate.delivered"]


async def test_another_certificate_says_nothing_of_the_request(bench):
    bench.asks()
    call = Answers(CertificateSigned=[ACCEPTED])
    await bench.delivers(call)
    bench.asks()
    bench.certificates.used("CS1", der_of(call.of("CertificateSigned")[0]["certificateChain"]))
    bench.certificates.used("CS2", der_of(call.of("CertificateSigned")[0]["certificateChain"]))
    assert bench.certificates.waiting == ["CS1"]


async def test_a_folder_that_cannot_be_cleared_stops_nobody():
    class Stuck(Slow):
        def delivered(self, _request):
            raise IdentityError("cannot be used")

    bench, call = Bench(Stuck(CHAIN)), Answers(CertificateSigned=[ACCEPTED])
    bench.asks()
    assert (await bench.delivers(call)).done


def test_a_station_that_asks_without_end_is_refused_and_no_longer_told_of(bench):
    answers = [bench.asks()["status"] for _ in range(12)]
    assert answers == ["Accepted"] * 10 + ["Rejected"] * 2
    assert len(bench.told) == 10
