"""Inner functions and lambdas mean what Python means: late binding, `nonlocal`, defaults; and their steps."""

from __future__ import annotations

import pytest

import lab
from lab.language import parse
from tests.language import test_meaning
from tests.language.test_steps import steps

SNIPPETS = """
def add(a, b=2):
    return a + b
return add(1), add(1, 5), add(b=3, a=1)

n = 1
def read():
    return n
n = 2
return read()

n = 1
def bump(by=1):
    nonlocal n
    n += by
    return n
return bump(), bump(5), n

def counter():
    count = 0
    def more():
        nonlocal count
        count += 1
        return count
    return more
a, b = counter(), counter()
return a(), a(), b(), a()

fs = []
for i in range(3):
    fs.append(lambda: i)
return [f() for f in fs], i

fs = []
for i in range(3):
    fs.append(lambda i=i: i)
return [f() for f in fs]

fs = [lambda v=v: v * 10 for v in numbers]
return fs[0](), fs[1](), fs[2](5)

f = lambda a, b=3: a * b
g = f
return f(2), g(2, 4), f(b=1, a=7)

def outer(k):
    def middle():
        def inner():
            return k + x
        return inner()
    return middle()
return outer(5)

def total():
    return sum(n for n in numbers if n > limit)
limit = 1
return total()

def apply_twice(f, v):
    return f(f(v))
return apply_twice(lambda v: v + 3, 1)

box.value = lambda a: a + x
r = box.value(1)
box.value = 0
return r

table = {'add': lambda a, b: a + b, 'mul': lambda a, b: a * b}
return table['add'](2, 3), table['mul'](2, 3)

return sorted(numbers, key=lambda n: -n), max(numbers, key=double)

def negative(n):
    return -n
return sorted(numbers, key=negative), (lambda f: f(3))(negative)

def fail():
    raise ValueError('inner')
try:
    fail()
except ValueError as e:
    return str(e)

def late():
    return later
later = 4
return late()

def f():
    global x
    x = 50
f()
return x

fs = [lambda: 1, 3]
fs[1]()

lines = []
def log(text):
    lines.append(text)
    return len(lines)
log('a')
return log('b'), lines

def pair(a, b):
    a, b = b, a
    return a, b
return pair(1, 2)

k = 1
while k < 4:
    def current():
        return k
    k += 1
return current()
""".strip().split("\n\n")


@pytest.mark.parametrize("body", SNIPPETS)
def test_a_closure_means_what_python_means(body: str) -> None:
    """One thread has one schedule, whose outcome is what Python computes."""
    test_meaning.test_the_model_does_what_python_does(body)


@pytest.mark.parametrize(
    ("body", "expected", "why"),
    [
        ("n = 1\ndef f():\n    return n\nr = f()", 0, "a private variable is local work"),
        ("def f():\n    return x\nr = f() + f()", 2, "x is read in each call"),
        (
            "n = 1\nf = lambda: n\nbox.changing = f\nr = f()",
            2,
            "storing the function shares the variable, then it is read",
        ),
        ("n = 1\nf = lambda n=n: n\nbox.changing = f\nr = f()", 1, "a default is a value"),
        ("n = 0\ndef f():\n    nonlocal n\n    n += 1\nf()\nf()", 0, "private"),
    ],
)
def test_steps(body: str, expected: int, why: str) -> None:
    """The steps of inner functions, counted by hand."""
    assert steps(body) == expected, why


LOOP = """
from lab.scenario import thread
tasks = []
@thread
def maker():
    for i in range(2):
        tasks.append(lambda{default}: i)
@thread
def runner():
    if tasks:
        return tasks[0]()
"""


def test_a_thread_sees_the_variable_of_the_moment_it_reads() -> None:
    """The runner's look, its read of the element and its read of `i` stand among the maker's steps.

    The maker appends (sharing i = 0), writes i = 1, and appends: the runner that looks after the first append gets 0
    or 1. With `i=i` it can only get 0.
    """
    late = lab.explore(parse(LOOP.replace("{default}", "")))
    bound = lab.explore(parse(LOOP.replace("{default}", " i=i")))
    assert {outcome.returned["runner"] for outcome in late.outcomes} == {None, 0, 1}
    assert {outcome.returned["runner"] for outcome in bound.outcomes} == {None, 0}
    assert {race.location for race in late.races} >= {"maker.i"}


def test_an_inner_function_that_calls_itself_is_refused_when_it_does() -> None:
    """Functions are inlined; which function a name means is known when it is called."""
    text = test_meaning.scenario("def f(n):\n    return n and f(n - 1)\nreturn f({})")
    assert lab.explore(parse(text.replace("{}", "0"))).outcomes[0].returned["T"] == 0
    with pytest.raises(lab.ScenarioError, match="'f of line 49' calls itself"):
        lab.explore(parse(text.replace("{}", "1")))


def test_functions_are_not_compared() -> None:
    """Whether two functions are one object is not part of a state."""
    for body in ("f = lambda: 1\nreturn f is f", "f = lambda: 1\nreturn f == f"):
        with pytest.raises(lab.ScenarioError, match="two functions are compared"):
            lab.explore(parse(test_meaning.scenario(body)))


def test_variables_of_a_second_call_are_told_apart() -> None:
    """Each call of `later` has its own `n`: the maker's first and second shared variables."""
    text = """\
from lab.scenario import thread, wait_until

tasks = []


def later(n):
    def task():
        nonlocal n
        n += 1
        return n

    return task


@thread
def maker():
    tasks.append(later(1))
    tasks.append(later(10))


@thread(each=range(2))
def runner(i):
    wait_until(lambda: len(tasks) == 2)
    return tasks[0]() + tasks[1]()
"""
    assert {race.location for race in lab.explore(parse(text)).races} == {"maker.n", "maker#2.n"}
