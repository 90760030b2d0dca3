"""The oracle's interpreter: one thread as a Python generator that yields a request in front of every shared access.

A thread is a function of the answers it got: `Interpreter.run` starts it anew and hands it the answers one by one.
Exceptions, `finally`, `break` and `return` of the scenario are exceptions of the interpreter, so Python unwinds.
While it evaluates, the interpreter keeps a stack of what is in progress (statement, loop position, operand already
computed); the stack and the local variables say where the thread stands.
"""

from __future__ import annotations

import ast
import asyncio
import builtins
import operator
import queue
import threading
from collections.abc import Callable, Generator, Hashable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import GeneratorType
from typing import Any

from lab.scenario import UseAfterFree
from tests.oracle.memory import (
    CONTAINERS,
    LOCKS,
    WAITING,
    Frozen,
    Memory,
    Ref,
    Request,
    Thrown,
    UnsupportedError,
    attempt,
    identity,
    results,
    thaw,
)
from tests.oracle.program import OracleProgram, local_names

Asking = Generator[Request, Any, Any]

OPERATORS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod, ast.Pow: operator.pow, ast.LShift: operator.lshift,
    ast.RShift: operator.rshift, ast.BitAnd: operator.and_, ast.BitOr: operator.or_, ast.BitXor: operator.xor,
    ast.USub: operator.neg, ast.UAdd: operator.pos, ast.Invert: operator.invert,
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}  # fmt: skip
SYNCHRONISING = (*LOCKS, *WAITING, "atomic")
LOCAL_WORK = 20_000


class RaisedError(Exception):
    """An exception of the scenario."""

    def __init__(self, thrown: Thrown) -> None:
        super().__init__(thrown)
        self.thrown = thrown


class ReturnSignal(Exception):  # noqa: N818 - control flow, not an error
    """A `return` on its way to the call."""

    def __init__(self, value: Any) -> None:
        super().__init__(value)
        self.value = value


class BreakSignal(Exception):  # noqa: N818
    """A `break` on its way to the loop."""


class ContinueSignal(Exception):  # noqa: N818
    """A `continue` on its way to the loop."""


UNWINDING = (RaisedError, ReturnSignal, BreakSignal, ContinueSignal)


@dataclass(frozen=True)
class Pending:
    """A thread in front of its next request."""

    request: Request
    position: Hashable
    regions: tuple[str, ...]
    ended: bool = False


@dataclass(frozen=True)
class Ended:
    """A thread that has ended: with a value, or with `Thrown`."""

    value: Any
    regions: tuple[str, ...] = ()
    ended: bool = True

    @property
    def position(self) -> Hashable:
        """What tells this end from others."""
        return ("ended", identity(self.value))


