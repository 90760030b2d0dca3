"""What the subset accepts means what Python means: each snippet is explored, and run by Python itself.

A snippet is the body of one thread between a few shared variables. With one thread there is one schedule, so the
outcome of the model must be what executing the same file gives.
"""

from __future__ import annotations

import json
import queue
import textwrap
from collections import deque
from types import SimpleNamespace
from typing import Any

import pytest

import lab
from lab.language import parse

TOP = """
from collections import deque
from threading import BoundedSemaphore, Lock, RLock, Semaphore
from types import SimpleNamespace
from lab.scenario import Atomic, Record, UseAfterFree, atomic, decref, free, incref, region, thread, wait_until

x = 3
y = 4
text = "abc"
numbers = [3, 1, 2]
grid = [[0, 1], [2, 3]]
ages = {"ann": 30, "bob": 25}
seen = {1, 5}
line = deque([1, 2, 3])
box = SimpleNamespace(value=7, items=[1])
lock = Lock()
again = RLock()
seats = Semaphore(2)
bounded = BoundedSemaphore(1)
cell = Atomic(10)
record = Record(refs=1, payload=5)


def double(n, by=2):
    if n > 100:
        return None
    return n * by


def bump():
    global x
    x += 1
    return x


def touch():
    x_now = x
    numbers[0] = x_now
    numbers.append(x_now)
    ages["new"] = 1
    seen.add(x_now)
    line.append(x_now)
    box.value = x_now
    grid[0][0] = x_now


"""

