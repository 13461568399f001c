"""CSIP-AUS in each of its namespaces, as utilities of 1.0 to 1.3 write it."""

import pytest

from support.translation import book, in_program, q
from translators.canonical.controls import LimitOn, PowerLimit, StorageTarget
from translators.ieee2030_5.inbound import to_command
from translators.ieee2030_5.xml import parse

NAMESPACES = {
    "1.0 and 1.1": "http://csipaus.org/ns",
    "1.2": "https://csipaus.org/ns",
    "a draft of 1.3": "https://csipaus.org/ns/v1.3-beta/storage",
    "1.3": "https://csipaus.org/ns/v1.3",
}
LIMITS = {
    "opModImpLimW": "import",
    "opModExpLimW": "export",
    "opModGenLimW": "generation",
    "opModLoadLimW": "load",
}


def read(namespace, *modes):
    parts = "".join(
        f"<a:{name}><a:multiplier>1</a:multiplier><a:value>{value}</a:value></a:{name}>"
        for name, value in modes
    )
    text = (
        f'<DERControl xmlns="urn:ieee:std:2030.5:ns" xmlns:a="{namespace}"><mRID>0A</mRID>'
        "<creationTime>1</creationTime>"
        "<interval><duration>60</duration><start>1796148000</start></interval>"
        f"<DERControlBase>{parts}</DERControlBase></DERControl>"
    )
    found = to_command(book(), parse(text.encode()), {}, in_program())
    assert found.refusals == ()
    return found.value.controls


@pytest.mark.parametrize("version", NAMESPACES)
@pytest.mark.parametrize(("element", "on"), LIMITS.items())
def test_a_limit_is_read_in_every_namespace(version, element, on):
    (limit,) = read(NAMESPACES[version], (element, 700))
    assert isinstance(limit, PowerLimit)
    assert (limit.on, limit.value) == (LimitOn(on), q("7000 W"))


@pytest.mark.parametrize("version", ["a draft of 1.3", "1.3"])
def test_the_target_of_a_storage_came_with_1_3(version):
    assert read(NAMESPACES[version], ("opModStorageTargetW", -500)) == (
        StorageTarget(q("-5000 W")),
    )


@pytest.mark.parametrize(
    "namespace", ["urn:vendor:der", "https://csip.example/ns", "urn:ieee:std:2030.5"]
)
def test_an_element_of_another_namespace_is_another_element_however_it_is_called(namespace):
    text = (
        '<DERControl xmlns="urn:ieee:std:2030.5:ns"><mRID>0A</mRID><creationTime>1</creationTime>'
        "<interval><duration>60</duration><start>1796148000</start></interval><DERControlBase>"
        f'<a:opModImpLimW xmlns:a="{namespace}"><a:multiplier>1</a:multiplier><a:value>7</a:value>'
        "</a:opModImpLimW><opModMaxLimW>5000</opModMaxLimW></DERControlBase></DERControl>"
    )
    found = to_command(book(), parse(text.encode()), {}, in_program())
    assert [type(control) for control in found.value.controls] == [PowerLimit]
    (refusal,) = found.refusals
    assert (refusal.outcome, refusal.where) == ("not_supported", "DERControlBase/opModImpLimW")
    assert namespace in refusal.problem


def test_a_default_of_another_namespace_is_refused_too():
    text = (
        '<DefaultDERControl xmlns="urn:ieee:std:2030.5:ns" href="/d"><mRID>0D</mRID>'
        '<a:setGradW xmlns:a="urn:vendor:der">10</a:setGradW><DERControlBase/></DefaultDERControl>'
    )
    found = to_command(book(), parse(text.encode()), {}, in_program())
    assert found.value.controls == ()
    assert [refusal.where for refusal in found.refusals] == ["setGradW"]
