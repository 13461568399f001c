"""How many examples a property is tried on; `DERGATE_EXAMPLES=thorough` for ten times as many."""

import os

from hypothesis import HealthCheck, Phase, settings

QUICK = settings(
    deadline=None,
    max_examples=100,
    phases=[phase for phase in Phase if phase is not Phase.explain],
    suppress_health_check=[HealthCheck.too_slow],
)
"""Nothing is explained: a failure that is shrunk says enough, and finding out takes longer than all else."""
settings.register_profile("dergate", QUICK)
settings.register_profile("thorough", QUICK, max_examples=1000)
settings.load_profile(os.environ.get("DERGATE_EXAMPLES", "dergate"))
