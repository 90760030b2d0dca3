"""`lab quiz`: a scenario asks its reader, and the exploration answers."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from lab.cli import options
from lab.cli.screen import complain, say, write_json
from lab.cli.status import FINE, WRONG
from lab.cli.watch import Watch
from lab.errors import UsageError

if TYPE_CHECKING:
    from lab.explorer.questions import Answered
    from lab.model.program import Program

__all__ = ["answers_of", "quiz"]

TRIES = 3
"""How often a question is put again when what was typed is no answer."""


@click.command(
    short_help="Answer a scenario's questions.",
    epilog="\b\nExamples:\n  lab quiz refcount/race\n  lab quiz refcount/race --answers",
)
@click.argument("scenario", metavar="FILE|NAME")
@click.option("--answers", is_flag=True, help="Print all questions with their answers: for teachers.")
@click.option("--json", "as_json", is_flag=True, help="Print questions and answers as JSON, as without a terminal.")
@options.bounds
def quiz(scenario: str, *, answers: bool, as_json: bool, max_states: int | None, max_seconds: float | None) -> int:
    """Ask the questions of a scenario one after the other, and explain each answer with a schedule that shows it.

    An empty line shows the answer, Ctrl-D ends the quiz. The answers come from exploring the scenario; where the file
    itself gives another one, the file is wrong, and the exit status 2.
    """
    program = options.load(scenario)
    if not program.questions:
        raise UsageError(f"{scenario} asks no questions; `lab quiz refcount/race` does")
    asked = answers_of(program, max_states, max_seconds)
    wrong = complaints(program, asked)
    if wrong:
        for sentence in wrong:
            complain(sentence)
        return WRONG
    if as_json or not (answers or _interactive()):
        from lab.report.quiz import as_json as to_json

        write_json([to_json(one, scenario) for one in asked], single=False)
    elif answers:
        for number, one in enumerate(asked, 1):
            _show(one, f"{number}. {one.question.text}", scenario)
    else:
        _play(asked, scenario)
    return FINE


def answers_of(program: Program, max_states: int | None, max_seconds: float | None) -> tuple[Answered, ...]:
    """Return a program's questions, answered under a time limit, Ctrl-C and a bound on states."""
    import lab

    with Watch(max_seconds) as watch:
        return lab.quiz(program, max_states=max_states, deadline=watch.reached, progress=watch.progress)


def complaints(program: Program, asked: Sequence[Answered]) -> list[str]:
    """Return a sentence for each question whose answer in the file is wrong."""
    from lab.report.quiz import wrong_in_the_file

    return [wrong_in_the_file(one, program.path) for one in asked if one.right is False]


def _interactive() -> bool:
    return sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty()


def _play(asked: Sequence[Answered], scenario: str) -> None:
    """Ask one question after the other, and say how many answers were right."""
    right = put = 0
    say(f"{asked[0].result.scenario}: {asked[0].result.title}")
    say("An empty line shows the answer, Ctrl-D ends the quiz; `lab show` prints the program.\n")
    for number, one in enumerate(asked, 1):
        answer = _ask(one, f"{number}. {one.question.text}")
        if answer is _ENDED:
            say()
            break
        put += 1
        if one.answer is not None and answer is not None:
            right += answer == one.answer
            say("Right." if answer == one.answer else "No.")
        _show(one, "", scenario)
    say(f"{right} of {put} right." if put else "No question answered.")


_ENDED = object()


def _ask(one: Answered, text: str) -> object:
    """Return the answer typed; None for none, _ENDED at the end of the input."""
    from lab.report.quiz import hint, read

    say(text)
    for _ in range(TRIES):
        try:
            typed = input(f"   [{hint(one.question)}] ")
        except (EOFError, KeyboardInterrupt):
            return _ENDED
        if not typed.strip():
            return None
        answer = read(one.question, typed)
        if answer is not None:
            return answer
        say(f"   That is no answer that I understand; please type {hint(one.question)}.")
    return None


def _show(one: Answered, text: str, scenario: str) -> None:
    """Print the answer, why it is so, and the command that shows it."""
    from lab.report.quiz import explanation, in_words, replay_command

    if text:
        say(text)
    say(f"   Answer: {in_words(one.answer)}. {explanation(one)}")
    command = replay_command(one, scenario)
    if command:
        say(f"   Step by step: {command}")
    say()
