"""Walks a 2030.5 utility with the py20305 client, once for each line of input.

A line is {"url": ..., "files": [CERTIFICATE, KEY, TRUST_ANCHOR]}. The answer is a JSON line for each
thing that was found, then an `end`; each control is answered with Response 1 (received).
"""

import asyncio
import json
import sys
from pathlib import Path
from urllib.parse import urlsplit

from py20305.client.discovery import discover
from py20305.client.http import Sep2Client
from py20305.client.state import DiscoveredState
from py20305.client.tls import TlsConfig
from py20305.models.sep.sep import DercontrolResponse, Registration, TimeType

POWER_FACTORS = {
    "opModFixedPFAbsorbW": "op_mod_fixed_pfabsorb_w",
    "opModFixedPFInjectW": "op_mod_fixed_pfinject_w",
}
CURVES = {
    "opModVoltVar": "op_mod_volt_var",
    "opModVoltWatt": "op_mod_volt_watt",
    "opModWattPF": "op_mod_watt_pf",
}
POWERS = {
    "opModTargetVar": "op_mod_target_var",
    "opModTargetW": "op_mod_target_w",
    "opModMaxLimWInject": "op_mod_max_lim_winject",
    "opModMaxLimWAbsorb": "op_mod_max_lim_wabsorb",
}
PLAIN = {
    "opModConnect": "op_mod_connect",
    "opModEnergize": "op_mod_energize",
    "opModFixedW": "op_mod_fixed_w",
    "opModMaxLimW": "op_mod_max_lim_w",
    "opModMaxLimPctWAbsorb": "op_mod_max_lim_pct_wabsorb",
    "rampTms": "ramp_tms",
}
DROOP = {
    "dBOF": "d_bof",
    "dBUF": "d_buf",
    "kOF": "k_of",
    "kUF": "k_uf",
    "openLoopTms": "open_loop_tms",
}


def tell(kind, **values):
    sys.stdout.write(json.dumps({"kind": kind, **values}) + "\n")


def plain(value):
    """Return the number or text inside the client's own types."""
    inner = getattr(value, "value", value)
    return inner.hex().upper() if isinstance(inner, bytes) else inner


def power(element):
    return [plain(element.value), plain(element.multiplier)]


def power_factor(element):
    return [element.displacement, plain(element.multiplier), element.excitation]


def droop(element):
    return {name: getattr(element, field) for name, field in DROOP.items()}


def fixed_var(element):
    return [plain(element.ref_type), plain(element.value)]


READERS = [
    (POWER_FACTORS, power_factor),
    (CURVES, lambda link: link.href),
    (POWERS, power),
    (PLAIN, plain),
    ({"opModFixedVar": "op_mod_fixed_var"}, fixed_var),
    ({"opModFreqDroop": "op_mod_freq_droop"}, droop),
]


def modes(base):
    """Return the modes of a DERControlBase by their names on the wire."""
    found = {
        name: read(getattr(base, field))
        for names, read in READERS
        for name, field in names.items()
        if getattr(base, field) is not None
    }
    limits = {type(it).__name__.replace("OpMod", "opMod"): power(it) for it in base.other_element}
    return found | limits


def describe_control(program, control):
    tell(
        "control",
        program=program.href,
        mrid=plain(control.m_rid),
        start=plain(control.interval.start),
        duration=control.interval.duration,
        created=plain(control.creation_time),
        status=plain(control.event_status.current_status),
        randomizeStart=plain(control.randomize_start),
        randomizeDuration=plain(control.randomize_duration),
        replyTo=control.reply_to,
        responseRequired=plain(control.response_required),
        modes=modes(control.dercontrol_base),
    )


def describe_default(program):
    default = program.default_dercontrol
    if default is not None:
        tell(
            "default",
            program=program.href,
            mrid=plain(default.m_rid),
            setGradW=default.set_grad_w,
            modes=modes(default.dercontrol_base),
        )


def describe_curve(program, curve):
    tell(
        "curve",
        program=program.href,
        href=curve.href,
        type=plain(curve.curve_type),
        points=[[point.xvalue, point.yvalue, point.excitation] for point in curve.curve_data],
        multipliers=[plain(curve.x_multiplier), plain(curve.y_multiplier)],
        yRefType=plain(curve.y_ref_type),
        openLoopTms=curve.open_loop_tms,
        vRef=plain(curve.v_ref),
    )


def describe_program(program):
    complete = program.der_controls_complete
    tell("program", href=program.href, primacy=program.primacy, complete=complete)
    describe_default(program)
    for curve in program.der_curves:
        describe_curve(program, curve)
    for control in program.der_controls:
        describe_control(program, control)


async def describe_device(client, found):
    registration = await client.get(found.registration_href, Registration)
    tell(
        "device",
        href=found.href,
        lfdi=plain(found.lfdi),
        sfdi=plain(found.device.s_fdi),
        pin=plain(registration.p_in),
        category=plain(found.device.device_category),
        ders=len(found.ders),
        capability=found.der_capability_href,
    )


async def answer(client, control):
    """Send the Response `received` for a control."""
    response = DercontrolResponse(
        created_date_time=TimeType(value=int(client.timebase.now())),
        end_device_lfdi=bytes.fromhex(client.client_lfdi),
        status=1,
        subject=control.m_rid,
    )
    location = await client.post(control.reply_to, response)
    tell("answered", mrid=plain(control.m_rid), location=location)


async def walk(url, files):
    address = urlsplit(url)
    tls = TlsConfig(*map(Path, files))
    state = DiscoveredState()
    async with Sep2Client(f"https://{address.netloc}", tls, server_2018_compat=True) as client:
        await discover(client, state, dcap_path=address.path)
        tell("self", lfdi=client.client_lfdi)
        tell("time", current=plain(state.time.current_time), quality=state.time.quality)
        for device in state.end_devices.values():
            await describe_device(client, device)
        for program in state.der_programs.values():
            describe_program(program)
            for control in program.der_controls:
                await answer(client, control)


def main():
    for line in sys.stdin:
        asyncio.run(walk(**json.loads(line)))
        tell("end")
        sys.stdout.flush()


main()
