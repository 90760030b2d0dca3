"""f-strings, comprehensions, key functions and the methods of texts mean what Python means."""

from __future__ import annotations

import pytest

import lab
from lab.language import parse
from tests.language import test_meaning
from tests.language.test_meaning import scenario
from tests.language.test_steps import steps

SNIPPETS = """
return f'{x}', f'{x + y} and {text!r}', f'{text!s:>6}|', f'{x:03d}|{1 / 4:.1%}|{x:+}', f'{{{x}}}', f''

return f'{numbers}', f'{ages!r}', f'{(1, text)}', f'{None}', f'{True:d}', f'{x=}', f'{text:*^9}'

width = 6
return f'{x:{width}}|', f'{text!r:{width}}', f'{x:>{width}d}', f"{'nested ' + f'{x}'}"

return f'{None:5}'

return f'{(1, 2):5}'

return f'{numbers:5}'

return f'{text:d}'

return f'{1.5:d}'

return f'{x:x}{x:b}{10**6:,}{10**6:_}', f'{text:.2}', f'{0.5}', f'{1e20:g}'

return [n * 2 for n in numbers], [n for n in numbers if n > 1], [n for n in numbers if n > 1 if n < 3]

return [(a, b) for a in numbers for b in text], [b for row in grid for b in row if b], [[n] * 2 for n in (1, 2)]

return {n % 2 for n in numbers}, {str(n): n * n for n in range(3)}, {k: v for k, v in ages.items()}

return [i * n for i, n in enumerate(numbers, 1)], [a + b for a, b in zip(numbers, range(9))]

return [n for n in reversed(numbers)], [c for c in reversed(text)], list(reversed((1, 2))), list(reversed(range(3)))

found = ()
for a, b, c in zip(numbers, text, ages):
    found += ((a, b, c),)
return found

found = ()
for i, (a, b) in enumerate(zip(numbers, text)):
    found += ((i, a, b),)
return found

found = ()
for n in reversed(numbers):
    if len(numbers) < 5:
        numbers.append(n)
    found += (n,)
return found, numbers

found = ()
for n in reversed(numbers):
    numbers.clear()
    found += (n,)
return found

x_now = 1
squares = [x_now * x_now for x_now in range(3)]
return x_now, squares

n = 7
return [n for n in [n, n + 1]], n

return (
    sum(n for n in numbers), sum(n * n for n in numbers if n > 1),
    any(n > 2 for n in numbers), all(n for n in numbers)
)

return (
    any(a == b for a in numbers for b in (2, 9)), tuple(n + 1 for n in numbers),
    list(n for n in text), set(n for n in numbers)
)

return (
    min(n % 3 for n in numbers), max((n, -n) for n in numbers),
    sorted(-n for n in numbers), dict((n, 1) for n in text)
)

return (
    sorted(numbers, reverse=True), sorted(numbers, key=lambda n: -n),
    sorted(ages, key=len), sorted(ages, key=lambda k: ages[k])
)

return sorted(ages.items(), key=lambda pair: pair[1], reverse=True), sorted(text, key=None), sorted([], key=len)

return sorted(numbers, key=double), sorted([1, -2, 3], key=abs), sorted(('b', 'A'), key=lambda t: t.lower())

return (
    max(numbers, key=lambda n: -n), min(text, key=lambda c, by=2: c * by),
    max(1, -5, key=abs), min(3, 2, key=lambda n: 0)
)

return max((), default=9), min([], default=None), max(numbers, default=9), max([], key=len, default='none')

return max(numbers, key=lambda n: numbers.append(0) or 0 if len(numbers) < 6 else n), numbers

return sorted(numbers, key=lambda n: numbers.append(0) or 0 if len(numbers) < 6 else n), len(numbers)

return max(numbers, key=lambda n: (numbers.append(9) or 0) if len(numbers) < 5 else n)

return max((), key=lambda n: n)

return sorted(numbers, key=lambda n: None)

return sorted(numbers, key=lambda n: 1 / (n - 1))

return (lambda a, b=2: a + b)(1), (lambda: x)(), (lambda a: (lambda b: a + b)(1))(5)

return [(lambda v: v + x)(n) for n in numbers]

return ', '.join(str(n) for n in numbers), '-'.join(ages), ''.join(['a', 'b']), ','.join(sorted(ages))

return ','.join(numbers)

return ','.join(x)

return (
    'a,b,,c'.split(','), ' a  b '.split(), 'a,b,c'.split(',', 1),
    'a\\nb'.splitlines(), 'a=b'.partition('='), 'ab'.rpartition('=')
)

return (
    'abcabc'.replace('b', 'x'), 'abcabc'.replace('b', 'x', 1),
    'abc'.upper(), 'Abc'.swapcase(), 'a b'.title(), 'ab'.capitalize()
)

return (
    '  a '.lstrip(), '  a '.rstrip(), 'xax'.strip('x'),
    'prefix'.removeprefix('pre'), 'a.py'.removesuffix('.py'), 'A'.casefold()
)

return (
    'a'.center(5, '*'), 'a'.ljust(3), 'a'.rjust(3, '.'), '7'.zfill(3),
    'abc'.endswith('c'), 'abc'.startswith('b', 1), 'abcb'.rfind('b')
)

return (
    'abc'.isalnum(), 'abc'.islower(), 'ABC'.isupper(), ' '.isspace(),
    'aba'.count('a'), 'abc'.index('c'), 'aba'.find('a', 1)
)

return 'abc'.index('z')

return 'abc'.replace(1, 'x')

return 'abc'.split('')

return 'abc'.center('x')

return (
    list(ages.values()), list(ages.items()), tuple(ages.keys()),
    dict(ages.items()), dict(zip(text, numbers)), list(enumerate(text))
)

return dict([1, 2]) if False else dict(ages)

return [a for a, b in numbers]

return [n // 0 for n in numbers]

return {n: 1 for n in [ages]}

return {n for n in [ages]}

global x
x = sum([n for n in numbers if n != x])
return f'{x} of {len(numbers)}'
""".strip().split("\n\n")


