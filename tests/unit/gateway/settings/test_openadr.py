"""Utilities that speak OpenADR 3, as site.yaml tells them."""

from decimal import Decimal

import pytest

from gateway.settings import examine, load
from gateway.settings.openadr import OpenAdrUtility
from support.site import a_site, a_utility, a_vtn, write_site


def faults(folder, *utilities):
    _, found = examine(write_site(folder, a_site(utilities=list(utilities))), {})
    return [(fault.code, str(fault)) for fault in found]


def test_a_vtn_needs_an_address_and_resources_only(tmp_path):
    settings = load(write_site(tmp_path, a_site(utilities=[a_vtn()])), {})
    (vtn,) = settings.openadr_utilities
    assert isinstance(vtn, OpenAdrUtility)
    assert (vtn.version, vtn.auth, vtn.poll_interval_s, vtn.subjects) == (
        "auto",
        "none",
        30.0,
        ("CS1",),
    )
    assert settings.sep2_utilities == []


def test_both_kinds_stand_side_by_side_and_no_protocol_means_ieee_2030_5(tmp_path):
    settings = load(write_site(tmp_path, a_site(utilities=[a_utility(), a_vtn()])), {})
    assert [one.id for one in settings.sep2_utilities] == ["grid"]
    assert [one.id for one in settings.openadr_utilities] == ["vtn"]


def test_numbers_of_a_contract_stay_exact(tmp_path):
    binding = {"program": "flex", "capacity_kwh": 1234.56789}
    site = a_site(utilities=[a_vtn(bindings=[binding])])
    (vtn,) = load(write_site(tmp_path, site), {}).openadr_utilities
    assert vtn.bindings[0].given == {"program": "flex", "capacity_kwh": Decimal("1234.56789")}


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"protocol": "openadr2"}, "DG-1031", "must be 'ieee2030_5', 'openadr3'"),
        ({"pollinterval": 3}, "DG-1032", 'did you mean "poll_interval_s"?'),
        ({"identities": []}, "DG-1032", 'unknown key "identities"'),
        ({"url": "ftp://vtn"}, "DG-1031", "utilities[0].url = ftp://vtn"),
        ({"policy": {"simple_1": "stop"}}, "DG-1031", "must be 'log' or 'zero_envelope'"),
        ({"contract": "gac"}, "DG-1031", "utilities[0].contract = gac"),
        ({"url": "http://vtn"}, "DG-1094", "in plain text"),
        ({"token_url": "http://vtn/token"}, "DG-1094", "in plain text"),
        ({"url": "mdns://My_VTN"}, "DG-1094", "anybody in the network can announce a VTN"),
        ({"url": "mdns://My_VTN/base"}, "DG-1031", "utilities[0].url = mdns://My_VTN/base"),
        ({"webhook": {"url": "http://me"}}, "DG-1094", "would carry a token in plain text"),
        ({"auth": "post"}, "DG-1094", "needs client_id and client_secret_file"),
        ({"client_id": "me"}, "DG-1094", "nobody shows"),
        ({"webhook": {"url": "https://me", "key": "k"}}, "DG-1094", "belong together"),
        ({"bindings": [{"program": "p", "curve": "volt_vat"}]}, "DG-1095", "'volt_var'"),
        (
            {"bindings": [{"program": "p", "payload": "X", "units": "KW"}] * 2},
            "DG-1095",
            "X of p is bound twice",
        ),
        ({"resources": [{"station": "CS9"}]}, "DG-1051", "the resource is bound to CS9"),
        ({"resources": [{"name": "x"}]}, "DG-1051", "a resource stands for one station"),
    ],
)
def test_what_does_not_fit_is_named_with_its_place(tmp_path, changes, code, words):
    found = faults(tmp_path, a_vtn(**changes))
    assert any(known == code and words in text and "site.yaml:" in text for known, text in found)


def test_two_resources_of_one_name_are_told(tmp_path):
    twice = [{"station": "CS1", "name": "x"}, {"station": "CS2", "name": "x"}]
    assert "DG-1097" in [code for code, _ in faults(tmp_path, a_vtn("vtn", *twice))]


@pytest.mark.parametrize(
    ("ports", "told"), [((8443, 8443), True), ((8443, 8444), False), ((0, 0), False)]
)
def test_two_webhooks_at_one_port_are_told(tmp_path, ports, told):
    vtns = [
        a_vtn(f"vtn{n}", webhook={"url": "https://me", "port": port})
        for n, port in enumerate(ports)
    ]
    assert ("DG-1034" in [code for code, _ in faults(tmp_path, *vtns)]) is told


def test_plain_http_goes_where_the_site_says_so(tmp_path):
    assert faults(tmp_path, a_vtn(url="http://127.0.0.1:8080", insecure=True)) == []
