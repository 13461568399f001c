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
