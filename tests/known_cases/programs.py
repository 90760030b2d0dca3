"""The scenarios of the known cases, as text: one function per case, with its size as the argument."""

from __future__ import annotations

HEAD = """from threading import Lock, Semaphore

from lab.scenario import Atomic, Record, atomic, decref, incref, thread
"""


def _scenario(shared: str, *threads: str) -> str:
    return "\n\n".join([HEAD + shared.strip("\n"), *(text.strip("\n") for text in threads)]) + "\n"


def thread(name: str, *body: str, shared: str = "", each: str = "") -> str:
    """Return one thread function; `shared` lists what it declares global, `each` the values it is made for."""
    decorator, parameter = (f"@thread(each={each})", "i") if each else ("@thread", "")
    lines = [f"    global {shared}"] if shared else []
    return "\n".join([decorator, f"def {name}({parameter}):", *lines, *(f"    {line}" for line in body)])


def one_step_each(threads: int, steps: int) -> str:
    """Return threads that write their own cell, that many times."""
    body = (f"for step in range({steps}):", "    cells[i] = step")
    return _scenario(f"cells = [0] * {threads}", thread("T", *body, each=f"range({threads})"))


def counter(threads: int, rounds: int) -> str:
    """Return threads that add one to a shared counter, that many times."""
    body = (f"for _ in range({rounds}):", "    x += 1")
    return _scenario("x = 0", thread("T", *body, shared="x", each=f"range({threads})"))


def increments(n: int) -> str:
    """Return n x {r = R x; W x r+1}."""
    return _scenario("x = 0", thread("T", "r = x", "x = r + 1", shared="x", each=f"range({n})"))


def read_write(n: int) -> str:
    """Return n x {R x; W x i}, i from 1."""
    return _scenario("x = 0", thread("T", "r = x", "x = i", "return r", shared="x", each=f"range(1, {n + 1})"))


def atomic_increments(n: int) -> str:
    """Return n x fetch-and-add."""
    return _scenario("x = Atomic(0)", thread("T", "return x.add(1)", each=f"range({n})"))


def locked_increments(n: int) -> str:
    """Return n x {lock; r = R x; W x r+1; unlock}."""
    shared = "x = 0\nlock = Lock()"
    return _scenario(shared, thread("T", "with lock:", "    r = x", "    x = r + 1", shared="x", each=f"range({n})"))


def two_atomic_increments(n: int) -> str:
    """Return n x {fetch-and-add x; fetch-and-add y}."""
    return _scenario("x = Atomic(0)\ny = Atomic(0)", thread("T", "x.add(1)", "y.add(1)", each=f"range({n})"))


def compare_and_swaps(n: int) -> str:
    """Return n x CAS(x, 0, i), i = 1..n."""
    return _scenario("x = Atomic(0)", thread("T", "return x.compare_exchange(0, i)", each=f"range(1, {n + 1})"))


def rotating_swaps(n: int) -> str:
    """Return thread i: CAS(x, i-1, i), i = 1..n."""
    return _scenario("x = Atomic(0)", thread("T", "x.compare_exchange(i - 1, i)", each=f"range(1, {n + 1})"))


def write_and_swaps(n: int) -> str:
    """Return W x 2 || n x CAS(x, 2, 3)."""
    swaps = thread("T", "x.compare_exchange(2, 3)", each=f"range({n})")
    return _scenario("x = Atomic(0)", thread("W", "x.store(2)"), swaps)


def readers(n: int) -> str:
    """Return W x 42 || n x R x."""
    return _scenario("x = 0", thread("W", "x = 42", shared="x"), thread("R", "return x", each=f"range({n})"))


def last_zero(n: int) -> str:
    """Return reader: i = n; while R a[i] != 0: i -= 1 || writer j = 1..n: W a[j] (R a[j-1]) + 1."""
    reader = thread("reader", f"k = {n}", "while a[k] != 0:", "    k -= 1", "return k")
    writer = thread("writer", "a[i] = a[i - 1] + 1", each=f"range(1, {n + 1})")
    return _scenario(f"a = [0] * {n + 1}", reader, writer)


def fibonacci(k: int) -> str:
    """Return i = j = 1; T1: k x {W i (R i + R j)} || T2: k x {W j (R i + R j)} || R i; R j."""
    return _scenario(
        "i = 1\nj = 1",
        thread("T1", f"for _ in range({k}):", "    i = i + j", shared="i"),
        thread("T2", f"for _ in range({k}):", "    j = i + j", shared="j"),
        thread("observer", "first = i", "return (first, j)"),
    )


def indexer(n: int) -> str:
    """Return n threads that each enter four numbers into a hash table of 128 cells, by compare and swap."""
    body = (
        "for m in range(4):",
        "    w = 11 * m + i",
        "    h = 7 * w % 128",
        "    while not table[h].compare_exchange(0, w):",
        "        h = (h + 1) % 128",
    )
    return _scenario("table = [Atomic(0) for _ in range(128)]", thread("T", *body, each=f"range({n})"))