class Interpreter:
    """One thread (or property) under way."""

    def __init__(
        self, program: OracleProgram, inside: Callable[[str], Any] | None = None, memory: Memory | None = None
    ) -> None:
        self.program = program
        self.inside = inside
        self.memory = memory
        self.frames: list[dict[str, Any]] = []
        self.locals: list[set[str]] = []
        self.stack: list[Hashable] = []
        self.calls: list[int] = []
        self.regions: list[str] = []
        self.handling: list[Thrown] = []
        self.statement = 0
        self.block: int | None = None
        self.work = 0

    # --- running ----------------------------------------------------------------------------------------------------

    def run(self, function: ast.FunctionDef, arguments: tuple[Any, ...], answers: tuple[Any, ...]) -> Pending | Ended:
        """Return where a thread stands after those answers."""
        thread = self.call(function, list(arguments))
        try:
            request = next(thread)
            for answer in answers:
                request = thread.send(answer)
        except StopIteration as end:
            return Ended(end.value)
        except RaisedError as error:
            return Ended(error.thrown)
        frames = tuple(tuple(sorted((k, identity(v)) for k, v in frame.items())) for frame in self.frames)
        asked = () if request.kind == "wait" else identity(request.args)
        position = (request.instruction, asked, tuple(self.stack), frames)
        return Pending(request, position, tuple(self.regions))

    def call(self, function: ast.FunctionDef, arguments: list[Any]) -> Asking:
        """Call a function of the scenario and return its value."""
        parameters = [argument.arg for argument in function.args.args]
        if len(parameters) != len(arguments):
            raise UnsupportedError(function.name)
        self.frames.append(dict(zip(parameters, arguments, strict=True)))
        self.locals.append(local_names(function))
        try:
            yield from self.block_of(function.body, function)
        except ReturnSignal as signal:
            return signal.value
        finally:
            self.frames.pop()
            self.locals.pop()
        return None

    @contextmanager
    def holding(self, *what: Any) -> Iterator[None]:
        """Keep something on the stack of what is in progress."""
        self.stack.append(tuple(identity(item) for item in what))
        try:
            yield
        finally:
            self.stack.pop()

    def mark(self) -> None:
        """Begin a statement, unless it is inside a helper: then it belongs to the calling statement."""
        if len(self.frames) == 1:
            self.statement += 1

    def ask(
        self, node: ast.AST, kind: str, target: Any = None, *args: Any, atomic: bool = False, timed: bool = False
    ) -> Asking:
        """Yield one request and return its answer; constants are answered at once."""
        place = node.context_expr if isinstance(node, ast.withitem) else node
        request = Request(
            kind, target, args, getattr(place, "lineno", 0), (node.number, kind, *self.calls),  # type: ignore[attr-defined]
            self.statement, self.block, atomic or self.block is not None, timed,
        )  # fmt: skip
        if target is not None and self.program.is_constant(kind, target, args):
            self.working()
            ((answer, _),) = results(self.program.memory, request, 0)
        else:
            self.work = 0
            answer = yield request
        if isinstance(answer, Thrown):
            raise RaisedError(answer)
        return answer

    def working(self) -> None:
        """Count local work, to notice an endless loop of it."""
        self.work += 1
        if self.work > LOCAL_WORK:
            message = "endless local work"
            raise UnsupportedError(message)

    def compute(self, action: Callable[..., Any], *args: Any) -> Any:
        """Apply a Python operation to plain values."""
        if any(isinstance(arg, Ref) for arg in args):
            message = f"{action} on a shared object"
            raise UnsupportedError(message)
        value = attempt(action, *(thaw(arg) for arg in args))
        if isinstance(value, Thrown):
            raise RaisedError(value)
        return value

    def kind_of(self, value: Any) -> str:
        """Return the kind of object a reference refers to, or an empty string."""
        return self.program.memory[value].kind if isinstance(value, Ref) else ""

    # --- statements -------------------------------------------------------------------------------------------------

    def block_of(self, body: list[ast.stmt], owner: ast.AST) -> Asking:
        """Execute statements one after the other."""
        for statement in body:
            with self.holding("in", owner.number, statement.number):  # type: ignore[attr-defined]
                self.mark()
                self.working()
                yield from STATEMENTS[type(statement)](self, statement)

    def do_pass(self, _: ast.stmt) -> Asking:
        """Do nothing."""
        yield from ()

    def do_expression(self, node: ast.Expr) -> Asking:
        """Evaluate for the effect."""
        if not isinstance(node.value, ast.Constant):
            yield from self.evaluate(node.value)

    def do_assign(self, node: ast.Assign) -> Asking:
        """Assign the value to each target, left to right."""
        value = yield from self.evaluate(node.value)
        for target in node.targets:
            yield from self.store(target, value)

    def do_annotated(self, node: ast.AnnAssign) -> Asking:
        """Assign with an annotation, which means nothing."""
        if node.value is not None:
            value = yield from self.evaluate(node.value)
            yield from self.store(node.target, value)

    def do_augmented(self, node: ast.AugAssign) -> Asking:
        """Read the target, evaluate the operand, combine, write."""
        target = node.target
        held: tuple[Any, ...] = ()
        if isinstance(target, ast.Subscript):
            holder = yield from self.evaluate(target.value)
            with self.holding(holder):
                key = yield from self.evaluate(target.slice)
            held = (holder, key)
        elif isinstance(target, ast.Attribute):
            holder = yield from self.evaluate(target.value)
            held = (holder,)
        with self.holding(*held):
            if isinstance(target, ast.Name):
                old = yield from self.load_name(target)
            elif isinstance(target, ast.Subscript):
                old = yield from self.subscript(target, *held)
            else:
                old = yield from self.get_attribute(target, *held)
            with self.holding(old):
                operand = yield from self.evaluate(node.value)
            new = yield from self.combine(node, old, operand)
            with self.holding(new):
                if isinstance(target, ast.Name):
                    yield from self.store(target, new)
                elif isinstance(target, ast.Subscript):
                    yield from self.set_item(target, held[0], held[1], new)
                else:
                    yield from self.ask(target, "setattr", held[0], target.attr, new)

    def combine(self, node: ast.AugAssign, old: Any, operand: Any) -> Asking:
        """Apply the operator of an augmented assignment; a list is extended in place."""
        if self.kind_of(old) in {"list", "deque"} and isinstance(node.op, ast.Add):
            with self.holding(old):
                yield from self.ask(node, "method", old, "extend", operand)
            return old
        return self.compute(OPERATORS[type(node.op)], old, operand)

    def store(self, target: ast.expr, value: Any) -> Asking:
        """Assign a value to a target."""
        with self.holding("store", value):
            if isinstance(target, ast.Name):
                if target.id in self.locals[-1]:
                    self.frames[-1][target.id] = value
                else:
                    yield from self.ask(target, "write", target.id, value)
            elif isinstance(target, ast.Tuple | ast.List):
                yield from self.unpack(target, value)
            elif isinstance(target, ast.Subscript):
                holder = yield from self.evaluate(target.value)
                with self.holding(holder):
                    key = yield from self.evaluate(target.slice)
                yield from self.set_item(target, holder, key, value)
            elif isinstance(target, ast.Attribute):
                holder = yield from self.evaluate(target.value)
                yield from self.ask(target, "setattr", holder, target.attr, value)
            else:
                raise UnsupportedError(type(target).__name__)

    def unpack(self, target: ast.Tuple | ast.List, value: Any) -> Asking:
        """Assign the elements of a value: all are fetched, and the end is found, before the first is stored."""
        wanted = len(target.elts)
        items: list[Any] = []
        elements = self.elements(target, value)
        while len(items) <= wanted:
            self.calls.append(-len(items))  # each fetch is an instruction of its own
            with self.holding(*items):
                more, item = yield from elements.advance()
            self.calls.pop()
            if not more:
                break
            items.append(item)
        if len(items) < wanted:
            message = f"not enough values to unpack (expected {wanted}, got {len(items)})"
            raise RaisedError(Thrown("ValueError", message))
        if len(items) > wanted:
            raise RaisedError(Thrown("ValueError", f"too many values to unpack (expected {wanted})"))
        for index, part in enumerate(target.elts):
            with self.holding(*items, index):
                yield from self.store(part, items[index])

    def set_item(self, node: ast.AST, holder: Any, key: Any, value: Any) -> Asking:
        """Write one element."""
        if self.kind_of(holder) not in CONTAINERS:
            raise UnsupportedError(self.kind_of(holder))
        yield from self.ask(node, "setitem", holder, key, value)

    def do_delete(self, node: ast.Delete) -> Asking:
        """Delete elements."""
        for target in node.targets:
            if not isinstance(target, ast.Subscript):
                raise UnsupportedError(type(target).__name__)
            holder = yield from self.evaluate(target.value)
            with self.holding(holder):
                key = yield from self.evaluate(target.slice)
            yield from self.ask(target, "delitem", holder, key)

    def do_if(self, node: ast.If) -> Asking:
        """Test once and execute one branch."""
        chosen = yield from self.test(node.test)
        yield from self.block_of(node.body if chosen else node.orelse, node)

    def do_while(self, node: ast.While) -> Asking:
        """Test before each round; each test is a statement of its own."""
        while True:
            self.mark()
            self.working()
            if not (yield from self.test(node.test)):
                yield from self.block_of(node.orelse, node)
                return
            try:
                yield from self.block_of(node.body, node)
            except BreakSignal:
                return
            except ContinueSignal:
                continue

    def do_for(self, node: ast.For) -> Asking:
        """Evaluate the iterable; each advance is a statement of its own."""
        numbered = _called(node.iter) == "enumerate"
        source = node.iter.args[0] if isinstance(node.iter, ast.Call) and numbered else node.iter
        value = yield from self.evaluate(source)
        elements = self.elements(node, value)
        while True:
            self.mark()
            self.working()
            with self.holding("for", elements.standing):
                more, item = yield from elements.advance()
                if not more:
                    break
                yield from self.store(node.target, (elements.position - 1, item) if numbered else item)
            with self.holding("for", elements.standing):
                try:
                    yield from self.block_of(node.body, node)
                except BreakSignal:
                    return
                except ContinueSignal:
                    continue
        yield from self.block_of(node.orelse, node)

    def elements(self, node: ast.AST, value: Any) -> Elements:
        """Return an iteration over a value."""
        if isinstance(value, Ref):
            if self.kind_of(value) not in CONTAINERS:
                raise UnsupportedError(self.kind_of(value))
            return Elements(self, node, value)
        return Elements(self, node, tuple(self.compute(list, value).items))

    def do_break(self, _: ast.stmt) -> Asking:
        """Leave the loop."""
        yield from ()
        raise BreakSignal

    def do_continue(self, _: ast.stmt) -> Asking:
        """Begin the next round."""
        yield from ()
        raise ContinueSignal

    def do_return(self, node: ast.Return) -> Asking:
        """Evaluate the value and leave the function."""
        value = None
        if node.value is not None:
            value = yield from self.evaluate(node.value)
        raise ReturnSignal(value)

    def do_assert(self, node: ast.Assert) -> Asking:
        """Test, and raise if false; the message is evaluated only then."""
        if not (yield from self.test(node.test)):
            text = ""
            if node.msg is not None:
                text = str((yield from self.evaluate(node.msg)))
            raise RaisedError(Thrown("AssertionError", text))

    def do_raise(self, node: ast.Raise) -> Asking:
        """Raise an exception made of a name and a message."""
        if node.exc is None:
            raise RaisedError(self.handling[-1] if self.handling else _NOTHING_TO_RAISE)
        text, name = "", node.exc
        if isinstance(name, ast.Call):
            arguments = yield from self.all_of(name.args)
            message = self.compute(lambda *parts: str(Exception(*parts)), *arguments)
            text, name = str(message), name.func
        if not isinstance(name, ast.Name):
            raise UnsupportedError(ast.dump(node))
        raise RaisedError(Thrown(name.id, text))

    def do_try(self, node: ast.Try) -> Asking:
        """Execute the body and the handlers, then `finally` whatever happened."""
        pending: Exception | None = None
        try:
            yield from self.attempted(node)
        except UNWINDING as unwinding:
            pending = unwinding
        with self.holding("finally", *_unwinding(pending)):
            if isinstance(pending, RaisedError):
                self.handling.append(pending.thrown)
            yield from self.block_of(node.finalbody, node)
            if isinstance(pending, RaisedError):
                self.handling.pop()
        if pending is not None:
            raise pending

    def attempted(self, node: ast.Try) -> Asking:
        """Execute the body, then the `else`, or the first clause that catches what the body raised."""
        with self.holding("try"):
            try:
                yield from self.block_of(node.body, node)
            except RaisedError as error:
                thrown = error.thrown
            else:
                thrown = None
        if thrown is None:
            with self.holding("else"):
                yield from self.block_of(node.orelse, node)
            return
        kind = exception_class(thrown.name)
        clauses = [clause for clause in node.handlers if clause.type is None or issubclass(kind, _classes(clause.type))]
        if not clauses:
            raise RaisedError(thrown)
        self.handling.append(thrown)
        try:
            with self.holding("except", str(thrown)):
                if clauses[0].name is not None:
                    self.frames[-1][clauses[0].name] = Frozen("exception", (thrown.name, thrown.message))
                yield from self.block_of(clauses[0].body, clauses[0])
        finally:
            self.handling.pop()
            if clauses[0].name is not None:
                self.frames[-1].pop(clauses[0].name, None)

    def do_with(self, node: ast.With) -> Asking:
        """Enter the items one by one, left to right, and leave them in the opposite order."""
        yield from self.with_items(node, 0)

    def with_items(self, node: ast.With, index: int) -> Asking:
        """Enter the item of that number and those after it."""
        if index == len(node.items):
            yield from self.block_of(node.body, node)
            return
        item = node.items[index]
        word = _called(item.context_expr)
        if word == "region":
            yield from self.region(node, index, ast.literal_eval(item.context_expr.args[0]))  # type: ignore[attr-defined]
        elif word == "atomic":
            yield from self.atomic(node, index)
        else:
            yield from self.locked(node, index)

    def locked(self, node: ast.With, index: int) -> Asking:
        """Acquire, execute, release; the release is a statement of its own."""
        item = node.items[index]
        lock = yield from self.evaluate(item.context_expr)
        if self.kind_of(lock) == "condition":
            lock = self.program.memory[lock].items[0]
        entered = yield from self.ask(item.context_expr, "method", lock, "acquire", atomic=True)
        pending: Exception | None = None
        with self.holding("with", lock, index):
            try:
                if item.optional_vars is not None:
                    yield from self.store(item.optional_vars, entered)
                yield from self.with_items(node, index + 1)
            except UNWINDING as unwinding:
                pending = unwinding
        with self.holding("release", lock, index, *_unwinding(pending)):
            self.mark()
            yield from self.ask(item, "method", lock, "release", atomic=True)
        if pending is not None:
            raise pending

    def region(self, node: ast.With, index: int, name: str) -> Asking:
        """Stay inside a region for the block; leaving it is a step."""
        self.regions.append(name)
        pending: Exception | None = None
        with self.holding("region", name):
            try:
                yield from self.with_items(node, index + 1)
            except UNWINDING as unwinding:
                pending = unwinding
        with self.holding("leave", name, *_unwinding(pending)):
            self.mark()
            yield from self.ask(node.items[index], "leave", None, name, atomic=True)
        self.regions.pop()
        if pending is not None:
            raise pending

    def atomic(self, node: ast.With, index: int) -> Asking:
        """Execute the block as one step; one that touches nothing shared is local work."""
        outer = self.block
        if outer is None:
            self.block = self.statement * 1000 + len(self.stack)
        try:
            with self.holding("atomic"):
                yield from self.with_items(node, index + 1)
        finally:
            self.block = outer
            self.mark()

    # --- expressions ------------------------------------------------------------------------------------------------

    def evaluate(self, node: ast.expr) -> Asking:
        """Evaluate an expression, left to right."""
        self.working()
        value = EXPRESSIONS[type(node)](self, node)
        if isinstance(value, GeneratorType):
            value = yield from value
        return value

    def all_of(self, nodes: list[ast.expr]) -> Asking:
        """Evaluate expressions one after the other."""
        values: list[Any] = []
        for node in nodes:
            with self.holding("done", *values):
                value = yield from self.evaluate(node)
            values.append(value)
        return values

    def truth(self, node: ast.AST, value: Any) -> Asking:
        """Return whether a value counts as true: for a shared container an access."""
        if self.kind_of(value) in CONTAINERS:
            return (yield from self.ask(node, "truth", value))
        return True if isinstance(value, Ref) else bool(thaw(value))

    def test(self, node: ast.expr) -> Asking:
        """Evaluate an expression for its truth."""
        value = yield from self.evaluate(node)
        return (yield from self.truth(node, value))

    def constant(self, node: ast.Constant) -> Any:
        """Return a literal."""
        return node.value

    def load_name(self, node: ast.Name) -> Asking:
        """Read a local variable, or a shared one."""
        if node.id in self.locals[-1]:
            if node.id not in self.frames[-1]:
                message = f"cannot access local variable '{node.id}' where it is not associated with a value"
                raise RaisedError(Thrown("UnboundLocalError", message))
            return self.frames[-1][node.id]
        return (yield from self.ask(node, "read", node.id))

    def tuple_of(self, node: ast.Tuple) -> Asking:
        """Make a tuple."""
        return tuple((yield from self.all_of(node.elts)))

    def list_of(self, node: ast.List) -> Asking:
        """Make a list that nobody changes."""
        return Frozen("list", tuple((yield from self.all_of(node.elts))))

    def binary(self, node: ast.BinOp) -> Asking:
        """Combine two values."""
        left = yield from self.evaluate(node.left)
        with self.holding(left):
            right = yield from self.evaluate(node.right)
        return self.compute(OPERATORS[type(node.op)], left, right)

    def unary(self, node: ast.UnaryOp) -> Asking:
        """Apply a sign, or `not`."""
        value = yield from self.evaluate(node.operand)
        if isinstance(node.op, ast.Not):
            return not (yield from self.truth(node.operand, value))
        return self.compute(OPERATORS[type(node.op)], value)

    def short_circuit(self, node: ast.BoolOp) -> Asking:
        """Evaluate until the result is known."""
        for operand in node.values[:-1]:
            value = yield from self.evaluate(operand)
            with self.holding("and or", value):
                truth = yield from self.truth(operand, value)
            if truth == isinstance(node.op, ast.Or):
                return value
        return (yield from self.evaluate(node.values[-1]))

    def conditional(self, node: ast.IfExp) -> Asking:
        """Evaluate one of two expressions."""
        chosen = yield from self.test(node.test)
        return (yield from self.evaluate(node.body if chosen else node.orelse))

    def compare(self, node: ast.Compare) -> Asking:
        """Compare in a chain; the first false comparison ends it."""
        left = yield from self.evaluate(node.left)
        verdict: Any = True
        for sign, operand in zip(node.ops, node.comparators, strict=True):
            with self.holding(left):
                right = yield from self.evaluate(operand)
                verdict = yield from self.relation(node, sign, left, right)
            if not verdict:
                return verdict
            left = right
        return verdict

    def relation(self, node: ast.Compare, sign: ast.cmpop, left: Any, right: Any) -> Asking:
        """Return what one comparison gives."""
        if isinstance(sign, ast.Is | ast.IsNot):
            return (identity(left) == identity(right)) == isinstance(sign, ast.Is)
        if isinstance(sign, ast.In | ast.NotIn):
            with self.holding(right):
                if self.kind_of(right) in CONTAINERS:
                    found = yield from self.ask(node, "contains", right, left)
                else:
                    found = self.compute(lambda part, whole: part in whole, left, right)
            return found == isinstance(sign, ast.In)
        return self.compute(OPERATORS[type(sign)], left, right)

    def load_subscript(self, node: ast.Subscript) -> Asking:
        """Read one element, or a slice."""
        holder = yield from self.evaluate(node.value)
        with self.holding(holder):
            key = yield from self.evaluate(node.slice)
        return (yield from self.subscript(node, holder, key))

    def subscript(self, node: ast.AST, holder: Any, key: Any) -> Asking:
        """Read one element of a value."""
        if self.kind_of(holder) in CONTAINERS:
            return (yield from self.ask(node, "getitem", holder, key))
        return self.compute(operator.getitem, holder, key)

    def slice_of(self, node: ast.Slice) -> Asking:
        """Evaluate the bounds of a slice."""
        absent = ast.Constant(None)
        parts = [part if part is not None else absent for part in (node.lower, node.upper, node.step)]
        return slice(*(yield from self.all_of(parts)))

    def load_attribute(self, node: ast.Attribute) -> Asking:
        """Read an attribute."""
        holder = yield from self.evaluate(node.value)
        return (yield from self.get_attribute(node, holder))

    def get_attribute(self, node: ast.Attribute, holder: Any) -> Asking:
        """Read an attribute of a value."""
        if self.kind_of(holder) not in {"namespace", "record"}:
            raise UnsupportedError(ast.dump(node))
        return (yield from self.ask(node, "getattr", holder, node.attr))

    def comprehension(self, node: ast.GeneratorExp | ast.ListComp) -> Asking:
        """Return the elements of a generator expression, in a property."""
        values: list[Any] = []
        yield from self.generate(node, 0, values)
        return tuple(values)

    def generate(self, node: ast.GeneratorExp | ast.ListComp, depth: int, values: list[Any]) -> Asking:
        """Run the loops from that depth on and collect the elements."""
        if depth == len(node.generators):
            value = yield from self.evaluate(node.elt)
            values.append(value)
            return
        part = node.generators[depth]
        source = yield from self.evaluate(part.iter)
        self.locals[-1] |= {name.id for name in ast.walk(part.target) if isinstance(name, ast.Name)}
        elements = self.elements(node, source)
        while True:
            more, item = yield from elements.advance()
            if not more:
                return
            yield from self.store(part.target, item)
            wanted = True
            for condition in part.ifs:
                wanted = wanted and (yield from self.test(condition))
            if wanted:
                yield from self.generate(node, depth + 1, values)

    # --- calls ------------------------------------------------------------------------------------------------------

    def load_call(self, node: ast.Call) -> Asking:
        """Call a helper, a builtin, a method or a word of the vocabulary."""
        if isinstance(node.func, ast.Attribute):
            return (yield from self.method(node, node.func))
        name = _called(node)
        if name == "wait_until":
            return (yield from self.wait_until(node))
        arguments = yield from self.all_of(node.args)
        if name in self.program.helpers:
            self.calls.append(node.number)  # type: ignore[attr-defined]
            try:
                with self.holding("call", node.number):  # type: ignore[attr-defined]
                    return (yield from self.call(self.program.helpers[name], arguments))
            finally:
                self.calls.pop()
        if name in VOCABULARY:
            return (yield from VOCABULARY[name](self, node, arguments))
        if name in BUILTINS:
            return (yield from self.builtin(node, name, arguments))
        raise UnsupportedError(name)

    def method(self, node: ast.Call, function: ast.Attribute) -> Asking:
        """Call a method: one access when the object is shared."""
        holder = yield from self.evaluate(function.value)
        if function.attr == "wait_for":
            return (yield from self.wait_for(node, holder))
        with self.holding(holder):
            arguments = yield from self.all_of(node.args)
        if self.kind_of(holder) in WAITING or any(keyword.arg == "timeout" for keyword in node.keywords):
            return (yield from self.synchronise(node, holder, function.attr, arguments))
        for keyword in node.keywords:
            if keyword.arg != "blocking":
                raise UnsupportedError(str(keyword.arg))
            arguments.append((yield from self.evaluate(keyword.value)))
        if isinstance(holder, Ref):
            atomic = self.kind_of(holder) in SYNCHRONISING
            return (yield from self.ask(node, "method", holder, function.attr, *arguments, atomic=atomic))
        return self.compute(lambda plain, *rest: getattr(plain, function.attr)(*rest), holder, *arguments)

    def synchronise(self, node: ast.Call, holder: Any, word: str, arguments: list[Any]) -> Asking:
        """Call a method of an object that threads wait at, or one with a time-out, which comes by name."""
        timed = any(keyword.arg == "timeout" for keyword in node.keywords)
        kind = self.kind_of(holder)
        if kind == "condition" and word in {"acquire", "release"}:
            holder = self.program.memory[holder].items[0]
        request = ("method", holder, word, *arguments)
        waits = word == "wait" and kind in {"condition", "barrier"}
        answer = yield from self.ask(node, *request, atomic=True, timed=timed and not waits)
        if not waits:
            return answer
        if kind == "condition":
            with self.holding("parked", holder, answer):
                resumed = yield from self.ask(node, "resume", holder, word, answer, False, atomic=True, timed=timed)
            if resumed is True:
                return True
            with self.holding("timed out", holder, answer):
                yield from self.ask(node, "resume", holder, word, answer, True, atomic=True)
            return False
        index, through = answer
        if not through:
            with self.holding("inside", holder, index):
                yield from self.ask(node, "resume", holder, word, index, atomic=True, timed=timed)
        return index

    def wait_for(self, node: ast.Call, holder: Any) -> Asking:
        """Wait at a condition until the lambda holds; after a time-out, ask it once more."""
        condition = node.args[0]
        assert isinstance(condition, ast.Lambda)
        woken = True
        while True:
            self.working()
            with self.holding("wait for", holder, woken):
                value = yield from self.evaluate(condition.body)
                with self.holding(value):
                    holds = yield from self.truth(condition.body, value)
            if holds or not woken:
                return value
            woken = yield from self.synchronise(node, holder, "wait", [])

    def wait_until(self, node: ast.Call) -> Asking:
        """Wait, in one step, until a condition holds; it reads everything at once."""
        (condition,) = node.args
        if not isinstance(condition, ast.Lambda):
            raise UnsupportedError(ast.dump(node))
        frames, names = [dict(frame) for frame in self.frames], list(self.locals)

        def check(memory: Memory) -> tuple[Any, list[Request]]:
            inner = Interpreter(self.program, self.inside)
            inner.frames, inner.locals, inner.calls = frames, names, list(self.calls)
            return at_once(inner.test(condition.body), memory, self.program.names)

        yield from self.ask(node, "wait", None, check, condition.body, atomic=True)

    def choose(self, node: ast.Call, arguments: list[Any]) -> Asking:
        """Take every value in turn: one result each."""
        return (yield from self.ask(node, "choose", None, *arguments, atomic=True))

    def print(self, node: ast.Call, arguments: list[Any]) -> Asking:
        """Add a line to the output."""
        if any(isinstance(argument, Ref) for argument in arguments):
            raise UnsupportedError(ast.dump(node))
        yield from self.ask(node, "print", None, " ".join(str(thaw(argument)) for argument in arguments))

    def free(self, node: ast.Call, arguments: list[Any]) -> Asking:
        """Give the record's memory back."""
        yield from self.ask(node, "free", arguments[0])

    def incref(self, node: ast.Call, arguments: list[Any]) -> Asking:
        """Load the count and store one more."""
        (record,) = arguments
        with self.holding("incref", record):
            count = yield from self.ask(node, "getattr", record, "refs")
        with self.holding("stored", record, count):
            yield from self.ask(node, "setattr", record, "refs", count + 1)

    def decref(self, node: ast.Call, arguments: list[Any]) -> Asking:
        """Load the count, store one less, and free the record if that is none."""
        (record,) = arguments
        with self.holding("decref", record):
            count = yield from self.ask(node, "getattr", record, "refs")
        with self.holding("stored", record, count):
            yield from self.ask(node, "setattr", record, "refs", count - 1)
        if count - 1 == 0:
            with self.holding("zero", record):
                yield from self.ask(node, "free", record)

    def inside_of(self, _: ast.Call, arguments: list[Any]) -> Asking:
        """Return the threads inside a region, in a property."""
        yield from ()
        if self.inside is None:
            message = "inside() in a thread"
            raise UnsupportedError(message)
        return self.inside(arguments[0])

    def freed(self, _: ast.Call, arguments: list[Any]) -> Asking:
        """Return whether a record was freed, in a property."""
        yield from ()
        if self.memory is None:
            message = "freed() in a thread"
            raise UnsupportedError(message)
        return self.memory[arguments[0]].items[0][1]

    def builtin(self, node: ast.Call, name: str, arguments: list[Any]) -> Asking:
        """Call a builtin: one access, or one per element, when it looks into a shared container."""
        action = BUILTINS[name]
        if len(arguments) == 1 and self.kind_of(arguments[0]) in CONTAINERS:
            value = arguments[0]
            if name == "len":
                return (yield from self.ask(node, "len", value))
            if name == "bool":
                return (yield from self.ask(node, "truth", value))
            if name in {"list", "tuple", "dict", "set"}:
                return (yield from self.ask(node, "copy", value, action))
            if name not in {"min", "max", "sum", "any", "all", "sorted"}:
                raise UnsupportedError(name)
            return (yield from self.fold(node, name, value))
        return self.compute(lambda *rest: _plain(action(*rest)), *arguments)

    def fold(self, node: ast.Call, name: str, value: Ref) -> Asking:
        """Go through a shared container element by element; `any` and `all` stop when they know."""
        items: list[Any] = []
        elements = self.elements(node, value)
        while True:
            with self.holding("fold", *items):
                more, item = yield from elements.advance()
            if not more:
                break
            items.append(item)
            if name in {"any", "all"} and bool(item) == (name == "any"):
                break
        return self.compute(BUILTINS[name], tuple(items))


