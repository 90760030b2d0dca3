"""Questions of a scenario file: what an exploration answers, and when it does not know."""

from __future__ import annotations

import pytest

import lab
from lab.explorer.questions import Answered
from lab.language import parse

TEXT = """
from lab.scenario import final, question, thread

N = 1
x = 0
pairs = [0, 0]


@thread
def T1():
    global x
    for _ in range(N):
        x += 1
    pairs[0] = 1
    print("one")


@thread
def T2():
    global x
    for _ in range(N):
        x += 1
    print("two")


@final
def all_counted():
    return x == 2 * N


"""


def ask(about: str, answer: str, text: str = TEXT, **bounds: int) -> Answered:
    (asked,) = lab.quiz(parse(f'{text}question("?", {about}, answer={answer})\n'), **bounds)
    return asked


@pytest.mark.parametrize(
    ("about", "answer"),
    [
        ('outcome={"x": 1}', True),
        ('outcome={"x": 0}', False),
        ('outcome={"x": 2, "pairs": [1, 0]}', True),
        ('outcome={"x": 2, "pairs": [0, 0]}', False),
        ('outcome={"x": True}', False),
        ('output="one\\ntwo"', True),
        ('output=("two", "one")', True),
        ('output="one"', False),
        ('violated="all_counted"', True),
        ('violated="all_counted", policy="statement"', False),
        ('violated="deadlock"', False),
        ('violated="exceptions"', False),
        ('violated="livelock"', False),
        ('set={"N": 2}, outcome={"x": 1}', False),
        ('set={"N": 2}, outcome={"x": 2}', True),
        ('races="x"', {13, 22}),
        ('races="pairs"', set()),
        ('count="outcomes"', 4),
    ],
)
def test_answers(about: str, answer: object) -> None:
    """One increment each ends as 1 or 2, two each never as 1; both orders of the lines; element 0 is T1's alone."""
    asked = ask(about, repr(answer))
    assert (asked.answer, asked.right) == (answer, True)


def test_schedules_of_all_outcomes_that_fit_are_added() -> None:
    """Read, write, print on both sides are 20 orders; x ends as 2 where one has written before the other reads: 2 x 4.

    In the other 12 it ends as 1, with the lines in either order, which are two outcomes.
    """
    text = TEXT.replace("    pairs[0] = 1\n", "")
    asked = ask('outcome={"x": 1}', "True", text)
    assert len([end for end in asked.result.outcomes if end.shared["x"] == 1]) == 2
    assert asked.schedules == ask('violated="all_counted"', "True", text).schedules == 12
    assert ask('count="schedules"', "20", text).right


def test_a_wrong_answer_of_the_file_is_found() -> None:
    for about, answer in (('outcome={"x": 1}', "False"), ('count="outcomes"', "7"), ('races="x"', "{1}")):
        assert ask(about, answer).right is False


def test_infinitely_many_schedules_are_called_infinite() -> None:
    text = "from lab.scenario import question, thread\nx = 0\n@thread\ndef A():\n    while x == 0: pass\n@thread\n"
    asked = ask('count="schedules"', '"infinite"', text + "def B():\n    global x\n    x = 1\n")
    assert (asked.answer, asked.right) == ("infinite", True)


def test_truly_different_runs_are_counted_when_asked_for() -> None:
    """Read and write against read and write: 4 of the 6 orders differ in more than independent steps."""
    text = TEXT.replace('    print("one")\n', "").replace('    print("two")\n', "").replace("    pairs[0] = 1\n", "")
    assert ask('count="traces"', "4", text).right


def test_an_exploration_that_was_stopped_knows_little() -> None:
    """After three states no end is known; no answer is right or wrong."""
    for about, answer in (
        ('outcome={"x": 1}', "True"),
        ('violated="all_counted"', "False"),
        ('count="states"', "3"),
        ('races="x"', "{1}"),
    ):
        asked = ask(about, answer, max_states=3)
        assert (asked.answer, asked.right) == (None, None)


def test_a_variable_named_in_a_key_is_another_one() -> None:
    """The key 'x' of a dict is no access to the variable x."""
    text = (
        "from lab.scenario import question, thread\nx = [0]\nd = {'x': 0}\n@thread(each=range(2))\n"
        "def T(i):\n    d['x'] = 1\n    x.clear\n    x[0] = x[0] if i < 5 else 1\n"
    )
    text = text.replace("    x.clear\n", "")
    assert ask('races="d"', "{6}", text).right
    assert ask('races="x"', "{7}", text).right