@pytest.mark.parametrize("body", SNIPPETS)
def test_an_expression_means_what_python_means(body: str) -> None:
    """One thread has one schedule, whose outcome is what Python computes."""
    test_meaning.test_the_model_does_what_python_does(body)


@pytest.mark.parametrize(
    ("body", "expected", "why"),
    [
        ("r = f'{x} {y!r:>3}'", 2, "a variable each"),
        ("r = f'{grown}'", 1, "the text of a list reads it as a whole"),
        ("r = [v for v in grown]", 3, "two elements and the end"),
        ("r = [v for v in fixed]", 0, "a constant costs nothing"),
        ("r = [x for _ in range(3)]", 3, "the variable is read in each round"),
        ("r = [v for v in grown if v > x]", 5, "two elements, the end, and x in each round"),
        ("r = [a + b for a in flags for b in grown]", 9, "two flags and their end; twice two elements and the end"),
        ("r = any(v > 0 for v in grown)", 1, "the first element decides"),
        ("r = {v: x for v in grown}", 5, "two elements, the end, and x in each round"),
        ("r = [v for v in reversed(grown)]", 3, "the length at the start and two elements; the end is known"),
        ("r = [a for a, b in zip(grown, flags)]", 5, "two of each, and grown's end stops both"),
        ("r = [a for a, b in zip(flags, (1,))]", 2, "one flag, and a second before the tuple's end is seen"),
        ("r = sorted(grown, key=lambda v: v * x)", 5, "two elements and the end; then x for each key"),
        ("r = max(grown, key=lambda v: -v)", 3, "two elements and the end; the keys are local work"),
        ("r = ', '.join(table)", 1, "a container is joined in one step"),
        ("r = ', '.join(str(v) for v in grown)", 3, "a generator expression is read element by element"),
        ("r = list(table.items())", 2, "one entry, and the end"),
        ("r = (lambda: x + y)()", 2, "two variables"),
    ],
)
def test_steps(body: str, expected: int, why: str) -> None:
    """The steps of an expression, counted by hand."""
    assert steps(body) == expected, why


def test_a_wide_text_is_refused() -> None:
    """A width beyond 10,000 characters is a mistake, not a memory problem."""
    for body in (
        "r = f'{x:99999}'",
        "r = f'{x:999999999}'",
        "r = 'a'.zfill(2000000)",
        "r = 'a'.replace('a', 'b' * 3000000)",
    ):
        with pytest.raises(lab.ScenarioError):
            lab.explore(parse(scenario(body)))
