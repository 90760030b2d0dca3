"""The transition relation: initial states, results of a step, and what depends on what."""

from __future__ import annotations

from lab.language import parse
from lab.model.policies import POLICIES
from lab.model.relation import Relation
from lab.model.values import Thrown

TOP = """from threading import Lock
from lab.scenario import always, choose, region, thread

x = 0
y = 0
lock = Lock()


"""


def relation(body: str, policy: str = "access", after: str = "") -> Relation:
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    return Relation(parse(f"{TOP}@thread\ndef T():\n    global x, y\n{lines}\n\n{after}"), POLICIES[policy])


def test_local_work_is_done_before_the_first_step() -> None:
    """A thread that touches nothing has ended in the initial state, with its value."""
    [local] = relation("a = 2\nreturn a * 3").initial().locals
    assert local.ended
    assert local.values == (6,)


def test_a_thread_that_fails_at_once_has_ended_by_exception_at_the_start() -> None:
    """Local work can raise."""
    state = (one := relation("return 1 // 0")).initial()
    assert one.observe(state).errors == {"T": "ZeroDivisionError: integer division or modulo by zero"}


def test_a_step_reads_what_it_depends_on_and_a_blind_write_reads_nothing() -> None:
    """Engines learn a step's footprint from its reads."""
    one = relation("x = y\ny = 0")
    seen: list[int] = []

    def read(component: int) -> int:
        seen.append(component)
        return 7

    names = [component.name for component in one.program.components]
    [step] = one.step(0, one.initial().locals[0], read)
    assert [names[component] for component in seen] == ["y"]
    seen.clear()
    [write] = one.step(0, step.local, read)
    assert seen == []
    assert [(names[component], value) for component, value in write.writes] == [("x", 7)]


def test_results_come_in_the_order_of_the_choices_also_within_one_step() -> None:
    """Under policy `statement` two choices of three and two give six results, the first varying slowest."""
    one = relation("x = (choose(1, 2, 3), choose(4, 5))", "statement")
    states = [state for _, state in one.steps(one.initial(), 0)]
    assert [one.observe(state).shared["x"] for state in states] == [[1, 4], [1, 5], [2, 4], [2, 5], [3, 4], [3, 5]]


def test_an_operation_with_one_result_gives_it_beside_one_that_has_several() -> None:
    """One thread waits, so `notify` has one way to wake it, whichever result of `choose` is wanted."""
    text = TOP.replace("lock = Lock()", "c = Condition()").replace("Lock", "Condition")
    text += "@thread\ndef T():\n    global x\n    c.acquire()\n    x = (c.notify(), choose(1, 2, 3))\n"
    text += "@thread\ndef U():\n    with c: c.wait()\n"
    one = Relation(parse(text), POLICIES["statement"])
    state = one.initial()
    for thread in (1, 1, 0):
        [(_, state)] = one.steps(state, thread)
    found = [one.observe(after).shared["x"] for _, after in one.steps(state, 0)]
    assert found == [[None, 1], [None, 2], [None, 3]]


def test_a_step_says_at_which_local_values_it_looks_and_which_it_takes_over() -> None:
    """In front of `y = a` stand a and b; the write looks at a, and takes b over: the second is now the first."""
    one = relation("a = choose(1, 2)\nb = choose(3, 4)\ny = a\ny = 0\nx = b")
    state = one.initial()
    for _ in range(2):
        state = one.steps(state, 0)[0][1]
    assert state.locals[0].values == (1, 3)
    looked: list[int] = []
    [step] = one.step(0, state.locals[0], state.shared.__getitem__, looked)
    assert looked == [~0]
    assert step.carried == ((0, 1),)
    assert step.taken_from(state.locals[0]._replace(values=(1, 4))).local.values == (4,)


def test_a_statement_ends_in_front_of_an_operation_that_is_not_enabled() -> None:
    """`x = 1` under the lock's test runs; the second acquire waits, in front of it."""
    one = relation("lock.acquire() and lock.acquire()", "statement")
    [(_, state)] = one.steps(one.initial(), 0)
    waiting = one.waiting(state, 0)
    assert waiting is not None
    assert (waiting.name, waiting.held_by) == ("lock", (0,))


def test_a_property_that_raises_is_the_exception() -> None:
    """`judge` returns what was raised instead of a value."""
    one = relation("x = 1", after="@always\ndef fine():\n    return 1 // x\n")
    state = one.initial()
    [prop] = one.program.properties
    assert one.judge(prop, state.shared.__getitem__, lambda _: ()) == Thrown(
        "ZeroDivisionError", "integer division or modulo by zero"
    )


def test_a_loop_that_is_true_for_ever_has_no_way_out() -> None:
    """`while True` without `break` never ends; with one it can; exceptions do not count as ends."""
    never = relation("while True:\n    x = 1\n    assert x == 1")
    can = relation("while True:\n    x = 1\n    if x == 5:\n        break")
    assert not never.can_end(0, never.initial().locals[0])
    assert can.can_end(0, can.initial().locals[0])


def test_regions_are_known_from_where_a_thread_stands() -> None:
    """Before the region, in it, and after the step that leaves it."""
    one = relation("y = 1\nwith region('r'):\n    x = 1\ny = 2")
    state, seen = one.initial(), []
    while one.steps(state, 0):
        seen.append(sorted(one.regions(0, state.locals[0])))
        [(_, state)] = one.steps(state, 0)
    assert seen == [[], ["r"], ["r"], []]
    assert one.text_regions(0) == {"r"}
