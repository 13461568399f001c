"""One value for each payload type of events, and the contracts and policies that give some a meaning."""

VOLT_VAR = {"curve": "volt_var", "x": "pu_of_VNom", "y": "pu_of_setMaxVA"}
SAMPLES = {
    # payload type: (values, units)
    "SIMPLE": ((2,), ""),
    "PRICE": ((0.17,), "KWH"),
    "CHARGE_STATE_SETPOINT": ((0.8,), "PERCENT"),
    "DISPATCH_SETPOINT": ((7,), "KW"),
    "DISPATCH_SETPOINT_RELATIVE": ((2,), "KW"),
    "CONTROL_SETPOINT": ((0.95,), ""),
    "EXPORT_PRICE": ((0.08,), "KWH"),
    "GHG": ((250,), "GHG"),
    "CURVE": (({"x": 0.92, "y": 0.44}, {"x": 0.98, "y": 0}, {"x": 1.06, "y": -0.44}), ""),
    "OLS": ((0.5,), ""),
    "IMPORT_CAPACITY_SUBSCRIPTION": ((12,), "KW"),
    "IMPORT_CAPACITY_RESERVATION": ((12,), "KW"),
    "IMPORT_CAPACITY_RESERVATION_FEE": ((0.1,), "KW"),
    "IMPORT_CAPACITY_AVAILABLE": ((12,), "KW"),
    "IMPORT_CAPACITY_AVAILABLE_PRICE": ((0.1,), "KW"),
    "EXPORT_CAPACITY_SUBSCRIPTION": ((4,), "KW"),
    "EXPORT_CAPACITY_RESERVATION": ((4,), "KW"),
    "EXPORT_CAPACITY_RESERVATION_FEE": ((0.1,), "KW"),
    "EXPORT_CAPACITY_AVAILABLE": ((4,), "KW"),
    "EXPORT_CAPACITY_AVAILABLE_PRICE": ((0.1,), "KW"),
    "IMPORT_CAPACITY_LIMIT": ((10,), "KW"),
    "EXPORT_CAPACITY_LIMIT": ((4,), "KW"),
    "ALERT_GRID_EMERGENCY": (("text",), ""),
    "ALERT_BLACK_START": (("text",), ""),
    "ALERT_POSSIBLE_OUTAGE": (("text",), ""),
    "ALERT_FLEX_ALERT": (("text",), ""),
    "ALERT_FIRE": (("text",), ""),
    "ALERT_FREEZING": (("text",), ""),
    "ALERT_WIND": (("text",), ""),
    "ALERT_TSUNAMI": (("text",), ""),
    "ALERT_AIR_QUALITY": (("text",), ""),
    "ALERT_OTHER": (("text",), ""),
    "CTA2045_REBOOT": ((1,), ""),
    "CTA2045_SET_OVERRIDE_STATUS": ((1,), ""),
    "CAPACITY_SUBSCRIPTION": ((12,), "KW"),
    "CAPACITY_RESERVATION": ((12,), "KW"),
    "CAPACITY_AVAILABLE": ((12,), "KW"),
    "CAPACITY_AVAILABLE_FEE": ((0.1,), "KW"),
    "DISPATCH_INSTRUCTION": (("load_reduction",), ""),
    "CONTROL_LEVEL_OFFSET": ((2,), ""),
    "CONTROL_LEVEL_OFFSET_PERCENT": ((0.5,), ""),
    "PRICE_ALTERNATE": ((0.17,), "KWH"),
}
CONTRACTS = (
    # payload type, binding, values, units
    ("CURVE", VOLT_VAR | {"y_sign": "inject_positive"}, SAMPLES["CURVE"][0], ""),
    ("CONTROL_SETPOINT", {"control": "fixed_pf", "excitation": "under"}, (0.95,), ""),
    ("CONTROL_SETPOINT", {"control": "ramp"}, (10,), "PERCENT_PER_S"),
    ("DISPATCH_SETPOINT", {"negative": "discharge"}, (-5,), "KW"),
    ("DISPATCH_SETPOINT_RELATIVE", {"negative": "discharge"}, (-2,), "KW"),
    ("CHARGE_STATE_SETPOINT", {"capacity_kwh": 60}, (48,), "KWH"),
)
POLICIES = (
    # payload type, policy
    ("ALERT_GRID_EMERGENCY", {"alert_grid_emergency": "zero_envelope"}),
    ("SIMPLE", {"simple_2": "zero_envelope"}),
)
