"""Data races, by both definitions: enabled together in one reachable state, and unordered by vector clocks.

Locations are named as the results name them: `x`, `flag[0]`, `d['k']`, `acct.balance`, `len(items)`.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Any

from tests.oracle.explore import Answers, Exploration, Oracle
from tests.oracle.interpreter import SYNCHRONISING, Ended, Pending
from tests.oracle.memory import CONTAINERS, Memory, Ref, Request, attempt, thaw
from tests.oracle.program import MUTATORS, OracleProgram

Touch = tuple[str, bool]
Side = tuple[str, int, str]
RacePair = tuple[str, frozenset[Side]]


def touches(program: OracleProgram, request: Request, memory: Memory) -> set[Touch]:
    """Return the locations that a request touches, each with whether it may write there, judged by its kind."""
    if request.kind == "wait":
        _, inner = request.args[0](memory)
        return {touch for part in inner for touch in touches(program, part, memory)}
    if request.kind in {"read", "write"}:
        return {(str(request.target), request.kind == "write")}
    if request.kind == "print":
        return {("stdout", True)}
    if not isinstance(request.target, Ref):
        return set()
    name, content = program.names[request.target], memory[request.target]
    if request.kind in {"getattr", "setattr"}:
        return {(f"{name}.{request.args[0]}", request.kind == "setattr")}
    if request.kind == "free":
        return {(f"{name}.{attribute}", True) for attribute, _ in content.items if attribute}
    if content.kind not in CONTAINERS:
        return {(name, True)}
    if request.args and request.args[0] == "extend" and isinstance(request.args[1], Ref):
        other = request.args[1]
        reading = touches(program, replace(request, kind="copy", target=other, args=()), memory)
        request = replace(request, args=("extend", memory[other]))
        return reading | _container_touches(name, request, thaw(content))
    return _container_touches(name, request, thaw(content))


def _container_touches(name: str, request: Request, content: Any) -> set[Touch]:
    length = f"len({name})"
    keys = list(content) if isinstance(content, dict | set) else list(range(len(content)))
    if request.kind in {"len", "truth"}:
        return {(length, False)}
    if request.kind == "next":
        position, first = request.args
        if first not in {None, len(keys)} and isinstance(content, dict | deque):
            return {(length, False)}  # the change of size is found before the element is looked at
        ends = position >= len(keys) or isinstance(content, dict | deque)
        element = {(_place(name, keys[position]), False)} if position < len(keys) else set()
        return element | ({(length, False)} if ends else set())
    word, *args = request.args if request.kind == "method" else (request.kind, *request.args)
    if isinstance(content, dict):
        return _entry_touches(name, word, args, content)
    if isinstance(content, set):
        return _element_touches(name, word, args, content)
    return _sequence_touches(name, word, args, content)


def _place(name: str, key: Any) -> str:
    """Name an element; equal keys (1, True, 1.0) are one element."""
    return f"{name}[{int(key) if isinstance(key, bool | float) and key == int(key) else key!r}]"


def _whole(name: str, keys: Iterable[Any], *, writes: bool) -> set[Touch]:
    return {(_place(name, key), writes) for key in keys} | {(f"len({name})", writes)}


def _entry_touches(name: str, word: str, args: list[Any], content: dict[Any, Any]) -> set[Touch]:
    if word in {"copy", "clear"}:
        return _whole(name, content, writes=word == "clear")
    reads = word in {"getitem", "get", "contains"}
    before = len(content)
    shape = set()
    if not reads:
        after = dict(content)
        attempt(_MIMICS.get(word) or getattr(dict, word), after, *args)
        shape = {(f"len({name})", True)} if len(after) != before else set()
    return {(_place(name, args[0]), not reads)} | shape


def _element_touches(name: str, word: str, args: list[Any], content: set[Any]) -> set[Touch]:
    if word in {"copy", "clear"}:
        return _whole(name, content, writes=word == "clear")
    if word == "contains":
        return {(_place(name, args[0]), False)}
    changes = (args[0] in content) != (word == "add")
    return {(_place(name, args[0]), True)} | ({(f"len({name})", True)} if changes else set())


def _sequence_touches(name: str, word: str, args: list[Any], content: Any) -> set[Touch]:
    size, length = len(content), (f"len({name})", True)
    if word in {"getitem", "setitem", "delitem"} and not isinstance(args[0], slice):
        return _subscript_touches(name, word, args[0], size)
    if word == "append":
        return {length, (_place(name, size), True)}
    if word == "extend":
        return {length} | {(_place(name, size + offset), True) for offset in range(len(thaw(args[0])))}
    if word in {"pop", "popleft"}:
        index = 0 if word == "popleft" else (args[0] if args else -1) % size if size else 0
        return {length} | {(_place(name, moved), True) for moved in range(index, size)}
    if word in {"insert", "appendleft"}:
        index = 0 if word == "appendleft" else min(args[0] if args[0] >= 0 else max(args[0] + size, 0), size)
        return {length} | {(_place(name, moved), True) for moved in range(index, size + 1)}
    if word == "remove" and args[0] in content:
        found = content.index(args[0])
        return {length} | {(_place(name, index), index >= found) for index in range(size)}
    if word in {"reverse", "sort", "rotate"}:
        return {(_place(name, index), True) for index in range(size)} | {(f"len({name})", False)}
    return _whole(name, range(size), writes=word in MUTATORS[type(content).__name__])


def _subscript_touches(name: str, word: str, key: Any, size: int) -> set[Touch]:
    found = set() if 0 <= key < size else {(f"len({name})", False)}
    if not -size <= key < size:
        return found
    if word == "delitem":
        return found | {(_place(name, moved), True) for moved in range(key % size, size)} | {(f"len({name})", True)}
    return found | {(_place(name, key % size), word == "setitem")}


_MIMICS: dict[str, Callable[..., Any]] = {"setitem": dict.__setitem__, "delitem": dict.__delitem__}


def _conflict(one: set[Touch], other: set[Touch]) -> Iterator[tuple[str, bool, bool]]:
    for place, writes in one:
        for there, also_writes in other:
            if place == there and (writes or also_writes):
                yield place, writes, also_writes


def enabled_together(found: Exploration) -> set[RacePair]:
    """Return the pairs of conflicting plain accesses that are enabled in one reachable state of policy `access`."""
    program, races = found.program, set()
    for state in found.states:
        ready = sorted({move.thread for move in state.moves})
        for left, right in combinations(ready, 2):
            one, other = state.standing[left], state.standing[right]
            if isinstance(one, Ended) or isinstance(other, Ended) or one.request.atomic or other.request.atomic:
                continue
            mine = touches(program, one.request, state.memory)
            yours = touches(program, other.request, state.memory)
            for place, writes, also_writes in _conflict(mine, yours):
                races.add((place, frozenset({
                    (program.threads[left].name, one.request.line, "write" if writes else "read"),
                    (program.threads[right].name, other.request.line, "write" if also_writes else "read"),
                })))  # fmt: skip
    return races


@dataclass
class _Clocks:
    """Vector clocks of one run: per thread, per object that synchronises, and the accesses of each location."""

    threads: list[list[int]]
    objects: dict[Hashable, list[int]] = field(default_factory=dict)
    accesses: dict[str, list[tuple[int, int, bool, bool]]] = field(default_factory=lambda: defaultdict(list))

    def join(self, thread: int, clock: list[int]) -> None:
        """Let a thread know what a clock knows."""
        self.threads[thread] = [max(pair) for pair in zip(self.threads[thread], clock, strict=True)]


def _synchronise(clocks: _Clocks, thread: int, request: Request) -> None:
    """Take over what an object's clock knows, unless it is released; hand over what the thread knows, unless taken."""
    known = clocks.objects.get(request.target, [0] * len(clocks.threads))
    if request.args[0] != "release":
        clocks.join(thread, known)
    if request.args[0] != "acquire":
        clocks.objects[request.target] = [max(pair) for pair in zip(known, clocks.threads[thread], strict=True)]


