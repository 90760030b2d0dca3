"""The fixture `interleave`, run by pytest within pytest: what it finds, what it says, what it works together with."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

import lab

ROOT = Path(lab.__file__).parents[1]

COUNTER = """\
import threading

import pytest


class Counter:
    def __init__(self):
        self.value = 0
        self.lock = threading.Lock()

    def add(self, by=1):
        value = self.value
        self.value = value + by

    def add_locked(self, by=1):
        with self.lock:
            self.add(by)


def counted(counter):
    assert counter.value == 2
"""

RACE = (
    COUNTER
    + """

def test_race(interleave):
    interleave(Counter.add, Counter.add, setup=Counter, check=counted)
"""
)


@pytest.fixture(scope="module", autouse=True)
def _loaded_once() -> None:
    """Import what tests need beforehand: pytester forgets what a run imports."""
    importlib.import_module("lab.interleaving")
    importlib.import_module("lab.stateful")


def run(pytester: pytest.Pytester, text: str, *arguments: str) -> pytest.RunResult:
    """Run pytest on a module with the plugin, which an installation would load by its entry point."""
    pytester.makepyfile(test_threads=text)
    plugins = ("-p", "no:gil_lab", "-p", "lab.pytest_plugin", "-p", "no:cacheprovider", "-p", "no:randomly")
    return pytester.runpytest(*plugins, "-W", "error", *arguments)


def in_a_process(pytester: pytest.Pytester, text: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run pytest in a process of its own, as xdist and coverage need."""
    pytester.makepyfile(test_threads=text)
    plugins = ("-p", "no:gil_lab", "-p", "lab.pytest_plugin", "-p", "no:cacheprovider")
    command = [sys.executable, "-m", "pytest", *plugins, *arguments]
    return subprocess.run(
        command,
        cwd=pytester.path,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_race_fails_with_its_schedule(pytester: pytest.Pytester) -> None:
    """The user's assertion with its values, the table of threads and lines, one preemption, and a token.

    A lost update needs one thread to be switched away from between its read and its write, and none is lost without a
    preemption. The shortest such schedule: T1 reads, T2 reads and writes, T1 writes. Of the four runs that differ, two
    are one thread after the other, and two lose an update: T1 writes last, or T2 does.
    """
    done = run(pytester, RACE)
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines([
        "E       assert 1 == 2",
        "*The above exception was the direct cause of the following exception:",
        "E*ScheduleError: the check fails: AssertionError: assert 1 == 2",
        "E*The schedule, with 1 preemption:",
        "E          T1 *T2",
        "E * test_threads.py:12 value = self.value *(read value)",
        "E * test_threads.py:12 value = self.value *(read value)",
        "E * test_threads.py:13 self.value = value +*(write value)",
        "E * test_threads.py:13 self.value = value +*(write value)",
        "E*Again: --interleave-replay 'T1,T2[*]2,T1'",
        "E*2 of 4 executions failed (every order of steps that matters).",
    ])  # fmt: skip
    assert "lab/live" not in done.stdout.str()


def test_a_repaired_test_passes_and_says_what_was_covered(pytester: pytest.Pytester) -> None:
    done = run(pytester, RACE.replace("Counter.add,", "Counter.add_locked,"))
    done.assert_outcomes(passed=1)
    done.stdout.fnmatch_lines(["*interleavings covered*", "test_threads.py::test_race: * executions*"])


def test_a_token_replays_its_schedule(pytester: pytest.Pytester) -> None:
    """The same table, from one execution; a repaired test passes with the same token."""
    failed = run(pytester, RACE).stdout.str()
    token = failed.split("--interleave-replay ")[1].split()[0].strip("'")
    again = run(pytester, RACE, "--interleave-replay", token)
    again.assert_outcomes(failed=1)
    rows = [line for line in failed.splitlines() if "test_threads.py:1" in line and "E  " in line]
    assert len(rows) == 4
    assert all(row in again.stdout.str() for row in rows)


def test_the_mark_bounds_the_exploration(pytester: pytest.Pytester) -> None:
    """Without a preemption no update is lost: two schedules, and the claim names the bound."""
    done = run(pytester, RACE.replace("def test_race", "@pytest.mark.interleave(bound=0)\ndef test_race"))
    done.assert_outcomes(passed=1)
    done.stdout.fnmatch_lines(["test_threads.py::test_race: 2 executions*0 preemptions*"])


def test_drawn_schedules_depend_on_the_seed(pytester: pytest.Pytester) -> None:
    """One run is drawn, of six: with some seeds it loses an update, with others it does not; the same seed repeats."""
    text = RACE.replace("check=counted)", "check=counted, strategy='random', max_executions=1)")
    ends = [run(pytester, text, "--interleave-seed", str(seed)).ret for seed in (*range(8), 0)]
    assert set(ends) == {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED}
    assert ends[-1] is ends[0]


def test_an_incomplete_exploration_is_no_pass(pytester: pytest.Pytester) -> None:
    text = RACE.replace("check=counted)", "check=counted, max_executions=1)")
    done = run(pytester, text)
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["*Incomplete*"])


