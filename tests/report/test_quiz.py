"""Questions and answers in words."""

from __future__ import annotations

import json

import pytest

import lab
from lab.language import parse
from lab.model.program import Question
from lab.report import quiz

YES = Question("?", "access", {}, "outcome", {"x": 1}, True, 1)
LINES = Question("?", "access", {}, "races", "x", set(), 1)
NUMBER = Question("?", "access", {}, "count", "states", 1, 1)

WAITING = """
from lab.scenario import question, thread

x = 0


@thread
def A():
    while x == 0:
        pass


@thread
def B():
    global x
    x = 1


question("How many?", count="schedules", answer="infinite")
question("Can x end as 1?", outcome={"x": 1}, answer=True)
question("Can x end as 0?", outcome={"x": 0}, answer=False)
question("How many states?", count="states", answer=5)
"""


@pytest.mark.parametrize(
    ("question", "typed", "answer"),
    [
        (YES, "Y", True), (YES, " no ", False), (YES, "perhaps", None), (YES, "1", None),
        (NUMBER, "1_000", 1000), (NUMBER, "-1", None), (NUMBER, "inf", "infinite"), (NUMBER, "9" * 1001, None),
        (LINES, "12, 20", frozenset({12, 20})), (LINES, "lines 12 and 20", frozenset({12, 20})),
        (LINES, "none", frozenset()), (LINES, "12 x", None), (LINES, "", None),
    ],
)  # fmt: skip
def test_what_is_typed_is_read(question: Question, typed: str, answer: object) -> None:
    """Yes and no, numbers however they are grouped, lines in words; None for anything else."""
    assert quiz.read(question, typed) == answer


def test_explanations_where_schedules_are_infinitely_many() -> None:
    """Who waits in a loop can go round any number of times; what is never reached is still never reached."""
    many, yes, no, states = lab.quiz(parse(WAITING))
    assert "any number of times" in quiz.explanation(many)
    assert quiz.explanation(yes).startswith("There is such a schedule.")
    assert quiz.explanation(no) == "No schedule does that: x ends as 1."
    assert quiz.explanation(states).startswith(f"The exploration found {quiz.in_words(states.answer)} states")


def test_a_stopped_exploration_explains_nothing() -> None:
    asked = lab.quiz("refcount/race", max_states=2)
    assert {quiz.explanation(one) for one in asked[:2]} == {"The exploration was stopped before this was decided."}


def test_the_command_replays_what_was_asked() -> None:
    """With the policy and the parameters of the question."""
    by_set = [one for one in lab.quiz("lost_update/race") if one.question.parameters and one.shown]
    assert "--set ROUNDS=2" in quiz.replay_command(by_set[0], "lost_update/race")
    by_policy = [one for one in lab.quiz("bank/race") if one.question.policy == "statement"]
    assert "--policy statement" in quiz.replay_command(by_policy[0], "bank/race")


def test_questions_are_plain_data() -> None:
    """Every shipped question of `lost_update/race` and `refcount/race` can be written as JSON."""
    for name in ("lost_update/race", "refcount/race", "lost_update/own_counter"):
        for asked in lab.quiz(name):
            data = json.loads(json.dumps(quiz.as_json(asked, name)))
            assert data["right"] is True
            assert (data["witness"] is None) == (data["replay"] is None)
