"""SPIN explores the exported models and finds what the lab found: states, transitions, deadlocks, violations."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import assume, given

import lab
from lab.errors import ScenarioError
from lab.language import parse
from lab.model.program import Program
from tests.export.programs import EXPORTED, PROGRAMS
from tests.export.spin import needs_spin, verify
from tests.strategies import scenarios

pytestmark = needs_spin

FEW = [
    ("refcount/race", "access", {}),
    ("lost_update/race", "access", {"THREADS": 3, "ROUNDS": 2}),
    ("philosophers/all_left", "statement", {}),
    ("filter_lock/one_room", "access", {}),
    ("refcount/from_one", "access", {}),
    ("dekker/first", "access", {}),
]
"""A lost update, three threads, a deadlock, a cycle with a violation, an exception, and a step that changes nothing."""

MORE = [
    ("lost_update/race", "access", {"ROUNDS": 5}),
    ("lost_update/locked", "access", {"THREADS": 4}),
    ("philosophers/all_left", "access", {"N": 5}),
    ("philosophers/left_hander", "access", {"N": 4}),
    ("philosophers/footman", "statement", {"N": 4}),
    ("filter_lock/filter_lock", "statement", {"THREADS": 2}),
    ("bakery/bakery", "access", {"THREADS": 3}),
    ("bakery/no_choosing", "statement", {"THREADS": 3}),
    ("peterson/peterson", "access", {"ROUNDS": 3}),
    ("test_and_set/exchange", "access", {"THREADS": 4}),
]


def _agree(program: Program, policy: str, folder: Path) -> None:
    found = lab.explore(program, policy)
    judged = [prop.verdict for prop in found.properties if prop.kind in ("always", "final")]
    spin = verify(lab.promela(program, policy), folder)
    assert spin.states == found.states
    assert spin.transitions == found.transitions + 1
    assert spin.deadlocks == found.deadlock.states
    assert spin.violated == ("violated" in judged)


@pytest.mark.parametrize(("name", "policy", "parameters"), FEW)
def test_a_few_models(name, policy, parameters, tmp_path) -> None:
    """Small ones of every kind."""
    _agree(lab.load(name, parameters), policy, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("policy", ["access", "statement"])
@pytest.mark.parametrize("name", EXPORTED)
def test_every_scenario(name, policy, tmp_path) -> None:
    """As shipped, under both policies."""
    _agree(lab.load(name), policy, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "policy", "parameters"), MORE)
def test_larger_models(name, policy, parameters, tmp_path) -> None:
    """With other parameters: up to five threads."""
    _agree(lab.load(name, parameters), policy, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", PROGRAMS)
def test_what_is_hard_to_export(name, tmp_path) -> None:
    """Each program has one thing that a naive export gets wrong."""
    _agree(parse(PROGRAMS[name]), "access", tmp_path)


@pytest.mark.slow
@given(scenarios())
def test_random_programs(text) -> None:
    """Two or three threads with everything that the language has."""
    program = parse(text)
    try:
        found = lab.explore(program, max_states=5000)
    except ScenarioError:
        assume(False)
    assume(found.complete and found.states > 30)
    with tempfile.TemporaryDirectory() as folder:
        _agree(program, "access", Path(folder))