@pytest.mark.parametrize(
    ("mark", "said"),
    [
        ("bounds=2", "*interleave has no option 'bounds'; it has strategy, bound, max_executions, max_seconds, *"),
        ("2", "*interleave has no option a value without a name*"),
        ("strategy='best'", "*best*"),
    ],
)
def test_a_wrong_mark_is_named(pytester: pytest.Pytester, mark: str, said: str) -> None:
    done = run(pytester, RACE.replace("def test_race", f"@pytest.mark.interleave({mark})\ndef test_race"))
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines([said])


def test_a_failure_can_be_what_is_expected(pytester: pytest.Pytester) -> None:
    """`explore` returns what it found; the mark and the call choose alike, and the call wins."""
    expecting = (
        COUNTER
        + """

@pytest.mark.interleave(bound=1)
def test_both(interleave):
    assert interleave.explore(Counter.add, Counter.add, setup=Counter, check=counted).failures
    assert not interleave.explore(Counter.add, Counter.add, setup=Counter, check=counted, bound=0).failures
"""
    )
    done = run(pytester, expecting)
    done.assert_outcomes(passed=1)
    done.stdout.fnmatch_lines(["*(and 1 more explorations)"])


def test_classes_of_unittest(pytester: pytest.Pytester) -> None:
    """They take the fixture in a fixture of their own, and the mark of the class holds."""
    done = run(
        pytester,
        COUNTER
        + """

import unittest


@pytest.mark.interleave(bound=0)
class TestCounter(unittest.TestCase):
    @pytest.fixture(autouse=True)
    def _take(self, interleave):
        self.interleave = interleave

    def test_without_a_preemption(self):
        self.interleave(Counter.add, Counter.add, setup=Counter, check=counted)

    def test_with_one(self):
        with self.assertRaises(AssertionError):
            self.interleave(Counter.add, Counter.add, setup=Counter, check=counted, bound=1)
""",
    )
    done.assert_outcomes(passed=2)


def test_fixtures_and_monkeypatch(pytester: pytest.Pytester) -> None:
    """A fixture makes the setup, monkeypatch changes a constant that the threads read, and both are undone."""
    done = run(
        pytester,
        COUNTER
        + """
STEP = 1


@pytest.fixture
def counters(tmp_path):
    return Counter


def add_step(counter):
    counter.add_locked(STEP)


@pytest.mark.parametrize("step", [1, 2])
def test_step(interleave, counters, monkeypatch, step):
    monkeypatch.setattr(f"{__name__}.STEP", step)

    def check(counter):
        assert counter.value == 2 * step

    interleave(add_step, add_step, setup=counters, check=check)


def test_nothing_stays():
    assert STEP == 1
    assert type(threading.Lock()).__module__ == "_thread"
""",
    )
    done.assert_outcomes(passed=3)


HYPOTHESIS = (
    COUNTER
    + """

from hypothesis import given, settings, strategies as st


@settings(max_examples=20, deadline=None, derandomize=True, database=None)
@given(st.integers(0, 9), st.integers(0, 9))
def test_sums(interleave, one, other):
    def check(counter):
        assert counter.value == one + other

    interleave(lambda c: c.add(one), lambda c: c.add(other), setup=Counter, check=check)
"""
)