SNIPPETS = """
held.release()
held = Lock()

return x + y * 2 - 1

return (x ** 3, x // 2, -x // 2, x % 2, -x % 2, x / 2, x << 2, x >> 1, x & 1, x | 8, x ^ 5, ~x, +x, not x)

global x
x += 5
x *= 2
x -= 1
x //= 3
return x

global x, y
x, y = y, x
return (x, y)

global x
a = b = x
x = a + b
return (a, b, x)

a, (b, c) = 1, (2, 3)
return (c, b, a)

a, b, c = numbers
return (a, b, c)

a, b = numbers

a, b, c, d = numbers

[a, b] = text

a, b, c = text
return c + b + a

return 1 < x < 4, 1 < x > 4, x == 3 != 4, x is None, x is not None

return x and y, x and 0, 0 or y, None or 0, x or y, not (x and y)

return 'yes' if x > 2 else 'no'

return x if False else y

if x > 3:
    return 1
elif x == 3:
    return 2
else:
    return 3

total = 0
for i in range(5):
    if i == 1:
        continue
    if i == 4:
        break
    total += i
else:
    total = -1
return total

total = 0
for i in range(3):
    total += i
else:
    total += 100
return total, i

i = 0
while i < 5:
    i += 1
    if i == 3:
        break
else:
    i = 100
return i

i = 0
while True:
    i += 1
    if i > 3:
        return i

for a in numbers:
    for b in grid:
        if b[0] == 2:
            break
    else:
        return 0
return a, b[1]

found = ()
for i, n in enumerate(numbers, 1):
    found += ((i, n),)
return found

found = ()
for key in ages:
    found += (key,)
for value in ages.values():
    found += (value,)
for k, v in ages.items():
    found += (k, v)
for k in ages.keys():
    found += (k,)
return found

for name in ages:
    ages[name + '2'] = 1

for n in line:
    line.append(n)

for n in numbers:
    if len(numbers) < 6:
        numbers.append(n)
return numbers

numbers.append(9)
numbers.insert(0, 8)
numbers.extend((1, 2))
numbers.remove(1)
del numbers[0]
return numbers.pop(), numbers.pop(0), numbers.index(2), numbers.count(1), len(numbers)

numbers.sort()
numbers.reverse()
return numbers[0], numbers[-1], numbers[1:], numbers[:-1], numbers[::2]

numbers[-1] = 50
numbers[0] += 1
return 50 in numbers, 7 not in numbers, numbers == [4, 1, 50], numbers != [1]

return numbers[3]

return numbers[-4]

numbers[3] = 1

del numbers[5]

numbers.pop(7)

numbers.clear()
numbers.pop()

numbers.remove(77)

return numbers.index(77)

return numbers['a']

grid[0][1] += 5
grid[1] = grid[0]
grid[1][0] = 9
return grid[0][0]

global numbers
numbers += [7, 8]
return numbers[4]

global numbers
numbers += (7, 8)
return numbers[4]

global numbers
numbers += text
return numbers[4]

box.items += [x]
box.items += (x, x)
return len(box.items)

grid[0] += [5]
return grid[0][2]

numbers.extend(line)
numbers.extend(ages)
numbers.extend(range(2))
return numbers

return ages['ann'] + ages.get('bob') + ages.get('eve', 1), 'eve' in ages, ages.get('eve')

ages['eve'] = 5
ages['ann'] += 1
del ages['bob']
return ages.setdefault('ann', 0), ages.setdefault('new', 7), len(ages)

return ages['eve']

del ages['eve']

return ages.pop('ann'), ages.pop('eve', None), ages.popitem()

ages.pop('eve')

ages.clear()
ages.popitem()

seen.add(7)
seen.add(1)
seen.discard(5)
seen.discard(99)
return len(seen), 7 in seen, sorted(seen), max(seen), sum(seen)

seen.remove(42)

seen.add(numbers)

ages[numbers] = 1

line.appendleft(0)
line.rotate(1)
return line.popleft(), line.pop(), line[0], len(line)

line.rotate(-1)
return line

line.clear()
line.popleft()

line.clear()
line.pop()

box.value += 1
box.extra = 3
box.items.append(box.value)
return box.extra

return box.nothing

del box.value
return box.value

return (
    text[0] + text[-1], text[1:], len(text), 'b' in text, text.upper(), text * 2, text.find('c'),
    'z' + str(x),
)

return text.split('b'), ', '.join(('a', 'b')), ' q '.strip(), text.startswith('ab'), '12'.isdigit()

return text[10]

return text + x

return x + None

global x
x += None

global x
x **= text

global x
x <<= 1.5

ages_now = ages
ages_now += 1

global text
text += x

return x / 0

return x // 0, x % 0

return len(x)

for i in x:
    pass

return x[0]

return x < text

return numbers < [3, 2], numbers <= 4

return x.value

return int('12') + int(3.9), int(), bool(numbers), bool(), bool(x), str(), str(x), str(None), str((1, 'a'))

return int('twelve')

return int(None)

return abs(-x), min(x, y), max(x, y, 10), min(numbers), max(numbers), sum(numbers), sum(numbers, 10)

return min(())

return any(numbers), all(numbers), any(()), all(()), all((1, 0, 2)), any((0, 0))

return (
    sorted(numbers), sorted(ages), tuple(numbers), list(text), tuple(range(3)), list(ages),
    len(list(seen) if False else ()),
)

return (
    isinstance(x, int), isinstance(True, int), isinstance(text, (int, str)),
    isinstance(numbers, list), isinstance(None, int),
)

return range(5)[2], 3 in range(5), len(range(2, 9, 3)), range(4).index(2)

return list(), dict(), tuple(), [1, x], {'a': x}, (x,), ()

return double(x), double(x, 5), double(x, by=4), double(n=101)

return bump() + bump() * x

return x + bump() + x

global x
x = bump() - x

touch()
return x

assert x == 3
assert x == 4

assert x == 4, 'x is ' + str(x)

raise ValueError('no')

raise ValueError

raise KeyError('k')

raise RuntimeError(x)

global x
try:
    x = 10
finally:
    x += 1
return x

global x
try:
    x = 10 // 0
finally:
    x += 1

global x
try:
    return x
finally:
    x = 99

global x
for i in range(3):
    try:
        if i == 1:
            continue
        if i == 2:
            break
        x += 10
    finally:
        x += 1
return x

global x
try:
    try:
        raise ValueError('a')
    finally:
        x += 1
finally:
    x *= 2

k = x
try:
    other = x
    raise ValueError('a')
finally:
    numbers[0] = k + 1

with lock:
    held = lock.locked()
return held, lock.locked()

with lock:
    return lock.locked()

with lock:
    raise ValueError('inside')

with lock, again:
    pass
return lock.locked()

lock.release()

again.release()

bounded.release()

seats.release(0)

return lock.acquire(), lock.acquire(False), lock.acquire(blocking=False)

return again.acquire(), again.acquire(), again.release(), again.release()

return seats.acquire(), seats.acquire(), seats.acquire(blocking=False), seats.release(), seats.acquire(False)

for i in range(3):
    with lock:
        if i == 1:
            break
return lock.locked()

with x:
    pass

return (
    cell.add(5), cell.load(), cell.exchange(1), cell.compare_exchange(1, 2),
    cell.compare_exchange(1, 3), cell.load(),
)

cell.store(4)

incref(record)
return record.refs, record.payload

decref(record)
return record.refs

incref(record)
decref(record)
record.payload += 1
return record.refs

free(record)
free(record)

free(record)
record.payload = 1

with atomic():
    box.value += 1
    numbers.append(box.value)
return numbers[3]

with region('r'):
    touch()
return numbers[0]

with region('r'):
    return x

wait_until(lambda: x == 3 and len(numbers) == 3)
return 1

k = 3
wait_until(lambda: x == k)
return 1

if x == 4:
    z = 1
return z

return z
z = 1

return True + 1, 1 == True, 1.0 == 1, 0.5 * 2, 7 // 2.0

return (1, 2) + (3,), (0,) * 3, (1, 2) < (1, 3), (1, 2)[1], (1, 2) == (1, 2.0)

return (1, 2)[5]

return 2 ** -1, 2 ** 0.5, 10 ** 20

return 1.5 .is_integer(), (5).bit_length(), (1, 2, 1).count(1)

pass

x
""".strip().split("\n\n")


