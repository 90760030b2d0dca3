"""Hypothesis strategies for random scenarios, as text: small enough that the oracle can explore every schedule."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hypothesis import strategies as st

HEAD = """import queue
import threading
from collections import deque
from types import SimpleNamespace

from lab.scenario import (
    Atomic, Record, UseAfterFree, always, atomic, choose, decref, final, free, freed, incref, inside, region, sometimes,
    thread, wait_until,
)
"""

Draw = Callable[[st.SearchStrategy[str]], str]
NAMES = ("x", "y", "flag")


@dataclass(frozen=True)
class Feature:
    """Something a scenario may use: how it is declared, and what statements and expressions it adds."""

    declaration: str
    statements: tuple[str, ...] = ()
    expressions: tuple[str, ...] = ()
    blocks: tuple[str, ...] = ()


FEATURES: dict[str, Feature] = {
    "scalars": Feature(
        "x = 0\ny = 1\nflag = False",
        ("x = {e}", "x += {e}", "y = {e}", "y += {e}", "x, y = y, x", "x = y = {e}", "flag = {t}", "x -= 1"),
        ("x", "y", "x", "flag", "x + y"),
    ),
    "list": Feature(
        "c = [0, 2]",
        ("c[0] = {e}", "c[0] += {e}", "c[r1 % 2] = {e}", "c[{e}] = {e}", "r1, r2 = c", "c[0], c[1] = c[1], {e}"),
        ("c[0]", "c[1]", "c[-1]", "c[{e}]", "len(c)", "sum(c)", "max(c)", "({e} in c)", "any(c)", "c.index({e})"),
    ),
    "growing": Feature(
        "g = [1]",
        ("g.append({e})", "r1 = g.pop()", "g.insert(0, {e})", "g.insert(1, {e})", "g.clear()", "g.extend((1, {e}))",
         "r3 = g; r3.append({e})", "g.remove({e})", "g.pop(0)", "del g[0]", "g.extend(g)", "g.reverse()", "g.sort()",
         "r1 = len(g[1:])", "r1 = sorted(g)[0]", "r1 = len(list(g))", "r1 = g.copy()[-1]"),
        ("len(g)", "g[0]", "bool(g)", "g.count(1)", "min(g)", "({e} not in g)", "all(g)", "g[-1]", "(g[:1] == g[1:])"),
        ("if g:", "if not g:", "for k in g:", "while g:"),
    ),
    "dict": Feature(
        "d = {'k': 0}",
        ("d['k'] = {e}", "d['j'] = {e}", "d['k'] += {e}", "d.setdefault('j', {e})", "d.pop('k', 0)", "d.pop('j')",
         "del d['k']", "d.clear()", "d[{e}] = 1"),
        ("d['k']", "d.get('j', 0)", "('j' in d)", "len(d)", "d['j']", "({e} in d)"),
        ("for k in d:",),
    ),
    "set": Feature(
        "s = {1}",
        ("s.add({e})", "s.discard({e})", "s.remove({e})", "s.clear()"),
        ("len(s)", "({e} in s)", "bool(s)"),
    ),
    "deque": Feature(
        "q = deque([1])",
        ("q.append({e})", "r1 = q.popleft()", "q.appendleft({e})", "r1 = q.pop()", "q.rotate(1)", "q.extend((0, 2))"),
        ("len(q)", "q[0]", "bool(q)", "q[-1]", "({e} in q)"),
        ("if q:", "if len(q) > 0:", "for k in q:"),
    ),
    "nested": Feature(
        "grid = [[0, 1], [2]]\nbox = {'in': [0]}",
        ("grid[0][1] = {e}", "grid[{b}][0] += {e}", "grid[1].append({e})", "box['in'][0] = {e}",
         "r3 = grid[{b}]; r3[0] = {e}"),
        ("grid[{b}][0]", "len(grid[1])", "len(grid)", "box['in'][0]", "({e} in grid[0])"),
        ("for k in grid[1]:", "for k in grid[{b}]:"),
    ),
    "extended": Feature(
        "e = [0]",
        ("e += [1]", "e += [x, 2]", "e[0] = {e}", "e.append({e})"),
        ("len(e)", "e[0]"),
    ),
    "texts": Feature(
        "word = 'a'\nnothing = None\npair = (0, 1)",
        ("word = 'b'", "word += 'c'", "nothing = word", "pair = (x, pair[0])", "r1, r2 = pair", "nothing = None",
         "pair = (pair, 1)"),
        ("(word == 'a')", "(nothing is None)", "len(word)", "pair[1]", "('c' in word)", "(pair == (0, 1))",
         "len(str(x))"),
    ),
    "inner": Feature(
        "m = 0\nguard = threading.Lock()",
        ("r1 = locked({e})", "looped({e})", "r2 = looped(1)"),
        ("locked({e})",),
    ),
    "namespace": Feature(
        "ns = SimpleNamespace(v=0, w=1)",
        ("ns.v = {e}", "ns.v += {e}"),
        ("ns.v", "ns.w", "ns.v + ns.w"),
    ),
    "lock": Feature(
        "lock = threading.Lock()",
        ("lock.acquire()", "lock.release()", "r1 = lock.acquire(blocking=False)", "r1 = lock.acquire(False)"),
        ("lock.locked()",),
        ("with lock:", "with lock:", "with lock:", "with lock:"),
    ),
    "rlock": Feature(
        "rlock = threading.RLock()",
        ("rlock.acquire()", "rlock.release()"),
        (),
        ("with rlock:", "with rlock:"),
    ),
    "locks": Feature(
        "locks = [threading.Lock() for _ in range(2)]",
        ("locks[{b}].acquire()", "locks[{b}].release()"),
        (),
        ("with locks[0]:", "with locks[1]:", "with locks[{b}]:", "with locks[0], locks[1]:"),
    ),
    "semaphore": Feature(
        "sem = threading.Semaphore(1)\nbounded = threading.BoundedSemaphore(1)",
        ("sem.acquire()", "sem.release()", "bounded.release()", "r1 = sem.acquire(blocking=False)"),
        (),
        ("with sem:", "with bounded:"),
    ),
    "condition": Feature(
        "cond = threading.Condition()",
        ("cond.notify()", "cond.wait()", "r1 = cond.wait(timeout=1)", "cond.notify_all()",
         "r1 = cond.wait_for(lambda: {e})", "cond.release()", "cond.acquire()"),
        (),
        ("with cond:", "with cond:", "with cond:"),
    ),
    "on a lock": Feature(
        "base = threading.Lock()\non = threading.Condition(base)",
        ("on.notify(2)", "on.wait()", "r2 = on.wait(timeout=1)", "r1 = on.wait_for(lambda: x == {e}, timeout=1)",
         "base.release()", "r1 = base.acquire(timeout=1)"),
        ("base.locked()",),
        ("with on:", "with base:", "with on:"),
    ),
    "event": Feature(
        "event = threading.Event()",
        ("event.set()", "event.clear()", "event.wait()", "r1 = event.wait(timeout=1)"),
        ("event.is_set()",),
    ),
    "barrier": Feature(
        "barrier = threading.Barrier(2)",
        ("r1 = barrier.wait()", "barrier.wait()", "r2 = barrier.wait(timeout=1)", "barrier.reset()", "barrier.abort()"),
    ),
    "queue": Feature(
        "tasks = queue.Queue(1)\nstack = queue.LifoQueue()",
        ("tasks.put({e})", "r1 = tasks.get()", "tasks.put_nowait({e})", "r1 = tasks.get_nowait()",
         "tasks.task_done()", "tasks.join()", "r1 = tasks.get(timeout=1)", "tasks.put({e}, timeout=1)",
         "stack.put({e})", "r2 = stack.get()"),
        ("tasks.qsize()", "tasks.empty()", "stack.full()"),
    ),
    "timed": Feature(
        "doors = threading.Semaphore(1)",
        ("r1 = doors.acquire(timeout=1)", "doors.release()", "doors.release(2)"),
        (),
        ("with doors:",),
    ),
    "atomic": Feature(
        "a = Atomic(0)",
        ("a.store({e})", "r1 = a.add({e})", "r1 = a.exchange({e})", "r1 = a.compare_exchange({e}, {e})"),
        ("a.load()", "a.add(1)", "a.compare_exchange(0, {e})"),
    ),
    "record": Feature(
        "rec = Record(refs=1, v=0)",
        ("incref(rec)", "decref(rec)", "free(rec)", "rec.v = {e}", "rec.v += 1"),
        ("rec.v", "rec.refs"),
    ),
    "choose": Feature("", ("r1 = choose(0, 1)", "r2 = choose(0, {e}, 2)"), ("choose(0, 1)",)),
    "wait": Feature(
        "gate = 0",
        ("gate = {e}", "gate += 1", "wait_until(lambda: gate)", "wait_until(lambda: gate != {e})",
         "wait_until(lambda: gate > 0 and r1 == 0)"),
        ("gate",),
    ),
    "print": Feature("", ("print({e})", "print('r1', r1)")),
    "helper": Feature(
        "h = 0",
        ("r1 = help_one({e})", "help_two()", "r2 = help_one(help_one({e}))"),
        ("help_one({e})",),
    ),
    "constants": Feature(
        "LIMIT = 2\ntable = (1, 0, 2)\nrows = [1, 2]",
        (),
        ("LIMIT", "table[{b}]", "rows[{b}]", "len(rows)"),
    ),
    "errors": Feature("", ("assert {t}", "assert {t}, 'message'", "raise ValueError('text')", "r1 = 1 // {e}"), ()),
    "regions": Feature("", (), (), ("with region('r'):", "with region('r'):", "with atomic():")),
    "loops": Feature(
        "n = 0",
        ("n += 1",),
        ("n",),
        ("for k in range(2):", "for k in range({e}):", "while n < 2:", "while not flag:", "while x < y:",
         "for k in c_or_table:",
         "for i, v in enumerate(rows_or_c):"),
    ),
}  # fmt: skip

HELPERS = """
def help_one(p):
    global h
    if p:
        return h
    h += 1
    return p


