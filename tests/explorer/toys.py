"""Small programs written straight as transition relations, so that the explorer is tested without the front end."""

# ruff: noqa: ARG001, ARG002, ARG005 - a toy's functions take what the protocol gives them

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from lab.model.program import Component, Expectation, Program, Property, Thread
from lab.model.state import FAILED, FINISHED, Access, Local, State, Step, Waiting
from lab.model.symmetry import Family
from lab.model.values import Thrown, Value

Read = Callable[[str], Value]
Result = tuple[Local, dict[str, Value]]


def at(position: int, *values: Value) -> Local:
    """Return the local state in front of a step."""
    return Local(position, values)


def done(value: Value = None) -> Local:
    """Return the local state of a thread that has returned."""
    return Local(FINISHED, (value,))


def failed(name: str, message: str = "") -> Local:
    """Return the local state of a thread that an exception ended."""
    return Local(FAILED, (Thrown(name, message),))


@dataclass
class Toy:
    """A relation made of one function per thread.

    A thread's function maps (local, read by name) to the results of its step: (next local, changed variables by name);
    none when it is not enabled. `touches` says which accesses a step at a position makes: (name, writes, line).
    """

    shared: Mapping[str, Value]
    threads: Mapping[str, Callable[[Local, Read], Iterator[Result]]]
    properties: Mapping[str, tuple[str, Callable[[Read, Callable[[str], tuple[str, ...]]], Value]]] = field(
        default_factory=dict
    )
    touches: Callable[[int, Local], list[tuple[str, bool, int]]] = lambda thread, local: []
    inside: Callable[[Local], frozenset[str]] = lambda local: frozenset()
    text: frozenset[str] = frozenset()
    ends: bool = True
    starts: Callable[[int], Local] = lambda thread: at(0)
    expectations: tuple[Expectation, ...] = ()
    policy: Any = field(default_factory=lambda: SimpleNamespace(name="access"))
    asked: int = 0

    def __post_init__(self) -> None:
        self.names = list(self.shared)
        given: Any = self.properties
        properties = [Property(name, kind, code, 1, "") for name, (kind, code) in given.items()]
        self.program = Program(
            "toy", "toy.py", "A toy", "", "", {}, {},
            tuple(Thread(name, None, ()) for name in self.threads),  # type: ignore[arg-type]
            tuple(Component(name, value) for name, value in self.shared.items()),
            (), tuple(properties), self.expectations, {name: place for place, name in enumerate(self.names)},
        )  # fmt: skip

    def families(self) -> tuple[Family, ...]:
        return ()

    def initial(self) -> State:
        return State(tuple(self.starts(thread) for thread in range(len(self.threads))), tuple(self.shared.values()))

    def step(
        self, thread: int, local: Local, read: Callable[[int], Value], looked: list[int] | None = None
    ) -> tuple[Step, ...]:
        self.asked += 1
        if looked is not None:
            looked.extend(~place for place in range(len(local.values)))
        if local.ended:
            return ()
        function = list(self.threads.values())[thread]
        accesses = tuple(
            Access(name, writes, False, "write" if writes else "read", None, line)
            for name, writes, line in self.touches(thread, local)
        )
        return tuple(
            Step(after, tuple((self.names.index(name), value) for name, value in writes.items()), accesses)
            for after, writes in function(local, lambda name: read(self.names.index(name)))
        )

    def waits(self, thread: int, local: Local, read: Callable[[int], Value]) -> bool:
        return not local.ended and not self.step(thread, local, read)

    def going(self, thread: int, local: Local, read: Callable[[int], Value]) -> bool:
        return not local.ended

    def finished(self, state: State) -> bool:
        return all(local.ended for local in state.locals)

    def is_daemon(self, thread: int, read: Callable[[int], Value]) -> bool:
        return False

    def waiting(self, state: State, thread: int) -> Waiting | None:
        local = state.locals[thread]
        if local.ended or self.step(thread, local, state.shared.__getitem__):
            return None
        holder = state.shared[0]
        return Waiting(
            self.names[0], (holder,) if self.names[0].startswith("lock") and isinstance(holder, int) else (), 1
        )

    def regions(self, thread: int, local: Local) -> frozenset[str]:
        return self.inside(local)

    def text_regions(self, thread: int) -> frozenset[str]:
        return self.text

    def can_end(self, thread: int, local: Local) -> bool:
        return self.ends

    def judge(self, prop: Property, read: Callable[[int], Value], inside: Callable[[str], tuple[str, ...]]) -> Value:
        return prop.code(lambda name: read(self.names.index(name)), inside)  # type: ignore[operator]

    def observe(self, state: State) -> Any:
        names = list(self.threads)
        ended = list(zip(names, state.locals, strict=True))
        return SimpleNamespace(
            shared=dict(zip(self.names, state.shared, strict=True)),
            returned={name: local.values[0] if local.position == FINISHED else None for name, local in ended},
            errors={name: str(local.values[0]) for name, local in ended if local.position == FAILED},
            output=None,
        )


