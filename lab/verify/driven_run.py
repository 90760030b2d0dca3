"""Runs of a scenario file in which real threads are led along schedules, opcode by opcode.

The threads are Python's own and so is all that they use, locks included. Each stops in front of the opcodes that do
what the model calls its next access, and goes on when it is its turn. They are compared with the model at each step:
where the thread stands then, and what is shared; at the end, what is returned, raised, printed, and who is stuck.

Standard library only, Python 3.9 and later, and a program too: `python lab/verify/driven_run.py FILE SECONDS
[NAME=VALUE ...]` reads a plan (`lab.verify.plan`) as JSON, leads the threads with nothing installed, and prints what it
found as JSON.
"""

from __future__ import annotations

import ast
import json
import os
import queue
import sys
import threading
import time
import types
from _thread import get_ident
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

if __name__ == "__main__":
    # Run by path: make the modules importable without the rest of the package, which needs a newer Python.
    _root = Path(__file__).resolve().parent.parent
    for _name, _place in (("lab", _root), ("lab.verify", _root / "verify")):
        _package = types.ModuleType(_name)
        _package.__path__ = [str(_place)]
        sys.modules[_name] = _package

from lab import scenario
from lab.scenario import ThreadSpec, registry
from lab.verify.free_run import described, fresh, name_records, plain
from lab.verify.led_threads import HANDS, Hand, LedChoices, LedCondition, Stop, start
from lab.verify.made_threads import MadeThreads
from lab.verify.opcode_watch import File, NoOpcode, Watch, compiled_for, watch_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

__all__ = ["driven"]

ENDED, PARKED, UNBORN = -1, -2, -3
"""Places of a thread that has ended; that waits inside of an operation that takes two steps; that has to be started."""

STUCK_SECONDS = 0.02
"""How long a thread that the model calls stuck has to get on, if it can."""

STUCK_CHECKED = 3
"""In how many runs that end so each thread is let go to see that it is stuck; it stays so, and cannot be ended."""

MOST_DIFFERENCES = 3
"""After so many runs that do not go as planned no more are made."""


class _Differs(Exception):  # noqa: N818 - an answer, not an error
    """What a real thread does and the model does not."""


