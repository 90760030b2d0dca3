"""Several threads count together, each update under a lock.

The repaired twin of `lost_update/race`. The lock does not make the threads faster and does not
choose who goes first; it only keeps the read and the write of one update together. What is left of
all the orders is the order of the rounds.
"""

import threading

from lab.scenario import expect, final, thread

THREADS = 2
ROUNDS = 1

counter = 0
lock = threading.Lock()


@thread(each=range(THREADS))
def worker(i):
    global counter
    for _ in range(ROUNDS):
        with lock:
            counter += 1


@final
def every_update_counted():
    return counter == THREADS * ROUNDS


# While one thread holds the lock no other can move, so only the order of whole rounds is open: (k
# n)! / (n!)^k.
expect(
    states=16,
    schedules=2,
    outcomes={"counter": {2: 2}},
    verdicts={"every_update_counted": "holds"},
    deadlock="holds",
    races=set(),
)
expect(
    set={"THREADS": 3},
    schedules=6,
    outcomes={"counter": {3: 6}},
    verdicts={"every_update_counted": "holds"},
    deadlock="holds",
)
expect(
    set={"ROUNDS": 2},
    schedules=6,
    outcomes={"counter": {4: 6}},
    verdicts={"every_update_counted": "holds"},
    deadlock="holds",
)
expect("statement", schedules=2, verdicts={"every_update_counted": "holds"}, deadlock="holds")
# A lock is right wherever threads may switch.
expect("cpython-3.9", schedules=2, verdicts={"every_update_counted": "holds"}, deadlock="holds")
expect("cpython-3.12", schedules=2, verdicts={"every_update_counted": "holds"}, deadlock="holds")
expect("free-threaded", schedules=2, verdicts={"every_update_counted": "holds"}, deadlock="holds", races=set())
