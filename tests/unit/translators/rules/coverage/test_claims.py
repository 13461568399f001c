"""What rules of each kind read, emit and let go."""

from types import SimpleNamespace

import pytest

from support.coverage import a_model, a_source, a_target
from translators.rules.coverage.claims import EVERY_NODE, claims, models_of


def paths(model, **only):
    found = list(claims([model]))
    return {claim.paths for claim in found if all(getattr(claim, k) == v for k, v in only.items())}


def test_a_source_reads_values_powers_of_ten_and_the_switch_of_a_unit():
    model = a_source(
        fields={"flow": {"const": "injecting"}},
        quantity={
            "setpoint": {
                "from": "value",
                "scale10": "multiplier",
                "unit": {"switch": "refType", "cases": {1: "pct[setMaxW]"}},
            }
        },
    )
    assert paths(model) == {("opModX/value",), ("opModX/multiplier",), ("opModX/refType",)}


def test_a_point_is_its_element():
    model = a_source(quantity={"setpoint": {"from": ".", "unit": "W"}})
    assert paths(model) == {("opModX",)}


def test_the_scale_of_a_point_may_stand_with_the_curve_and_the_link_is_read():
    model = a_source(
        resolve={"follow": "href", "expect": {"curveType": 11}},
        points={
            "each": "CurveData",
            "x": {"from": "xvalue", "scale10": "xMultiplier", "unit": "W"},
            "y": {"from": "yvalue", "unit": "W"},
            "excitation": {"from": "excitation", "cases": {"true": "under"}},
        },
    )
    assert paths(model) == {
        ("opModX/@href",),
        ("opModX/curveType",),
        ("opModX/CurveData/xvalue", "opModX/xvalue"),
        ("opModX/CurveData/xMultiplier", "opModX/xMultiplier"),
        ("opModX/CurveData/yvalue", "opModX/yvalue"),
        ("opModX/CurveData/excitation", "opModX/excitation"),
    }


def test_elements_that_are_read_together_stand_beside_each_other():
    fields = {
        "normal": {"from": "setGradW", "unit": "s"},
        "soft": {"from": "setSoftGradW", "unit": "s"},
    }
    model = a_source(["setGradW", "setSoftGradW"], parent="DefaultDERControl", fields=fields)
    assert paths(model) == {("setGradW",), ("setSoftGradW",)}


def test_alternatives_of_a_path_are_all_read():
    model = a_source(fields={"flow": {"from": "a|b=1?c", "cases": {"x": "injecting"}}})
    assert paths(model) == {("opModX/a",), ("opModX/b",), ("opModX/c",)}


def test_what_a_rule_ignores_comes_with_reason_and_loss():
    ignored = [
        {"field": "vRef", "loss": "drop", "reason": "no member"},
        {"field": "yRefType", "reason": "none"},
    ]
    (first, second) = claims([a_source(ignored=ignored)])
    assert (first.paths, first.reason, first.loss) == (("opModX/vRef",), "no member", "drop")
    assert (second.paths, second.loss) == (("opModX/yRefType",), "none")


def test_a_rule_claims_each_of_its_revisions():
    model = a_source(revisions=["2018", "2023"], quantity={"setpoint": {"from": ".", "unit": "W"}})
    assert [claim.subject.revision for claim in claims([model])] == ["2018", "2023"]


def test_a_reading_of_a_payload_type_is_that_type_and_a_word_of_the_view_is_no_leaf():
    model = a_source(
        "CURVE.volt_var", parent="event", protocol="openadr", revisions=["3.1"],
        quantity={"setpoint": {"from": "binding/y", "unit": "W"}},
        ignored=[{"field": "WMaxFto", "reason": "a fallback"}],
    )  # fmt: skip
    assert paths(model, sure=True) == {("CURVE",)}
    assert paths(model, sure=False) == {("binding",), ("WMaxFto",)}


def test_a_target_fills_slots_points_types_and_named_values():
    model = a_target(
        variants=[{"controlType": "VoltVar", "slot": "curve"}],
        points={"x": {"unit": "Hz"}, "y": {"units": {"pct[setMaxVar]": "PctMaxVar"}}},
        emit={
            "yUnit": {"unit_of": "y"},
            "a.b": {"const": "Fix"},
            "flag": {"from": "x", "cases": {"u": True}},
        },
    )
    assert paths(model) == {
        ("curve/curveData/x",),
        ("curve/curveData/y",),
        ("curve/yUnit",),
        ("curve/yUnit=PctMaxVar", "curve/yUnit"),
        ("curve/a/b",),
        ("curve/a/b=Fix", "curve/a/b"),
        ("curve/flag",),
        ("controlType=VoltVar", "controlType"),
    }


_PERIOD = "chargingProfile/chargingSchedule/chargingSchedulePeriod"


@pytest.mark.parametrize(
    ("operator", "emit", "expected"),
    [
        pytest.param("import_limit", "limit", {(f"{_PERIOD}/limit",)}, id="a period"),
        pytest.param(
            "charge_state",
            "soc",
            {("chargingProfile/chargingSchedule/limitAtSoC/soc",)},
            id="a schedule",
        ),
    ],
)
def test_a_profile_is_filled_where_its_operator_says(operator, emit, expected):
    model = a_target(message="SetChargingProfile", operator=operator, emit={emit: {"from": "x"}})
    assert paths(model) == expected


def test_a_frequency_curve_of_a_profile_has_its_own_points():
    model = a_target(
        message="SetChargingProfile",
        operator="local_frequency",
        points={"x": {"unit": "Hz"}, "y": {"unit": "W"}},
    )
    assert paths(model) == {
        (f"{_PERIOD}/v2xFreqWattCurve/frequency",),
        (f"{_PERIOD}/v2xFreqWattCurve/power",),
    }


