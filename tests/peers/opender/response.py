"""Runs the OpenDER model in small steps: what follows each point after one step, watts and vars out."""

import json
import sys

from opender import DER, DER_BESS


def course(question):
    """Yield active and reactive power after each step, + generates and + injects."""
    DER.t_s = question["step_s"]
    model = DER_BESS(**question["nameplate"], **{"PF_MODE_ENABLE": False, **question["settings"]})
    for point in question["sweep"]:
        model.update_der_input(p_dem_w=point["w"], v_pu=point["v_pu"], f=point["hz"])
        model.run()
        yield float(model.p_out_w), float(model.q_out_var)


for line in sys.stdin:
    for watts, var in course(json.loads(line)):
        sys.stdout.write(json.dumps({"kind": "point", "w": watts, "var": var}) + "\n")
    sys.stdout.write('{"kind": "end"}\n')
    sys.stdout.flush()
