"""Each thread owns a reference before it starts: the last one out frees the object.

The repair of `refcount/from_one`. The reference for T1 is taken while it is certain that the object
lives: before T1 starts, by whoever hands the object over. So nobody ever increments from 0. Both
threads use the object and then drop their own reference, under a lock, and the one that stores 0
frees it: once, after everybody's last use.
"""

import threading

from lab.scenario import Record, decref, expect, final, freed, thread

obj = Record(refs=2, data=42)  # one reference for each thread
lock = threading.Lock()


@thread
def T1():
    found = obj.data
    with lock:
        decref(obj)
    return found


@thread
def T2():
    with lock:
        decref(obj)


@final
def freed_by_the_last_owner():
    return freed(obj)


# T1: use, acquire, load, store, release; T2 the same without the use. If T1's block comes first,
# its use was before everything: 1 order. If T2's comes first, T1's use stands in front of it,
# behind it, or between two of its four steps: 5. Whoever comes second frees as one step more,
# alone.
expect(
    schedules=6,
    verdicts={"freed_by_the_last_owner": "holds"},
    deadlock="holds",
    errors=set(),
    races=set(),
)
# As statements, T2's block is three steps, so T1's use has four places instead of five.
expect("statement", schedules=5, verdicts={"freed_by_the_last_owner": "holds"}, deadlock="holds", errors=set())
