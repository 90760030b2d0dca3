"""Two threads share a reference count and take turns with a lock.

The repaired twin of `refcount/race`. Between the read and the write of one thread the other cannot
get in: it would have to acquire the lock first. Only two orders are left, and both are right. This
is what the GIL does for every reference count of CPython at once, with one lock for all of them.
"""

import threading

from lab.scenario import expect, final, question, thread

refcount = 2  # one reference held on behalf of each thread
lock = threading.Lock()


@thread
def T1():
    global refcount
    with lock:
        refcount += 1


@thread
def T2():
    global refcount
    with lock:
        refcount -= 1


@final
def every_update_counted():
    return refcount == 2


# Whoever acquires the lock first goes through acquire, read, write, release alone: 2 orders.
# States: the start, 7 inside the chain of 8 steps that T1 begins, 7 inside the one that T2 begins,
# and the common end.
expect(
    states=16,
    schedules=2,
    outcomes={"refcount": {2: 2}},
    verdicts={"every_update_counted": "holds"},
    deadlock="holds",
    races=set(),
)
expect("statement", schedules=2, verdicts={"every_update_counted": "holds"}, deadlock="holds")

# One block after the other: 2 orders, one outcome, and no two threads in front of the count together.
question("Can the count end at 1 or 3 now?", violated="every_update_counted", answer=False)
question(
    "In how many orders can the steps happen, if a thread that has to wait makes none?", count="schedules", answer=2
)
question("Which lines race for the count?", races="refcount", answer=set())
