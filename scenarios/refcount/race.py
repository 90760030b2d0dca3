"""Two threads share a reference count and hold no lock.

T1 takes a reference while T2 drops one. Each `+=` is a read and a write, so one update can
overwrite the other: the object is freed too early, or never.
"""

from lab.scenario import expect, final, thread

refcount = 2  # one reference held on behalf of each thread


@thread
def T1():
    global refcount
    refcount += 1


@thread
def T2():
    global refcount
    refcount -= 1


@final
def every_update_counted():
    return refcount == 2


# Read, write, read, write: 4! / (2! 2!) = 6 orders. Right in the 2 where one thread is done before
# the other starts; else both have read 2, and the last to write decides: T2 leaves 1 in 2 orders,
# T1 leaves 3 in the other 2.
expect(
    states=13,
    schedules=6,
    traces=4,
    outcomes={"refcount": {1: 2, 2: 2, 3: 2}},
    verdicts={"every_update_counted": "violated"},
    races={"refcount"},
)
expect("statement", schedules=2, outcomes={"refcount": {2: 2}}, verdicts={"every_update_counted": "holds"})
