"""Every access holds a lock, but not the same one.

Each thread counts under a lock, and each has brought its own. A lock keeps out only those who take
it, too: it belongs to the data that it guards, not to the thread that uses it.
"""

import threading

from lab.scenario import expect, final, question, thread

counter = 0
locks = [threading.Lock(), threading.Lock()]


@thread(each=range(2))
def worker(i):
    global counter
    with locks[i]:
        counter += 1


@final
def every_update_counted():
    return counter == 2


# Acquire, read, write, release, twice: 8! / (4! 4!) = 70 orders. None is lost when one writes before
# the other reads: with k = 3 or 4 steps of the first in front of the second's read there are
# C(4, 1) C(3, 2) + C(5, 1) = 17 orders, and as many with the threads swapped.
expect(
    schedules=70,
    outcomes={"counter": {1: 36, 2: 34}},
    verdicts={"every_update_counted": "violated"},
    deadlock="holds",
    races={"counter"},
)
# As statements: acquire, count, release. 6! / (3! 3!) = 20 orders, and counting is one step.
expect("statement", schedules=20, verdicts={"every_update_counted": "holds"}, deadlock="holds")
expect("cpython-3.9", verdicts={"every_update_counted": "violated"}, deadlock="holds")
# Nothing polls from the acquisition to the write.
expect("cpython-3.12", verdicts={"every_update_counted": "holds"}, deadlock="holds")
expect("free-threaded", schedules=70, verdicts={"every_update_counted": "violated"}, deadlock="holds")

question("Each thread holds a lock while it counts. Can an update get lost?", outcome={"counter": 1}, answer=True)
question("At which lines do the threads race for the counter?", races="counter", answer={19})
