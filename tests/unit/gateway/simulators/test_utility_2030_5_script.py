"""Scripts: what they set up, how a mistake is named, and what each step moves."""

import textwrap

import pytest

from gateway.errors import SettingsError
from gateway.security import pki
from gateway.simulators import utility_2030_5_script as scripting
from gateway.simulators.utility_2030_5_records import leaves
from gateway.simulators.utility_2030_5_script import FAULTS, PARTS, Stage, load_script
from gateway.simulators.utility_2030_5_world import EventState, World
from gateway.simulators.utility_2030_5_xml import CSIP_AUS

LFDI = "3E4F45AB31EDFE5B67E343E5E4562E31984E23E5"
NOON = 1_800_000_000
HEAD = f"""
programs:
  - id: feeder
    primacy: 1
    curves:
      vv: {{mode: opModVoltVar, points: [[92, 44], [98, 0, true]], y_ref_type: 2, v_ref: 10000}}
    default: {{parts: {{max_lim_w: 80}}, settings: {{setGradW: 100}}}}
devices:
  - {{lfdi: {LFDI}, programs: [feeder]}}
"""
ADD = "add: {id: a, program: feeder, duration_s: 60, parts: {max_lim_w: 50}}"


def played(steps, head=HEAD):
    """Load a script and play all its steps; return the world and the script."""
    listed = ", ".join(f"{{{step}}}" for step in steps)
    script = load_script(f"{head}steps: [{listed}]")
    world = World(script.options, lambda: float(NOON))
    stage = Stage(script, world, scripting.Path())
    for step in script.steps:
        stage.play(step)
    return world


def test_the_example_of_the_module_loads():
    example = textwrap.dedent(scripting.__doc__.partition("\n\n")[2])
    script = load_script(example.replace("certificate: certs/cs1.pem", f"lfdi: {LFDI}"))
    assert len(script.steps) == 5


def test_programs_curves_and_defaults_are_set_up():
    world = played([])
    (program,) = world.programs
    assert (program.primacy, program.description) == (1, "feeder")
    (curve,) = program.curves
    assert curve.curve.points == [(92, 44), (98, 0, True)]
    assert (curve.curve.y_ref_type, curve.curve.v_ref) == (2, 10000)
    assert program.default.at("DERControlBase/opModMaxLimW") == "8000"
    assert program.default.at("setGradW") == "100"


def test_devices_are_registered_and_assigned():
    world = played([])
    (device,) = world.devices
    assert (device.lfdi, device.pin) == (LFDI, 111115)
    assert device.programs == world.programs


def test_options_are_taken_over():
    head = f"revision: '2023'\ncsip_aus: {CSIP_AUS}\npoll_rate_s: 7\npost_rate_s: 8\npage_size: 9\n"
    options = load_script(head + HEAD).options
    assert (options.dialect.revision, options.dialect.csip_aus) == ("2023", CSIP_AUS)
    assert (options.poll_rate_s, options.post_rate_s, options.page_size) == (7, 8, 9)


def test_a_device_may_be_named_by_its_certificate(tmp_path):
    authorities = pki.create_authorities(tmp_path)
    identity = pki.issue_device(authorities, "cs1")
    script = load_script("programs: []\ndevices: [{certificate: cs1.pem}]", tmp_path)
    world = World(script.options)
    Stage(script, world, tmp_path)
    assert world.devices[0].lfdi == identity.lfdi


@pytest.mark.parametrize(
    ("parts", "name", "values"),
    [
        pytest.param("max_lim_w: 12.34", "opModMaxLimW", None, id="a decimal as written"),
        pytest.param(
            "fixed_pf: {displacement: 0.95, absorbing_var: true}",
            "opModFixedPFInjectW",
            {"displacement": "95", "excitation": "true", "multiplier": "-2"},
            id="named values",
        ),
        pytest.param(
            "freq_droop: {dead_band_mhz: [36, 36], slope: [50, 50], open_loop_tms: 500}",
            "opModFreqDroop",
            {"dBOF": "36", "dBUF": "36", "kOF": "50", "kUF": "50", "openLoopTms": "500"},
            id="droop",
        ),
        pytest.param(
            "max_lim_watts: {watts: 7000, direction: absorb}",
            "opModMaxLimWAbsorb",
            {"multiplier": "0", "value": "7000"},
            id="a limit in watts",
        ),
        pytest.param("connect: false", "opModConnect", None, id="a boolean"),
        pytest.param("curves: [vv]", "opModVoltVar", None, id="a curve of the program"),
    ],
)
def test_parts_are_built_from_their_names(parts, name, values):
    step = f"add: {{id: a, program: feeder, start_in_s: 5, duration_s: 60, parts: {{{parts}}}}}"
    world = played([step])
    (held,) = world.programs[0].controls
    (part,) = held.control.base
    assert part.name == name
    assert (held.control.start, held.control.duration) == (NOON + 5, 60)
    if values is not None:
        assert leaves(part) == values
    if name == "opModVoltVar":
        assert part.attributes == {"href": world.programs[0].curves[0].href}


def test_randomisation_is_passed_on():
    step = ADD.replace("parts", "randomize_start_s: -5, randomize_duration_s: 9, parts")
    (held,) = played([step]).programs[0].controls
    assert (held.control.randomize_start, held.control.randomize_duration) == (-5, 9)