class _Run:
    """One run: real threads, the plan's names for them, and what can be seen of the module."""

    def __init__(self, file: File, names: list[str], watch: Watch) -> None:
        self.choices = LedChoices()
        scenario.RANDOM = self.choices  # type: ignore[assignment]
        self.namespace = vars(fresh(file.code))
        name_records(self.namespace)
        self.output: list[str] = []
        self.namespace["print"] = lambda *values, sep=" ": self.output.append(sep.join(map(str, values)))
        self.returned: dict[str, Any] = dict.fromkeys(names)
        self.errors: dict[str, str] = {}
        self.targets = file.targets
        self.watch = watch
        self.hands = [Hand(name) for name in names]
        self.parked = [False] * len(names)
        self.unborn = [False] * len(names)
        declared = registry(self.namespace)
        if declared.main is not None:
            declared.threads.append(ThreadSpec("main", declared.main))
            MadeThreads(self.namespace, declared, self._record)
        for spec in declared.threads:
            threading.Thread(target=self._record, args=(spec.name, spec.function, *spec.arguments), daemon=True).start()

    def _record(self, name: str, function: Callable[..., Any], /, *arguments: Any, **named: Any) -> None:
        """Run what a thread runs, as far as it is led."""
        [hand] = [hand for hand in self.hands if hand.name == name]
        threading.current_thread().name = name
        HANDS[get_ident()] = hand
        hand.begun = True
        try:
            hand.stop("ready")
            with self.watch:
                self.returned[name] = plain(function(*arguments, **named))
        except Exception as error:  # noqa: BLE001 - whatever a thread raises is part of the outcome
            self.errors[name] = described(error)
        except Stop:
            pass
        finally:
            del HANDS[get_ident()]
            hand.ended = True
            hand.says.put("ended")

    def begin(self, start: list[int]) -> None:
        """Let each thread come to its first access."""
        for number, place in enumerate(start):
            self.unborn[number] = place == UNBORN
            if place != UNBORN:
                self._expect(number, "ready")
                self.lead(number, place)

    def move(self, number: int, place: int, choice: int, results: int, woken: list[int], begins: int) -> None:
        """Let a thread take a step, after which the model has it at a place."""
        self.choices.choice_of, self.choices.results = choice, results
        LedCondition.order = tuple(self.hands[one].name for one in woken)
        if self.parked[number]:
            self._expect(number, "woken")
        if self.unborn[number]:
            self._expect(number, "ready")
            self.unborn[number] = False
            if begins != UNBORN:
                self.lead(number, begins)
        self.lead(number, place)

    def lead(self, number: int, place: int) -> None:
        """Let a thread go on, up to a place."""
        hand = self.hands[number]
        hand.targets = self.targets[place] if place >= 0 else frozenset()
        hand.go()
        self._expect(number, "ended" if place == ENDED else "parked" if place == PARKED else "there")
        self.parked[number] = place == PARKED

    def _expect(self, number: int, word: str) -> None:
        said = self.hands[number].heard()
        if said != word:
            raise _Differs(f"{self.hands[number].name} {_MEANS[said]}, where the model has it {_MEANS[word]}")

    def shared(self, expected: Mapping[str, Any], *, between: bool = False) -> dict[str, Any]:
        """Return the shared variables as plain data; `between` steps, but for queues that looking at empties."""
        return {
            name: value
            if between and isinstance(self.namespace[name], queue.SimpleQueue)
            else plain(self.namespace[name])
            for name, value in expected.items()
        }

    def seem_stuck(self, waiting: list[str]) -> None:
        """Let the threads that are stuck in the model go, and see that they are."""
        hands = [hand for hand in self.hands if hand.name in waiting]
        for hand in hands:
            hand.targets = frozenset()
            if not self.parked[self.hands.index(hand)]:
                hand.stuck = True
                hand.go()
        time.sleep(STUCK_SECONDS)
        for hand in hands:
            word = "" if hand.says.empty() else hand.heard()
            if word == "parked":
                hand.stuck = False  # at a condition within a semaphore or a queue, where it can be ended
            elif word:
                raise _Differs(f"{hand.name} goes on, where the model has it stuck")

    def end(self) -> None:
        """End all threads that have not ended, and wait for them; those in a real deadlock stay."""
        for hand in self.hands:
            hand.over = True
        for hand in self.hands:
            if hand.ended or not hand.begun:
                continue
            waiter = hand.waiter
            if waiter is not None:
                with suppress(RuntimeError):  # somebody has notified it meanwhile
                    waiter.release()
            if not hand.stuck:
                hand.go()
        for hand in self.hands:
            while hand.begun and not hand.ended and not hand.stuck and hand.heard(1.0) != "nothing":
                pass


_MEANS = {
    "ready": "at its beginning",
    "there": "in front of its next access",
    "ended": "at its end",
    "parked": "waiting at a condition",
    "woken": "woken up at a condition",
    "nothing": "held up",
}


def driven(path: str, parameters: Mapping[str, Any], plan: Mapping[str, Any], seconds: float) -> dict[str, Any]:
    """Lead real threads along the runs of a plan, for so many seconds at most, and return what went otherwise.

    Returns
    -------
    dict
        `runs`, how many were made, and `steps` in them; `differences`, each with the number of its `run`, of its `step`
        (from 0; that of the end is the number of steps) and what is other, in words; `interrupted`, by Ctrl-C; `why`,
        the reason where no thread can be led.
    """
    until = time.monotonic() + seconds
    found: dict[str, Any] = {"runs": 0, "steps": 0, "differences": [], "interrupted": False, "why": ""}
    try:
        file = compiled_for(path, parameters, plan["places"])
    except NoOpcode as error:
        return {**found, "why": str(error)}
    checked: dict[int, int] = {}
    with _controlled(file) as watch:
        try:
            for number, (moves, end) in enumerate(plan["paths"]):
                if time.monotonic() > until or len(found["differences"]) >= MOST_DIFFERENCES:
                    break
                step, difference = _led(_Run(file, plan["threads"], watch), plan, moves, end, checked)
                found["runs"] += 1
                found["steps"] += step
                if difference:
                    found["differences"].append({"run": number, "step": step, "what": difference})
        except KeyboardInterrupt:
            found["interrupted"] = True
    return found


