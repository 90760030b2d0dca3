"""The oracle's engine: the graph of all states of a small program, and exact counts of the paths through it.

A state is the memory and, per thread, what tells its future: either everything the thread was ever answered
(`merge="history"`, which no reading of the text can get wrong, but which never ends on a program that can wait busily)
or where it stands with its local variables (`merge="position"`, which the tests compare with the former).
"""

from __future__ import annotations

import ast
from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any, Literal

from tests.oracle.interpreter import Ended, Interpreter, Pending, judge
from tests.oracle.memory import (
    LOCKS,
    STDOUT,
    Memory,
    Ref,
    Request,
    Thrown,
    UnsupportedError,
    identity,
    results,
    would_wait,
)
from tests.oracle.program import OracleProgram, read
from tests.oracle.waiting import is_waiting, lock_of

Answers = tuple[Any, ...]
INFINITE = "infinite"


class TooLargeError(Exception):
    """A program with more states than the oracle was allowed."""


class AtomicBlockedError(Exception):
    """An operation inside an atomic block, not its first, had to wait."""


@dataclass(frozen=True)
class Move:
    """One policy step: the thread, the number of its result, and the state after it."""

    thread: int
    result: int
    after: int


@dataclass
class State:
    """One state, and how it was reached first."""

    answers: tuple[Answers, ...]
    memory: Memory
    depth: int
    standing: tuple[Pending | Ended, ...]
    moves: list[Move] = field(default_factory=list)

    @property
    def finished(self) -> bool:
        """Whether every thread has ended."""
        return all(isinstance(thread, Ended) for thread in self.standing)


@dataclass
class Found:
    """One outcome: its exact count (or "infinite"), probability, and the length of its shortest schedule."""

    schedules: int | str = 0
    probability: Fraction | None = Fraction(0)
    shortest: int = 0


@dataclass
class Verdict:
    """What became of a property."""

    kind: str
    violated: bool
    schedules: int | str = 0
    probability: Fraction | None = Fraction(0)


@dataclass
class Exploration:
    """Everything that the oracle found."""

    program: OracleProgram
    states: list[State]
    schedules: int | str
    outcomes: dict[Hashable, Found]
    properties: dict[str, Verdict]
    deadlock: bool
    never_ends: bool

    @property
    def transitions(self) -> int:
        """How many moves there are: (state, thread, result)."""
        return sum(len(state.moves) for state in self.states)

    def finals(self, name: str) -> dict[Any, int | str]:
        """Return, for a shared variable, its final values with the number of schedules (deadlocks left out)."""
        totals: dict[Any, Any] = {}
        for key, found in self.outcomes.items():
            outcome: Any = key
            if outcome[0] == "finished":
                value = dict(outcome[1])[name][1]
                totals[value] = totals.get(value, 0) + found.schedules
        return totals

    def returns(self) -> dict[tuple[Any, ...], int | str]:
        """Return the tuples of returned values of finished runs with the number of schedules."""
        totals: dict[tuple[Any, ...], Any] = {}
        for key, found in self.outcomes.items():
            outcome: Any = key
            if outcome[0] == "finished":
                value = tuple(entry[1][1] for entry in outcome[2])
                totals[value] = totals.get(value, 0) + found.schedules
        return totals


class Oracle:
    """Explores one program under one policy."""

    def __init__(self, program: OracleProgram, policy: str, merge: str, bound: int) -> None:
        self.program = program
        self.policy = policy
        self.merge = merge
        self.bound = bound
        self.known: dict[tuple[int, Hashable], Pending | Ended] = {}

    def stand(self, thread: int, answers: Answers) -> Pending | Ended:
        """Return where a thread stands after those answers."""
        key = (thread, identity(answers))
        if key not in self.known:
            it = self.program.threads[thread]
            self.known[key] = Interpreter(self.program).run(it.function, it.arguments, answers)
        return self.known[key]

    def steps(self, thread: int, answers: Answers, memory: Memory) -> Iterator[tuple[Answers, Memory, list[Request]]]:
        """Yield the results of a thread's policy step, in order, with the requests it made."""
        pending = self.stand(thread, answers)
        if isinstance(pending, Pending):
            yield from self._go_on(thread, answers, memory, pending, [])

    def _go_on(
        self, thread: int, answers: Answers, memory: Memory, pending: Pending, done: list[Request]
    ) -> Iterator[tuple[Answers, Memory, list[Request]]]:
        request = pending.request
        for answer, after in results(memory, request, thread, self.program.names):
            then, requests = (*answers, answer), [*done, request]
            standing = self.stand(thread, then)
            if isinstance(standing, Pending) and self._same_step(thread, requests, standing.request, after):
                yield from self._go_on(thread, then, after, standing, requests)
            else:
                yield then, after, requests

    def _same_step(self, thread: int, done: list[Request], following: Request, memory: Memory) -> bool:
        blocked = would_wait(memory, following, thread)
        if following.block is not None and following.block == done[-1].block:
            if blocked:
                raise AtomicBlockedError
            return True
        if self.policy != "statement" or blocked or following.statement != done[-1].statement:
            return False
        return following.instruction not in {request.instruction for request in done}

    def key(self, answers: tuple[Answers, ...], memory: Memory) -> Hashable:
        """Return what tells one state from another."""
        cells = tuple((cell, identity(memory[cell])) for cell in sorted(memory, key=repr))
        if self.merge == "history":
            return (identity(answers), cells)
        return (tuple(self.stand(thread, part).position for thread, part in enumerate(answers)), cells)

    def graph(self) -> list[State]:
        """Return every reachable state, in breadth-first order."""
        start: tuple[Answers, ...] = ((),) * len(self.program.threads)
        numbers: dict[Hashable, int] = {}
        states: list[State] = []

        def number_of(answers: tuple[Answers, ...], memory: Memory, depth: int) -> int:
            key = self.key(answers, memory)
            if key not in numbers:
                if len(states) >= self.bound:
                    raise TooLargeError
                numbers[key] = len(states)
                standing = tuple(self.stand(thread, part) for thread, part in enumerate(answers))
                states.append(State(answers, memory, depth, standing))
            return numbers[key]

        number_of(start, dict(self.program.memory), 0)
        for state in states:
            for thread, part in enumerate(state.answers):
                for result, (then, memory, _) in enumerate(self.steps(thread, part, state.memory)):
                    answers = (*state.answers[:thread], then, *state.answers[thread + 1 :])
                    state.moves.append(Move(thread, result, number_of(answers, memory, state.depth + 1)))
        return states