@pytest.mark.parametrize(
    ("step", "state"),
    [
        pytest.param("cancel: {id: a}", EventState.CANCELLED, id="cancelled"),
        pytest.param(
            "cancel: {id: a, randomized: true}",
            EventState.CANCELLED_RANDOMIZED,
            id="cancelled at random",
        ),
    ],
)
def test_a_control_is_cancelled(step, state):
    (held,) = played([ADD, step]).programs[0].controls
    assert held.state is state


def test_a_control_is_removed():
    assert played([ADD, "remove: a"]).programs[0].controls == []


def test_a_fault_is_set_and_lifted():
    fault = "fault: {kind: status, path: /derp/*, method: GET, times: 2, with: {code: 503}}"
    (trap,) = played([fault]).traps
    assert (trap.pattern, trap.method, trap.remaining) == ("/derp/*", "GET", 2)
    assert trap.fault(None).status == 503
    assert played([fault, "heal: true"]).traps == []


@pytest.mark.parametrize("kind", sorted(FAULTS))
def test_every_kind_of_fault_can_be_set(kind):
    needed = {"status": "code: 500", "omit": "name: x", "say": "name: x, text: y"}
    arguments = needed.get(kind, "")
    world = played([f"fault: {{kind: {kind}, path: /dcap, with: {{{arguments}}}}}"])
    assert len(world.traps) == 1


def test_every_part_has_a_name_in_scripts():
    made = {
        "connect": "true",
        "energize": "true",
        "fixed_pf": "{displacement: 1, absorbing_var: true}",
        "fixed_var": "{percent: 1, ref_type: 2}",
        "freq_droop": "{dead_band_mhz: [1, 1], slope: [1, 1], open_loop_tms: 1}",
        "max_lim_watts": "{watts: 1, direction: inject}",
    }
    parts = ", ".join(f"{name}: {made.get(name, 1)}" for name in sorted(PARTS))
    step = f"add: {{id: a, program: feeder, duration_s: 60, parts: {{{parts}}}}}"
    (held,) = played([step]).programs[0].controls
    assert len(held.control.base) == len(PARTS)


@pytest.mark.parametrize(
    ("text", "where", "words"),
    [
        pytest.param("a: [", "script", "no YAML", id="no YAML"),
        pytest.param("a: 1\na: 2", "script", "no YAML", id="a key twice"),
        pytest.param("", "script", "valid dictionary", id="nothing"),
        pytest.param("programs: []", "devices", "required", id="no devices"),
        pytest.param(HEAD + "colour: red", "colour", "not permitted", id="an unknown key"),
        pytest.param(HEAD + "revision: '2030'", "revision", "2018", id="an unknown revision"),
        pytest.param(
            HEAD.replace("primacy: 1", "primacy: one"), "programs.0.primacy", "integer", id="a word"
        ),
        pytest.param(
            HEAD.replace("[feeder]", "[valley]"), "programs and devices", "valley", id="no program"
        ),
        pytest.param(
            HEAD.replace("opModVoltVar", "opModNothing"),
            "programs and devices",
            "opModNothing",
            id="an unknown mode",
        ),
        pytest.param(
            HEAD.replace(f"lfdi: {LFDI}", "pin: 1"),
            "devices.0",
            "either lfdi or certificate",
            id="a device without name",
        ),
        pytest.param(
            HEAD.replace(f"lfdi: {LFDI}", f"lfdi: {LFDI}, certificate: a.pem"),
            "devices.0",
            "either lfdi or certificate",
            id="a device with two names",
        ),
        pytest.param(
            HEAD.replace(f"lfdi: {LFDI}", "certificate: none.pem"),
            "programs and devices",
            "none.pem",
            id="a certificate that is not",
        ),
        pytest.param(
            HEAD + "steps: [{cancel: {id: a}}]", "steps[0]", "'a' is not known", id="no control"
        ),
        pytest.param(
            HEAD + f"steps: [{{{ADD}}}, {{{ADD.replace('max_lim_w', 'colour')}}}]",
            "steps[1]",
            "'colour' is not known",
            id="an unknown part in the second step",
        ),
        pytest.param(
            HEAD + "steps: [{" + ADD.replace("max_lim_w: 50", "fixed_pf: {colour: 1}") + "}]",
            "steps[0]",
            "colour",
            id="an unknown value of a part",
        ),
        pytest.param(
            HEAD + "steps: [{" + ADD.replace("50", "0.001") + "}]",
            "steps[0]",
            "hundredths",
            id="a number that does not fit",
        ),
        pytest.param(
            HEAD + "steps: [{fault: {kind: earthquake, path: /}}]",
            "steps[0]",
            "earthquake",
            id="an unknown fault",
        ),
    ],
)
def test_a_mistake_is_named_with_its_place(text, where, words):
    with pytest.raises(SettingsError) as caught:
        load_script(text)
    assert where in caught.value.where
    assert words in caught.value.problem
    assert caught.value.exit_status == 2


def test_a_file_without_certificate_is_named(tmp_path):
    (tmp_path / "a.pem").write_text("nothing")
    with pytest.raises(SettingsError, match=r"a\.pem holds no certificate"):
        load_script("programs: []\ndevices: [{certificate: a.pem}]", tmp_path)


def test_only_the_first_certificate_of_a_chain_counts(tmp_path):
    authorities = pki.create_authorities(tmp_path)
    identity = pki.issue_device(authorities, "cs1")
    assert identity.certificate_path.read_text().count("BEGIN CERTIFICATE") == 3
    entry = scripting.DeviceEntry(certificate="cs1.pem")
    assert scripting._lfdi(entry, tmp_path) == identity.lfdi
