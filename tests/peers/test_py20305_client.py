"""The py20305 client walks our simulated utility over mutual TLS and reads what the script served."""

from functools import partial

import pytest

from gateway.simulators import utility_2030_5_controls as parts
from gateway.simulators.utility_2030_5 import (
    Curve,
    Dialect,
    Options,
    SimulatedUtility,
    control,
)
from gateway.simulators.utility_2030_5_world import PIN, sfdi_of
from gateway.simulators.utility_2030_5_xml import CSIP_AUS

AN_HOUR = 3600
VOLT_VAR = ((92, 44), (98, 0), (102, 0), (108, -44))
WATT_PF = ((500, 100, False), (1000, 95, True))
DROOP = parts.freq_droop(dead_band_mhz=(36, 40), slope=(50, 45), open_loop_tms=500)
absorbing = partial(parts.fixed_pf, absorbing_var=True)
injecting = partial(parts.fixed_pf, absorbing_var=False)
# What the script serves, and that mode as the client reads it: raw values, multipliers, excitation.
MODES = [
    (absorbing("0.95"), {"opModFixedPFInjectW": [95, -2, True]}),
    (injecting("0.9"), {"opModFixedPFInjectW": [9, -1, False]}),
    (injecting("1"), {"opModFixedPFInjectW": [1, 0, False]}),
    (absorbing("0.95", multiplier=-4), {"opModFixedPFInjectW": [9500, -4, True]}),
    (absorbing("0.925", direction="absorb"), {"opModFixedPFAbsorbW": [925, -3, True]}),
    (DROOP, {"opModFreqDroop": {"dBOF": 36, "dBUF": 40, "kOF": 50, "kUF": 45, "openLoopTms": 500}}),
    (parts.max_lim_w("62.5"), {"opModMaxLimW": 6250}),
    (parts.fixed_w("-33.33"), {"opModFixedW": -3333}),
    (parts.fixed_var("44", 2), {"opModFixedVar": [2, 4400]}),
    (parts.connect(False), {"opModConnect": False}),
    (parts.energize(True), {"opModEnergize": True}),
    (parts.target_w("-150000"), {"opModTargetW": [-15000, 1]}),
    (parts.target_var("1250.5"), {"opModTargetVar": [12505, -1]}),
    (parts.max_lim_pct_w_absorb(40), {"opModMaxLimPctWAbsorb": 4000}),
    (parts.max_lim_watts(40000, "inject"), {"opModMaxLimWInject": [40000, 0]}),
    (parts.max_lim_watts(7360, "absorb"), {"opModMaxLimWAbsorb": [7360, 0]}),
    (parts.import_limit(7000), {"opModImpLimW": [7000, 0]}),
    (parts.export_limit(0), {"opModExpLimW": [0, 0]}),
    (parts.generation_limit("3210.5"), {"opModGenLimW": [32105, -1]}),
    (parts.load_limit(110000), {"opModLoadLimW": [11000, 1]}),
]


@pytest.fixture
async def utility(files):
    async with SimulatedUtility(files, Options(Dialect("2018", CSIP_AUS))) as opened:
        yield opened


@pytest.fixture
def walk(service, authorities, utility, device):
    client = service("py20305", "walk.py")

    async def walked(identity=device):
        files = (identity.certificate_path, identity.key_path, authorities.trust_anchor)
        return await client.ask(url=utility.url, files=list(map(str, files)))

    return walked


def of(kind, told, **wanted):
    return [
        item
        for item in told
        if item["kind"] == kind and all(item[key] == value for key, value in wanted.items())
    ]


def the(kind, told, **wanted):
    (found,) = of(kind, told, **wanted)
    return found


async def test_it_finds_its_device_among_others_by_the_lfdi_that_it_computes(walk, utility, device):
    utility.add_device("A" * 40)
    utility.add_device(device.lfdi)
    utility.time_offset_s = 5000
    before = int(utility.now())
    told = await walk()
    assert before <= the("time", told)["current"] <= utility.now()
    found = the("device", told)
    assert found["href"] == "/edev/2"
    assert found["lfdi"] == device.lfdi.upper()
    assert the("self", told)["lfdi"].upper() == device.lfdi.upper()
    assert found["pin"] == PIN
    assert found["sfdi"] == sfdi_of(device.lfdi)
    assert found["category"] == "00020000"
    assert found["ders"] == 1
    assert found["capability"] == "/edev/2/der/1/dercap"


async def test_it_pages_through_programs_and_controls_served_one_by_one(walk, utility, device):
    assert utility.options.page_size == 1
    programs = [utility.add_program(primacy) for primacy in (7, 2, 5)]
    utility.add_device(device.lfdi, *programs)
    soon = int(utility.now()) + 60
    held = [
        utility.add_control(programs[0], control(soon + number * 600, 300, parts.max_lim_w(60)))
        for number in range(3)
    ]
    told = await walk()
    assert {item["href"]: item["primacy"] for item in of("program", told)} == {
        "/derp/1": 7,
        "/derp/2": 2,
        "/derp/3": 5,
    }
    assert all(item["complete"] for item in of("program", told))
    read = [(item["mrid"], item["start"], item["duration"]) for item in of("control", told)]
    assert read == [(item.mrid, item.control.start, 300) for item in held]