def test_hypothesis_draws_the_arguments(pytester: pytest.Pytester) -> None:
    """It shrinks them, too: a lost update of 0 does not show, so the smallest failing sum is of 1 and 1, or 0 and 1.

    With one = 0 and other = 1 an update is lost where T1 reads 0, T2 writes 1, T1 writes 0: the sum is 0 and not 1.
    """
    pytest.importorskip("hypothesis")
    done = run(pytester, HYPOTHESIS)
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["E*ScheduleError: *", "E * one=0,*", "E * other=1,*"])
    run(pytester, HYPOTHESIS.replace("c.add(", "c.add_locked(")).assert_outcomes(passed=1)


def test_xdist_workers_report_what_they_covered(pytester: pytest.Pytester) -> None:
    pytest.importorskip("xdist")
    done = in_a_process(
        pytester, RACE.replace("def test_race", "@pytest.mark.interleave(bound=0)\ndef test_race"), "-n2"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "test_threads.py::test_race: 2 executions" in done.stdout


def test_coverage_can_run_beside_it(pytester: pytest.Pytester) -> None:
    """The same schedules as without: four, and the test fails as it does alone."""
    pytest.importorskip("pytest_cov")
    done = in_a_process(pytester, RACE, "--cov=test_threads")
    assert "2 of 4 executions failed" in done.stdout, done.stdout + done.stderr
    assert "tests coverage" in done.stdout


def test_a_deadlock_names_who_waits_for_what(pytester: pytest.Pytester) -> None:
    """Two locks in two orders; each thread stands at its second `acquire`, and the stacks are shown."""
    done = run(
        pytester,
        """
import threading


class Two:
    def __init__(self):
        self.one, self.other = threading.Lock(), threading.Lock()


def up(two):
    with two.one:
        with two.other:
            pass


def down(two):
    with two.other:
        with two.one:
            pass


def test_order(interleave):
    interleave(up, down, setup=Two)
""",
    )
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines([
        "E*deadlock: T1 waits for acquire of a Lock held by T2; T2 waits for acquire of a Lock held by T1",
        "E*The schedule:",
        "E       T1:", "E *with two.other:", "E       T2:", "E *with two.one:",
    ])  # fmt: skip


def test_the_plugin_costs_nothing(pytester: pytest.Pytester) -> None:
    """A run without the fixture imports nothing of the lab but the two modules of the plugin."""
    text = "import sys\n\n\ndef test_it():\n    assert [m for m in sys.modules if m.startswith('lab.')] == " + repr(
        ["lab.errors", "lab.pytest_plugin", "lab.pytest_interleave"]
    )
    done = in_a_process(pytester, text)
    assert done.returncode == 0, done.stdout


PIECE = re.compile(
    r"<!-- file: (\S+) -->\s*```python\n(.*?)```|<!-- run: pytest ([^>]*) -->\n```text\n(.*?)```", re.DOTALL
)


def test_the_tutorial_shows_what_pytest_prints(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every line that it shows, in its order; others, such as the traceback, are left out there."""
    monkeypatch.syspath_prepend(pytester.path)
    plugins = ("-p", "no:gil_lab", "-p", "lab.pytest_plugin", "-p", "no:cacheprovider")
    runs = 0
    for file, code, arguments, shown in PIECE.findall((ROOT / "docs" / "pytest.md").read_text(encoding="utf-8")):
        if file:
            (pytester.path / file).write_text(code, encoding="utf-8")
            continue
        done = pytester.runpytest_subprocess(*plugins, *arguments.split())
        printed = "\n".join(line.removeprefix("E").strip() for line in done.outlines)
        position = 0
        for line in shown.splitlines():
            position = printed.find(line.strip(), position)
            assert position >= 0, f"{line}\n{printed}"
        runs += 1
    assert runs == 3


def test_options_and_mark_are_described(pytester: pytest.Pytester) -> None:
    done = run(pytester, RACE, "--help")
    done.stdout.fnmatch_lines(["*--interleave-seed=N*", "*--interleave-replay=TOKEN*"])
    run(pytester, RACE, "--markers").stdout.fnmatch_lines(["@pytest.mark.interleave(strategy='dpor', *"])
