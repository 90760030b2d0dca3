"""One lock for one counter.

The repaired twin of `wrong_lock/two_locks`. The lock stands beside the data that it guards, and
whoever touches the data takes it.
"""

import threading

from lab.scenario import expect, final, thread

counter = 0
counting = threading.Lock()  # guards counter


@thread(each=range(2))
def worker(i):
    global counter
    with counting:
        counter += 1


@final
def every_update_counted():
    return counter == 2


# Whoever has the lock goes through: 2 orders.
expect(
    schedules=2,
    outcomes={"counter": {2: 2}},
    verdicts={"every_update_counted": "holds"},
    deadlock="holds",
    races=0,
)
expect("statement", schedules=2, verdicts={"every_update_counted": "holds"}, deadlock="holds")
expect("cpython-3.9", schedules=2, verdicts={"every_update_counted": "holds"}, deadlock="holds")
expect("cpython-3.12", schedules=2, verdicts={"every_update_counted": "holds"}, deadlock="holds")
expect("free-threaded", schedules=2, verdicts={"every_update_counted": "holds"}, deadlock="holds")
