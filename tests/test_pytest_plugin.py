"""Scenario files as tests of pytest: what is collected, what passes, and what a failure says."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import lab

ROOT = Path(lab.__file__).parents[1]

RACE = """\
'''Two threads add one without a lock.'''
from lab.scenario import expect, final, thread

N = 1
x = 0


@thread(each=range(2))
def T(i):
    global x
    for _ in range(N):
        x += 1


@final
def all_counted():
    return x == 2 * N
"""

EXPECTING = RACE + (
    '\n\nexpect(schedules=6, verdicts={"all_counted": "violated"}, traces=4)\n'
    'expect(set={"N": 2}, schedules=70)\nexpect("statement", verdicts={"all_counted": "holds"})\n'
)


@pytest.fixture(scope="module", autouse=True)
def _loaded_once() -> None:
    """Import what tests need beforehand: pytester forgets what a run imports, and numpy cannot be imported twice."""
    lab.explore("refcount/race", traces=True).explain()
    lab.quiz("refcount/race")
    importlib.import_module("lab.report.text")


def run(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    """Run pytest with the plugin, which an installation would load by its entry point."""
    plugins = ("-p", "no:gil_lab", "-p", "lab.pytest_plugin", "-p", "no:cacheprovider")
    return pytester.runpytest(*plugins, "-W", "error", *arguments)


def write(pytester: pytest.Pytester, **files: str) -> None:
    for name, text in files.items():
        (pytester.path / f"{name}.py").write_text(text, encoding="utf-8")


def test_without_the_option_nothing_happens(pytester: pytest.Pytester) -> None:
    write(pytester, race=RACE)
    assert run(pytester).ret == pytest.ExitCode.NO_TESTS_COLLECTED


def test_each_file_and_policy_is_a_test(pytester: pytest.Pytester) -> None:
    """Two policies; the numbers of the first for both choices of the parameter: 4! / 2!2! and 8! / 4!4!."""
    write(pytester, race=EXPECTING)
    done = run(pytester, "--scenarios", "-v")
    done.assert_outcomes(passed=2)
    done.stdout.fnmatch_lines(["race.py::access PASSED*", "race.py::statement PASSED*"])


@pytest.mark.parametrize("arguments", [["-k", "statement"], ["race.py::statement"]])
def test_tests_are_selected_as_others_are(pytester: pytest.Pytester, arguments: list[str]) -> None:
    write(pytester, race=EXPECTING)
    run(pytester, "--scenarios", *arguments).assert_outcomes(passed=1, deselected=arguments[0] == "-k")


def test_a_file_that_expects_nothing_fails_with_a_witness(pytester: pytest.Pytester) -> None:
    """What happens, in words, and the command that steps through it; no traceback."""
    write(pytester, race=RACE, sound=RACE.replace("x == 2 * N", "x > 0"))
    done = run(pytester, "--scenarios")
    done.assert_outcomes(passed=1, failed=1)
    done.stdout.fnmatch_lines([
        "Found under policy access: all_counted is violated in 4 schedules.",
        "race with N = 1: Two threads add one without a lock.",
        "T[[]0] reads x = 0*overwrites what T[[]1] wrote: all_counted is violated.",
        "Step by step: lab replay race.py 'T[[]0]' 'T[[]1]' 'T[[]1]' 'T[[]0]'",
    ])  # fmt: skip
    assert "Traceback" not in done.stdout.str()


def test_an_expectation_that_is_not_met_is_named(pytester: pytest.Pytester) -> None:
    """With its policy and parameters, and with the witness of the fault."""
    write(pytester, race=EXPECTING.replace("schedules=70", 'verdicts={"all_counted": "holds"}'))
    done = run(pytester, "--scenarios")
    done.assert_outcomes(passed=1, failed=1)
    done.stdout.fnmatch_lines([
        "The file expects all_counted: holds, and this is not so.", "race with N = 2:*", "Step by step: *--set N=2*",
    ])  # fmt: skip


def test_what_is_expected_and_not_found_fails_without_a_witness(pytester: pytest.Pytester) -> None:
    write(pytester, race=EXPECTING.replace('"holds"', '"violated"'))
    done = run(pytester, "--scenarios")
    done.assert_outcomes(passed=1, failed=1)
    done.stdout.fnmatch_lines(["The file expects all_counted: violated, and this is not so."])
    assert "Step by step" not in done.stdout.str()


def test_a_file_outside_the_language_fails_with_its_sentence(pytester: pytest.Pytester) -> None:
    """Even one that is no Python; collecting goes on."""
    write(
        pytester, race=RACE, broken="from lab.scenario import thread\nx = = 1\n", unknown=RACE + "\n\nwhile True: x\n"
    )
    done = run(pytester, "--scenarios", "-k", "broken or unknown")
    done.assert_outcomes(failed=2, deselected=1)
    done.stdout.fnmatch_lines(["*broken.py:2:5: *", "*unknown.py:20:1: a loop is not allowed at the top level*"])
    assert "Traceback" not in done.stdout.str()


def test_a_policy_that_does_not_exist_fails(pytester: pytest.Pytester) -> None:
    write(pytester, race=RACE + '\n\nexpect(policy="gil", states=1)\n')
    done = run(pytester, "--scenarios")
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["*there is no policy 'gil'*"])


def test_questions_are_a_test_of_their_own(pytester: pytest.Pytester) -> None:
    asking = EXPECTING.replace("import expect", "import question, expect")
    right = asking + 'question("How many?", count="schedules", answer=6)\n'
    write(pytester, right=right, wrong=right.replace("answer=6", "answer=8"))
    done = run(pytester, "--scenarios")
    done.assert_outcomes(passed=5, failed=1)
    done.stdout.fnmatch_lines(["wrong.py:23: the answer to this question is 6, and the file says 8. *"])


def test_files_of_tests_and_others_are_left_alone(pytester: pytest.Pytester) -> None:
    """A test module may import the vocabulary; a helper that does not is no scenario."""
    test = "import lab.scenario\n\n\ndef test_it():\n    pass\n"
    write(pytester, test_vocabulary=test, helper="x = 1\n", race=EXPECTING)
    run(pytester, "--scenarios").assert_outcomes(passed=3)


def test_a_fault_of_the_lab_keeps_its_traceback(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    def explode(*_: object, **__: object) -> None:
        raise ZeroDivisionError("in the lab")

    write(pytester, race=RACE)
    monkeypatch.setattr(lab, "explore", explode)
    done = run(pytester, "--scenarios")
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["*def explode*", "E*ZeroDivisionError: in the lab"])


def test_collecting_explores_nothing_and_loads_no_numpy(pytester: pytest.Pytester) -> None:
    """The shipped scenarios are listed in a process of their own that never imports numpy."""
    code = (
        "import sys, pytest\n"
        "status = pytest.main(['-q', '--collect-only', '-p', 'no:gil_lab', '-p', 'lab.pytest_plugin', '--scenarios',\n"
        "    '-c', '/dev/null', '--rootdir', '.', '-p', 'no:cacheprovider',\n"
        f"    {str(ROOT / 'scenarios' / 'refcount')!r}])\n"
        "sys.exit(f'{status} {\"numpy\" in sys.modules}')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=pytester.path, check=False, timeout=60
    )
    assert done.stderr.strip().endswith("0 False")
    assert "race.py::questions" in done.stdout


def test_the_plugin_costs_nothing_where_it_is_not_used() -> None:
    """Loading it imports pytest and the lab's errors, and neither the explorer nor the language."""
    code = "import sys, lab.pytest_plugin; print(*sorted(name for name in sys.modules if name.startswith('lab')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == ["lab", "lab.errors", "lab.pytest_plugin"]


def test_tests_can_be_distributed(pytester: pytest.Pytester) -> None:
    """Two processes collect the same tests in the same order."""
    pytest.importorskip("xdist")
    write(pytester, race=EXPECTING, sound=RACE.replace("x == 2 * N", "x > 0"))
    run(pytester, "--scenarios", "-p", "xdist", "-n", "2").assert_outcomes(passed=3)
