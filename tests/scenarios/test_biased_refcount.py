"""Biased reference counting follows PEP 703 step by step, and each mistake is caught by the workload it needs."""

from __future__ import annotations

import difflib

import pytest

import lab
from lab import catalogue
from lab.model.trace import Trace, replay

RIGHT = "biased_refcount/queue_and_merge"
MISTAKES = {
    "biased_refcount/subtracts_and_queues": "handed",
    "biased_refcount/poll_in_two_steps": "handed",
    "biased_refcount/zero_in_two_steps": "taken",
}


def _run(*turns: tuple[str, str]) -> Trace:
    """Return the run in which each named thread goes on until a step whose source line contains the text."""
    relation = lab.relation(RIGHT, "access")
    names = [thread.name for thread in relation.program.threads]
    state, schedule = relation.initial(), []
    for name, text in turns:
        seen = False
        while not seen:
            _, state = relation.steps(state, names.index(name))[0]
            schedule.append(name)
            seen = text in relation.program.lines[replay(relation, schedule).events[-1].line - 1]
    return replay(relation, schedule)


def _count(trace: Trace) -> tuple[int, int, int]:
    obj = (trace.events[-1].shared if trace.events else trace.initial)["obj"]
    return obj["tid"], obj["local"], obj["shared"]


def test_the_fields_follow_the_table_of_the_pep() -> None:
    """T1 owns 3; T2 drops two, the first into the queue; T1 merges 3 - 1 - 1 = 1 (1 x 4 + 3 = 7), drops, frees.

    The first drop leaves 2 (queued), the second 2 - 4 = -2; the owner's fields are 0 after the merge; a count of 0 that
    is merged is 3.
    """
    queued = ("T2", "merge_asked = True")
    dropped = ("T2", "swapped = obj.shared == shared")
    merged = ("T1", "after = obj.shared // 4")
    last = ("T1", "swapped = obj.shared == shared")
    assert _count(_run()) == (1, 3, 0)
    assert _count(_run(queued)) == (1, 3, 2)
    assert _count(_run(queued, dropped)) == (1, 3, -2)
    assert _count(_run(queued, dropped, merged)) == (0, 0, 7)
    freed = _run(queued, dropped, merged, last, ("T1", "free(obj)"))
    assert _count(freed) == (0, 0, 3)
    assert freed.events[-1].shared["obj"]["freed"]


@pytest.mark.parametrize("workload", ["handed", "taken"])
def test_the_object_is_freed_once_and_never_while_referenced(workload: str) -> None:
    """In every state and at every end; a second `free` would end its thread by an exception."""
    result = lab.explore(RIGHT, parameters={"WORKLOAD": workload})
    assert result.complete
    assert {prop.name: prop.verdict for prop in result.properties} == {
        "nothing_is_counted_wrongly": "holds",
        "never_freed_while_referenced": "holds",
        "freed_in_the_end": "holds",
    }
    assert (result.exceptions.verdict, result.deadlock.verdict) == ("holds", "holds")


@pytest.mark.parametrize("workload", ["handed", "taken"])
@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_seen_by_its_own_workload_alone(name: str, workload: str) -> None:
    result = lab.explore(name, parameters={"WORKLOAD": workload})
    violated = {prop.name for prop in result.properties if prop.verdict == "violated"}
    assert ("freed_in_the_end" in violated) == (workload == MISTAKES[name])
    assert bool(violated) == (workload == MISTAKES[name])


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_the_only_difference(name: str) -> None:
    """Apart from the docstring, the workload and the expectations, at most one place of the text is another one."""
    right, wrong = (_code(one) for one in (RIGHT, name))
    matcher = difflib.SequenceMatcher(None, right, wrong, autojunk=False)
    places = [code for code in matcher.get_opcodes() if code[0] != "equal"]
    assert 1 <= len(places) <= 3
    assert sum(code[2] - code[1] for code in places) <= 9


def _code(name: str) -> list[str]:
    text = catalogue.resolve(name)[0].read_text(encoding="utf-8")
    code = text[text.index("from threading") : text.index("\nexpect(")]
    return [line for line in code.splitlines() if not line.startswith(("#", "WORKLOAD"))]
