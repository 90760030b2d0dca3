"""Lowers the making of objects inside a thread."""

from __future__ import annotations

import ast

from lab.language.vocabulary import Vocabulary
from lab.model.heap import Raised
from lab.model.instructions import Const, Operand
from lab.model.objects.synchronisers import SYNCHRONISERS
from lab.model.values import Value, type_name
from lab.model.wholes import New, NewSynchroniser

__all__ = ["Making"]

_COUNTED = ("threading.Semaphore", "lab.scenario.Atomic")
_PLAIN = ("threading.Lock", "threading.RLock")


class Making(Vocabulary):
    """Lowers calls of classes of the standard library, whose new objects are the thread's own."""

    def make(self, node: ast.Call, name: str) -> Operand | None:
        """Lower `deque(...)`, `SimpleNamespace(...)`, `Lock()` and their like; None for any other name."""
        kind = name.rpartition(".")[2]
        if name == "types.SimpleNamespace":
            self._only_in_thread(node)
            if node.args:
                raise self.source.error(node.args[0], "a namespace is made by position", "write `name=value`")
            fields = [part for k in node.keywords for part in (Const(str(k.arg)), self.held(self.expression(k.value)))]
            return self.builder.operate(New(kind), *fields)
        if name == "collections.deque":
            self._only_in_thread(node)
            arguments = self._positional(node, 0, 1)
            return self.copy("deque", self.expression(arguments[0]) if arguments else Const(()))
        if name in _PLAIN:
            self._only_in_thread(node)
            self._positional(node, 0, 0)
            return self.builder.operate(New(kind))
        if name in _COUNTED:
            self._only_in_thread(node)
            first = [self.expression(value) for value in self._positional(node, 0, 1)]
            if kind == "Semaphore":
                first = [self.builder.compute(_count, value) for value in first]
            return self.builder.operate(New(kind), *first)
        if name in SYNCHRONISERS and self.mode == "thread":
            return self._synchroniser(node, name)
        return None

    def _synchroniser(self, node: ast.Call, name: str) -> Operand:
        """Lower `Condition(lock)`, `Queue(maxsize=2)`, `Barrier(2)` and their like."""
        cls = SYNCHRONISERS[name]
        if name.startswith("asyncio.") and self.context.loop is None:
            raise self.source.error(
                node, f"an {name} is made in a file without tasks", "use an object of `threading` or `queue`"
            )
        given = {str(keyword.arg): keyword.value for keyword in node.keywords}
        given = {**dict(zip(cls.parameters, node.args, strict=False)), **given}
        if len(given) < len(node.args) + len(node.keywords) or not given.keys() <= cls.parameters.keys():
            raise self.source.error(
                node, f"{cls.kind} is called with arguments it does not take", f"write `{cls.usage}`"
            )
        lowered = {one: self.held(self.expression(value)) for one, value in given.items()}
        arguments = (lowered.get(one, Const(default)) for one, default in cls.parameters.items())
        return self.builder.operate(NewSynchroniser(name, self.context.loop), *arguments)


def _count(value: Value) -> Value:
    if not isinstance(value, int):
        raise Raised("TypeError", f"'<' not supported between instances of '{type_name(value)}' and 'int'")
    if value < 0:
        raise Raised("ValueError", "semaphore initial value must be >= 0")
    return value
