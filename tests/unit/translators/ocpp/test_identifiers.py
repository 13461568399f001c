"""Ids of what we set: derived, and in the form that RFC 9562 gives them."""

import uuid

from hypothesis import given
from hypothesis import strategies as st

from translators.ocpp.identifiers import control_id

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@given(TEXTS, TEXTS, TEXTS)
def test_a_control_id_is_the_uuid_of_its_name(mrid, station, control_type):
    namespace = uuid.UUID("6b1d1c5e-52b1-5d0c-9f1c-3f0d3a1a7c44")
    named = uuid.uuid5(namespace, f"{mrid.upper()}|{station}|{control_type}")
    assert control_id(mrid, station, control_type) == str(named)