def philosophers(n: int, *, one_release: bool) -> str:
    """Return n philosophers for ever, all of whom take the left fork first."""
    indent = "    " if one_release else ""
    body = (
        "while True:",
        "    forks[i].acquire()",
        f"    forks[(i + 1) % {n}].acquire()",
        *(["    with atomic():"] if one_release else []),
        f"    {indent}forks[i].release()",
        f"    {indent}forks[(i + 1) % {n}].release()",
    )
    return _scenario(f"forks = [Lock() for _ in range({n})]", thread("P", *body, each=f"range({n})"))


def left_hander(n: int) -> str:
    """Return n philosophers who eat once; the last takes the right fork first."""
    body = (
        f"first = 0 if i == {n - 1} else i",
        f"second = {n - 1} if i == {n - 1} else i + 1",
        "with forks[first]:",
        "    with forks[second]:",
        "        pass",
    )
    return _scenario(f"forks = [Lock() for _ in range({n})]", thread("P", *body, each=f"range({n})"))


def footman(n: int) -> str:
    """Return n philosophers who eat once; a footman lets n - 1 of them sit down."""
    body = ("with seats:", "    with forks[i]:", f"        with forks[(i + 1) % {n}]:", "            pass")
    shared = f"forks = [Lock() for _ in range({n})]\nseats = Semaphore({n - 1})"
    return _scenario(shared, thread("P", *body, each=f"range({n})"))


def diners(n: int) -> str:
    """Return n philosophers who eat once; all take the left fork first."""
    body = ("with forks[i]:", f"    with forks[(i + 1) % {n}]:", "        pass")
    return _scenario(f"forks = [Lock() for _ in range({n})]", thread("P", *body, each=f"range({n})"))


def store_buffering() -> str:
    """Return W x 1; R y || W y 1; R x."""
    one = thread("T1", "x = 1", "return y", shared="x")
    return _scenario("x = 0\ny = 0", one, thread("T2", "y = 1", "return x", shared="y"))


def message_passing() -> str:
    """Return W x 1; W y 1 || R y; R x."""
    one = thread("T1", "x = 1", "y = 1", shared="x, y")
    return _scenario("x = 0\ny = 0", one, thread("T2", "r = y", "return (r, x)"))


def load_buffering() -> str:
    """Return R y; W x 1 || R x; W y 1."""
    one = thread("T1", "r = y", "x = 1", "return r", shared="x")
    return _scenario("x = 0\ny = 0", one, thread("T2", "r = x", "y = 1", "return r", shared="y"))


def independent_reads() -> str:
    """Return W x 1 || R x; R y || R y; R x || W y 1."""
    return _scenario(
        "x = 0\ny = 0",
        thread("T1", "x = 1", shared="x"),
        thread("T2", "r = x", "return (r, y)"),
        thread("T3", "r = y", "return (r, x)"),
        thread("T4", "y = 1", shared="y"),
    )


def two_and_two_writes() -> str:
    """Return W x 1; W y 2 || W y 1; W x 2."""
    one = thread("T1", "x = 1", "y = 2", shared="x, y")
    return _scenario("x = 0\ny = 0", one, thread("T2", "y = 1", "x = 2", shared="x, y"))


def coherent_reads() -> str:
    """Return W x 1; W x 2 || R x; R x."""
    return _scenario("x = 0", thread("T1", "x = 1", "x = 2", shared="x"), thread("T2", "r = x", "return (r, x)"))


def read_to_write() -> str:
    """Return RWC: W x 1 || R x; R y || W y 1; R x."""
    return _scenario(
        "x = 0\ny = 0",
        thread("T1", "x = 1", shared="x"),
        thread("T2", "r = x", "return (r, y)"),
        thread("T3", "y = 1", "return x", shared="y"),
    )


def write_to_read() -> str:
    """Return WRC: W x 1 || R x; W y 1 || R y; R x."""
    return _scenario(
        "x = 0\ny = 0",
        thread("T1", "x = 1", shared="x"),
        thread("T2", "r = x", "y = 1", "return r", shared="y"),
        thread("T3", "r = y", "return (r, x)"),
    )


def three_hands() -> str:
    """Return ISA2: W x 1; W y 1 || R y; W z 1 || R z; R x."""
    return _scenario(
        "x = 0\ny = 0\nz = 0",
        thread("T1", "x = 1", "y = 1", shared="x, y"),
        thread("T2", "r = y", "z = 1", "return r", shared="z"),
        thread("T3", "r = z", "return (r, x)"),
    )


def lock_order(*, same: bool) -> str:
    """Return lock a, b || lock b, a; or a, b on both sides."""
    second = ("a", "b") if same else ("b", "a")
    one = thread("T1", "with a:", "    with b:", "        pass")
    two = thread("T2", f"with {second[0]}:", f"    with {second[1]}:", "        pass")
    return _scenario("a = Lock()\nb = Lock()", one, two)


def take_and_drop() -> str:
    """Return incref(obj) || decref(obj), from a count of one."""
    return _scenario("obj = Record(refs=1)", thread("T1", "incref(obj)"), thread("T2", "decref(obj)"))
