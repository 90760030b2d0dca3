"""Whatever the text, the front end gives a Program or a ScenarioError, runs nothing, and takes bounded resources."""

from __future__ import annotations

import ast
import contextlib
import resource
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from lab.errors import ScenarioError, UsageError
from lab.language import load_program, parse
from lab.model.program import Program
from tests.strategies import scenarios

ANYTHING = settings(suppress_health_check=list(HealthCheck))
MANY = settings(ANYTHING, max_examples=150)
HEAD = "from lab.scenario import thread\nx = 0\n"
CANARY = "scenario-was-run"


def read(text: str) -> None:
    """Parse, and let nothing but a ScenarioError through; its text must be printable."""
    answer: Program | ScenarioError
    try:
        answer = parse(text)
    except ScenarioError as error:
        answer = error
    assert isinstance(answer, Program) or (answer.message and str(answer))


@MANY
@given(st.text(max_size=200))
@example("\ufeffx = 1\r\n")
@example("\x0c\n@thread\ndef T(): pass\n")
@example("x = '\ud800'")
@example("\u2028@thread")
@example("ⅸ = 1\n")
def test_any_text_is_read_or_refused(text: str) -> None:
    """Random characters, with and without byte-order marks and line ends of every kind."""
    read(text)


@MANY
@given(data=st.binary(max_size=100))
def test_any_bytes_are_read_or_refused(tmp_path: Path, data: bytes) -> None:
    """A file that is no UTF-8 is a wrong request; the rest is text."""
    path = tmp_path / "scenario.py"
    path.write_bytes(data)
    with contextlib.suppress(ScenarioError, UsageError):
        load_program(path)


@ANYTHING
@given(scenarios(), st.data())
def test_a_damaged_scenario_is_read_or_refused(text: str, data: st.DataObject) -> None:
    """A valid scenario with a stretch removed, doubled, or replaced by something that stands elsewhere in it."""
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, min(len(text), start + 30)))
        other = data.draw(st.integers(0, len(text)))
        piece = data.draw(
            st.sampled_from(["", text[start:end] * 2, text[other : other + 20], "\0", "\t", "(", "é", ":"])
        )
        text = text[:start] + piece + text[end:]
    read(text)


@ANYTHING
@given(scenarios(), st.data())
def test_a_scenario_with_swapped_pieces_of_syntax_is_read_or_refused(text: str, data: st.DataObject) -> None:
    """Any expression or statement of the tree takes the place of any other, and the tree is written out again."""
    tree = ast.parse(text)
    kind: Any = data.draw(st.sampled_from([ast.expr, ast.stmt]))
    nodes = [node for node in ast.walk(tree) if isinstance(node, kind)]
    lost, found = data.draw(st.sampled_from(nodes)), data.draw(st.sampled_from(nodes))

    class Swap(ast.NodeTransformer):
        """Puts one node in the place of another."""

        def visit(self, node: ast.AST) -> ast.AST:
            return found if node is lost else self.generic_visit(node)

    copy = ast.parse(ast.unparse(tree)) if lost is found else Swap().visit(tree)
    try:
        changed = ast.unparse(copy)
    except (RecursionError, ValueError, AttributeError, TypeError):
        return  # a tree that contains itself, or that is no Python
    read(changed)


STATEMENTS = st.sampled_from([
    "x = {}", "x += {}", "return {}", "assert {}", "if {}: pass", "while {}: break", "for i in {}: continue",
    "del {}", "raise {}", "with {}: pass", "global x, {}", "lambda: {}", "yield {}", "await {}", "print({})",
    "{} = 1", "import {}", "try: {}\n    finally: pass", "x: {} = 1", "async with {}: pass", "nonlocal {}",
    "match {}:\n        case 1: pass", "{}.a = {}", "{}[0] += 1", "a, *b = {}",
    "async with asyncio.TaskGroup() as {}: {}", "async with asyncio.TaskGroup() as g: g.create_task({})",
    "await asyncio.to_thread({}, {})", "await asyncio.gather(*{}, {})", "t = asyncio.create_task({}, name={})",
    "q = queue.Queue({})", "c = threading.Condition({})", "b = threading.Barrier({})", "await {}.create_task({})",
    "threading.Thread(target={}, args=({},)).start()", "x.update({})", "x.sort(reverse={})", "raise {} from {}",
    "try: {}\n    except* {}: pass", "try: {}\n    except ({}, ValueError) as e: raise e", "class C: x = {}",
    "def g(n={}): return {}", "async def g(): return {}",
])  # fmt: skip
ATOMS = st.sampled_from([
    "x", "1", "'t'", "None", "T", "thread", "range", "x.y", "x[0]", "x[1:2]", "x()", "[]", "{}", "()", "{1}",
    "f'{x}'", "...", "1j", "b''", "[v for v in x]", "(v for v in x)", "{k: v for k, v in x}", "not x", "-x", "*x",
    "x if x else x", "(y := x)", "x < 1 < 2", "x @ x", "__import__('os')", "x.__class__", "choose(1)", "inside('r')",
    "atomic()", "True", "coroutine(x)", "coroutine", "helper", "helper(x)", "asyncio.to_thread(helper, 1)",
    "[coroutine(i) for i in x]", "asyncio.Lock()", "Box(x)", "Box", "x.v", "asyncio.sleep(0)", "-0.0",
    "1e999", "999999999999999999999999999999", "0xffff", "é",
])  # fmt: skip