def explore(
    source: str | OracleProgram,
    policy: Literal["access", "statement"] = "access",
    *,
    merge: Literal["history", "position"] = "position",
    bound: int = 60_000,
    parameters: Mapping[str, Any] | None = None,
) -> Exploration:
    """Explore every schedule of a scenario and return exact counts."""
    program = read(source, parameters) if isinstance(source, str) else source
    oracle = Oracle(program, policy, merge, bound)
    states = oracle.graph()
    order, tainted = _order(states)
    counts = _paths(states, order)
    chances = _chances(states, order) if not tainted else None
    found: dict[Hashable, Found] = {}
    for number, state in enumerate(states):
        if not state.moves:
            entry = found.setdefault(outcome_of(program, state), Found(shortest=state.depth))
            if number in tainted or entry.schedules == INFINITE:
                entry.schedules = INFINITE
            else:
                entry.schedules += counts[number]  # type: ignore[operator]
            entry.probability = None if chances is None else (entry.probability or 0) + chances[number]
    endings = {number for number, state in enumerate(states) if not state.moves}
    infinite = any(entry.schedules == INFINITE for entry in found.values()) or bool(tainted)
    total = INFINITE if infinite else sum(counts[number] for number in endings)
    return Exploration(
        program,
        states,
        total,
        found,
        _verdicts(program, states, order, tainted),
        any(outcome[0] == "deadlock" for outcome in found),  # type: ignore[index]
        len(_reaching(states, endings)) < len(states),
    )


def outcome_of(program: OracleProgram, state: State) -> Hashable:
    """Return an end as one hashable value: (status, shared, returned, errors, waiting, output)."""
    names = [thread.name for thread in program.threads]
    returned, errors, waiting = [], [], []
    for name, thread in zip(names, state.standing, strict=True):
        failed = isinstance(thread, Ended) and isinstance(thread.value, Thrown)
        done = isinstance(thread, Ended) and not failed
        returned.append((name, hashable(program.plain(thread.value, state.memory)) if done else hashable(None)))  # type: ignore[union-attr]
        if failed:
            errors.append((name, str(thread.value)))  # type: ignore[union-attr]
        if isinstance(thread, Pending):
            request = awaited(thread.request, state.memory, names.index(name))
            held_by = holders(program, request, state.memory)
            waiting.append((name, waited_for(program, request), held_by, request.line))
    return (
        "finished" if state.finished else "deadlock",
        tuple((name, hashable(value)) for name, value in sorted(program.observed(state.memory).items())),
        tuple(returned),
        tuple(errors),
        tuple(waiting),
        tuple(state.memory[STDOUT]) if program.prints else None,
    )


def awaited(request: Request, memory: Memory, thread: int) -> Request:
    """Return what a thread waits for: one that was woken at a condition waits for its lock."""
    content = memory.get(request.target) if isinstance(request.target, Ref) else None
    if content is None or content.kind != "condition" or is_waiting(memory, request.target, thread):
        return request
    return replace(request, target=lock_of(memory, request.target))


def waited_for(program: OracleProgram, request: Request) -> str:
    """Return the name of what a blocked request waits for; a condition is its own text."""
    if request.kind == "wait":
        return ast.get_source_segment(program.text, request.args[1]) or ""
    return program.names[request.target]


