"""`try` and `except` mean what they mean in Python: each snippet is explored, and run by Python itself."""

from __future__ import annotations

import pytest

import lab
from lab.errors import ScenarioError
from lab.language import parse
from lab.model.exceptions import EXCEPTIONS, catches
from tests.language.test_meaning import check_meaning, scenario
from tests.language.test_steps import steps
from tests.oracle.interpreter import exception_class

SNIPPETS = """
try:
    lock.release()
except RuntimeError as e:
    return str(e)

try:
    return ages['eve']
except KeyError as e:
    return str(e), isinstance(e, KeyError), isinstance(e, (int, LookupError)), isinstance(e, ValueError)

try:
    return numbers[7]
except LookupError as e:
    return 'caught ' + str(e)

try:
    return x // 0
except ArithmeticError as e:
    print(e)
    return e

try:
    numbers.remove(9)
except (KeyError, ValueError) as e:
    return e

try:
    numbers.remove(9)
except (KeyError, IndexError):
    return 1

try:
    for name in ages:
        ages[name + '2'] = 1
except RuntimeError as e:
    return str(e)

try:
    free(record)
    record.payload = 1
except UseAfterFree as e:
    return str(e)

try:
    raise ValueError
except ValueError as e:
    return str(e), 1

try:
    assert x == 4, x
except AssertionError as e:
    return str(e)

try:
    y_now = y
except ValueError:
    return 1
else:
    return y_now

try:
    pass
except ValueError:
    return 1
else:
    raise ValueError('not caught here')

try:
    raise KeyError('k')
except LookupError:
    raise

try:
    raise KeyError('k')
except KeyError as e:
    raise ValueError('other') from e

try:
    raise KeyError('k')
except KeyError as e:
    raise e

try:
    try:
        raise KeyError('inner')
    except KeyError:
        raise ValueError('outer')
except ValueError as e:
    return str(e)

try:
    try:
        raise KeyError('inner')
    except ValueError:
        return 1
except KeyError:
    return 2

try:
    try:
        raise KeyError('inner')
    finally:
        numbers[0] = 9
except KeyError:
    return numbers[0]

try:
    raise KeyError('k')
except KeyError:
    numbers[0] = 5
finally:
    numbers[1] = numbers[0] + 1

try:
    return numbers.pop()
except IndexError:
    return 0
finally:
    numbers.append(7)

for i in range(4):
    try:
        if i == 1:
            continue
        if i == 3:
            break
        numbers.append(10 // (i - 2))
    except ZeroDivisionError:
        numbers.append(-1)
        continue
    finally:
        numbers.append(i)
return i

while True:
    try:
        numbers.pop()
    except IndexError:
        break
return len(numbers)

e = 1
try:
    raise ValueError('a')
except ValueError as e:
    pass
return e

e = 1
try:
    x_now = x
except ValueError as e:
    pass
return e

try:
    try:
        raise ValueError('a')
    except ValueError as e:
        raise KeyError('b')
except KeyError:
    return e

try:
    raise ValueError('a')
except:
    return 'any'

try:
    raise ValueError('a')
except BaseException as e:
    return str(e)

raise

try:
    raise ValueError('first')
except ValueError:
    try:
        raise KeyError('second')
    except KeyError:
        pass
    raise

try:
    raise ValueError('first')
except ValueError:
    try:
        raise KeyError('second')
    finally:
        raise

try:
    raise ValueError('first')
except ValueError:
    try:
        pass
    finally:
        raise

with lock:
    try:
        lock.acquire(False)
        raise ValueError('inside')
    except ValueError:
        pass
return lock.locked()

try:
    with lock:
        raise ValueError('inside')
except ValueError:
    return lock.locked()

try:
    with region('r'):
        with atomic():
            box.value = 9
            raise ValueError('inside')
except ValueError:
    return box.value

try:
    return checked(5)
except ValueError as e:
    return 'main ' + str(e)

return checked(0)

try:
    w = z
    z = 1
except UnboundLocalError as e:
    return str(e)
except NameError:
    return 2

try:
    return None + 1
except TypeError as e:
    return str(e)

try:
    box.nothing
except AttributeError as e:
    return str(e)

try:
    wait_until(lambda: 1 // (x - 3))
except ZeroDivisionError as e:
    return str(e)

error = None
try:
    line.remove(99)
except ValueError as caught:
    error = caught
return str(error), error is None

number = 3
try:
    raise number
except TypeError as e:
    return str(e)
""".strip().split("\n\n")

