"""`lab quiz`: asking on a terminal, data elsewhere, and files that give a wrong answer."""

from __future__ import annotations

import builtins
import json
import sys
from collections.abc import Iterator

import pytest

from lab import catalogue
from lab.cli import quiz
from lab.cli.listing import list_scenarios
from tests.cli.conftest import RACE

ASKING = RACE.replace("final, thread", "final, question, thread") + (
    '\n\nquestion("Can x end as 1?", outcome={"x": 1}, answer=True)\n'
    'question("How many orders?", count="schedules", answer=6)\n'
    'question("Which lines race?", races="x", answer={11, 17})\n'
)


@pytest.fixture
def typing(monkeypatch: pytest.MonkeyPatch) -> object:
    """Make standard input a terminal on which these lines are typed, and then Ctrl-D."""

    def prepare(*lines: str) -> None:
        typed: Iterator[str] = iter(lines)

        def answer(prompt: str) -> str:
            sys.stdout.write(prompt)
            line = next(typed, None)
            if line is None:
                raise EOFError
            return line

        monkeypatch.setattr(builtins, "input", answer)
        monkeypatch.setattr(quiz, "_interactive", lambda: True)

    return prepare


def test_a_quiz_from_the_first_question_to_the_score(command, files, typing) -> None:
    """Right, wrong, and right: 2 of 3, each with its answer, and a witness where there is one."""
    typing("yes", "7", "11 17")
    path = files("race.py", ASKING)
    done = command("quiz", path)
    assert (done.status, done.err) == (0, "")
    assert [word for word in ("Right.", "No.") for _ in range(done.out.count(f"] {word}\n"))] == ["Right."] * 2 + [
        "No."
    ]
    assert "Answer: 6. They lead to 2 different outcomes." in done.out
    assert f"Step by step: lab replay {path} T1 T2 T2 T1" in done.out
    assert done.out.endswith("2 of 3 right.\n")


def test_nonsense_is_asked_again_and_an_empty_line_shows_the_answer(command, files, typing) -> None:
    """Three times nonsense counts as no answer, like an empty line; then the input ends."""
    typing("maybe", "what", "42", "")
    done = command("quiz", files("race.py", ASKING))
    assert done.out.count("no answer that I understand; please type y or n.") == 3
    assert "Answer: yes." in done.out
    assert "Answer: 6." in done.out
    assert done.out.endswith("0 of 2 right.\n")
    assert done.status == 0


def test_ctrl_d_at_once_is_no_error(command, files, typing) -> None:
    typing()
    done = command("quiz", files("race.py", ASKING))
    assert (done.status, done.err) == (0, "")
    assert done.out.endswith("No question answered.\n")


def test_answers_for_teachers(command, files) -> None:
    done = command("quiz", files("race.py", ASKING), "--answers")
    assert done.status == 0
    assert "2. How many orders?\n   Answer: 6." in done.out
    assert "3. Which lines race?\n   Answer: lines 11 and 17." in done.out


def test_without_a_terminal_questions_are_data(command, files) -> None:
    """The same bytes with --json and without."""
    path = files("race.py", ASKING)
    done = command("quiz", path)
    assert [asked["answer"] for asked in json.loads(done.out)] == [True, "6", [11, 17]]
    assert command("quiz", path, "--json").out == done.out


def test_a_wrong_answer_in_the_file_is_an_error(command, files) -> None:
    """One sentence with file and line, nothing on standard output."""
    path = files("race.py", ASKING.replace("answer=6", "answer=8"))
    done = command("quiz", path, "--answers")
    line = ASKING[: ASKING.index('question("How')].count("\n") + 1
    assert (done.status, done.out) == (2, "")
    assert done.err == f"{path}:{line}: the answer to this question is 6, and the file says 8\n"


def test_a_file_without_questions(command, files) -> None:
    path = files("race.py", RACE)
    done = command("quiz", path)
    assert (done.status, done.out) == (2, "")
    assert done.err == f"lab: {path} asks no questions; `lab quiz refcount/race` does\n"


def test_a_check_of_the_catalogue_finds_wrong_answers(command, files, monkeypatch) -> None:
    """`lab list --check` says which line is wrong."""
    path = files("race.py", ASKING.replace("answer=True", "answer=False"))
    entry = catalogue.Entry(str(path), "A race", "Races", path, {})
    monkeypatch.setattr(catalogue, "entries", lambda: (entry,))
    assert list_scenarios.name == "list"
    done = command("list", "--check")
    assert done.status == 2
    assert f"{path}:" in done.err
    assert "the answer to this question is yes, and the file says no" in done.err
