"""Both halves in one: what a document comes to, and which status it owes by itself."""

from gateway.settings.packs import shipped_book
from support.vector_builders import STATIONS, a_vector, control_xml
from translators.canonical.commands import Revision
from translators.chain import owed, translate, travel
from translators.vectors import case_of, read_stations, vector_of


def a_case(xml):
    return case_of(vector_of(a_vector(source__documents={"control": xml})), read_stations(STATIONS))


def test_a_document_comes_to_a_command_and_to_messages():
    gone = travel(shipped_book(), a_case(control_xml()))
    assert [command.primacy for command in gone.value.commands] == [3]
    assert [message.action for message in gone.value.orders.messages] == ["SetDERControl"]


def test_the_orders_alone_have_the_same_trace():
    case = a_case(control_xml())
    orders, gone = translate(shipped_book(), case), travel(shipped_book(), case)
    assert orders.value == gone.value.orders
    assert orders.steps == gone.steps


def test_what_is_no_command_comes_to_nothing_and_owes_253():
    gone = travel(shipped_book(), a_case("<DERControl/>"))
    assert gone.value.commands == ()
    assert gone.value.orders.messages == ()
    assert owed(shipped_book(), gone, Revision.IEEE2030_5_2018) == (253,)


def test_the_gravest_refusal_is_owed():
    base = "<opModFixedV>10000</opModFixedV><opModVoltVar href='/none'/>"
    gone = travel(shipped_book(), a_case(control_xml(base)))
    assert len(gone.refusals) == 2
    assert owed(shipped_book(), gone, Revision.IEEE2030_5_2023) == (253,)


def test_messages_leave_the_status_to_the_station():
    gone = travel(shipped_book(), a_case(control_xml()))
    assert owed(shipped_book(), gone, Revision.IEEE2030_5_2023) == ()
