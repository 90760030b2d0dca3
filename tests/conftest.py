"""What all tests share."""

from __future__ import annotations

from hypothesis import settings

# The same examples in every run, however slow the machine: a check that passed here passes there.
settings.register_profile("lab", derandomize=True, deadline=None)
settings.load_profile("lab")