HELPER = """
def checked(n):
    try:
        if n:
            raise ValueError(n)
        return 10 // n
    except ZeroDivisionError:
        return 'none'
    finally:
        touch()


"""


@pytest.mark.parametrize("body", SNIPPETS)
def test_the_model_does_what_python_does(body: str) -> None:
    """One thread has one schedule, whose outcome is what Python computes: value, exception with text, shared state."""
    check_meaning(scenario(body).replace("@thread", HELPER + "@thread"))


def test_a_clause_catches_what_python_says_it_catches() -> None:
    """For every pair of exceptions of the language, `catches` is `issubclass`."""
    for caught in (*EXCEPTIONS, "BaseException"):
        for raised in EXCEPTIONS:
            assert catches(caught, raised) == issubclass(exception_class(raised), exception_class(caught))


@pytest.mark.parametrize(
    ("body", "expected", "why"),
    [
        ("try:\n    lock.release()\nexcept RuntimeError:\n    pass", 1, "the release that raises is a step"),
        ("try:\n    a = x\nexcept KeyError:\n    b = y\nelse:\n    c = z", 2, "nothing is raised: x and z are read"),
        ("try:\n    raise KeyError\nexcept KeyError:\n    b = y", 1, "raising and catching are local"),
        ("try:\n    raise KeyError\nexcept KeyError:\n    b = y\nfinally:\n    c = z", 2, "y, then z"),
        ("try:\n    a = grown[9]\nexcept IndexError as e:\n    print(e)", 2, "the subscript that raises, the print"),
    ],
)
def test_a_text_has_so_many_steps(body: str, expected: int, why: str) -> None:
    """The number of transitions of a single thread, as `why` counts it."""
    assert steps(body) == expected, why


def test_which_thread_meets_the_exception_depends_on_the_schedule() -> None:
    """Both pop one list of one element: the second to come finds it empty, and both orders are possible."""
    text = """
from lab.scenario import thread
items = [1]


@thread(each=range(2))
def T(i):
    try:
        items.pop()
    except IndexError as e:
        return str(e)
    return "got it"
"""
    result = lab.explore(parse(text))
    assert [(outcome.returned, outcome.schedules) for outcome in result.outcomes] == [
        ({"T[0]": "got it", "T[1]": "pop from empty list"}, 1),
        ({"T[0]": "pop from empty list", "T[1]": "got it"}, 1),
    ]


def test_a_way_out_through_an_except_is_a_way_to_the_end() -> None:
    """A thread that can leave its endless loop only by an exception still has a path to its end: it is a livelock."""
    text = """
from lab.scenario import thread
items = [1]


@thread
def T():
    while True:
        try:
            items[0] = items[0]
            if items[0] == 2:
                raise ValueError
        except ValueError:
            return
"""
    assert lab.explore(parse(text)).livelock.verdict == "violated"


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("e == e", "two exceptions are compared"),
        ("e * 2", "arithmetic on a ValueError"),
        ("str((e,))", "with its name"),
    ],
)
def test_an_exception_has_no_value_but_its_text(expression: str, words: str) -> None:
    """What depends on the exception's identity or on its `repr` is refused in one sentence."""
    body = f"try:\n    raise ValueError\nexcept ValueError as e:\n    return {expression}"
    with pytest.raises(ScenarioError, match=words):
        lab.explore(parse(scenario(body)))
