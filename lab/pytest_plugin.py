"""Scenario files as tests: `pytest --scenarios FOLDER` makes one of each file and policy that the file speaks of.

Pytest loads this module in every run wherever the lab is installed. So it imports nothing of the lab at the top, and
without `--scenarios` it adds an option and does nothing else. Collecting reads the files' text; a test explores.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from lab.explorer.result import Result

pytest_plugins = ["lab.pytest_interleave"]

__all__ = ["PolicyItem", "QuestionsItem", "ScenarioFile", "pytest_addoption", "pytest_collect_file"]

_VOCABULARY = re.compile(r"^(?:from|import)[ \t]+lab\.scenario\b", re.MULTILINE)


class _NotAsExpected(Exception):  # noqa: N818 - a verdict on the scenario, shown without a traceback
    """Says in its text what an exploration found that the file does not expect."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option `--scenarios`."""
    group = parser.getgroup("scenarios", "scenarios of the lab")
    group.addoption(
        "--scenarios",
        action="store_true",
        help="Explore the files that import lab.scenario: a test for each file and policy that it speaks of.",
    )


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> ScenarioFile | None:
    """Return a collector for a scenario file: Python, with the lab's vocabulary, and no file of ordinary tests."""
    if not parent.config.getoption("--scenarios") or file_path.suffix != ".py":
        return None
    if any(fnmatch(file_path.name, pattern) for pattern in parent.config.getini("python_files")):
        return None
    if not _VOCABULARY.search(file_path.read_text(encoding="utf-8", errors="replace")):
        return None
    return ScenarioFile.from_parent(parent, path=file_path)


class ScenarioFile(pytest.File):
    """A scenario file: a test for each policy that its expectations name, and one for its questions."""

    def collect(self) -> Iterator[pytest.Item]:
        """Return the tests; a file that says nothing of a policy is tested under `access`."""
        calls = list(_calls(self.path.read_text(encoding="utf-8", errors="replace")))
        policies = [_policy(call) for word, call in calls if word == "expect"]
        for policy in dict.fromkeys(policies or ["access"]):
            yield PolicyItem.from_parent(self, name=policy)
        if any(word == "question" for word, _ in calls):
            yield QuestionsItem.from_parent(self, name="questions")


def _calls(text: str) -> Iterator[tuple[str, ast.Call]]:
    """Return the calls at the top level with the names called; nothing where the text is not Python."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return  # the test says it better
    for node in tree.body:
        match node:
            case ast.Expr(ast.Call(ast.Name(word) | ast.Attribute(_, word)) as call):
                yield word, call


def _policy(call: ast.Call) -> str:
    given = [*call.args[:1], *(keyword.value for keyword in call.keywords if keyword.arg == "policy")]
    return str(given[0].value) if given and isinstance(given[0], ast.Constant) else "access"


class _Item(pytest.Item):
    """A test of one scenario file."""

    @property
    def shown_path(self) -> str:
        """The file as a command would name it from where pytest was started."""
        here = self.config.invocation_params.dir
        return str(self.path.relative_to(here) if self.path.is_relative_to(here) else self.path)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Return what is wrong in words; a traceback only where the lab itself fails."""
        from lab.errors import LabError

        if isinstance(excinfo.value, LabError | _NotAsExpected):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, None, str]:
        """Return where the test is, and its title."""
        return self.path, None, f"{self.shown_path}: {self.name}"


class PolicyItem(_Item):
    """Explores a file under one policy, once for each choice of parameters that its expectations make.

    It passes when all of them are met; where the file expects nothing, when nothing is violated.
    """

    def runtest(self) -> None:
        """Explore; raises what the file is not, or what was found and not expected."""
        import lab

        program = lab.load(self.path)
        wanted = [claim for claim in program.expectations if claim.policy == self.name]
        chosen = dict.fromkeys(tuple(sorted(claim.parameters.items())) for claim in wanted)
        traces = any("traces" in claim.claims for claim in wanted)
        wrong = []
        for parameters in [dict(pairs) for pairs in chosen] or [{}]:
            result = lab.explore(self.path, self.name, parameters, traces=traces)
            wrong += [text for text in [_failure(result, parameters, self.shown_path)] if text]
        if wrong:
            raise _NotAsExpected("\n\n".join(wrong))


def _failure(result: Result, parameters: Mapping[str, Any], path: str) -> str:
    """Return what is not as expected, with what shows it; empty when all is well."""
    from lab.report.explain import explain, worst
    from lab.report.replay import command
    from lab.report.text import conclusion, headline

    unmet = [claim.what for claim in result.expectations if claim.met is not True]
    fault = worst(result)
    if not unmet and result.complete and (result.expectations or fault is None):
        return ""
    lines = [*(f"The file expects {what}, and this is not so." for what in unmet), conclusion(result)]
    lines.append(headline(replace(result, scenario=path.removesuffix(".py"))))
    if fault is not None:
        lines.append(explain(result, fault))
    if fault is not None and fault.witness is not None:
        settings = [f"{name}={value!r}" for name, value in parameters.items()]
        lines.append(f"Step by step: {command(path, result.policy, settings, fault.witness)}")
    return "\n".join(lines)


class QuestionsItem(_Item):
    """Answers the questions of a file, and passes when the file gives the same answers."""

    def runtest(self) -> None:
        """Explore; raises what the file is not, or which answers are others."""
        import lab
        from lab.report.quiz import explanation, wrong_in_the_file

        wrong = [asked for asked in lab.quiz(self.path) if asked.right is not True]
        if wrong:
            said = (f"{wrong_in_the_file(asked, self.shown_path)}. {explanation(asked)}" for asked in wrong)
            raise _NotAsExpected("\n".join(said))
