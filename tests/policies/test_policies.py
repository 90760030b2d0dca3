"""Policies as a whole: their names, what they have in common, and how they relate to each other."""

from __future__ import annotations

import pytest
from hypothesis import assume, given

import lab
from lab import catalogue
from lab.errors import ScenarioError, UsageError
from lab.explorer import explore
from lab.explorer.result import Outcome, Result
from lab.language import parse
from lab.model.interpreters import INTERPRETERS, Interpreter
from lab.model.marks import CALL, COMPREHENSION, METHOD, OPCODE, c_call, completed
from lab.model.objects.synchronisers import WRITTEN_IN_PYTHON
from lab.model.policies import POLICIES, policies_of, policy_named
from lab.model.relation import Relation
from tests.strategies import scenarios

GIL = [name for name in POLICIES if name.startswith("cpython")]


def test_every_version_has_a_policy_and_from_3_11_on_a_warm_one() -> None:
    """In the order of their age, between `statement` and `free-threaded`."""
    warm = [version for one in ("3.11", "3.12", "3.13", "3.14") for version in (one, f"{one}-warm")]
    versions = ["2.7", "3.9", "3.10", *warm]
    gil = [f"cpython-{version}" for version in versions]
    assert list(POLICIES) == ["access", "statement", *gil, "free-threaded", "asyncio-fifo"]


@pytest.mark.parametrize("interpreter", INTERPRETERS, ids=lambda one: one.version)
def test_every_poll_has_a_source(interpreter: Interpreter) -> None:
    sources = [*interpreter.polls.values(), *interpreter.specialised.values()]
    assert all("ceval.c" in source or "bytecodes.c" in source or "Py_BEGIN" in source for source in sources)


def test_a_mark_of_a_method_is_completed_by_the_class_of_its_object() -> None:
    """What is specialised is `list.append`; a method written in Python is entered like any function."""
    warm = POLICIES["cpython-3.12-warm"]
    assert not warm.switches({c_call("list.append"), c_call("len")})
    assert warm.switches({c_call("deque.append")})
    assert [kind in WRITTEN_IN_PYTHON for kind in ("Lock", "RLock", "SimpleQueue")] == [False] * 3
    assert [kind in WRITTEN_IN_PYTHON for kind in ("Condition", "Queue", "PriorityQueue", "Thread")] == [True] * 4
    assert [completed(METHOD, "", in_python=one) for one in (False, True)] == [None, CALL]
    assert not POLICIES["cpython-3.10"].switches({OPCODE})


def test_an_unknown_policy_is_one_sentence_that_lists_all() -> None:
    with pytest.raises(UsageError, match=r"no policy 'cpython-3.8'.*cpython-2.7.*free-threaded"):
        policy_named("cpython-3.8")


def ends(result: Result) -> set[str]:
    """Return what can be observed at the ends, without the counts."""

    def seen(one: Outcome) -> tuple[object, ...]:
        return one.status, one.shared, one.returned, one.errors, one.waiting, one.output

    return {repr(seen(outcome)) for outcome in result.outcomes}


@pytest.mark.parametrize("name", catalogue.names())
def test_a_policy_only_takes_switch_points_away(name: str) -> None:
    """Every outcome under a policy is one under `access`, and `free-threaded` has all of them."""
    program = lab.load(name)
    fine = ends(lab.explore(program))
    assert ends(lab.explore(program, "free-threaded")) == fine
    for policy in GIL:
        result = lab.explore(program, policy)
        assert result.complete
        assert result.outcomes
        assert ends(result) <= fine, policy


@given(scenarios())
def test_random_programs_only_lose_outcomes(text: str) -> None:
    """The same for random programs; those that the language refuses while they run, or that are large, are left out."""
    program = parse(text)
    try:
        fine = lab.explore(program, max_states=5_000)
        coarse = [lab.explore(program, policy, max_states=5_000) for policy in GIL]
    except ScenarioError:
        assume(False)
    assume(fine.complete)
    assert all(result.complete and ends(result) <= ends(fine) for result in coarse)


def test_a_version_is_one_row() -> None:
    """The row that docs/design.md makes up: `abs` no longer polls in warm code, an empty comprehension does."""
    newest = INTERPRETERS[-1]
    row = Interpreter(
        "3.15",
        "as 3.14, and on entering a comprehension",
        {**newest.polls, COMPREHENSION: "3.15 bytecodes.c: RESUME"},
        {**newest.specialised, c_call("abs"): "3.15 bytecodes.c: CALL_ABS does not poll"},
    )
    cold, warm = policies_of(row)
    program = parse(
        "from lab.scenario import thread\nx = 0\n@thread(each=range(2))\ndef T(i):\n    global x\n    x = abs(x) + 1\n"
    )
    schedules = [explore(Relation(program, policy)).schedules for policy in (cold, warm)]
    assert schedules == [6, 2]
    assert warm.switches({COMPREHENSION})
    assert [cold.name, warm.name] == ["cpython-3.15", "cpython-3.15-warm"]


def test_without_a_gil_operations_on_one_container_do_not_race_and_variables_do() -> None:
    """Outcomes are those of `access`: each operation is whole, and a decision of two of them is not."""
    program = parse(
        "from lab.scenario import thread\nx = 0\nd = {'k': 0}\n@thread(each=range(2))\ndef T(i):\n"
        "    global x\n    x += 1\n    d['k'] += 1\n    d[i] = len(d)\n"
    )
    found = {policy: lab.explore(program, policy) for policy in ("access", "free-threaded")}
    races = {policy: {race.location for race in result.races} for policy, result in found.items()}
    assert races == {"access": {"x", "d['k']", "len(d)"}, "free-threaded": {"x"}}
    assert ends(found["access"]) == ends(found["free-threaded"])
    assert found["access"].schedules == found["free-threaded"].schedules


@pytest.mark.parametrize(
    ("policy", "steps"), [("access", 4), ("statement", 4), ("cpython-3.9", 1), ("cpython-3.12", 1)]
)
def test_a_call_that_runs_in_c_is_one_step_under_a_gil(policy: str, steps: int) -> None:
    """`sum` reads three elements and finds the end; between them no version polls."""
    program = parse(
        "from lab.scenario import thread\nc = [1, 2]\n@thread\ndef T():\n    return sum(c)\n"
        "@thread\ndef U():\n    c.append(3)\n"
    )
    relation = Relation(program, POLICIES[policy])
    state, count = relation.steps(relation.initial(), 1)[0][1], 0
    while found := relation.steps(state, 0):
        [(_, state)] = found
        count += 1
    assert count == steps
    assert relation.observe(state).returned["T"] == 6
