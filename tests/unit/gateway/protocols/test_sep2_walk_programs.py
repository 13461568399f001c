"""Which programs the walk follows: by function sets, by what stands in for them, by primacy."""

import pytest

from gateway.protocols.sep2_changes import ControlServed
from support.walk_bench import (
    a_control,
    a_course,
    a_list,
    a_program,
    a_tree,
    an_end_device,
    an_fsa,
    doc,
    link,
    served,
    states,
)


def test_a_function_set_without_programs_falls_back_on_device_capability():
    tree = a_tree(
        a_control("A1"), **{"/fsa": a_list("FunctionSetAssignmentsList", an_fsa(programs=""))}
    )
    tree["/dcap"] = tree["/dcap"].replace(
        "<TimeLink", link("DERProgramListLink", "/derp") + "<TimeLink"
    )
    tree["/derp"] = a_list("DERProgramList", a_program())
    assert served(a_course(tree).settle()) == ["A1", "DD"]


def test_a_function_set_without_programs_falls_back_on_the_current_program():
    tree = a_tree(
        a_control("A1"), **{"/fsa": a_list("FunctionSetAssignmentsList", an_fsa(programs=""))}
    )
    tree["/der"] = a_list("DERList", "<DER/>", f"<DER>{link('CurrentDERProgramLink', '/p1')}</DER>")
    tree["/p1"] = a_program().replace("<DERProgram ", '<DERProgram xmlns="urn:ieee:std:2030.5:ns" ')
    assert served(a_course(tree).settle()) == ["A1", "DD"]


def test_a_device_without_function_sets_falls_back_on_device_capability():
    tree = a_tree(a_control("A1"), **{"/edev": a_list("EndDeviceList", an_end_device(fsa=False))})
    tree["/dcap"] = tree["/dcap"].replace(
        "<TimeLink", link("DERProgramListLink", "/fsa/1/derp") + "<TimeLink"
    )
    assert served(a_course(tree).settle()) == ["A1", "DD"]


def test_a_utility_without_end_devices_serves_its_programs_to_all():
    tree = a_tree(a_control("A1"))
    tree["/dcap"] = doc("DeviceCapability", link("DERProgramListLink", "/fsa/1/derp"))
    changes = a_course(tree).settle()
    assert served(changes) == ["A1", "DD"]
    assert states(changes)[-1] == (True, "")


def test_an_empty_assignment_is_told():
    changes = a_course(a_tree(**{"/fsa": a_list("FunctionSetAssignmentsList")})).settle()
    assert states(changes)[-1] == (
        True,
        "the utility has assigned this EndDevice to no function set yet",
    )


@pytest.mark.parametrize("primacies", [(9, 3), (3, 9)])
def test_a_program_through_two_function_sets_counts_once_at_its_best_primacy(primacies):
    first, second = primacies
    tree = a_tree(
        a_control("A1"),
        **{
            "/fsa": a_list("FunctionSetAssignmentsList", an_fsa(), an_fsa("2", "/fsa/2/derp")),
            "/fsa/1/derp": a_list("DERProgramList", a_program(primacy=first)),
            "/fsa/2/derp": a_list("DERProgramList", a_program(primacy=second)),
        },
    )
    changes = [c for c in a_course(tree).settle() if isinstance(c, ControlServed)]
    assert [(change.mrid, change.program.primacy) for change in changes] == [("A1", 3), ("DD", 3)]


@pytest.mark.parametrize("primacy", [-1, 256, 10**19 * 9])
def test_a_program_whose_primacy_is_none_comes_last(primacy):
    programs = a_list("DERProgramList", a_program(primacy=primacy))
    changes = a_course(a_tree(a_control("A1"), **{"/fsa/1/derp": programs})).settle()
    found = [change for change in changes if isinstance(change, ControlServed)]
    assert {change.program.primacy for change in found} == {255}


def test_a_program_without_primacy_comes_last_and_without_mrid_goes_by_address():
    bare = '<DERProgram href="/p1">' + link("DERControlListLink", "/p1/c") + "</DERProgram>"
    tree = a_tree(a_control("A1"), **{"/fsa/1/derp": a_list("DERProgramList", bare)})
    (change,) = [c for c in a_course(tree).settle() if isinstance(c, ControlServed)]
    assert (change.program.key, change.program.primacy) == ("https://utility.example/p1", 255)