class Elements:
    """An iteration under way: each `advance` asks for the next element and gives (True, element) or (False, None)."""

    def __init__(self, interpreter: Interpreter, node: ast.AST, value: Any) -> None:
        self.interpreter = interpreter
        self.node = node
        self.value = value
        self.position = 0
        self.size: int | None = None

    @property
    def standing(self) -> tuple[Any, ...]:
        """How far the iteration has come."""
        return (self.value, self.position, self.size)

    def advance(self) -> Asking:
        """Fetch the next element: an access when the container is shared, else local work."""
        if isinstance(self.value, Ref):
            request = ("next", self.value, self.position, self.size)
            more, element, self.size = yield from self.interpreter.ask(self.node, *request)
        else:
            self.interpreter.working()
            more = self.position < len(self.value)
            element = self.value[self.position] if more else None
        self.position += 1
        return more, element


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, range | enumerate) else value


def _called(node: ast.expr) -> str:
    return node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""


def exception_class(name: str) -> type[BaseException]:
    """Return the class of that name."""
    if name == "UseAfterFree":
        return UseAfterFree
    for module in (builtins, queue, threading, asyncio):
        if hasattr(module, name):
            found: type[BaseException] = getattr(module, name)
            return found
    raise UnsupportedError(name)


def _classes(node: ast.expr) -> tuple[type[BaseException], ...]:
    parts = node.elts if isinstance(node, ast.Tuple) else [node]
    return tuple(exception_class(ast.unparse(part).rpartition(".")[2]) for part in parts)