@ANYTHING
@given(st.lists(st.tuples(STATEMENTS, ATOMS), min_size=1, max_size=4))
def test_any_statement_in_a_thread_is_read_or_refused(lines: list[tuple[str, str]]) -> None:
    """Every kind of statement about every kind of expression, in each kind of function and at the top level."""
    body = [statement.replace("{}", atom) for statement, atom in lines]
    indented = "".join(f"    {line}\n" for line in body)
    read(f"{HEAD}@thread\ndef T():\n{indented}")
    read(f"from lab.scenario import always\n{HEAD}@thread\ndef T():\n    pass\n@always\ndef p():\n{indented}")
    more = (
        "import asyncio, queue, threading\nasync def coroutine(n):\n    return n\ndef helper(n=1):\n    return n\n"
        "class Box:\n    def __init__(self, v):\n        self.v = v\n"
    )
    read(f"{HEAD}{more}@thread\nasync def T():\n{indented}")
    read(f"from lab.scenario import main\nx = 0\n{more}@main\ndef T():\n{indented}")
    read("".join(f"{line}\n" for line in body) + f"{HEAD}@thread\ndef T():\n    pass\n")


LARGE = {
    "deep parentheses": "(" * 5000 + "1" + ")" * 5000,
    "deep lists": "[" * 150 + "]" * 150,
    "long sum": "+".join(["1"] * 20000),
    "long minus": "-" * 20000 + "1",
    "long not": "not " * 3000 + "1",
    "long attribute": "x" + ".a" * 5000,
    "long call": "x" + "()" * 5000,
    "power tower": "10**10**10",
    "power": "2**(10**8)",
    "shift": "1 << 10**10",
    "large list": "[0] * 10**9",
    "large text": "'a' * 10**10",
    "nested repetition": "[[0] * 1000] * 1000 * 1000",
    "large range": "[i for i in range(10**12)]",
    "many digits": "9" * 100_000,
    "large file": "'" + "a" * 10**7 + "'",
    "long dict": "{" + "1: 1, " * 30000 + "}",
    "lambdas": "lambda: " * 3000 + "1",
    "comparisons": "1" + " < 1" * 20000,
    "conditionals": "1 if 1 else " * 3000 + "1",
}


@pytest.mark.parametrize("name", LARGE)
@pytest.mark.parametrize("place", ["the top level", "a thread"])
def test_large_things_are_refused_in_bounded_time_and_memory(name: str, place: str) -> None:
    """A second is what the worst of them takes; the bound leaves room for coverage on a busy machine."""
    body = f"y = {LARGE[name]}\n"
    text = HEAD + (
        body + "@thread\ndef T():\n    pass\n" if place == "the top level" else f"@thread\ndef T():\n    {body}"
    )
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    read(text)
    assert time.process_time() - start < 20
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000


@pytest.mark.parametrize("depth", [10, 50, 95])
def test_deep_blocks_are_read_or_refused(depth: int) -> None:
    """Python's own parser stops at a hundred levels of indentation."""
    lines = [f"{'    ' * level}if x:" for level in range(1, depth)]
    read(f"{HEAD}@thread\ndef T():\n" + "\n".join([*lines, f"{'    ' * depth}pass"]) + "\n")


RUNNING = [
    "import os; os.mkdir({canary!r})",
    "x = __import__('os').mkdir({canary!r})",
    "x = eval({code!r})",
    "x = [__import__('os').mkdir({canary!r}) for _ in range(1)]",
    "x = (lambda: __import__('os').mkdir({canary!r}))()",
    "@__import__('os').mkdir({canary!r})\ndef f(): pass",
    "def f(a=__import__('os').mkdir({canary!r})): pass",
    "class A:\n    import os; os.mkdir({canary!r})",
    "x: __import__('os').mkdir({canary!r}) = 1",
    "if __name__ == '__main__':\n    __import__('os').mkdir({canary!r})",
    "assert __import__('os').mkdir({canary!r})",
    "with __import__('os').mkdir({canary!r}): pass",
    "expect(schedules=__import__('os').mkdir({canary!r}))",
]


@pytest.mark.parametrize("line", RUNNING)
def test_no_code_of_a_scenario_runs(line: str, tmp_path: Path) -> None:
    """A folder that the file would make if anything in it ran is not there afterwards."""
    canary = str(tmp_path / CANARY)
    code = f"__import__('os').mkdir({canary!r})"
    text = line.format(canary=canary, code=code)
    read(f"{HEAD}{text}\n@thread\ndef T():\n    pass\n")
    inner = text.replace("\n", "\n    ")
    read(f"{HEAD}@thread\ndef T():\n    {inner}\n")
    assert not (tmp_path / CANARY).exists()


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_line_ends_and_byte_order_marks_change_nothing(end: str, mark: str) -> None:
    """The file of an editor on any system is the same program, and its errors point at the same places."""
    text = f"{HEAD}@thread\ndef T():\n    global x\n    x += 1\n"
    assert len(parse(mark + text.replace("\n", end)).threads) == 1
    with pytest.raises(ScenarioError) as raised:
        parse(mark + text.replace("    global x\n", "").replace("\n", end))
    assert (raised.value.line, raised.value.column, raised.value.source) == (5, 5, "    x += 1")