@contextmanager
def _controlled(file: File) -> Iterator[Watch]:
    """Replace conditions and choices by those that a schedule decides, and watch the opcodes; then put all back."""
    # One runs at a time anyway, so the lock of atomic blocks is not needed.
    before = threading.Condition, threading.Thread.start, scenario.RANDOM, scenario._ONE_AT_A_TIME  # noqa: SLF001
    watch = watch_for(file)
    threading.Condition, threading.Thread.start = LedCondition, start  # type: ignore[misc, method-assign, assignment]
    scenario._ONE_AT_A_TIME = nullcontext()  # type: ignore[assignment]  # noqa: SLF001
    try:
        yield watch
    finally:
        threading.Condition, threading.Thread.start = before[:2]  # type: ignore[misc, method-assign]
        scenario.RANDOM, scenario._ONE_AT_A_TIME = before[2:]  # noqa: SLF001
        watch.close()


def _led(
    run: _Run, plan: Mapping[str, Any], moves: list[Any], end: int | None, checked: dict[int, int]
) -> tuple[int, str]:
    """Lead the threads of a run, and return how many steps went as planned, and what then did not."""
    step = 0
    try:
        run.begin(plan["start"])
        for thread, place, shared, choice, results, woken, begins in moves:
            run.move(thread, place, choice, results, woken, begins)
            _same("what is shared", run.shared(plan["shared"][shared], between=True), plan["shared"][shared])
            step += 1
        if end is not None:
            _ends(run, plan["ends"][end], stuck=checked.setdefault(end, 0) < STUCK_CHECKED)
            checked[end] += 1
    except _Differs as difference:
        return step, str(difference)
    finally:
        run.end()
    return step, ""


def _ends(run: _Run, expected: Mapping[str, Any], *, stuck: bool) -> None:
    """Compare the end of a run; raises `_Differs`."""
    going = [hand.name for hand in run.hands if hand.begun and not hand.ended]
    _same("who has not ended", going, expected["going"])
    if expected["status"] == "deadlock" and stuck:
        run.seem_stuck(going)
    _same("what is shared at the end", run.shared(expected["shared"]), expected["shared"])
    for what, real in (("returned", run.returned), ("errors", run.errors), ("output", run.output)):
        _same(what, real, expected[what])


def _same(what: str, real: Any, expected: Any) -> None:
    real = json.loads(json.dumps(real))
    if real == expected:
        return
    if isinstance(real, dict) and isinstance(expected, dict):
        names = [name for name in {**real, **expected} if real.get(name, Stop) != expected.get(name, Stop)]
        real, expected = ({name: one[name] for name in names if name in one} for one in (real, expected))
    raise _Differs(f"{what}: {json.dumps(real)}, where the model has {json.dumps(expected)}")


def _main(arguments: list[str]) -> None:
    """Lead the file named along the plan on standard input; `NAME=VALUE` arguments replace parameters."""
    path, seconds, *settings = arguments
    parameters = {name: ast.literal_eval(text) for name, _, text in (item.partition("=") for item in settings)}
    json.dump(driven(path, parameters, json.load(sys.stdin), float(seconds)), sys.stdout)
    sys.stdout.flush()
    os._exit(0)  # threads in a real deadlock stay, and must not keep the interpreter from ending


if __name__ == "__main__":
    _main(sys.argv[1:])