_NOTHING_TO_RAISE = Thrown("RuntimeError", "No active exception to reraise")


def _unwinding(pending: Exception | None) -> tuple[Any, ...]:
    if isinstance(pending, RaisedError):
        return ("raise", str(pending.thrown))
    if isinstance(pending, ReturnSignal):
        return ("return", pending.value)
    return (type(pending).__name__,)


def at_once(work: Asking, memory: Memory, names: Mapping[Ref, str]) -> tuple[Any, list[Request]]:
    """Evaluate without steps, on one memory: return the value (or what it raised) and the requests it made."""
    requests: list[Request] = []
    try:
        request = next(work)
        while True:
            requests.append(request)
            ((answer, _),) = results(memory, request, -1, names)
            request = work.send(answer)
    except StopIteration as end:
        return end.value, requests
    except RaisedError as error:
        return error.thrown, requests


def judge(program: OracleProgram, function: ast.FunctionDef, memory: Memory, inside: Callable[[str], Any]) -> bool:
    """Return whether a property holds; one that raises does not."""
    interpreter = Interpreter(program, inside, memory)

    def body() -> Asking:
        value = yield from interpreter.call(function, [])
        return (yield from interpreter.truth(function, value))

    value, _ = at_once(body(), memory, program.names)
    return not isinstance(value, Thrown) and bool(value)


