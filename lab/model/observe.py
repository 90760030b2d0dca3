"""What can be seen of a state from outside: the part of it that an outcome reports, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lab.model.program import Program
from lab.model.state import FAILED, FINISHED, State
from lab.model.values import Ref, Snapshot, Thrown, Value

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

    def show(value: Value, above: tuple[int, ...] = ()) -> Any:
        if isinstance(value, Ref):
            if value.number in above:
                return "..."
            target = program.heap[value.number]
            return target.plain(read, lambda inner: show(inner, (*above, value.number)))
        if isinstance(value, Snapshot):
            if value.kind == "dict":
                if all(isinstance(key, str) for key, _ in value.items):
                    return {key: show(item, above) for key, item in value.items}
                return [[show(key, above), show(item, above)] for key, item in value.items]
            return [show(item, above) for item in value.items]
        if isinstance(value, tuple | range):
            return [show(item, above) for item in value]
        if isinstance(value, Thrown):
            return str(value)
        return value

    shared = {name: show(where if isinstance(where, Ref) else read(where)) for name, where in program.observed.items()}
    returned: dict[str, Any] = {}
    errors: dict[str, str] = {}
    for thread, local in zip(program.threads, state.locals, strict=True):
        returned[thread.name] = show(local.values[0]) if local.position == FINISHED else None
        if local.position == FAILED:
            errors[thread.name] = str(local.values[0])
    output = None if program.stdout is None else tuple(read(program.stdout))
    return Observation(shared, returned, errors, output)