def help_two():
    global h
    for _ in range(2):
        h = h + 1
"""

INNER = """
def locked(p):
    global m
    with guard:
        if p == 1:
            return m
        m += p
    return 2


def looped(p):
    global m
    for k in range(3):
        with guard:
            if k > p:
                break
            if k == 1:
                continue
            m = k
    while m == 2:
        m = 0
    return m
"""

CAUGHT = (
    "Exception",
    "Exception as error",
    "RuntimeError",
    "(KeyError, IndexError)",
    "LookupError as error",
    "AssertionError",
    "(ValueError, ZeroDivisionError) as error",
    "UseAfterFree",
    "queue.Empty",
    "(threading.BrokenBarrierError, queue.Full)",
    "BaseException",
)

PROPERTIES = (
    "@always\ndef p{n}():\n    return x < 2\n",
    "@final\ndef p{n}():\n    return x == 1 or y == 1\n",
    "@sometimes\ndef p{n}():\n    return x > y\n",
    "@always\ndef p{n}():\n    return len(inside('r')) < 2\n",
    "@final\ndef p{n}():\n    return not flag and x in (0, 1)\n",
    "@sometimes\ndef p{n}():\n    return x == 3\n",
    "@always\ndef p{n}():\n    return 2 // (2 - x) > 0\n",
)


class _Maker:
    """Draws the text of one scenario."""

    def __init__(self, draw: Callable[[st.SearchStrategy[object]], object], features: Sequence[str]) -> None:
        self.draw = draw
        self.features = [FEATURES[name] for name in features]
        self.expressions = [text for feature in self.features for text in feature.expressions]
        self.statements = [text for feature in self.features for text in feature.statements]
        self.blocks = [text for feature in self.features for text in feature.blocks]
        self.names = set(features)
        self.finishing = False

    def pick(self, choices: Sequence[str]) -> str:
        return str(self.draw(st.sampled_from(list(choices))))

    def number(self, low: int, high: int) -> int:
        return int(str(self.draw(st.integers(low, high))))

    def fill(self, template: str, depth: int) -> str:
        while "{e}" in template:
            template = template.replace("{e}", self.expression(depth - 1), 1)
        while "{t}" in template:
            template = template.replace("{t}", self.test(depth - 1), 1)
        while "{b}" in template:
            template = template.replace("{b}", self.pick(["0", "1"]), 1)
        return template

    def expression(self, depth: int) -> str:
        if depth <= 0:
            return self.pick(["0", "1", "2", "r1", "r2"])
        kind = self.number(0, 9)
        if kind <= 4 and self.expressions:
            return self.fill(self.pick(self.expressions), depth - 1)
        if kind <= 6:
            return self.pick(["0", "1", "2", "r1", "r2", "True"])
        inner = [self.expression(depth - 1) for _ in range(3)]
        shapes = [
            "({0} + {1})",
            "({0} - {1})",
            "({0} if {1} else {2})",
            "({0} and {1})",
            "({0} or {1})",
            "(not {0})",
            "abs({0})",
            "min({0}, {1})",
            "({0} < {1} < {2})",
            "({0} == {1})",
            "int({0} > {1})",
            "(-{0})",
            "max({0}, {1}, {2})",
            "({0} * {1})",
            "({0} is not None)",
        ]
        return self.pick(shapes).format(*inner)

    def predicate(self, template: str, depth: int) -> str:
        """Fill a template with expressions that only read."""
        before, self.expressions = self.expressions, [text for text in self.expressions if _only_reads(text)]
        filled = self.fill(template, depth)
        self.expressions = before
        return filled

    def test(self, depth: int) -> str:
        shapes = ["{0} == {1}", "{0} < {1}", "not {0}", "{0}", "{0} and {1}", "{0} or not {1}", "{0} != {1}"]
        return self.pick(shapes).format(self.expression(depth), self.expression(depth))

    def block(self, depth: int, *, in_loop: bool) -> list[str]:
        lines: list[str] = []
        for _ in range(self.number(1, 2 if depth < 2 else 3)):
            lines += self.statement(depth, in_loop=in_loop)
        return lines

    def statement(self, depth: int, *, in_loop: bool) -> list[str]:
        kind = self.number(0, 11)
        if depth > 0 and kind <= 3:
            return self.compound(depth, in_loop=in_loop)
        if kind == 4:
            return [self.fill(self.pick(["r1 = {e}", "r2 = {e}", "r1 += {e}"]), 3)]
        if kind == 5 and not self.finishing:
            jumps = ["break", "continue"] if in_loop else []
            return [self.fill(self.pick(["pass", "return {e}", "return r1", *jumps]), 3)]
        if not self.statements:
            return ["pass"]
        template = self.pick(self.statements)
        fill = self.predicate if "lambda" in template else self.fill
        return [fill(template, 3)]

    def compound(self, depth: int, *, in_loop: bool) -> list[str]:
        kind = self.number(0, 3)
        if kind == 0:
            lines = [f"if {self.test(2)}:", *_indent(self.block(depth - 1, in_loop=in_loop))]
            if self.number(0, 1):
                lines += ["else:", *_indent(self.block(depth - 1, in_loop=in_loop))]
            return lines
        if kind == 1:
            self.finishing = True
            after = self.block(0, in_loop=False)
            self.finishing = False
            if self.number(0, 2) == 0:
                return ["try:", *_indent(self.block(depth - 1, in_loop=in_loop)), "finally:", *_indent(after)]
            return self.handled(depth, after, in_loop=in_loop)
        if not self.blocks:
            return ["pass"]
        header = self.fill(self.pick(self.blocks), 2)
        header = header.replace("c_or_table", "c" if "list" in self.names else "(0, 1)")
        header = header.replace("rows_or_c", "rows" if "constants" in self.names else "(2, 1)")
        loop = header.startswith(("for", "while"))
        body = self.block(depth - 1, in_loop=loop or in_loop)
        if header == "while n < 2:":
            body = ["n += 1", *body]
        return [header, *_indent(body)]

    def handled(self, depth: int, after: list[str], *, in_loop: bool) -> list[str]:
        """Draw a `try` with handlers, whose last statements may be an `else` and a `finally`."""
        lines = ["try:", *_indent(self.block(depth - 1, in_loop=in_loop))]
        for _ in range(self.number(1, 2)):
            lines.append(f"except {self.pick(CAUGHT)}:")
            body = self.block(depth - 1, in_loop=in_loop)
            if lines[-1].endswith(" as error:") and self.number(0, 1):
                body.insert(0, "r2 = str(error)")
            if self.number(0, 4) == 0:
                body.append("raise")
            lines += _indent(body)
        if self.number(0, 2) == 0:
            lines += ["else:", *_indent(self.block(0, in_loop=in_loop))]
        if self.number(0, 2) == 0:
            lines += ["finally:", *_indent(after)]
        return lines

    def thread(self, number: int) -> str:
        body = ["r1 = r2 = 0", *self.block(2, in_loop=False)]
        if self.number(0, 2) == 0:
            body.append(self.fill("return {e}", 2))
        each = number == 0 and self.number(0, 3) == 0
        header = ["@thread(each=range(2))", "def T0(r3):"] if each else ["@thread", f"def T{number}():"]
        return declare("\n".join([*header, *_indent(body)]) + "\n")


def _only_reads(template: str) -> bool:
    return not any(word in template for word in ("choose", "help", ".add", "exchange", ".pop", "locked("))


def _indent(lines: list[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def declare(text: str) -> str:
    """Add the `global` statement that a function's assignments ask for."""
    function = ast.parse(text).body[0]
    assert isinstance(function, ast.FunctionDef)
    stored = {node.id for node in ast.walk(function) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    shared = sorted(stored & {"x", "y", "flag", "gate", "n", "e", "word", "nothing", "pair"})
    if not shared:
        return text
    header, body = text.split("):\n", 1)
    return f"{header}):\n    global {', '.join(shared)}\n{body}"


@st.composite
def scenarios(draw: st.DrawFn, *, threads: tuple[int, int] = (2, 3)) -> str:
    """Draw the text of a scenario of a few threads, each a few statements long."""
    extra = draw(st.lists(st.sampled_from(sorted(set(FEATURES) - {"scalars"})), max_size=3, unique=True))
    features = ["scalars", *extra]
    maker = _Maker(draw, features)
    bodies = [maker.thread(number) for number in range(draw(st.integers(*threads)))]
    declarations = [FEATURES[name].declaration for name in features if FEATURES[name].declaration]
    helpers = [text for name, text in (("helper", HELPERS), ("inner", INNER)) if name in features]
    wanted = draw(st.lists(st.sampled_from(PROPERTIES), max_size=2, unique=True))
    properties = [text.format(n=number) for number, text in enumerate(wanted)]
    return "\n\n".join([HEAD, "\n".join(declarations) + "\n", *helpers, *bodies, *properties])