def test_a_unit_of_another_number_gives_its_values():
    emit = {"setpoint": {"from": "s", "units": {"W": "Watt"}}, "unit": {"unit_of": "setpoint"}}
    model = a_target(variants=[{"slot": "fixedVar"}], emit=emit)
    assert ("fixedVar/unit=Watt", "fixedVar/unit") in paths(model)


def test_a_rule_that_sends_nothing_claims_nothing():
    assert paths(a_target(message="none", operator="refuse")) == set()


def a_report(document="DERStatus", protocol="ieee2030_5", **members):
    report = {"protocol": protocol, "revisions": ["2018", "2023"], "document": document}
    tests = [{"name": "one", "given": {}}]
    return a_model("ReportMapping", report=report, facts="status", tests=tests, **members)


def test_a_report_fills_members_in_their_revisions_and_never_fills_others():
    model = a_report(
        emit={
            "readingTime": {"from": "at"},
            "connectStatus/value": {"from": "c", "revisions": ["2023"]},
            "statWAvail": {"from": "w", "scaled": {"range": [0, 9]}},
        },
        never={"manufacturerStatus": "none has one", "status = 4": "no override"},
    )
    of_2018 = [claim for claim in claims([model]) if claim.subject.revision == "2018"]
    assert {claim.paths for claim in of_2018} == {
        ("readingTime",),
        ("statWAvail/value",),
        ("statWAvail/multiplier",),
        ("manufacturerStatus",),
        ("status=4", "status"),
    }
    assert [claim.paths for claim in of_2018 if claim.reason] == [("manufacturerStatus",)]
    assert ("connectStatus/value",) in paths(model)


@pytest.mark.parametrize(
    ("document", "type_", "path"),
    [
        pytest.param("READING", "report", "READING", id="payload type"),
        pytest.param("resource", "resource", "value", id="object"),
    ],
)
def test_a_report_of_openadr_is_a_payload_type_or_an_object(document, type_, path):
    found = list(claims([a_report(document, "openadr", emit={"value": {"from": "at"}})]))
    assert {(claim.subject.type, claim.paths[0]) for claim in found} == {(type_, path)}


def test_a_report_of_iec_61850_tells_data_objects_by_their_attributes():
    model = a_report(
        "DGEN.DEROpSt",
        "iec61850",
        emit={"TotW.mag.f": {"from": "at"}, "TotW.q": {"from": "at"}},
        never={"FctOpSt": "not seen", "addCause = 12": "not here"},
    )
    found = [claim for claim in claims([model]) if claim.subject.revision == "2018"]
    assert [(claim.subject.type, claim.paths, bool(claim.reason)) for claim in found] == [
        ("DGEN", ("TotW",), False),
        ("DGEN", ("FctOpSt",), True),
    ]


@pytest.mark.parametrize(
    ("action", "components", "types", "within"),
    [
        pytest.param("NotifyReport", ["DCDERCtrlr"], {"DCDERCtrlr"}, "", id="variables"),
        pytest.param(
            "NotifyEVChargingNeeds",
            [],
            {"NotifyEVChargingNeedsRequest"},
            "chargingNeeds/",
            id="a message",
        ),
    ],
)
def test_what_a_station_says_of_itself_is_read_from_variables_or_a_message(
    action, components, types, within
):
    message = {"protocol": "ocpp", "versions": ["2.1"], "action": action, "components": components}
    model = a_model(
        "CapabilityMapping",
        message=message,
        evse={
            "max_w": {"from": ["MaxW", "MaxW_L2"], "unit": "W"},
            "v_nom": {"from": "VNom", "unit": "V"},
        },
        ignored={"InverterModel": "a name"},
        tests=[{"name": "one", "given": {}}],
    )
    found = list(claims([model]))
    assert {claim.subject.type for claim in found} == types
    read = [claim.paths[0] for claim in found if not claim.reason]
    assert read == [f"{within}{name}" for name in ("MaxW", "MaxW_L2", "VNom")]
    assert [claim.paths[0] for claim in found if claim.reason] == [f"{within}InverterModel"]
    assert all(claim.sure is bool(within) for claim in found)


def test_a_profile_names_aliases_settings_times_and_what_is_not_carried():
    model = a_model(
        "Profile",
        profile="mesa",
        aliases={"*": {"OpnLoopMax": "OplTmsMax"}, "DWMX": {"LimW": "WMaxSpt"}},
        settings={"DVAR": {"VArSetRef": "2"}},
        mode={"object": "ModEna", "on": "true", "off": "false"},
        times={"duration": "RvrtTms"},
        beside=[{"object": "Beh", "reason": "a report"}],
        refused=[{"node": "DWMN", "reason": "no function"}],
    )
    found = {(claim.subject.type, claim.paths[0], bool(claim.reason)) for claim in claims([model])}
    assert found == {
        (EVERY_NODE, "OpnLoopMax", False),
        ("DWMX", "LimW", False),
        ("DVAR", "VArSetRef", False),
        (EVERY_NODE, "ModEna", False),
        (EVERY_NODE, "RvrtTms", False),
        (EVERY_NODE, "Beh", True),
        ("DWMN", "*", True),
    }


def test_a_profile_without_modes_and_times_names_none():
    assert list(claims([a_model("Profile", profile="bare")])) == []


def test_documents_of_other_kinds_claim_nothing():
    assert list(claims([object()])) == []


def test_the_models_of_a_book_are_those_of_its_rules_and_its_further_documents():
    book = SimpleNamespace(rules=(SimpleNamespace(model=1),), others=(SimpleNamespace(model=2), 3))
    assert models_of(book) == [1, 2, 3]
