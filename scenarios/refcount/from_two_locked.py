"""T1 passes an object to a function while T2 drops its reference, each update under a lock.

The repaired twin of `refcount/from_two`. No update is lost, and since T1 holds a reference of its
own throughout, the count never reaches 0 under its hands: a lock is enough here, as it is not in
`refcount/from_one_locked`.
"""

import threading

from lab.scenario import Record, decref, expect, final, freed, incref, thread

obj = Record(refs=2, data=42)  # one reference for each thread
lock = threading.Lock()


@thread
def T1():
    with lock:
        incref(obj)
    with lock:
        decref(obj)
    return obj.data


@thread
def T2():
    with lock:
        decref(obj)


@final
def one_reference_left():
    return not freed(obj) and obj.refs == 1


# T2's block comes before T1's first, or between T1's two: 1 order each. Or after T1's second, where
# T1's read of the data can stand before it, behind it, or between two of its four steps: 5.
expect(
    schedules=7,
    verdicts={"one_reference_left": "holds"},
    deadlock="holds",
    errors=set(),
    races=set(),
)
# As statements, T2's block is three steps, so T1's read has four places instead of five.
expect("statement", schedules=6, verdicts={"one_reference_left": "holds"}, deadlock="holds", errors=set())
