"""What all tests share."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# The same examples in every run, however slow the machine: a check that passed here passes there. Tests whose
# examples cost little say a number of their own.
settings.register_profile(
    "lab",
    derandomize=True,
    deadline=None,
    max_examples=30,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
settings.register_profile("thorough", settings.get_profile("lab"), derandomize=False, max_examples=500)
settings.load_profile("lab")