async def test_a_control_keeps_its_header(walk, utility, device):
    program = utility.add_program(1)
    utility.add_device(device.lfdi, program)
    start = int(utility.now()) + 60
    asked = control(start, AN_HOUR, parts.max_lim_w(60), randomize=(-300, 120))
    held = utility.add_control(program, asked)
    read = the("control", await walk())
    assert read["mrid"] == held.mrid
    assert (read["start"], read["duration"]) == (start, AN_HOUR)
    assert (read["randomizeStart"], read["randomizeDuration"]) == (-300, 120)
    assert read["created"] == held.created
    assert read["status"] == 0
    assert (read["replyTo"], read["responseRequired"]) == ("/rsp", "03")


async def test_running_cancelled_and_superseded_controls_say_so(walk, utility, device):
    program = utility.add_program(1)
    utility.add_device(device.lfdi, program)
    now = int(utility.now())
    superseded = utility.add_control(program, control(now - 10, AN_HOUR, parts.max_lim_w(60)))
    running = utility.add_control(program, control(now - 10, AN_HOUR, parts.max_lim_w(50)))
    other = utility.add_control(program, control(now - 10, AN_HOUR, parts.connect(True)))
    utility.cancel(other.mrid)
    read = {item["mrid"]: item["status"] for item in of("control", await walk())}
    assert read == {superseded.mrid: 4, running.mrid: 1, other.mrid: 2}


async def test_every_mode_arrives_with_the_value_that_was_served(walk, utility, device):
    program = utility.add_program(1)
    utility.add_device(device.lfdi, program)
    start = int(utility.now()) + 60
    served = {
        utility.add_control(program, control(start + AN_HOUR * number, AN_HOUR, part)).mrid: wanted
        for number, (part, wanted) in enumerate(MODES)
    }
    read = {item["mrid"]: item["modes"] for item in of("control", await walk())}
    assert read == served


async def test_modes_of_one_control_arrive_together(walk, utility, device):
    program = utility.add_program(1)
    utility.add_device(device.lfdi, program)
    base = (parts.import_limit(7000), parts.ramp(1000), parts.connect(True), parts.target_w(1))
    utility.add_control(program, control(int(utility.now()) + 60, AN_HOUR, *base))
    assert the("control", await walk())["modes"] == {
        "opModConnect": True,
        "opModTargetW": [1, 0],
        "rampTms": 1000,
        "opModImpLimW": [7000, 0],
    }


async def test_curves_arrive_point_by_point(walk, utility, device):
    program = utility.add_program(1)
    utility.add_device(device.lfdi, program)
    curve = Curve("opModVoltVar", VOLT_VAR, y_ref_type=2, open_loop_tms=500, v_ref=10000)
    href = utility.add_curve(program, curve)
    utility.add_control(program, control(int(utility.now()) + 60, AN_HOUR, parts.volt_var(href)))
    watt_pf = Curve("opModWattPF", WATT_PF, x_multiplier=-1, y_multiplier=-2)
    other = utility.add_curve(program, watt_pf)
    told = await walk()
    assert the("control", told)["modes"] == {"opModVoltVar": href}
    read = the("curve", told, href=href)
    assert read["type"] == 11
    assert read["points"] == [[x, y, None] for x, y in VOLT_VAR]
    assert read["multipliers"] == [0, 0]
    assert (read["yRefType"], read["openLoopTms"], read["vRef"]) == (2, 500, 10000)
    with_excitation = the("curve", told, href=other)
    assert with_excitation["type"] == 13
    assert with_excitation["points"] == [list(point) for point in WATT_PF]
    assert with_excitation["multipliers"] == [-1, -2]


async def test_the_default_control_and_its_ramp_arrive(walk, utility, device):
    program = utility.add_program(3)
    utility.add_device(device.lfdi, program)
    mrid = utility.set_default(program, parts.max_lim_w(80), settings={"setGradW": 28})
    read = the("default", await walk())
    assert read["mrid"] == mrid
    assert read["setGradW"] == 28
    assert read["modes"] == {"opModMaxLimW": 8000}


async def test_its_response_reaches_the_utility(walk, utility, device):
    program = utility.add_program(1)
    utility.add_device(device.lfdi, program)
    asked = control(int(utility.now()) + 60, AN_HOUR, parts.max_lim_w(60))
    held = utility.add_control(program, asked)
    told = await walk()
    assert the("answered", told)["location"] == "/rsp/1"
    (received,) = utility.responses
    assert (received.subject, received.status) == (held.mrid, 1)
    assert received.lfdi == device.lfdi.upper()
    assert received.requested
    assert utility.refusals == []


async def test_a_stranger_with_a_sound_certificate_finds_no_device(walk, utility, device, stranger):
    utility.add_device(device.lfdi, utility.add_program(1))
    told = await walk(identity=stranger)
    assert of("device", told) == of("program", told) == []