def holders(program: OracleProgram, request: Request, memory: Memory) -> tuple[str, ...]:
    """Return the names of the threads that hold the lock a blocked request waits for."""
    content = memory.get(request.target) if isinstance(request.target, Ref) else None
    if content is None or content.kind not in LOCKS or content.kind == "semaphore":
        return ()
    return (program.threads[content.items[0]].name,)


def hashable(value: Any) -> Hashable:
    """Return plain data as a value that can be compared and hashed, types told apart."""
    if isinstance(value, Mapping):
        return ("mapping", tuple(sorted((key, hashable(item)) for key, item in value.items())))
    if isinstance(value, list | tuple):
        return ("list", tuple(hashable(item) for item in value))
    return (type(value).__name__, value)


def inside(program: OracleProgram, state: State) -> Callable[[str], tuple[str, ...]]:
    """Return the function that names the threads inside a region."""
    names = [thread.name for thread in program.threads]
    return lambda region: tuple(
        name for name, thread in zip(names, state.standing, strict=True) if region in thread.regions
    )


# --- counting -------------------------------------------------------------------------------------------------------


def _order(states: list[State]) -> tuple[list[int], set[int]]:
    """Return the states that no cycle reaches, in topological order, and the set of the others."""
    incoming = [0] * len(states)
    for state in states:
        for move in state.moves:
            incoming[move.after] += 1
    ready = deque(number for number, count in enumerate(incoming) if count == 0)
    order: list[int] = []
    while ready:
        number = ready.popleft()
        order.append(number)
        for move in states[number].moves:
            incoming[move.after] -= 1
            if incoming[move.after] == 0:
                ready.append(move.after)
    return order, set(range(len(states))) - set(order)


def _paths(states: list[State], order: list[int]) -> dict[int, int]:
    counts: dict[int, int] = defaultdict(int)
    counts[0] = 1
    for number in order:
        for move in states[number].moves:
            counts[move.after] += counts[number]
    return counts


def shares(state: State) -> list[tuple[Move, Fraction]]:
    """Return each move with its probability: uniform among the enabled threads, then among that thread's results."""
    results_of: dict[int, int] = defaultdict(int)
    for move in state.moves:
        results_of[move.thread] += 1
    return [(move, Fraction(1, len(results_of) * results_of[move.thread])) for move in state.moves]


def _chances(states: list[State], order: list[int]) -> dict[int, Fraction]:
    chances: dict[int, Fraction] = defaultdict(Fraction)
    chances[0] = Fraction(1)
    for number in order:
        for move, share in shares(states[number]):
            chances[move.after] += chances[number] * share
    return chances


def _reaching(states: list[State], goals: set[int]) -> set[int]:
    before: dict[int, list[int]] = defaultdict(list)
    for number, state in enumerate(states):
        for move in state.moves:
            before[move.after].append(number)
    seen, todo = set(goals), list(goals)
    while todo:
        for number in before[todo.pop()]:
            if number not in seen:
                seen.add(number)
                todo.append(number)
    return seen


def _verdicts(program: OracleProgram, states: list[State], order: list[int], tainted: set[int]) -> dict[str, Verdict]:
    verdicts: dict[str, Verdict] = {}
    for name, kind, function in program.properties:
        holds = [judge(program, function, state.memory, inside(program, state)) for state in states]
        if kind == "always":
            violated = False in holds
        elif kind == "final":
            violated = any(state.finished and not good for state, good in zip(states, holds, strict=True))
        else:
            violated = True not in holds
        verdict = verdicts[name] = Verdict(kind, violated)
        if tainted:
            verdict.schedules, verdict.probability = INFINITE, None
        else:
            verdict.schedules, verdict.probability = _violating(kind, states, order, holds)
    return verdicts


def _violating(kind: str, states: list[State], order: list[int], holds: list[bool]) -> tuple[int, Fraction]:
    """Count the runs that violate a property, by carrying along whether a run has met a state of interest."""
    of_interest = [not good if kind == "always" else good for good in holds]
    paths: dict[tuple[int, bool], tuple[int, Fraction]] = defaultdict(lambda: (0, Fraction(0)))
    paths[0, of_interest[0]] = (1, Fraction(1))
    total, chance = 0, Fraction(0)
    for number in order:
        state = states[number]
        for met in (False, True):
            count, probability = paths[number, met]
            if not count:
                continue
            for move, share in shares(state):
                key = (move.after, met or of_interest[move.after])
                paths[key] = (paths[key][0] + count, paths[key][1] + probability * share)
            if state.moves:
                continue
            violates = {"always": met, "sometimes": not met, "final": state.finished and not holds[number]}[kind]
            if violates:
                total, chance = total + count, chance + probability
    return total, chance


def check_supported(text: str) -> bool:
    """Whether the oracle can judge a scenario."""
    try:
        explore(text, bound=2000)
    except UnsupportedError:
        return False
    except TooLargeError:
        return True
    return True
