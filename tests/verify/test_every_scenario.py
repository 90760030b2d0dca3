"""Every scenario of the catalogue conforms, on every interpreter that is found: `make conformance`."""

from __future__ import annotations

import pytest

import lab
from lab.catalogue import names, resolve
from lab.report.conformance import disagreements
from lab.verify.conformance import Conformance, compared, prepared
from lab.verify.interpreters import found, lacking

SECONDS = 1.0
"""How long each scenario runs freely on each interpreter."""


@pytest.mark.slow
@pytest.mark.parametrize("name", names())
def test_every_scenario_conforms(name: str) -> None:
    """Every run that the model has is led and agrees, and what a policy excludes does not happen."""
    path, _ = resolve(name)
    program = lab.load(name)
    interpreters = tuple(one for one in found()[0] if one.policy is not None and not lacking(program, one))
    model = prepared(program, str(path), {}, interpreters, most=2000)
    checked = Conformance(model, tuple(compared(model, interpreters, seconds=SECONDS)), interrupted=False)
    assert list(disagreements(checked)) == []
    assert checked.complete