def scenario(body: str) -> str:
    return f"{TOP}@thread\ndef T():\n{textwrap.indent(body, '    ')}\n"


def plain(value: Any) -> Any:
    """Return a real value in the form of an outcome."""
    if isinstance(value, deque | list | tuple | range):
        return [plain(item) for item in value]
    if isinstance(value, set):
        return sorted(value)
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, SimpleNamespace):
        return {"class": "SimpleNamespace", "fields": plain(vars(value))}
    if isinstance(value, queue.Queue):
        return plain(value.queue)
    if isinstance(value, queue.SimpleQueue):
        return plain([value.get() for _ in range(value.qsize())])
    if isinstance(value, Exception):
        return f"{type(value).__name__}: {value}".removesuffix(": ")
    if type(value).__name__ == "Atomic":
        return value.load()
    if type(value).__name__ == "Record":
        from lab.scenario import freed

        if freed(value):
            return "freed"
        return {"refs": value.refs, "freed": False, "payload": value.payload}
    return value


def run(text: str) -> tuple[dict[str, Any], Any, str | None]:
    """Execute the file and its thread as Python does."""
    names: dict[str, Any] = {"__name__": "scenario"}
    exec(compile(text, "snippet.py", "exec"), names)
    object.__setattr__(names["record"], "_name", "record")  # as a free run of the file does
    try:
        returned, error = names["T"](), None
    except Exception as raised:  # noqa: BLE001 - whatever Python raises is what is compared
        returned, error = None, raised
    written = None if error is None else f"{type(error).__name__}: {error}".removesuffix(": ")
    return names, plain(returned), written


@pytest.mark.parametrize("body", SNIPPETS)
def test_the_model_does_what_python_does(body: str) -> None:
    """One thread has one schedule, whose outcome is what Python computes: value, exception with text, shared state."""
    check_meaning(scenario(body))


def check_meaning(text: str) -> None:
    """Assert that a file of one thread T has the one outcome that Python gives it."""
    result = lab.explore(parse(text))
    [outcome] = result.outcomes
    names, returned, error = run(text)
    assert (outcome.errors.get("T"), outcome.returned["T"]) == (error, returned)
    for name, value in outcome.shared.items():
        real = plain(names[name])
        if real == "freed":
            assert value["freed"]
        else:
            assert json.dumps(value, sort_keys=True) == json.dumps(real, sort_keys=True), name
