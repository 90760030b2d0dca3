"""Two threads share a reference count and hold no lock.

T1 takes a reference while T2 drops one. Each `+=` is a read and a write, so one update can
overwrite the other: the object is freed too early, or never.
"""

from lab.scenario import expect, final, question, thread

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
# An update is one step where no opcode between its read and its write polls: from 3.10 to the GIL's end.
expect(
    "cpython-3.9", schedules=6, outcomes={"refcount": {1: 2, 2: 2, 3: 2}}, verdicts={"every_update_counted": "violated"}
)
expect("cpython-3.12", schedules=2, outcomes={"refcount": {2: 2}}, verdicts={"every_update_counted": "holds"})
expect(
    "free-threaded",
    schedules=6,
    outcomes={"refcount": {1: 2, 2: 2, 3: 2}},
    verdicts={"every_update_counted": "violated"},
)

# The answers: the orders counted above. 0 would take two updates of T2, and there is one. Both lines
# read and write, and neither read waits for anything.
question(
    "Can the count end at 1, although one thread adds one and the other takes one away?",
    outcome={"refcount": 1},
    answer=True,
)
question("Can it end at 0?", outcome={"refcount": 0}, answer=False)
question("In how many orders can the four reads and writes happen?", count="schedules", answer=6)
question("Which lines race for the count?", races="refcount", answer={15, 21})
question(
    "If a whole statement could not be interrupted, could an update still get lost?",
    policy="statement",
    violated="every_update_counted",
    answer=False,
)
