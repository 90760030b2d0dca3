"""Files outside the language: each gives one error that points at the place and says what to write instead.

The files stand in rejected.txt. A line `=== line:column | message | hint` begins each; message and hint are given by
words that they must contain.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from lab.errors import ScenarioError
from lab.language import load_program, parse


@dataclass(frozen=True)
class Rejected:
    """A file, and the error it must give."""

    line: int
    column: int
    message: str
    hint: str
    text: str


def rejected_files() -> list[Rejected]:
    """Return the files of rejected.txt."""
    files = []
    for part in (Path(__file__).parent / "rejected.txt").read_text("utf-8").split("=== ")[1:]:
        head, text = part.split("\n", 1)
        place, message, hint = head.split(" | ")
        line, column = place.split(":")
        files.append(Rejected(int(line), int(column), message, hint, text))
    return files


FILES = rejected_files()


def test_there_are_enough_of_them() -> None:
    """At least sixty files, no two of them the same."""
    assert len({file.text for file in FILES}) == len(FILES) >= 60


@pytest.mark.parametrize("file", FILES, ids=[f"{file.message} ({number})" for number, file in enumerate(FILES)])
def test_a_file_outside_the_language_gives_one_helpful_error(file: Rejected, tmp_path: Path) -> None:
    """The error names file, line and column, quotes the line with a caret, and says what to write instead."""
    path = tmp_path / "scenario.py"
    path.write_text(file.text, "utf-8")
    with pytest.raises(ScenarioError) as raised:
        load_program(path)
    error = raised.value
    assert (error.line, error.column) == (file.line, file.column)
    assert file.message in error.message
    assert file.hint in error.hint
    shown = str(error).split("\n")
    if file.line:
        assert shown[0] == f"{path}:{file.line}:{file.column}: {error.message}; {error.hint}"
        assert shown[1][4:] == file.text.splitlines()[file.line - 1].expandtabs(1)[:200]
        assert shown[2] == "    " + " " * (file.column - 1) + "^"
    else:
        assert shown == [f"{path}: {error.message}; {error.hint}"]


@pytest.mark.parametrize("text", ["", "\n", "x = 1\n", "# nothing\n", '"""A title."""\n'])
def test_a_file_without_threads_is_no_scenario(text: str) -> None:
    """The error concerns the whole file, so it names no line."""
    with pytest.raises(ScenarioError, match="the file has no thread; write `@thread` above a function"):
        parse(text)


HEAD = "from lab.scenario import thread\nx = 0\n"
NOT_PYTHON = {
    "break": HEAD + "@thread\ndef T():\n    break\n",
    "continue": HEAD + "@thread\ndef T():\n    continue\n",
    "return": HEAD + "return 1\n@thread\ndef T():\n    pass\n",
    "a parameter twice": HEAD + "def h(a, a):\n    pass\n@thread\ndef T():\n    pass\n",
    "a global parameter": HEAD + "def h(x):\n    global x\n@thread\ndef T():\n    pass\n",
    "assigned before global": HEAD + "@thread\ndef T():\n    x = 1\n    global x\n",
    "read before global": HEAD + "@thread\ndef T():\n    r = x\n    global x\n",
    "a keyword twice": HEAD + "def h(a):\n    pass\n@thread\ndef T():\n    h(a=1, a=2)\n",
    "__debug__": HEAD + "@thread\ndef T():\n    __debug__ = 2\n",
    "a null byte": HEAD + "\0@thread\ndef T():\n    pass\n",
}


@pytest.mark.parametrize("name", NOT_PYTHON)
def test_what_python_itself_refuses_is_refused(name: str) -> None:
    """Python finds these only when it compiles the tree, and a scenario must also be a program."""
    with pytest.raises(SyntaxError):
        compile(NOT_PYTHON[name].replace("\0", "?"), "scenario", "exec")
    with pytest.raises(ScenarioError):
        parse(NOT_PYTHON[name])


EXPLORED = {
    "10**10**10": "a number grows beyond 4,000 digits",
    "1 << 10**9": "a number grows beyond 4,000 digits",
    "'a' * 10**9": "a value grows beyond a million elements",
    "(0,) * 10**8": "a value grows beyond a million elements",
    "list(range(10**9))": "a value grows beyond a million elements",
    "sum(range(10**9))": "more than 100,000 instructions of local work",
    "1e308 * 10": "the value inf is not allowed",
    "2 is 3": "`is` between a int and a int",
    "'%d' % 3": "text is formatted with %",
}


@pytest.mark.parametrize("expression", EXPLORED)
def test_a_value_outside_the_language_ends_the_exploration_with_its_place(expression: str) -> None:
    """What only evaluation finds out names its line, too, and takes no time and no memory."""
    import lab

    program = parse(HEAD + f"@thread\ndef T():\n    r = {expression}\n")
    with pytest.raises(ScenarioError) as raised:
        lab.explore(program)
    assert EXPLORED[expression] in raised.value.message
    assert raised.value.line == 5
    assert raised.value.hint