def counter(threads: int, rounds: int, **more: Any) -> Toy:
    """Each thread reads x and writes x + 1, some times over; the local values are the round and, once read, x."""

    def increment(local: Local, read: Read) -> Iterator[Result]:
        if local.position == 0:
            yield at(1, local.values[0], read("x")), {}
        else:
            done_rounds = local.values[0] + 1
            yield (done() if done_rounds == rounds else at(0, done_rounds)), {"x": local.values[1] + 1}

    return Toy(
        {"x": 0},
        {f"T{number + 1}": increment for number in range(threads)},
        touches=lambda thread, local: [("x", local.position == 1, 1)],
        starts=lambda thread: at(0, 0),
        **more,
    )


def lock_order(first: tuple[str, str] = ("lock_a", "lock_b"), second: tuple[str, str] = ("lock_b", "lock_a")) -> Toy:
    """Two threads take two locks each and release both, the second taken first."""

    def taking(thread: int, order: tuple[str, str]) -> Callable[[Local, Read], Iterator[Result]]:
        def run(local: Local, read: Read) -> Iterator[Result]:
            if local.position < 2:
                if read(order[local.position]) is None:
                    yield at(local.position + 1), {order[local.position]: thread}
            elif local.position == 2:
                yield at(3), {order[1]: None}
            else:
                yield done(), {order[0]: None}

        return run

    return Toy({"lock_a": None, "lock_b": None}, {"T1": taking(0, first), "T2": taking(1, second)})


def branches() -> Toy:
    """T1 sets x; T2 reads x and, if it was set, takes two more steps: schedules of two lengths end alike."""

    def setter(local: Local, read: Read) -> Iterator[Result]:
        yield done(), {"x": 1}

    def walker(local: Local, read: Read) -> Iterator[Result]:
        if local.position == 0:
            yield (at(1) if read("x") else done()), {}
        else:
            yield (at(2) if local.position == 1 else done()), {}

    return Toy({"x": 0}, {"T1": setter, "T2": walker})


def busy_wait() -> Toy:
    """T1 spins until the flag is set; T2 sets it."""

    def waiter(local: Local, read: Read) -> Iterator[Result]:
        yield (done() if read("flag") else at(0)), {}

    def setter(local: Local, read: Read) -> Iterator[Result]:
        yield done(), {"flag": 1}

    return Toy({"flag": 0}, {"T1": waiter, "T2": setter})


def chooser(values: tuple[Value, ...] = (10, 20, 30)) -> Toy:
    """T1 chooses a value and stores it; T2 reads it."""

    def choose(local: Local, read: Read) -> Iterator[Result]:
        if local.position == 0:
            for value in values:
                yield at(1, value), {}
        else:
            yield done(), {"x": local.values[0]}

    def reader(local: Local, read: Read) -> Iterator[Result]:
        yield done(read("x")), {}

    return Toy({"x": 0}, {"T1": choose, "T2": reader})


def wide(cells: int, values: int, threads: int = 2) -> Toy:
    """Thread t counts cell t, t + threads, ... up, one after the other: more bits than one word has."""

    def fill(thread: int) -> Callable[[Local, Read], Iterator[Result]]:
        mine = list(range(thread, cells, threads))

        def run(local: Local, read: Read) -> Iterator[Result]:
            name = f"c{mine[local.position]}"
            value = read(name) + 1
            if value < values - 1:
                yield local, {name: value}
            else:
                last = local.position + 1 == len(mine)
                yield (done() if last else at(local.position + 1)), {name: value}

        return run

    return Toy(
        {f"c{number}": 0 for number in range(cells)}, {f"T{thread + 1}": fill(thread) for thread in range(threads)}
    )


def philosophers(number: int) -> Toy:
    """Each takes the left fork, the right one, and puts both back in one step, for ever."""

    def philosopher(seat: int) -> Callable[[Local, Read], Iterator[Result]]:
        forks = (f"lock_{seat}", f"lock_{(seat + 1) % number}")

        def run(local: Local, read: Read) -> Iterator[Result]:
            if local.position < 2:
                if read(forks[local.position]) is None:
                    yield at(local.position + 1), {forks[local.position]: seat}
            else:
                yield at(0), dict.fromkeys(forks)

        return run

    return Toy(
        {f"lock_{seat}": None for seat in range(number)},
        {f"P{seat}": philosopher(seat) for seat in range(number)},
        inside=lambda local: frozenset({"eating"} if local.position == 2 else ()),
        text=frozenset({"eating"}),
        ends=False,
    )
