"""A simulated IEEE 2030.5 utility: real mutual TLS, programs that a script moves, faults on demand.

    async with SimulatedUtility(Files(certificate, key, trust_anchor)) as utility:
        program = utility.add_program(primacy=1)
        utility.add_device(lfdi, program)
        inductive = fixed_pf("0.95", absorbing_var=True)
        held = utility.add_control(program, control(int(utility.now()) + 2, 60, inductive))
        await utility.wait_for(lambda: utility.statuses(held.mrid) == [1, 2], timeout_s=10)

It refuses what the standard refuses, and records what it accepts for others to judge.
Parts of controls are built by `utility_2030_5_controls`, faults by `utility_2030_5_faults`.
"""

from gateway.simulators.utility_2030_5_controls import Control, Curve, control
from gateway.simulators.utility_2030_5_records import (
    Exchange,
    ReceivedDocument,
    ReceivedReading,
    ReceivedResponse,
)
from gateway.simulators.utility_2030_5_schema import Dialect
from gateway.simulators.utility_2030_5_script import Script, load_script, serve
from gateway.simulators.utility_2030_5_server import Files, SimulatedUtility
from gateway.simulators.utility_2030_5_world import (
    Device,
    EventState,
    HeldControl,
    Options,
    Program,
)

__all__ = [
    "Control",
    "Curve",
    "Device",
    "Dialect",
    "EventState",
    "Exchange",
    "Files",
    "HeldControl",
    "Options",
    "Program",
    "ReceivedDocument",
    "ReceivedReading",
    "ReceivedResponse",
    "Script",
    "SimulatedUtility",
    "control",
    "load_script",
    "serve",
]