def _observe(program: OracleProgram, clocks: _Clocks, thread: int, request: Request, memory: Memory) -> set[str]:
    """Add one request to the clocks and return the locations on which it races with an earlier one."""
    racy: set[str] = set()
    clocks.threads[thread][thread] += 1
    if isinstance(request.target, Ref) and memory[request.target].kind in SYNCHRONISING:
        _synchronise(clocks, thread, request)
        return racy
    mine = touches(program, request, memory)
    for place, writes in mine:
        for other, time, also_writes, atomic in clocks.accesses[place]:
            if not (writes or also_writes) or clocks.threads[thread][other] >= time:
                continue
            if request.atomic or atomic:
                clocks.join(thread, clocks.objects[other, time])
            else:
                racy.add(place)
    now = clocks.threads[thread][thread]
    clocks.objects[thread, now] = list(clocks.threads[thread])
    for place, writes in mine:
        clocks.accesses[place].append((thread, now, writes, request.atomic))
    return racy


def unordered(program: OracleProgram, runs: int = 5000) -> set[str] | None:
    """Return the locations of conflicting plain accesses that some run leaves unordered; None beyond so many runs."""
    oracle = Oracle(program, "access", "history", 0)
    racy: set[str] = set()
    count = 0

    def follow(answers: tuple[Answers, ...], memory: Memory, taken: list[tuple[int, Request, Memory]]) -> bool:
        nonlocal count
        moved = False
        for thread, part in enumerate(answers):
            if isinstance(oracle.stand(thread, part), Ended):
                continue
            for then, after, requests in oracle.steps(thread, part, memory):
                moved = True
                following = [*taken, *((thread, request, memory) for request in requests)]
                if not follow((*answers[:thread], then, *answers[thread + 1 :]), after, following):
                    return False
        if not moved:
            count += 1
            clocks = _Clocks([[0] * len(answers) for _ in answers])
            for thread, request, before in taken:
                racy.update(_observe(program, clocks, thread, request, before))
        return count <= runs

    start: tuple[Answers, ...] = ((),) * len(program.threads)
    return racy if follow(start, dict(program.memory), []) else None


def held_locks(program: OracleProgram, standing: Pending | Ended, memory: Memory, thread: int) -> tuple[str, ...]:
    """Return the names of the locks that a thread holds."""
    if isinstance(standing, Ended):
        return ()
    owned = [ref for ref in program.names if memory[ref].kind in {"lock", "rlock"} and memory[ref].items[0] == thread]
    return tuple(program.names[ref] for ref in owned)
