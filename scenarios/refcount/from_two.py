"""T1 passes an object to a function while T2 drops its reference.

Each thread holds one reference. T1 calls a function with the object: the call takes a reference and
drops it again, and then T1 reads the object, which its own first reference should keep alive.
Afterwards exactly one reference must be left: T1's.

If the increment is lost (T2 writes over it), the drop at the end of the call stores 0 and T1 frees
the very object it still holds: its next read touches freed memory. If a decrement is lost, one
reference too many is left, and nobody will ever free the object: a leak. The same race with one
increment and one decrement only: `refcount/race`.
"""

from lab.scenario import Record, decref, expect, final, freed, incref, thread

obj = Record(refs=2, data=42)  # one reference for each thread


@thread
def T1():
    incref(obj)
    decref(obj)
    return obj.data


@thread
def T2():
    decref(obj)


@final
def one_reference_left():
    return not freed(obj) and obj.refs == 1


# T1: load, store, load, store, read; T2: load, store. 7! / (5! 2!) = 21 orders; the step that frees
# comes only when T2 has ended, so it adds none. Count T1's steps before T2's load (a) and before
# T2's store (b):
#   a = 0, 1 (T2 stores 1):   b = 0: right (1 order)         b = 1: T1 stores 3 over it, a leak (2)
#                             b = 2: T1 loads 1, stores 0, frees: use after free (2)
#                             b = 3: T1 stores 2 over it, a leak (2)      b = 4, 5: right (4)
#   a = 2, 3 (T2 stores 2):   b = 2: right (1)      b = 3: T1 stores 2 over it (2)      b = 4, 5: 2 is left, a leak (4)
#   a = 4, 5 (T2 stores 1):   right (3)
# Right 9, leak 10, use after free 2.
expect(schedules=21, verdicts={"one_reference_left": "violated"}, errors={"UseAfterFree"}, races={"obj.refs"})
expect("statement", schedules=4, verdicts={"one_reference_left": "holds"}, errors=set())
# incref and decref stand for what the interpreter does in C: this is what the GIL keeps whole.
expect("cpython-3.12", schedules=4, verdicts={"one_reference_left": "holds"}, errors=set())
expect("free-threaded", schedules=21, verdicts={"one_reference_left": "violated"}, errors={"UseAfterFree"})
