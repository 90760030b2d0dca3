"""Compare, swap, and if that fails try again.

The repaired twin of `compare_and_swap/store`. `compare_exchange` writes only if the variable still
holds what was read. If it does not, somebody else has counted in between: read again, add again.
Each failure of one thread is a success of another, so the two together never stand still.
"""

from lab.scenario import Atomic, expect, final, thread

counter = Atomic(0)


@thread(each=range(2))
def worker(i):
    while True:
        old = counter.load()
        if counter.compare_exchange(old, old + 1):
            break


@final
def every_update_counted():
    return counter.load() == 2


# One after the other: 2 orders. Or both read first, in 2 orders; then either one succeeds, and the
# other fails, reads and succeeds: 2 x 2.
expect(
    schedules=6,
    outcomes={"counter": {2: 6}},
    verdicts={"every_update_counted": "holds", "livelock": "holds"},
    races=0,
)
# Reading is a statement, and so is trying: the same orders.
expect("statement", schedules=6, verdicts={"every_update_counted": "holds"})
# Both functions are entered with a poll.
expect("cpython-3.9", schedules=6, verdicts={"every_update_counted": "holds"})
expect("cpython-3.12", schedules=6, verdicts={"every_update_counted": "holds"})
expect("free-threaded", schedules=6, verdicts={"every_update_counted": "holds"})
