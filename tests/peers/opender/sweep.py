"""Runs the OpenDER model of IEEE 1547: nameplate, settings and a sweep in, watts and vars out."""

import json
import sys

from opender import DER, DER_BESS

DER.t_s = 100_000  # seconds a step: each point is the steady state


def powers(nameplate, settings, sweep):
    """Yield active and reactive power at each point, + generates and + injects."""
    model = DER_BESS(**nameplate, **{"PF_MODE_ENABLE": False, **settings})
    for point in sweep:
        model.update_der_input(p_dem_w=point["w"], v_pu=point["v_pu"], f=point["hz"])
        model.run()
        yield float(model.p_out_w), float(model.q_out_var)


for line in sys.stdin:
    question = json.loads(line)
    for watts, var in powers(question["nameplate"], question["settings"], question["sweep"]):
        sys.stdout.write(json.dumps({"kind": "point", "w": watts, "var": var}) + "\n")
    sys.stdout.write('{"kind": "end"}\n')
    sys.stdout.flush()
