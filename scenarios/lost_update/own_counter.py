"""Several threads count together, each in a cell of its own.

The other repair of `lost_update/race`: share nothing while you work, add up at the end. All the
orders are still there, and every one of them is right, because no two threads ever touch the same
cell. No lock, no waiting.
"""

from lab.scenario import expect, final, question, thread

THREADS = 2
ROUNDS = 1

counts = [0] * THREADS


@thread(each=range(THREADS))
def worker(i):
    for _ in range(ROUNDS):
        counts[i] += 1


@final
def every_update_counted():
    return sum(counts) == THREADS * ROUNDS


# Two independent threads of two steps: 3 x 3 states, 6 orders, and only one truly different run.
expect(
    states=9,
    schedules=6,
    traces=1,
    outcomes={"counts": {(1, 1): 6}},
    verdicts={"every_update_counted": "holds"},
    races=set(),
)
expect(
    set={"THREADS": 3},
    states=27,
    schedules=90,
    traces=1,
    outcomes={"counts": {(1, 1, 1): 90}},
    verdicts={"every_update_counted": "holds"},
)
expect("statement", states=4, schedules=2, traces=1, verdicts={"every_update_counted": "holds"})

# Two reads and two writes in 6 orders as ever; no two of them of different threads touch one cell.
question("Is there an order in which an update gets lost?", violated="every_update_counted", answer=False)
question("How many orders are there?", count="schedules", answer=6)
question(
    "How many of them are truly different, if swapping independent steps makes no difference?", count="traces", answer=1
)