BUILTINS: dict[str, Callable[..., Any]] = {
    word.__name__: word
    for word in (len, min, max, sum, any, all, abs, sorted, int, bool, str, list, tuple, dict, set, range, enumerate)
}
VOCABULARY: dict[str, Callable[..., Asking]] = {
    "choose": Interpreter.choose,
    "print": Interpreter.print,
    "free": Interpreter.free,
    "incref": Interpreter.incref,
    "decref": Interpreter.decref,
    "inside": Interpreter.inside_of,
    "freed": Interpreter.freed,
}
STATEMENTS: dict[type[ast.stmt], Callable[..., Asking]] = {
    ast.Pass: Interpreter.do_pass,
    ast.Global: Interpreter.do_pass,
    ast.Expr: Interpreter.do_expression,
    ast.Assign: Interpreter.do_assign,
    ast.AnnAssign: Interpreter.do_annotated,
    ast.AugAssign: Interpreter.do_augmented,
    ast.Delete: Interpreter.do_delete,
    ast.If: Interpreter.do_if,
    ast.While: Interpreter.do_while,
    ast.For: Interpreter.do_for,
    ast.Break: Interpreter.do_break,
    ast.Continue: Interpreter.do_continue,
    ast.Return: Interpreter.do_return,
    ast.Assert: Interpreter.do_assert,
    ast.Raise: Interpreter.do_raise,
    ast.Try: Interpreter.do_try,
    ast.With: Interpreter.do_with,
}
EXPRESSIONS: dict[type[ast.expr], Callable[..., Any]] = {
    ast.Constant: Interpreter.constant,
    ast.Name: Interpreter.load_name,
    ast.Tuple: Interpreter.tuple_of,
    ast.List: Interpreter.list_of,
    ast.BinOp: Interpreter.binary,
    ast.UnaryOp: Interpreter.unary,
    ast.BoolOp: Interpreter.short_circuit,
    ast.IfExp: Interpreter.conditional,
    ast.Compare: Interpreter.compare,
    ast.Subscript: Interpreter.load_subscript,
    ast.Slice: Interpreter.slice_of,
    ast.Attribute: Interpreter.load_attribute,
    ast.Call: Interpreter.load_call,
    ast.GeneratorExp: Interpreter.comprehension,
    ast.ListComp: Interpreter.comprehension,
}
