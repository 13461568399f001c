"""How many examples a property is tried on: enough to find, few enough to stay quick on two cores."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "dergate", deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("dergate")
