"""Lowers statements: a function's body to instructions with explicit control flow."""

from __future__ import annotations

import ast
from functools import partial

from lab.language.builder import NONE, Block
from lab.language.expressions import Frame
from lab.language.tasks import Tasks
from lab.model import compute
from lab.model.compute import ITERABLE
from lab.model.heap import Raised
from lab.model.instructions import Code, Const, Operand
from lab.model.marks import BLOCKING, BRANCH, HELD, JUMP, REPEAT
from lab.model.operations import Invoke, Store
from lab.model.starting import Exit
from lab.model.values import END, Value, type_name
from lab.model.wholes import ExtendOrAdd

__all__ = ["Lowering"]


class Lowering(Tasks):
    """Lowers one thread or one property."""

    def function(self, function: ast.FunctionDef) -> Code:
        """Return the code of a function that is not called but started."""
        scope = self.context.scope(function)
        registers = {name: self.builder.register(name) for name in sorted(scope.locals)}
        self.frame = Frame(scope, registers, (function.name,))
        if function.name == self.context.main and self.context.exits is not None:
            self.guarded(partial(self._whole, function), partial(self._exit, function, self.context.exits))
        elif function.name in self.context.asynchronous and function.name in self.context.others:
            self.task(function, partial(self._whole, function))
        else:
            self._whole(function)
        self.builder.returns(NONE)
        return self.builder.finish(tuple(registers[name] for name in scope.parameters))

    def _exit(self, function: ast.FunctionDef, component: int) -> None:
        with self.builder.at(self.source.span(function)):
            self.builder.mark(BLOCKING)
            self.builder.operate(Exit(component), into=self.builder.ignored())

    def _whole(self, function: ast.FunctionDef) -> None:
        self.open_cells(function)
        self.inline_body(function.body)

    def inline_body(self, body: list[ast.stmt]) -> None:
        """Lower the statements of a function, without its docstring."""
        if body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
            body = body[1:]
        self.body(body)

    # Simple statements

    def _expr(self, node: ast.Expr) -> None:
        self.expression(node.value)

    def _pass(self, _node: ast.Pass) -> None:
        pass

    def _nonlocal(self, _node: ast.Nonlocal) -> None:
        pass

    def _functiondef(self, node: ast.FunctionDef) -> None:
        self._assign_name(node, node.name, self.make_closure(node))

    def _global(self, node: ast.Global) -> None:
        for name in node.names:
            if name in self.context.parameters:
                raise self.source.error(
                    node,
                    f"'{name}' is a parameter, which no function may change",
                    "use a lower-case name for a shared variable",
                )
            if name not in self.context.names:
                raise self.source.error(
                    node, f"'global {name}' names nothing at the top level", f"write `{name} = ...` at the top level"
                )

    def _assign(self, node: ast.Assign) -> None:
        value = self.expression(node.value)
        if len(node.targets) > 1 or not isinstance(node.targets[0], ast.Name):
            value = self.held(value)
        for target in node.targets:
            self.assign(target, value)

    def _annassign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.assign(node.target, self.expression(node.value))

    def assign(self, target: ast.expr, value: Operand) -> None:
        """Lower the assignment of a value to a target."""
        with self.builder.at(self.source.span(target)):
            match target:
                case ast.Name(name):
                    self._assign_name(target, name, value)
                case ast.Subscript(container, index):
                    self._no_writing(target)
                    if isinstance(index, ast.Slice):
                        raise self.source.error(target, "a slice is assigned", "assign the elements one by one")
                    holder = self.expression(container)
                    self.set_item(holder, self.expression(index), value, target)
                case ast.Attribute(holder_node):
                    self._no_writing(target)
                    self._no_class(target)
                    self.set_attribute(self.expression(holder_node), value, target)
                case ast.Tuple(elts) | ast.List(elts):
                    self._unpack(target, elts, value)
                case _:
                    raise self.source.error(target, "this cannot be assigned to", "unpack into plain names")
            self.stored(target)

    def _no_writing(self, node: ast.AST) -> None:
        if self.mode != "thread":
            raise self.source.error(node, f"something shared is changed in a {self.mode}", "a property only reads")

    def _assign_name(self, node: ast.AST, name: str, value: Operand) -> None:
        if name in self.frame.hidden:
            self.builder.move(value, self.frame.hidden[name])
            return
        if name in self.frame.cells:
            self.write_cell(name, value)
            return
        if name in self.frame.scope.locals:
            if name in self.context.parameters:
                raise self.source.error(
                    node, f"'{name}' is a parameter, which no function may change", "use another name"
                )
            if name in self.context.names:
                raise self.source.error(
                    node,
                    f"'{name}' is shared, and is assigned without `global {name}`",
                    f"write `global {name}` first, or use another name",
                )
            self.builder.move(value, self.frame.registers[name])
            if name in self.frame.scope.single:
                self.note_class(self.frame.registers[name], self.class_of(value))
            return
        self._no_writing(node)
        self.builder.operate(Store(self.context.variables[name], name), value)

    def _unpack(self, node: ast.expr, targets: list[ast.expr], value: Operand) -> None:
        builder = self.builder
        if any(isinstance(target, ast.Starred) for target in targets):
            raise self.source.error(node, "a starred target is not allowed", "name every element")
        cursor = builder.compute(_unpacked, value)
        items = []
        for position in range(len(targets)):
            pair = builder.operate(Invoke("__next__", f"next of {self.source.segment(node)}"), cursor)
            builder.compute(_Enough(len(targets), position), pair, into=builder.ignored())
            builder.compute(_second, pair, into=cursor.number)
            items.append(builder.compute(_first, pair))
        pair = builder.operate(Invoke("__next__", f"end of {self.source.segment(node)}"), cursor)
        builder.compute(_NotTooMany(len(targets)), pair, into=builder.ignored())
        for target, item in zip(targets, items, strict=True):
            self.assign(target, item)

    def _augassign(self, node: ast.AugAssign) -> None:
        builder, target = self.builder, node.target
        if isinstance(target, ast.Name):
            before = self.expression(ast.copy_location(ast.Name(target.id, ast.Load()), target))
            with builder.at(self.source.span(target)):
                after = self._augmented(node, before)
                self._assign_name(target, target.id, after)
                self.stored(target)
            return
        self._no_writing(target)
        self._no_class(target)
        holder = self.held(self.expression(target.value))
        if isinstance(target, ast.Attribute):
            before = self.get_attribute(holder, target)
            self.opcode()
            self.set_attribute(holder, self._augmented(node, before), target)
            self.opcode()
            return
        if isinstance(target.slice, ast.Slice):
            raise self.source.error(target, "a slice is assigned", "assign the elements one by one")
        key = self.held(self.expression(target.slice))
        before = self.get_item(holder, key, target)
        self.opcode()
        self.set_item(holder, key, self._augmented(node, before), target)
        self.opcode()

    def _no_class(self, node: ast.expr) -> None:
        if isinstance(node, ast.Attribute) and self.names_class(node.value):
            raise self.source.error(node, "an attribute of a class is assigned", "use a shared variable and `global`")

    def _augmented(self, node: ast.AugAssign, before: Operand) -> Operand:
        added = self.expression(node.value)
        name = self.operator(node, node.op)
        if name == "Add":
            plain = partial(self.builder.operate, ExtendOrAdd(), before, added)
        else:
            plain = partial(self.builder.compute, compute.AUGMENTED[name], before, added)
        after = self.augmented(name, before, added, plain, node)
        self.opcode()
        return after

    def _delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            self._no_writing(target)
            if isinstance(target, ast.Subscript) and not isinstance(target.slice, ast.Slice):
                holder = self.expression(target.value)
                self.delete_item(holder, self.expression(target.slice), target)
            elif isinstance(target, ast.Attribute):
                self.builder.operate(
                    Invoke("__delattr__", f"delete {self.source.segment(target)}"),
                    self.expression(target.value),
                    Const(target.attr),
                )
            else:
                raise self.source.error(target, "only elements and attributes can be deleted", "assign None instead")
            self.opcode()

    def _return(self, node: ast.Return) -> None:
        value = self.held(self.expression(node.value)) if node.value is not None else NONE
        calls = [index for index, block in enumerate(self.builder.blocks) if block.kind == "call"]
        if calls:
            call = self.builder.blocks[calls[-1]]
            self.builder.unwind(calls[-1] + 1)
            self.builder.move(value, call.result)
            self.returned.setdefault(call.result, set()).add(self.class_of(value))
            self.builder.jump(call.leave)
        else:
            self.builder.unwind(0)
            self.builder.returns(value)

    # Control flow

    def _if(self, node: ast.If) -> None:
        builder = self.builder
        otherwise, end = builder.label(), builder.label()
        with builder.at(self.source.span(node.test)):
            builder.unless(self.condition(node.test), otherwise, BRANCH)
        self.body(node.body)
        if node.orelse:
            builder.jump(end)
        builder.here(otherwise)
        self.body(node.orelse)
        builder.here(end)

    def _while(self, node: ast.While) -> None:
        builder = self.builder
        again, otherwise, end = builder.label(), builder.label(), builder.label()
        endless = isinstance(node.test, ast.Constant) and bool(node.test.value)
        builder.here(again)
        if not endless:
            with builder.at(self.source.span(node.test)):
                self._begin()
                builder.unless(self.condition(node.test), otherwise, BRANCH)
                builder.mark(HELD)
        with builder.within(Block("loop", leave=end, again=again)):
            self.body(node.body)
        builder.jump_back(again, JUMP if endless else REPEAT)
        builder.here(otherwise)
        self.body(node.orelse)
        builder.here(end)

    def _for(self, node: ast.For) -> None:
        builder = self.builder
        again, otherwise, end = builder.label(), builder.label(), builder.label()
        advance = self.open(node.iter)
        builder.here(again)
        with builder.at(self.source.span(node.iter)):
            self._begin()
            item = advance(otherwise)
            self.opcode()
            self.assign(node.target, item)
        with builder.within(Block("loop", leave=end, again=again)):
            self.body(node.body)
        builder.jump_back(again)
        builder.here(otherwise)
        self.opcode()
        self.body(node.orelse)
        builder.here(end)

    def _leave_loop(self, again: bool) -> None:
        loops = [index for index, block in enumerate(self.builder.blocks) if block.kind == "loop"]
        loop = self.builder.blocks[loops[-1]]
        self.builder.unwind(loops[-1] + 1)
        if again:
            self.builder.jump_back(loop.again)
        else:
            self.builder.jump(loop.leave)

    def _break(self, _node: ast.Break) -> None:
        self._leave_loop(again=False)

    def _continue(self, _node: ast.Continue) -> None:
        self._leave_loop(again=True)


class _Enough:
    """Raises what Python raises when there are too few elements to unpack."""

    def __init__(self, wanted: int, got: int) -> None:
        self.wanted = wanted
        self.got = got

    def __call__(self, pair: Value) -> Value:
        if pair is END:
            raise Raised("ValueError", f"not enough values to unpack (expected {self.wanted}, got {self.got})")


class _NotTooMany:
    """Raises what Python raises when there are too many elements to unpack."""

    def __init__(self, wanted: int) -> None:
        self.wanted = wanted

    def __call__(self, pair: Value) -> Value:
        if pair is not END:
            raise Raised("ValueError", f"too many values to unpack (expected {self.wanted})")


def _unpacked(value: Value) -> Value:
    if type_name(value) not in ITERABLE:
        raise Raised("TypeError", f"cannot unpack non-iterable {type_name(value)} object")
    return compute.make_cursor(value, "")


def _first(pair: tuple[Value, Value]) -> Value:
    return pair[0]


def _second(pair: tuple[Value, Value]) -> Value:
    return pair[1]
