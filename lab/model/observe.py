"""What can be seen of a state from outside: the part of it that an outcome reports, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lab.model.program import Program
from lab.model.state import FAILED, FINISHED, State
from lab.model.values import Closure, Ref, Thrown, Value

__all__ = ["Observation", "observe"]


@dataclass(frozen=True)
class Observation:
    """The shared variables, what each thread returned or raised, and the printed lines (None if the file has none)."""

    shared: Mapping[str, Any]
    returned: Mapping[str, Any]
    errors: Mapping[str, str]
    output: tuple[str, ...] | None


def observe(program: Program, state: State) -> Observation:
    """Return what can be seen of a state; a thread that has not ended returned nothing yet."""
    read = state.shared.__getitem__
    show = _Shown(program, state.shared, ()).value
    shared = {name: show(where if isinstance(where, Ref) else read(where)) for name, where in program.observed.items()}
    returned: dict[str, Any] = {}
    errors: dict[str, str] = {}
    for thread, local in zip(program.threads, state.locals, strict=True):
        finished = local.position == FINISHED
        returned[thread.name] = (
            _Shown(program, state.shared, local.objects).value(local.values[0]) if finished else None
        )
        if local.position == FAILED:
            errors[thread.name] = str(local.values[0])
    output = None if program.stdout is None else tuple(read(program.stdout))
    return Observation(shared, returned, errors, output)


class _Shown:
    """Turns values into plain data: shared objects as they are in a state, and the private ones of one thread."""

    def __init__(self, program: Program, shared: tuple[Value, ...], objects: tuple[Value, ...]) -> None:
        self.program = program
        self.shared = shared
        self.objects = objects

    def read(self, component: int) -> Value:
        """Return a component's value, or the content of a private object."""
        return self.shared[component] if component >= 0 else self.objects[-1 - component]

    def value(self, value: Value, above: tuple[int, ...] = ()) -> Any:
        """Return a value as plain data; an object that holds itself is shown as "..." there."""
        if isinstance(value, Ref):
            return "..." if value.number in above else self._object(value, (*above, value.number))
        if isinstance(value, Closure):
            return {"class": "function", "fields": {}}
        if isinstance(value, tuple | range):
            return [self.value(item, above) for item in value]
        return str(value) if isinstance(value, Thrown) else value

    def _object(self, ref: Ref, above: tuple[int, ...]) -> Any:
        maker = self.program.makers[ref.kind] if ref.number < 0 else None
        target = maker(ref, ref.kind, ref.number) if maker else self.program.heap[ref.number]
        return target.plain(self.read, lambda inner: self.value(inner, above))
