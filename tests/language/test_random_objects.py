"""Random programs of one thread that makes, changes, shares and calls objects, against Python itself."""

from __future__ import annotations

import textwrap
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lab
from lab.errors import ScenarioError
from lab.language import parse
from lab.verify.free_run import plain

TOP = """
from types import SimpleNamespace
from lab.scenario import thread
shared = [0, 1]
kept = None
box = SimpleNamespace(v=0)


class Node:
    size = 1

    def __init__(self, value, below=None):
        self.value = value
        self.below = below

    def push(self, value):
        self.below = Node(value, self.below)
        return self

    @property
    def twice(self):
        return [self.value, self.value]

    def __add__(self, other):
        return Node((self.value, other), self)


def grow(items, by=1):
    items.append(by)
    return items


"""

STATEMENTS = (
    "a = []", "b = a", "a = [b]", "b = [1, 2]", "a.append(len(b))", "b.append(a is b)", "a += b[:2]", "b = a + [3]",
    "a.insert(0, n)", "a.pop()", "b.clear()", "a, b = b, a", "shared.append(a)", "kept = b", "kept = n", "box.v = a",
    "b = shared[-1]", "a = shared", "a = list(shared)", "shared[0] = len(shared)", "a = [v for v in shared]",
    "n = Node(len(a))", "n.push(len(b))", "n.below = n", "n = n + 1", "a = n.twice", "n.value = b", "b = n.value",
    "n = n.below or n", "f = lambda: len(a)", "f = lambda k=len(a): k", "b = [f()]", "grow(b)",
    "grow(shared, by=n.size)",
    "a = sorted([len(b), 3, 1], key=lambda v: -v)", "d['k'] = a", "d[len(a)] = b", "a = d.get('k', b)",
    "b = [f'{len(a)}:{len(b)}']", "c = count()", "a = {'x': b}.pop('x')", "a.remove(1)", "box.v.append(1)",
)  # fmt: skip

FRAME = """
global kept
a, b, d = [], [0], {{}}
n = Node(0)
f = lambda: 0
rounds = 0
def count():
    nonlocal rounds
    rounds += 1
    return rounds
{body}
return len(a), a == b, a is b, len(d), rounds, n.below is n, f(), isinstance(a, list) and len(a[:2])
"""

bodies = st.lists(st.sampled_from(STATEMENTS), min_size=1, max_size=14).map("\n".join)


def run(text: str) -> tuple[Any, str | None]:
    """Execute the thread as Python does."""
    names: dict[str, Any] = {"__name__": "scenario"}
    exec(compile(text, "snippet.py", "exec", dont_inherit=True), names)
    try:
        return plain(names["T"]()), None
    except Exception as error:  # noqa: BLE001 - whatever Python raises is what is compared
        return None, f"{type(error).__name__}: {error}"


def agree(body: str) -> None:
    """Assert that the only schedule gives what Python gives, unless the language says that it leaves off."""
    text = f"{TOP}@thread\ndef T():\n{textwrap.indent(FRAME.format(body=body), '    ')}\n"
    try:
        [outcome] = lab.explore(parse(text)).outcomes
    except ScenarioError as error:
        if not error.message.startswith(("a container holds itself", "a shared container inside", "`is` between")):
            raise
        return
    returned, error = run(text)
    assert (outcome.returned["T"], outcome.errors.get("T")) == (returned, error)


@given(bodies)
def test_random_programs_mean_what_python_means(body: str) -> None:
    """Aliases, garbage, sharing, methods, properties, closures: value or exception agree."""
    agree(body)


@pytest.mark.slow
def test_thousands_of_random_programs_mean_what_python_means() -> None:
    """The same with two thousand programs, new ones each time."""
    settings(max_examples=2000, derandomize=False)(given(bodies)(agree))()
