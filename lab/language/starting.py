"""Lowers the making of threads: `threading.Thread(target=f, args=(1,))`, and the code of the threads made so."""

from __future__ import annotations

import ast
from collections.abc import Callable

from lab.language.builder import NONE
from lab.language.calls import Calls
from lab.language.context import Target
from lab.language.effects import Scope
from lab.language.expressions import Frame
from lab.model.instructions import Code, Operand, Reg
from lab.model.marks import CALL, RETURN
from lab.model.operations import Invoke
from lab.model.starting import MakeThread
from lab.model.values import Value

__all__ = ["Starting", "target_parts"]

_PARAMETERS = ("target", "name", "args", "kwargs", "daemon")
_USAGE = "write `threading.Thread(target=f, args=(1, 2))`"


class Starting(Calls):
    """Lowers the making of threads."""

    def make(self, node: ast.Call, name: str) -> Operand | None:
        """Lower `threading.Thread(...)`; any other name as before."""
        if name != "threading.Thread":
            return super().make(node, name)
        self._only_in_thread(node)
        if not self.context.main:
            raise self.source.error(
                node, "a thread is made in a file without `@main`", "write `@thread` above the function, or a `@main`"
            )
        parts = self._parts(node)
        arguments: list[Operand] = []
        how, called = self._target(parts["target"], arguments)
        values = self._values(parts.get("args"))
        names = self._names(parts.get("kwargs"))
        arguments += [self.held(self.expression(value)) for value in (*values, *names.values())]
        named = (self.held(self.expression(parts[one])) if one in parts else NONE for one in ("name", "daemon"))
        target = Target(called, how, len(values), tuple(names), node)
        self.context.targets.setdefault(target.key, target)
        self.builder.mark(CALL)
        made = self.builder.operate(MakeThread(target.key), *named, *arguments)
        self.builder.mark(RETURN)
        return made

    def _parts(self, node: ast.Call) -> dict[str, ast.expr]:
        if node.args:
            raise self.source.error(node.args[0], "a Thread is made by position", _USAGE)
        parts = {str(keyword.arg): keyword.value for keyword in node.keywords}
        for name, value in parts.items():
            if name not in _PARAMETERS:
                raise self.source.error(value, f"Thread is called with '{name}='", _USAGE)
        if "target" not in parts:
            raise self.source.error(node, "a Thread has no target", _USAGE)
        return parts

    def _target(self, target: ast.expr, arguments: list[Operand]) -> tuple[str, str]:
        """Return how a thread's target is called, and its name; a receiver is lowered into `arguments`."""
        if isinstance(target, ast.Name) and not self._is_value(target.id):
            if target.id in self.context.asynchronous:
                raise self.source.error(target, f"'{target.id}' is a coroutine", "start a plain `def`")
            if target.id in self.context.others:
                raise self.source.error(
                    target, f"'{target.id}' is a property or the main function", "start a function without a decorator"
                )
            if target.id not in self.context.helpers:
                raise self.source.error(target, f"'{target.id}' is no function of the file", _USAGE)
            return "function", target.id
        if isinstance(target, ast.Attribute) and self.known(target) is None:
            if any(target.attr in one.methods for one in self.context.classes.values()):
                arguments.append(self.held(self.expression(target.value)))
                return "method", target.attr
            raise self.source.error(target, f"no class of the file has a method '{target.attr}'", _USAGE)
        if isinstance(target, ast.Lambda | ast.Name):
            arguments.append(self.held(self.expression(target)))
            return "value", target.id if isinstance(target, ast.Name) else "lambda"
        raise self.source.error(target, f"a thread cannot run `{self.source.segment(target)}`", _USAGE)

    def _is_value(self, name: str) -> bool:
        frame = self.frame
        return name in {*frame.scope.locals, *frame.cells, *frame.hidden, *self.context.names}

    def _values(self, node: ast.expr | None) -> list[ast.expr]:
        if node is None:
            return []
        if not isinstance(node, ast.Tuple | ast.List) or any(isinstance(one, ast.Starred) for one in node.elts):
            raise self.source.error(node, "`args` is no tuple that is written out", "write `args=(1,)`, with the comma")
        return node.elts

    def _names(self, node: ast.expr | None) -> dict[str, ast.expr]:
        if node is None:
            return {}
        found: dict[str, ast.expr] = {}
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and isinstance(key.value, str):
                    found[key.value] = value
        if not isinstance(node, ast.Dict) or len(found) < len(node.keys):
            raise self.source.error(node, "`kwargs` is no dict that is written out", 'write `kwargs={"name": value}`')
        return found

    def started(self, target: Target) -> Code:
        """Return the code of the threads that run a target: its parameter is the thread's own object."""
        builder, gate = self.builder, self.builder.register()
        self.frame = Frame(Scope((), frozenset(), frozenset()), {}, ())
        function = self.context.helpers.get(target.name) if target.how == "function" else None
        with builder.at(self.source.span(function or target.node)):
            given = builder.operate(Invoke("__started__", "begin"), Reg(gate))
        with builder.at(self.source.span(target.node)):
            builder.returns(self._entered(target, given))
        return builder.finish((gate,))

    def _entered(self, target: Target, given: Operand) -> Operand:
        """Lower the call of what a thread runs."""
        parts = target_parts(target)
        names = [f".{place}" for place in range(len(parts))]
        for part, name in zip(parts, names, strict=True):
            self.frame.hidden[name] = self.builder.compute(part, given).number
        nodes: list[ast.expr] = [ast.copy_location(ast.Name(name, ast.Load()), target.node) for name in names]
        function: ast.expr = ast.Name(target.name, ast.Load())
        if target.how == "method":
            function = ast.Attribute(nodes.pop(0), target.name, ast.Load())
        elif target.how == "value":
            function = nodes.pop(0)
        values, rest = nodes[: target.positional], nodes[target.positional :]
        keywords = [ast.keyword(name, value) for name, value in zip(target.named, rest, strict=True)]
        call = ast.Call(ast.copy_location(function, target.node), values, keywords)
        return self.held(self.begun(ast.copy_location(call, target.node)))

    def begun(self, call: ast.Call) -> Operand:
        """Lower the call that a thread is."""
        return self.expression(call)


def target_parts(target: Target) -> list[Callable[[tuple[Value, ...]], Value]]:
    """Return what takes each of the arguments, in order, that a thread was started with."""
    return [_part(place) for place in range((target.how != "function") + target.positional + len(target.named))]


def _part(place: int) -> Callable[[tuple[Value, ...]], Value]:
    """Return what takes one of the arguments that a thread was started with."""

    def part(arguments: tuple[Value, ...]) -> Value:
        return arguments[place]

    return part
